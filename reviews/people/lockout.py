"""When guessing at passwords and codes is stopped, counted over a quarter of an hour.

- ten failures for one name from one address;
- fifty from one address, whatever the names: a list of stolen passwords being tried;
- a hundred for one name, whatever the addresses: many machines guessing at one person.

The last two would let strangers shut out whom they can name, or whom they share an address with.
So a browser in which that person has logged in before is bound by the first rule alone.
"""

from __future__ import annotations

from typing import Any, Final

import structlog
from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.core import signing
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse

PER_ADDRESS: Final = 50
PER_NAME: Final = 100
KNOWN_BROWSER: Final = "winnow_known"
KNOWN_SECONDS: Final = 90 * 24 * 3600

log = structlog.get_logger(__name__)


class Handler(AxesDatabaseHandler):
    """Adds the second and third rule; axes' own settings are the first."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        failures = super().get_failures(request, credentials)
        name = (credentials or {}).get("username")
        if failures < settings.AXES_FAILURE_LIMIT and _is_stormed(request, name):
            failures = settings.AXES_FAILURE_LIMIT
        return int(failures)


def _is_stormed(request: HttpRequest, name: str | None) -> bool:
    recent = AccessAttempt.objects.filter(attempt_time__gte=get_cool_off_threshold(request))
    from_address = recent.filter(ip_address=request.axes_ip_address)  # type: ignore[attr-defined]
    stormed = _failures(from_address) >= PER_ADDRESS or (
        _failures(recent.filter(username=name)) >= PER_NAME
    )
    return stormed and not _is_known(request, name)


def _failures(attempts: Any) -> int:
    return attempts.aggregate(sum=Sum("failures_since_start"))["sum"] or 0


def remember_browser(response: HttpResponse, user: User) -> None:
    """Have this browser known as one in which `user` has logged in; says nothing else."""
    response.set_cookie(
        KNOWN_BROWSER,
        signing.dumps(_known_as(user), salt=KNOWN_BROWSER),
        max_age=KNOWN_SECONDS,
        path=settings.LOGIN_URL,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )


def _is_known(request: HttpRequest, name: str | None) -> bool:
    try:
        known = signing.loads(
            request.COOKIES.get(KNOWN_BROWSER, ""), salt=KNOWN_BROWSER, max_age=KNOWN_SECONDS
        )
    except signing.BadSignature:
        return False
    user = User.objects.filter(username=name).first()
    return user is not None and known == _known_as(user)


def _known_as(user: User) -> list[object]:
    # A new password makes all browsers strangers.
    return [user.pk, user.get_session_auth_hash()[:16]]


def tell(*, request: HttpRequest, **_: object) -> None:
    """Receiver of axes' `user_locked_out`: log it without the name, which may be a password."""
    log.warning("login.locked_out", address=request.axes_ip_address)  # type: ignore[attr-defined]
