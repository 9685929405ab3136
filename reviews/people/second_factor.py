"""Two-step login: a code from an app, or one of ten recovery codes, after the password.

A person has at most one authenticator (django-otp's `TOTPDevice`), whose key is stored as it is,
and one set of recovery codes, of which keyed digests are stored. A session belongs to the
authenticator it was opened with, so that one opened before, or with another, is worth nothing.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.backends import BaseBackend
from django.contrib.auth.models import AnonymousUser, User
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.functional import SimpleLazyObject
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice, default_key

from reviews.exceptions import WrongCode

DIGITS: Final = 6
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 7
"""56 bits of a code; it is written in base32, as 12 letters and digits."""
NEW_KEY: Final = "totp_key"
"""Session key: the key that a page offers until the first code from it is confirmed."""


def authenticator_of(user: User | AnonymousUser) -> TOTPDevice | None:
    """Return what this person's codes come from, or None."""
    return TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).first()


def recovery_codes_left(user: User) -> int:
    return StaticToken.objects.filter(device__user_id=user.pk).count()


def is_required_of(user: User | AnonymousUser) -> bool:
    """Return whether this person may not do without two-step login (WINNOW_REQUIRE_TOTP)."""
    required = settings.WINNOW_REQUIRE_TOTP
    return required == "everyone" or (required == "superusers" and user.is_superuser)


def must_enrol(user: User | AnonymousUser) -> bool:
    """Return whether this person has to set up two-step login before anything else."""
    return is_required_of(user) and authenticator_of(user) is None


def offered(user: User, session: SessionBase) -> TOTPDevice:
    """Return an authenticator that is not stored yet; the same one during a session."""
    if NEW_KEY not in session:
        session[NEW_KEY] = default_key()
    return TOTPDevice(user=user, key=session[NEW_KEY])


def enrol(*, device: TOTPDevice, code: str, session: SessionBase) -> list[str]:
    """Store what `offered` gave, in place of any other; return the recovery codes, shown once.

    Raises WrongCode when `code` is not one of the device's. The present session goes on; all
    others of this person end.
    """
    clock = TOTP(device.bin_key, device.step, device.t0, device.digits)
    clock.time = time.time()
    if not code.isdecimal() or not clock.verify(int(code), device.tolerance):
        raise WrongCode
    # The code that confirmed is used up.
    device.confirmed, device.last_t, device.drift = True, clock.t(), clock.drift
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    with transaction.atomic():
        _forget(device.user)
        device.save()
        kept = StaticDevice.objects.create(user=device.user, name="recovery codes")
        StaticToken.objects.bulk_create(
            StaticToken(device=kept, token=_digest(device.user, code)) for code in codes
        )
        _note(device.user, by=device.user, what="Set up two-step login.")
    session.pop(NEW_KEY, None)
    session.cycle_key()
    session[DEVICE_ID_SESSION_KEY] = device.persistent_id
    return codes


def remove(*, user: User, session: SessionBase) -> None:
    """Give up two-step login for oneself; the present session goes on without it."""
    with transaction.atomic():
        _forget(user)
        _note(user, by=user, what="Removed two-step login.")
    session.pop(DEVICE_ID_SESSION_KEY, None)
    session.cycle_key()


def reset(*, user: User, by: User | None) -> bool:
    """Take away a lost authenticator; return whether there was one. Their sessions end.

    `by` is the operator who did it, None for a command on the server.
    """
    with transaction.atomic():
        if not _forget(user):
            return False
        how = "" if by else " by a command on the server"
        _note(user, by=by or user, what=f"Reset two-step login{how}.")
    return True


def _forget(user: Any) -> int:
    """Delete this person's authenticators and recovery codes; return how many rows went."""
    return sum(
        model.objects.filter(user_id=user.pk).delete()[0] for model in (TOTPDevice, StaticDevice)
    )


def _note(user: Any, *, by: Any, what: str) -> None:
    LogEntry.objects.log_actions(
        user_id=by.pk,
        queryset=[user],
        action_flag=CHANGE,
        change_message=what,
        single_object=True,
    )


# Codes


def verify(user: User, code: str) -> bool:
    """Return whether `code` is this person's now; it works once.

    After a wrong one, django-otp refuses any for a second, then for twice as long each time.
    """
    typed = "".join(code.split()).replace("-", "").lower()
    devices: type[TOTPDevice | StaticDevice] = StaticDevice
    if len(typed) == DIGITS and typed.isdecimal():
        devices = TOTPDevice
    else:
        typed = _digest(user, typed)
    with transaction.atomic():
        device = devices.objects.select_for_update().filter(user=user, confirmed=True).first()
        return device is not None and device.verify_token(typed)


def _recovery_code() -> str:
    letters = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode().rstrip("=").lower()
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def _digest(user: User, code: str) -> str:
    """Return what is stored of a recovery code: 80 bits, useless without the SECRET_KEY."""
    salt = "winnow.recovery_code"
    plain = f"{user.pk}:{code.replace('-', '')}"
    mac = salted_hmac(salt, plain, algorithm="sha256").digest()
    return base64.b32encode(mac[:10]).decode()


class CodeBackend(BaseBackend):
    """Checks the second step in `authenticate`, so that failures count towards the lock-out.

    It asks for no password: whoever calls `authenticate(request, username=..., token=...)` has
    seen the right one.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        token: str | None = None,
        **_: Any,
    ) -> User | None:
        if username is None or token is None:
            return None
        user = User.objects.filter(username=username, is_active=True).first()
        return user if user is not None and verify(user, token) else None


# Sessions


def whole_sessions_only(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: nobody is logged in whose session lacks the second step that they have set up."""

    def middleware(request: HttpRequest) -> HttpResponse:
        found = request.user
        request.user = SimpleLazyObject(lambda: _whole(request, found))  # type: ignore[assignment]
        return get_response(request)

    return middleware


def _whole(request: HttpRequest, user: Any) -> User | AnonymousUser:
    if not user.is_authenticated:
        return AnonymousUser()
    device = authenticator_of(user)
    opened_with = request.session.get(DEVICE_ID_SESSION_KEY)
    whole = opened_with == (device.persistent_id if device else None)
    return user if whole else AnonymousUser()
