"""Every setting of the project, typed and checked, then the names Django reads.

Settings come from the environment (prefix ``OBSERVATORY_``, except ``DATABASE_URL``). With
nothing set, the project runs on its private database in its own folder.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any, Literal

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from observatory.cluster import Cluster
from observatory.datasets import current_database
from observatory.paths import home
from observatory.version import VERSION

RATE = r"^([1-9][0-9]{0,6}/(second|minute|hour|day))?$"


class Options(BaseSettings):
    """What the environment may set, with its default."""

    model_config = SettingsConfigDict(env_prefix="OBSERVATORY_", extra="ignore")

    database_url: str = Field("", validation_alias="DATABASE_URL")
    secret_key: str = ""
    debug: bool = False
    collected: bool = False  # static files were collected, compressed and given hashed names
    allowed_hosts: str = "localhost,127.0.0.1,[::1]"
    trusted_origins: str = ""
    https: bool = False
    log_level: str = "INFO"
    log_format: Literal["line", "json"] = "line"
    metrics_token: str = ""  # lets a program elsewhere read /metrics
    # Calls of the open APIs (/api/, /ogc/) by one caller; empty: no limit.
    api_rate_person: str = Field("1200/minute", pattern=RATE)
    api_rate_address: str = Field("600/minute", pattern=RATE)
    api_rate_sign_in: str = Field("10/minute", pattern=RATE)
    # Maps and sheets drawn for one caller, who waits for each: seconds of a processor.
    api_rate_drawing: str = Field("60/minute", pattern=RATE)
    # Reverse proxies in front, each adding whom it answers to X-Forwarded-For. With 0 that header
    # is not believed: anybody may write it.
    trusted_proxies: int = Field(0, ge=0, le=10)
    tile_timeout_ms: int = Field(5_000, ge=100, le=60_000)
    data: Path | None = None
    database: str = Field("", pattern=r"^[a-z0-9_]*$")
    test_db: str = Field("test_observatory", pattern=r"^[a-z0-9_]+$")

    @field_validator("database_url")
    @classmethod
    def _postgres_only(cls, value: str) -> str:
        if value and not value.startswith(("postgres://", "postgresql://", "postgis://")):
            raise ValueError("DATABASE_URL must start with postgresql://")
        return value.replace("postgis://", "postgresql://", 1)


try:
    OPTIONS = Options()
except ValueError as error:
    raise ImproperlyConfigured(f"A setting has no usable value. {error}") from error


def _listed(value: str) -> list[str]:
    return [item.strip() for item in value.split(",") if item.strip()]


def _secret_key(given: str) -> str:
    """Return the given key, or one made at first use and kept where only its owner reads it."""
    if given:
        return given
    file = home() / "secret_key"
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(50))
    return file.read_text().strip()


def _private_url() -> str:
    return Cluster.of_project().url(OPTIONS.database or current_database())


def _database(url: str) -> dict[str, Any]:
    """Return Django's description of the database: the one given, or the private one."""
    parts = conninfo_to_dict(url or _private_url())
    known = {key: parts.pop(key, "") for key in ("dbname", "user", "password", "host", "port")}
    # On the private server test databases start from the template that holds the extensions.
    test = {"NAME": OPTIONS.test_db} | ({} if url else {"TEMPLATE": "template_observatory"})
    return {
        "ENGINE": "django.contrib.gis.db.backends.postgis",
        "NAME": known["dbname"],
        "USER": known["user"],
        "PASSWORD": known["password"],
        "HOST": known["host"],
        "PORT": known["port"],
        "OPTIONS": {**parts, "application_name": "observatory"},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "TEST": test,
    }


# -- what Django reads ---------------------------------------------------------------------

SECRET_KEY = _secret_key(OPTIONS.secret_key)
DEBUG = OPTIONS.debug
ALLOWED_HOSTS = _listed(OPTIONS.allowed_hosts)
CSRF_TRUSTED_ORIGINS = _listed(OPTIONS.trusted_origins)

INSTALLED_APPS = [
    "observatory",
    "carroyage",
    "importers",
    "layers",
    "maps",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.postgres",
    "rest_framework",
    "rest_framework.authtoken",
    "rest_framework_gis",
    "drf_spectacular",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "observatory.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "observatory.urls"
WSGI_APPLICATION = "observatory.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

DATABASES = {"default": _database(OPTIONS.database_url)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# GeoDjango only asks GDAL for coordinate systems; files are opened by pyogrio, with its own GDAL.
SILENCED_SYSTEM_CHECKS = ["gis.W001"]
AUTH_USER_MODEL = "observatory.User"
LOGIN_URL = "maps:login"
LOGIN_REDIRECT_URL = "maps:home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]

LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]
FORMAT_MODULE_PATH = "maps.formats"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = home() / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if OPTIONS.collected
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
# Where nothing was collected (tests, a developer's shell) files are found in the apps.
# Where they were not, they are looked for as asked: reading all of them takes longer than a test.
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = not OPTIONS.collected

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "worker-src": [SELF],
        "object-src": [NONE],
        "style-src": [SELF],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [SELF],
        "manifest-src": [SELF],
    }
}

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
if OPTIONS.https:
    SECURE_SSL_REDIRECT = True
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    # The first one says how to ask for what a refused caller lacks.
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "layers.credentials.OurTokens",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_THROTTLE_CLASSES": ["layers.throttling.PerPerson", "layers.throttling.PerAddress"],
    "EXCEPTION_HANDLER": "layers.openview.refusal",
    "NUM_PROXIES": OPTIONS.trusted_proxies,
}
API_RATES = {
    "person": OPTIONS.api_rate_person,
    "address": OPTIONS.api_rate_address,
    "sign_in": OPTIONS.api_rate_sign_in,
    "drawing": OPTIONS.api_rate_drawing,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Observatoire territorial",
    "DESCRIPTION": "Layers, territories, zones and observations as GeoJSON and OGC API.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"discreet": {"()": "observatory.logs.DiscreetFilter"}},
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name} [{request_id}]: {message}",
            "style": "{",
        },
        "json": {"()": "observatory.logs.JsonFormatter"},
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": OPTIONS.log_format,
            "filters": ["discreet"],
        }
    },
    "root": {"handlers": ["stderr"], "level": OPTIONS.log_level},
    "loggers": {
        "django.db.backends": {"level": "WARNING"},  # statements would carry people's data
        "procrastinate": {"level": "WARNING"},
        "pyogrio": {"level": "WARNING"},
    },
}
