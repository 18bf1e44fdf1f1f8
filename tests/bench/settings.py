"""The web server of the page bench: the portal's, and beside it Django's admin of the same rows."""

from tests.browser.server_settings import *  # noqa: F403

if not any(name.startswith("django.contrib.admin") for name in INSTALLED_APPS):  # noqa: F405
    INSTALLED_APPS = [*INSTALLED_APPS, "django.contrib.admin"]  # noqa: F405
ROOT_URLCONF = "tests.bench.urls"
