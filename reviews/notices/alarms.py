"""Tasks for who leads a site: raised once, told as an event and by mail, answered by a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.utils import timezone

from moderation import outbox
from moderation.models import Event, Site
from moderation.types import EventKind
from reviews.exceptions import AlarmMissing
from reviews.models import Alarm, AlarmKind, MailKind
from reviews.notices import mailing
from reviews.notices.alerts import address
from reviews.people.permissions import check_may, leads_of, may
from reviews.roles import Act

if TYPE_CHECKING:
    from django.contrib.auth.models import User

TOLD: Final = {
    AlarmKind.SOURCE: EventKind.SOURCE_FLAGGED,
    AlarmKind.DRIFT: EventKind.DRIFT_FOUND,
    AlarmKind.MISSED: EventKind.MISSED_EXCEEDED,
    AlarmKind.ROLLOUT: EventKind.ROLLOUT_STOPPED,
}


@transaction.atomic
def sound(
    *,
    site_id: int | None,
    kind: AlarmKind,
    subject: str,
    sentence: str,
    facts: Mapping[str, Any],
    now: datetime,
) -> Alarm | None:
    """Raise an alarm and tell of it; None while one about the same thing waits.

    One of the installation, without a site, is told to no site: it waits for whoever runs it.
    """
    about: dict[str, Any] = {"site_id": site_id, "kind": kind, "subject": subject}
    alarm, created = Alarm.objects.get_or_create(
        **about,
        answered_at=None,
        defaults={"sentence": sentence, "facts": dict(facts), "created_at": now},
    )
    if not created:
        return None
    if site_id is None:
        return alarm
    event = Event(
        kind=TOLD[kind],
        site_id=site_id,
        payload={"alarm": alarm.pk, "subject": subject, "sentence": sentence},
        next_attempt_at=now,
        created_at=now,
    )
    outbox.publish([event])
    site = Site.objects.get(pk=site_id)
    # What it says may name people and words, and stays on its page.
    mailing.write(
        kind=MailKind.ALERT,
        to=leads_of(site_id),
        site=site,
        subject=f"{site.name}: something about {alarm.get_kind_display()} waits for a person",
        text=f"Its page has it, until somebody says what came of it.\n\n{address()}",
        now=now,
    )
    return alarm


def find(*, alarm_id: int, user: User) -> Alarm:
    """The alarm, where this person may see to it. Raises AlarmMissing, NotPermitted."""
    alarm = Alarm.objects.select_related("site").filter(pk=alarm_id).first()
    if alarm is None:
        raise AlarmMissing
    if alarm.site_id is None:
        if not user.is_superuser:
            raise AlarmMissing
        return alarm
    if not may(user, Act.SEE, alarm.site_id):
        raise AlarmMissing
    check_may(user, Act.SETTLE, alarm.site_id)
    return alarm


@transaction.atomic
def answer(*, alarm_id: int, user: User, note: str, now: datetime | None = None) -> Alarm | None:
    """Note that a person has looked; None where somebody has before.

    Raises AlarmMissing, NotPermitted.
    """
    find(alarm_id=alarm_id, user=user)
    waiting = Alarm.objects.select_for_update(of=("self",)).select_related("site")
    alarm = waiting.filter(pk=alarm_id, answered_at=None).first()
    if alarm is None:
        return None
    alarm.answered_at, alarm.answered_by, alarm.note = now or timezone.now(), user, note
    alarm.save(update_fields=["answered_at", "answered_by", "note"])
    return alarm


def answer_trials(rollouts: Collection[int], *, user: User, note: str) -> None:
    """Note who went on with a candidate, where it waits for a person that these trials stopped it.

    For operators, who see every site's models: it asks for no permission.
    """
    waiting = Alarm.objects.filter(kind=AlarmKind.ROLLOUT, answered_at=None)
    waiting.filter(facts__rollout__in=list(rollouts)).update(
        answered_at=timezone.now(), answered_by=user, note=note
    )


def answer_again(alarm: Alarm, *, user: User, note: str, now: datetime) -> None:
    """Note beside an alarm that was answered that somebody thought better of it."""
    Alarm.objects.create(
        site_id=alarm.site_id,
        kind=alarm.kind,
        subject=alarm.subject,
        sentence=alarm.sentence,
        facts=alarm.facts,
        created_at=now,
        answered_at=now,
        answered_by=user,
        note=note,
    )
