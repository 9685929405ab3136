"""Whatever people post, a file of it runs nothing and can be read back as it was."""

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from classifiers.training.data import dataset
from classifiers.types import AuthorFacts, Content
from moderation.deciding.historical import HistoricalDraft, store_historical
from moderation.models import PostRevision, Site
from moderation.types import Draft, FeedbackLabel
from reviews.labels.labelling import label_history
from tests.integration.world import NOW

FORMULAS = ("=", "+", "-", "@", "|", "\t", "\r", "\n", "＝", "＋", "－", "＠")
ATTACKS = (
    *(f"{start}cmd|'/c calc'!A1" for start in FORMULAS),
    '\'=HYPERLINK("http://evil.example")',
    "''=1+1",
    '","spam"\r\n"=1+1","ham',
    "a line\u2028another\u2029and\x85more\x0b\x0c\x1c",
    "\ufeffmarked \x1b]0;x\x07\x1b[31m \u202e turned",
    "</script><script>__hit=1</script>{{7*7}}${7*7}%s",
    '{"label": "ham"}\n{"label": "ham", "text": "smuggled"}',
    "\U0001f4a9" * 40,
)


@pytest.fixture
def attacked(site: Site) -> list[str]:
    """A site with a label on a post with each attack in each field that is exported."""
    for attack in ATTACKS:
        author = AuthorFacts(name=attack, email=attack, url=attack)
        content = Content(text=attack, title=attack, language=attack[:35], author=author)
        made = store_historical(
            site=site,
            drafts=[HistoricalDraft(Draft(content, author_id=attack), FeedbackLabel.SPAM)],
            now=NOW,
        )
        label_history(decisions=[decision for decision in made if decision], now=NOW)
    return list(ATTACKS)


@pytest.fixture(params=["out.csv", "out.jsonl"])
def exported(request: pytest.FixtureRequest, attacked: list[str], tmp_path: Path) -> Path:
    path = tmp_path / request.param
    call_command("export_dataset", output=path, stdout=StringIO())
    return path


def test_no_cell_is_a_formula_and_no_row_is_smuggled_in(exported, attacked):
    if exported.suffix == ".jsonl":
        lines = exported.read_bytes().removesuffix(b"\n").split(b"\n")
        assert [json.loads(line)["text"] for line in lines] == attacked
        return
    with exported.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert len(rows) == len(attacked)
    assert {len(row) for row in rows} == {len(header)}
    cells = [cell for row in rows for cell in row]
    assert not [cell for cell in cells if cell.startswith(FORMULAS)]
    assert sum(cell.startswith("'=") for cell in cells) > 3, "formulas are marked, not deleted"


def test_training_reads_what_was_posted(exported, attacked):
    rows = dataset.read(exported).rows
    assert [row.content.text for row in rows] == attacked
    assert [row.content.title for row in rows] == attacked
    assert [row.content.author.name for row in rows] == attacked
    assert all(row.spam for row in rows)


def test_another_installation_imports_what_was_posted(exported, attacked, other_site):
    call_command(
        "import_posts", str(exported), site=other_site.name, labelled=True, stdout=StringIO()
    )
    words = PostRevision.objects.filter(post__site=other_site)
    assert set(words.values_list("text", "title")) == {(attack, attack) for attack in attacked}
