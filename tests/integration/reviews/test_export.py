import csv
import getpass
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from classifiers.training.data.dataset import read
from classifiers.types import AuthorFacts, Content
from moderation.deciding.historical import HistoricalDraft, store_historical
from moderation.models import DataRead, PostRevision, Site
from moderation.types import Draft, FeedbackLabel, Outcome
from reviews.judging.undoing import undo
from reviews.labels import export
from reviews.labels.labelling import effective, label_history
from reviews.models import Label
from reviews.states import VerdictKind
from tests.integration.reviews.world import edit, make_case
from tests.integration.world import NOW, answer

HARD = 'line one\r\nline "two", and\x0b\u2028 more; =1+1'


def labels(*sites: Site, audits: bool = False) -> list[tuple[str, str]]:
    chosen = Site.objects.filter(pk__in=[site.pk for site in sites])
    return [
        (words.text, label.label)
        for label, words in export.with_words(effective(chosen, audits=audits))
    ]


def remember(site: Site, text: str, label: str, **content: object) -> None:
    author = AuthorFacts(name="Ann", email="ann@example.org", url="https://example.org")
    draft = Draft(Content(text=text, author=author, language="en", **content))
    made = store_historical(
        site=site, drafts=[HistoricalDraft(draft, FeedbackLabel(label))], now=NOW
    )
    label_history(decisions=[decision for decision in made if decision], now=NOW)


def test_an_audit_trains_never(site, moderator):
    answer(make_case(site, "audited", outcome=Outcome.ALLOW, audit=0.5), moderator)
    answer(make_case(site, "held and audited", would_be=Outcome.BLOCK, audit=0.5), moderator)
    answer(make_case(site, "doubtful"), moderator)
    assert labels(site) == [("doubtful", "spam")]
    assert len(labels(site, audits=True)) == 3


def test_what_else_was_said_of_an_audited_post_trains_neither(site, moderator):
    case = make_case(site, "audited", outcome=Outcome.ALLOW, audit=0.5)
    answer(case, moderator)
    edit(case.post)
    Label.objects.create(
        post=case.post, site=site, revision=2, label="ham", source="historical", created_at=NOW
    )
    assert labels(site) == []


def test_a_retracted_label_is_gone(site, moderator):
    undo(verdict_id=answer(make_case(site), moderator).pk, user=moderator, now=NOW)
    assert labels(site) == []


def test_a_person_here_stands_above_history(site, moderator):
    case = make_case(site, "disputed")
    answer(case, moderator, VerdictKind.NOT_SPAM)
    Label.objects.create(
        post=case.post, site=site, revision=1, label="spam", source="historical", created_at=NOW
    )
    assert labels(site) == [("disputed", "ham")]


def test_removed_for_another_reason_is_no_label(site, moderator):
    answer(make_case(site), moderator, VerdictKind.REMOVE)
    answer(make_case(site), moderator, VerdictKind.CANNOT_TELL)
    assert labels(site) == []


def test_each_revision_keeps_its_own_words(site, moderator):
    case = make_case(site, "first words")
    answer(case, moderator)
    edit(case.post, "second words")
    Label.objects.create(
        post=case.post, site=site, revision=2, label="ham", source="historical", created_at=NOW
    )
    assert labels(site) == [("first words", "spam"), ("second words", "ham")]


def test_sites_keep_apart(site, other_site):
    remember(site, "ours", "spam")
    remember(other_site, "theirs", "ham")
    assert labels(site) == [("ours", "spam")]
    assert labels(site, other_site) == [("ours", "spam"), ("theirs", "ham")]


def test_the_snapshot_is_what_training_reads(site, tmp_path):
    remember(site, HARD, "spam", title="A title", type="comment")
    remember(site, "plain", "ham")
    path = tmp_path / "snapshot.jsonl"
    written = export.write_file(effective(Site.objects.all()), path)
    found = read(path)
    assert found.sha256 == written.sha256
    assert (written.spam, written.ham, written.labels) == (1, 1, 2)
    first = found.rows[0]
    assert (first.content.text, first.spam, first.source) == (HARD, True, "historical")
    assert (first.content.title, first.content.type) == ("A title", "comment")
    assert first.content.author.email == "ann@example.org"
    assert first.time == NOW.timestamp()
    again = export.write_file(effective(Site.objects.all()), tmp_path / "again.jsonl")
    assert again.sha256 == written.sha256


def test_many_labels_take_few_statements(site, tmp_path, django_assert_max_num_queries):
    for number in range(30):
        remember(site, f"text {number}", "ham")
    with django_assert_max_num_queries(4):
        export.write_file(effective(Site.objects.all()), tmp_path / "a.jsonl")


@pytest.mark.parametrize("name", ["out.csv", "out.jsonl"])
def test_the_exported_file_holds_every_label(site, moderator, tmp_path, name):
    remember(site, HARD, "spam", title="A title")
    answer(make_case(site, "audited", outcome=Outcome.ALLOW, audit=0.5), moderator)
    path, out = tmp_path / name, StringIO()
    call_command("export_dataset", output=path, site=site.name, stdout=out)
    assert "1 labels (1 spam, 0 ham)" in out.getvalue()
    call_command("export_dataset", output=path, include_audits=True, stdout=out)
    told = list(DataRead.objects.order_by("pk").values_list("kind", "site", "count", "account"))
    account = getpass.getuser()
    assert told == [("export", site.pk, 1, account), ("export", None, 2, account)]
    if name.endswith("csv"):
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [row["audit"] for row in rows] == ["", "yes"]
        assert (rows[0]["text"], rows[0]["author"]) == (HARD, "Ann")
    else:
        rows = [json.loads(line) for line in path.read_text().split("\n") if line]
        assert [row["audit"] for row in rows] == [False, True]
    assert [row.content.text for row in read(path).rows] == [HARD, "audited"]
    assert PostRevision.objects.count() == 2


def test_exports_that_cannot_be(site, tmp_path):
    for options, reason in (
        ({"output": tmp_path / "a.csv", "site": "nowhere"}, "no site named"),
        ({"output": tmp_path / "a.xls"}, "must end in"),
        ({"output": tmp_path / "none" / "a.csv"}, "No such file"),
    ):
        with pytest.raises(CommandError, match=reason) as refusal:
            call_command("export_dataset", **options)
        assert refusal.value.returncode == 2
