"""More ways to write so, in rounds: each was held out when it was written, and answered later.

Like those of `attacks`, they read no table of the defences.
"""

import base64
import codecs
import random
import re
from itertools import pairwise
from string import ascii_lowercase
from typing import Final

from benchmarks.attacks import LINK, SHARE, Attack, Plan, letters, on_links, row, table, words

_FLIPPED = "ɐqɔpǝɟƃɥᴉɾʞlɯuodbɹsʇnʌʍxʎz"
_LIKE_HAN = "卂乃匚刀乇下厶卄工丁长乚从几口尸口尺丂丅凵リ山乂丫乙"


def _split(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice(".-_*· ") + word[place:]


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
    return word[:place] + chance.choice(ascii_lowercase) + word[place:]


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
        glued = hidden and not LINK.search(before) and not LINK.search(token)
        joined += token if glued else f" {token}"
    return joined


def _spaces_moved(text: str, plan: Plan) -> str:
    """The space after a word one letter later."""
    tokens = text.split(" ")
    for place in range(len(tokens) - 1):
        one, other = tokens[place], tokens[place + 1]
        if LINK.search(one) or LINK.search(other) or len(other) < 3:
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
    "alphabet turned": letters(row(ascii_lowercase[::-1])),
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
        str(ord(char) - 96) if char in ascii_lowercase else char
        for char in word.lower()
        if char.isalnum()
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
    return f"{word} {''.join(chance.choice(ascii_lowercase) for _ in range(chance.randint(3, 6)))}"


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
