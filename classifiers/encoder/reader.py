"""A text as what a model is given: windows of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from classifiers.encoder.languages import Tokens
from classifiers.exceptions import EncoderUnusable

TOKENS: Final = 126
"""Tokens that are read at once."""
FEWEST: Final = 16
"""Tokens of a text for which there must be room."""
WINDOW: Final = 62
WINDOWS: Final = 4
"""A longer text is read as so many windows at most, evenly spread, and its vector is their mean:
on e-mail that misorders half as many pairs as reading as many tokens in one piece."""
SLICE: Final = 1_000
"""Characters of which a window is taken where the text is longer than all windows' slices."""

_UNHEARD_OF: Final = "\U00010381", "\U00012000"
"""Letters of Ugaritic and of cuneiform, which end in different bytes."""

Token = tuple[int, int]
"""Its id, and the character of the text where it begins."""


class Reader:
    """A text as the token ids that a model is given: one window, or several for a long text."""

    def __init__(self, tokenizer: bytes, prefix: str = "", positions: int = 0) -> None:
        """`positions` as in `Facts`. Raises EncoderUnusable where it leaves no room for a text."""
        # Rust alone; transformers would bring seconds of imports with it.
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_buffer(tokenizer)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self.before, self.after = self._around(prefix.rstrip())
        room = (positions or TOKENS * 2) - len(self.before) - len(self.after)
        self.most = min(TOKENS, room)
        if self.most < FEWEST:
            raise EncoderUnusable(f"it has room for {self.most} tokens of a text.")
        # Letters that no vocabulary holds become one and the same token, or their bytes.
        ends = {ids[-1] for letter in _UNHEARD_OF if (ids := self.tokens(letter))}
        self._unknown = ends if len(ends) == 1 else set()

    def _around(self, prefix: str) -> tuple[list[int], list[int]]:
        """What the model wants before and after every text."""
        whole = self._tokenizer.encode(prefix or "a")
        own = [place for place, mark in enumerate(whole.special_tokens_mask) if not mark]
        first, last = (own[0], own[-1]) if own else (len(whole.ids), len(whole.ids))
        return whole.ids[: last + 1 if prefix else first], whole.ids[last + 1 :]

    def windows(self, text: str) -> list[list[int]]:
        """At least one; each with what the model wants before and after every text."""
        return [self.around([name for name, _ in tokens]) for tokens in self.placed(text)]

    def around(self, tokens: Sequence[int]) -> list[int]:
        """The tokens with those that the model wants before and after every text."""
        # A model wants a token at least.
        return [*self.before, *tokens, *self.after] or [0]

    def placed(self, text: str) -> list[list[Token]]:
        """The tokens of each window."""
        width = min(WINDOW, self.most)
        if len(text) > WINDOWS * SLICE:
            starts = _starts(len(text), SLICE)
            return [self._tokens(text[start : start + SLICE], start)[:width] for start in starts]
        tokens = self._tokens(text)
        if len(tokens) <= self.most:
            return [tokens]
        return [tokens[start : start + width] for start in _starts(len(tokens), width)]

    def _tokens(self, text: str, start: int = 0) -> list[Token]:
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return [(name, start + at) for name, (at, _) in zip(found.ids, found.offsets, strict=True)]

    def cut(self, text: str) -> Tokens:
        """All of the text's tokens, as `Reads.unread` wants them."""
        found = self._tokenizer.encode(text, add_special_tokens=False)
        return [
            (name in self._unknown, *place)
            for name, place in zip(found.ids, found.offsets, strict=True)
        ]

    def tokens(self, text: str) -> list[int]:
        """All of the text's, without what the model wants around them."""
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=False).ids
        return tokens


def _starts(length: int, width: int) -> list[int]:
    """Where windows of that width begin, first at the start and last at the end.

    >>> _starts(1000, 100)
    [0, 300, 600, 900]
    >>> _starts(150, 62)
    [0, 44, 88]
    """
    count = min(WINDOWS, -(-length // width))
    return [place * (length - width) // (count - 1) for place in range(count)]
