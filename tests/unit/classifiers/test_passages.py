"""A long post beside its passages: honest words beside an advertisement do not speak for it."""

import math
from dataclasses import replace

import numpy as np
import pytest

from classifiers import features, odds, passages
from classifiers.assess import assess
from classifiers.passages import LIMIT
from classifiers.scorers.linear import Weights
from classifiers.types import Content, History, LikeliestPassage, Score, Signal
from classifiers.versions import lineup

ADVERT = "win a free phone, send your card number to prizes@win.example.com today!"
FRIENDLY = (
    "thanks for the soup on sunday, the children still talk about it.",
    "we were home before the rain and the dog slept all the way back.",
    "see you at the meeting, i bring the notes and the key of the shed.",
)
BETWEEN = f"{FRIENDLY[0]} {ADVERT} {FRIENDLY[1]}"


def weights():
    chance = np.random.default_rng(3)
    return Weights(chance.normal(size=features.COLUMNS).astype(np.float32), -1.0)


def above(content, signals=()):
    (chunk,) = features.chunks([content], [signals])
    found = passages.more_than_whole(chunk, [content], [0], weights().vector)
    return chunk, *found


@pytest.mark.parametrize(
    ("text", "breaks", "expected"),
    [
        ("one two three four five six seven eight", (), [(0, 8)]),
        # Sentences that are too short are judged with the next, and the last with those before.
        ("a b c d. e f g h. i j k l.", (), [(0, 8), (4, 12)]),
        ("a b c d e f g h i. j k.", (), [(0, 9), (0, 11)]),
        # A line ends a sentence as a point does.
        ("a b c d e f g h i j k l m n o p", (8,), [(0, 8), (8, 16)]),
        # A line may look like spam of which no sentence does.
        (
            "a b c d e f g h. i j k l m n o p. q r s t u v w x",
            (16,),
            [(0, 8), (8, 16), (16, 24), (0, 16)],
        ),
        ("a b c d e f g h. " * 8 + "i j k l m n o p", (64,), [(a, a + 8) for a in range(0, 72, 8)]),
        # Tags that part lines do so within a word, too.
        ("a b c d e f g h<br>i j k l m n o p q", (), [(0, 8), (8, 16)]),
        ("a b c d e f g h.</li> i j k l m n o p", (), [(0, 8), (8, 16)]),
        # So do the signs of other languages, with the quotation marks that close there.
        ("„a b c d e f g h.“ i j k l m n o p", (), [(0, 8), (8, 16)]),
        ("«a b c d e f g h!» i j k l m n o p", (), [(0, 8), (8, 16)]),
        ("「a b c d e f g h。」 i j k l m n o p", (), [(0, 8), (8, 16)]),
        ("*a b c d e f g h.* i j k l m n o p", (), [(0, 8), (8, 16)]),
        ("a b c d e f g h। i j k l m n o p", (), [(0, 8), (8, 16)]),
        ("a b c d e f g h؟ i j k l m n o p", (), [(0, 8), (8, 16)]),
        ("a b c d e f g h۔ i j k l m n o p", (), [(0, 8), (8, 16)]),
        # Links, addresses and numbers are no words: a title and its link are no advertisement.
        ("a b c d e f. http://a.example/b 12 a@b.example g h. i j", (), [(0, 11), (0, 13)]),
        # A link speaks for a short sentence, too, of three words at least.
        ("a b c http://a.example/b." + " e" * 9, (), [(0, 13), (0, 4)]),
        ("a b http://a.example/b." + " e" * 9, (), [(0, 12)]),
        ("a b c 12." + " e" * 9, (), [(0, 13)]),
        ("a b c a@b.example", (), [(0, 4)]),
        ("", (), [(0, 1)]),
    ],
)
def test_passages_are_runs_of_whole_sentences(text, breaks, expected):
    assert [found[:2] for found in passages.spans(text.split(" "), breaks)] == expected


@pytest.mark.parametrize(
    "text", ["a. " * 3_000, "a " * 3_000, "1. " * 3_000, "go now\n" * 2_000, "x" * 9_000]
)
def test_passages_are_few_however_a_text_is_cut(text):
    words = text.split()
    found = passages.spans(words, range(len(words)))
    assert len(found) <= max(len(words) / passages.STEP, 1)
    assert sum(end - start for start, end, _ in found) <= 3 * len(words) + passages.LEAST
    assert found[-1][1] == len(words)


def test_a_passage_says_what_the_same_words_say_as_a_post_with_the_signals_of_the_whole():
    content = Content(text=BETWEEN)
    signals = (Signal("contact.email", "An address.", value=0.7),)
    chunk, spans, more = above(content, signals)
    whole = weights().log_odds(chunk.matrix)[0]
    assert [span.text for span in spans] == [FRIENDLY[0], ADVERT, FRIENDLY[1]]
    for span, one in zip(spans, more, strict=True):
        alone = features.matrix([Content(text=span.text)], [signals])
        assert whole + one == pytest.approx(weights().log_odds(alone)[0], abs=1e-3)


def test_only_the_rows_that_are_asked_for_are_looked_at():
    contents = [Content(text=BETWEEN), Content(text=ADVERT), Content(text=BETWEEN[::-1])]
    (chunk,) = features.chunks(contents, [()] * 3)
    found, more = passages.more_than_whole(chunk, contents, [0, 1], weights().vector)
    assert {span.row for span in found} == {0}, "the second has one passage"
    assert len(more) == len(found) == 3
    assert passages.more_than_whole(chunk, contents, [], weights().vector)[0] == []


@pytest.mark.parametrize("title", ["", "My two lines"])
def test_lines_end_sentences_below_a_title_too(title):
    lines = [
        "Offer of the week, only for members of this club and for nobody else, while we have any",
        "Thanks again for your help",
        "on Sunday and Monday, we could not have done it without you",
    ]
    chunk, spans, _ = above(Content(text="\n".join(lines), title=title))
    assert [span.text for span in spans] == [
        f"{title} {lines[0]}".strip().lower(),
        f"{lines[1]} {lines[2]}".lower(),
        lines[2].lower(),
        *([lines[0].lower()] if title else []),
    ]
    assert passages.shown(chunk, spans[1]).startswith(f"{lines[1]} on Sunday and Monday")


def test_a_title_is_a_line_above_a_text_of_one_line():
    title = "Offer of the week, only for members of this club"
    chunk, spans, _ = above(Content(text=" ".join(FRIENDLY), title=title))
    assert [span.text for span in spans] == [title.lower(), *FRIENDLY, " ".join(FRIENDLY)]
    assert passages.shown(chunk, spans[0], title) == title
    assert passages.shown(chunk, spans[0], f"{title} !") == title.lower(), "other words were read"
    assert passages.shown(chunk, spans[1], title).startswith(FRIENDLY[0][:40])


def test_people_see_the_beginning_of_a_passage_as_it_was_written():
    offer = "WIN a Free phone, send your card number to somebody in Berlin today now!"
    chunk, spans, _ = above(Content(text=f"{FRIENDLY[0]} {offer} {FRIENDLY[1]}"))
    assert passages.shown(chunk, spans[1]) == (
        "WIN a Free phone, send your card number to somebody in …"
    )


def test_quotation_marks_and_ellipses_of_a_passage_do_not_end_its_own_quotation():
    offer = "Get… 100 “free” spins at our new casino today."
    chunk, spans, _ = above(Content(text=f"{FRIENDLY[0]} {offer} {FRIENDLY[1]}"))
    quoted = {passages.shown(chunk, span) for span in spans}
    assert any("100 ‘free’ spins" in one for one in quoted)
    assert not any("“" in one or "…" in one.removesuffix(" …") for one in quoted)


def test_short_posts_are_not_looked_at_in_parts():
    assert above(Content(text=f"{FRIENDLY[0]} {ADVERT}"))[1] == []


def test_passages_that_look_as_bad_take_from_the_likeliest_and_honest_ones_do_not():
    content = Content(text=" ".join([*FRIENDLY, ADVERT]))
    chunk, spans, _ = above(content)

    def told(*log_odds):
        return passages.likeliest(chunk, [content], spans, np.array(log_odds), LIMIT)[0]

    honest = told(-8.0, -9.0, -7.0, 2.0)
    assert (honest.text, honest.log_odds) == (ADVERT[:56].rsplit(" ", 1)[0] + " …", 2.0)
    assert honest.beyond == pytest.approx(2.0 - LIMIT, abs=0.01)
    alike = told(0.0, 0.0, 0.0, 2.0)
    assert alike.beyond == pytest.approx(2.0 - LIMIT - math.log(2.5))


def test_a_brief_passage_is_told_by_its_words_alone():
    words = [*"abcdefg", "http://a.example/b", "12"]
    assert passages.spans(words, ()) == [(0, 9, True)]
    assert passages.spans(["h", *words], ()) == [(0, 10, False)]
    # As many words stand before it, and they do not count.
    assert passages.spans([*"abcdefgh.", *words], (9,))[-1] == (9, 18, True)


def test_a_short_sentence_with_a_link_takes_nothing_from_the_longer_one_around_it():
    link = "visit https://prizes.example/x and claim it."
    content = Content(text=" ".join([FRIENDLY[0], ADVERT, link, FRIENDLY[1]]))
    chunk, spans, _ = above(content)
    assert [span.text for span in spans if span.brief] == [link]

    def told(longer, brief):
        log_odds = np.where([span.brief for span in spans], brief, -9.0)
        log_odds[[span.text for span in spans].index(ADVERT)] = longer
        return passages.likeliest(chunk, [content], spans, log_odds, LIMIT)[0]

    for brief in (-9.0, 1.0, 1.9):
        assert told(2.0, brief).beyond == pytest.approx(2.0 - LIMIT, abs=0.01)
    # The longer one stands out further though the brief one looks worse.
    assert (told(2.0, 2.1).log_odds, told(2.0, 2.1).text[:10]) == (2.0, ADVERT[:10])
    assert told(2.0, 2.1).beyond == pytest.approx(2.0 - LIMIT, abs=0.01)
    # Or the brief one, for which the longer one counts.
    worse = told(2.0, 4.0)
    assert (worse.log_odds, worse.text) == (4.0, link)
    assert worse.beyond == pytest.approx(4.0 - math.log1p(odds.probability(2.0)) - LIMIT, abs=0.01)


def test_no_brief_passage_makes_a_post_stand_out_less():
    chance = np.random.default_rng(8)
    for _ in range(200):
        rows = np.sort(chance.integers(0, 5, 20))
        log_odds, brief = chance.normal(0.0, 3.0, 20), chance.random(20) < 0.4
        brief[np.flatnonzero(np.diff(rows, prepend=-1))] = False
        tops, apart = passages.standing_out(rows, log_odds, brief)
        counted = [np.ones(20, dtype=bool), ~brief]
        each = [
            passages.standing_out(rows[some], log_odds[some], np.zeros(some.sum(), dtype=bool))[1]
            for some in counted
        ]
        assert apart == pytest.approx(np.maximum(*each), abs=1e-5)
        assert rows[tops].tolist() == np.unique(rows).tolist()
        assert (log_odds[tops] >= apart - 1e-9).all()


def test_posts_of_brief_passages_alone_stand_out_by_these():
    rows, brief = np.array([0, 0, 1]), np.ones(3, dtype=bool)
    tops, apart = passages.standing_out(rows, np.array([-9.0, 2.0, -3.0]), brief)
    assert tops.tolist() == [1, 2]
    assert apart == pytest.approx([2.0, -3.0], abs=0.01)


def test_a_model_without_a_limit_looks_at_no_passages():
    shipped = lineup.shipped().scorers[0]
    content = Content(text=f"{TALK} {SPAM[1]}")
    (told,) = shipped.score([content], [()])
    assert told.passage is not None
    assert told.passage.beyond > 0.0
    (own,) = replace(shipped, passage_limit=None).score([content], [()])
    assert own.passage is None
    assert own.probability == told.probability


class Said:
    """Gives a probability, and a passage that is so far beyond what is honest."""

    name, version = "said", "said-1"

    def __init__(self, probability, beyond):
        self.probability, self.beyond = probability, beyond

    def score(self, contents, signals):
        passage = LikeliestPassage("Win a phone …", 1.5, self.beyond)
        return [Score("said", "said-1", self.probability, passage=passage) for _ in contents]


@pytest.mark.parametrize(
    ("probability", "beyond", "behaviour", "expected"),
    [
        (0.02, 0.1, 0.0, 0.45),
        (0.02, -0.1, 0.0, 0.02),
        # Behaviour counts for the passage as for the whole post.
        (0.02, 0.1, -0.5, None),
        (0.02, -0.1, 0.5, 0.45),
        # Nothing is lowered, and nothing is lifted beyond what asks a person.
        (0.6, 3.0, 0.0, 0.6),
    ],
)
def test_a_person_looks_where_a_passage_alone_looks_like_spam(
    probability, beyond, behaviour, expected
):
    extra = [Signal("rule.own", "A rule.", log_odds=behaviour)] if behaviour else []
    found = assess(Content(text="x"), History(), extra, [Said(probability, beyond)])
    told = [signal.sentence for signal in found.signals if signal.code == "passage.spam"]
    if expected == 0.45:
        assert told == ["The passage “Win a phone …” alone looks like spam (82 %)."]
        assert sum(part.weight for part in found.contributions) == pytest.approx(-0.2, abs=0.01)
        assert found.contributions[0].code == "passage.spam"
    else:
        assert told == []
    if expected is not None:
        assert found.probability == pytest.approx(expected, abs=0.003)


SPAM = (
    "Buy real followers and likes for your page, cheap and safe. Order now at "
    "https://likes-fast.example and get 20% off.",
    "Get 100 free spins at our new online casino, no deposit needed. Join now: "
    "https://bright-spins.example",
)
TALK = (
    "Thanks for the lovely dinner on Friday, the kids still talk about the soup. We got home just "
    "before the rain and the dog slept the whole way. See you at the meeting on Thursday, I will "
    "bring my notes and the key for the shed."
)


def test_good_behaviour_does_not_keep_a_passage_from_being_looked_at():
    shipped = lineup.shipped().scorers[0]
    content = Content(text=f"{SPAM[1]} {TALK}")
    (alone,) = shipped.score([content], [()])
    # The same post, which its whole words make as likely spam as not.
    doubted = replace(
        shipped,
        calibration=replace(
            shipped.calibration,
            shift=shipped.calibration.shift + 0.5 - odds.log_odds(alone.probability),
        ),
    )
    (told,) = doubted.score([content], [()])
    assert told.probability > 0.5
    assert told.passage is None
    known = Signal("rule.own", "A member for years.", log_odds=-1.5)
    (told,) = doubted.score([content], [(known,)])
    assert told.passage is not None
    found = assess(content, History(), [known], [doubted])
    assert found.contributions[0].code == "passage.spam"


def test_the_starter_asks_about_a_line_of_three_words_and_a_link():
    lines = [f"{said}." for said in TALK.removesuffix(".").split(". ")]
    lines.insert(2, "Buy followers cheap http://quick-cash.example/x")
    scorers = lineup.shipped().scorers
    found = assess(Content(text="\n".join(lines)), History(), (), scorers)
    assert found.contributions[0].code == "passage.spam"
    lines[2] = "Notes are here http://wiki.example/notes"
    assert assess(Content(text="\n".join(lines)), History(), (), scorers).probability < 0.3


@pytest.mark.parametrize("spam", SPAM)
@pytest.mark.parametrize(
    "form", ["{spam}\n\n{talk}", "{talk}\n\n{spam}", "{talk}\n\n{spam}\n\n{talk}"]
)
def test_the_starter_asks_about_advertisements_beside_honest_talk(spam, form):
    scorers = lineup.shipped().scorers
    found = assess(Content(text=form.format(spam=spam, talk=TALK)), History(), (), scorers)
    assert found.probability >= 0.3
    honest = assess(Content(text=form.format(spam=TALK, talk=TALK)), History(), (), scorers)
    assert honest.probability < 0.3
