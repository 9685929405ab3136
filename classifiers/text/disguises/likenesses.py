"""Words drawn with letters of anywhere, read by what their letters look like.

Unicode's table of confusables holds what may be mistaken for one another in an address; people
read far looser likenesses, and several at once. So each letter has a few readings here, and a
word is read as another only if that is a common English word. That is the guard of honest text:
Russian, Greek or Chinese read by looks is a jumble, and stays.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

from classifiers.text import language, lexicon
from classifiers.text.characters import STACKING_MARKS, char_class, script_of
from classifiers.text.confusables import look_alikes
from classifiers.text.disguises.sounds import sounds
from classifiers.text.national import plain

_ROWS: Final = """
    a αадДλΛΔ卂ﾑム丹لลคሰᗩɑ
    b βвьъбБ乃бც๒阝
    c сςϲ匚ㄷᄃכርငċ亡
    d ԁδ刀๔ժძԃ
    e еєεэξΣΞ乇モヨЄэҽ巳
    f ғϝ下千チԲ
    g ģցɠբ厶Ԍ彡و
    h һнћђ卄んհዘҺ廾サ
    i іιїίيเ工エ丨ıɨՇ讠
    j јʝ丁フ亅ڶյ
    k кκҝ长ズкҡ片ケ
    l ӏㄥ乚ᄂレしլι丨
    m мм从爪冊๓ოጠ月
    n пиηήπлйНИ几んռภຖП門冂
    o оοσθΩөфюӨ口ㄖ回の๏օסㅇロ
    p рρ尸卩アや卩קþ
    q ԛգҩ㔿๑
    r гяρ尺ГЯՐ
    s ѕςടร丂ちƽƨらㄎ弓
    t тτ丅ナ七ㄒ匕イՇƭ干ィ
    u цυμиύนㄩ凵ひвцЦ
    v νѵ۷リレνγ
    w ԝωшщ山ฬพщШЩѡ屮リ
    x хχж乂メㄨжҳאฯ
    y уγүყ丫ㄚリㄗчуЧүץע
    z ζ乙ㄗʐჀ之
"""
"""A letter, and what is drawn in its place beyond what Unicode's table says."""
_FILE: Final = Path(__file__).with_name("looks.txt")
"""More of the same: the alphabets that generators of fancy text offer, then letters of thirty
alphabets in the order of their distance from a Latin one, both drawn at the same size in Noto
Sans (blurred, mean absolute difference at most .17, proportions included)."""
_TURNED: Final = {"ɔ": "c", "ɟ": "f", "ƃ": "g", "ɾ": "r", "ſ": "j", "ʃ": "l", "ן": "l", "Ɔ": "c"}
"""Letters that look like another turned round, and are not named so."""
_EITHER_WAY: Final = {
    "b": "bq",
    "d": "dp",
    "n": "nu",
    "p": "pd",
    "q": "qb",
    "u": "un",
    "m": "mw",
    "w": "wm",
}
"""What a plain letter is when the page is turned."""
_LAST_LATIN: Final = "\u02ff"
_ASCII_LETTER: Final = re.compile(r"[A-Za-z]")
_ASCII_WORD: Final = string.ascii_letters + string.digits
_FIGURES: Final = dict(
    zip("013456789", ("o", "il", "e", "a", "s", "g", "t", "b", "g"), strict=True)
)
_CURRENCIES: Final = {"$": "s", "@": "a", "¢": "c", "£": "le", "¤": "o", "¥": "y", "€": "e"} | dict(
    zip("₡₤₧₨₫₯₴₹₺₼₽₿", ("c", "l", "p", "r", "d", "du", "h", "r", "tl", "m", "r", "b"), strict=True)
)
"""Signs that stand for a letter where others of its word are drawn."""
_FEWEST: Final = 4
"""Letters of a word that has not one of its own alphabet; a shorter one is read by chance."""
_FEWEST_MIXED: Final = 3
_FEWEST_ROUND: Final = 2
"""Words that are turned round; one is by chance."""
_MOST: Final = 1_000
"""Distinct words looked at."""
_MOST_BY_SOUND: Final = 200


@cache
def _readings() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in (*_ROWS.strip().split("\n"), *_FILE.read_text("utf-8").splitlines()):
        letter, _, alike = row.strip().partition(" ")
        for char in alike:
            if letter not in found.get(char, ""):
                found[char] = found.get(char, "") + letter
    for char, letter in look_alikes()["LATIN"].items():
        small = letter.lower()
        found[char] = small + found.get(char, "").replace(small, "")
    return found


@cache
def _triggers() -> frozenset[str]:
    """Characters that make a word worth a look: of another script, or turned."""
    turned = map(
        chr, (0x18E, 0x1DD, *range(0x250, 0x2B0), *range(0x1D00, 0x1DC0), *range(0x2C60, 0x2C80))
    )
    foreign = (char for char in _readings() if script_of(char) != "LATIN")
    return frozenset((*foreign, *filter(_is_turned, turned), *_TURNED))


@cache
def _readable() -> frozenset[str]:
    """Characters of the words that can be read at all."""
    latin = (char for char in map(chr, range(0xC0, 0x2B0)) if _choices[char])
    plain_ones = frozenset(_ASCII_WORD) | _CURRENCIES.keys()
    return _triggers() | frozenset(latin) | STACKING_MARKS | plain_ones


@cache
def _word() -> re.Pattern[str]:
    """Letters, figures, marks, and signs that are no letters and look like one."""
    signs = {char for char in _readings() if not char.isalnum()} | _CURRENCIES.keys()
    return re.compile(rf"(?:[^\W_]|{char_class(STACKING_MARKS | signs)})+")


class _Choices(dict[str, str]):
    """A memory of what each character may stand for; its size is bounded by Unicode's."""

    def __missing__(self, char: str) -> str:
        choices = char.lower() if "A" <= char <= "z" else _FIGURES.get(char, "")
        if not char.isascii():
            choices = _TURNED.get(char, "") + _readings().get(char, "")
            if script_of(char) == "LATIN":
                letter = plain(char).lower()
                choices += letter if letter.isascii() and letter not in choices else ""
        choices += _CURRENCIES.get(char, "")
        self[char] = choices
        return choices


_choices = _Choices()


def likenesses(char: str) -> str:
    """The letters that a character may be taken for by its looks, the likeliest first.

    >>> likenesses("я"), likenesses("é"), likenesses("天")
    ('r', 'e', '')
    """
    return _choices[char]


def _is_turned(char: str) -> bool:
    return char in _TURNED or "TURNED" in unicodedata.name(char, "")


def read_by_looks(text: str) -> str:
    """Return the text with words that are common English ones by looks written as those.

    >>> read_by_looks("fяее mоиеу, 卩lease"), read_by_looks("ʎǝuoɯ ǝǝɹɟ")
    ('free money, please', 'free money')
    >>> read_by_looks("Просто нос и рот"), read_by_looks("我们看电影")
    ('Просто нос и рот', '我们看电影')
    """
    if text.isascii():
        return text
    present = set(text)
    drawn = len(_triggers() & present)
    if not drawn or drawn < sum(char > _LAST_LATIN for char in present - _readable()):
        # What is honestly written in another script has more letters that look like nothing.
        return text
    words = [word for word in dict.fromkeys(_word().findall(text)) if not word.isascii()]
    readable = _readable()
    sure: dict[str, str] = {}
    likely: dict[str, str] = {}
    short: dict[str, str] = {}
    unread: list[str] = []
    for place, word in enumerate(words[:_MOST]):
        if _triggers().isdisjoint(word):
            continue
        meant = _read(word) if readable.issuperset(word) else ""
        if not meant and place < _MOST_BY_SOUND and _is_mixed(word):
            meant = _by_looks_or_sound(word)
        if not meant:
            unread.append(word)
        elif _is_mixed(word):
            sure[word] = meant
        else:
            (likely if len(word) >= _FEWEST else short)[word] = meant
    long = [word for word in unread if len(word) >= _FEWEST_MIXED]
    backwards = _turned_round(long)
    sure |= backwards
    long = [word for word in long if word not in backwards]
    if len(likely) > sum(not _is_mixed(word) for word in long):
        sure |= likely | short
    if (sure and not any(_is_mixed(word) for word in long)) or len(sure) > len(long):
        sure |= likely | short
    if not sure or _is_chance(sure, text):
        return text
    reversals = sum(map(_is_reversal, sure, sure.values()))
    turned = 2 * reversals > len(words)
    if turned:
        sure |= {word: meant for word in sure if (meant := _read(word, turned=True))}
    if len(sure) >= len(long):
        sure |= {word: first for word in unread if (first := _first_choice(word, turned))}
    text = _word().sub(lambda found: sure.get(found[0], found[0]), text)
    return _upright(text, frozenset(sure.values())) if turned else text


def _is_chance(read: Mapping[str, str], text: str) -> bool:
    """Whether one word, all of one alphabet, is all there is: some words look like English ones."""
    alone = len(set(read.values())) == 1 and not any(map(_is_mixed, read))
    return alone and not _ASCII_LETTER.search(text)


def without_loose_marks(text: str) -> str:
    """Return the text with common words in place of those that marks hang on.

    A spelling's marks are part of its letters, in composed text; those of a disguise are left.

    >>> without_loose_marks("s\u033ce\u033cnd caf\u00e9")
    'send caf\u00e9'
    """
    if text.isascii() or STACKING_MARKS.isdisjoint(text):
        return text
    return _word().sub(_without_marks, text)


def _without_marks(found: re.Match[str]) -> str:
    word = found[0]
    if STACKING_MARKS.isdisjoint(word):
        return word
    bare = "".join(plain(char) for char in word if char not in STACKING_MARKS)
    return bare if lexicon.known(bare.lower()) else word


def _is_mixed(word: str) -> bool:
    """Whether letters meet that no language writes in one word."""
    scripts = {script_of(char) for char in word if char.isalpha()}
    return "LATIN" in scripts or len(scripts) > 1


def _options(word: str) -> list[str]:
    return [_choices[char] for char in word if char not in STACKING_MARKS]


def _read(word: str, *, turned: bool = False) -> str:
    """The common word that this one looks like; empty if it looks like none."""
    options = _options(word)
    if not (_FEWEST_MIXED <= len(options) <= lexicon.LONGEST and all(options)):
        return ""
    if any(map(_is_turned, word)):
        either = [_EITHER_WAY.get(one, one) for one in options]
        first, second = (either[::-1], either) if turned else (either, either[::-1])
        return lexicon.first_known(first) or lexicon.first_known(second)
    return lexicon.spelt((option, False) for option in options)


def _turned_round(unread: Sequence[str]) -> dict[str, str]:
    """Words that look like common ones from their end on, if most of these do."""
    words = [word for word in unread if len(word) >= _FEWEST and _readable().issuperset(word)]
    read: dict[str, str] = {}
    for place, word in enumerate(words[:_MOST_BY_SOUND]):
        options = _options(word)[::-1]
        possible = all(options) and len(options) <= lexicon.LONGEST
        if possible and (meant := lexicon.spelt((option, False) for option in options)):
            read[word] = meant
        if 2 * (place + 1 - len(read)) > len(unread):
            return {}
    return read if len(read) >= _FEWEST_ROUND and 2 * len(read) > len(unread) else {}


def _by_looks_or_sound(word: str) -> str:
    letters = [char for char in word if char not in STACKING_MARKS]
    if not _FEWEST_MIXED <= len(letters) <= lexicon.LONGEST:
        return ""
    options = (dict.fromkeys((*_choices[char], *_sounds(char))) for char in letters)
    return lexicon.spelt((tuple(one), False) for one in options)


def _sounds(char: str) -> tuple[str, ...]:
    return () if char.isascii() else sounds(char)


def _is_reversal(word: str, meant: str) -> bool:
    options = _options(word)
    return any(map(_is_turned, word)) and not all(map(_may_be, meant, options))


def _may_be(letter: str, options: str) -> bool:
    return letter in options or letter in _EITHER_WAY.get(options, "")


def _first_choice(word: str, turned: bool) -> str:
    """The word by the likeliest look of each letter; empty where one has none."""
    options = _options(word)
    if turned and any(map(_is_turned, word)):
        options = [_EITHER_WAY.get(one, one) for one in options[::-1]]
    if not all(options):
        return ""
    meant = lexicon.spelt((option, False) for option in options)
    return meant or language.likeliest(options)


def _upright(text: str, meant: frozenset[str]) -> str:
    """A page that was turned as a whole: what is left of it, and its words from the last on."""

    def turn(token: str) -> str:
        if "://" in token or not meant.isdisjoint(_word().findall(token)):
            return token
        either = [_EITHER_WAY.get(char, char) for char in token.lower()[::-1]]
        return (token.isalpha() and lexicon.first_known(either)) or token[::-1]

    return "\n".join(
        " ".join(turn(token) for token in line.split()[::-1]) for line in text.split("\n")
    )
