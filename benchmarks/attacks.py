"""Ways to write a post so that people read it and filters do not; written without the defences.

An attack takes a text, the words an attacker would hide, and a source of chance. Its letters
are its own, put together by hand from what such texts look like, not taken from any table that
`classifiers.text` reads. Links stay usable: only the attacks on links touch them.
"""

import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from string import ascii_lowercase
from typing import Final

SHARE: Final = 0.4
"""Letters altered where only some are."""
COVERAGES: Final = ("all letters", "some letters", "telling words")

_TOKEN: Final = re.compile(r"\S+")
LINK: Final = re.compile(r"(?i)https?://\S+|www\.\S+|\b[\w-]+\.(?:com|net|org|co|uk|ly|me|io)\b\S*")


@dataclass(frozen=True, slots=True)
class Plan:
    """What one post's attacker has in mind."""

    chance: random.Random
    coverage: str
    telling: frozenset[str]
    """Words, in small letters, that speak most for spam."""


Attack = Callable[[str, Plan], str]
Letter = Callable[[str, random.Random], str]


def _words(text: str, plan: Plan, alter: Callable[[str], str]) -> str:
    """The text with `alter` done to the words that the plan wants hidden, links apart."""

    def one(found: re.Match[str]) -> str:
        word = found[0]
        if LINK.search(word):
            return word
        bare = word.strip(".,!?:;\"'()").lower()
        hidden = plan.coverage != "telling words" or bare in plan.telling
        return alter(word) if hidden else word

    return _TOKEN.sub(one, text)


def letters(exchange: Letter) -> Attack:
    """An attack on single letters."""

    def attack(text: str, plan: Plan) -> str:
        share = SHARE if plan.coverage == "some letters" else 1.0

        def alter(word: str) -> str:
            return "".join(
                exchange(char, plan.chance)
                if char.isascii() and char.isalpha() and plan.chance.random() < share
                else char
                for char in word
            )

        return _words(text, plan, alter)

    return attack


def words(exchange: Callable[[str, random.Random], str]) -> Attack:
    """An attack on whole words; some of them where the plan says some letters."""

    def attack(text: str, plan: Plan) -> str:
        share = SHARE if plan.coverage == "some letters" else 1.0

        def alter(word: str) -> str:
            long_enough = sum(map(str.isalpha, word)) > 2
            if long_enough and plan.chance.random() < share:
                return exchange(word, plan.chance)
            return word

        return _words(text, plan, alter)

    return attack


def table(small: dict[str, str], capital: dict[str, str] | None = None) -> Letter:
    def exchange(char: str, chance: random.Random) -> str:
        options = (capital or {}).get(char) or small.get(char.lower())
        return chance.choice(options) if options else char

    return exchange


def row(row: str) -> Letter:
    """Twenty-six letters, one for each of the alphabet."""
    return table(dict(zip(ascii_lowercase, row, strict=True)))


_CYRILLIC = {
    "a": "а",
    "b": "ь",
    "c": "с",
    "d": "ԁ",
    "e": "е",
    "f": "ғ",
    "h": "һ",
    "i": "і",
    "j": "ј",
    "k": "к",
    "l": "ӏ",
    "m": "м",
    "n": "п",
    "o": "о",
    "p": "р",
    "q": "ԛ",
    "r": "г",
    "s": "ѕ",
    "t": "т",
    "u": "ц",
    "v": "ѵ",
    "w": "ԝ",
    "x": "х",
    "y": "у",
}
_CYRILLIC_CAPITALS = dict(zip("ABCEHIJKMOPSTXY", "АВСЕНІЈКМОРЅТХУ", strict=True))
_GREEK = dict(zip("abeiknoprtuvwxy", "αβεικηορρτυνωχγ", strict=True))
_GREEK_CAPITALS = dict(zip("ABEHIKMNOPTXYZ", "ΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", strict=True))
_LEET = {
    "a": "4@",
    "b": "8",
    "e": "3",
    "g": "9",
    "i": "1!",
    "l": "1",
    "o": "0",
    "s": "5$",
    "t": "7",
}
_CHEROKEE = dict(zip("abcdeghijklmprstvwz", "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃ", strict=True))
_STYLES = (0x1D41A, 0x1D44E, 0x1D482, 0x1D4EA, 0x1D586, 0x1D5BA, 0x1D5EE, 0x1D68A)
_ENCLOSED = (0x24D0, 0x1F130, 0x1F150, 0x1F170, 0xFF41)
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\u2063"


def _mixed(char: str, chance: random.Random) -> str:
    table = chance.choice((_CYRILLIC, _GREEK, _CHEROKEE))
    return table.get(char.lower(), char)


def _mark(char: str, chance: random.Random) -> str:
    return unicodedata.normalize("NFC", char + chr(chance.randrange(0x300, 0x315)))


def _zalgo(char: str, chance: random.Random) -> str:
    return char + "".join(chr(chance.randrange(0x300, 0x36F)) for _ in range(chance.randint(2, 7)))


def _styled(text: str, plan: Plan) -> str:
    start = plan.chance.choice(_STYLES)
    return letters(lambda char, _: _offset(char, start, ascii_lowercase))(text, plan)


def _enclosed(text: str, plan: Plan) -> str:
    start = plan.chance.choice(_ENCLOSED)
    return letters(lambda char, _: _offset(char, start, ascii_lowercase))(text, plan)


def _offset(char: str, start: int, order: str) -> str:
    found = chr(start + order.index(char.lower()))
    return found if unicodedata.name(found, "") else char


def _boxes(word: str, chance: random.Random) -> str:
    return chance.choice((" ", "\u200b")).join(
        chr(0x1F1E6 + ord(char.lower()) - 97) if char.isascii() and char.isalpha() else char
        for char in word
    )


def _spaced(text: str, plan: Plan) -> str:
    def alter(word: str) -> str:
        return f" {' '.join(word)} " if len(word) > 1 else word

    return _words(text, plan, alter).strip()


def _punctuated(word: str, chance: random.Random) -> str:
    return chance.choice(".-_*·/~'|").join(word)


def on_links(alter: Callable[[str, random.Random], str]) -> Attack:
    return lambda text, plan: LINK.sub(lambda found: alter(found[0], plan.chance), text)


def _defanged(link: str, chance: random.Random) -> str:
    dot = chance.choice(("[.]", "(dot)", " . ", " dot "))
    return link.replace("http", "hxxp").replace(".", dot)


def _homograph(link: str, chance: random.Random) -> str:
    head, _, path = link.partition("//") if "//" in link else ("", "", link)
    host, slash, rest = path.partition("/")
    name, dot, ending = host.rpartition(".")
    posed = "".join(_CYRILLIC.get(char, char) if char in "aceopxy" else char for char in name)
    return f"{head}{'//' if head else ''}{posed}{dot}{ending}{slash}{rest}"


ATTACKS: Final[dict[str, Attack]] = {
    "cyrillic": letters(table(_CYRILLIC, _CYRILLIC_CAPITALS)),
    "greek": letters(table(_GREEK, _GREEK_CAPITALS)),
    "several alphabets": letters(_mixed),
    "one mark on each letter": letters(_mark),
    "zalgo": letters(_zalgo),
    "small capitals": letters(row("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ")),
    "mathematical": _styled,
    "enclosed or wide": _enclosed,
    "boxed (flags)": words(_boxes),
    "invisible": letters(lambda char, chance: char + chance.choice(_UNSEEN)),
    "leet": letters(table(_LEET)),
    "spaced": _spaced,
    "punctuated": words(_punctuated),
    "drawn out": letters(lambda char, chance: char * chance.choice((1, 1, 4, 6))),
    "emoji between": words(lambda word, chance: chance.choice("🔥✨💥").join(word)),
    "links taken apart": on_links(_defanged),
    "links with look-alikes": on_links(_homograph),
}
