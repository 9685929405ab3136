"""A post beside the others of its site: what is told, when, and how little it weighs."""

from dataclasses import replace

import pytest

from classifiers.heuristics import community
from classifiers.types import AuthorFacts, Community, Content, History, Sighting, Signal

LINKED = Content("Have a look at https://offers.example.org/a and tell me.")
QUESTION = (
    "Which telescope would you recommend for watching planets from a balcony, and does light "
    "pollution matter much for beginners?"
)
OFF = (
    "Earn money every single month working completely remote, payments arrive instantly, "
    "register before Friday"
)
ON = (
    "Planets are bright, so light pollution hardly matters; a small telescope on a stable "
    "balcony table shows beginners Saturn"
)
GROWN = 10_000


def noticed(content: Content, here: Community | None) -> dict[str, Signal]:
    return {one.code: one for one in community.notice(content, History(community=here))}


def seen(**known: object) -> Community:
    return Community(GROWN, (Sighting(**known),))


SPEAKING = {
    "community.new_contact": (LINKED, seen()),
    "community.own_contact": (LINKED, seen(own=True, days=2.0)),
    "community.sudden_contact": (LINKED, seen(others=6, trusted=1, days=0.5)),
    "community.usual_contact": (LINKED, seen(others=20, trusted=12, days=90.0)),
    "community.unusual_talk": (Content("Hello"), Community(GROWN, surprise=4.0)),
    "community.unusual_script": (Content("Hello"), Community(GROWN, foreign=0.9)),
    "community.off_topic": (Content(OFF, context=QUESTION), None),
    "community.on_topic": (Content(ON, context=QUESTION), None),
}
HONEST = {"community.usual_contact", "community.on_topic"}


@pytest.mark.parametrize(("code", "post"), SPEAKING.items(), ids=SPEAKING)
def test_each_speaks_for_its_side(code, post):
    (signal,) = noticed(*post).values()
    assert signal.code == code
    assert 0 < signal.value <= 1
    assert (signal.log_odds < 0) == (code in HONEST)
    assert abs(signal.log_odds) <= 0.5
    assert not signal.decisive


def test_every_signal_has_an_example():
    assert set(SPEAKING) == set(community.BEHAVIOUR_SIGNALS)


@pytest.mark.parametrize("counted", [0, 1, 50])
def test_a_site_that_has_seen_little_finds_nothing_new(counted):
    for _, here in SPEAKING.values():
        if here is not None and here.sightings:
            assert noticed(LINKED, replace(here, counted=counted)) == {}


def test_what_is_new_is_told_more_loudly_the_more_a_site_has_seen():
    told = [
        noticed(LINKED, Community(counted, (Sighting(),)))["community.new_contact"].log_odds
        for counted in (60, 200, 500, 50_000)
    ]
    assert told == sorted(told)
    assert told[0] < 0.05
    assert told[2] == told[3]


@pytest.mark.parametrize(
    "here",
    [
        None,
        Community(GROWN),
        Community(GROWN, surprise=1.9, foreign=0.1),
        seen(others=2, trusted=0, days=1.0),
        seen(others=20, trusted=11, days=1.0),  # news that spread among honest people
        seen(others=20, trusted=4, days=200.0),  # spam that is never let through stays unusual
        seen(own=True, others=1, days=3.0),
    ],
)
def test_what_is_ordinary_says_nothing(here):
    assert noticed(LINKED, here) == {}


@pytest.mark.parametrize(
    ("text", "context"),
    [
        ("Thanks!", QUESTION),
        (OFF, ""),
        (OFF, "Nice one."),
        ("Merci beaucoup pour la réponse", QUESTION),
        ("ขอบคุณมาก", "กล้องดูดาวตัวไหนดีสำหรับดูดาวเคราะห์จากระเบียง"),
        ("На балконе хватит и маленького телескопа со штативом", QUESTION),
    ],
)
def test_brief_answers_and_brief_questions_are_not_off_topic(text, context):
    assert noticed(Content(text, context=context), None) == {}


def test_topics_are_told_in_scripts_without_spaces():
    asked = "请问哪种天文望远镜适合在阳台上观察行星和月亮呢？"
    about = "在阳台上观察行星的话，小型天文望远镜就够用了。"
    other = "每月轻松赚钱，远程工作，马上注册领取奖金！"
    assert list(noticed(Content(about, context=asked), None)) == ["community.on_topic"]
    assert list(noticed(Content(other, context=asked), None)) == ["community.off_topic"]


@pytest.mark.parametrize(
    ("content", "things"),
    [
        (Content("see www.a.example.com and http://b.example.com/x"), ("domain example.com",)),
        (Content("join https://t.me/somebody"), ("link t.me/somebody",)),
        (Content("call +44 (0)161 496 0000 now"), ("contact 614960000",)),
        (Content("call 0161 496 0000 now"), ("contact 614960000",)),
        (Content("to Jo.Doe@Example.com"), ("contact jo.doe@example.com",)),
        (Content("Hi", author=AuthorFacts(url="https://me.example.org")), ("domain example.org",)),
        (
            Content("https://a.example.com/?to=https%3A%2F%2Fme.example.org and bit.ly/a?b=c"),
            ("domain example.com", "link bit.ly/a?b=c", "domain example.org"),
        ),
        (Content("nothing to see here"), ()),
    ],
)
def test_what_a_post_brings_is_one_thing_however_it_is_written(content, things):
    assert community.brought(content) == things


def test_a_flood_of_links_is_looked_up_in_part():
    text = " ".join(f"https://site{n}.example{n}.com" for n in range(300))
    assert len(community.brought(Content(text))) == community.MOST
