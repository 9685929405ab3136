"""Who writes and who judges."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import User

from classifiers.types import AuthorFacts, Content
from moderation.models import Site
from moderation.types import Draft
from reviews.demonstration.texts import NAMES, PASSERS_BY, Written
from reviews.models import Membership, Role

MODERATORS: Final = {
    "demo-amara": Role.SENIOR,
    "demo-jonas": Role.MODERATOR,
    "demo-mei": Role.MODERATOR,
}
"""Nobody can log in as one of them."""
MEMBERS: Final = 14
"""Members with the same name in a language."""
AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def moderators(site: Site) -> list[User]:
    """Return the three who judge, made if they are not there."""
    people = []
    for name, role in MODERATORS.items():
        user, made = User.objects.get_or_create(username=name)
        if made:
            user.set_unusable_password()
            user.save()
        named = role == Role.SENIOR
        given = {"role": role, "sees_hidden": named}
        Membership.objects.get_or_create(user=user, site=site, defaults=given)
        people.append(user)
    return people


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody who posts; members come again, passers-by once."""

    id: str
    name: str
    email: str
    ip: str
    registered_at: datetime


def member(language: str, start: datetime, chance: random.Random) -> Writer:
    """Return one of the members who write in this language."""
    names = NAMES.get(language) or NAMES["en"]
    number = chance.randrange(len(names) * MEMBERS)
    of = random.Random(f"{language} {number}")  # noqa: S311 - the same person each time
    return Writer(
        id=f"{language}-{number}",
        name=names[number % len(names)],
        email=f"{language}{number}@mail.example",
        ip=f"198.51.100.{of.randrange(1, 255)}",
        registered_at=start - timedelta(days=of.randrange(20, 1500)),
    )


def passer_by(number: int, when: datetime, chance: random.Random) -> Writer:
    """Return somebody who registered just before they post."""
    return Writer(
        id=f"new-{number}",
        name=chance.choice(PASSERS_BY),
        email=f"{chance.choice(('info', 'contact', 'hello'))}{number}@mail.example",
        ip=f"203.0.113.{chance.randrange(1, 255)}",
        registered_at=when - timedelta(minutes=chance.randrange(1, 600)),
    )


def draft(text: Written, *, by: Writer, number: int, when: datetime, answers: str = "") -> Draft:
    """Return a post as the forum would submit it."""
    author = AuthorFacts(name=by.name, email=by.email, ip=by.ip, user_agent=AGENT)
    content = Content(
        text=text.text,
        type=text.type,
        language=text.language,
        permalink=f"https://forum.example/t/{number // 7}#p{number}",
        context=answers,
        author=author,
    )
    return Draft(
        content,
        external_id=f"demo-{number}",
        author_id=by.id,
        registered_at=by.registered_at,
        posted_at=when,
    )
