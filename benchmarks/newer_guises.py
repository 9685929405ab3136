"""Eighteen more ways to write so, put down before the readers were looked at again.

None of them is among those of `attacks` and `guises`. They are measured as they were written, and
no reader is made for one of `ASIDE`.
"""

import base64
import random
import re
import string
from typing import Final

from benchmarks.attacks import ATTACKS, SHARE, Attack, Plan, letters, on_links, table
from benchmarks.attacks import words as each_word
from benchmarks.guises import bare, on_digits
from benchmarks.held_out_attacks import HELD_OUT

_ASCII: Final = string.ascii_lowercase
_LINK: Final = re.compile(r"://|www\.|\.\w{2,}")


def _octets(text: str, plan: Plan) -> str:
    """Percent encoding, quoted-printable, hexadecimal, binary or decimal numbers; one a post."""
    form, between = plan.chance.choice(
        (("%{:02x}", ""), ("={:02X}", ""), ("{:02x}", " "), ("{:08b}", " "), ("{:d}", " "))
    )
    return each_word(lambda word, _: between.join(map(form.format, word.encode())))(text, plan)


def _in_base64(word: str, _: random.Random) -> str:
    return base64.b64encode(word.encode()).decode()


_MIXTURE: Final = (
    *(ATTACKS[name] for name in ("cyrillic", "mathematical", "enclosed or wide", "leet")),
    *(ATTACKS[name] for name in ("punctuated", "zalgo", "small capitals")),
    *(HELD_OUT[name] for name in ("words reversed", "vowels dropped", "entities")),
)


def _each_another_way(word: str, chance: random.Random) -> str:
    return chance.choice(_MIXTURE)(word, Plan(chance, "all letters", frozenset()))


_LISU = dict(zip("abcdefghijklmnoprstuvwxyz", "ꓮꓐꓚꓓꓰꓝꓖꓧꓲꓙꓗꓡꓟꓠꓳꓑꓣꓢꓔꓴꓦꓪꓫꓬꓜ", strict=True))
_ARMENIAN = dict(zip("adfghijlnopqrstuwy", "ձժֆցհւյլոօքզրՏէսավ", strict=True))


def _like_rarer_scripts(text: str, plan: Plan) -> str:
    return letters(table(plan.chance.choice((_LISU, _ARMENIAN))))(text, plan)


_GREEK_SOUNDS = dict(zip(_ASCII, "αβκδεφγχιζκλμνοπκρστυβωξυζ", strict=True))
_GREEK_SOUNDS |= {"b": "μπ", "d": "ντ", "g": "γκ", "j": "τζ", "u": "ου"}


def _greek_by_sound(word: str, _: random.Random) -> str:
    return "".join(_GREEK_SOUNDS.get(char, char) for char in word.lower())


def _robbers(word: str, _: random.Random) -> str:
    return re.sub("([b-df-hj-np-tv-z])", r"\1o\1", word.lower())


def _moved_on(text: str, plan: Plan) -> str:
    by = plan.chance.choice([count for count in range(1, 26) if count != 13])
    order = _ASCII[by:] + _ASCII[:by]
    return letters(table(dict(zip(_ASCII, order, strict=True))))(text, plan)


def _initials_exchanged(text: str, plan: Plan) -> str:
    tokens = text.split(" ")
    place = 0
    while place + 1 < len(tokens):
        one, other = tokens[place : place + 2]
        hidden = {
            "all letters": True,
            "some letters": plan.chance.random() < SHARE,
            "telling words": bool({bare(one), bare(other)} & plan.telling),
        }[plan.coverage]
        if hidden and one[:1].isalpha() and other[:1].isalpha() and not _LINK.search(one + other):
            tokens[place], tokens[place + 1] = other[0] + one[1:], one[0] + other[1:]
            place += 1
        place += 1
    return " ".join(tokens)


def _one_wrong(word: str, chance: random.Random) -> str:
    place = chance.randrange(len(word))
    other = chance.choice(_ASCII.replace(word[place].lower(), ""))
    return word[:place] + other + word[place + 1 :]


def _one_blotted(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice("_#?■") + word[place + 1 :]


def _cut_short(word: str, chance: random.Random) -> str:
    return word[: max(2, -(-len(word) * 3 // 5))] + chance.choice((".", ""))


def _in_fives(text: str, plan: Plan) -> str:
    """Letters in groups of five, where words end or not; half of the text for the lesser plans."""
    tokens = text.split()
    start = 0 if plan.coverage == "all letters" else len(tokens) // 2
    said, run = tokens[:start], ""
    for token in (*tokens[start:], ""):
        if token and not _LINK.search(token):
            run += token
            continue
        said += [run[place : place + 5] for place in range(0, len(run), 5)]
        said += [token] if token else []
        run = ""
    return " ".join(said)


_HIDING: Final = (
    '<span style="display:none">{}</span>',
    "<i hidden>{}</i>",
    '<font size="0" color="#fff">{}</font>',
    "<!--{}-->",
)


def _hidden_decoys(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    decoy = "".join(chance.choice(_ASCII) for _ in range(chance.randint(3, 6)))
    return word[:place] + chance.choice(_HIDING).format(decoy) + word[place:]


def _pieces(text: str, plan: Plan, sizes: tuple[int, int, int]) -> list[list[str]]:
    """The words in rows, as many in a row as `sizes` says for all, some and telling ones."""
    names = ("all letters", "some letters", "telling words")
    size = dict(zip(names, sizes, strict=True))[plan.coverage]
    tokens = text.split()
    return [tokens[start : start + size] for start in range(0, len(tokens), size)]


def _as_table(text: str, plan: Plan) -> str:
    rows = _pieces(text, plan, (2, 4, 6))
    wide = max((len(row) for row in rows), default=1)
    lines = ["| " + " | ".join([*row, *[""] * (wide - len(row))]) + " |" for row in rows]
    return "\n".join((*lines[:1], "|" + "---|" * wide, *lines[1:]))


def _as_chat(text: str, plan: Plan) -> str:
    names = plan.chance.sample(("anna", "ben_k", "Mo", "dj lila", "sam93", "Petra"), 2)
    minute = plan.chance.randrange(1_400)
    lines = []
    for number, row in enumerate(_pieces(text, plan, (1, 3, 6))):
        minute += plan.chance.randrange(3)
        clock = f"[{minute // 60:02d}:{minute % 60:02d}]"
        lines.append(f"{clock} {names[number % 2]}: {' '.join(row)}")
    return "\n".join(lines)


_FOR_FIGURES = dict(zip("01245689", ("Oo", "lI", "Z", "A", "S", "Gb", "B", "gq"), strict=True))


def _letters_for_figures(text: str, plan: Plan) -> str:
    def alter(word: str, share: float) -> str:
        return "".join(
            plan.chance.choice(_FOR_FIGURES[char])
            if char in _FOR_FIGURES and plan.chance.random() < share
            else char
            for char in word
        )

    return on_digits(text, plan, alter)


def _link_in_style(link: str, chance: random.Random) -> str:
    start = chance.choice((0x24D0, 0xFF41, 0x1D5EE, 0x1D68A))
    return "".join(
        chr(start + _ASCII.index(char.lower())) if char.lower() in _ASCII else char for char in link
    )


_DRAWN: Final = (
    "25755 65656 34443 65556 74647 74644 34553 55755 72227 11152 55655 44447 57755 75555 25552 "
    "65644 25563 65655 34216 72222 55557 55552 55775 55255 55222 71247"
)
_FONT: Final = dict(zip(_ASCII, _DRAWN.split(), strict=True))
"""Three bits for each of five lines."""


def _drawn_large(word: str, chance: random.Random) -> str:
    ink = chance.choice("#█@X")
    drawn = [_FONT[char] for char in word.lower() if char in _FONT]
    lines = (
        " ".join(f"{int(letter[line]):03b}" for letter in drawn).replace("0", " ").replace("1", ink)
        for line in range(5)
    )
    return "\n" + "\n".join(line.rstrip() for line in lines) + "\n"


ASIDE: Final[dict[str, Attack]] = {
    "each word another way": each_word(_each_another_way),
    "like Lisu or Armenian": _like_rarer_scripts,
    "robbers' language": each_word(_robbers),
    "alphabet moved on": _moved_on,
    "initials exchanged": _initials_exchanged,
    "one letter wrong": each_word(_one_wrong),
    "one letter blotted": each_word(_one_blotted),
    "words cut short": each_word(_cut_short),
    "in fives": _in_fives,
    "hidden decoys": each_word(_hidden_decoys),
    "letters for figures": _letters_for_figures,
    "links in a style": on_links(_link_in_style),
    "drawn over five lines": each_word(_drawn_large),
}

SEEN_SINCE: Final[dict[str, Attack]] = {
    "octets": _octets,
    "words in base64": each_word(_in_base64),
    "Greek by sound": each_word(_greek_by_sound),
}
"""Readers were made of these since."""

LAID_OUT: Final[dict[str, Attack]] = {"as a table": _as_table, "as a chat": _as_chat}
"""Read since, as rows of tables and talks are."""
