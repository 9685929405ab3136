"""The decisive signals, and what happens when a heuristic breaks or a post is hostile."""

import logging
import subprocess
import sys

import pytest

from classifiers.heuristics import DECISIVE_SIGNALS, HEURISTICS, family_of, notice, notice_with
from classifiers.heuristics.standard_string import GTUBE
from classifiers.types import Content, History, Signal


@pytest.mark.parametrize(
    "content",
    [
        Content(GTUBE),
        Content("hello", title=GTUBE),
        Content(f"Hello,\n\nx{GTUBE}x and more text\nhttp://example.com"),
        Content("a" * 90_000 + GTUBE),
    ],
)
def test_the_standard_string_always_decides(content):
    decisive = [signal.code for signal in notice(content, History()) if signal.decisive]
    assert decisive == ["standard_string.gtube"]


def test_the_standard_string_is_the_published_one():
    assert len(GTUBE) == 68


@pytest.mark.parametrize("text", [GTUBE[:-1], GTUBE.lower(), "GTUBE", "anti-ube test email"])
def test_talk_about_the_standard_string_does_not_decide(text):
    assert not any(signal.decisive for signal in notice(Content(text), History()))


def test_a_filled_honeypot_decides():
    (signal,) = notice(Content("hello there", honeypot="x"), History())
    assert signal.code == "honeypot.filled"
    assert signal.decisive


@pytest.mark.parametrize("honeypot", ["", " ", "\n"])
def test_an_empty_honeypot_says_nothing(honeypot):
    assert notice(Content("hello there", honeypot=honeypot), History()) == ()


def test_decisive_codes_are_declared():
    assert set(DECISIVE_SIGNALS) == {"honeypot.filled", "standard_string.gtube"}


def test_a_broken_heuristic_fails_alone_and_quotes_nothing(caplog):
    def broken(content: Content, history: History) -> tuple[Signal, ...]:
        raise ValueError(content.text)

    broken.__module__ = "classifiers.heuristics.contact"
    content = Content(f"very private words {GTUBE}")
    with caplog.at_level(logging.DEBUG):
        signals = notice_with((broken, *HEURISTICS), content, History())
    failed = [signal for signal in signals if signal.failed]
    assert [signal.code for signal in failed] == ["contact.failed"]
    assert not failed[0].decisive
    assert "standard_string.gtube" in {signal.code for signal in signals}
    assert "contact" in caplog.text
    assert "private" not in caplog.text
    assert "private" not in failed[0].sentence


def test_every_family_can_fail_under_its_own_code():
    assert len({family_of(one) for one in HEURISTICS}) == len(HEURISTICS) >= 8


_HOSTILE = """
import resource
# A quadratic step would need minutes for any of these; all of them together need seconds.
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
from classifiers.heuristics import notice
from classifiers.text.normalize import fingerprint
from classifiers.types import Content, History
pieces = [
    "a", "A!", "a.", "a.co ", "1.", "1 ", "1-", "+1(", "[", "(", "<a href=", "[url=", "](", " ",
    "<p hidden>", "`", "```",
    ".- ", "41 ", "\\n", "@", "a@", "a@a.", "a(at)b", "a[dot]", "dot ", " . ", "http://",
    "http://a.com/ ",
    "http://a:b@c", "hxxp://", "xn--", "-", "_", "$", "text ", "text to 1", "whatsapp ", "0x",
    "aB1" * 14 + " ", "same line again here\\n", "spam ",
    "\\u0301", "\\u0301\\u0323", "\\uff9e\\u0338",
    "a\\u0301\\u0323\\u0338\\u0301", "\\u200b", "a\\u200b", "\\u200d", "\\u202e", "\\u00ad",
    "\\ue000",
    "\\u0430a", "\\u0430a\\u0431 ", "\\u0e01\\u0e31\\u0e49", "\\U0001f469\\u200d", "\\U0001f1e9",
]
for piece in pieces:
    text = (piece * 40_000)[:40_000]
    fingerprint(text)
    signals = notice(Content(text, title=text[:500]), History())
    assert not any(signal.failed for signal in signals), piece
# What is quadratic with a small constant shows only here.
for piece in (
    "a.", "a\\u200b", "\\u0301\\u0323", "\\uff9e\\u0338", "text 0171 234 5678 ", "%61",
    "\\u3002", "a\\u3002",
):
    text = (piece * 500_000)[:500_000]
    fingerprint(text)
    notice(Content(text), History())
"""


def test_hostile_posts_cost_linear_time():
    ended = subprocess.run(
        [sys.executable, "-c", _HOSTILE], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
