"""Ways to be reached outside the site: numbers, mail, messengers, wallets, short codes."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from operator import itemgetter

from classifiers.heuristics.wording import counted, flowing, grade, listed, whole_text
from classifiers.text.normalize import clean
from classifiers.text.urls import Link, find_links
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = (
    "contact.email",
    "contact.messenger",
    "contact.phone",
    "contact.short_code",
    "contact.wallet",
)

# Every repeat below is bounded and starts at a border, so each pattern is linear. A pattern
# that begins with a set of characters is searched ten times faster than one with a border.
_PHONE = re.compile(
    r"[+(\d](?<![\w.,/#@=+-].)(?:(?<=\+)\(?\d|(?<=\()\d|(?<=\d))"
    r"(?:[ \u00a0().\-/–]{0,2}\d){6,15}(?![\d@]|[.,]\d)"
)
_DATE = re.compile(
    r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?!\d)|(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d\Z|\d{1,2}[-./]\d{1,2}[-./]\d{2,4}(?:[^\d./-]|\Z)"
)
_DAY, _MONTH, _YEAR = "(?:0?[1-9]|[12]\\d|3[01])", "(?:0?[1-9]|1[0-2])", "(?:19|20)\\d\\d"
_DATE_WITHIN = re.compile(
    rf"(?<!\d)(?:{_YEAR}([-./]){_MONTH}\1{_DAY}|(?<!\d[-./]){_DAY}([-./]){_MONTH}\2{_YEAR})(?!\d)"
)
_QUAD = re.compile(r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])")
_NUMBERED = re.compile(
    r"(?:\b(?:isbn|issn|ean|doi|iban)\b(?:-1[03])?[\s:#]*|orcid\S*)\Z", re.IGNORECASE
)
_BOOK = re.compile(r"97[89][-\s]?\d")
_BOOK_DIGITS = 13
_RANGES = re.compile(r"(\d{1,4})\s?[-–]\s?(\d{1,4})(?:,?\s|\Z)")
_CLOCK = "(?:[01]\\d|2[0-4])(?:00|15|30|45)"
_NUMBERED_IN_YEAR = re.compile(r"(?:19|20)\d\d[-–/]\d{3}\Z")
_HOURS = re.compile(rf"({_CLOCK})\s?[-–]\s?({_CLOCK})\Z")
# Rows of numbers and of base 16 hold whatever grouping one looks for.
_CODE_BEFORE = re.compile(r"(?:^|\s)([0-9a-f]{2,9}):?\s\Z")
_CODE_BEHIND = re.compile(r"\s([0-9a-f]{2,9}):?(?:\s|\Z)")
_FIGURE_BEFORE, _FIGURE_BEHIND = re.compile(r"\d\s\Z"), re.compile(r"\s\d")
_LONGEST_CODE = 12
_LINE_END = re.compile("[\n\v\f\r\x85\u2028\u2029]")
_DIGITS = re.compile(r"\d+")
_MAIL_BEFORE, _MAIL_BEHIND = 70, 640
"""Characters of an address before its sign and behind it, at most."""
_AT = re.compile(r"[@\[(](?:(?<=@)|\s?at\s?[\])])", re.IGNORECASE)
_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}(?:@|\s{0,2}[\[(]\s?(?:at|@)\s?[\])]\s{0,2})"
    r"(?:[\w-]{1,63}(?:\.|\s{0,2}[\[(]\s?(?:dot|\.)\s?[\])]\s{0,2})){1,8}[^\W\d_]{2,24}",
    re.IGNORECASE,
)
_AT_SIGN = re.compile(r"\s{0,2}[\[(]\s?(?:at|@)\s?[\])]\s{0,2}", re.IGNORECASE)
_MESSENGER_HOSTS = frozenset(
    (
        *("t.me", "telegram.me", "telegram.dog", "wa.me", "wa.link", "chat.whatsapp.com"),
        *("api.whatsapp.com", "discord.gg", "discord.com", "discordapp.com", "line.me", "lin.ee"),
        *("m.me", "signal.me", "signal.group", "viber.com", "chats.viber.com", "kik.me"),
        *("join.skype.com", "snapchat.com", "vk.me", "zalo.me", "icq.im", "matrix.to"),
    )
)
_NAMES = (
    *("whatsapp", "whats app", "watsapp", "wasap", "telegram", "telegrm", "wechat", "we chat"),
    *("viber", "skype", "snapchat", "discord", "kik", "line id", "zalo", "ватсап", "вотсап"),
    *("телеграм", "вайбер", "скайп", "微信", "薇信", "加微", "واتساب", "واتس اب", "تلجرام"),
    *("تليجرام", "تلگرام", "ไลน์", "व्हाट्सएप", "카톡"),
)
_PLAIN_NAMES = tuple(filter(str.isascii, _NAMES))
_MESSENGER = re.compile(
    rf"(?:{'|'.join(_NAMES)})\w{{0,2}}"
    r"[^\w@+\n]{0,4}(?:me|us|id|at|on|number|no|line|chat|group|link|канал|группа)?"
    r"[^\w@+\n]{0,4}(?:(?P<handle>@[\w.]{3,32})|(?P<number>\+?\d[\d ().-]{5,18}\d))"
)
_ASKS = r"\b(?:text|txt|sms|send|reply|call|msg|envoyez|envoie|sende|envia|envía|ส่ง)\b"
_ASKING = re.compile(_ASKS, re.IGNORECASE)
_BEFORE_CODE = 60
"""Characters from the first of these words to the number, at most."""
_SHORT_CODE = re.compile(
    rf"{_ASKS}[^\n]{{0,40}}?"
    r"\b(?:to|on|au|an|al|ที่)?\s?(?<![\d£$€.,+-])(?P<code>\d{4,6})(?![\d:]|[.,-]\d)",
    re.IGNORECASE,
)
_OF_A_NUMBER = 10
"""Digits from which on a number is no short one that stands before a price."""
_FOUR_DIGITS = re.compile(r"\d{4}")
_APPS = ("tg", "whatsapp", "viber", "weixin", "sgnl", "discord", "kik")
_APP = re.compile(rf"\b(?:{'|'.join(_APPS)})://\w+", re.IGNORECASE)
_SHORTEST_WALLET = 26
_LONG_RUN = re.compile(rf"(?<![A-Za-z0-9])[A-Za-z0-9]{{{_SHORTEST_WALLET},64}}(?![A-Za-z0-9])")
_WALLET = re.compile(
    r"bc1[a-z0-9]{23,59}|[13][1-9A-HJ-NP-Za-km-z]{25,34}|0x[0-9a-fA-F]{40}"
    r"|T[1-9A-HJ-NP-Za-km-z]{33}|(?P<other>[1-9A-HJ-NP-Za-km-z]{32,44})"
)


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Signals for each way of contact found in title and text."""
    written = whole_text(content)
    text = flowing(clean(written))
    return (*_numbers(text), *_mail(text), *_messengers(text, written), *_wallets(text))


def ways(written: str) -> tuple[str, ...]:
    """The telephone numbers, mail addresses and messengers' names in a text, in one spelling.

    >>> ways("mail Jo [at] example.com or +44 (0)161 496 0000")
    ('614960000', 'jo@example.com')
    """
    text = clean(written)
    # Of a number its last nine digits: what stands before differs by where one calls from.
    phones = [run[0] for run in _PHONE.finditer(text) if _is_phone(run)]
    found = ["".join(_DIGITS.findall(phone))[-9:] for phone in phones]
    found += [_AT_SIGN.sub("@", mail).lower() for mail in _addresses(text)]
    lowered = text.lower()
    if any(map(lowered.__contains__, _PLAIN_NAMES if text.isascii() else _NAMES)):
        found += [run["handle"] for run in _MESSENGER.finditer(lowered) if run["handle"]]
    return tuple(dict.fromkeys(found))


def is_messenger(link: Link) -> bool:
    return link.host in _MESSENGER_HOSTS


def _numbers(text: str) -> Iterator[Signal]:
    if not _DIGITS.search(text):
        return
    runs = [found for found in _PHONE.finditer(text) if _is_phone(found)]
    phones = [found[0] for found in runs]
    if phones:
        sentence = f"{counted(len(phones), 'telephone number')}: {listed(phones)}."
        yield Signal("contact.phone", sentence, grade(len(phones), 3))
    asked = any(
        _ASKING.search(text, max(0, digits.start() - _BEFORE_CODE), digits.start())
        for digits in _FOUR_DIGITS.finditer(text)
    )
    found_codes = _SHORT_CODE.finditer(text) if asked else ()
    starts = [run.start() for run in runs]
    codes = [
        found["code"] for found in found_codes if not _is_within(found.start("code"), runs, starts)
    ]
    if codes:
        sentence = f"Asks for a message or call to a short number: {listed(codes)}."
        yield Signal("contact.short_code", sentence, grade(len(codes), 2))


def _is_within(place: int, runs: Sequence[re.Match[str]], starts: Sequence[int]) -> bool:
    """Whether what stands there belongs to a whole number; a price may follow a short one."""
    before = bisect_right(starts, place)
    if not before or place >= runs[before - 1].end():
        return False
    run = runs[before - 1]
    digits = sum(map(str.isdigit, run[0]))
    return place > run.start() or run[0][0] in "+0(" or digits >= _OF_A_NUMBER


def _is_phone(found: re.Match[str]) -> bool:
    """Whether a run of digits is grouped like a telephone number, not a date, sum or id."""
    written = found[0]
    sizes = [len(group) for group in _DIGITS.findall(written)]
    marked = written[0] in "+0("
    if sum(sizes) > 15 or sizes.count(1) > 2 or _DATE.match(written):
        return False
    if _is_other(found):
        return False
    if not marked and found.string[found.end() : found.end() + 1].isalpha():
        return False
    if len(sizes) == 1:
        return marked or 9 <= sizes[0] <= 12
    # Dots are also decimal points and thousands: in numbers they stand between all groups.
    dots = written.count(".")
    return not dots or (dots == len(sizes) - 1 > 1 and max(sizes) <= 4 and set(sizes[1:]) != {3})


def _is_other(found: re.Match[str]) -> bool:
    """Whether digits grouped so are dates, hours, addresses of machines, books, bills or ranges."""
    written = found[0]
    if _DATE_WITHIN.search(written) or len(set(written)) == 1:
        return True
    if written[0] not in "+(" and _is_in_row(found):
        return True
    if "." in written and any(map(_is_address, _QUAD.findall(written))):
        return True
    if _BOOK.match(written) and sum(map(str.isdigit, written)) == _BOOK_DIGITS:
        return True
    if _NUMBERED.search(found.string[max(0, found.start() - 30) : found.start()]):
        return True
    # A number in brackets begins with one; a price behind a number opens them within.
    if _NUMBERED_IN_YEAR.match(written) or written.rfind("(") > max(written.rfind(")"), 0):
        return True
    if (hours := _HOURS.match(written)) and hours[1] < hours[2]:
        return True
    ranges = _RANGES.findall(written)
    return (
        len(ranges) > 1
        and all(low < high and len(low) == len(high) for low, high in ranges)
        and _RANGES.sub("", written).strip() == ""
    )


def _is_in_row(found: re.Match[str]) -> bool:
    """Whether numbers or codes stand before or behind it in its line.

    Other lines say nothing: many telephone numbers stand one a line, or below an address.
    """
    before = _LINE_END.split(found.string[max(0, found.start() - _LONGEST_CODE) : found.start()])[
        -1
    ]
    behind = _LINE_END.split(found.string[found.end() : found.end() + _LONGEST_CODE])[0]
    one = found[0].isdigit()
    if not one and (_FIGURE_BEHIND.match(behind) or _FIGURE_BEFORE.search(before)):
        return True
    first, last = _CODE_BEFORE.search(before), _CODE_BEHIND.match(behind)
    if not (first and last):
        return False
    beside = first[1] + last[1]
    # Numbers of telephones stand in rows as well, but not among others with letters.
    return not (beside.isdigit() if one else beside.isalpha())


def _is_address(written: str) -> bool:
    try:
        ip_address(written)
    except ValueError:
        return False
    return True


def _mail(text: str) -> Iterator[Signal]:
    addresses = list(_addresses(text))
    if addresses:
        sentence = f"{counted(len(addresses), 'e-mail address', 'e-mail addresses')} in the text."
        yield Signal("contact.email", sentence, grade(len(addresses), 3))


def _addresses(text: str) -> Iterator[str]:
    """Those of mail, looked for about signs alone, and nowhere twice."""
    for first, end in _about_signs(text):
        yield from map(itemgetter(0), _EMAIL.finditer(text, first, end))


def _about_signs(text: str) -> Iterator[tuple[int, int]]:
    """From where to where an address may stand; these places do not overlap."""
    first = end = 0
    for sign in _AT.finditer(text):
        if sign.start() - _MAIL_BEFORE > end:
            yield first, end
            first = sign.start() - _MAIL_BEFORE
        end = sign.end() + _MAIL_BEHIND
    if end:
        yield first, end


def _messengers(text: str, written: str) -> Iterator[Signal]:
    shown = [link.host for link in find_links(written) if is_messenger(link)]
    lowered = text.lower()
    if "://" in text and any(f"{name}://" in lowered for name in _APPS):
        shown += _APP.findall(text)
    if any(map(lowered.__contains__, _PLAIN_NAMES if text.isascii() else _NAMES)):
        shown += [found["handle"] or found["number"] for found in _MESSENGER.finditer(lowered)]
    if shown:
        sentence = f"Invites to a messenger: {listed(shown)}."
        yield Signal("contact.messenger", sentence, grade(len(shown), 3))


def _wallets(text: str) -> Iterator[Signal]:
    long = [token for token in text.split() if len(token) >= _SHORTEST_WALLET]
    runs = [run for token in long for run in _LONG_RUN.findall(token)]
    wallets = list(filter(_is_wallet, runs))
    if wallets:
        sentence = f"{counted(len(wallets), 'wallet address', 'wallet addresses')} of a currency."
        yield Signal("contact.wallet", sentence, grade(len(wallets), 2))


def _is_wallet(run: str) -> bool:
    found = _WALLET.fullmatch(run)
    if found is None:
        return False
    # Base58 alone is also what a long word looks like: a key mixes case and digits.
    return found["other"] is None or (
        sum(map(str.isdigit, run)) > 1 and not run.isupper() and not run.islower()
    )
