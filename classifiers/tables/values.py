"""Labels and times as files have them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

SPAM: Final = frozenset(
    {
        *("spam", "junk", "scam", "fraud", "phishing", "smishing"),
        *("1", "1.0", "true", "t", "yes", "y"),
    }
)
HAM: Final = frozenset(
    {
        *("ham", "notspam", "nonspam", "nospam", "legit", "legitimate", "quality"),
        *("normal", "safe", "clean", "benign"),
        *("0", "0.0", "false", "f", "no", "n"),
    }
)
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
"""Between these, seconds since 1970, a bare number is taken for a time."""
MILLISECONDS: Final = 13
"""Digits of milliseconds since 1970; seconds have fewer."""
COMPACT: Final = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
"""Dates without signs between, by their digits."""
YEARS: Final = range(1970, 2100)
_NUMBER: Final = re.compile(r"([0-9]+)(\.[0-9]+)?")
_BETWEEN: Final = re.compile(r"[\s_-]+")


def label(value: object) -> bool | None:
    """Whether it says spam; None where it says neither.

    Minus one is neither: it stands for ham in some files, for no label in others.

    >>> label("Not spam"), label(1), label("maybe"), label("-1")
    (False, True, None, None)
    """
    if isinstance(value, bool | int | float):
        return bool(value) if value in (0, 1) else None
    if not isinstance(value, str):
        return None
    said = value.strip().casefold()
    if any(map(str.isalpha, said)):
        said = _BETWEEN.sub("", said)
    return True if said in SPAM else False if said in HAM else None


def time(value: object) -> datetime | None:
    """The moment: ISO 8601, RFC 2822, YYYYMMDD with or without HHMM or HHMMSS, or seconds or
    milliseconds since 1970; UTC where it names no zone. None where it cannot be read: 07/11/2013
    is July to some.

    >>> time("1383804000").isoformat()
    '2013-11-07T06:00:00+00:00'
    >>> time(20131107060000) == time("201311070600") == time("1383804000000")
    True
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    said = str(value).strip()
    try:
        if number := _NUMBER.fullmatch(said):
            return _of_digits(number[1], float(number[2] or 0))
        return _in_utc(_written(said))
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def _of_digits(digits: str, fraction: float) -> datetime | None:
    if written := COMPACT.get(len(digits)):
        moment = datetime.strptime(digits, written).replace(tzinfo=UTC)
        return moment if moment.year in YEARS and not fraction else None
    if len(digits) not in (9, 10, MILLISECONDS):
        return None
    seconds = (int(digits) + fraction) / (1000 if len(digits) == MILLISECONDS else 1)
    return datetime.fromtimestamp(seconds, UTC) if EARLIEST <= seconds < LATEST else None


def _written(said: str) -> datetime:
    try:
        return datetime.fromisoformat(said.removesuffix(" UTC"))
    except ValueError:
        return parsedate_to_datetime(said)


def _in_utc(moment: datetime) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
