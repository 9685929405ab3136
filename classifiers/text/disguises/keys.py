"""English in letters that stand for others: another alphabet's, by sound or by keyboard, or turned.

A cipher whose key anybody knows costs next to nothing to name, so few words are enough to
believe it: those that it makes common English ones must save more bits than they and the key
take to tell (minimum description length), and be most of what is written so. Texts in another
alphabet are left alone where a common word of a language that is spelt in it stands in them.
"""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache, partial
from itertools import pairwise
from math import log2
from typing import Final

from classifiers.text import lexicon
from classifiers.text.characters import script_of
from classifiers.text.disguises.likenesses import likenesses
from classifiers.text.disguises.sounds import layouts, sounds

_ASCII: Final = string.ascii_lowercase
_ROWS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SAVED: Final = 10.0
"""Bits that a reading must save beyond its key: by chance one text in 2 ** 10 would."""
_FEWEST_READ: Final = 3
"""Words of a text in another alphabet; in its own language there are loan words."""
_ENGLISH: Final = 2
"""Common English words for each of another alphabet: who writes so would not change alphabets.
One for so many of them makes it likely."""
_SAMPLE: Final = 12
_SHORTEST: Final = 3
_MAYBE: Final = re.compile(
    "[\u0370-\u05ff\u10a0-\u10ff\u1680-\u16ff\u2801-\u28ff\u2c00-\u2dff\U00010300-\U00010950]"
)
_WORD: Final = re.compile(r"(?:[^\W\d_]|[\u2801-\u28ff])+")

_READABLE: Final = frozenset(
    (
        *("CYRILLIC", "GREEK", "COPTIC", "ARMENIAN", "GEORGIAN", "HEBREW"),
        *("GOTHIC", "RUNIC", "OGHAM", "GLAGOLITIC", "PHOENICIAN", "DESERET", "OLD_ITALIC"),
        "BRAILLE",
    )
)
_DEAD: Final = _READABLE - {"CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "HEBREW", "BRAILLE"}
"""In these nobody writes, so that looks may help."""
_OWN: Final = """
    что это как не на мы вы ты все всё для от или если уже есть был была было были бы так вот
    его ее её их мне меня тебя тебе нас вас нам вам только очень когда где там тут кто чтобы при
    про под над без да нет ну по за из со во ли же уж ещё еще может можно надо нужно сейчас здесь
    спасибо привет здравствуйте пожалуйста сегодня завтра хорошо я с в у к
    що це як та але вже від ви ми він вона воно вони його мене дуже треба немає або якщо коли де
    хто чи щоб дякую привіт сьогодні будь ласка є й з
    гэта што ён яна вельмі калі дзе няма або якія
    се са ще си има тук това беше много който която към при ако защо кога къде благодаря здравей
    аз ти той тя ние вие те че съм сме сте със
    је су ово шта како сам али си ће где кад није јер овај ова има хвала здраво данас ја ми
    сум ќе од оваа овој многу каде кога зошто
    және бұл мен үшін бар деп жоқ болып ол сен біз сіз емес керек қалай рахмет бүгін
    менен бул жана үчүн жок эмес керек кандай
    байна нь юм гэж би энэ дээр бол болно та бид юу яаж
    ва ки аз дар ба ин бо ро аст
    һәм белән бу да ул без сез түгел
    και το η ο να τα για με του της την τον στο στη στην στον δεν είναι ειναι που από απο σε θα
    μου σου ένα ενα μια μία τι οι ότι οτι αν πως όχι οχι ναι τη τους τις στα ή κι εγώ εσύ πολύ
    πολυ καλά σας μας αυτό αυτο όταν γιατί γιατι
    של את לא זה על אני הוא היא עם כי מה גם יש אם כל או אבל אין רק תודה היום
    է եմ որ են և ու ես մի այս չի իմ քո դու նա մենք
    და არ რომ ეს მე არის თუ კი მაგრამ ვარ რა შენ ჩემი
"""
"""What is said most in languages of those alphabets; English in their letters has no such word."""
_ONE_OWN_IN: Final = 8
_FOREIGN: Final = frozenset("ьъыщёєїўґқңғөүұһәӣӯҷљњћђџќѓέάόίύήώ")
"""Letters for which English by its sound has no use."""
_COMMON: Final = 1_000

Way = Callable[[str], str]
Options = Callable[[str], Sequence[str]]
"""What a letter may be."""


@cache
def _own() -> frozenset[str]:
    """Those that are no common English word by their sound."""
    ranks = lexicon.ranks()
    return frozenset(
        word for word in _OWN.split() if ranks.get(_by_sound(word), _COMMON) >= _COMMON
    )


@cache
def _turns() -> tuple[dict[int, int], ...]:
    """Keys of small Latin letters: the alphabet turned, mirrored, and the keys beside."""
    rows = [_ASCII[turn:] + _ASCII[:turn] for turn in range(1, 26)]
    tables = [str.maketrans(_ASCII, row) for row in (*rows, _ASCII[::-1])]
    for step in (1, -1):
        shifted = "".join(row[step:] + row[:step] for row in _ROWS)
        tables.append(str.maketrans("".join(_ROWS), shifted))
    return tuple(tables)


@cache
def _pairs() -> frozenset[str]:
    """Pairs of letters that English writes often."""
    counts = Counter(one + other for word in lexicon.ranks() for one, other in pairwise(word))
    return frozenset(pair for pair, count in counts.items() if count >= _COMMON_PAIR)


_COMMON_PAIR: Final = 60
_STRANGE_SHARE: Final = 0.4
_FEWEST_LETTERS: Final = 6
"""Fewer cannot save enough."""


def _bits(word: str, freedom: float = 0.0) -> float:
    """What a word saves that a reading makes a common one; less what its choices take."""
    return lexicon.bits(word) - freedom


@lru_cache(maxsize=4_096)
def _is_odd(word: str) -> bool:
    """Whether many of its pairs of letters are such as English hardly writes."""
    pairs = _pairs()
    odd = sum(one + other not in pairs for one, other in pairwise(word))
    return odd >= _STRANGE_SHARE * (len(word) - 1)


def turned(strange: Sequence[str]) -> dict[str, str]:
    """Strange words of small Latin letters, read by the one key that makes most of them words.

    >>> turned(["hfyhxiryv", "xszmmvo"]), turned(["zarbundi", "giulia", "szczebrzeszyn"])
    ({'hfyhxiryv': 'subscribe', 'xszmmvo': 'channel'}, {})
    """
    odd = [word for word in strange if len(word) > _SHORTEST and _is_odd(word)]
    if sum(map(len, odd)) < _FEWEST_LETTERS:
        return {}
    sample = sorted(odd, key=lambda word: (-len(word), word))[:_SAMPLE]
    joined = " ".join(sample)
    ranks = lexicon.ranks()
    best, key = 0.0, None
    for table in _turns():
        read = [word for word in joined.translate(table).split() if word in ranks]
        if read and 2 * len(read) >= len(sample):
            saved = sum(map(_bits, read))
            if saved > best:
                best, key = saved, table
    if key is None or best < _SAVED + log2(len(_turns())):
        return {}
    return {word: word.translate(key) for word in strange}


def transcribed(text: str) -> str:
    """Return normalised text with words of another alphabet as the English ones that they are.

    >>> transcribed("субскрибе то ми кханнел, клик хере")
    'subscribe to my channel, click here'
    >>> transcribed("ыгиыскшиу ещ ьн срфттуд"), transcribed("привет, видео и интернет")
    ('subscribe to my channel', 'привет, видео и интернет')
    """
    if text.isascii() or not _MAYBE.search(text):
        return text
    said = set(text.split())
    if _ONE_OWN_IN * len(said & _own()) >= len(said):
        return text
    found = Counter[str]()
    for char, count in Counter(text).items():
        if not char.isascii():
            found[_alphabet(char)] += count
    script, _ = found.most_common(1)[0]
    if script not in _READABLE:
        return text
    runs = _WORD.findall(text)
    words = [word for word in dict.fromkeys(runs) if not word.isascii() and _is_in(word, script)]
    own = sum(word in _own() for word in words)
    if not words or own * _ONE_OWN_IN >= len(words):
        return text
    sample = sorted((word for word in words if len(word) >= _SHORTEST), key=lambda w: (-len(w), w))
    english = sum(word.isascii() and lexicon.known(word) for word in runs)
    sure = script == "BRAILLE" or english >= _ENGLISH * len(words)
    likely = _ENGLISH * english >= len(words) and own == 0
    fewest = 1 if sure else min(2 if likely else _FEWEST_READ, max(len(sample), 2))
    least = (1 if sure else 2 if likely else 3) * _SAVED
    by_sound = _ONE_OWN_IN * sum(not _FOREIGN.isdisjoint(word) for word in words) < len(words)
    ways = _ways(script)[0 if by_sound else 1 :]
    way = _best_way(sample[:_SAMPLE], ways, fewest, least)
    if way is None:
        return text
    return _WORD.sub(lambda run: way(run[0]) if _is_in(run[0], script) else run[0], text)


def _is_in(word: str, script: str) -> bool:
    return all(char in _ASCII or _alphabet(char) == script for char in word)


@lru_cache(maxsize=4_096)
def _alphabet(char: str) -> str:
    return "BRAILLE" if "\u2800" < char <= "\u28ff" else script_of(char)


def _best_way(
    sample: Sequence[str], ways: Sequence[tuple[Way, Options]], fewest: int, least: float
) -> Way | None:
    """The way of reading that saves most, if that is enough and explains most of the words."""
    best: tuple[float, Way] | None = None
    for way, options in ways:
        saved, read, letters = 0.0, 0, 0
        for place, word in enumerate(sample):
            if meant := way(word):
                read += 1
                letters += len(word)
                saved += _bits(meant, sum(log2(len(options(char)) or 1) for char in word))
            elif 2 * (place + 1 - read) > len(sample):
                break
        else:
            enough = read >= fewest and saved >= (
                least if 3 * letters >= 2 * sum(map(len, sample)) else 3 * _SAVED
            )
            if enough and (best is None or saved > best[0]):
                best = (saved, _with_unknown(way, options))
    return best[1] if best else None


def _with_unknown(way: Way, options: Options) -> Way:
    """The way for words that are no common ones, too: by the likeliest letters."""

    def read(word: str) -> str:
        signs = _SOUNDED.findall(word) if way is _by_sound else word
        return way(word) or "".join((options(sign) or (sign,))[0] for sign in signs)

    return read


@cache
def _ways(script: str) -> tuple[tuple[Way, Options], ...]:
    """Ways of reading a script, each with what a letter of it may be."""
    found: list[tuple[Way, Options]] = [(_by_sound, _sounds_of)]
    if script in _DEAD:
        found.append((_by_looks_or_sound, _may_be))
    for layout in layouts():
        if any(script_of(sign) == script for sign in layout):
            found.append((_by_layout(layout), partial(_key_of, layout)))
    return tuple(found)


_TWO_FOR_ONE: Final = {
    "μπ": ("b", "mp"),
    "ντ": ("d", "nt"),
    "γκ": ("g", "nk"),
    "τζ": ("j", "g"),
    "ου": ("u", "oo", "w", "ou", "oy", "o"),
    "ει": ("i", "ee", "ei", "e"),
    "οι": ("i", "oi"),
    "αι": ("e", "ai"),
    "дж": ("j", "g"),
}
"""Sounds that an alphabet spells with two letters."""
_SOUNDED: Final = re.compile("|".join((*_TWO_FOR_ONE, ".")))


@lru_cache(maxsize=4_096)
def _by_sound(word: str) -> str:
    return lexicon.spelt(
        ((sign,) if sign in _ASCII else _sounds_of(sign), False) for sign in _SOUNDED.findall(word)
    )


def _sounds_of(sign: str) -> Sequence[str]:
    return _TWO_FOR_ONE.get(sign) or sounds(sign)


@lru_cache(maxsize=4_096)
def _may_be(char: str) -> tuple[str, ...]:
    """What it may be by its looks or by its sound."""
    return tuple(dict.fromkeys((*likenesses(char), *sounds(char))))


@lru_cache(maxsize=4_096)
def _by_looks_or_sound(word: str) -> str:
    return lexicon.spelt(((char,) if char in _ASCII else _may_be(char), False) for char in word)


def _key_of(layout: Mapping[str, str], char: str) -> str:
    return layout.get(char, "")


def _by_layout(layout: Mapping[str, str]) -> Way:
    table = str.maketrans(dict(layout))

    def read(word: str) -> str:
        meant = word.translate(table)
        return meant if lexicon.known(meant) else ""

    return read
