"""The settings tests run under: production's, except for what has no place on a test server."""

import os
from pathlib import Path

from portal import embedded

# A cluster of their own beside the demonstration's: nothing in it outlives the run, so it need not reach the disk.
os.environ["VAR_DIR"] = os.environ.get("VAR_DIR") or str(
    Path(__file__).resolve().parents[1] / "var" / "tests"
)
embedded.SETTINGS |= {"fsync": "off", "full_page_writes": "off"}
# What a test writes is never committed: whoever counts it meanwhile finds pages without rows, and every question of
# that test is planned as if its tables were empty, in some runs and not in others.
embedded.SETTINGS |= {"autovacuum": "off"}

os.environ.update(
    DEMO="0",
    DEBUG="0",
    EMBEDDED_DATABASE="1",  # unless DATABASE_URL names a server
    DATABASE_AS_OWNER="1",  # to create the test database; tests/conftest.py then becomes portal_app
    SECRET_KEY="only-for-tests-" * 4,
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    REPLICA_URL="",
    TRUSTED_PROXY_COUNT="0",
    EMAIL_URL="",
    LOG_LEVEL="WARNING",
)

from portal.settings import *  # noqa: E402, F403

# Test runs side by side do not meet; tests/conftest.py removes what a killed one left.
DATABASES["default"]["TEST"] = {"NAME": f"test_portal_{os.getpid()}"}  # noqa: F405
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True  # no collectstatic before a test
# The browser tests speak plain http to localhost.
SECURE_SSL_REDIRECT = False
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = False
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME, LANGUAGE_COOKIE_NAME = "session", "csrf", "language"
