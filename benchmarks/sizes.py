"""One cluster with two databases: as it is after a day, and as it is after years.

with sizes.filled(small=1_000, big=1_000_000) as pair:
    with sizes.using(pair.big):
        ...  # Django's default connection
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import django
import psycopg

from benchmarks import filling, installation
from benchmarks.installation import Installation
from config import cluster

SITES: Final = 50
PASSWORD: Final = "measured 4 times"
FILLED: Final = "filled"
"""Comment on a database that was filled to the end."""
PEOPLE: Final = {
    "crowd": (),
    "judge": (1,),
    "passer": tuple(range(1, SITES + 1)),
    "one": (1,),
    "all": tuple(range(1, SITES + 1)),
    "small": (20,),
    "reader": tuple(range(1, SITES + 1)),
}
"""Who is a moderator of which sites."""


@dataclass(frozen=True, slots=True)
class Filled:
    """A database, and what opens its service."""

    name: str
    url: str
    """As the application; `admin_url` as the superuser."""
    admin_url: str
    posts: int
    key: str
    """An API key of the big site."""
    people: dict[str, int]


@dataclass(frozen=True, slots=True)
class Pair:
    service: Installation
    small: Filled
    big: Filled


@contextmanager
def filled(
    *, small: int, big: int, keep: Path | None, tell: Callable[[str], None]
) -> Iterator[Pair]:
    """Make both databases and take Django into this process, with the small one as default."""
    with installation.running(durable=False, keep=keep) as service:
        os.environ.update(service.variables)
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        django.setup()
        yield Pair(
            service,
            _database(service, "small", small, checked=True, tell=tell),
            _database(service, "big", big, checked=False, tell=tell),
        )


@contextmanager
def using(filled: Filled) -> Iterator[Any]:
    """Let Django's default connection be one to this database, kept open between uses."""
    from django.db import DEFAULT_DB_ALIAS, connections

    before = connections[DEFAULT_DB_ALIAS]
    if filled.name not in _wrappers:
        wrapper = before.copy()
        wrapper.settings_dict = {
            **before.settings_dict,
            "NAME": filled.name,
            "OPTIONS": {**before.settings_dict["OPTIONS"], "pool": False},
        }
        _wrappers[filled.name] = wrapper
    connections[DEFAULT_DB_ALIAS] = _wrappers[filled.name]
    try:
        yield _wrappers[filled.name]
    finally:
        connections[DEFAULT_DB_ALIAS] = before


_wrappers: dict[str, Any] = {}


def _database(
    service: Installation, name: str, posts: int, *, checked: bool, tell: Callable[[str], None]
) -> Filled:
    name = f"winnow_{name}_{posts}"
    superuser = _superuser_url(service)
    with psycopg.connect(superuser, autocommit=True) as connection:
        known = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') = %s FROM pg_database WHERE datname = %s",
            [FILLED, name],
        ).fetchone() == (True,)
        if not known:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            connection.execute(
                f"CREATE DATABASE {name} TEMPLATE {cluster.DATABASE} OWNER {cluster.OWNER}"
            )
    urls = service.servers.urls
    given = {
        "DATABASE_URL": _named(urls.database, name),
        "DATABASE_OWNER_URL": _named(urls.owner, name),
    }
    service.manage("migrate", "--no-input", **given)
    filled = Filled(name, given["DATABASE_URL"], _named(superuser, name), posts, "", {})
    with using(filled):
        key, people = _open()
    if not known:
        with psycopg.connect(filled.admin_url, autocommit=True) as connection:
            filling.fill(connection, posts=posts, people=people, checked=checked, tell=tell)
            connection.execute(f"COMMENT ON DATABASE {name} IS '{FILLED}'")
    return Filled(name, filled.url, filled.admin_url, posts, key, people)


def _open() -> tuple[str, dict[str, int]]:
    """Make the sites and people unless they are there; return a fresh key and the people."""
    from django.contrib.auth.models import User

    from moderation import access, sites
    from moderation.models import Site
    from moderation.types import Mode
    from reviews.models import Membership, Preferences

    if not Site.objects.exists():
        for number in range(1, SITES + 1):
            site = sites.create_site(name=f"Site {number:02}", mode=Mode.PROVISIONAL)
            access.create_key(site=site, name="measured")
        for name, of in PEOPLE.items():
            user = User.objects.create_user(name)
            Membership.objects.bulk_create(Membership(user=user, site_id=pk) for pk in of)
        Preferences.objects.create(user=User.objects.get(username="reader"), languages=["fr"])
        User.objects.create_superuser("admin")
    people = dict(User.objects.values_list("username", "pk"))
    _row, key = access.create_key(site=Site.objects.get(pk=1), name="measured")
    return key, people


def _superuser_url(service: Installation) -> str:
    known = cluster.load(service.folder)
    at = f"127.0.0.1:{known.postgres_port}/{cluster.DATABASE}"
    return f"postgresql://postgres:{known.superuser_password}@{at}"


def _named(url: str, name: str) -> str:
    return url.removesuffix(cluster.DATABASE) + name
