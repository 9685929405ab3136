"""A change of the schema is applied while the version before it serves."""

import pytest
from django.apps import apps
from django.db import connection, migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED

from moderation.online import AddIndexOnline, DropIndexOnline, LoseIndex

FIRST_RELEASE = {"classifiers": 1, "moderation": 4, "reviews": 2}
"""The last migration of each app that no running version came before."""
HARMLESS = (
    migrations.CreateModel,
    migrations.RunSQL,
    migrations.RunPython,
    migrations.AlterModelOptions,
    AddIndexOnline,
    DropIndexOnline,
    LoseIndex,
)


def later():
    graph = MigrationLoader(None).disk_migrations
    for (app, name), migration in sorted(graph.items()):
        if int(name[:4]) > FIRST_RELEASE.get(app, 9999):
            yield pytest.param(migration, id=f"{app}.{name}")


def obstacle(operation, made: set[str]) -> str | None:
    """Why the version before could not go on meanwhile; None if it can."""
    if isinstance(operation, migrations.SeparateDatabaseAndState):
        found = (obstacle(each, made) for each in operation.database_operations)
        return next(filter(None, found), None)
    if isinstance(operation, migrations.CreateModel):
        made.add(operation.name_lower)
    if isinstance(operation, HARMLESS) or getattr(operation, "model_name_lower", "") in made:
        return None
    if isinstance(operation, migrations.AddField):
        field = operation.field
        if field.null or field.db_default is not NOT_PROVIDED or field.many_to_many:
            return None
        return f"{operation.name} has no default that the old version's rows would get."
    return f"{type(operation).__name__} holds up who reads or writes, or fails the old version."


@pytest.mark.parametrize("migration", list(later()))
def test_a_migration_leaves_the_old_version_in_peace(migration):
    made: set[str] = set()
    assert list(filter(None, (obstacle(each, made) for each in migration.operations))) == []
    if any(
        isinstance(each, (AddIndexOnline, DropIndexOnline, LoseIndex))
        for each in migration.operations
    ):
        assert not migration.atomic


@pytest.mark.django_db(transaction=True)
def test_an_index_that_is_there_is_left_alone_and_one_that_is_not_is_built(as_owner):
    """As a migration that broke off finds them when it is run again."""
    [migration] = [
        param.values[0] for param in later() if param.id == "reviews.0005_queue_stays_flat"
    ]
    operation = next(each for each in migration.operations if isinstance(each, AddIndexOnline))
    loader = MigrationLoader(connection)
    before = loader.project_state(("reviews", "0004_cases_passed_over"))
    after = loader.project_state(("reviews", migration.name))
    with as_owner(), connection.cursor() as cursor:

        def build() -> int:
            with connection.schema_editor(atomic=False) as editor:
                operation.database_forwards("reviews", editor, before, after)
            cursor.execute("SELECT %s::regclass::oid", [operation.index.name])
            return cursor.fetchone()[0]

        there = build()
        assert build() == there
        cursor.execute(f"DROP INDEX {operation.index.name}")
        assert build() != there


@pytest.mark.django_db
def test_every_index_and_constraint_that_the_models_name_is_there():
    named = {
        each.name
        for app in FIRST_RELEASE
        for model in apps.get_app_config(app).get_models()
        for each in (*model._meta.indexes, *model._meta.constraints)
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indisvalid UNION SELECT conname FROM pg_constraint"
        )
        assert named - {row[0] for row in cursor.fetchall()} == set()
