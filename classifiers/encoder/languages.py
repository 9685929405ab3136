"""What a text encoder can read: measured when it was exported, and asked of every post later.

A language is read when its sentences lie nearer to their translations than to other sentences; a
script when a language written in it is. Languages that share a script with one that is read and
are not read themselves are told apart by how often the tokenizer has to cut a word.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from classifiers.text.characters import script_of

UNREAD: Final = 0.3
"""Share of a text that an encoder cannot read, above which it is not asked about it."""
LETTERS: Final = 40
"""Letters of a script below which how its words are cut says nothing."""
_LOOKED_AT: Final = 1_000
"""Characters of a text that are looked at."""
_NO_LETTER: Final = frozenset(("COMMON", "INHERITED", "UNKNOWN"))
_ASCII: Final = 0x7F
_WORD: Final = re.compile(r"[^\s\d!-/:-@\[-`{-~“”„«»…—–’‘·•]+")
_ADDRESS: Final = re.compile(r"[./@#:]\S")
"""What has one is cut in any language."""
_SAME: Final = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "fil": "tl", "und": "", "en": "en"}
"""Other names of languages."""

Tokens = Sequence[tuple[bool, int, int]]
"""Of each token whether it is unknown, and the characters from which and to which it goes."""


@dataclass(frozen=True, slots=True)
class Reads:
    """As `encoder.json` keeps it; nothing of all where nothing could be shown."""

    languages: Mapping[str, bool] = field(default_factory=dict)
    """Of those that were tried, whether it reads it."""
    scripts: tuple[str, ...] = ()
    """Those of the languages that it reads."""
    whole: Mapping[str, float] = field(default_factory=dict)
    """By script, words a token below which a text is in a language that it does not read."""

    @classmethod
    def parse(cls, stored: Mapping[str, Any]) -> Reads:
        """Raises KeyError, TypeError, ValueError or AttributeError for what is none."""
        return cls(
            {str(name): bool(read) for name, read in stored["languages"].items()},
            tuple(map(str, stored["scripts"])),
            {str(script): float(least) for script, least in stored["whole"].items()},
        )

    def unread(self, text: str, language: str, cut: Callable[[str], Tokens]) -> float:
        """The share of the text's letters that say nothing to the encoder, in [0, 1].

        `language` is what the site says, or empty; `cut` is the encoder's tokenizer.
        """
        code = primary(language)
        if self.languages.get(code) is False:
            return 1.0
        text = text[:_LOOKED_AT]
        letters = letters_by_script(text)
        if not letters:
            return 0.0
        words = words_of(text)
        tokens = cut(words)
        lost = sum(number for script, number in letters.items() if script not in self.scripts)
        for unknown, start, end in tokens:
            if unknown:
                lost += sum(script_of(char) in self.scripts for char in words[start:end])
        script, number = max(letters.items(), key=lambda entry: entry[1])
        judged = code not in self.languages and number >= LETTERS
        if judged and words_a_token(words, tokens) < self.whole.get(script, 0.0):
            return 1.0
        return min(lost / sum(letters.values()), 1.0)


def beyond_ascii(text: str, language: str) -> float:
    """The same for an encoder of which nothing was measured: it may know English alone."""
    if primary(language) not in ("", "en"):
        return 1.0
    return sum(ord(char) > _ASCII for char in text) / max(len(text), 1)


def primary(language: str) -> str:
    """A language by the name that it has here, without region; empty where it is not known.

    >>> primary("nb-NO"), primary("und")
    ('no', '')
    """
    code = re.split("[-_]", language.strip().lower(), maxsplit=1)[0]
    return _SAME.get(code, code)


def letters_by_script(text: str) -> Counter[str]:
    """How many letters, and marks on them, each script has."""
    found = Counter(map(script_of, text))
    for name in _NO_LETTER:
        del found[name]
    return found


def words_of(text: str) -> str:
    """The words of a text alone, without addresses, numbers and signs, divided by spaces."""
    kept = " ".join(word for word in text.split() if not _ADDRESS.search(word))
    return " ".join(_WORD.findall(kept))


def words_a_token(words: str, tokens: Tokens) -> float:
    """1 where every word is known whole."""
    return (words.count(" ") + 1) / max(len(tokens), 1)
