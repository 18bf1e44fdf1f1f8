"""The settings of the web server that the browser tests talk to: a demo on a database of its own."""

import json
import os

from tests.settings import *  # noqa: F403

_given = json.loads(os.environ["BROWSER_TESTS"])
DATABASES["default"].update(_given["database"])  # noqa: F405
DEMO = True
EMAIL_FILE_PATH = _given["mail"]
# Files do not change during a test run: found once, and kept by the browser.
WHITENOISE_AUTOREFRESH, WHITENOISE_USE_FINDERS, WHITENOISE_MAX_AGE = False, True, 3600
