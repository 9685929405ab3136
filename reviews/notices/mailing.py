"""Mail: rows that are written with what they tell of, and handed over later, off every hot path.

A server that does not answer costs a worker TIMEOUT a minute and nobody anything else. What it
will not take is tried again, ever more seldom, for a day; an address that it refuses is not.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core import mail as django_mail
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

from moderation import leases
from moderation.models import Site
from moderation.models.site import in_one_line
from reviews.models import Mail, MailKind, MailState

if TYPE_CHECKING:
    from django.contrib.auth.models import User

logger = logging.getLogger(__name__)

BATCH: Final = 50
"""Mails of one turn; a turn comes each minute."""
FIRST_PAUSE: Final = timedelta(minutes=2)
GIVE_UP: Final = timedelta(days=1)
KEPT: Final = timedelta(days=30)
HEADERS: Final = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
PERMANENT: Final = 500


def write(
    *,
    kind: MailKind,
    to: Iterable[User],
    subject: str,
    text: str,
    site: Site | None = None,
    now: datetime,
) -> int:
    """Write a mail to each of these people who has an address; return how many.

    Nothing where this installation sends no mail.
    """
    if not settings.WINNOW_MAIL:
        return 0
    rows = [
        Mail(
            kind=kind,
            site=site,
            user=user,
            subject=in_one_line(subject)[:200],
            text=text,
            next_attempt_at=now,
            created_at=now,
        )
        for user in to
        if user.email
    ]
    return len(Mail.objects.bulk_create(rows))


def send_due(*, now: datetime | None = None) -> int:
    """Hand over what is due; return how many mails were taken. Forgets old ones.

    Raises LeaseTaken when another process is at it.
    """
    now = now or timezone.now()
    due = Mail.objects.filter(state=MailState.WAITING, next_attempt_at__lte=now)
    with leases.hold("mail") as lease:
        waiting = list(due.select_related("user").order_by("next_attempt_at", "pk")[:BATCH])
        sent = _hand_over(waiting, now) if waiting else 0
        lease.keep()
        Mail.objects.filter(created_at__lt=now - KEPT).delete()
    return sent


def _hand_over(waiting: list[Mail], now: datetime) -> int:
    connection = django_mail.get_connection()
    sent = 0
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("mail.unreachable", extra={"error": type(error).__name__})
        for mail in waiting:
            _put_off(mail, error, now)
        return 0
    try:
        for mail in waiting:
            sent += _send(mail, connection, now)
    finally:
        _close(connection)
    return sent


def _send(mail: Mail, connection: BaseEmailBackend, now: datetime) -> bool:
    message = EmailMessage(
        subject=mail.subject,
        body=mail.text,
        to=[mail.user.email],
        headers=dict(HEADERS),
        connection=connection,
    )
    try:
        message.send()
    except (OSError, smtplib.SMTPException, ValueError) as error:
        _put_off(mail, error, now)
        return False
    Mail.objects.filter(pk=mail.pk).update(
        state=MailState.SENT, sent_at=now, error="", attempts=mail.attempts + 1
    )
    return True


def _put_off(mail: Mail, error: Exception, now: datetime) -> None:
    """Try again later, unless that is useless or has been tried for long enough."""
    mail.attempts = min(mail.attempts + 1, 30_000)
    mail.error = _name(error)
    mail.next_attempt_at = now + min(FIRST_PAUSE * 2 ** min(mail.attempts - 1, 10), GIVE_UP / 8)
    if _is_permanent(error) or mail.created_at <= now - GIVE_UP:
        mail.state = MailState.FAILED
    mail.save(update_fields=["attempts", "error", "next_attempt_at", "state"])


def _name(error: Exception) -> str:
    """What went wrong, without what a server says: it may quote addresses and passwords."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"


def _is_permanent(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= PERMANENT for code, _ in error.recipients.values())
    # What Django will not even make a message of: an address or a header with a line end.
    return isinstance(error, ValueError)


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("mail.close", extra={"error": type(error).__name__})
