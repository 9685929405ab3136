"""Everything in one file, and back: on servers of its own, through the commands themselves."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from benchmarks import installation
from config import backup, state
from tests import schema

COUNTED = (
    *("moderation_post", "moderation_postrevision", "moderation_decision", "moderation_apikey"),
    *("reviews_label", "classifiers_modelfile", "django_celery_beat_periodictask"),
)
RIGHTS = """
SELECT oid::regclass::text, relacl::text FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'S')
UNION ALL
SELECT oid::regprocedure::text, proacl::text FROM pg_proc
WHERE pronamespace = 'public'::regnamespace
ORDER BY 1
"""
MAKE_SITE = """
INSERT INTO moderation_site (name, created_at, pool_labels) VALUES (%s, now(), false)
"""


@pytest.fixture(scope="module")
def service():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(installation.Installation, "migrate", schema.migrate)
        with installation.running(durable=False) as running:
            yield running


def command(service, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "config.backup", *arguments],
        cwd=state.CHECKOUT,
        env={**os.environ, "WINNOW_DATABASE_ROLE": "application", **service.variables},
        capture_output=True,
        text=True,
        check=False,
    )


def counts(service) -> dict[str, int]:
    with service.database() as connection:
        return {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in COUNTED
        }


def everybodys_rights(service) -> list[tuple[str, str]]:
    """Who may do what with each table, sequence and function, in words."""
    with service.database(owner=True) as connection:
        return connection.execute(RIGHTS).fetchall()


def test_what_is_restored_is_what_was_there_and_the_application_may_use_it(service, tmp_path):
    service.create_site("Kept")
    labelled = tmp_path / "posts.jsonl"
    rows = [
        {"external_id": str(n), "text": f"Post {n}, über alles 🌱", "label": "ham"}
        for n in range(30)
    ]
    labelled.write_text("\n".join(json.dumps(row) for row in rows))
    service.manage("import_posts", str(labelled), "--site", "Kept", "--labelled")
    before, rights = counts(service), everybodys_rights(service)
    file = tmp_path / "winnow.backup"

    made = command(service, "save", str(file))
    assert made.returncode == 0, made.stderr
    assert file.stat().st_mode & 0o777 == 0o600
    assert before["reviews_label"] == 30

    with service.database(owner=True) as connection:
        connection.execute(MAKE_SITE, ["Made since"])
        connection.execute("DELETE FROM reviews_label")
    restored = command(service, "restore", str(file))
    assert restored.returncode == 0, restored.stderr
    assert counts(service) == before
    assert everybodys_rights(service) == rights
    with service.database() as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM reviews_settled_posts(1, gen_random_uuid(), 0, 1)")
        connection.execute("SELECT * FROM reviews_forget_words(1, gen_random_uuid(), 1)")
        assert connection.execute("SELECT name FROM moderation_site").fetchall() == [("Kept",)]
        texts = {row[0] for row in connection.execute("SELECT text FROM moderation_postrevision")}
        assert texts == {row["text"] for row in rows}
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM moderation_decision")
        # Numbers go on where they were: nothing collides with what was restored.
        connection.execute(MAKE_SITE, ["Made after"])


@pytest.fixture(scope="module")
def saved(service, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("saved") / "backup"
    backup.save(file, urls=service.servers.urls)
    return file


def test_a_backup_is_never_overwritten(service, tmp_path):
    (tmp_path / "there").write_text("precious")
    with pytest.raises(backup.BackupError, match="nothing was overwritten"):
        backup.save(tmp_path / "there", urls=service.servers.urls)
    assert (tmp_path / "there").read_text() == "precious"


@pytest.mark.parametrize("damage", ["cut", "flipped", "other"])
def test_a_damaged_backup_changes_nothing(service, saved, tmp_path, damage):
    whole = saved.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes(b ^ 0xFF for b in whole[middle : middle + 999])
    content = {
        "cut": whole[: len(whole) * 9 // 10],
        "flipped": flipped + whole[middle + 999 :],
        "other": b"This is no backup.",
    }
    (tmp_path / damage).write_bytes(content[damage])
    before = counts(service)
    with pytest.raises(backup.BackupError):
        backup.restore(tmp_path / damage, urls=service.servers.urls)
    assert counts(service) == before


def test_nothing_is_restored_under_a_running_process(service, saved):
    with service.database(), pytest.raises(backup.BackupError, match="beats first: 1 are"):
        backup.restore(saved, urls=service.servers.urls)


def test_a_backup_of_a_newer_version_is_refused(service, tmp_path):
    with service.database(owner=True) as connection:
        connection.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('reviews', '9999_x', now())"
        )
        backup.save(tmp_path / "newer", urls=service.servers.urls)
        connection.execute("DELETE FROM django_migrations WHERE name = '9999_x'")
    with pytest.raises(backup.BackupError, match=r"newer version; it knows reviews\.9999_x"):
        backup.restore(tmp_path / "newer", urls=service.servers.urls)
