"""A site to try the service out with: its key, and somebody who may moderate and administer it."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction

from moderation.access import create_key, find_key
from moderation.models import Site
from moderation.sites import create_site
from moderation.types import Mode
from reviews.models import Membership, Role

SITE: Final = "Demo"
USERNAME: Final = "moderator"


@dataclass(frozen=True, slots=True)
class Demo:
    """What one needs to know to try the service out."""

    api_key: str
    username: str
    password: str


def ensure_demo(*, known: Demo | None = None) -> Demo:
    """Make what is missing, and return `known` as it is while all of it works.

    The site blocks by the model's thresholds, which nobody has proven there. The moderator is
    also a superuser, so that the admin can be tried. A key or password that is not known any
    more is replaced by a new one.
    """
    with transaction.atomic():
        site = Site.objects.filter(name=SITE).first()
        if site is None:
            site = create_site(name=SITE, mode=Mode.PROVISIONAL)
        user, _ = User.objects.get_or_create(username=USERNAME)
        known_user = known is not None and known.username == USERNAME
        if known is not None and known_user and user.check_password(known.password):
            password = known.password
        else:
            password = secrets.token_urlsafe(12)
            user.set_password(password)
        user.is_active = user.is_staff = user.is_superuser = True
        user.save()
        given = {"role": Role.OWNER, "sees_hidden": True}
        Membership.objects.get_or_create(user=user, site=site, defaults=given)
        key = find_key(known.api_key) if known is not None else None
        if known is not None and key is not None and key.site_id == site.pk:
            return Demo(known.api_key, USERNAME, password)
        _, fresh = create_key(site=site, name="demo", created_by=user)
        return Demo(fresh, USERNAME, password)


def read(path: Path) -> Demo | None:
    """What the file says; None where there is none, or it says something else."""
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        return Demo(str(stored["api_key"]), str(stored["username"]), str(stored["password"]))
    except (FileNotFoundError, ValueError, LookupError, TypeError):
        return None


def write(path: Path, demo: Demo) -> None:
    """Replace the file in one step; nobody but its owner can read it at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(asdict(demo), indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
