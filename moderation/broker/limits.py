"""How many posts a key may send a minute, counted in the broker for all processes together.

A sliding window counter: this minute's count and the share of the last minute's that still
lies within sixty seconds. Without the broker each process counts for itself, so that a limit
still holds and no request fails or waits for long.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import structlog
from django.conf import settings
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from moderation.broker import counters

log = structlog.get_logger(__name__)

WINDOW_SECONDS = 60
BROKER_TIMEOUT_SECONDS = 0.05
"""For one answer of the broker."""
RETRY_BROKER_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Quota:
    """What a key may still send. `retry_after` is in seconds, 0 when allowed."""

    allowed: bool
    limit: int
    remaining: int
    reset: int
    """Seconds until what counts begins to fade, if nothing more is sent; at most 60."""
    retry_after: int = 0

    def headers(self) -> dict[str, str]:
        """Return the fields of draft-ietf-httpapi-ratelimit-headers that clients know."""
        fields = {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(self.remaining),
            "RateLimit-Reset": str(self.reset),
            "RateLimit-Policy": f"{self.limit};w={WINDOW_SECONDS}",
        }
        if not self.allowed:
            fields["Retry-After"] = str(self.retry_after)
        return fields


@dataclass(frozen=True, slots=True)
class Window:
    """Counts of the last and the present minute, and the seconds each has left."""

    previous: int
    previous_left: float
    current: int
    current_left: float

    @property
    def used(self) -> int:
        return int(self.previous * self.previous_left / WINDOW_SECONDS) + self.current

    @property
    def seconds_left(self) -> float:
        if self.current:
            return self.current_left
        return self.previous_left if self.previous else 0.0

    def seconds_until(self, room: int) -> float:
        """Return how long until at most `room` posts count, if nothing more is sent.

        Both counts fade linearly, the present one only once its minute is over.
        """
        if self.current <= room:
            over = self.previous * self.previous_left / WINDOW_SECONDS + self.current - room
            return max(0.0, over * WINDOW_SECONDS / self.previous) if self.previous else 0.0
        return self.current_left + WINDOW_SECONDS * (1 - room / self.current)


TwoMinutes = tuple[int, float, int, float]
"""Of the last and the present minute, each with the seconds until the storage forgets it."""


class OwnCounts(MemoryStorage):
    """Counts of this process."""

    def take(self, key: str, per_minute: int, cost: int) -> tuple[bool, TwoMinutes]:
        """Take `cost` posts or none; return whether they were taken, and the counts after it."""
        taken = self.acquire_sliding_window_entry(key, per_minute, WINDOW_SECONDS, cost)
        return taken, self.get_sliding_window(key, WINDOW_SECONDS)


class SharedCounts(RedisStorage):
    """Counts in the broker: the library's two scripts, in one call."""

    SCRIPT_TAKE = b"""
        local function take() %b end
        local function look() local ARGV = {ARGV[2]} %b end
        return {take() and 1 or 0, look()}
    """ % (RedisStorage.SCRIPT_ACQUIRE_SLIDING_WINDOW, RedisStorage.SCRIPT_SLIDING_WINDOW)

    def initialize_storage(self, uri: str) -> None:
        super().initialize_storage(uri)
        self._take = self.get_connection().register_script(self.SCRIPT_TAKE)

    def take(self, key: str, per_minute: int, cost: int) -> tuple[bool, TwoMinutes]:
        """As in OwnCounts. Raises RedisError."""
        keys = [self._previous_window_key(key), self._current_window_key(key)]
        taken, (previous, previous_ms, current, current_ms) = self._take(
            [self.prefixed_key(name) for name in keys], [per_minute, WINDOW_SECONDS, cost]
        )
        return bool(taken), (
            int(previous or 0),
            max(0, previous_ms) / 1_000,
            int(current or 0),
            max(0, current_ms) / 1_000,
        )


class Limiter:
    """Decides by the counts of one storage."""

    def __init__(self, storage: SharedCounts | OwnCounts) -> None:
        self._storage = storage

    def spend(self, *, identity: str, per_minute: int, cost: int) -> Quota:
        """Take `cost` posts, or none of them if they are more than are left.

        Raises RedisError when the storage does not answer.
        """
        key = RateLimitItemPerMinute(per_minute).key_for(identity)
        allowed, counts = self._storage.take(key, per_minute, cost)
        previous, previous_left, current, current_left = counts
        # The storage keeps a window for twice its length; the second half is its fading.
        window = Window(
            previous,
            min(previous_left, WINDOW_SECONDS),
            current,
            max(0.0, current_left - WINDOW_SECONDS),
        )
        wait = 0.0
        if not allowed:
            room = max(0, per_minute - cost)
            wait = window.seconds_until(room) if cost <= per_minute else WINDOW_SECONDS
        return Quota(
            allowed=allowed,
            limit=per_minute,
            remaining=max(0, per_minute - window.used),
            reset=ceil(window.seconds_left),
            retry_after=0 if allowed else max(1, ceil(wait)),
        )


class SharedLimiter:
    """Counts in the broker; while it does not answer, in this process alone.

    After a failure the broker is left alone for two seconds, then one request tries it.
    """

    def __init__(self, url: str) -> None:
        self._shared = Limiter(
            SharedCounts(
                url,
                key_prefix="winnow:limits",
                socket_timeout=BROKER_TIMEOUT_SECONDS,
                socket_connect_timeout=BROKER_TIMEOUT_SECONDS,
                retry=Retry(NoBackoff(), 0),  # type: ignore[arg-type]
                driver_info=None,  # type: ignore[arg-type]
            )
        )
        self._own = Limiter(OwnCounts())
        self._lock = threading.Lock()
        self._next_try = 0.0
        self._failing = False

    def spend(self, *, identity: str, per_minute: int, cost: int) -> Quota:
        """Take posts from the quota; never raises and never waits long."""
        if self._may_try():
            try:
                quota = self._shared.spend(identity=identity, per_minute=per_minute, cost=cost)
            except RedisError as error:
                self._fail(error)
            else:
                self._failing = False
                return quota
        return self._own.spend(identity=identity, per_minute=per_minute, cost=cost)

    def _may_try(self) -> bool:
        if not self._failing:
            return True
        with self._lock:
            now = time.monotonic()
            if now < self._next_try:
                return False
            self._next_try = now + RETRY_BROKER_SECONDS
            return True

    def _fail(self, error: Exception) -> None:
        with self._lock:
            if not self._failing:
                log.warning("rate_limit.broker_unreachable", error=type(error).__name__)
                counters.count("broker_errors", where="limits")
            self._failing = True
            self._next_try = time.monotonic() + RETRY_BROKER_SECONDS


@lru_cache(maxsize=4)
def _limiter(url: str) -> SharedLimiter:
    return SharedLimiter(url)


def spend(*, identity: str, per_minute: int, cost: int) -> Quota:
    """Take `cost` posts from what `identity` may send this minute."""
    return _limiter(settings.REDIS_URL).spend(identity=identity, per_minute=per_minute, cost=cost)
