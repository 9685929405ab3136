"""Which column of a file is what."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from classifiers.exceptions import SnapshotColumnMissing, SnapshotColumnUnclear
from classifiers.tables.values import label

ALIASES: Final = {
    "text": (
        *("message", "content", "comment", "body", "email", "sms", "tweet", "v2", "review"),
        *("post", "sentence", "msg"),
    ),
    "label": ("class", "category", "target", "spam", "is_spam", "spam_ham", "label_num", "v1"),
    "title": ("subject",),
    "timestamp": ("date", "created_at", "time", "datetime", "submitted_at"),
    "lang": ("language",),
    "author": ("user", "username", "user_name", "screen_name", "author_name"),
    "author_id": ("user_id", "userid"),
    "context": ("parent", "parent_text", "in_reply_to", "reply_to"),
    "address": ("ip", "ip_address", "author_ip"),
    **dict.fromkeys(("type", "split", "weight", "source", "trust"), ()),
    **dict.fromkeys(("label_id", "seconded", "permalink", "external_id"), ()),
}
"""What a column may be called besides its own name, which goes before; see `folded`."""
_KNOWN: Final = frozenset({*ALIASES, *(name for names in ALIASES.values() for name in names)})
NEEDED: Final = ("text", "label")
_WORDED: Final = ("text", "context")
"""Roles for which a column with another name must hold words, and not addresses or numbers."""
_BESIDE_LABEL: Final = frozenset(
    {
        *("spam", "is", "class", "type", "true", "final", "gold", "binary", "encoded"),
        *("num", "number", "int", "name", "value", "str", "string", "text"),
    }
)
"""What a longer name of a label may say besides: no other thing, and not the opposite."""
_OF_ANOTHER_TEXT: Final = ("parent", "reply", "quoted", "in_reply", "moderator", "label")
"""What the longer name of a text begins with that is not the post's."""
ADDED: Final = ("text_column", "label_column", "encoding")
SHOWN: Final = 12
_APART: Final = re.compile(r"[\W_]+")
_NAMELESS: Final = re.compile(r"\s*(unnamed: \d+)?\s*", re.IGNORECASE)

_NO_WORD: Final = re.compile(r"[\d@/\\_:-]")
"""What an address, a link or an identifier has, and hardly a word."""

WHICH: Final = (
    "The text may be called text, message, content, comment, body, email, sms, tweet, v2, review, "
    "post, sentence or msg, or end in one of these (tweet_text; not parent_text); the label label, "
    "class, category, target, spam, is_spam, spam_ham, label_num, v1, or a longer name that means "
    "the same (spam_label, label_name; not ham_label) or type, where the values are labels; "
    "capitals do not count. A label is spam, junk, scam, fraud, "
    "phishing, smishing, 1, true, t, yes, y, or ham, not spam, non-spam, no spam, legit, "
    "legitimate, quality, normal, safe, clean, benign, 0, false, f, no, n."
)


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was named by hand, columns and encoding; empty: found by names and bytes."""

    text: str = ""
    label: str = ""
    encoding: str = ""

    @classmethod
    def of(cls, options: dict[str, Any]) -> Chosen:
        """What `add_options` added."""
        return cls(*(options.get(name) or "" for name in ADDED))


def add_options(parser: argparse.ArgumentParser) -> None:
    """`--text-column`, `--label-column` and `--encoding`."""
    for role in NEEDED:
        parser.add_argument(
            f"--{role}-column",
            metavar="NAME",
            help=f"the column that holds the {role}, where its name does not say so",
        )
    parser.add_argument(
        "--encoding",
        metavar="NAME",
        help="of a file that is not UTF-8: windows-1251, gb18030, shift_jis, koi8-r ...",
    )


def folded(name: str) -> str:
    """The name without capitals, and with one _ for anything but letters and digits.

    >>> folded(" Spam/Ham ")
    'spam_ham'
    """
    return _APART.sub("_", name.strip().casefold()).strip("_")


def nameless(name: str) -> bool:
    """Whether it is what a table writer calls a column that nobody named."""
    return _NAMELESS.fullmatch(name) is not None


def roles(
    names: Sequence[str],
    values: Callable[[str], Sequence[object]],
    *,
    labelled: bool,
    chosen: Chosen = Chosen(),
) -> dict[str, str]:
    """The name of the column for each role that has one; `values` are a column's first ones.

    Raises SnapshotColumnMissing and SnapshotColumnUnclear, both without the name of the file.
    """
    found: dict[str, str] = {}
    if chosen.text:
        found["text"] = _by_hand(names, chosen.text)
    if chosen.label and labelled:
        found["label"] = _by_hand(names, chosen.label)
    for role in ALIASES:
        if role not in found and (column := _by_name(names, role, set(found.values()), values)):
            found[role] = column
    is_free = labelled and "label" not in found and "type" in found
    if is_free and _holds_labels(values(found["type"])):
        found["label"] = found.pop("type")
    missing = [role for role in NEEDED if role not in found and (labelled or role == "text")]
    if missing:
        raise SnapshotColumnMissing(
            f"there is no column {' and no column '.join(missing)}; the columns are "
            f"{shown(names) or 'none'}.{_no_text(names, missing)}{_no_label(names, missing)} "
            f"{_says(names, missing[0])}"
        )
    return found


def _says(names: Sequence[str], role: str) -> str:
    """What may help."""
    if not names:
        return "The file is empty."
    if any("\0" in name for name in names):
        return "--encoding NAME says what the file is: utf-16-le, utf-16-be, utf-32-le ..."
    return f"--{role}-column NAME says which it is."


def shown(names: Sequence[str]) -> str:
    """The names for a sentence, cut."""
    more = [f"and {len(names) - SHOWN} more"] if len(names) > SHOWN else []
    return ", ".join([*(repr(name[:40]) for name in names[:SHOWN]), *more])


def _by_hand(names: Sequence[str], asked: str) -> str:
    if asked in names:
        return _only(names, asked)
    alike = [name for name in names if folded(name) == folded(asked)]
    if len(alike) == 1:
        return alike[0]
    raise SnapshotColumnMissing(f"there is no column {asked!r}; the columns are {shown(names)}.")


def _only(names: Sequence[str], name: str) -> str:
    """The name. Raises SnapshotColumnUnclear where several columns have it."""
    if names.count(name) > 1:
        raise SnapshotColumnUnclear(f"{names.count(name)} columns are called {name!r}: rename one.")
    return name


def _by_name(
    names: Sequence[str], role: str, taken: set[str], values: Callable[[str], Sequence[object]]
) -> str | None:
    """The column called by the role's own name, else the only one called by another.

    A column with another name is a text only if it holds some: `email` may hold addresses, and
    `in_reply_to` numbers. Of several it is the label that holds labels: `category` may be a topic.
    """
    free = [name for name in names if name not in taken]
    own = [name for name in free if folded(name) == role]
    claiming = own or [name for name in free if folded(name) in ALIASES[role]]
    if role in NEEDED and not claiming:
        claiming = [name for name in free if _compound(name, role)]
        if role == "label":
            claiming = [name for name in claiming if _holds_labels(values(name))]
    if role in _WORDED and not own:
        claiming = [name for name in claiming if _holds_text(values(name))]
    if role == "label" and len(claiming) > 1:
        claiming = [name for name in claiming if _holds_labels(values(name))] or claiming
    if len(claiming) > 1 and role in NEEDED and _only(claiming, claiming[0]):
        raise SnapshotColumnUnclear(
            f"{shown(claiming)} could each be the {role}: --{role}-column NAME says which it is."
        )
    return claiming[0] if claiming else None


def _compound(name: str, role: str) -> bool:
    """Whether a longer name ends with what a text is called, or has a label's at an end.

    >>> _compound("Tweet text", "text"), _compound("spam_label", "label")
    (True, True)
    >>> _compound("parent_post", "text"), _compound("not_spam_label", "label")
    (False, False)
    """
    said = folded(name)
    words = said.split("_")
    if len(words) == 1 or said in _KNOWN:
        return False
    if role == "label":
        return role in (words[0], words[-1]) and _BESIDE_LABEL.issuperset({*words} - {role})
    of_another = any(f"{said}_".startswith(f"{start}_") for start in _OF_ANOTHER_TEXT)
    return words[-1] in (role, *ALIASES[role]) and not of_another


def _holds_labels(cells: Sequence[object]) -> bool:
    """Whether all that stands there are labels; nothing at all is none."""
    filled = [cell for cell in cells if str(cell if cell is not None else "").strip()]
    return bool(filled) and all(label(cell) is not None for cell in filled)


def _holds_text(cells: Sequence[object]) -> bool:
    """Whether most of what stands there may be words; nothing at all may be."""
    filled = [cell for cell in cells if str(cell if cell is not None else "").strip()]
    return 2 * sum(map(_may_be_words, filled)) >= len(filled)


def _may_be_words(cell: object) -> bool:
    if not isinstance(cell, str) or not any(map(str.isalpha, cell)):
        return False
    return not cell.isascii() or len(cell.split(maxsplit=1)) > 1 or not _NO_WORD.search(cell)


def _no_text(names: Sequence[str], missing: Sequence[str]) -> str:
    """Why columns called like the text are not it, as a sentence after a space."""
    called = [name for name in names if folded(name) in ALIASES["text"]]
    if "text" not in missing or not called:
        return ""
    return f" {shown(called)} {'hold' if len(called) > 1 else 'holds'} no words."


def _no_label(names: Sequence[str], missing: Sequence[str]) -> str:
    """Why a longer name is not the label, as a sentence after a space."""
    called = [name for name in names if _compound(name, "label")]
    if "label" not in missing or not called:
        return ""
    return f" Not all that stands in {shown(called)} is a label."
