"""Labels and times as files have them."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

SPAM: Final = frozenset({"spam", "junk", "1", "1.0", "true", "yes"})
HAM: Final = frozenset(
    {
        *("ham", "notspam", "nonspam", "legit", "legitimate", "quality"),
        *("0", "0.0", "false", "no"),
    }
)
EARLIEST: Final = 1e8
"""Seconds since 1970 (March 1973) from which a bare number is taken for a time."""
MILLISECONDS: Final = 1e11
LATEST: Final = 1e14
_NUMBER: Final = re.compile(r"\d{9,14}(\.\d+)?")
_BETWEEN: Final = re.compile(r"[\s_-]+")


def label(value: object) -> bool | None:
    """Whether it says spam; None where it says neither.

    >>> label("Not spam"), label(1), label("maybe")
    (False, True, None)
    """
    if isinstance(value, bool | int | float):
        return bool(value) if value in (0, 1) else None
    if not isinstance(value, str):
        return None
    said = _BETWEEN.sub("", value.casefold())
    return True if said in SPAM else False if said in HAM else None


def time(value: object) -> datetime | None:
    """The moment: ISO 8601, RFC 2822, or seconds or milliseconds since 1970; UTC where it names
    no zone. None where it cannot be read: 07/11/2013 is July to some.

    >>> time("1383804000").isoformat()
    '2013-11-07T06:00:00+00:00'
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    said = str(value).strip()
    try:
        if _NUMBER.fullmatch(said):
            return _since_1970(float(said))
        return _in_utc(_written(said))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _since_1970(number: float) -> datetime | None:
    if not EARLIEST <= number < LATEST or math.isnan(number):
        return None
    return datetime.fromtimestamp(number / (1000 if number >= MILLISECONDS else 1), UTC)


def _written(said: str) -> datetime:
    try:
        return datetime.fromisoformat(said.removesuffix(" UTC"))
    except ValueError:
        return parsedate_to_datetime(said)


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
