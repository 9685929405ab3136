"""Many rows at once."""

from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, TypeVar

from django.db import connection
from django.db.models import AutoField, Field, Model
from django.db.models.expressions import DatabaseDefault

Row = TypeVar("Row", bound=Model)


def store(rows: Iterable[Row]) -> list[Row]:
    """Store rows of one model by COPY, as `bulk_create` does, and much faster: it writes a
    placeholder for every value where a column is JSON or an array. No moment is filled in.
    """
    made = list(rows)
    if not made:
        return made
    meta = made[0]._meta
    with connection.cursor() as cursor:
        if isinstance(meta.pk, AutoField) and all(row.pk is None for row in made):
            sequence = "pg_get_serial_sequence(%s, %s)"
            cursor.execute(
                f"SELECT nextval({sequence}) FROM generate_series(1, %s)",
                [meta.db_table, meta.pk.column, len(made)],
            )
            for row, (number,) in zip(made, cursor.fetchall(), strict=True):
                row.pk = number
        fields = meta.concrete_fields
        values_of = attrgetter(*(field.attname for field in fields))
        columns = zip(*map(values_of, made), strict=True)
        given = {
            field.column: _written(field, values)
            for field, values in zip(fields, columns, strict=True)
            # A column of which some are given has none of the database's: psycopg refuses these.
            if not all(isinstance(value, DatabaseDefault) for value in values)
        }
        names = ", ".join(f'"{name}"' for name in given)
        with cursor.copy(f'COPY "{meta.db_table}" ({names}) FROM STDIN') as copy:
            for line in zip(*given.values(), strict=True):
                copy.write_row(line)
    for row in made:
        row._state.adding, row._state.db = False, connection.alias
    return made


def _written(field: "Field[Any, Any]", values: Sequence[object]) -> list[object]:
    """As they are sent; most of a column are one and the same."""
    known: dict[int, object] = {}
    for value in values:
        if id(value) not in known:
            known[id(value)] = field.get_db_prep_save(value, connection)
    return [known[id(value)] for value in values]
