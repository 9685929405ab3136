"""What is told of an installation, by its facts alone."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from reviews.operating.findings import duration, report
from reviews.operating.types import (
    Broker,
    Database,
    Facts,
    Job,
    Open,
    Serving,
    State,
    Training,
    Waiting,
)

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)


def ago(**span: float) -> datetime:
    return NOW - timedelta(**span)


DATABASE = Database(
    connections=10,
    most_connections=100,
    relay_since=ago(hours=1),
    jobs=(Job("Sweep", ago(seconds=3), timedelta(0)),),
    delays=(0.1, 0.2, 0.3),
    lanes={"held": Waiting(3, ago(hours=2))},
)
BROKER = Broker(workers={"a": "starter-1"}, heard=ago(seconds=2), memory=1_000_000)
WELL = Facts(NOW, DATABASE, BROKER, disk_free=50, disk_total=100)


def facts(*, broker: Broker = BROKER, **database: object) -> Facts:
    return replace(WELL, database=replace(DATABASE, **database), broker=broker)


def test_when_all_parts_are_well_one_sentence_says_so():
    told = report(WELL)
    assert (told.state, told.sentence) == (State.WELL, "All is well.")
    assert all(each.state is State.WELL for each in told.findings)


DEAF = replace(BROKER, workers={}, heard=ago(seconds=40))


@pytest.mark.parametrize(
    ("given", "state", "part", "sentence"),
    [
        (
            facts(broker=DEAF, posts=Waiting(9, ago(seconds=38))),
            State.BROKEN,
            "Workers",
            "Posts wait: no worker has answered for 40 seconds.",
        ),
        (
            facts(broker=DEAF),
            State.BROKEN,
            "Workers",
            "Nothing would be judged: no worker has answered for 40 seconds.",
        ),
        (
            replace(WELL, database=None, failed={"database": "OperationalError"}),
            State.BROKEN,
            "Database",
            "Nothing can be taken in or judged: the database does not answer.",
        ),
        (
            replace(WELL, broker=None, failing_since={"broker": ago(minutes=3)}),
            State.BROKEN,
            "Broker",
            "Posts are taken in but not judged: the broker does not answer.",
        ),
        (
            facts(posts=Waiting(100_000, ago(minutes=2))),
            State.BROKEN,
            "Judging",
            "Posts wait to be judged, the oldest for 2 minutes.",
        ),
        (
            facts(posts=Waiting(50, ago(seconds=15))),
            State.WATCH,
            "Judging",
            "Posts wait to be judged, the oldest for 15 seconds.",
        ),
        (
            facts(jobs=(Job("Sweep", ago(minutes=9), timedelta(minutes=8)),)),
            State.BROKEN,
            "Beat",
            "Periodic jobs do not run: “Sweep” is 8 minutes late.",
        ),
        (
            facts(relay_since=None),
            State.WATCH,
            "Relay",
            "No relay listens: posts wait up to five seconds for the sweeper.",
        ),
        (
            facts(events=Waiting(2, ago(minutes=20), tried=2)),
            State.BROKEN,
            "Outbox",
            "Events are not delivered, the oldest for 20 minutes: cases open late.",
        ),
        (
            facts(held_over=Waiting(4, ago(minutes=6))),
            State.WATCH,
            "Review queue",
            "4 posts are held beyond their time.",
        ),
        (
            facts(serving=(Serving("global", "m-2", problem="wrong digest"),)),
            State.BROKEN,
            "Models",
            "The model m-2 cannot be loaded; what served before judges on.",
        ),
        (
            facts(training=(Training("site:1", "failed", "", ago(hours=5)),)),
            State.WATCH,
            "Training",
            "The last training of site:1 failed; the serving model is unchanged.",
        ),
        (
            facts(alarms=Waiting(1, ago(hours=5))),
            State.WATCH,
            "Alarms",
            "Something was noticed that a person is to look at.",
        ),
        (
            facts(incidents=(Open("a", "wait", ago(hours=5)), Open("b", "hold", ago(hours=1)))),
            State.BROKEN,
            "Incidents",
            "Too few people judge on b: held posts are near the end of their time.",
        ),
        (replace(WELL, disk_free=2), State.BROKEN, "Disk", "The disk is nearly full."),
    ],
)
def test_the_top_names_the_trouble_that_explains_the_rest(given, state, part, sentence):
    told = report(given)
    assert (told.state, told.sentence) == (state, sentence)
    [about] = [each for each in told.findings if each.part == part]
    assert about.state is state and about.advice


def test_what_cannot_be_known_is_called_unknown_and_not_well():
    told = report(replace(WELL, database=None))
    unknown = {each.part for each in told.findings if each.state is State.UNKNOWN}
    assert {"Relay", "Beat", "Judging", "Outbox", "Models"} <= unknown


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(seconds=119), "119 seconds"),
        (timedelta(minutes=2), "2 minutes"),
        (timedelta(hours=2), "2 hours"),
        (timedelta(days=2), "2 days"),
        (timedelta(seconds=1), "1 second"),
        (timedelta(seconds=-3), "0 seconds"),
    ],
)
def test_durations_in_words(span, words):
    assert duration(span) == words
