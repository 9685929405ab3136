"""Explicit words and evidence in a text, set apart without changing it."""

import html
import re

import pytest

from reviews.console.case import explicit
from reviews.console.case.evident import places
from reviews.console.case.marks import flow, mark
from reviews.console.wording import evidence

WORDS = frozenset({explicit.digest("gherkin"), explicit.digest("gurkel")})


@pytest.fixture(autouse=True)
def list_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    explicit._is_explicit.cache_clear()
    monkeypatch.setattr(explicit, "_list", lambda: WORDS)
    yield
    explicit._is_explicit.cache_clear()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("What a gherkin, said he", ["gherkin"]),
        ("GHERKIN! Gurkel?", ["GHERKIN", "Gurkel"]),
        ("gh3rk1n ghérkin gheeeeerkin g\u200bherkin", 4),
        ("gherkın", []),
        ("ghеrkin", 1),  # a Cyrillic letter
        ("gherkins agherkin gher kin 1234", []),
        ("*gherkin* _gherkin_", 2),
        ("", []),
    ],
)
def test_words_of_the_list_are_found_in_disguise(text, found):
    pieces = [text[start:end] for start, end in explicit.spans(text)]
    assert len(pieces) == found if isinstance(found, int) else pieces == found


def test_the_list_that_is_shipped_shows_no_word(monkeypatch):
    lines = [line for line in explicit.LIST.read_text().splitlines() if not line.startswith("#")]
    assert 200 < len(lines) == len(set(lines)) < 1_000
    assert all(re.fullmatch(r"[0-9a-f]{10}", line) for line in lines)


@pytest.mark.parametrize("text", ["a <b>gherkin</b> & g\u200bherkin\u202e x", "gherkin" * 40, "a"])
def test_the_text_stays_as_it_was_written(text):
    for shown in (mark(text).html, flow(text)):
        assert html.unescape(re.sub(r"</?(?:span|mark|wbr)[^>]*>", "", shown)) == text
    assert mark(text).explicit == len(explicit.spans(text))
    assert mark(text).html.count('class="explicit"') >= mark(text).explicit


def reason(sentence: str, weight: float) -> dict[str, object]:
    return {"code": "x", "sentence": sentence, "weight": weight}


def test_what_reasons_name_is_marked_in_the_text():
    text = "Cheap  Watches at watches.example, gherkin <i>watches</i>. Call 12345 or 67890!"
    rows = evidence(
        [
            reason("“cheap watches” is more usual in spam.", 2.0),
            reason("“watches” is more usual in spam.", 1.0),
            reason("“gherkin” is more usual in honest posts.", -1.5),
            reason("1 link to watches.example.", 0.8),
            reason("2 telephone numbers: 12345 and 67890.", 0.5),
            reason("“Call” is more usual in spam.", 0.01),
            reason("Links are 50% of the text.", 0.9),
        ]
    )
    found = places(text, rows)
    assert [(text[one.start : one.end], one.towards_spam) for one in found] == [
        ("Cheap  Watches", True),
        # The weightier reason has the word alone; the lighter one leaves it the rest of the host.
        ("watches", True),
        ("gherkin", False),
        ("watches", True),
        ("12345", True),
        ("67890", True),
    ]
    shown = mark(text, found).html
    assert shown.count('<mark class="up"') == 5
    assert '<mark class="down">' in shown, "a tip would say the covered word"
    assert "&lt;i&gt;" in shown


def test_a_text_of_one_word_is_not_marked_without_end():
    rows = evidence([reason("“spam” is more usual in spam.", 2.0)])
    assert len(places("spam " * 500, rows)) == 20
