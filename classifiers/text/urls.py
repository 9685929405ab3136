"""Links in a text, also bare, wrapped or taken apart so that filters overlook them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import inet_aton
from typing import Final

from classifiers.text.characters import MEMORY
from classifiers.text.normalize import clean
from classifiers.text.shortener_hosts import SHORTENERS
from classifiers.text.suffixes import extractor, last_labels

MAX_LINKS = 200
"""Links kept of one text; more are only counted."""


@dataclass(frozen=True, slots=True)
class Link:
    """One link as found; nothing in it was ever opened."""

    url: str
    """As written, without disguise."""
    host: str
    """In small letters, without port."""
    domain: str
    """What was registered: `example.co.uk` of `www.example.co.uk`; the host of an address."""
    scheme: str = ""
    """`http`, `https`, ...; empty where none is written."""
    is_ip: bool = False
    is_shortener: bool = False
    is_punycode: bool = False
    has_userinfo: bool = False
    is_defanged: bool = False
    """Written so that people see a link and programs do not (hxxp, example[.]com)."""
    is_markup: bool = False
    """Written as HTML, BBCode or Markdown."""


@dataclass(frozen=True, slots=True)
class _Found:
    links: tuple[Link, ...]
    total: int


# Stands for a dot that was disguised, until the link is read.
_DOT = "\ue000"
# In the languages in which most links are written.
_SPELT = """
    dot punkt punto ponto point punct kropka tečka bodka točka tochka точка крапка nokta piste
    pont titik chấm نقطة נקודה 点 點 ドット 점 จุด बिंदु डॉट τελεία
"""
_DOTS = frozenset((".", *_SPELT.split()))
# Such a dot is also a word for a place, a moment or a mark, and these endings are words beside it:
# "up to this point net income rose", "um ponto com vista".
_ALSO_WORDS = {
    **dict.fromkeys(("point", "punct", "punkt", "punto", "pont", "nokta"), ("net", "org")),
    "ponto": ("com", "net", "org"),
}
# No site is called so, but a point is.
_ARTICLES = """
    a all an and another any asp at by each every for from her his in is its my no of on or our
    same some that the their this to what which with your
    au aucun ce cet chaque dans de des du en est et la le les leur mon notre par pas pour quel sa
    sans ses son sur tel tout un une votre
    al cada con del el ella ese esta este esto hasta lo los mi muy otro por que su tal tu uno y
    ao com da deste do e esse isto meu na nenhum num o os qual seu uma
    am auf aus bei dem den der die dieser diesem diesen ein einem einen im jeder jedem jeden kein
    nach seit und vom von zu zum
    ad dal dei di il nel nella ogni questo suo
    acest acel fiecare pe bu bir ve az egy ez
"""
_NO_NAMES = frozenset(_ARTICLES.split())
_LAST_WORD = re.compile(r"\w+\Z")
_LINK_ENDS = re.compile(r"""[^\S\n]*(?:\Z|[\n/:,;.!?)\]}>"'»”])""")
_NAMED_DOT = "(?:" + "|".join(map(re.escape, sorted(_DOTS))) + ")"
_WRAPPED_DOT = re.compile(
    rf"(?<=\w)\s{{0,2}}[\[({{]\s{{0,2}}{_NAMED_DOT}\s{{0,2}}[\])}}]\s{{0,2}}(?=\w)", re.IGNORECASE
)
_BRACKETED_DOT = re.compile(rf"[\[({{]\s{{0,2}}{_NAMED_DOT}\s{{0,2}}[\])}}]", re.IGNORECASE)
_MAYBE_WRAPPED = re.compile(r"[\[({]\s{0,2}(?:[.bdknpt]|[^\x00-\x7f])", re.IGNORECASE)
_NATIONAL = "(?:uk|jp|nz|za|kr|il)\\b"
_SPELT_DOT = re.compile(
    rf"""
    (?<=[a-z0-9])\s{{1,3}}(?:
        (?P<mark>dot|\.)\s{{1,3}}(?=(?:com|net|org|info|biz|xyz|shop|site|online|top|ru)\b)
        | (?P<named>{_NAMED_DOT})\s{{1,3}}
          (?=(?P<ending>com|net|org|ru)\b|co(?:\s{{1,3}}\S{{1,7}}\s{{1,3}}|\.){_NATIONAL})
        | (?<=\bco\s){_NAMED_DOT}\s{{1,3}}(?={_NATIONAL})
        | (?<=\bwww\s){_NAMED_DOT}\s{{1,3}}(?=\w)
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_CALLS = """
    at on via from to visit go goto see check try click open join find browse order buy shop get
    register subscribe follow log login sign claim download watch read
"""
_WINDOW = 80
"""Characters before a dot that is spelt in which something may lead to the host."""
_LEADS = re.compile(
    rf"""
    (?: (?: ://|@|\bwww\b|\bh(?:tt|xx)ps?\b ) [\w\s.:/-]{{0,{_WINDOW}}}
      | \b(?:{"|".join(_CALLS.split())}) (?:\W+\w+){{0,3}} \W+[\w-]+
    ) \Z
    """,
    re.IGNORECASE | re.VERBOSE,
)
_PATH_FOLLOWS = re.compile(r"\w+\s{0,3}(?:/|slash\b|[?#:]\w)", re.IGNORECASE)
_GLUED = re.compile(r"[hH](?<=[^\W_].)(?=(?i:ttp|xxp)s?://)", re.IGNORECASE)

_ADDRESS = rf"\d{{1,3}}(?:[.{_DOT}]\d{{1,3}}){{3}}(?!\.?[\w-])"
_NUMBER = r"(?:0x[0-9a-f]{1,60}|\d{1,60})"
_WRITTEN_OUT = rf"{_NUMBER}(?:[.{_DOT}]{_NUMBER}){{0,3}}(?!\.?[\w-])"
"""An address as browsers read it as well: one number, or parts in base 8 or 16."""

# Linear: a match starts only where no host character precedes, so that no run of host
# characters is read twice, and every repeat is bounded or ends at a character it excludes.
_LINK = re.compile(
    rf"""
    (?: (?P<scheme> (?:https?|hxxps?|ftps?) ) ://
        (?: (?P<userinfo> [^\s/\\?\#<>"'\[\]]+ ) @ )?
        (?P<host> {_WRITTEN_OUT} | (?:[\w-]{{1,63}}[.{_DOT}]){{1,126}} [\w-]{{2,63}}
                 | \[[0-9a-f:.]{{2,45}}\] )
    | (?<![A-Za-z0-9@._{_DOT}-])
        (?P<bare> {_ADDRESS} | (?:[A-Za-z0-9-]{{1,63}}[.{_DOT}]){{1,126}} [A-Za-z0-9-]{{2,63}} )
        (?![A-Za-z0-9_@-])
    | (?<![\w@.{_DOT}-])
        (?P<national> (?:[\w-]{{1,63}}[.{_DOT}]){{1,126}} (?:(?![a-z])[^\W\d_]){{2,63}} )
        (?![\w@-])
    )
    (?P<port> :\d{{1,5}} (?!\d) )?
    (?P<path> [/?\#] [!\#-&(-;=?-Z_a-z~]* )?
    """,
    re.VERBOSE | re.IGNORECASE,
)
# What every link has: a dot between host characters, or the mark of a scheme.
_HINT = re.compile(rf"[.{_DOT}:](?:(?<=\w.)\w\w|(?<=\w.)\d|//)")
_MARKUP = re.compile(
    r"""(?:href=["']?|\[(?:url|link)=["']?|\[(?:url|link)\]|\]\(<?)(?://)?\Z""", re.IGNORECASE
)
# Browsers leave such breaks out of an address.
_IN_QUOTES = re.compile(
    r"""(?:href|src)\s{0,3}=\s{0,3}(?:"[^"<>]{0,2000}"|'[^'<>]{0,2000}')""", re.IGNORECASE
)
_BREAKS: Final = str.maketrans("", "", "\t\n\r")

# Endings that are also words or names of files: a bare host needs more to be a link.
_WORDLIKE = """
    am are as at ba baby bar be best bid bingo black blue bo boo book both box build buy by call
    cam camp car cars case cash center chat cheap christmas city cm coach cool dad dance date day
    deal deals diet dj do dog eat fail fan fans fast film final fish fit fly fm food football
    forsale free fun game games garden gay gd gift gifts gives gmbh gold golf got green group guide
    guru health help here hot house how ice id in ink insure is it jobs kids la land law life like
    limited living lol love ma mail man map market md me meet men menu mo mobile moda mom movie
    mov ms my na name ne new news no now observer one open page partners party pay phone photo pics
    pictures pink pizza place play plus pm post prime ps pub py read ready red rent rest review rip
    rs run safe sale save school science search season security sex sh show singles ski sky smile
    so social song space spot star study style sucks support surf talk taxi team th tickets tips
    tires to today toys trade train trust us video vote voting watch weather wed win wine work
    works world wow wtf you zero zip zone
"""
_INNER_ENDINGS: Final = frozenset(
    ("arpa", "corp", "home", "internal", "intranet", "invalid", "lan", "local", "localhost", "test")
)
"""Of names that lead nowhere outside the writer's own network."""
_INNER_NETWORKS: Final = tuple(
    map(
        ip_network,
        (
            *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
            *("172.16.0.0/12", "192.168.0.0/16", "::/127", "fc00::/7", "fe80::/10"),
            # Manuals have these for examples (RFC 5737, RFC 3849).
            *("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"),
        ),
    )
)
_NETWORK: Final = re.compile(r"/\d{1,3}")
_SHORTEST_NAME: Final = 3
"""Letters of a name before an ending of two: shorter ones are abbreviations."""
_NEVER_ABBREVIATED: Final = frozenset(("ai", "cc", "co", "gg", "io"))
_WORDLIKE_SUFFIXES = frozenset(_WORDLIKE.split())
# No sentence starts with these, so their capitals do not tell of a missing space.
_NEVER_WORDS = frozenset(("com", "net", "org", "ru", "de", "fr", "uk", "info"))


@lru_cache(maxsize=4096)
def _registered(host: str) -> str:
    found = extractor().extract_str(host)
    return f"{found.domain}.{found.suffix}" if found.domain and found.suffix else ""


def _address(host: str, *, sure: bool) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(host.strip("[]"))
        return found if found.version == 4 else found.ipv4_mapped or found
    except ValueError:
        pass
    try:
        return IPv4Address(inet_aton(host)) if sure else None
    except OSError:
        return None


def _domain(host: str, *, written: str, scheme: str, has_more: bool) -> str:
    """What was registered, or nothing where a host is none that people outside could open."""
    ending = host.rpartition(".")[2]
    if ending in last_labels():
        if not scheme and not _is_plausible(host, written=written, sure=has_more):
            return ""
        return _registered(host) or (host if scheme else "")
    # The list of endings grows, and other names are resolved by extensions of browsers.
    if not scheme or ending in _INNER_ENDINGS or not ending.isalpha():
        return ""
    return ".".join(host.split(".")[-2:])


def _is_plausible(host: str, *, written: str, sure: bool) -> bool:
    """Whether a host without scheme is a link rather than a missing space after a full stop."""
    labels = host.split(".")
    suffix, name = labels[-1], labels[-2]
    if sure or labels[0] == "www":
        return True
    if suffix not in _NEVER_WORDS:
        if suffix in _WORDLIKE_SUFFIXES and "-" not in host:
            return False
        if written.rpartition(".")[2][0].isupper() and not written.isupper():
            return False
        short = len(suffix) == 2 and max(map(len, labels[:-1])) < _SHORTEST_NAME
        if short and suffix not in _NEVER_ABBREVIATED and host.replace(".", "").isalpha():
            return False
    return len(suffix) > 2 or any(char.isalpha() for char in name)


def _read(match: re.Match[str]) -> Link | None:
    written = match["host"] or match["bare"] or match["national"]
    plain = written.replace(_DOT, ".")
    host, scheme = plain.lower(), (match["scheme"] or "").lower()
    path = (match["path"] or "").rstrip(".,;:!?*_~")
    if path.endswith(")") and path.count("(") < path.count(")"):
        path = path[:-1].rstrip(").,;:!?") if "(" not in path else path[:-1]
    has_more = len(path) > 1 or bool(match["port"])
    address = _address(host, sure=bool(scheme)) if host[0] in "0123456789[" else None
    if address is None:
        domain = _domain(host, written=plain, scheme=scheme, has_more=has_more)
        if not domain:
            return None
    else:
        if any(address in network for network in _INNER_NETWORKS):
            return None
        if not scheme and (not has_more or _NETWORK.fullmatch(path)):
            return None
        domain = str(address) if address.version == 4 else f"[{address}]"
    userinfo = f"{match['userinfo']}@" if match["userinfo"] else ""
    before = match.string[max(0, match.start() - 12) : match.start()]
    return Link(
        url=(f"{scheme.replace('xx', 'tt')}://" if scheme else "")
        + userinfo
        + plain
        + (match["port"] or "")
        + path,
        host=host,
        domain=domain,
        scheme=scheme.replace("xx", "tt"),
        is_ip=address is not None,
        is_shortener=host.removeprefix("www.") in SHORTENERS,
        is_punycode="xn--" in host,
        has_userinfo=bool(userinfo),
        is_defanged=_DOT in written or scheme.startswith("hx"),
        is_markup=bool(_MARKUP.search(before)),
    )


def _dot_or_word(found: re.Match[str]) -> str:
    """A dot in place of its name, or what is written where a sentence may read so."""
    if (found["mark"] or "").lower() == "dot":
        # People talk of "example dot com" too; who hides a link sends others there.
        leads = _LEADS.search(found.string, max(0, found.start() - _WINDOW), found.start())
        if not leads and not _PATH_FOLLOWS.match(found.string, found.end()):
            return found[0]
    if not (found["mark"] or found["named"]):
        return _DOT
    before = _LAST_WORD.search(found.string[max(0, found.start() - 20) : found.start()])
    if before and before[0].lower() in _NO_NAMES:
        return found[0]
    ending = (found["ending"] or "").lower()
    if ending not in _ALSO_WORDS.get((found["named"] or "").lower(), ()):
        return _DOT
    return _DOT if _LINK_ENDS.match(found.string, found.end("ending")) else found[0]


def unbroken(text: str) -> str:
    """Return the text without disguise, and addresses in HTML without what browsers leave out.

    >>> unbroken("<a href='https://\uff45xample\\n.com'>")
    "<a href='https://example.com'>"
    """
    text = clean(text)
    lowered = text.lower()
    if "href" in lowered or "src" in lowered:
        text = _IN_QUOTES.sub(lambda found: found[0].translate(_BREAKS), text)
    return text


@lru_cache(maxsize=MEMORY)
def _find(text: str) -> _Found:
    text = unbroken(text)
    spelt = not _DOTS.isdisjoint(text.lower().split())
    wrapped = _MAYBE_WRAPPED.search(text)
    if "." not in text and not spelt and not wrapped and "://" not in text:
        return _Found((), 0)
    if _DOT in text:
        text = text.replace(_DOT, " ")
    if wrapped and _BRACKETED_DOT.search(text):
        text = _WRAPPED_DOT.sub(_DOT, text)
    if spelt:
        text = _SPELT_DOT.sub(_dot_or_word, text)
    if "://" in text or "[:]" in text:
        text = _GLUED.sub(r" \g<0>", text.replace("[:]//", "://").replace("[://]", "://"))
    kept: list[Link] = []
    total = 0
    for chunk in text.split():
        if ("." in chunk or ":" in chunk or _DOT in chunk) and _HINT.search(chunk):
            for link in filter(None, map(_read, _LINK.finditer(chunk))):
                total += 1
                if total <= MAX_LINKS:
                    kept.append(link)
    return _Found(tuple(kept), total)


def find_links(text: str) -> tuple[Link, ...]:
    """Return the links of a text in order, at most `MAX_LINKS` of them.

    Found are http(s) and ftp links, `www.` and bare domains with a known public suffix,
    those inside HTML, BBCode and Markdown, and simple disguises. E-mail addresses are none.

    >>> [link.domain for link in find_links("see hxxp://a.example[.]com/x or b.co.uk")]
    ['example.com', 'b.co.uk']
    """
    return _find(text).links


def count_links(text: str) -> int:
    """Return how many links a text holds, also beyond `MAX_LINKS`."""
    return _find(text).total
