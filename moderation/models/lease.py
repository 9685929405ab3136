from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Self

from django.db import models
from django.db.models.expressions import RawSQL

# Another role's session shows its number but not its start: then only time tells.
HOLDER_LIVES: Final = """
EXISTS (
    SELECT 1 FROM pg_stat_activity held
    WHERE held.pid = session_pid
      AND (held.backend_start IS NULL OR held.backend_start = session_start)
)
"""
SESSION: Final[dict[str, Any]] = {
    "session_pid": RawSQL("pg_backend_pid()", []),
    "session_start": RawSQL(
        "(SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid())", []
    ),
}
"""Values that name the database session in which they are written."""


class LeasedQuerySet(models.QuerySet[Any]):
    def lapsed(self, now: datetime) -> Self:
        """Leases that anybody may take: past their time, or their holder's session is gone."""
        # Who wrote no session holds by time alone.
        gone = models.Q(session_pid__isnull=False) & ~models.Q(
            RawSQL(HOLDER_LIVES, [], models.BooleanField())  # noqa: S611 - a constant
        )
        return self.filter(models.Q(lease_until__lte=now) | gone)

    def held(self, now: datetime) -> Self:
        """Leases that somebody holds at this moment."""
        return self.exclude(pk__in=self.lapsed(now).values("pk"))


class Leased(models.Model):
    """A row that a long job holds while it works.

    The lease ends at `lease_until`, or at once when the database session that wrote it is no
    more: a killed process frees what it held, a stalled one does so after its time.
    """

    lease_until = models.DateTimeField()
    session_pid = models.IntegerField(null=True, editable=False)
    session_start = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True


class JobLease(Leased):
    """Who does a job that must run once at a time, by the job's name."""

    name = models.CharField(max_length=64, primary_key=True)
    term = models.PositiveBigIntegerField(
        default=0, help_text="Raised each time the job is taken; tells a holder from the next."
    )

    objects = LeasedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
