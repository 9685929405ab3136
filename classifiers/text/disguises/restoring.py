"""Words that people can still read although their letters were moved, doubled or left out.

First what figures, signs and spaces did to single words, then the words that are still strange.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import filterfalse
from typing import Final

from classifiers.text import lexicon
from classifiers.text.characters import repeats
from classifiers.text.disguises import elastic
from classifiers.text.disguises.gaps import filled
from classifiers.text.disguises.keys import transcribed
from classifiers.text.disguises.pieces import whole
from classifiers.text.disguises.solving import solved
from classifiers.text.disguises.strange import explained, mended
from classifiers.text.disguises.ways import stuttered

_EDGES: Final = string.punctuation + "…“”‘’«»–—"
_REMEMBERED: Final = 4_096
"""Tokens whose readings are kept: a community uses the same ones again."""
_MOST: Final = 5_000
"""Distinct strange words; a text with more is no text, and stays as it is."""
_MOST_WAYS: Final = 300
"""Words that are read in all ways at once, which takes longest."""
_AFTER: Final = ".,!?:;)]}\"'…"
_BEFORE: Final = "([{\"'"
_MEASURE: Final = re.compile(r"[$€£+]?[1-9][0-9]*[a-z]{1,2}|[$€£]?[0-9.,]+[a-z]?")
_SPLIT: Final = re.compile(r"([^\w\s]*)([a-z]+)([-._*·•~/|\\+]|<br ?/?>)([a-z]+)([^\w\s]*)")
_FEWEST_HALVED: Final = {(2, 1): 3, (2, 2): 4, (1, 1): 6, (1, 0): 99, (2, 0): 99, (0, 0): 99}
"""By how many halves are no words, and the letters of the shorter: letters of the whole."""
_TRIPLED: Final = re.compile(r"([^\W\d_])\1\1+")
_FEWEST_DRAWN: Final = 3
_DRAWN_IN: Final = 4
"""One word in so many, at least."""


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
    text = transcribed(text)
    tokens = text.split()
    # In order: of a text with very many it must not be chance which are looked at.
    odd = list(filterfalse(ranks.__contains__, dict.fromkeys(tokens)))
    cores = {token: core for token in odd if (core := token.strip(_EDGES)) not in ranks}
    if not cores or len(cores) > _MOST:
        return text
    unplain = [token for token, core in cores.items() if not (core.isascii() and core.isalpha())]
    replaced = {
        token: read
        for place, token in enumerate(unplain)
        if (read := _with_figures(token) or _one_word(token) or whole(token))
        or (place < _MOST_WAYS and (read := _in_all_ways(token)))
    }
    if replaced:
        tokens = [replaced.get(token, token) for token in tokens]
    left = {replaced[token].strip(_EDGES) if token in replaced else cores[token] for token in cores}
    if by_rule := solved(sorted(filter(_may_be_a_word, left))):
        tokens = _by(by_rule, tokens)
        cores = {token: core for token in tokens if (core := token.strip(_EDGES)) not in ranks}
    # A picture is no edge of a word that it is a letter of.
    unplain = [core for core in cores.values() if not (core.isascii() and core.isalnum())]
    if unplain and (by_gaps := filled(unplain, (*replaced.items(), *by_rule.items()))):
        tokens = _by(by_gaps, tokens)
        cores = {token: core for token in tokens if (core := token.strip(_EDGES)) not in ranks}
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
        meant = explained(strange) if len(strange) > familiar else mended(strange)
        if meant:
            tokens = [
                token.replace(core, meant[core], 1)
                if (core := cores.get(token, "")) in meant
                else token
                for token in tokens
            ]
    read = " ".join(tokens)
    if not repeats(text, 3):
        return read
    return _not_drawn_out(read) if sum(map(_is_drawn_out, cores)) >= _FEWEST_DRAWN else read


def _by(rule: Mapping[str, str], tokens: Iterable[str]) -> list[str]:
    return [
        token.replace(core, rule[core], 1) if (core := token.strip(_EDGES)) in rule else token
        for token in tokens
    ]


@lru_cache(maxsize=_REMEMBERED)
def _may_be_a_word(core: str) -> bool:
    if core in lexicon.ranks():
        return False
    return core.isalpha() or ("//" not in core and not _MEASURE.fullmatch(core))


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
    return token.replace(core, meant, 1) if (meant := stuttered(core)) else ""


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
            # Common words are of letters alone.
            if not (taken < first < last and tokens[first].isalpha()):
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
