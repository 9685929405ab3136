"""Shouting: capitals, exclamation marks, money signs, emoji."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from classifiers.heuristics.wording import counted, grade, whole_text
from classifiers.text.disguises.likenesses import read_by_looks
from classifiers.text.disguises.spelling import joined, read_digits
from classifiers.text.emoji import count_emoji
from classifiers.text.normalize import clean
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = (
    "shouting.capitals",
    "shouting.currency",
    "shouting.emoji",
    "shouting.exclamation",
)

_MIN_LETTERS = 12
"""Fewer letters are a word or an abbreviation, not a voice."""
_LETTERS, _CAPITALS = string.ascii_letters.encode(), string.ascii_uppercase.encode()
# Inside a word the sign stands for a letter.
_SCREAM = re.compile(r"[!！¡‼⁉❗❕](?![^\W_])")
_SIGN = "$¢£¥฿₠-₿"
_MONEY_EMOJI = "💰💸🤑💵💲"
# Signs also stand about formulas and before the names of programs' values: $$x^2$$, '$1'.
_MONEY = re.compile(
    rf"[{_SIGN}\d{_MONEY_EMOJI}](?:"
    rf"(?<=\d)(?<![=^_].)\s?"
    rf"(?:[{_SIGN}](?![{_SIGN}])|(?:usdt?|eur|gbp|btc|eth|inr|rub|руб|บาท|円|元)\b)"
    rf"|(?<=[{_SIGN}])(?:\s?\d(?![\"'`\\\\}}])|[{_SIGN}]{{2,}}|(?<!\S.)[{_SIGN}](?![^\s.,!?]))"
    rf"|(?<=[{_MONEY_EMOJI}]))",
    re.IGNORECASE,
)
# Signs of few currencies, drawn in place of letters.
_MAYBE_LETTERS = re.compile(r"[฿₠-₫₭-₸₺-₿](?:(?<=[^\W\d_].)|(?=[^\W\d_]|[฿₠-₿]))")
_MAYBE_MONEY = re.compile(rf"[{_SIGN}{_MONEY_EMOJI}\d]")


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Signals about the voice of title and text."""
    return tuple(_voice(whole_text(content)))


def _voice(text: str) -> Iterator[Signal]:
    # Enclosed capitals are upper case and no letters: they dress up small ones, too.
    if text.isascii():
        codes = text.encode()
        letters = len(text) - len(codes.translate(None, _LETTERS))
        capitals = len(text) - len(codes.translate(None, _CAPITALS))
    else:
        letters = sum(map(str.isalpha, text))
        capitals = sum(map(str.isalpha, filter(str.isupper, text)))
    if capitals > _MIN_LETTERS / 3:
        share = capitals / max(letters, 1)
        if letters >= _MIN_LETTERS and share > 0.3:
            sentence = f"{share:.0%} of the letters are capitals."
            yield Signal("shouting.capitals", sentence, (share - 0.3) / 0.7)
    screams = len(_SCREAM.findall(text))
    if screams > 1:
        sentence = counted(screams, "exclamation mark") + "."
        yield Signal("shouting.exclamation", sentence, grade(screams - 1, 10))
    # As read: figures, signs and enclosed letters that spell words are neither sums nor emoji.
    read = " ".join(joined(clean(text).lower()).split())
    sums = 0
    if _MAYBE_MONEY.search(read):
        told = read_by_looks(read) if _MAYBE_LETTERS.search(read) else read
        sums = len(_MONEY.findall(read_digits(told)))
    if sums:
        sentence = f"{counted(sums, 'sum')} of money or rows of money signs."
        yield Signal("shouting.currency", sentence, grade(sums, 5))
    # Nor are those of one family several, from which a reading takes the joiners.
    emoji = count_emoji(text)
    if emoji > 2 and (emoji := min(emoji, count_emoji(read))) > 2:
        words = len(read.split())
        share = min(emoji / max(words, 1), 1.0)
        sentence = f"{counted(emoji, 'emoji', 'emoji')} in {counted(words, 'word')}."
        yield Signal("shouting.emoji", sentence, (share + grade(emoji, 20)) / 2)
