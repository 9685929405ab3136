import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from moderation.models import AuditDraw, Author, Decision, Event, Post, PostRevision, Site
from reviews.exceptions import ImportRunning
from reviews.labels import files, importing
from reviews.labels.importing import import_file
from reviews.models import ImportRun, Label
from tests.conftest import worker_environment


def csv_file(path: Path, rows: int, *, extra: str = "") -> Path:
    lines = [
        f"{'spam' if number % 3 == 0 else 'ham'},text number {number},x{number},u{number % 5}"
        for number in range(rows)
    ]
    path.write_text("label,text,external_id,author_id\n" + "\n".join(lines) + "\n" + extra)
    return path


def run(path: Path, site: Site, *, labelled: bool = True) -> str:
    out = StringIO()
    call_command("import_posts", str(path), site=site.name, labelled=labelled, stdout=out)
    return out.getvalue()


def texts() -> list[str]:
    return sorted(PostRevision.objects.values_list("text", flat=True))


def test_labelled_rows_are_decided_history(tmp_path, site):
    said = run(csv_file(tmp_path / "a.csv", 9), site)
    assert "9 posts imported with their labels; 0 rows skipped" in said
    assert set(Post.objects.values_list("status", "outcome")) == {
        ("decided", "block"),
        ("decided", "allow"),
    }
    assert set(Decision.objects.values_list("source", "outcome", "label")) == {
        ("import", "block", "spam"),
        ("import", "allow", "ham"),
    }
    assert set(Label.objects.values_list("source", "audit")) == {("historical", False)}
    assert Label.objects.filter(label="spam").count() == 3
    assert not Event.objects.exists()
    assert not AuditDraw.objects.exists()
    assert sum(Author.objects.values_list("spam_verdicts", flat=True)) == 3


def test_unlabelled_rows_wait_to_be_judged(tmp_path, site):
    said = run(csv_file(tmp_path / "a.csv", 4), site, labelled=False)
    assert "4 posts imported, to be judged" in said
    assert set(Post.objects.values_list("status", flat=True)) == {"pending"}
    assert not Label.objects.exists()


def test_bad_rows_are_named_and_skipped(tmp_path, site, capfd):
    path = csv_file(tmp_path / "a.csv", 2, extra="maybe,what,,\nspam,,,\nham,a\0b,,\nham,last,,\n")
    assert "3 posts imported with their labels; 3 rows skipped" in run(path, site)
    told = capfd.readouterr().err
    for line, reason in ((4, "the label is"), (5, "the text is empty"), (6, "NUL")):
        assert f"line {line}: " in told
        assert reason in told


def test_a_finished_file_is_not_imported_again(tmp_path, site, other_site):
    path = csv_file(tmp_path / "a.csv", 3)
    run(path, site)
    said = run(path, site)
    assert "was imported into" in said
    assert "Nothing to do" in said
    assert Post.objects.count() == 3
    run(path, other_site)
    assert Post.objects.count() == 6


def test_a_file_is_imported_from_the_columns_with_which_it_began(tmp_path, site):
    path = tmp_path / "a.csv"
    path.write_text("email,html\nhello you,<b>good day</b>\n")
    call_command("import_posts", str(path), site=site.name, text_column="email")
    with pytest.raises(CommandError, match=r"began as .*text: email; .* text: html\. Ask for"):
        call_command("import_posts", str(path), site=site.name, text_column="html")
    assert "Nothing to do" in run(path, site, labelled=False)
    assert texts() == ["hello you"]


def test_an_external_id_that_is_there_is_skipped(tmp_path, site):
    run(csv_file(tmp_path / "a.csv", 3), site)
    said = run(csv_file(tmp_path / "b.csv", 5, extra="ham,again,x4,\n"), site)
    assert "2 posts imported with their labels; 4 rows skipped" in said
    assert Post.objects.count() == Label.objects.count() == 5


@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("dies_after", [0, 1, 3])
def test_a_killed_import_goes_on_where_it_stopped(
    tmp_path, site, monkeypatch, labelled, dies_after
):
    """Killed inside a chunk's transaction, after its rows were written."""
    path = csv_file(tmp_path / "a.csv", 25, extra="bad\n" * 5)
    facts = files.inspect(path, labelled=labelled)
    stored = importing._store
    chunks = 0

    def dying(*args, **kwargs):
        nonlocal chunks
        chunks += 1
        if chunks > dies_after:
            from django.db import transaction

            with transaction.atomic():
                stored(*args, **kwargs)
                raise KeyboardInterrupt
        return stored(*args, **kwargs)

    monkeypatch.setattr(importing, "_store", dying)
    with pytest.raises(KeyboardInterrupt):
        import_file(path=path, site=site, labelled=labelled, facts=facts, chunk=4)
    monkeypatch.undo()
    assert Post.objects.count() == 4 * dies_after
    done = import_file(path=path, site=site, labelled=labelled, facts=facts, chunk=7)
    assert (done.stored, done.skipped, done.resumed_at) == (25, 5, 4 * dies_after)
    assert texts() == sorted(f"text number {number}" for number in range(25))


@pytest.mark.django_db(transaction=True)
def test_kill_9_then_again_gives_every_row_once(tmp_path, site):
    path = csv_file(tmp_path / "a.csv", 3_000)
    command = [sys.executable, "manage.py", "import_posts", str(path), "--site", site.name]
    process = subprocess.Popen(
        [*command, "--labelled"],
        env=worker_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    limit = time.monotonic() + 120
    while not Post.objects.exists() and time.monotonic() < limit and process.poll() is None:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    before = Post.objects.count()
    assert 0 < before < 3_000
    said = run(path, site)
    assert f"Went on after row {before:,}" in said
    assert texts() == sorted(f"text number {number}" for number in range(3_000))
    assert Label.objects.count() == 3_000


def test_two_imports_of_one_file_do_not_mix(tmp_path, site, monkeypatch):
    path = csv_file(tmp_path / "a.csv", 10)
    facts = files.inspect(path, labelled=True)

    def meanwhile(progress: importing.Progress) -> None:
        ImportRun.objects.update(rows_done=progress.stored + 4)

    with pytest.raises(ImportRunning):
        import_file(
            path=path, site=site, labelled=True, facts=facts, chunk=4, on_progress=meanwhile
        )
    assert Post.objects.count() == 4


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.csv", "words\nx\n", "no column text and no column label"),
        ("a.csv", "text\nx\n", "there is no column label"),
        ("missing.csv", None, "No such file"),
    ],
)
def test_a_file_that_cannot_be_used_ends_with_2(tmp_path, site, name, content, reason):
    path = tmp_path / name
    if content is not None:
        path.write_text(content)
    with pytest.raises(CommandError, match=reason) as refusal:
        run(path, site)
    assert refusal.value.returncode == 2
    with pytest.raises(CommandError, match="no site named 'nowhere'"):
        call_command("import_posts", str(csv_file(tmp_path / "b.csv", 1)), site="nowhere")


def test_imported_posts_are_as_old_as_the_file_says(tmp_path, site):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x", "label": "ham", "timestamp": "2020-01-02T03:04:05Z"}\n')
    run(path, site)
    assert Post.objects.get().created_at.isoformat() == "2020-01-02T03:04:05+00:00"
