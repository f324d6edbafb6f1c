"""Settings, read from the environment (or from the file named by `<NAME>_FILE`).

With nothing set, the service runs for this machine only: debug answers, a SQLite file in `data/`,
mail printed on the console. With `DEBUG=False` a missing or well-known secret stops the start.
The README has a table of every name.
"""

import sys
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from pairing_service.environment import Environment

BASE_DIR = Path(__file__).resolve().parent.parent
env = Environment()

# --- What must be right before anything starts ---

DEBUG = env.bool("DEBUG", default=True)
WELL_KNOWN_SECRET = "for-this-machine-only-set-SECRET_KEY-before-others-can-reach-it"  # noqa: S105


def _secret(name: str, default: str) -> str:
    """The secret `name`; the default only in debug, never a short or well-known one elsewhere."""
    value = env.str(name, default=default)
    if not DEBUG and (value == WELL_KNOWN_SECRET or len(value) < 32):
        raise ImproperlyConfigured(
            f"{name} is missing, well-known or shorter than 32 characters."
            f" Set {name} or {name}_FILE."
        )
    return value


# `make run` keeps a secret of this machine here, so that the server and commands agree on it.
_LOCAL_SECRET = BASE_DIR / "data" / "secret_key"
SECRET_KEY = _secret(
    "SECRET_KEY",
    _LOCAL_SECRET.read_text().strip() if DEBUG and _LOCAL_SECRET.exists() else WELL_KNOWN_SECRET,
)
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
# Digests of pairing codes are keyed by this; rotating it is told in the README.
CODE_KEY = _secret("CODE_KEY", SECRET_KEY)
CODE_KEY_FALLBACKS = env.list("CODE_KEY_FALLBACKS", default=SECRET_KEY_FALLBACKS)
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["localhost", ".localhost", "127.0.0.1", "[::1]"] if DEBUG else []
)
if not DEBUG and not ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS is missing: the host names this service answers on.")

# --- Rooms ---

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "django_htmx",
    "csp",
    "rest_framework",
    "drf_spectacular_sidecar",
    "pairing_service",
    "accounts",
    "audit",
    "permissions",
    "courses",
    "pairing",
    "oauth",
    "sis",
    "django_tasks_db",
]
MIDDLEWARE = [
    # First what every answer has to have, be it a file, a refusal or a redirect.
    "pairing_service.middleware.ContentSecurityPolicy",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pairing_service.middleware.KeptNowhere",
    "pairing_service.middleware.KnownCharset",
    "pairing_service.middleware.NoNul",
    "pairing_service.http.limits.RateLimits",
    "pairing_service.middleware.Sessions",
    "accounts.middleware.RootAccountMiddleware",
    "pairing_service.middleware.Languages",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "pairing_service.middleware.Authentication",
    "accounts.middleware.ActorMiddleware",
    "pairing_service.middleware.RequireLogin",
    "pairing_service.middleware.Messages",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pairing_service.middleware.WrongMethod",
]
ROOT_URLCONF = "pairing_service.urls"
WSGI_APPLICATION = "pairing_service.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["pairing_service.templatetags.icons"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "pairing_service.frame.frame",
            ],
        },
    },
]

# --- Data ---

if "DATABASE_URL" not in env.ENVIRON:
    (BASE_DIR / "data").mkdir(exist_ok=True)

DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'data' / 'db.sqlite3'}")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # Writers queue at BEGIN instead of failing when a read turns into a write; WAL lets readers on.
    _database["ENGINE"] = "pairing_service.sqlite"
    _database["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    } | _database.get("OPTIONS", {})
else:
    # The server keeps the plans of what is asked again and again; behind a pooler that can't
    # (PgBouncer before 1.21): DATABASE_URL=…?server_side_binding=false
    _database["ENGINE"] = "pairing_service.postgresql"
    _database["OPTIONS"] = {
        "server_side_binding": True,
        "prepare_threshold": 3,
    } | _database.get("OPTIONS", {})
_database["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=60)
_database["CONN_HEALTH_CHECKS"] = True

# Sign-in limits live in the cache, so it must be shared by all processes: the database unless
# CACHE_URL names a Redis. A small cache would forget who is blocked.
CACHES = {"default": env.cache_url("CACHE_URL", default="dbcache://cache")}
CACHES["default"].setdefault("OPTIONS", {})
if "db.DatabaseCache" in CACHES["default"]["BACKEND"] or "locmem" in CACHES["default"]["BACKEND"]:
    CACHES["default"]["OPTIONS"]["MAX_ENTRIES"] = 1_000_000

# --- Who signs in, and how ---

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.signin.TenantBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("login_id", "name", "email")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "accounts.passwords.NotTheSchool"},
]
SESSION_ENGINE = "accounts.sessions"
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
SOCIALACCOUNT_ADAPTER = "accounts.sign_on.SchoolSignOn"
# People are matched in their own tenant (accounts.sign_on), never by an address in all of them.
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_STORE_TOKENS = False
ACCOUNT_ADAPTER = "accounts.signin.TenantAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "login_id"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_UNIQUE_EMAIL = False
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = None
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_REDIRECT_URL = "/"
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# A stranger's address gets no mail; who has an account is told to nobody.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Django's own: it needs no table of addresses. A link dies with the password or address it was for.
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
# The others are allauth's own (`allauth.account.app_settings.RATE_LIMITS`). Who holds a live code
# could else ask for one address after the other whether it has an account here.
ACCOUNT_RATE_LIMITS = {"signup": "20/m/ip,20/h/key"}
ACCOUNT_FORMS = {
    "login": "accounts.forms.LoginForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
}
SILENCED_SYSTEM_CHECKS = [
    "auth.W004",  # A login id is unique per root account, not alone; TenantBackend asks for both.
]

# --- Behind a proxy ---

# How many proxies of ours stand in front: so many entries of X-Forwarded-For are theirs, from the
# right.
TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", default=0)
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
if TRUSTED_PROXY_COUNT:
    USE_X_FORWARDED_HOST = True
    USE_X_FORWARDED_PORT = False
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

HTTPS = env.bool("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
# With this prefix browsers take a cookie only from this very host, over TLS: no neighbour on a
# sub-domain can give them one.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
LANGUAGE_COOKIE_NAME = f"{COOKIE_PREFIX}django_language"
# Scripts take the token from the page (base.html), never from the cookie.
CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
    }
}

# --- Pages ---

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if not DEBUG
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = DEBUG
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("es", "Español")]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")
USE_TZ = True
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000

# --- Rosters in ---

# Where uploaded files lie until their import has ended: one folder for web servers and workers.
SIS_UPLOADS = env.str("SIS_UPLOADS", default=str(BASE_DIR / "data" / "uploads"))
SIS_UPLOAD_MOST_BYTES = env.int("SIS_UPLOAD_MOST_BYTES", default=1 << 30)
# Wherever else somebody sends a file, it is passed over.
FILE_UPLOAD_HANDLERS = ["pairing_service.http.uploads.NoUploads"]
# What is done in the background is done by `manage.py worker`.
TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}

# --- Mail ---

# Mails hold links that let people in: what would print them is for this machine only.
if DEBUG or env.str("EMAIL_URL", default=""):
    vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
else:
    EMAIL_BACKEND = "pairing_service.unsent_mail.EmailBackend"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Pairing <no-reply@localhost>")

# --- REST ---

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.TokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["pairing_service.http.rendering.CanvasRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "rest_framework.parsers.JSONParser",
        "pairing_service.http.parsing.Form",
        "pairing_service.http.parsing.MultiPart",
    ],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "pairing_service.http.rendering.AlwaysJson",
    "EXCEPTION_HANDLER": "pairing_service.http.errors.exception_handler",
    "UNAUTHENTICATED_USER": None,
    # OPTIONS would tell of what the description tells of.
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "pairing_service.http.openapi.DescribedSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Pairing",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
}
# Whether an endpoint may read only the parameters that it describes.
CHECK_DESCRIPTIONS = DEBUG

# Whether clients of the API are kept from asking for too much (contract §1.6).
RATE_LIMITS = env.bool("RATE_LIMITS", default=True)

# What QR codes for signing in begin with: apps may know another address than the one they are
# shown at. Empty: that one, each tenant's own.
QR_SIGN_IN_BASE = env.str("QR_SIGN_IN_BASE", default="")

# --- Pairing: how often one may guess a code wrong (spec "Redeeming" 5) ---

GUESSES_PER_USER_AND_HOUR = env.int("GUESSES_PER_USER_AND_HOUR", default=10)
GUESSES_PER_ADDRESS_AND_HOUR = env.int("GUESSES_PER_ADDRESS_AND_HOUR", default=300)
GUESSES_PER_BROWSER_AND_HOUR = env.int("GUESSES_PER_BROWSER_AND_HOUR", default=10)
GUESSES_PER_TENANT_AND_DAY = env.int("GUESSES_PER_TENANT_AND_DAY", default=20_000)

# --- Logs: the route and the outcome, never a query string (codes and tokens travel there) ---

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "stream": sys.stderr, "formatter": "line"}
    },
    # Django's own handlers would say everything a second time.
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # What was not found names people (sis_login_id:…); only what broke is worth a line.
        "django.request": {"level": "ERROR"},
    },
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="WARNING")},
}
