"""Many rows of one table at once, by a statement that is the same however many they are.

The ORM's `bulk_create` writes every value into the text of the statement, which takes several
times the processor time and is planned anew for each number of rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection
from django.db.models import CharField, Field, Func, Model

from moderation import statements

Row = TypeVar("Row", bound=Model)


def insert(rows: Sequence[Row]) -> list[Row]:
    """Store new rows of one model, all columns but the key and those that the database works out;
    return them with their keys set.
    """
    if not rows:
        return []
    statement, names = _statement(type(rows[0]))
    given = [{column: getattr(row, name) for column, name in names} for row in rows]
    keys = statements.run(statement, [json.dumps(given, default=_written)])
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding = False
        row._state.db = connection.alias
    return list(rows)


@cache
def _statement(model: type[Model]) -> tuple[str, list[tuple[str, str]]]:
    """The statement for a model, and each column's name with that of its attribute."""
    meta = model._meta
    fields = [
        field
        for field in meta.concrete_fields
        if field is not meta.pk and not isinstance(field.db_default, Func)
    ]
    names = [(str(field.column), field.attname) for field in fields]
    columns = ", ".join(column for column, _ in names)
    typed = ", ".join(f"{field.column} {_type(field)}" for field in fields)
    return (
        f"INSERT INTO {meta.db_table} ({columns})"  # noqa: S608 - names of our own tables
        f" SELECT {columns} FROM json_to_recordset(%s::json) AS given ({typed})"
        f" RETURNING {meta.pk.column}",
        names,
    )


def _type(field: Field[Any, Any]) -> str | None:
    # A cast to varchar(n) would cut off in silence what is too long.
    return "text" if isinstance(field, CharField) else field.rel_db_type(connection)


def _written(value: Any) -> str:
    """What JSON has no type for, as PostgreSQL reads it."""
    match value:
        case datetime():
            return value.isoformat()
        case UUID():
            return str(value)
        case bytes() | memoryview():
            return f"\\x{bytes(value).hex()}"
    raise TypeError(f"{type(value).__name__} cannot be stored")
