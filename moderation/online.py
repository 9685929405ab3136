"""Changes of the schema that hold up nobody, and that may be tried again when they broke off.

For migrations with `atomic = False`. What waits here stands in nobody's way, so it may wait.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations

VALID = """
SELECT i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relname = %s AND c.relnamespace = 'public'::regnamespace
"""
OF_COLUMN_ALONE = """
SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indrelid = %s::regclass AND a.attname = %s
  AND i.indnatts = 1 AND NOT i.indisunique AND i.indpred IS NULL AND c.relname <> ALL(%s)
"""


class AddIndexOnline(AddIndexConcurrently):
    """Builds an index while rows are written; one that a broken attempt left is built anew."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        with _patience(schema_editor) as cursor:
            cursor.execute(VALID, [self.index.name])
            row = cursor.fetchone()
            if row is not None and row[0]:
                return
            if row is not None:
                cursor.execute(f'DROP INDEX CONCURRENTLY "{self.index.name}"')
            super().database_forwards(app_label, schema_editor, from_state, to_state)


class DropIndexOnline(RemoveIndexConcurrently):
    """Drops an index while rows are written, also one that a broken attempt dropped already."""

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        with _patience(schema_editor) as cursor:
            cursor.execute(f'DROP INDEX CONCURRENTLY IF EXISTS "{self.name}"')

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        with _patience(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class LoseIndex(migrations.AlterField):
    """Gives a foreign key `db_index=False`, and drops that index and none that has a name.

    Django's own operation makes the constraint anew, which reads the whole table under a lock on
    both, and drops every index on the column alone, partial and unique ones too.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        table, column = self._place(app_label, to_state)
        model = to_state.apps.get_model(app_label, self.model_name)
        named = [index.name for index in model._meta.indexes]
        with _patience(schema_editor) as cursor:
            cursor.execute(OF_COLUMN_ALONE, [table, column, named])
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP INDEX CONCURRENTLY "{name}"')

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        table, column = self._place(app_label, to_state)
        name = schema_editor._create_index_name(table, [column])
        with _patience(schema_editor) as cursor:
            cursor.execute(f'CREATE INDEX CONCURRENTLY "{name}" ON "{table}" ("{column}")')

    def _place(self, app_label: str, state: Any) -> tuple[str, str]:
        model = state.apps.get_model(app_label, self.model_name)
        return model._meta.db_table, model._meta.get_field(self.name).column


@contextmanager
def _patience(schema_editor: Any) -> Iterator[Any]:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 0")
        try:
            yield cursor
        finally:
            cursor.execute("RESET lock_timeout")
