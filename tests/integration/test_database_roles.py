"""History cannot be rewritten by the application, whatever its code does."""

import pytest
from django.core.management import call_command
from django.db import ProgrammingError, connection, transaction

from config import checks, roles
from reviews.models import Membership
from reviews.roles import Role
from tests.integration.world import browser_of, make_moderator, make_site

pytestmark = pytest.mark.django_db


def test_tests_run_as_the_application_role(settings):
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.WINNOW_APPLICATION_ROLE,)


@pytest.mark.parametrize(
    "statement", ["UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "TRUNCATE {0} CASCADE"]
)
def test_the_application_cannot_rewrite_history(settings, statement):
    for table in roles.HISTORY_TABLES:
        with connection.cursor() as cursor:
            key = connection.introspection.get_primary_key_column(cursor, table)
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(table, key))


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE moderation_site",
        "ALTER TABLE moderation_decision DISABLE TRIGGER ALL",
        "GRANT UPDATE ON moderation_decision TO winnow_app",
        "CREATE TABLE mine (id int)",
        "DELETE FROM django_migrations",
    ],
)
def test_the_application_cannot_change_the_schema(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        try:
            with transaction.atomic():
                cursor.execute(statement)
        except ProgrammingError as error:
            assert "permission denied" in str(error) or "must be owner" in str(error)
        else:
            # PostgreSQL answers a grant that nobody may make with a warning.
            assert statement.startswith("GRANT")
            cursor.execute("SELECT has_table_privilege('moderation_decision', 'UPDATE')")
            assert cursor.fetchone() == (False,)


def test_every_other_table_can_be_written(settings):
    """Each table that Django knows, so that a new one is never forgotten."""
    history = set(roles.HISTORY_TABLES)
    kept = set(roles.KEPT_TABLES)
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor)) - {"django_migrations"}
        assert history | kept <= tables
        for table in tables:
            cursor.execute(
                "SELECT has_table_privilege(%s, 'SELECT') AND has_table_privilege(%s, 'INSERT'),"
                " has_table_privilege(%s, 'UPDATE'), has_table_privilege(%s, 'DELETE')",
                [table] * 4,
            )
            changeable = table not in history | kept
            assert cursor.fetchone() == (True, changeable, changeable), table


def test_of_what_is_kept_only_how_it_ends_can_be_changed(settings):
    with connection.cursor() as cursor:
        for table, ends in roles.KEPT_TABLES.items():
            cursor.execute(
                "SELECT column_name, has_column_privilege(%s, column_name, 'UPDATE')"
                " FROM information_schema.columns WHERE table_name = %s",
                [table, table],
            )
            may = dict(cursor.fetchall())
            assert {name for name, changeable in may.items() if changeable} == {*ends}, table
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                cursor.execute(f"UPDATE {table} SET id = id")


def test_granting_again_takes_back_what_was_given_by_hand(settings, as_owner):
    role = settings.WINNOW_APPLICATION_ROLE
    with connection.cursor() as cursor:
        with as_owner():
            cursor.execute(f"GRANT UPDATE ON moderation_decision TO {role}")
            roles.grant(using="default", role=role)
        cursor.execute("SELECT has_table_privilege('moderation_decision', 'UPDATE')")
        assert cursor.fetchone() == (False,)


def test_an_owner_that_is_also_the_application_is_told(settings):
    assert checks.check_roles(databases=["default"]) == []
    settings.WINNOW_APPLICATION_ROLE = "winnow_owner"
    assert [warning.id for warning in checks.check_roles(databases=["default"])] == ["winnow.W001"]


def test_superusers_who_judge_are_named_in_production(settings):
    site, asked = make_site(), {"databases": ["default"]}
    make_moderator(site, username="robin")
    kim = make_moderator(site, username="kim", is_superuser=True)
    ada = make_moderator(site, username="ada", is_superuser=True)
    Membership.objects.filter(user=ada).update(role=Role.AUDITOR)
    assert checks.check_judges(**asked) == []
    settings.PRODUCTION = True
    [warning] = checks.check_judges(**asked)
    assert (warning.id, "Superusers judge: kim." in warning.msg) == ("winnow.W003", True)
    told = "You are a superuser"
    assert told in browser_of(kim).get("/review/account/").content.decode()
    assert told not in browser_of(make_moderator(site)).get("/review/account/").content.decode()


@pytest.mark.django_db(transaction=True)
def test_tables_are_emptied_between_tests_although_the_application_may_not(settings):
    call_command("flush", "--no-input", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == (settings.WINNOW_APPLICATION_ROLE,)


def test_no_migration_is_missing():
    call_command("makemigrations", "--check", "--dry-run", verbosity=0)
