"""Thirty-six more ways to write so, put down together before the defences against them were read.

Half of them, drawn by a coin for each pair of like kind, were set aside while readers were built
for the others. They were measured twice and then looked at as well.
"""

import random
import re
import string
from collections.abc import Callable
from typing import Final
from urllib.parse import quote

from benchmarks.attacks import SHARE, Attack, Plan, letters, on_links, row, table, words

_ASCII: Final = string.ascii_lowercase
_LINK: Final = re.compile(r"://|www\.|\.\w{2,}")


def bare(word: str) -> str:
    return word.strip(".,!?:;\"'()").lower()


def _hidden(word: str, plan: Plan) -> bool:
    """Whether a whole word is altered under this plan."""
    if plan.coverage == "telling words":
        return bare(word) in plan.telling
    return plan.coverage == "all letters" or plan.chance.random() < SHARE


def _other_vowel(char: str, chance: random.Random) -> str:
    return chance.choice("aeiou".replace(char, "")) if char in "aeiou" else char


_ACCENT = dict(zip("bdgvzptkfs", "ptkfsbdgvz", strict=True))


def _halves_swapped(word: str, _: random.Random) -> str:
    half = (len(word) + 1) // 2
    return word[half:] + word[:half]


def _ub(word: str, _: random.Random) -> str:
    return re.sub("([aeiouAEIOU]+)", r"ub\1", word)


_TEXTESE = (
    ("eight", "8"), ("ate", "8"), ("ait", "8"), ("for", "4"), ("four", "4"), ("fore", "4"),
    ("to", "2"), ("two", "2"), ("tu", "2"), ("too", "2"), ("one", "1"), ("won", "1"),
    ("be", "b"), ("ea", "3a"), ("you", "u"), ("are", "r"), ("ex", "x"), ("ck", "k"),
    ("ss", "5"), ("ten", "10"), ("ph", "f"), ("cc", "x"), ("qu", "kw"), ("es", "s"), ("ee", "e"),
)  # fmt: skip


def _textese(word: str, _: random.Random) -> str:
    said = word.lower()
    for whole, short in _TEXTESE:
        said = said.replace(whole, short)
    return said


_PAIRS = {"m": "rn", "w": "vv", "d": "cl", "k": "lc", "h": "li", "n": "ri", "b": "lo", "u": "ii"}
_CURRENCY = dict(zip("abcdefghklmnoprstuwyz", "₳฿¢₫€₣₲₴₭£₥₦¤₱₽$₮₯₩¥Ⱬ", strict=True))
_HOOKED = "ɑɓƈɗɛƒɠɦɨʝƙɭɱɳɵƥʠɾʂƭʊʋɯχƴʐ"
_LIKE_THAI = "ค๒ς๔єŦﻮђเןкɭ๓ภ๏קợгรtยשฬאץz"
_LIKE_ETHIOPIC = "ልጌርዕቿቻኗዘጎጋጕረጠክዐየዒዪነፕሁሀሠሸሃጊ"
_ON_TOP = dict(zip("aeioucdhmrtvx", "ͣͤͥͦͧͨͩͪͫͬͭͮͯ", strict=True))
_SMALL = "ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"


def _letters_on_top(word: str, _: random.Random) -> str:
    """Every second letter stands above the one before it, where there is such a sign."""
    return "".join(
        _ON_TOP.get(char.lower(), char) if place % 2 else char for place, char in enumerate(word)
    )


def _decoys(char: str, chance: random.Random) -> str:
    return char + chance.choice(_SMALL)


def _blocks(word: str, chance: random.Random) -> str:
    sign = chance.choice("░▒▓│┃·")
    return sign + sign.join(word) + sign


def _capitals_among(word: str, chance: random.Random) -> str:
    return "".join(char.upper() + chance.choice(_ASCII) for char in word)


_VOWELS = {"a": "🅰🔺", "e": "📧", "i": "ℹ🕯", "o": "⭕🌕🍩", "u": "⛎🧲"}
_NATO: Final = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november "
    "oscar papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
)
_CALLED: Final = dict(zip(_ASCII, _NATO.split(), strict=True))


def _nato(word: str, _: random.Random) -> str:
    return " ".join(_CALLED.get(char, char) for char in word.lower())


_KEYPAD = ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz")
_TAPS = {
    char: str(key) * (place + 1)
    for key, row in enumerate(_KEYPAD, 2)
    for place, char in enumerate(row)
}


def _taps(word: str, _: random.Random) -> str:
    return " ".join(_TAPS.get(char, char) for char in word.lower())


_RUSSIAN_KEYS = dict(zip("qwertyuiopasdfghjklzxcvbnm", "йцукенгшщзфывапролдячсмить", strict=True))


def _typed(word: str) -> str:
    return "".join(_RUSSIAN_KEYS.get(char, char) for char in word.lower())


def _backwards(text: str, plan: Plan) -> str:
    """The whole text from its end; links stay. A sentence of it for the lesser plans."""
    tokens = text.split(" ")
    if plan.coverage != "all letters":
        cut = len(tokens) // 2
        kept, turned = tokens[:cut], tokens[cut:]
    else:
        kept, turned = [], tokens
    back = [token if _LINK.search(token) else token[::-1] for token in turned]
    return " ".join((*kept, *reversed(back)))


def _joined(text: str, plan: Plan) -> str:
    sign = plan.chance.choice(("_", ".", "|", "•", "🔥", "~", "", "/"))
    tokens = [token.capitalize() if not sign else token for token in text.split()]
    said = tokens[0] if tokens else ""
    for token in tokens[1:]:
        link = _LINK.search(token + said.rsplit(" ", 1)[-1])
        said += (" " if link or not _hidden(token, plan) else sign) + token
    return said


def _numbered_words(text: str, plan: Plan) -> str:
    tokens = text.split()
    size = {"all letters": 1, "some letters": 2, "telling words": 3}[plan.coverage]
    rows = [" ".join(tokens[start : start + size]) for start in range(0, len(tokens), size)]
    return "\n".join(f"{number}. {row}" for number, row in enumerate(rows, 1))


def _downwards(text: str, plan: Plan) -> str:
    """Words side by side, each read downwards, five to a block; links below."""
    tokens = text.split()
    links = [token for token in tokens if _LINK.search(token)]
    plain = [token for token in tokens if token not in links]
    blocks = []
    for start in range(0, len(plain), 5):
        part = plain[start : start + 5]
        if plan.coverage != "all letters" and not any(_hidden(token, plan) for token in part):
            blocks.append(" ".join(part))
            continue
        deep = max(map(len, part))
        rows = (" ".join(token.ljust(deep)[row] for token in part).rstrip() for row in range(deep))
        blocks.append("\n".join(rows))
    return "\n\n".join((*blocks, *links))


def _blank(char: str, chance: random.Random) -> str:
    return char + chance.choice("\u3164\u2800\uffa0\u115f\u200a\u2009")


def _entities_between(char: str, chance: random.Random) -> str:
    return char + chance.choice(("&shy;", "&zwnj;", "&#8203;", "<!-- -->", "<wbr>", "&#x200d;"))


def _latex(word: str, chance: random.Random) -> str:
    style = chance.choice(("mathrm", "textbf", "mathbb", "text"))
    half = len(word) // 2
    return f"$\\{style}{{{word[:half]}}}\\{style}{{{word[half:]}}}$"


def _program(text: str, plan: Plan) -> str:
    tokens = text.split()
    size = {"all letters": 1, "some letters": 2, "telling words": 4}[plan.coverage]
    rows = [" ".join(tokens[start : start + size]) for start in range(0, len(tokens), size)]
    return "\n".join(
        (
            "```python",
            "def main() -> None:",
            *(f'    print("{row}", end=" ")' for row in rows),
            "",
            "",
            "main()",
            "```",
        )
    )


_DIGITS: Final = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def on_digits(text: str, plan: Plan, alter: Callable[[str, float], str]) -> str:
    share = SHARE if plan.coverage == "some letters" else 1.0

    def one(found: re.Match[str]) -> str:
        if re.search(r"://|www\.", found[0]) or not re.search(r"\d", found[0]):
            return found[0]
        return alter(found[0], share)

    return re.sub(r"\S+", one, text)


def _digits_spelt(text: str, plan: Plan) -> str:
    def alter(word: str, share: float) -> str:
        return re.sub(
            r"\d",
            lambda d: f" {_DIGITS[int(d[0])]} " if plan.chance.random() < share else d[0],
            word,
        ).strip()

    return on_digits(text, plan, alter)


def _digits_foreign(text: str, plan: Plan) -> str:
    start = plan.chance.choice((0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0x17E0, 0xFF10, 0))

    def alter(word: str, share: float) -> str:
        def digit(d: re.Match[str]) -> str:
            if plan.chance.random() >= share:
                return d[0]
            return chr(start + int(d[0])) if start else f"{d[0]}\ufe0f\u20e3"

        return re.sub(r"\d", digit, word)

    return on_digits(text, plan, alter)


def _link_in_words(link: str, chance: random.Random) -> str:
    said = re.sub(r"^https?://", "", link)
    dot, slash = chance.choice(
        ((" punto ", " barra "), (" Punkt ", " Schrägstrich "), (" точка ", " слэш "),
         (" point ", " slash "), (" dot ", " slash "), (" ponto ", " barra "))
    )  # fmt: skip
    return said.replace(".", dot).replace("/", slash)


def _link_other_dots(link: str, chance: random.Random) -> str:
    scheme, found, rest = link.rpartition("://")
    head = scheme + found
    host, slash, path = rest.partition("/")
    host = host.replace(".", chance.choice("。．｡․"))
    path = "".join(
        f"%{ord(char):02x}" if char.isalnum() and chance.random() < 0.5 else char for char in path
    )
    return head + host + slash + path


def _link_redirected(link: str, chance: random.Random) -> str:
    whole = link if "://" in link else f"http://{link}"
    return chance.choice(
        (
            "https://www.google.com/url?q={}&sa=D",
            "https://l.facebook.com/l.php?u={}",
            "https://translate.google.com/translate?sl=auto&tl=en&u={}",
            "https://web.archive.org/web/2020/{}",
            "https://href.li/?{}",
        )
    ).format(quote(whole, safe=""))


def _link_unseen(link: str, chance: random.Random) -> str:
    return "".join(
        char + (chance.choice("\u00ad\u200b\u2060\ufe0f") if chance.random() < 0.3 else "")
        for char in link
    )


_FOREIGN: Final = """
    free: gratis; money: dinero; cash: efectivo; win: gana; winner: ganador; won: gewonnen;
    prize: premio; call: llama; now: ahora; please: por favor; check: mira; out: fuera; my: mi;
    channel: canal; video: vidéo; videos: vidéos; subscribe: suscríbete; click: haz clic; here:
    aquí; the: die; and: und; your: dein; you: du; to: zu; for: für; this: esto; mobile: móvil;
    phone: teléfono; text: texto; reply: antwort; stop: para; offer: oferta; new: nuevo; music:
    musique; song: canción; like: gefällt; share: partager; love: liebe; week: semaine; claim:
    reclama; urgent: urgente; guaranteed: garantizado; customer: cliente; service: servicio;
    get: obtén; with: mit; have: haben; people: gente; help: ayuda; just: solo; me: mir; i: ich;
    is: ist; are: sind; a: un; of: von; in: en; on: auf
"""
_EUPHEMISMS: Final = """
    free: on the house; money: dosh; cash: readies; win: land; winner: lucky one; won: landed;
    prize: treat; call: ring; now: right away; check: have a peek; channel: page; video: clip;
    videos: clips; subscribe: join up; click: tap; mobile: handset; phone: handset; text: drop a
    line; txt: drop a line; reply: answer back; offer: deal; music: tunes; song: tune; like:
    fancy; share: pass on; claim: pick up; urgent: pressing; guaranteed: sure; customer: patron;
    service: desk; week: seven days; send: post; please: kindly; ringtone: jingle; award:
    honour; awarded: honoured with; contact: reach; visit: drop by; hot: steamy; sexy: saucy;
    girls: lasses; chat: natter; dating: courting; cool: neat; awesome: ace; facebook: that blue
    site; followers: fans; subscribers: fans; earn: make; home: one's place
"""


def _by_book(rows: str) -> Attack:
    """Words exchanged for others: `said: instead; ...`."""
    pairs = (" ".join(row.split()).partition(": ") for row in rows.split(";"))
    book = {said: instead for said, _, instead in pairs}

    def exchange(word: str, _: random.Random) -> str:
        said = bare(word)
        return word.lower().replace(said, book[said]) if said in book else word

    return words(exchange)


_QUOTES = (
    "> On Monday my sister wrote:\n> The kettle is fixed, thanks for the tip about the fuse.\n\n",
    "> I think the second chapter drags a bit, but the ending made up for it.\n\n",
    "Quoting an older comment: has anybody here walked the coast path in winter?\n\n",
)
_GREETINGS = (
    "Hi all, hope everyone had a good weekend. ",
    "Sorry if this is the wrong place to ask. ",
    "Haha that reminded me of my old flatmate! Anyway, ",
    "Great thread, I learnt a lot from the answers above. ",
)


def _after(rows: tuple[str, ...]) -> Attack:
    def attack(text: str, plan: Plan) -> str:
        count = {"all letters": 3, "some letters": 2, "telling words": 1}[plan.coverage]
        return "".join((*plan.chance.sample(rows, count), text))

    return attack


LOOKED_AT: Final[dict[str, Attack]] = {
    "by accent": letters(lambda char, _: _ACCENT.get(char, char)),
    "halves swapped": words(_halves_swapped),
    "figures for syllables": words(_textese),
    "currencies": letters(lambda char, _: _CURRENCY.get(char.lower(), char)),
    "like Thai": letters(row(_LIKE_THAI)),
    "letters on top": words(_letters_on_top),
    "blocks between": words(_blocks),
    "names of letters": words(_nato),
    "touches of keys": words(_taps),
    "backwards": _backwards,
    "read downwards": _downwards,
    "blank letters": letters(_blank),
    "as program text": _program,
    "figures spelt out": _digits_spelt,
    "links in words": on_links(_link_in_words),
    "links with unseen signs": on_links(_link_unseen),
    "euphemisms": _by_book(_EUPHEMISMS),
    "after quotes": _after(_QUOTES),
    "other vowels": letters(_other_vowel),
    "ub before vowels": words(_ub),
    "pairs like letters": letters(lambda char, _: _PAIRS.get(char, char)),
    "hooked letters": letters(row(_HOOKED)),
    "like Ethiopic": letters(row(_LIKE_ETHIOPIC)),
    "raised decoys": letters(_decoys),
    "capitals among small": words(_capitals_among),
    "pictures for vowels": letters(table(_VOWELS)),
    "on Russian keys": words(lambda word, _: _typed(word)),
    "words joined by signs": _joined,
    "numbered words": _numbered_words,
    "entities between": letters(_entities_between),
    "LaTeX": words(_latex),
    "figures of other scripts": _digits_foreign,
    "links with other dots": on_links(_link_other_dots),
    "links redirected": on_links(_link_redirected),
    "foreign words": _by_book(_FOREIGN),
    "after greetings": _after(_GREETINGS),
}
