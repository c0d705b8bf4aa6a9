"""Settings. Whom the lower floors call stands in `hooks.py`, the ways to those outside in `providers.py`."""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

from app.enums import ENUMS
from app.environment import BASE_DIR, DEBUG, env
from app.hooks import *  # noqa: F403 - they are settings
from app.providers import *  # noqa: F403
from core import logs, postgres
from core.provision import APP_ROLE, OWNER_ROLE, STAFF_ROLE

SECRET_KEY = env.str("SECRET_KEY")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "corsheaders",
    "django_filters",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
    "core",
    "accounts",
    "system",
    "billing",
    "subscriptions",
    "inventory",
    "sales",
    "reports",
    "app",
    "app.apps.ConsoleConfig",  # last: our templates come before its own
]
if find_spec("django_migration_linter"):  # a tool of development
    INSTALLED_APPS.append("django_migration_linter")
ROOT_URLCONF = "app.urls"
WSGI_APPLICATION = "app.wsgi.application"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
MIDDLEWARE = [
    "core.middleware.RequestIdMiddleware",
    "system.metrics.MetricsMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.middleware.PartitionedCookiesMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.middleware.AccountContextMiddleware",
    "subscriptions.middleware.SubscriptionHeadersMiddleware",  # reads what the one before has found
]
SILENCED_SYSTEM_CHECKS = ["admin.E408"]  # AccountContextMiddleware says who the user is

# The database: one server, three roles (docs/adr/0002)

DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASE_PASSWORDS = {
    OWNER_ROLE: env.str("MAKOLA_OWNER_PASSWORD", default=""),
    APP_ROLE: env.str("MAKOLA_APP_PASSWORD", default=""),
    STAFF_ROLE: env.str("MAKOLA_STAFF_PASSWORD", default=""),
}
EMBEDDED_SERVER: postgres.EmbeddedServer | None = None
if DATABASE_URL:
    DATABASE_ADMIN_DSN = DATABASE_URL
else:
    if not (DEBUG or env.bool("MAKOLA_EMBEDDED", default=False)):
        raise ImproperlyConfigured(
            "Set DATABASE_URL: with DEBUG off the embedded PostgreSQL serves only if MAKOLA_EMBEDDED=true asks for it."
        )
    EMBEDDED_SERVER = postgres.EmbeddedServer(
        Path(env.str("MAKOLA_DATA", default="") or postgres.default_data_directory(BASE_DIR))
    )
    DATABASE_ADMIN_DSN = EMBEDDED_SERVER.admin_dsn("makola")
try:
    _server = conninfo_to_dict(DATABASE_ADMIN_DSN)
except ProgrammingError:  # its text would quote the password
    raise ImproperlyConfigured("DATABASE_URL is not a PostgreSQL address.") from None
DATABASE_NAME = env.str("MAKOLA_DATABASE", default=str(_server.get("dbname", "makola")))
PREPARED_STATEMENTS = env.bool("MAKOLA_PREPARED_STATEMENTS", default=True)
_transport = {name: _server[name] for name in _server if name.startswith("ssl")}


def _database(role: str) -> dict[str, Any]:
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": DATABASE_NAME,
        "USER": role,
        "PASSWORD": DATABASE_PASSWORDS[role],
        "HOST": str(_server.get("host", "")),
        "PORT": str(_server.get("port", "")),
        "CONN_MAX_AGE": env.int("MAKOLA_CONN_MAX_AGE", default=600),
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": True,
        # Statements that come again are planned once per connection: a third less CPU in the database. PgBouncer in
        # transaction mode needs its max_prepared_statements for that, or this switched off.
        "OPTIONS": {
            "connect_timeout": 5,
            "server_side_binding": PREPARED_STATEMENTS,
            "prepare_threshold": 5 if PREPARED_STATEMENTS else None,
            **_transport,
        },
    }


DATABASES = {
    "default": _database(APP_ROLE),
    "owner": _database(OWNER_ROLE),
    "staff": _database(STAFF_ROLE),
    "outside": _database(APP_ROLE),  # what has to survive the refusal of the request that wrote it (core/limits.py)
}

# The background (docs/adr/0012)

MOST_TASKS = env.int("MOST_TASKS", default=50)  # of one account that wait or run at once
TASK_TURN = env.float("MAKOLA_TASK_TURN", default=20)  # seconds, then others come first
RESULTS_KEPT = env.int("RESULTS_KEPT", default=30)  # days that what a task made is there to be fetched
LINK_SECONDS = 600  # that a link to it is good for
WORKER_SILENCE = env.float("MAKOLA_WORKER_SILENCE", default=30)  # seconds until a worker counts as gone
WORKER_RECOVERY = "* * * * * */5"  # when those that live look after its jobs
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = ""
PROCRASTINATE_IMPORT_PATHS = [f"{name}.worker" for name in ("system", "billing", "subscriptions", "sales", "reports")]
PROCRASTINATE_WORKER_DEFAULTS = {
    "concurrency": env.int("MAKOLA_WORKER_THREADS", default=2),
    "delete_jobs": "successful",  # what became of a task stands in its own row
    "update_heartbeat_interval": WORKER_SILENCE / 3,
    "stalled_worker_timeout": WORKER_SILENCE,
    "shutdown_graceful_timeout": 10,  # seconds; a step that takes longer is undone, and begun again by the next worker
}

# Receipts that a tax authority certifies (sales/fiscal)

FISCAL_ADAPTER = env.str("FISCAL_ADAPTER", default="sales.fiscal.simulator.Simulator")
FISCAL_URL = env.str("FISCAL_URL", default="")  # of the authority; without one its documents wait
FISCAL_ROUND = "* * * * * */10"  # when the worker sends what waits

REPORT_ROUND = "7 * * * *"  # when the worker looks which reports are to be mailed

# Payments (docs/adr/0013)

CREDITS_LOW = env.int("CREDITS_LOW", default=50)  # fewer than so many are few
PAYMENT_PATIENCE = env.int("PAYMENT_PATIENCE", default=300)  # seconds that a payer is given to answer a phone
PAYMENT_PAGE_PATIENCE = env.int("PAYMENT_PAGE_PATIENCE", default=3600)  # seconds to fill in a page
PAYMENT_KEPT = env.int("PAYMENT_KEPT", default=900)  # seconds that money waits for what it pays, before it came late
PAYMENT_POLLING = "* * * * * */5"  # when the worker looks for attempts that somebody should look after

# Subscriptions (docs/adr/0016)

SUBSCRIPTION_ROUND = "17 */3 * * *"  # when the worker reminds; it is midnight somewhere at every hour
INVOICE_SELLER = env.str("INVOICE_SELLER", default="Makola")  # name, address and tax number, a line each

# Signing in

SEALING_KEYS = env.list("SEALING_KEYS", default=[SECRET_KEY])  # the first seals, all unseal
ACCOUNT_EMAIL_VERIFICATION = env.str("ACCOUNT_EMAIL_VERIFICATION", default="optional" if DEBUG else "required")
# Tries per seconds. By address, by account, or by both: nobody who knows an e-mail address can lock its owner out.
RATE_LIMITS: dict[str, tuple[int, int]] = {
    "anonymous": (600, 60),  # per address
    "webhook": (6000, 60),  # per address
    "notice": (1200, 3600),  # of a gateway about what a business asked it for, per business and gateway
    "notice_unknown": (300, 3600),  # about anything else, which a stranger may have made up
    "prompt": (1200, 3600),  # to phones, per business
    "prompt_phone": (10, 900),  # to one phone, per business: a PIN that is mistyped a few times stays far below
    "login_address": (60, 900),
    "login": (10, 900),  # per account and address
    "login_account": (50, 3600),  # per account, from addresses where nobody has signed in to it
    "known_address": (0, 30 * 86400),  # for so long such an address is remembered
    "second_factor": (10, 900),  # per user and address
    "second_factor_user": (60, 3600),  # per user
    "refresh": (120, 60),  # per address
    "registration": (20, 3600),  # per address
    "mail": (5, 3600),  # per recipient and purpose; of invitations, per business too
    "mail_address": (30, 3600),  # of them, per address
    "invitation": (60, 86400),  # per business
    "pin": (5, 900),  # per member and device
    "pin_member": (30, 3600),  # per member
    "receipt": (60, 60),  # that are looked at by their links, per address
    "approver": (10, 3600),  # per member who asks for an approval
    "integration_check": (20, 3600),  # of keys that are tried, per business
    "gift_card": (10, 900),  # codes per member that are not right
}
for _name, _limit in env.dict("RATE_LIMITS", default={}).items():  # such as login=20/900,pin=10/900
    _most, _seconds = _limit.split("/")
    RATE_LIMITS[_name] = int(_most), int(_seconds)
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)  # how many stand between the client and us
PASSWORD_RESET_TIMEOUT = 3600  # seconds that a mailed link is good for
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("MinimumLengthValidator", "CommonPasswordValidator", "NumericPasswordValidator")
]
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(minutes=15),
}

# The till on another origin

TILL_ORIGINS = env.list("TILL_ORIGINS", default=["http://localhost:5173"] if DEBUG else [])
CROSS_SITE_COOKIES = env.bool("CROSS_SITE_COOKIES", default=False)
SECURE_COOKIES = CROSS_SITE_COOKIES or not DEBUG
CORS_ALLOWED_ORIGINS = TILL_ORIGINS
CORS_ALLOWED_ORIGIN_REGEXES: list[str] = []
CORS_ALLOW_ALL_ORIGINS = False
CORS_ALLOW_CREDENTIALS = True
CORS_ALLOW_HEADERS = [
    "accept",
    "authorization",
    "content-type",
    "idempotency-key",
    "if-match",
    "x-account-id",
    "x-approver",
    "x-approver-pin",
    "x-csrftoken",
    "x-device-token",
    "x-request-id",
]
TILL_URL = env.str("TILL_URL", default=TILL_ORIGINS[0] if TILL_ORIGINS else "")  # where the links in mails lead
# Where the world finds this server, without a slash at the end: receipts bear a link only where this is known.
PUBLIC_URL = env.str("PUBLIC_URL", default="http://localhost:8000" if DEBUG else "").rstrip("/")
CORS_EXPOSE_HEADERS = [
    *("ETag", "Idempotency-Replayed", "Retry-After", "X-Request-ID"),
    *(f"X-Subscription-{name}" for name in ("Status", "Plan", "Expires", "Grace-Ends")),
]
CSRF_TRUSTED_ORIGINS = TILL_ORIGINS
CSRF_COOKIE_SAMESITE = SESSION_COOKIE_SAMESITE = "None" if CROSS_SITE_COOKIES else "Lax"
CSRF_COOKIE_SECURE = SESSION_COOKIE_SECURE = SECURE_COOKIES
CSRF_FAILURE_VIEW = "app.urls.csrf_failure"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 86400  # seconds; accounts/models/session.py ends it sooner

# Mail

vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
MAIL_BACKEND = vars()["EMAIL_BACKEND"]
EMAIL_BACKEND = "core.mail.BackgroundBackend"  # hands over to MAIL_BACKEND
EMAIL_TIMEOUT = 10  # seconds; one slow mail server must not keep all mails waiting
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Makola <no-reply@localhost>")

# Transport

SECURE_SSL_REDIRECT = env.bool("SECURE_SSL_REDIRECT", default=not DEBUG)
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
READINESS_KEPT = env.float("READINESS_KEPT", default=5)  # seconds that a process keeps its answer to /readyz
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")  # of who may read /metrics; without one only this machine may
SECURE_HSTS_SECONDS = 0 if DEBUG else 31_536_000
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
if env.bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # they may name people
MAX_BODY = 2 * 1024 * 1024  # bytes
MAX_UPLOAD = 16 * 1024 * 1024  # bytes of a body that brings a file
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_UPLOAD
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]  # the body is there anyway
FILE_UPLOAD_MAX_MEMORY_SIZE = MAX_UPLOAD
FILES_DIR = Path(env.str("FILES_DIR", default=str(BASE_DIR / ".files")))
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},  # nothing is meant to lie there
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    # Never served: what lies there has no address.
    "private": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {
            "location": str(FILES_DIR),
            "base_url": None,
            "file_permissions_mode": 0o600,
            "directory_permissions_mode": 0o700,
            "allow_overwrite": True,  # a path is one row's: what lies there already, a refused request has left behind
        },
    },
}
# The TrueType font of all that is printed: a file, or one of ReportLab's own, which lacks West African letters.
LABEL_FONT = env.str("LABEL_FONT", default="Vera.ttf")
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = DEBUG

# The API

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.AccountAuthentication"],
    # The policy, in reading order: who, may they, is it switched on, is it paid for.
    "DEFAULT_PERMISSION_CLASSES": [
        "accounts.permissions.HasTenantAccess",
        "accounts.permissions.HasCapability",
        "system.permissions.ModuleIsEnabled",
        "system.permissions.OnboardingIsFinished",
        "subscriptions.permissions.SubscriptionAllows",
    ],
    "DEFAULT_PARSER_CLASSES": ["core.api.parsers.StrictJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.envelope.EnvelopeRenderer"],
    "DEFAULT_FILTER_BACKENDS": ["core.api.filters.FilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "core.api.schema.Operation",
    "EXCEPTION_HANDLER": "core.api.failures.handle",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS would list what a reference may be
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": [
        "rest_framework.renderers.JSONRenderer",
        "rest_framework.renderers.MultiPartRenderer",
    ],
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Makola",
    "DESCRIPTION": (
        "The backend of a point of sale: many shops, one wall between them.\n\n"
        "A write by cookie bears `X-CSRFToken`. A write may bring a second person, `X-Approver` (the id of their "
        "membership) and `X-Approver-PIN`, whose rights it then has. Tokens got by PIN work with the till's "
        "`X-Device-Token` only. The platform's staff name the business in `X-Account-ID`. `X-Request-ID`, 8 to 64 "
        "letters and digits, comes back in the answer."
    ),
    "VERSION": "1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_AUTHENTICATION": [],
    "SERVE_PERMISSIONS": [],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": ENUMS,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "DEFAULT_QUERY_MANAGER": "across_accounts",
    "GET_MOCK_REQUEST": "accounts.api.schema.build_request",
    "PREPROCESSING_HOOKS": ["core.api.schema.only_canonical_paths"],
    "POSTPROCESSING_HOOKS": ["drf_spectacular.hooks.postprocess_schema_enums", "core.api.schema.close_requests"],
}

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING_CONFIG = None
logs.configure(level=env.str("LOG_LEVEL", default="INFO"), pretty=DEBUG)
