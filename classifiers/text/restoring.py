"""Words that people can still read although their letters were moved, doubled or left out.

A noisy channel: a word that nobody writes is held against what it would be if it had been
turned round, drawn out, swapped, enciphered or stripped of vowels, and is read as that if that
is a common English word. Where most words are strange, as in every other language, one way of
writing must explain at least half of them before any is changed.
"""

from __future__ import annotations

import codecs
import re
import string
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, lru_cache
from operator import itemgetter
from typing import Final

from classifiers.text import elastic, lexicon
from classifiers.text.affixes import unaffixed
from classifiers.text.deciphering import deciphered
from classifiers.text.keys import transcribed, turned
from classifiers.text.parting import parted

_EDGES: Final = string.punctuation + "…“”‘’«»–—"
_TELLING: Final = 4
"""Letters; a shorter word is too often the likeness of another by chance."""
_COMMON: Final = 3_000
"""Rank within which a word may be taken for another that looks or sounds like it."""
_COMMONPLACE: Final = 300
_REMEMBERED: Final = 4_096
"""Strange words whose readings are kept: a community uses the same ones again."""
_LONE: Final = 7
"""Letters from which on one word is enough."""
_SAMPLE: Final = 8
_MOST: Final = 5_000
"""Distinct strange words; a text with more is no text, and stays as it is."""
_MOST_WAYS: Final = 300
"""Words that are read in all ways at once, which takes longest."""
_AFTER: Final = ".,!?:;)]}\"'…"
_BEFORE: Final = "([{\"'"
_MEASURE: Final = re.compile(r"[$€£+]?[1-9][0-9]*[a-z]{1,2}|[$€£]?[0-9.,]+[a-z]?")
_SPLIT: Final = re.compile(r"([^\w\s]*)([a-z]+)([-._*·•~/|\\+])([a-z]+)([^\w\s]*)")
_FEWEST_HALVED: Final = {(2, 1): 3, (2, 2): 4, (1, 1): 6, (1, 0): 99, (2, 0): 99, (0, 0): 99}
"""By how many halves are no words, and the letters of the shorter: letters of the whole."""
_FEWEST_ASTRAY: Final = 6
_DRAWN: Final = re.compile(r"([a-z])\1\1")
_TRIPLED: Final = re.compile(r"([^\W\d_])\1\1+")
_FEWEST_DRAWN: Final = 3
_DRAWN_IN: Final = 4
"""One word in so many, at least."""
_STUTTER: Final = re.compile(r"([a-z]{1,4})(?:[^\w\s]{0,3}\1)*[^\w\s]{0,3}(\1[a-z]+)")
_RUNS: Final = re.compile(r"([a-z])\1*")

Way = Callable[[str], str]


@lru_cache(maxsize=_REMEMBERED)
def _shortened(word: str) -> str:
    """Letters drawn out or doubled."""
    plain = lexicon.squeezed(word)
    if plain == word:
        return ""
    runs = [len(run[0]) for run in _RUNS.finditer(word)]
    for meant in lexicon.by(lexicon.squeezed, plain):
        kept = [len(run[0]) for run in _RUNS.finditer(meant)]
        if all(few <= many for few, many in zip(kept, runs, strict=True)):
            return meant
    return ""


def _turned_round(word: str) -> str:
    return _if_known(word[::-1])


def _enciphered(word: str) -> str:
    return _if_known(codecs.encode(word, "rot13"))


@lru_cache(maxsize=_REMEMBERED)
def _stuttered(word: str) -> str:
    """Its beginning several times."""
    if (
        not any(word.startswith(word[:length], length) for length in (1, 2, 3, 4))
        and word.isalpha()
    ):
        return ""
    found = _STUTTER.fullmatch(word)
    return _if_known(found[2]) if found else ""


def _if_known(word: str) -> str:
    return word if lexicon.known(word) else ""


@lru_cache(maxsize=_REMEMBERED)
def _swapped(word: str) -> str:
    """Two neighbouring letters."""
    if len(word) < _TELLING - 1:
        return ""
    ranks = lexicon.ranks()
    tries = (
        word[:place] + word[place + 1] + word[place] + word[place + 2 :]
        for place in range(len(word) - 1)
    )
    found = min((word for word in tries if word in ranks), key=ranks.__getitem__, default="")
    common = {_TELLING - 1: _COMMONPLACE, _TELLING: _COMMON}.get(len(word), len(ranks))
    return found if ranks.get(found, common) < common else ""


def _voweled(word: str) -> str:
    """Vowels left out."""
    if lexicon.consonants(word) != word:
        return ""
    meant = next(iter(lexicon.by(lexicon.consonants, word)), "")
    return meant if len(word) >= _TELLING - 1 else _commonplace(meant)


@lru_cache(maxsize=_REMEMBERED)
def _by_ear(word: str) -> str:
    """Written as it sounds."""
    if len(word) < _TELLING:
        return ""
    meant = next(iter(lexicon.by(lexicon.sound, lexicon.sound(word))), "")
    return _common(meant)


@lru_cache(maxsize=_REMEMBERED)
def _shuffled(word: str) -> str:
    """The letters between the first and the last in any order."""
    if len(word) <= _TELLING:
        return ""
    meant = next(iter(lexicon.by(lexicon.shuffled, lexicon.shuffled(word))), "")
    return meant if len(word) > _TELLING + 1 else _common(meant)


@lru_cache(maxsize=_REMEMBERED)
def _one_astray(word: str) -> str:
    """One letter within too many, too few or wrong; at their ends words of all languages differ."""
    if len(word) < _FEWEST_ASTRAY:
        return ""
    for meant in _by_ends().get(word[0] + word[-1], ()):
        if abs(len(meant) - len(word)) <= 1 and _one_apart(word, meant):
            return meant
    return ""


@cache
def _by_ends() -> dict[str, tuple[str, ...]]:
    """The common words by their first and last letters, the commonest first."""
    found: dict[str, list[str]] = {}
    for word, rank in lexicon.ranks().items():
        if rank < _COMMON and len(word) >= _FEWEST_ASTRAY - 1:
            found.setdefault(word[0] + word[-1], []).append(word)
    return {ends: tuple(words) for ends, words in found.items()}


def _one_apart(one: str, other: str) -> bool:
    """Whether one letter put in, left out or exchanged makes the one the other."""
    shorter, before, after = min(len(one), len(other)), 0, 0
    while before < shorter and one[before] == other[before]:
        before += 1
    while after < shorter - before and one[-1 - after] == other[-1 - after]:
        after += 1
    return before + after >= max(len(one), len(other)) - 1


def _common(word: str) -> str:
    return word if lexicon.ranks().get(word, _COMMON) < _COMMON else ""


_WAYS: Final[tuple[Way, ...]] = (
    _shortened,
    _turned_round,
    _enciphered,
    _stuttered,
    _swapped,
    _voweled,
    _by_ear,
    _shuffled,
    _one_astray,
)


def restored(text: str) -> str:
    """Return normalised text with jumbled words put right, where they show what they were.

    >>> restored("esaelp ebircsbus to my lennahc"), restored("please chekc thiis vidoe")
    ('please subscribe to my channel', 'please check this video')
    >>> restored("che-ck th is vid.eo 0ut 7hi$"), restored("mailto a.b@example.com, 10am, gr8")
    ('check this video out this', 'mailto a.b@example.com, 10am, gr8')
    >>> restored("anche oggi il sole splende e noi andiamo al mare")
    'anche oggi il sole splende e noi andiamo al mare'
    """
    ranks = lexicon.ranks()
    text = deciphered(transcribed(text))
    tokens = text.split()
    odd = {token for token in tokens if token not in ranks}
    cores = {token: core for token in odd if (core := token.strip(_EDGES)) not in ranks}
    if not cores or len(cores) > _MOST:
        return text
    unplain = [token for token, core in cores.items() if not (core.isascii() and core.isalpha())]
    replaced = {
        token: read
        for place, token in enumerate(unplain)
        if (read := _with_figures(token) or _one_word(token))
        or (place < _MOST_WAYS and (read := _in_all_ways(token)))
    }
    if replaced:
        if not text.isascii():
            replaced |= _like_the_others(replaced, cores)
        tokens = [replaced.get(token, token) for token in tokens]
    tokens = _put_together(tokens, cores)
    strange = sorted(
        {
            core
            for core in cores.values()
            if core.isascii() and core.isalpha() and 1 < len(core) <= lexicon.LONGEST
        }
    )
    if strange:
        familiar = len(set(tokens) - cores.keys())
        meant = _explained(strange) if len(strange) > familiar else _mended(strange)
        if meant:
            tokens = [
                token.replace(core, meant[core], 1)
                if (core := cores.get(token, "")) in meant
                else token
                for token in tokens
            ]
    read = " ".join(tokens)
    if not any(char * 3 in text for char in set(text)):
        return read
    return _not_drawn_out(read) if sum(map(_is_drawn_out, cores)) >= _FEWEST_DRAWN else read


def _is_drawn_out(token: str) -> bool:
    return _TRIPLED.search(token) is not None


def _not_drawn_out(text: str) -> str:
    """The text without repeats, where many words are drawn out and are not read as anything."""
    drawn = len(_TRIPLED.findall(text))
    if drawn < _FEWEST_DRAWN or drawn * _DRAWN_IN < text.count(" "):
        return text
    return " ".join(
        token if "//" in token else _TRIPLED.sub(r"\1", token) for token in text.split()
    )


@lru_cache(maxsize=_REMEMBERED)
def _in_all_ways(token: str) -> str:
    """The common word that a token of more than small letters is; empty if it is none."""
    if meant := elastic.read(token):
        return meant
    core = token.rstrip(_AFTER).lstrip(_BEFORE)
    return token.replace(core, meant, 1) if (meant := _stuttered(core)) else ""


def _like_the_others(read: Mapping[str, str], cores: Mapping[str, str]) -> dict[str, str]:
    """Words wholly of other letters, in a text whose words of several alphabets were read."""
    mixed = sum(not token.isascii() and token.isalpha() for token in read)
    rest = [
        token
        for token, core in cores.items()
        if token not in read and not core.isascii() and core.isalpha()
    ][:_MOST_WAYS]
    meant = {token: found for token in rest if (found := elastic.read(token, alone=True))}
    return meant if mixed and len(meant) + mixed > len(rest) - len(meant) else {}


@lru_cache(maxsize=_REMEMBERED)
def _with_figures(token: str) -> str:
    """A word with figures and signs for letters; empty if it is none."""
    core = token.rstrip(_AFTER).lstrip(_BEFORE)
    if len(core) < 3 or len(core) > lexicon.LONGEST or core.isalpha() or _MEASURE.fullmatch(core):
        return ""
    options = [char if "a" <= char <= "z" else elastic.FIGURES.get(char, "") for char in core]
    if not all(options) or core.isdigit():
        return ""
    meant = lexicon.first_known(options)
    return token.replace(core, meant, 1) if meant else ""


@lru_cache(maxsize=_REMEMBERED)
def _one_word(token: str) -> str:
    """A word with one sign in it that does not belong there; empty if it is none."""
    found = _SPLIT.fullmatch(token)
    if not found:
        return ""
    before, one, sign, other, after = found.groups()
    ranks = lexicon.ranks()
    strange = (one not in ranks) + (other not in ranks)
    # A hyphen stands honestly before or after what is no word alone: e-mail, co-op.
    if one + other not in ranks or strange < (2 if sign == "-" else 1) or len(one + other) < 3:
        return ""
    return before + one + other + after


def _put_together(tokens: list[str], cores: Mapping[str, str]) -> list[str]:
    """Halves of a word that a space parts, where they are no words both."""
    ranks = lexicon.ranks()
    last = len(tokens) - 1
    taken = -1
    for place in [place for place, token in enumerate(tokens) if token in cores]:
        for first in (place - 1, place):
            if not taken < first < last:
                continue
            one, other = tokens[first], tokens[first + 1].rstrip(_AFTER)
            if one + other not in ranks:
                continue
            strange = (one not in ranks) + (other not in ranks)
            fewest = _FEWEST_HALVED.get((strange, min(len(one), len(other))), 4 if strange else 99)
            if len(one) + len(other) >= fewest:
                tokens[first : first + 2] = ["", one + tokens[first + 1]]
                taken = first + 1
                break
    return [token for token in tokens if token] if taken >= 0 else tokens


def _mended(strange: Iterable[str]) -> dict[str, str]:
    """Single words of a text that is otherwise English.

    A short word may be a name or an abbreviation, unless a longer one was written in its way.
    """
    ranks = lexicon.ranks()
    replaced = {}
    ways = set()
    short = []
    for word in strange:
        if len(word) < _TELLING and not _DRAWN.search(word):
            short.append(word)
            continue
        found = [(ranks[meant], meant, way) for way in _WAYS if (meant := way(word))]
        if found:
            _, replaced[word], way = min(found, key=itemgetter(0))
            ways.add(way)
        elif parts := parted(word):
            replaced[word] = parts
    rest = [word for word in strange if len(word) >= _TELLING and word not in replaced]
    if rest:
        replaced |= turned(rest) or unaffixed(rest)
    for word in short:
        meant = next((meant for way in _WAYS if way in ways and (meant := way(word))), "")
        if meant := meant or _commonplace(_shortened(word)):
            replaced[word] = meant
    return replaced


def _commonplace(word: str) -> str:
    return word if lexicon.ranks().get(word, _COMMON) < _COMMONPLACE else ""


def _explained(strange: Sequence[str]) -> dict[str, str]:
    """Words of a text most of which are strange: by the way that explains enough of them."""
    sample = [word for word in strange if len(word) >= _TELLING][:_SAMPLE]
    if not sample:
        return _without_vowels(strange)
    fewest = max((len(sample) + 1) // 2, 2 if len(sample[0]) < _LONE else 1)
    ways: tuple[Way, ...] = (*_WAYS, parted)
    for way in ways:
        if _explains(way, sample, fewest):
            replaced = {word: meant for word in strange if (meant := way(word))}
            rest = [word for word in strange if word not in replaced]
            return replaced | (_mended(rest) if 2 * len(rest) < len(strange) else {})
    return turned(strange) or unaffixed(strange) or _without_vowels(strange)


def _without_vowels(strange: Sequence[str]) -> dict[str, str]:
    """Words of a text in which next to no word has a vowel after its first letter."""
    bare = [word for word in strange if lexicon.consonants(word) == word]
    replaced = {word: meant for word in bare if (meant := _voweled(word))}
    return replaced if len(replaced) > 1 and 2 * len(replaced) >= len(strange) else {}


def _explains(way: Way, sample: Sequence[str], fewest: int) -> bool:
    """Whether at least `fewest` of the words can be read in that way."""
    may_miss = len(sample) - fewest
    for word in sample:
        if not way(word):
            may_miss -= 1
            if may_miss < 0:
                return False
    return may_miss >= 0
