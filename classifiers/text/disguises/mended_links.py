"""Links broken at their signs, or with other signs for their dots, as people type them again."""

from __future__ import annotations

import re
from typing import Final

from classifiers.text.suffixes import last_labels

_ENDINGS: Final = "com|net|org|info|io|co|ru|app|xyz|shop|site|online|top|link|click|biz"
_ROUND: Final = "·•∙⋅●◦⚫🔴🔵"
_DOTS: Final = f",*|{_ROUND}"
_SCHEME: Final = re.compile(r"(?i)(https?|hxxps?|ftp)\s{0,3}:\s{0,3}/\s{0,3}/\s{0,3}(?=\w)")
# A break behind the slashes alone is an editor's.
_MAYBE_SCHEME: Final = re.compile(r":(?:\s{1,3}/\s{0,3}|/\s{1,3})/")
_HOST: Final = re.compile(r"(?i)(?:://|\bwww)[\w.-]*(?:\s{1,2}\.[\w-]{1,63}){1,4}")
_BLANKS: Final = re.compile(r"(\s+)")
# Of an address, in whatever base; no name ends so.
_NUMBER: Final = re.compile(r"(?i)(?:0x[0-9a-f]*|[0-9]+)$")
_AFTER_WWW: Final = re.compile(
    rf"(?i)(?<![\w.])(www)([{_DOTS}])((?:[\w-]{{1,63}}\2){{1,4}})([a-z]{{2,12}})(?![\w{_DOTS}])"
)
_MAYBE_WWW: Final = re.compile(rf"www[{_DOTS}]")
_MAYBE_ROUND: Final = re.compile(f"[{_ROUND}](?=[A-Za-z])")
_MAYBE_HOST: Final = re.compile(r"\.(?<=\s.)[\w-]")
_BEFORE_PATH: Final = re.compile(
    rf"(?i)(?<![\w./])([\w-]{{2,63}})[{_ROUND}]((?:{_ENDINGS})/[\w?])(?=[\w/?=&.-]{{2}})"
)


def mended(text: str) -> str:
    """Return the text with such links put right.

    >>> mended("http:\\n//www\\n.example\\n.com/a"), mended("see www●example●com/x")
    ('http://www.example.com/a', 'see www.example.com/x')
    >>> mended("http://evil.com .example.org"), mended("http://evil .com .example.org")
    ('http://evil.com .example.org', 'http://evil.com .example.org')
    >>> mended("http : / / www.example.com"), mended("at example·io/abc now")
    ('http://www.example.com', 'at example.io/abc now')
    >>> mended("I use .net, www or www, me and: / no"), mended("this,com/you and that")
    ('I use .net, www or www, me and: / no', 'this,com/you and that')
    """
    if _MAYBE_SCHEME.search(text) or " ://" in text:
        text = _SCHEME.sub(r"\1://", text)
    if ("www" in text or "://" in text) and _MAYBE_HOST.search(text):
        text = _HOST.sub(_joined, text)
    if _MAYBE_WWW.search(text):
        text = _AFTER_WWW.sub(_with_dots, text)
    if not text.isascii() and _MAYBE_ROUND.search(text):
        text = _BEFORE_PATH.sub(r"\1.\2", text)
    return text


def _joined(found: re.Match[str]) -> str:
    """The host without its blanks, up to where it is whole: what follows is none of it, or a
    known host could be written behind a spammer's."""
    host, *rest = _BLANKS.split(found[0])
    while rest and not _is_whole(host):
        _, piece, *rest = rest
        host += piece
    return host + "".join(rest)


def _is_whole(host: str) -> bool:
    # Programs that link addresses leave out such signs at the end.
    name, _, ending = host.removeprefix("://").rstrip("._-").rpartition(".")
    return bool(_NUMBER.match(ending) or (name and ending.lower() in last_labels()))


def _with_dots(found: re.Match[str]) -> str:
    return f"{found[1]}.{found[3].replace(found[2], '.')}{found[4]}"
