"""Tags of HTML and BBCode: which hide words, and which show nothing and are taken away."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Final

from classifiers.text.disguises.spelling import is_bracketed

_INLINE_NAMES: Final = """
    ! a abbr b bdi bdo big button cite code del em font i ins kbd label mark nobr q s samp small
    span strike strong sub sup time tt u var
"""
_BLOCK_NAMES: Final = """
    address article aside blockquote body caption center dd details div dl dt figcaption figure
    footer h1 h2 h3 h4 h5 h6 header html indent justify left li list main nav ol p pre quote right
    section spoiler summary table tbody td tfoot th thead tr ul
"""
_LEFT_NAMES: Final = """
    applet audio base embed form frame iframe img input link math meta object option script select
    source style svg textarea title url video
"""
_INLINE: Final = frozenset(_INLINE_NAMES.split())
_BLOCKS: Final = frozenset(_BLOCK_NAMES.split())
_BREAKS: Final = frozenset(("br", "hr"))
_KNOWN: Final = _INLINE | _BLOCKS | _BREAKS
"""Of HTML, where a browser shows none of them, also where they are not closed."""
_LEFT: Final = frozenset(_LEFT_NAMES.split())
"""They show something, lead somewhere or hold what is no text."""
_TAG: Final = re.compile(
    r"<(?P<close>/?)(?P<name>[a-z][a-z0-9]{0,14})"
    r"(?P<attributes>[\s/](?:[^<>\"']|\"[^\"<]{0,300}\"|'[^'<]{0,300}')*+(?=>)|[\s/][^<>]{0,300})?>"
    r"|<(?P<nothing>!)[^\w<>]{0,80}>"
    r"|\[(?P<end>/?)(?P<code>[a-z][a-z0-9]{0,11}|\*)(?:=[^\[\]\n]{0,80})?\]",
    re.IGNORECASE,
)
_FEWEST_PAIRS: Final = 3
_FEWEST: Final = 3
_ONE_IN: Final = 2
"""Words to a tag, at most, where tags are not closed."""
_CODE: Final = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_URL: Final = re.compile(r"\w{2,8}://[^\s\"'<>()\[\]]{1,300}")
_HREF: Final = re.compile(r"href\s{0,9}=\s{0,9}([\"']?)([^\"'<>]{0,300})", re.IGNORECASE)
NOWHERE: Final = (
    r"<?(?:[#?][^\s()<>\"'\[\]]{0,99}|\.{0,2}/(?![/\\])[^\s()<>\"'\[\]]{0,99}|\.{1,2}"
    r"|[\w-]{1,40}(?:\.(?:html?|php|aspx?))?|javascript:[^\s()<>\"'\[\]]{0,40}(?:\(\w{0,9}\))?;?)?>?"
)
"""A link's target on the page or the site where it stands."""
_NOWHERE: Final = re.compile(NOWHERE, re.IGNORECASE)
_HIDING: Final = re.compile(
    r"display\s{0,9}:\s{0,9}none|visibility\s{0,9}:\s{0,9}hidden"
    r"|(?:font-size|(?<![\w-])opacity)\s{0,9}:\s{0,9}0(?![.\d]*[1-9])",
    re.IGNORECASE,
)
_STYLE: Final = re.compile(r"(?<![\w-])style\s{0,9}=", re.IGNORECASE)
_STYLED: Final = 400
"""Characters of a style in which it is looked for."""
_NO_TAG: Final = re.compile(r"[^<>]*")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_HIDDEN_ATTRIBUTE: Final = re.compile(r"(?<!\S)hidden(?![\w-])", re.IGNORECASE)


def hides(attributes: str) -> bool:
    """Whether a tag's attributes hide what the tag holds: by its style, or `hidden`."""
    if _is_styled_away(attributes):
        return True
    return _HIDDEN_ATTRIBUTE.search(_QUOTED.sub("", attributes)) is not None


def _is_styled_away(attributes: str) -> bool:
    # A tag may hold thousands of styles: the few words that hide are looked for first.
    hiding = [word.start() for word in _HIDING.finditer(attributes)]
    styles = [style.end() for style in _STYLE.finditer(attributes)] if hiding else []
    for end in hiding:
        start = styles[place - 1] if (place := bisect_right(styles, end)) else -_STYLED - 1
        if end - start <= _STYLED and _NO_TAG.fullmatch(attributes, start, end):
            return True
    return False


def without_tags(text: str) -> str:
    """The text without tags that show nothing, if it is laid out by them and not about them.

    It is by three pairs, or a tag for every two words, code apart; if not, only pairs go of which
    one parts a word. Links within tags stand at the end: a site may show what is written.

    >>> without_tags("<b>send</b> <b>some</b> <b>cash</b>"), without_tags("use <b> here")
    ('send some cash', 'use <b> here')
    """
    parts = outside_code(text)
    tags = [tag for part in parts[::2] for tag in _TAG.finditer(part) if _shows_nothing(tag)]
    gone = _gone(tags, text) if tags else frozenset()
    if not gone:
        return text

    links: dict[str, None] = {}

    def shown(tag: re.Match[str]) -> str:
        name = _name(tag)
        if name not in gone or not _shows_nothing(tag):
            return tag[0]
        if "://" in tag[0]:
            links.update(dict.fromkeys(_URL.findall(tag[0])))
        if name in _BREAKS:
            return "\n"
        if name in _INLINE or _is_within_word(tag):
            return ""
        return "" if tag["code"] and name not in _BLOCKS else " "

    parts[::2] = [_TAG.sub(shown, part) for part in parts[::2]]
    return " ".join(("".join(parts), *links))


def outside_code(text: str) -> list[str]:
    """The text in parts, every second of them code; none is where most of the words would be."""
    if "`" not in text:
        return [text]
    parts = _CODE.split(text)
    coded = "".join(parts[1::2])
    said = len(text) - len(coded)
    return parts if said >= len(_TAG.sub("", coded)) else [text]


def _gone(tags: Sequence[re.Match[str]], text: str) -> frozenset[str]:
    opened, closed = Counter[str](), Counter[str]()
    for tag in tags:
        (closed if tag["close"] or tag["end"] else opened)[_name(tag)] += 1
    paired = opened.keys() & closed.keys()
    known = {_name(tag) for tag in tags if not tag["code"]} & _KNOWN
    if sum(min(opened[name], closed[name]) for name in paired) >= _FEWEST_PAIRS:
        return frozenset(paired | known)
    of_html = sum(_name(tag) in known for tag in tags)
    if (
        of_html >= _FEWEST
        and _ONE_IN * of_html >= len(_TAG.sub(" ", text).split())
        and not is_bracketed(text)
    ):
        return frozenset(paired | known)
    return frozenset(paired & {_name(tag) for tag in tags if _is_within_word(tag)})


def _name(tag: re.Match[str]) -> str:
    return (tag["name"] or tag["code"] or tag["nothing"]).lower()


def _shows_nothing(tag: re.Match[str]) -> bool:
    if _name(tag) in _LEFT:
        return False
    attributes = tag["attributes"] or ""
    if not attributes or tag["close"]:
        return True
    if hides(attributes):
        return False
    href = _HREF.search(attributes)
    return href is None or _NOWHERE.fullmatch(href[2].strip()) is not None


def _is_within_word(tag: re.Match[str]) -> bool:
    start, end = tag.span()
    return start > 0 and tag.string[start - 1].isalnum() and tag.string[end : end + 1].isalnum()
