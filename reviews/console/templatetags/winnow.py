"""How the console's templates show what people and machines wrote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from moderation.types import Mode, Outcome, Source
from reviews.bulk_states import BulkScope
from reviews.console import kept, wording
from reviews.console.case import marks
from reviews.judging.listing import Listable
from reviews.models import Preferences
from reviews.people import preferences
from reviews.people.permissions import READS_POSTS
from reviews.queue.languages import language_of, named
from reviews.roles import MAY, Act, Role
from reviews.states import VerdictKind

register = template.Library()

MINUTE = timedelta(minutes=1)
WEEK, MONTH = 7, 28
"""Days."""


@register.filter
def visible(text: str | None) -> SafeString:
    """Escape what somebody outside wrote, with its invisible characters marked."""
    return marks.mark(text or "").html


@register.filter
def language(text: str, tag: str) -> str:
    """The language of what somebody outside wrote, for `lang`; empty where nobody knows."""
    return language_of(tag, text)


@register.filter
def language_name(tag: str) -> str:
    """`Portuguese (pt-BR)`; the tag as it is where it names no language that we know."""
    return named(tag)


@register.filter
def as_written(text: str | None) -> SafeString:
    """Escape what somebody outside wrote, unmarked."""
    return marks.flow(text or "")


@register.filter
def duration(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, in its largest unit: `5 hours`. Weeks are told in days, as alerts do."""
    now = now or timezone.now()
    if WEEK <= (now - moment).days < MONTH:
        return f"{(now - moment).days}\xa0days"
    return timesince(moment, now, depth=1) if now - moment >= MINUTE else "less than a minute"


@register.filter
def ago(moment: datetime) -> str:
    """`5 hours ago`; `just now` within a minute."""
    return f"{duration(moment)} ago" if _is_past(moment) else "just now"


@register.filter
def before(moment: datetime, posted: datetime) -> str:
    """`3 weeks before this post`: what tells nothing of when the post came in."""
    known = posted - moment
    return f"{lasting(known)} before this post" if known >= MINUTE else "with this post"


@register.filter
def lasting(length: timedelta) -> str:
    """A length of time in its largest unit: `5 hours`."""
    now = timezone.now()
    return timesince(now - length, now, depth=1) if length >= MINUTE else "under a minute"


def _is_past(moment: datetime) -> bool:
    return timezone.now() - moment >= MINUTE


@register.filter
def opens_admin(user: Any) -> bool:
    """Whether the admin has anything for this person."""
    return user.is_superuser or bool(_acts_anywhere(user)[0] & {Act.SET, Act.AUDIT})


@register.filter
def sees_posts(user: Any) -> bool:
    """Whether this person may look at posts of some site."""
    return user.is_superuser or Act.SEE in _acts_anywhere(user)[0]


@register.filter
def measures(user: Any) -> bool:
    """Whether this person may see what happened on some site."""
    return user.is_superuser or Act.MEASURE in _acts_anywhere(user)[0]


@register.filter
def sees_models(user: Any) -> bool:
    """Whether this person may see which models judge some site."""
    return user.is_superuser or bool(_acts_anywhere(user)[0] & {Act.SET, Act.MEASURE})


@register.filter
def is_named(user: Any) -> bool:
    """Whether somebody was named for hidden posts of any site."""
    return _acts_anywhere(user)[1]


@register.filter
def covers(user: Any) -> bool:
    """Whether explicit words are covered for this person until they ask."""
    return _preferences(user).covers


@register.filter
def uses_keys(user: Any) -> bool:
    """Whether this person answers by single keys."""
    return _preferences(user).keys


def _preferences(user: Any) -> Preferences:
    """How somebody works; one query a page."""
    known: Preferences | None = getattr(user, "_preferences", None)
    if known is None:
        known = user._preferences = preferences.of(user)
    return known


def _acts_anywhere(user: Any) -> tuple[set[Act], bool]:
    """What somebody may do on any site, and whether they were named; one query a page."""
    known: tuple[set[Act], bool] | None = getattr(user, "_acts_anywhere", None)
    if known is None:
        rows = list(user.memberships.values_list("role", "sees_hidden")) if user.is_active else []
        acts = {act for role, _ in rows for act in MAY[Role(role)]}
        named = any(each and role in READS_POSTS for role, each in rows)
        known = user._acts_anywhere = (acts, named)
    return known


@register.filter
def percent(probability: float | None) -> str:
    return wording.percent(probability)


@register.filter
def counted(share: float | None) -> str:
    return wording.counted(share)


@register.filter
def in_words(probability: float | None) -> str:
    return wording.probability_in_words(probability)


@register.filter
def outcome_word(outcome: str) -> str:
    return wording.OUTCOMES[Outcome(outcome)]


@register.filter
def wish_word(outcome: str) -> str:
    return wording.WISHES[Outcome(outcome)]


@register.filter
def source_words(source: str) -> str:
    return wording.SOURCES[Source(source)]


@register.filter
def mode_word(mode: str) -> str:
    return wording.MODES[Mode(mode)]


@register.filter
def verdict_word(kind: str) -> str:
    return wording.VERDICTS[VerdictKind(kind)]


@register.filter
def css_name(code: str) -> str:
    """`not_spam` as a CSS class, `not-spam`."""
    return code.replace("_", "-")


@register.filter
def at_most(share: float | None) -> str:
    """An upper bound for people, rounded up so that it stays one."""
    return wording.at_most(share)


@register.filter
def hundred(probability: float | None) -> str:
    """A probability as a length in a drawing 100 wide."""
    return f"{(probability or 0.0) * 100:.1f}"


@register.filter
def bulk_scope(scope: str) -> str:
    return wording.BULK_SCOPES[BulkScope(scope)]


@register.simple_tag(takes_context=True)
def kept_words(context: template.Context, form: str) -> str:
    """What somebody typed before and sent to this address, where it was not stored."""
    return kept.kept(context["request"], form)


@register.simple_tag
def keys() -> tuple[tuple[str, str, tuple[tuple[str, str], ...]], ...]:
    return wording.KEYS


@register.filter
def list_keys(item: Listable) -> str:
    """The two keys that allow and deny this; empty where it has none.

    What everybody's links lead through is listed by no key: one would be too easily meant for one
    link alone.
    """
    return "" if item.is_everybodys else wording.LIST_KEYS.get(item.name, "")


@register.filter
def newest_first(messages: Iterable[Any]) -> list[Any]:
    """What was done last stands first: of several ways to take something back, a key finds it."""
    return [*messages][::-1]


UNDOES = {"": "undo", "list": "undo-list", "hidden": "hide-again", "copies": "show-copies"}


@register.filter
def undo_address(what: str) -> str:
    """Where to take back what a message tells of.

    A verdict `12`, a change of a list `list-12`, that the post of this id was shown: `hidden-…`,
    that its copies were hidden: `copies-…`.
    """
    kind, _, pk = what.partition("-") if "-" in what else ("", "", what)
    return reverse(f"console:{UNDOES[kind]}", args=[pk])


STAGES = {
    "production": ("in service", "not-spam"),
    "candidate": ("candidate", ""),
    "shadow": ("in shadow", "remove"),
    "canary": ("canary", "remove"),
    "retired": ("retired", ""),
}


@register.filter
def stage_word(stage: str) -> str:
    return STAGES[stage][0]


@register.filter
def stage_chip(stage: str) -> str:
    return STAGES[stage][1]


@register.filter
def points(share: float | None) -> str:
    """A difference of shares in points, with its sign where it is less than nothing."""
    return "" if share is None else f"{100 * share:.1f}".replace("-", "−")


@register.filter
def times_slower(shadow: dict[str, Any]) -> str:
    """How much processor time it takes, beside the model that serves."""
    before = shadow.get("seconds_before") or 0.0
    if not before:
        return ""
    return f"It takes {shadow['seconds'] / before:.2f} times the processor time."


@register.filter
def at(figures: dict[str, Any], name: str) -> Any:
    """The value under a name that a template holds."""
    return figures.get(name)
