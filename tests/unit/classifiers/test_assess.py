import math
from dataclasses import replace

import pytest

from classifiers import assess as assessing
from classifiers.assess import BEHAVIOUR_CAP, assess, assess_batch
from classifiers.contributions import adding_up
from classifiers.types import (
    AuthorFacts,
    Content,
    Contribution,
    History,
    LikeliestPassage,
    Score,
    Signal,
)
from classifiers.versions import lineup
from tests.unit.classifiers import models

GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


class Fixed:
    """Gives the probability that the text says, and raises where it says `boom`."""

    name, version = "fixed", "fixed-1"

    def score(self, contents, signals):
        if any(content.text == "boom" for content in contents):
            raise RuntimeError("boom")
        return [Score("fixed", "fixed-1", float(content.text)) for content in contents]


def batch(texts, scorers=None, extra=None):
    return assess_batch(
        [Content(text=text) for text in texts],
        [History()] * len(texts),
        extra or [()] * len(texts),
        [Fixed()] if scorers is None else scorers,
    )


def test_probability_is_the_scorers():
    assert [a.probability for a in batch(["0.25", "0.75"])] == pytest.approx([0.25, 0.75])


def test_only_the_guilty_post_of_a_batch_fails():
    good, bad, other = batch(["0.2", "boom", "0.9"])
    assert bad.failed
    assert bad.probability is None
    assert [signal.code for signal in bad.signals if signal.failed] == ["scorer.failed"]
    assert (good.failed, other.failed) == (False, False)
    assert (good.probability, other.probability) == pytest.approx((0.2, 0.9))


@pytest.mark.parametrize("wrong", ["nan", "inf", "-0.1", "1.5"])
def test_no_number_is_made_up_for_a_score_that_is_none(wrong):
    found = batch([wrong])[0]
    assert found.failed
    assert found.probability is None


def test_a_scorer_that_loses_posts_fails_them():
    class Short(Fixed):
        def score(self, contents, signals):
            return []

    assert [a.failed for a in batch(["0.1", "0.2"], [Short()])] == [True, True]


def test_a_heuristic_that_failed_leaves_no_probability(monkeypatch):
    failed = Signal("links.failed", "It failed.", failed=True)
    monkeypatch.setattr(assessing, "notice", lambda content, history: (failed,))
    found = batch(["0.1"])[0]
    assert (found.failed, found.probability) == (True, None)
    assert failed in found.signals


def test_a_post_is_not_let_through_because_nobody_could_tell_whether_it_is_readable(monkeypatch):
    def breaks(body):
        raise RuntimeError(body)

    monkeypatch.setattr(assessing, "unread", breaks)
    found = batch(["0.1"])[0]
    assert (found.failed, found.probability) == (True, None)
    assert "unread.failed" in {signal.code for signal in found.signals}


def test_signals_from_outside_move_the_log_odds_and_are_named():
    rule = Signal("rules.7", "The operator's rule matched.", log_odds=1.0)
    found = batch(["0.5"], extra=[(rule,)])[0]
    assert found.probability == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert ("rules.7", 1.0) in [(part.code, part.weight) for part in found.contributions]


@pytest.mark.parametrize("sign", [1, -1])
def test_behaviour_and_rules_are_capped_together(sign):
    rules = tuple(Signal(f"rules.{i}", "Matched.", log_odds=sign * 2.0) for i in range(9))
    found = batch(["0.5"], extra=[rules])[0]
    assert found.probability == pytest.approx(1 / (1 + math.exp(-sign * BEHAVIOUR_CAP)))
    assert sum(part.weight for part in found.contributions) <= BEHAVIOUR_CAP


def test_several_scorers_share_the_log_odds():
    class Other(Fixed):
        name = "other"

        def score(self, contents, signals):
            return [
                replace(s, scorer="other", probability=0.5)
                for s in super().score(contents, signals)
            ]

    found = batch(["0.9"], [Fixed(), Other()])[0]
    assert found.probability == pytest.approx(1 / (1 + math.exp(-math.log(9) / 2)))
    assert [score.scorer for score in found.scores] == ["fixed", "other"]


def test_the_standard_test_string_is_decisive_and_stands_first():
    found = assess(Content(text=f"hello {GTUBE}"), History(), (), [models.blank()])
    assert found.decisive is not None
    assert found.contributions[0].code == found.decisive.code


def test_the_model_is_named():
    assert batch(["0.5"])[0].model == "fixed-1"


def test_nothing_to_judge_with_is_an_error():
    with pytest.raises(ValueError, match="no scorer"):
        batch(["0.5"], [])
    assert batch([]) == []


CIPHER = "dyngpcmns gz qk qulrzsy lrp kvy jdsr xszsl espol"


class Sure(Fixed):
    def score(self, contents, signals):
        return [Score("fixed", "fixed-1", self.probability) for _ in contents]

    def __init__(self, probability):
        self.probability = probability


@pytest.mark.parametrize(("said", "told"), [(0.02, 0.45), (0.2, 0.45), (0.7, 0.7), (0.99, 0.99)])
def test_what_nobody_could_read_is_never_called_honest_nor_worse_than_it_was(said, told):
    (found,) = batch([CIPHER], [Sure(said)])
    assert found.probability == pytest.approx(told, abs=0.001)
    weights = {part.code: part.weight for part in found.contributions}
    assert ("unread.text" in weights) == (told != said)
    assert sum(weights.values()) == pytest.approx(math.log(told / (1 - told)), abs=0.01)
    assert "unread.text" in {signal.code for signal in found.signals}


class Wordy:
    """Says 44 %, by many words of more weight than what lifts such a post to 45 %."""

    name, version = "wordy", "wordy-1"
    beyond = 0.2

    def score(self, contents, signals):
        log_odds = math.log(0.44 / 0.56)
        parts = [Contribution("word", f"Word {place}.", (-1.0) ** place) for place in range(10)]
        contributions = adding_up(parts, log_odds)
        passage = LikeliestPassage("Win a phone …", 1.5, self.beyond)
        return [
            Score("wordy", "wordy-1", self._say(content.text), contributions, passage=passage)
            for content in contents
        ]

    def _say(self, text):
        return 0.99 if "pills" in text else 0.44


class Unspecific(Wordy):
    beyond = -1.0


@pytest.mark.parametrize(
    ("scorer", "text", "code"),
    [
        (Wordy(), "thanks", "passage.spam"),
        (Unspecific(), CIPHER, "unread.text"),
        (Unspecific(), "thanks", "author.advertisement"),
    ],
)
def test_what_is_asked_of_a_person_says_why_first_however_little_it_was_lifted(scorer, text, code):
    author = AuthorFacts(name="Cheap pills", url="http://pills.example.com")
    content = Content(text=text, author=author if code == "author.advertisement" else AuthorFacts())
    found = assess(content, History(), (), [scorer])
    assert found.contributions[0].code == code
    assert found.contributions[0].sentence in {signal.sentence for signal in found.signals}
    assert [signal.code for signal in found.signals].count(code) == 1
    total = sum(part.weight for part in found.contributions)
    assert total == pytest.approx(-0.2, abs=1e-3)


def test_what_alone_means_spam_stands_before_what_a_person_would_be_asked_about():
    honeypot = Signal("honeypot.filled", "A hidden field was filled in.", decisive=True)
    found = assess(Content(text=CIPHER), History(), [honeypot], [Wordy()])
    assert found.contributions[0].code == "honeypot.filled"
    assert "passage.spam" not in {signal.code for signal in found.signals}
    assert found.probability == pytest.approx(0.44, abs=0.01)


def test_what_was_read_keeps_its_probability():
    (found,) = batch(["see you tomorrow at the station"], [Sure(0.02)])
    assert found.probability == pytest.approx(0.02)


class Advertised(Fixed):
    """Says spam of what offers pills, and `address` of any other address."""

    def __init__(self, address=0.3, text=0.02):
        self.address, self.text = address, text

    def score(self, contents, signals):
        return [Score("fixed", "fixed-1", self._say(content.text)) for content in contents]

    def _say(self, text):
        if "pills" in text:
            return 0.99
        return self.address if "://" in text else self.text


def named(name, url, scorer, history=None, text="thanks"):
    content = Content(text=text, author=AuthorFacts(name=name, url=url))
    return assess(content, history or History(), (), [scorer])


def test_a_person_looks_where_the_authors_name_is_an_advertisement():
    found = named("Cheap pills", "http://pills.example.com", Advertised())
    assert found.probability == pytest.approx(0.45, abs=0.001)
    assert "author.advertisement" in {signal.code for signal in found.signals}
    total = sum(part.weight for part in found.contributions)
    assert total == pytest.approx(math.log(0.45 / 0.55), abs=0.01)


@pytest.mark.parametrize(
    ("name", "url", "scorer", "history", "told"),
    [
        ("Jane Doe", "http://jane.example.com", Advertised(), History(), 0.02),
        ("Cheap pills", "", Advertised(), History(), 0.02),
        # Honest posts tell more than a name.
        ("Cheap pills", "http://a.example.com", Advertised(), History(author_ham_verdicts=1), 0.02),
        # What is so of any address is not the name's doing.
        ("Cheap pills", "http://a.example.com", Advertised(address=0.98), History(), 0.02),
        # Nor is anything lowered.
        ("Cheap pills", "http://a.example.com", Advertised(text=0.7), History(), 0.7),
    ],
)
def test_a_name_says_nothing_else(name, url, scorer, history, told):
    found = named(name, url, scorer, history)
    assert found.probability == pytest.approx(told, abs=0.01)
    assert "author.advertisement" not in {signal.code for signal in found.signals}


def test_a_name_that_cannot_be_judged_fails_no_post():
    class Broken(Advertised):
        def _say(self, text):
            return float("nan") if "://" in text else 0.02

    found = named("Cheap pills", "http://pills.example.com", Broken())
    assert not found.failed
    assert found.probability == pytest.approx(0.02)


def test_the_starter_asks_about_names_that_advertise_and_about_no_others():
    scorers = lineup.shipped().scorers

    def told(name, url):
        content = Content(text="Thanks!", author=AuthorFacts(name=name, url=url))
        found = assess(content, History(), (), scorers)
        return "author.advertisement" in {signal.code for signal in found.signals}

    for scheme in ("http", "https"):
        assert told("Buy cheap viagra online", f"{scheme}://buycheapviagraonline.example.com")
        for name in ("Jane D. Doe", "Bob's Plumbing", "さくら", "My Free Games", "Cheap Trick"):
            host = "".join(filter(str.isalpha, name)).lower() if name.isascii() else "sakura"
            assert not told(name, f"{scheme}://{host}.example.com"), (scheme, name)


def test_an_ordinary_name_is_judged_once_for_a_model():
    class Counting(Advertised):
        read = 0

        def _say(self, text):
            self.read += "://" in text
            return super()._say(text)

    scorer = Counting()
    for name in ("Jane", "Ann", "Joe"):
        named(name, "http://a.example.com", scorer)
    assert scorer.read == 4
