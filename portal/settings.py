"""Settings, from the environment alone: portal/environment.py reads and checks it."""

from pathlib import Path

from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from portal import environment, logs
from portal.database import databases

ENVIRONMENT = environment.read()
BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = ENVIRONMENT.var
DEBUG = ENVIRONMENT.debug
DEMO = ENVIRONMENT.demo
SECRET_KEY = ENVIRONMENT.secret_key
SECRET_KEY_FALLBACKS = ENVIRONMENT.secret_key_fallbacks  # still open what they closed; close nothing any more
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
TRUSTED_PROXY_COUNT = ENVIRONMENT.trusted_proxy_count
PUBLIC_URL = ENVIRONMENT.public_url
OPERATOR_ADMIN = ENVIRONMENT.operator_admin

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
INSTALLED_APPS = [
    "portal",
    "customers",
    "subscriptions",
    "support_contacts",
    "django.contrib.admin.apps.SimpleAdminConfig",  # portal/operator_site.py is the only site, and reads only
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",  # allauth speaks through it
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "heroicons",
    "procrastinate.contrib.django",
    "template_partials.apps.SimpleAppConfig",  # the default one rewrites TEMPLATES behind our back
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.upgrades.StaticFilesMiddleware",
    "portal.outage.DatabaseAwayMiddleware",
    "portal.middleware.RequestMiddleware",
    "portal.probes.ProbeMiddleware",  # answers load balancers and monitoring; nothing below it runs then
    "portal.api.door.ApiMiddleware",  # answers what is the API's; nothing below it runs then
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.ActorMiddleware",
]
_loaders = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.frame",
                "support_contacts.told.context",
            ],
            "loaders": [
                (
                    "template_partials.loader.Loader",
                    _loaders if DEBUG else [("django.template.loaders.cached.Loader", _loaders)],
                )
            ],
            "builtins": [
                "template_partials.templatetags.partials",
                "django_htmx.templatetags.django_htmx",
                "django.templatetags.i18n",
                "portal.templatetags.constant",
                "portal.templatetags.ui",
            ],
        },
    }
]

# -- data
DATABASES = databases(
    ENVIRONMENT.database_url,
    ENVIRONMENT.migration_database_url,
    VAR_DIR / "database",
    as_owner=ENVIRONMENT.database_as_owner,
    prepared=ENVIRONMENT.db_prepared,
    replica_url=ENVIRONMENT.replica_url,
)
DATABASE_ROUTERS = ["portal.replica.Router"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Nothing of ours is cached between requests; whatever a library puts there may be forgotten at any time.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
PROCRASTINATE_WORKER_DEFAULTS = {"delete_jobs": "successful"}

# -- people
AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["portal.adapter.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 15}},
    {"NAME": "portal.passwords.ContextBlocklistValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "portal.adapter.Adapter"  # closes sign-up and brings our own limiter
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Theirs are counted per process, and by account alone let anybody lock a victim out; portal/ratelimit.py does better.
ACCOUNT_RATE_LIMITS = False
# The second factor of operators: a code of an authenticator app. Setting it up asks for the password again.
MFA_ADAPTER = "portal.second_factor.Adapter"
MFA_SUPPORTED_TYPES = ["totp"]
MFA_TOTP_ISSUER = "Partner portal"
MFA_TOTP_TOLERANCE = 1  # a phone's clock may be half a minute off
MFA_REAUTHENTICATION_REQUIRED = False
MFA_FORMS = {"authenticate": "portal.forms.second_factor.CodeForm"}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_AGE = 12 * 60 * 60  # the absolute limit; ActorMiddleware keeps it and the 60 minutes of rest
SESSION_EXPIRE_AT_BROWSER_CLOSE = False

# -- what a browser may do
_prefix = "" if ENVIRONMENT.local else "__Host-"
SESSION_COOKIE_NAME = f"{_prefix}session"
CSRF_COOKIE_NAME = f"{_prefix}csrf"
LANGUAGE_COOKIE_NAME = f"{_prefix}language"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not ENVIRONMENT.local
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
SECURE_SSL_REDIRECT = not ENVIRONMENT.local
# A client's PUT would arrive as a GET: the API refuses plain http in its own words.
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$", r"(?i)^/*v1(/|$)", r"(?i)^/*[^/]+/+oauth2/"]
SECURE_HSTS_SECONDS = 0 if ENVIRONMENT.local else ENVIRONMENT.hsts_seconds
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXY_COUNT else None
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "portal.views.errors.csrf_failure"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
    }
}
# Whether the neighbouring hosts of the domain speak https only is not the portal's to decide.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]

# -- files and mail
STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"  # gathered from static/ and the packages by `manage.py prepare`
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
API_REQUESTS_PER_MINUTE = ENVIRONMENT.api_requests_per_minute  # of one organisation
AUDIT_RETENTION_YEARS = ENVIRONMENT.audit_retention_years  # what `manage.py apply_retention` leaves
WEBHOOKS_TO_LOOPBACK = ENVIRONMENT.webhooks_to_loopback  # also http, also this machine: to try them out
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.email_from
# Without EMAIL_URL nothing is sent, nor ever in the demo: a copy of each mail lies in var/mail.
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = VAR_DIR / "mail"
if not DEMO:
    vars().update(ENVIRONMENT.email)
EMAIL_TIMEOUT = 10

# -- language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("fr", _("French"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

LOGGING = logs.configured(for_machines=not ENVIRONMENT.local, level=ENVIRONMENT.log_level)
