"""A text as the console shows it: where its evidence stands, also in words that are disguised."""

import pytest

from reviews.console.case import disguises, evident
from reviews.console.case.marks import Noted, lines, mark
from reviews.console.wording import ReasonBar


def reason(*words: str) -> list[ReasonBar]:
    return [ReasonBar("word", f"“{word}” is more usual in spam.", 2.0) for word in words]


@pytest.mark.parametrize(
    ("text", "word", "marked"),
    [
        ("Big Casino bonus", "casino", "Casino"),
        ("Big \u0441a\u0455ino bonus", "casino", "\u0441a\u0455ino"),
        ("Big c a s i n o bonus", "casino", "c a s i n o"),
        ("Big c.a.s.i.n.o, friends", "casino", "c.a.s.i.n.o"),
        ("Get (V1@gra)! now", "viagra", "V1@gra"),
        ("fr\u200bee stuff", "free", "fr\u200bee"),
        (
            "\U0001d4ef\U0001d4fb\U0001d4ee\U0001d4ee gifts",
            "free",
            "\U0001d4ef\U0001d4fb\U0001d4ee\U0001d4ee",
        ),
        ("now \uff36\u0456\u0430gr\u0430-shop", "viagra", "\uff36\u0456\u0430gr\u0430"),
        ("FREEEEEE", "freee", "FREEEEEE"),
        ("An orchard of mine", "casino", None),
    ],
)
def test_the_characters_are_marked_that_became_the_word(text, word, marked):
    found = [text[one.start : one.end] for one in evident.places(text, reason(word))]
    assert found == ([] if marked is None else [marked])


@pytest.mark.parametrize(
    ("text", "disguised"),
    [
        ("Big \u0441a\u0455ino and v 1 a g r a", ["casino", "viagra"]),
        ("T E L E G R A M @me", ["telegram"]),
        ("Don’t say “ok”, STRASSE is straße, it’s sooooo good", []),
        ("Привет, как дела?", []),
        ("日本語！です、ＡＢＣ", []),
        ("Ich habe 3 Äpfel für 5 € (e-mail)", []),
        ("fr\u200bee", []),
    ],
)
def test_only_words_whose_letters_are_others_are_called_disguised(text, disguised):
    assert [piece.reads for piece in disguises.read(text).disguised] == disguised


@pytest.mark.parametrize(
    "passage",
    [
        "Get 100 “free” spins at our “online” casino",
        "Get… 100 free spins at our casino",
        "Get... 100 free spins at our casino",
    ],
)
def test_a_passage_with_quotation_marks_or_ellipses_is_marked_whole(passage):
    quoted = passage.translate(str.maketrans({"“": "‘", "”": "’", "…": "..."}))
    why = f"The passage “{quoted} …” alone looks like spam (82 %)."
    text = f"We get free soup online. {passage} today. We get home."
    # However little it lifts the post.
    (found,) = evident.places(text, [ReasonBar("passage.spam", why, 0.01)])
    assert text[found.start : found.end] == passage


def test_what_is_written_nowhere_moves_no_mark():
    text = "m0ney money money come from our c4sino tonight"
    found = disguises.read(text).disguised
    assert [text[piece.start : piece.end] for piece in found] == ["c4sino"]


def test_words_shown_the_other_way_round_end_where_they_do():
    text = "see \u202eeerf yenom\u202c v1agra l0ts 0f it here"
    found = disguises.read(text).disguised
    shown = [(text[piece.start : piece.end], piece.reads) for piece in found]
    assert shown[0] == ("\u202eeerf yenom\u202c", "money free")
    assert [reads for _, reads in shown[1:]] == ["viagra", "lots"]


def test_all_layers_lie_over_each_other_and_the_text_stays_as_it_was():
    text = "<b>Big \u0441a\u0455i\u200bno</b>"
    found = evident.places(text, reason("casino"))
    shown = mark(text, found, disguises.read(text).disguised).html
    assert '<mark class="up"' in shown and '<span class="worn" title="Reads “casino' in shown
    assert "ZERO WIDTH SPACE" in shown and "<b>" not in shown
    bare = shown
    while "<" in bare:
        start = bare.index("<")
        bare = bare[:start] + bare[bare.index(">", start) + 1 :]
    assert bare.replace("&lt;", "<").replace("&gt;", ">") == text


@pytest.mark.parametrize(
    "text",
    [
        "v1agra " * 2_000,
        "c a s i n o x " * 2_600,
        "\u0441" * 60_000,
        "".join(f"{number} \u0441a{number}b " for number in range(3_000)),
    ],
)
def test_no_place_lies_outside_a_hostile_text(text):
    reading = disguises.read(text)
    assert all(0 <= one.start < one.end <= disguises.READ for one in reading.pieces)
    ends = [(one.place, one.place + len(one.reads)) for one in reading.pieces]
    assert [reading.text[start:end] for start, end in ends] == [one.reads for one in reading.pieces]


@pytest.mark.parametrize(
    ("empty", "told"),
    [
        ("\n" * 4, None),
        ("\n" * 5, "4 empty lines"),
        ("\n" * 2_001, "2,000 empty lines"),
        ("\r\n" * 6, "5 empty lines"),
        ("\n \u200b\n\t\n\u2800\n\n", "4 empty lines"),
    ],
)
def test_more_than_three_empty_lines_are_told_by_their_number(empty, told):
    html = mark(f"Hello{empty}end").html
    if told:
        assert html == f'Hello<span class="fold" data-lines="{told}">{empty}</span>end'
    assert ("fold" in html) == bool(told)
    assert (lines(f"Hello{empty}end") < 4) == bool(told)


def test_characters_in_folded_lines_are_counted_all_the_same():
    marked = mark("a" + "\n\u200b" * 600 + "\nend\u200b")
    assert marked.total == 601 and marked.complete
    assert marked.html.count('class="mark"') == 1


def test_a_link_in_arabic_letters_keeps_its_order_and_its_marks_lie_within():
    link = "http://\u0631\u0628\u062d-\u0633\u0631\u064a\u0639.example/win"
    text = f"\u0627\u0641\u062a\u062d {link} \u0627\u0644\u0622\u0646"
    assert f'<bdi dir="ltr">{link}</bdi>' in mark(text).html
    start = text.index("example")
    marked = mark(text, [Noted(start, start + 7, True, "why")]).html
    opening = '<mark class="up" title="why">'
    inside = link.replace("example", f"{opening}example</mark>")
    assert f'<bdi dir="ltr">{inside}</bdi>' in marked
    assert "bdi" not in mark("\u0627\u0641\u062a\u062d http://win.example/x").html
