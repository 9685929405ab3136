"""The service's settings with one address more: same server, middleware and connection pool."""

from config.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.bare.urls"
