"""A file played as a site: no post knows a later one, and no label is looked at."""

import json
import math
from dataclasses import replace

import pytest
from django.core.management import call_command

from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.training import prequential
from classifiers.training.data import in_turn
from classifiers.training.data.dataset import Row, read
from classifiers.types import Content
from classifiers.versions import artifacts

SCORER = LinearScorer("model-1", Weights.zero())
NEW_YEAR = 1_767_225_600.0
TEXT = "Please subscribe to my channel, it is the best of all the channels here"


def rows(count: int, **facts: object) -> list[Row]:
    return [Row(Content(TEXT), False, author=f"{n}", **facts) for n in range(count)]


def codes(assessment) -> set[str]:
    return {signal.code for signal in assessment.signals}


def test_the_same_words_by_others_are_noticed_from_the_second_on():
    found = list(in_turn.judged(rows(3), [SCORER]))
    assert ["behaviour.other_authors" in codes(each) for each in found] == [False, True, True]
    assert found[0].probability < found[1].probability < found[2].probability
    alone = list(in_turn.judged(rows(3), [SCORER], beside=False))
    assert len({each.probability for each in alone}) == 1


def test_what_comes_later_changes_nothing_and_labels_are_not_looked_at():
    posts = rows(100)
    whole = [each.probability for each in in_turn.judged(posts, [SCORER])]
    part = [each.probability for each in in_turn.judged(posts[:70], [SCORER])]
    turned = [replace(row, spam=True) for row in posts]
    assert whole[:70] == part
    assert whole == [each.probability for each in in_turn.judged(turned, [SCORER])]


@pytest.mark.parametrize(
    ("times", "told"),
    [
        ([0.0, 60.0, 120.0], True),
        ([120.0, 60.0, 0.0], False),
        # In one collection only spam has no time: that it has none must tell nothing.
        ([0.0, math.nan, 120.0], False),
        # Dates alone; and what some programs write for no time at all.
        ([0.0, 0.0, 0.0, 86_400.0], False),
        ([-60_000_000_000.0, 60.0, 120.0], False),
    ],
)
def test_times_count_where_all_posts_have_one_and_they_rise(times, told):
    one = rows(1)[0]
    posts = [replace(one, time=NEW_YEAR + time) for time in times]
    assert in_turn.in_order(posts) is told


def test_speed_is_told_by_times_that_rise_alone():
    one = rows(1)[0]
    fast = [replace(one, time=NEW_YEAR + 10.0 * n) for n in range(30)]
    assert "behaviour.speed" in codes(list(in_turn.judged(fast, [SCORER]))[-1])
    timeless = [replace(row, time=math.nan) for row in fast]
    assert "behaviour.speed" not in codes(list(in_turn.judged(timeless, [SCORER]))[-1])


def test_columns_of_a_conversation_are_read(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text(
        "comment,class,user,parent_text,ip\n"
        "so true,ham,jo,What do you think of the new bridge?,198.51.100.7\n"
        "me too,ham,4711,Who is coming on Sunday?,\n"
    )
    first, second = read(path).rows
    assert first.content.context == "What do you think of the new bridge?"
    assert (first.author, first.content.author.name) == ("jo", "jo")
    assert first.content.author.ip == "198.51.100.7"
    assert (second.author, second.content.author.name) == ("4711", "")


def test_a_number_of_what_is_answered_is_no_context(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("text,label,in_reply_to,author_id\nhello there,ham,918273,7\nbye,ham,,8\n")
    assert [(row.content.context, row.author) for row in read(path).rows] == [("", "7"), ("", "8")]


@pytest.mark.parametrize("command", ["prequential", "evaluate_model"])
def test_both_commands_tell_what_the_site_adds(command, tmp_path, capsys):
    path = tmp_path / "posts.csv"
    lines = [f'"{TEXT}",spam,{n}' for n in range(12)] + [
        f"The {word} was on the table,ham,h{word}" for word in ("lamp", "bread", "cup", "violin")
    ]
    path.write_text("\n".join(["text,label,author", *lines]))
    found = []
    for options in ([], ["--without-site"]):
        call_command(command, str(path), "--model", str(artifacts.STARTER), "--json", *options)
        found.append(json.loads(capsys.readouterr().out))
    assert [each["site"] for each in found] == [True, False]
    losses = [each.get("without_labels", each)["log_loss"] for each in found]
    assert losses[0] < losses[1]


def test_a_learner_sees_what_the_site_saw():
    seen = prequential.see(rows(3), [SCORER])
    assert seen[2].log_odds > seen[0].log_odds
    assert len(seen[2].buckets) > len(seen[0].buckets)
