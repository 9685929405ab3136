"""What cannot be seen: zero-width characters, bidi controls, tags, marks, hidden markup."""

from __future__ import annotations

import re
from collections.abc import Iterator

from classifiers.heuristics.wording import counted, grade, whole_text
from classifiers.text.characters import (
    BIDI_CONTROLS,
    INVISIBLE,
    JOINERS,
    KEYCAP,
    OVERLAYS,
    SOFT_HYPHEN,
    STACKING_MARKS,
    TAGS,
    VARIATION_SELECTORS,
    char_class,
    scripts_of,
)
from classifiers.text.tags import hides
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = (
    "invisible.bidi",
    "invisible.marks",
    "invisible.soft_hyphen",
    "invisible.tags",
    "invisible.zero_width",
)
BEHAVIOUR_SIGNALS = ("invisible.hidden_markup",)

# Mail programs hide a first line like this; else it is meant for machines, one way or the other.
HIDDEN_MARKUP_LOG_ODDS = 0.5

_VOID = "area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr"
_BLANKS = r"(?:\s|&nbsp;){0,9}"
# Words follow, maybe in further tags.
_TAG = re.compile(
    rf"<(?!(?:{_VOID})\b)[a-z][a-z0-9]{{0,9}}\s([^<>]{{1,400}})>"
    rf"(?=(?:{_BLANKS}<[a-z][^<>]{{0,400}}>){{0,3}}{_BLANKS}(?!&nbsp;)[^\s<])",
    re.IGNORECASE,
)
# Word processors and mail programs leave instructions to browsers: <!--[if mso]>.
_COMMENT = re.compile(r"<!--(?!\s{0,9}\[)((?:[^<>-]|-(?!->)){12,2000})-->")
_FEWEST_COMMENTED = 4
"""Words that nobody needs to leave in a post for others."""
_CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
"""What is shown as it is written, and hides nothing."""
# Old control characters come from broken encodings, not from hiding.
_CONTROLS = frozenset(map(chr, (*range(0x20), *range(0x7F, 0xA0))))
_ZERO_WIDTH = INVISIBLE - _CONTROLS - BIDI_CONTROLS - TAGS - VARIATION_SELECTORS - {SOFT_HYPHEN}
_IN_WORD = re.compile(rf"(?<=[^\W\d_]){char_class(_ZERO_WIDTH | {SOFT_HYPHEN})}+(?=[^\W\d_])")
_RIGHT_TO_LEFT = frozenset(("ARABIC", "HEBREW", "SYRIAC", "THAANA", "NKO"))
_STROKES = OVERLAYS - {KEYCAP}
_MARKS = STACKING_MARKS | _STROKES
_PILE = re.compile(rf"{char_class(_MARKS)}{{3,}}|{char_class(_STROKES)}")


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Signals about unseen characters in title and text."""
    text = whole_text(content)
    if text.isascii():
        return tuple(_marked(text))
    present = set(text)
    return (*_marked(text), *_hidden(text, present), *_piled(text, present))


def _marked(text: str) -> Iterator[Signal]:
    if "<" not in text:
        return
    shown = _CODE.sub("", text) if "`" in text else text
    count = sum(hides(tag[1]) for tag in _TAG.finditer(shown))
    if "<!--" in shown:
        count += sum(len(note[1].split()) >= _FEWEST_COMMENTED for note in _COMMENT.finditer(shown))
    if count:
        sentence = f"Markup that hides what it holds, {counted(count, 'time')}."
        yield Signal("invisible.hidden_markup", sentence, log_odds=HIDDEN_MARKUP_LOG_ODDS)


def _hidden(text: str, present: set[str]) -> Iterator[Signal]:
    unseen = present & INVISIBLE
    if not unseen:
        return
    if unseen & BIDI_CONTROLS and not scripts_of(text) & _RIGHT_TO_LEFT:
        count = _count(text, BIDI_CONTROLS)
        sentence = f"{counted(count, 'control')} of writing direction in left-to-right text."
        yield Signal("invisible.bidi", sentence, grade(count, 10))
    if SOFT_HYPHEN in unseen:
        count = text.count(SOFT_HYPHEN)
        yield Signal("invisible.soft_hyphen", f"{counted(count, 'soft hyphen')}.", grade(count, 20))
    # Flags of regions such as Scotland are spelt with tags after a black flag.
    if unseen & TAGS and "\U0001f3f4" not in present:
        count = _count(text, TAGS)
        sentence = f"{counted(count, 'hidden tag character')}."
        yield Signal("invisible.tags", sentence, grade(count, 10))
    if unseen & _ZERO_WIDTH:
        count = _count_zero_width(text, unseen)
        if count:
            sentence = f"{counted(count, 'character')} without width hidden in the text."
            yield Signal("invisible.zero_width", sentence, grade(count, 10))


def _count_zero_width(text: str, unseen: set[str]) -> int:
    """Those inside words of scripts that do not spell with them, and long strings of others."""
    inside = sum(
        len(found[0])
        for found in _IN_WORD.finditer(text)
        if scripts_of(text[found.start() - 1]) <= _SPELT_WITHOUT
    )
    elsewhere = _count(text, unseen & (_ZERO_WIDTH - JOINERS)) if not inside else 0
    return inside or (elsewhere if elsewhere > 3 and scripts_of(text) <= _SPELT_WITHOUT else 0)


_SPELT_WITHOUT = frozenset(
    ("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "HAN", "HIRAGANA", "KATAKANA", "HANGUL")
)


def _piled(text: str, present: set[str]) -> Iterator[Signal]:
    if present.isdisjoint(_MARKS):
        return
    piles = len(_PILE.findall(text))
    if piles:
        sentence = f"Marks are piled upon or drawn through {counted(piles, 'letter')}."
        yield Signal("invisible.marks", sentence, grade(piles, 10))


def _count(text: str, chars: frozenset[str] | set[str]) -> int:
    return sum(map(text.count, chars & set(text)))
