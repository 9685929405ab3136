"""What a drill asks of the database: whether all is done, and whether each post is told of once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, Final

import psycopg

from benchmarks.installation import Installation
from config import processes

Database = psycopg.Connection[tuple[Any, ...]]

PATIENCE: Final = 180.0
CHECKS: Final = {
    "undecided": """
        SELECT count(*) FROM unnest(%(ids)s::uuid[]) AS accepted (id)
        LEFT JOIN moderation_post p USING (id)
        WHERE p.status IS DISTINCT FROM 'decided' OR p.decision_id IS NULL""",
    "without_one_decision_in_force": """
        SELECT count(*) FROM unnest(%(ids)s::uuid[]) AS accepted (id)
        LEFT JOIN moderation_post p USING (id)
        WHERE (SELECT array_agg(d.id) FROM moderation_decision d WHERE d.post_id = p.id
               AND NOT EXISTS (SELECT FROM moderation_decision l WHERE l.supersedes_id = d.id))
              IS DISTINCT FROM ARRAY[p.decision_id]""",
    "without_one_first_decision": """
        SELECT count(*) FROM unnest(%(ids)s::uuid[]) AS accepted (id)
        WHERE (SELECT count(*) FROM moderation_decision d
               WHERE d.post_id = accepted.id AND d.supersedes_id IS NULL) <> 1""",
    "decided_twice_by_machine": """
        SELECT count(*) FROM (SELECT FROM moderation_decision WHERE source = 'machine'
        GROUP BY post_id, revision HAVING count(*) > 1) AS twice""",
    "told_twice_or_never": """
        SELECT count(*) FROM moderation_decision d WHERE d.source <> 'import' AND (
            SELECT count(*) FROM moderation_event e
            WHERE e.decision_id = d.id AND e.kind = 'decision.recorded') <> 1""",
    "cases_doubled": """
        SELECT count(*) FROM (SELECT FROM reviews_case
        GROUP BY post_id, revision HAVING count(*) > 1) AS twice""",
    "held_without_case": """
        SELECT count(*) FROM moderation_post p WHERE p.outcome = 'review'
        AND NOT EXISTS (SELECT FROM reviews_case c WHERE c.post_id = p.id)""",
}
PENDING: Final = "SELECT count(*) FROM moderation_post WHERE status = 'pending'"
UNTOLD: Final = "SELECT count(*) FROM moderation_event WHERE delivered_at IS NULL"


def counted(database: Database, statement: str, **values: object) -> int:
    row = database.execute(statement.encode(), values or None).fetchone()
    return int(row[0]) if row else 0


def wait_for(
    database: Database,
    statement: str,
    wanted: int = 0,
    *,
    seconds: float = PATIENCE,
    meanwhile: Callable[[], None] = lambda: None,
) -> None:
    """Return once `statement` counts that many. Raises RuntimeError if it takes longer."""

    def reached() -> bool:
        meanwhile()
        return counted(database, statement) == wanted

    if not processes.wait_until(reached, seconds=seconds, pause=0.1):
        found = counted(database, statement)
        raise RuntimeError(f"{found} instead of {wanted} after {seconds:g} s: {statement}")


def broken(database: Database, accepted: Collection[str]) -> dict[str, int]:
    """How often each of CHECKS is broken; `accepted` are the ids of the posts that were taken."""
    return {
        name.replace("_", " "): counted(database, statement, ids=sorted(accepted))
        for name, statement in CHECKS.items()
    }


def account(service: Installation, accepted: Collection[str]) -> dict[str, bool]:
    """Whether everything accepted is there once and decided once, as soon as all is told."""
    with service.database() as database:
        for statement in (PENDING, UNTOLD):
            wait_for(database, statement)
        return {f"{name}: none": not found for name, found in broken(database, accepted).items()}
