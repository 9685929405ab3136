"""The one settings file. Everything that differs between installations comes from the environment.

`.env.example` lists every name; `config/env.py` reads them; `config/checks.py` judges them.
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config import connections, env, logging, mail, state
from reviews.admin_site.theme import UNFOLD as UNFOLD

BASE_DIR: Path = state.CHECKOUT

# Where we are

WINNOW_ENV: str = env.choice("WINNOW_ENV", ("development", "production"))
PRODUCTION: bool = WINNOW_ENV == "production"
WINNOW_PROCESS: str = env.choice("WINNOW_PROCESS", ("command", "web", "worker", "beat"))
"""Which kind of process this is; set by the supervisor and by docker-compose.yml."""
WINNOW_DATABASE_ROLE: str = env.choice("WINNOW_DATABASE_ROLE", ("application", "owner"))
"""`owner` for commands that change the schema; set by manage.py."""
WINNOW_STATE_DIR: Path = env.path("WINNOW_STATE_DIR", state.folder())
DEBUG: bool = env.boolean("WINNOW_DEBUG")

_secret = env.read("SECRET_KEY")
if PRODUCTION and not _secret:
    raise ImproperlyConfigured("In production SECRET_KEY (or SECRET_KEY_FILE) must be set.")
SECRET_KEY: str = _secret or state.secret_key(WINNOW_STATE_DIR)

WINNOW_HOSTS: list[str] = env.strings("WINNOW_HOSTS")
# Health checks ask by loopback, also in production.
ALLOWED_HOSTS: list[str] = [*WINNOW_HOSTS, "localhost", "127.0.0.1", "[::1]"]
WINNOW_PUBLIC_URL: str = env.text("WINNOW_PUBLIC_URL").rstrip("/") or (
    f"https://{WINNOW_HOSTS[0]}" if PRODUCTION and WINNOW_HOSTS and WINNOW_HOSTS[0] != "*" else ""
)
"""Where people reach the service from outside, for the addresses that authors are given."""
CSRF_TRUSTED_ORIGINS: list[str] = [f"https://{host}" for host in WINNOW_HOSTS if host != "*"]

# Database and broker

_connections = connections.choose(
    database=env.read("DATABASE_URL"),
    owner=env.read("DATABASE_OWNER_URL"),
    redis=env.read("REDIS_URL"),
    production=PRODUCTION,
    embedded=state.read_urls(WINNOW_STATE_DIR),
)
WINNOW_EMBEDDED: bool = _connections.embedded
_as_owner = WINNOW_DATABASE_ROLE == "owner"
# A pool belongs to the web process alone: in a prefork worker it is closed after every task.
_pool: dict[str, Any] = {
    "min_size": 2,
    "max_size": env.integer("WINNOW_DATABASE_POOL", 36, least=2, most=500),
    "timeout": 5,
    # A try waits twice as long as the one before, and a pool that gave up begins anew: so none
    # waits for minutes when a database comes back that was away for as long.
    "reconnect_timeout": 5,
    "reconnect_failed": connections.begin_anew,
    # What a rush opened is closed a minute after it.
    "max_idle": 60,
}
# See moderation/statements.py; a pooler that lends connections for single transactions forgets
# what was prepared.
_prepare: dict[str, Any] = (
    {"prepare_threshold": 5} if env.boolean("WINNOW_DATABASE_PREPARE", default=True) else {}
)
DATABASES: dict[str, Any] = {
    "default": connections.database_settings(
        "DATABASE_OWNER_URL" if _as_owner else "DATABASE_URL",
        _connections.urls.owner if _as_owner else _connections.urls.database,
        options={
            "options": connections.session_limits(WINNOW_PROCESS, owner=_as_owner),
            **_prepare,
            **({"pool": _pool} if WINNOW_PROCESS == "web" else {}),
        },
    )
}
if WINNOW_PROCESS == "web":
    DATABASES["default"] |= {"ENGINE": "config.database", "CONN_HEALTH_CHECKS": False}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = None
WINNOW_APPLICATION_ROLE: str = connections.database_settings(
    "DATABASE_URL", _connections.urls.database, options={}
)["USER"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL: str = _connections.urls.redis
CACHES: dict[str, Any] = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "winnow",
        "OPTIONS": {"socket_connect_timeout": 1, "socket_timeout": 2},
    }
}

# Applications

INSTALLED_APPS: list[str] = [
    "unfold.apps.BasicAppConfig",
    "reviews.console.apps.OperatorsAdmin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_static",
    "django_otp.plugins.otp_totp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_htmx",
    "classifiers",
    "moderation",
    "reviews",
    "reviews.console",
    "config",
]
MIDDLEWARE: list[str] = [
    "config.telemetry.trace_requests",
    "config.middleware.follow_requests",
    "django.middleware.security.SecurityMiddleware",
    "config.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "reviews.people.second_factor.whole_sessions_only",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = False
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
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True

# Logging in, and what browsers are told

AUTHENTICATION_BACKENDS: list[str] = [
    "axes.backends.AxesStandaloneBackend",
    # Before all others: who may what in the admin goes by roles on sites and nothing else.
    "reviews.admin_site.scope.RoleBackend",
    "django.contrib.auth.backends.ModelBackend",
    "reviews.people.second_factor.CodeBackend",
]
AUTH_PASSWORD_VALIDATORS: list[dict[str, Any]] = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
CSRF_FAILURE_VIEW = "reviews.console.kept.page_outlived"
LOGIN_URL = "/review/login/"
LOGIN_REDIRECT_URL = "/review/"
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS: list[list[str]] = [["username", "ip_address"]]
AXES_HANDLER = "reviews.people.lockout.Handler"
"""Has more rules than these."""
AXES_CLIENT_IP_CALLABLE = "config.addresses.client_address"
AXES_RESET_ON_SUCCESS = True
# Otherwise whoever keeps knocking keeps the door shut for ever.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_SENSITIVE_PARAMETERS: list[str] = [
    "username",
    "code",
    "new_code",
    "note",
    "csrfmiddlewaretoken",
]
AXES_LOCKOUT_TEMPLATE = "console/locked_out.html"
AXES_VERBOSE = False
WINNOW_TRUSTED_PROXIES: int = env.integer("WINNOW_TRUSTED_PROXIES", 0, most=10)
"""How many proxies of ours a request passes; each appends an address to X-Forwarded-For."""
WINNOW_REQUIRE_TOTP: str = env.choice(
    "WINNOW_REQUIRE_TOTP",
    ("superusers", "everyone", "off") if PRODUCTION else ("off", "superusers", "everyone"),
)
"""Who may not do without two-step login."""
OTP_TOTP_ISSUER = f"Winnow {WINNOW_HOSTS[0]}" if PRODUCTION and WINNOW_HOSTS else "Winnow"

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
# A working day: who leaves a browser open is logged out by the next morning.
SESSION_COOKIE_AGE = 12 * 3600
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Behind a proxy that ends TLS; WINNOW_INSECURE_HTTP is for trying the image out without one.
_https: bool = PRODUCTION and not env.boolean("WINNOW_INSECURE_HTTP")
SESSION_COOKIE_SECURE: bool = _https
CSRF_COOKIE_SECURE: bool = _https
SECURE_SSL_REDIRECT: bool = _https
SECURE_REDIRECT_EXEMPT: list[str] = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS: int = 31_536_000 if _https else 0
if _https:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

# Static files come from the packages; nothing is fetched from elsewhere

STATIC_URL = "/static/"
# In development they are served from where the packages hold them.
STATIC_ROOT: Path | None = (
    env.path("WINNOW_STATIC_ROOT", WINNOW_STATE_DIR / "static") if PRODUCTION else None
)
STORAGES: dict[str, dict[str, str]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS: bool = not PRODUCTION

# API

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    # Views name who may enter; one that forgets lets nobody in.
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "moderation.api.errors.exception_handler",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Winnow",
    "DESCRIPTION": "A post in, a decision out.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "moderation.api.schema.require_bodies",
    ],
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": False, "validatorUrl": None},
}
DATA_UPLOAD_MAX_MEMORY_SIZE: int = env.integer("WINNOW_MAX_BODY_BYTES", 10_000_000, least=1_000)

# Workers. The schedule is rows of django-celery-beat, made after migrating: a schedule given here
# would overwrite at each start what operators changed in the admin.

CELERY_BROKER_URL = REDIS_URL
CELERY_RESULT_BACKEND = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT: list[str] = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ROUTES: dict[str, dict[str, str]] = {
    "moderation.tasks.*": {"queue": "judge"},
    "reviews.tasks.retrain*": {"queue": "training"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Each worker reads a queue of its own besides, for its sign of life.
CELERY_WORKER_DIRECT = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# How long a child that died may have left a result behind; after that its task is rung again.
CELERY_WORKER_LOST_WAIT = 1.0
# Judging goes on without the broker; a task that is sent twice does no harm.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULER = "config.beat:SharedScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# A broker whose disk or memory is full refuses every write: wait for room, do not end.
CELERY_BROKER_CHANNEL_ERROR_RETRY = True
CELERY_BROKER_CONNECTION_TIMEOUT = 1
# A message is a doorbell that takes seconds; one that was rung at a worker that died comes back
# within visibility_timeout + unacked_restore_interval.
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {
    "visibility_timeout": 60,
    "unacked_restore_interval": 2,
    "unacked_restore_throttle": 1,
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "socket_keepalive": True,
    "socket_keepalive_options": connections.KEEPALIVE,
    "retry_on_timeout": False,
    # Who rings a bell that is down is told at once: the row waits, and the sweeper rings again.
    "max_retries": 1,
    "interval_start": 0.05,
    "interval_step": 0.05,
    "interval_max": 0.1,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_DB_REUSE_MAX = 100_000

# Mail

locals().update(mail.settings_of(env.read("WINNOW_SMTP_URL")))
DEFAULT_FROM_EMAIL: str = env.text("WINNOW_MAIL_FROM", "winnow@localhost")

# Winnow

WINNOW_METRICS_TOKEN: str = env.text("WINNOW_METRICS_TOKEN")
"""Opens /metrics. Without one the page is there for loopback, and not at all in production."""
WINNOW_MODEL_DIR: Path = env.path("WINNOW_MODEL_DIR", WINNOW_STATE_DIR / "models")
"""Where trained models lie; the starter model comes with the package."""
WINNOW_ROLLOUT: bool = env.boolean("WINNOW_ROLLOUT", default=True)
"""Whether a retrained model goes by stored audits, shadow and canary; else it serves at once."""
WINNOW_SHADOW_POSTS: int = env.integer("WINNOW_SHADOW_POSTS", 200, least=1)
WINNOW_SHADOW_HOURS: int = env.integer("WINNOW_SHADOW_HOURS", 1)
"""A model stays in shadow for so many posts and hours at least."""
WINNOW_CANARY_PERCENT: int = env.integer("WINNOW_CANARY_PERCENT", 10, least=1, most=50)
WINNOW_CANARY_POSTS: int = env.integer("WINNOW_CANARY_POSTS", 200, least=1)
WINNOW_CANARY_HOURS: int = env.integer("WINNOW_CANARY_HOURS", 24)
"""It judges the posts of so many authors in a hundred, for so many posts and hours at least."""
WINNOW_ROLLOUT_HOURS: int = env.integer("WINNOW_ROLLOUT_HOURS", 48, least=1)
"""After so many hours in shadow it goes on though fewer posts came."""
WINNOW_CANARY_MOST_HOURS: int = env.integer("WINNOW_CANARY_MOST_HOURS", 336, least=1)
"""After so many as canary: harm takes as many posts to be seen where few come a day."""
WINNOW_DANGER_CONTACTS: list[str] = env.text("WINNOW_DANGER_CONTACTS").splitlines()
"""Whom moderators turn to about a dangerous or illegal post, a line each."""
WINNOW_MAIL: bool = env.read("WINNOW_SMTP_URL") is not None
"""Whether mail is sent at all."""
WINNOW_ALERT_WAIT: timedelta = timedelta(hours=env.integer("WINNOW_ALERT_WAIT", 8, most=8760))
"""A case that waits longer is told to those who lead its site; zero for never."""
WINNOW_ALERT_HOLD: timedelta = timedelta(hours=env.integer("WINNOW_ALERT_HOLD", 2, most=8760))
"""So long before a held post's time runs out they are told; zero for never."""
WINNOW_TRAIL_DAYS: int = env.integer("WINNOW_TRAIL_DAYS", 365, most=36_500)
"""So long it is kept who was shown which page and which key took out data; zero for ever. The
database keeps the last 90 days whatever is said here."""
WINNOW_DIGEST_HOUR: int = env.integer("WINNOW_DIGEST_HOUR", 6, most=23)
"""From which hour on, in UTC, the day's digests are sent."""
WINNOW_ENCODER: Path = env.path("WINNOW_ENCODER", Path(sys.prefix) / "encoder")
"""Where the text encoder lies that `make install` exports; judging does without it."""
WINNOW_EVENT_SUBSCRIBERS: dict[str, list[str]] = {
    "decision.recorded": ["reviews.queue.intake.on_decision", "reviews.tasks.on_decision"],
    "hold.expired": ["reviews.queue.intake.on_decision"],
    "post.withdrawn": ["reviews.queue.intake.on_withdrawn"],
    "post.weighed": ["reviews.queue.intake.on_weighed"],
    "feedback.received": ["reviews.labels.feedback.on_feedback"],
}
"""Who is told of which kind of event: functions that take a list of Event rows."""

LOGGING: dict[str, Any] = logging.configuration(production=PRODUCTION)
