"""What the benchmark of disguises does to a post."""

import random

import pytest

from benchmarks import further_guises, guises, layouts, newer_guises, recent_guises
from benchmarks.attacks import ATTACKS, COVERAGES, Plan
from benchmarks.held_out_attacks import HELD_OUT, LATER, LATEST, NEWEST

TEXT = (
    "Free entry! Call 08001234567 now to claim your prize, visit http://example.com/win today, "
    "check out my channel and win some money with the new video."
)
TELLING = frozenset({"free", "prize", "call", "check", "money"})
EARLIER = (ATTACKS, HELD_OUT, LATER, LATEST, NEWEST, guises.LOOKED_AT)
NEWER = (newer_guises.ASIDE, newer_guises.SEEN_SINCE, newer_guises.LAID_OUT)
FURTHER = (further_guises.SEEN_SINCE, further_guises.ASIDE, recent_guises.ASIDE)
LAID_OUT = (layouts.LAYOUTS, layouts.DILUTED, layouts.LAID_ASIDE)
EVERY = {
    name: attack
    for some in (*EARLIER, *NEWER, *FURTHER, *LAID_OUT)
    for name, attack in some.items()
}


def altered(name: str, coverage: str = "all letters", seed: int = 1) -> str:
    return EVERY[name](TEXT, Plan(random.Random(seed), coverage, TELLING))


def test_no_way_is_named_twice():
    assert len(EVERY) == sum(map(len, (*EARLIER, *NEWER, *FURTHER, *LAID_OUT)))


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("coverage", COVERAGES)
def test_a_way_alters_a_post_the_same_in_every_run(name, coverage):
    assert altered(name, coverage) == altered(name, coverage)
    assert any(altered(name, coverage, seed) != TEXT for seed in range(5))


@pytest.mark.parametrize("name", sorted(newer_guises.ASIDE.keys() - {"links in a style"}))
def test_links_stay_usable(name):
    assert "http://example.com/win" in altered(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("robbers' language", "coclolaimom yoyouror poprorizoze"),
        ("Greek by sound", "κλαιμ υοουρ πριζε"),
        ("pairs of figures spelt", "zero eight  double zero  one two  thirty-four  fifty-six 7"),
        ("codes of programs", "\\143\\154\\141\\151\\155"),
        ("links over lines", "http:\n//example\n.com/win"),
        ("isolates of direction", "\u202e\u2066laim\u2069\u2066c\u2069\u202c"),
        ("in fives", "Freee ntry! Call0 80012"),
        ("curled letters", "ཞɛɛ ɛŋɬཞყ"),
        ("links in Cyrillic", "ехампле точка цом слеш вин"),
        ("as an invitation", "SUMMARY:Free entry! Call 08001234567\nDESCRIPTION:now to"),
        ("as a table", "|---|---|"),
        ("drawn over five lines", "#   # # ### ###\n"),
    ],
)
def test_what_a_way_looks_like(name, said):
    assert any(said in altered(name, seed=seed).replace("█", "#") for seed in range(9))


@pytest.mark.parametrize("name", [name for some in LAID_OUT for name in some])
def test_a_layout_changes_no_word(name):
    # A tag may stand within a word.
    told = altered(name).replace("<b>", "").replace("</b>", "")
    place = 0
    for word in TEXT.split():
        assert (place := told.find(word, place)) >= 0, word


def test_figures_are_told_by_letters_that_look_like_them():
    assert "08001234567" not in altered("letters for figures")
    assert "Free entry! Call " in altered("letters for figures")
