"""What a community usually talks of, learnt from its posts alone."""

import random

import pytest

from classifiers.talk import MOST_POSTS, MOST_WORDS, WARM, Talk, words

TOPICS = (
    "the new lens is sharp in the corners but the old camera body focuses slowly at night",
    "I printed the photo on matte paper and the colours came out much warmer than on screen",
    "does anybody know a good tripod that is light enough for a long walk in the hills",
    "my shutter sticks when it is cold so I keep the battery and the camera in my pocket",
    "a longer exposure makes the water smooth but you need a dark filter in the sun",
)
ABROAD = "Зарабатывай каждый день не выходя из дома, пиши мне прямо сейчас и получи бонус"
SELLING = (
    "guaranteed casino jackpot bonus deposit today withdraw instantly crypto investment profit"
)


def posts(count: int, seed: int = 7) -> list[str]:
    """Posts of made-up talk about photography: words of the topics, shuffled."""
    rng = random.Random(seed)
    pool = " ".join(TOPICS).split()
    return [" ".join(rng.sample(pool, rng.randint(10, 25))) for _ in range(count)]


@pytest.fixture(scope="module")
def photographers() -> Talk:
    return Talk(seed=1).hear(posts(400))


def test_a_new_site_finds_nothing_surprising():
    talk = Talk(seed=1).hear(posts(2 * WARM - 1))
    assert talk.surprise(SELLING) is None
    assert Talk(seed=1).hear(posts(WARM - 1)).foreign(ABROAD) is None


def test_people_who_all_say_the_same_are_not_taken_for_the_measure(photographers):
    alike = Talk(seed=1).hear([TOPICS[0]] * 300)
    assert alike.variance < 0.01
    assert alike.surprise(TOPICS[0].replace("sharp", "blurred")) < 2


def test_what_nobody_says_here_surprises(photographers):
    usual = [photographers.surprise(text) for text in posts(100, seed=8)]
    assert all(value is not None and value < 3 for value in usual)
    assert photographers.surprise(SELLING) > 4
    assert photographers.surprise(ABROAD) > 4


def test_letters_of_another_script_are_foreign_where_nobody_writes_it(photographers):
    assert photographers.foreign(ABROAD) == 1.0
    assert photographers.foreign(SELLING) == 0.0
    assert photographers.foreign(f"{SELLING} {SELLING} {ABROAD}") < 0.5
    both = photographers.hear([ABROAD] * 100)
    assert both.foreign(ABROAD) == 0.0


def test_one_word_or_none_is_no_talk(photographers):
    assert photographers.surprise("casino") is None
    assert photographers.surprise("123 !!! \U0001f600") is None
    assert photographers.foreign("Ж") is None


def test_what_many_come_to_say_becomes_usual(photographers):
    later = photographers.hear([SELLING] * 200)
    assert later.surprise(SELLING) < photographers.surprise(SELLING) / 2


def test_hearing_changes_nothing_that_was_there(photographers):
    before = photographers.counts.tobytes()
    photographers.hear([SELLING])
    assert photographers.counts.tobytes() == before


def test_counts_stay_bounded():
    talk = Talk(seed=1, posts=MOST_POSTS - 1, scripts={"LATIN": MOST_POSTS - 1})
    talk = talk.hear(["one two three four five six seven"])
    assert talk.posts == MOST_POSTS // 2
    assert max(talk.counts) <= talk.posts


def test_another_seed_hides_the_words_elsewhere():
    first, second = (Talk(seed=seed).hear(posts(60)).counts.tobytes() for seed in (1, 2))
    assert first != second


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One, two; ONE", ["one", "two"]),
        ("我们明天见", ["我们", "们明", "明天", "天见"]),
        ("x" * 40, ["xx"]),
        ("", []),
        ("42 :-)", []),
    ],
)
def test_words(text, expected):
    assert words(text) == expected


def test_a_long_text_is_looked_at_in_part():
    assert len(words(" ".join(f"w{chr(97 + n % 26)}{chr(97 + n // 26)}" for n in range(600)))) == (
        MOST_WORDS
    )
