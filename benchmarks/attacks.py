"""Ways to write a post so that people read it and filters do not; written without the defences.

An attack takes a text, the words an attacker would hide, and a source of chance. Its letters
are its own, put together by hand from what such texts look like, not taken from any table that
`classifiers.text` reads. Links stay usable: only the attacks on links touch them.
"""

import base64
import codecs
import random
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

SHARE: Final = 0.4
"""Letters altered where only some are."""
COVERAGES: Final = ("all letters", "some letters", "telling words")

_TOKEN: Final = re.compile(r"\S+")
_LINK: Final = re.compile(
    r"(?i)https?://\S+|www\.\S+|\b[\w-]+\.(?:com|net|org|co|uk|ly|me|io)\b\S*"
)
_ASCII: Final = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Plan:
    """What one post's attacker has in mind."""

    chance: random.Random
    coverage: str
    telling: frozenset[str]
    """Words, in small letters, that speak most for spam."""


Attack = Callable[[str, Plan], str]
Letter = Callable[[str, random.Random], str]


def _words(text: str, plan: Plan, alter: Callable[[str], str]) -> str:
    """The text with `alter` done to the words that the plan wants hidden, links apart."""

    def one(found: re.Match[str]) -> str:
        word = found[0]
        if _LINK.search(word):
            return word
        bare = word.strip(".,!?:;\"'()").lower()
        hidden = plan.coverage != "telling words" or bare in plan.telling
        return alter(word) if hidden else word

    return _TOKEN.sub(one, text)


def letters(exchange: Letter) -> Attack:
    """An attack on single letters."""

    def attack(text: str, plan: Plan) -> str:
        share = SHARE if plan.coverage == "some letters" else 1.0

        def alter(word: str) -> str:
            return "".join(
                exchange(char, plan.chance)
                if char.isascii() and char.isalpha() and plan.chance.random() < share
                else char
                for char in word
            )

        return _words(text, plan, alter)

    return attack


def words(exchange: Callable[[str, random.Random], str]) -> Attack:
    """An attack on whole words; some of them where the plan says some letters."""

    def attack(text: str, plan: Plan) -> str:
        share = SHARE if plan.coverage == "some letters" else 1.0

        def alter(word: str) -> str:
            long_enough = sum(map(str.isalpha, word)) > 2
            if long_enough and plan.chance.random() < share:
                return exchange(word, plan.chance)
            return word

        return _words(text, plan, alter)

    return attack


def table(small: dict[str, str], capital: dict[str, str] | None = None) -> Letter:
    def exchange(char: str, chance: random.Random) -> str:
        options = (capital or {}).get(char) or small.get(char.lower())
        return chance.choice(options) if options else char

    return exchange


def row(row: str) -> Letter:
    """Twenty-six letters, one for each of the alphabet."""
    return table(dict(zip(_ASCII, row, strict=True)))


_CYRILLIC = {
    "a": "а",
    "b": "ь",
    "c": "с",
    "d": "ԁ",
    "e": "е",
    "f": "ғ",
    "h": "һ",
    "i": "і",
    "j": "ј",
    "k": "к",
    "l": "ӏ",
    "m": "м",
    "n": "п",
    "o": "о",
    "p": "р",
    "q": "ԛ",
    "r": "г",
    "s": "ѕ",
    "t": "т",
    "u": "ц",
    "v": "ѵ",
    "w": "ԝ",
    "x": "х",
    "y": "у",
}
_CYRILLIC_CAPITALS = dict(zip("ABCEHIJKMOPSTXY", "АВСЕНІЈКМОРЅТХУ", strict=True))
_GREEK = dict(zip("abeiknoprtuvwxy", "αβεικηορρτυνωχγ", strict=True))
_GREEK_CAPITALS = dict(zip("ABEHIKMNOPTXYZ", "ΑΒΕΗΙΚΜΝΟΡΤΧΥΖ", strict=True))
_LEET = {
    "a": "4@",
    "b": "8",
    "e": "3",
    "g": "9",
    "i": "1!",
    "l": "1",
    "o": "0",
    "s": "5$",
    "t": "7",
}
_CHEROKEE = dict(zip("abcdeghijklmprstvwz", "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᎡᏚᎢᏙᎳᏃ", strict=True))
_FLIPPED = "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz"
_LIKE_HAN = "卂乃匚刀乇下厶卄工丁长乚从几口尸口尺丂丅凵リ山乂丫乙"
_STYLES = (0x1D41A, 0x1D44E, 0x1D482, 0x1D4EA, 0x1D586, 0x1D5BA, 0x1D5EE, 0x1D68A)
_ENCLOSED = (0x24D0, 0x1F130, 0x1F150, 0x1F170, 0xFF41)
_UNSEEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\u2063"


def _mixed(char: str, chance: random.Random) -> str:
    table = chance.choice((_CYRILLIC, _GREEK, _CHEROKEE))
    return table.get(char.lower(), char)


def _mark(char: str, chance: random.Random) -> str:
    return unicodedata.normalize("NFC", char + chr(chance.randrange(0x300, 0x315)))


def _zalgo(char: str, chance: random.Random) -> str:
    return char + "".join(chr(chance.randrange(0x300, 0x36F)) for _ in range(chance.randint(2, 7)))


def _styled(text: str, plan: Plan) -> str:
    start = plan.chance.choice(_STYLES)
    return letters(lambda char, _: _offset(char, start, _ASCII))(text, plan)


def _enclosed(text: str, plan: Plan) -> str:
    start = plan.chance.choice(_ENCLOSED)
    return letters(lambda char, _: _offset(char, start, _ASCII))(text, plan)


def _offset(char: str, start: int, order: str) -> str:
    found = chr(start + order.index(char.lower()))
    return found if unicodedata.name(found, "") else char


def _boxes(word: str, chance: random.Random) -> str:
    return chance.choice((" ", "\u200b")).join(
        chr(0x1F1E6 + ord(char.lower()) - 97) if char.isascii() and char.isalpha() else char
        for char in word
    )


def _spaced(text: str, plan: Plan) -> str:
    def alter(word: str) -> str:
        return f" {' '.join(word)} " if len(word) > 1 else word

    return _words(text, plan, alter).strip()


def _punctuated(word: str, chance: random.Random) -> str:
    return chance.choice(".-_*·/~'|").join(word)


def _split(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice(".-_*· ") + word[place:]


def on_links(alter: Callable[[str, random.Random], str]) -> Attack:
    return lambda text, plan: _LINK.sub(lambda found: alter(found[0], plan.chance), text)


def _defanged(link: str, chance: random.Random) -> str:
    dot = chance.choice(("[.]", "(dot)", " . ", " dot "))
    return link.replace("http", "hxxp").replace(".", dot)


def _homograph(link: str, chance: random.Random) -> str:
    head, _, path = link.partition("//") if "//" in link else ("", "", link)
    host, slash, rest = path.partition("/")
    name, dot, ending = host.rpartition(".")
    posed = "".join(_CYRILLIC.get(char, char) if char in "aceopxy" else char for char in name)
    return f"{head}{'//' if head else ''}{posed}{dot}{ending}{slash}{rest}"


ATTACKS: Final[dict[str, Attack]] = {
    "cyrillic": letters(table(_CYRILLIC, _CYRILLIC_CAPITALS)),
    "greek": letters(table(_GREEK, _GREEK_CAPITALS)),
    "several alphabets": letters(_mixed),
    "one mark on each letter": letters(_mark),
    "zalgo": letters(_zalgo),
    "small capitals": letters(row("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ")),
    "mathematical": _styled,
    "enclosed or wide": _enclosed,
    "boxed (flags)": words(_boxes),
    "invisible": letters(lambda char, chance: char + chance.choice(_UNSEEN)),
    "leet": letters(table(_LEET)),
    "spaced": _spaced,
    "punctuated": words(_punctuated),
    "drawn out": letters(lambda char, chance: char * chance.choice((1, 1, 4, 6))),
    "emoji between": words(lambda word, chance: chance.choice("🔥✨💥").join(word)),
    "links taken apart": on_links(_defanged),
    "links with look-alikes": on_links(_homograph),
}


def _reversed(word: str, _: random.Random) -> str:
    return word[::-1]


def _upside_down(text: str, plan: Plan) -> str:
    turned = letters(row(_FLIPPED))(text, plan)
    return turned[::-1] if plan.coverage == "all letters" else turned


def _sounding(word: str, _: random.Random) -> str:
    spelt = word.lower()
    for one, other in (
        ("ph", "f"),
        ("ck", "k"),
        ("you", "u"),
        ("ee", "ea"),
        ("c", "k"),
        ("x", "ks"),
    ):
        spelt = spelt.replace(one, other)
    return spelt


def _swapped(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word) - 1)
    return word[:place] + word[place + 1] + word[place] + word[place + 2 :]


def _in_markup(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice(("<b></b>", "<!-- -->", "****", "<i></i>")) + word[place:]


def _encoded(link: str, _: random.Random) -> str:
    return base64.b64encode(link.encode()).decode()


HELD_OUT: Final[dict[str, Attack]] = {
    "upside down": _upside_down,
    "words reversed": words(_reversed),
    "right-to-left override": words(lambda word, _: f"\u202e{word[::-1]}\u202c"),
    "joiners and tags": letters(
        lambda char, chance: f"{char}\u200d{chr(0xE0061 + chance.randrange(26))}"
    ),
    "spelt by sound": words(_sounding),
    "letters doubled": letters(lambda char, chance: char * chance.choice((1, 2))),
    "vowels dropped": words(lambda word, _: word[0] + re.sub("[aeiouAEIOU]", "", word[1:])),
    "two letters swapped": words(_swapped),
    "split by one sign": words(_split),
    "split by markup": words(_in_markup),
    "entities": letters(lambda char, _: f"&#{ord(char)};"),
    "like Han": letters(row(_LIKE_HAN)),
    "ROT13": words(lambda word, _: codecs.encode(word, "rot13")),
    "links in base64": on_links(_encoded),
}
"""Written when the first defences were done; the later ones were built with them in sight."""


def _shuffled(word: str, chance: random.Random) -> str:
    inner = list(word[1:-1])
    chance.shuffle(inner)
    return word[0] + "".join(inner) + word[-1]


def _one_more(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice(_ASCII) + word[place:]


def _one_fewer(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    return word[:place] + word[place + 1 :]


def _without_spaces(text: str, plan: Plan) -> str:
    """Words run together: all of them, some, or the telling ones with what follows."""
    tokens = text.split(" ")
    joined = tokens[0]
    for before, token in pairwise(tokens):
        bare = before.strip(".,!?:;\"'()").lower()
        hidden = {
            "all letters": True,
            "some letters": plan.chance.random() < SHARE,
            "telling words": bare in plan.telling,
        }[plan.coverage]
        glued = hidden and not _LINK.search(before) and not _LINK.search(token)
        joined += token if glued else f" {token}"
    return joined


def _spaces_moved(text: str, plan: Plan) -> str:
    """The space after a word one letter later."""
    tokens = text.split(" ")
    for place in range(len(tokens) - 1):
        one, other = tokens[place], tokens[place + 1]
        if _LINK.search(one) or _LINK.search(other) or len(other) < 3:
            continue
        bare = one.strip(".,!?:;\"'()").lower()
        if (
            plan.coverage == "all letters"
            or (plan.coverage == "some letters" and plan.chance.random() < SHARE)
            or (plan.coverage == "telling words" and bare in plan.telling)
        ):
            tokens[place], tokens[place + 1] = one + other[0], other[1:]
    return " ".join(tokens)


_DRAWN_WITH_SIGNS = {
    "a": ("/\\",),
    "c": ("(", "<"),
    "d": ("|)",),
    "h": ("|-|",),
    "k": ("|<",),
    "l": ("|_",),
    "m": ("|\\/|",),
    "n": ("|\\|",),
    "o": ("()",),
    "p": ("|>",),
    "u": ("|_|",),
    "v": ("\\/",),
    "w": ("\\/\\/",),
    "x": ("><",),
}


def _with_signs(char: str, chance: random.Random) -> str:
    return chance.choice(_DRAWN_WITH_SIGNS.get(char.lower(), (char,)))


LATER: Final[dict[str, Attack]] = {
    "letters within shuffled": words(_shuffled),
    "one letter more": words(_one_more),
    "one letter fewer": words(_one_fewer),
    "words run together": _without_spaces,
    "spaces moved": _spaces_moved,
    "raised letters": letters(row("ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖqʳˢᵗᵘᵛʷˣʸᶻ")),
    "letters of signs": letters(_with_signs),
    "syllabics": letters(
        table(dict(zip("abcdehijlmnprstuvxyz", "ᗩᗷᑕᗪᗴᕼᓰᒍᒪᗰᑎᑭᖇᔕᖶᑌᐯ᙭ᖻᘔ", strict=True)))
    ),
}
"""Written when the second defences were done; the third ones were built with them in sight."""


def _pig_latin(word: str, _: random.Random) -> str:
    return f"{word[1:]}{word[0].lower()}ay"


def _in_threes(word: str, _: random.Random) -> str:
    return " ".join(word[place : place + 3] for place in range(0, len(word), 3))


def _stuttered(word: str, chance: random.Random) -> str:
    return "".join(f"{word[:2]}{chance.choice(('-', '...', ''))}" for _ in range(2)) + word


def _words_turned(text: str, plan: Plan) -> str:
    """The last word first: all words, some neighbours, or the telling ones with what follows."""
    tokens = text.split(" ")
    if plan.coverage == "all letters":
        return " ".join(reversed(tokens))
    for place in range(len(tokens) - 1):
        bare = tokens[place].strip(".,!?:;\"'()").lower()
        turned = plan.chance.random() < SHARE
        if bare in plan.telling if plan.coverage == "telling words" else turned:
            tokens[place], tokens[place + 1] = tokens[place + 1], tokens[place]
    return " ".join(tokens)


_HARMLESS: Final = (
    *("and", "then", "we", "were", "at", "home", "again", "it", "was", "so", "late", "when", "he"),
    *("said", "that", "they", "would", "be", "there", "for", "the", "lesson", "tomorrow", "but"),
    *("have", "no", "idea", "what", "time", "train", "from", "work", "will", "come", "in"),
)


def _among_harmless(text: str, plan: Plan) -> str:
    """A harmless word after each, some, or the telling ones; no letter is touched."""
    said = []
    for token in text.split(" "):
        said.append(token)
        bare = token.strip(".,!?:;\"'()").lower()
        if (
            plan.coverage == "all letters"
            or (plan.coverage == "some letters" and plan.chance.random() < SHARE)
            or (plan.coverage == "telling words" and bare in plan.telling)
        ):
            said.append(plan.chance.choice(_HARMLESS))
    return " ".join(said)


_KEYS: Final = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def _keys_beside(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    row = next((row for row in _KEYS if word[place].lower() in row), "")
    if not row:
        return word
    key = row.index(word[place].lower())
    beside = (
        row[key + 1] if key + 1 < len(row) and (key == 0 or chance.random() < 0.5) else row[key - 1]
    )
    return word[:place] + beside + word[place + 1 :]


LATEST: Final[dict[str, Attack]] = {
    "pig Latin": words(_pig_latin),
    "alphabet turned": letters(row(_ASCII[::-1])),
    "Braille": letters(row("⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵")),
    "Cyrillic by sound": letters(row("абкдефгхижклмнопкрстувукйз")),
    "in threes": words(_in_threes),
    "one letter a line": words(lambda word, _: "\n".join(word)),
    "stuttered": words(_stuttered),
    "keys beside": words(_keys_beside),
    "words turned": _words_turned,
    "among harmless words": _among_harmless,
}
"""Written when the third defences were done; the fourth ones were built with them in sight."""


def _bracketed(char: str, chance: random.Random) -> str:
    return chance.choice(("({})", "[{}]", "<{}>")).format(char)


def _starred(word: str, _: random.Random) -> str:
    return word[0] + re.sub("[aeiouAEIOU]", "*", word[1:])


def _various_signs(word: str, chance: random.Random) -> str:
    return "".join(char + chance.choice(".-_~=*") for char in word[:-1]) + word[-1]


def _as_tag(word: str, _: random.Random) -> str:
    return f"#{word.strip('.,!?').capitalize()}"


def _over_two_lines(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return f"{word[:place]}-\n{word[place:]}"


def _numbered(word: str, _: random.Random) -> str:
    return "-".join(
        str(ord(char) - 96) if char in _ASCII else char for char in word.lower() if char.isalnum()
    )


_MORSE: Final = dict(
    [
        *zip("abcdefg", (".-", "-...", "-.-.", "-..", ".", "..-.", "--."), strict=True),
        *zip("hijklmn", ("....", "..", ".---", "-.-", ".-..", "--", "-."), strict=True),
        *zip("opqrstu", ("---", ".--.", "--.-", ".-.", "...", "-", "..-"), strict=True),
        *zip("vwxyz", ("...-", ".--", "-..-", "-.--", "--.."), strict=True),
    ]
)


def _in_morse(word: str, _: random.Random) -> str:
    return " ".join(_MORSE.get(char, char) for char in word.lower()) + " /"


def _escaped(char: str, chance: random.Random) -> str:
    return chance.choice(("\\x{:02x}", "\\u{:04x}")).format(ord(char))


def _with_nonsense(word: str, chance: random.Random) -> str:
    return f"{word} {''.join(chance.choice(_ASCII) for _ in range(chance.randint(3, 6)))}"


_PICTURES: Final = {
    "money": "💰", "cash": "💵", "free": "🆓", "win": "🏆", "call": "📞", "phone": "📱",
    "video": "📹", "check": "👀", "channel": "📺", "click": "👇", "mobile": "📱", "text": "💬",
    "txt": "💬", "love": "❤", "hot": "🔥", "new": "🆕", "you": "👉", "your": "👉", "music": "🎵",
    "gift": "🎁", "prize": "🎁", "please": "🙏", "like": "👍", "subscribe": "🔔", "now": "⏰",
}  # fmt: skip


def _as_pictures(word: str, _: random.Random) -> str:
    return _PICTURES.get(word.strip(".,!?").lower(), word)


_PROSE: Final = (
    "My grandmother kept bees behind the house, and every spring we helped her carry the frames.",
    "The bus was late again, so we walked along the river and talked about the exam.",
    "I have been reading about old maps lately; the coastlines are wrong in a lovely way.",
    "We cooked soup for six people and eleven came, which was somehow still enough.",
)


def _before_prose(text: str, plan: Plan) -> str:
    """The post, and harmless sentences behind it; as many as the plan wants altered."""
    count = {"all letters": 3, "some letters": 2, "telling words": 1}[plan.coverage]
    return " ".join((text, *plan.chance.sample(_PROSE, count)))


NEWEST: Final[dict[str, Attack]] = {
    "letters in brackets": letters(_bracketed),
    "stars for vowels": words(_starred),
    "various signs between": words(_various_signs),
    "words as tags": words(_as_tag),
    "over two lines": words(_over_two_lines),
    "numbers of letters": words(_numbered),
    "Morse": words(_in_morse),
    "escaped": letters(_escaped),
    "nonsense behind": words(_with_nonsense),
    "pictures for words": words(_as_pictures),
    "before harmless prose": _before_prose,
}
"""Written when the fourth ones were done; brackets, numbers, Morse and escapes were answered since,
and the others counted."""
