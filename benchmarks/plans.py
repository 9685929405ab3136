"""Which statements read a large table from end to end: asked of the planner as they run."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

PAGES: Final = 1_000
"""Tables of more blocks than this are large."""
PLANNED: Final = ("SELECT", "UPDATE", "INSERT", "DELETE", "WITH", "(SELECT")


@dataclass(slots=True)
class Watch:
    """Statements that scan a large table, as (table, statement)."""

    large: frozenset[str]
    found: dict[tuple[str, str], None] = field(default_factory=dict)

    def __call__(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if isinstance(sql, str) and sql.lstrip().upper().startswith(PLANNED) and not many:
            for table in self._scanned(sql, params):
                self.found[(table, " ".join(sql.split()))] = None
        return execute(sql, params, many, context)

    def _scanned(self, sql: str, params: Any) -> Iterator[str]:
        with connection.connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", params)
            [plan] = cursor.fetchone()
        plan = json.loads(plan) if isinstance(plan, str) else plan
        yield from (table for table in _scans(plan[0]["Plan"]) if table in self.large)


@contextmanager
def watched() -> Iterator[Watch]:
    """Explain every statement of the default connection for the length of a `with` block."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relpages > %s", [PAGES]
        )
        watch = Watch(frozenset(name for (name,) in cursor.fetchall()))
    with connection.execute_wrapper(watch):
        yield watch


def _scans(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan":
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _scans(child)
