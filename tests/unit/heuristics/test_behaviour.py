"""What the past of an author adds and takes, and that it never decides alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from classifiers.heuristics import BEHAVIOUR_CAP, BEHAVIOUR_SIGNALS, community, notice
from classifiers.types import AuthorFacts, Content, History

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
POST = Content("hello there")

SPEAKING = {
    "behaviour.new_author": History(now=NOW, registered_at=NOW - timedelta(minutes=5)),
    "behaviour.known_author": History(now=NOW, author_first_seen=NOW - timedelta(days=400)),
    "behaviour.speed": History(author_posts_last_hour=30),
    "behaviour.address_speed": History(address_posts_last_hour=60),
    "behaviour.same_text": History(same_text_last_day=4),
    "behaviour.other_authors": History(same_text_other_authors_last_day=4),
    "behaviour.spam_history": History(author_spam_verdicts=2),
    "behaviour.ham_history": History(author_ham_verdicts=3),
}
HONEST = {"behaviour.known_author", "behaviour.ham_history"}


@pytest.mark.parametrize(("code", "history"), SPEAKING.items(), ids=SPEAKING)
def test_each_part_of_the_past_speaks_for_its_side(code, history):
    (signal,) = notice(POST, history)
    assert signal.code == code
    assert 0 < signal.value <= 1
    assert (signal.log_odds < 0) == (code in HONEST)
    assert not signal.decisive


@pytest.mark.parametrize(
    ("code", "author"),
    [
        ("links.author_name", AuthorFacts(name="Best loans www.example.com")),
        ("links.author_url", AuthorFacts(url="https://bit.ly/abc")),
    ],
)
def test_links_of_the_author(code, author):
    (signal,) = notice(replace(POST, author=author), History())
    assert signal.code == code
    assert signal.log_odds > 0


def test_an_ordinary_address_of_the_author_says_nothing():
    author = AuthorFacts(name="Jane D. Doe", url="https://jane.example.com", email="j@example.com")
    assert notice(replace(POST, author=author), History()) == ()


def test_every_behaviour_signal_has_an_example():
    others = {"invisible.hidden_markup", "links.author_name", "links.author_url"}
    others |= {*community.BEHAVIOUR_SIGNALS}
    assert {*SPEAKING} | others == set(BEHAVIOUR_SIGNALS)


@pytest.mark.parametrize(
    "history",
    [
        History(),
        History(now=NOW),
        History(registered_at=NOW),
        History(now=NOW, registered_at=NOW - timedelta(days=10)),
        History(author_posts_last_hour=2, address_posts_last_hour=8),
        History(same_text_last_day=0, same_text_other_authors_last_day=0),
    ],
)
def test_what_is_unknown_or_ordinary_says_nothing(history):
    assert notice(POST, history) == ()


def test_together_they_stay_under_the_cap():
    worst = History(
        now=NOW,
        registered_at=NOW,
        author_posts_last_hour=10**6,
        address_posts_last_hour=10**6,
        same_text_last_day=10**6,
        same_text_other_authors_last_day=10**6,
        author_spam_verdicts=10**6,
    )
    signals = notice(POST, worst)
    assert sum(signal.log_odds for signal in signals) == pytest.approx(BEHAVIOUR_CAP)
    assert len(signals) == 6


def test_honest_verdicts_outweigh_one_mistake():
    history = History(author_ham_verdicts=20, author_spam_verdicts=1)
    assert sum(signal.log_odds for signal in notice(POST, history)) < 0


def test_an_author_from_the_future_is_new():
    history = History(now=NOW, registered_at=NOW + timedelta(hours=1))
    (signal,) = notice(POST, history)
    assert signal.sentence == "The author has been known for less than a minute."


def test_a_long_known_author_with_spam_is_not_praised():
    history = History(now=NOW, registered_at=NOW - timedelta(days=400), author_spam_verdicts=1)
    assert {signal.code for signal in notice(POST, history)} == {"behaviour.spam_history"}
