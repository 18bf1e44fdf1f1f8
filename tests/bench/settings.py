"""The web server of the page bench: the portal's, and beside it Django's admin of the same rows."""

from tests.browser.server_settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.urls"
