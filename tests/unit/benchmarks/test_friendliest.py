"""The benchmark of honest words beside spam asks what it says."""

import random

from benchmarks.friendliest import beside, sentences

SPAM = "one two three four five six seven eight nine"
HONEST = ["We were home before the rain came.", "The dog slept the whole way back."]


def test_sentences_are_whole_plain_and_each_once():
    text = (
        "Hi. We were home before the rain came. Go to https://a.example.org/now. Schön war es dort."
    )
    assert sentences([text, text]) == ["We were home before the rain came."]


def test_spam_stands_whole_beside_honest_sentences_in_each_of_four_ways():
    made = {beside(SPAM, HONEST, 2, random.Random(number)) for number in range(200)}
    shapes = set()
    for text in made:
        told = text.replace("\n> ", " ").removeprefix("> ")
        assert SPAM in told
        assert any(one in text for one in HONEST)
        before, _, after = told.partition(SPAM)
        shapes.add((bool(before), bool(after), text.startswith("> ")))
    assert shapes == {
        (True, False, False),
        (False, True, False),
        (True, True, False),
        (False, True, True),
    }
