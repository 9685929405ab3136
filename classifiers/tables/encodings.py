"""In which encoding a file is."""

from __future__ import annotations

import codecs
import hashlib
import string
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Protocol

from classifiers.exceptions import SnapshotUnreadable

BEYOND_ASCII: Final = bytes(range(0x80, 0x100))
ASCII_LETTERS: Final = string.ascii_letters.encode()
STRANGE: Final = 0.2
"""Share of bytes beyond ASCII among letters above which no language of Windows-1252 is left: of
Icelandic, which has the most, every seventh letter is."""
FEWEST_STRANGE: Final = 20
UNKNOWN: Final = 0.01
"""Share of characters that may be none in the encoding that was named."""
CHARACTERS: Final = 1 << 20
OTHER_FILES: Final = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\x1f\x8b": "a compressed file",
    b"PAR1": "a Parquet file",
    b"%PDF": "a PDF file",
}
MARKS: Final = {
    # That of UTF-32 begins like that of UTF-16.
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order marks."""
NULS: Final[dict[tuple[bool, ...], str]] = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
"""Which of the first four bytes are 0 where the first characters are ASCII (RFC 4627, 3)."""


class Digest(Protocol):
    """A hash that goes on over several files."""

    def update(self, content: bytes, /) -> object: ...


def examined(
    path: Path, over: Sequence[Digest], named: str
) -> tuple[str, int, str, tuple[str, ...]]:
    """The digest, the lines, the encoding, and what is to be said of it; `over` are told the bytes.

    Raises SnapshotUnreadable for a file whose encoding cannot be told or is not the `named` one.
    """
    digest, lines, sound, broken, strange, plain = hashlib.sha256(), 0, 0, 0, 0, 0
    with path.open("rb") as file:
        head = file.peek(4)[:4]
        for mark, what in OTHER_FILES.items():
            if head.startswith(mark):
                raise SnapshotUnreadable(f"{path}: this is {what}, not CSV or JSON.")
        for line in file:
            for each in (digest, *over):
                each.update(line)
            lines += line.endswith(b"\n")
            if not line.isascii():
                try:
                    line.decode()
                    sound += 1
                except UnicodeDecodeError:
                    broken += 1
                    strange += len(line) - len(line.translate(None, BEYOND_ASCII))
                    plain += len(line) - len(line.translate(None, ASCII_LETTERS))
    if named:
        return digest.hexdigest(), lines, *_named(path, named)
    for mark, encoding in MARKS.items():
        if head.startswith(mark):
            return digest.hexdigest(), lines, encoding, ()
    if wide := NULS.get(tuple(byte == 0 for byte in head)):
        found, unknown = _named(path, wide)
        return digest.hexdigest(), lines, found, (f"{path}: read as {wide.upper()}.", *unknown)
    if broken > sound:
        if strange >= FEWEST_STRANGE and strange > STRANGE * (strange + plain):
            raise SnapshotUnreadable(
                f"{path}: neither UTF-8 nor, by its letters, Windows-1252. --encoding NAME says "
                "what it is: windows-1251, gb18030, shift_jis ..."
            )
        said = f"{path}: not UTF-8; read as Windows-1252."
        return digest.hexdigest(), lines, "cp1252", (said,)
    said = f"{path}: not UTF-8 on {broken} of {lines} lines."
    return digest.hexdigest(), lines, "utf-8-sig", (said,) if broken else ()


def _named(path: Path, named: str) -> tuple[str, tuple[str, ...]]:
    """The encoding that was asked for, and what in the file it does not know."""
    try:
        "".encode(named)
        encoding = codecs.lookup(named).name
    except LookupError:
        raise SnapshotUnreadable(f"{path}: there is no encoding {named!r}.") from None
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    unknown = characters = 0
    try:
        with path.open(encoding=encoding, errors="replace", newline="") as file:
            while part := file.read(CHARACTERS):
                characters += len(part)
                unknown += part.count("\ufffd")
    except UnicodeError:
        unknown = characters = 1
    if unknown > UNKNOWN * characters:
        raise SnapshotUnreadable(f"{path}: this is not {named}.")
    said = f"{path}: {unknown} characters are not {named}."
    return encoding, (said,) if unknown else ()
