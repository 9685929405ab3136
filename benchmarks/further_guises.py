"""Thirty-two more ways to write so, put down together before the lists of the others were read.

All were measured once. Then readers were made of what `SEEN_SINCE` needs; of `ASIDE` none was.
"""

import random
import re
import string
from collections.abc import Mapping
from typing import Final

from benchmarks.attacks import ATTACKS, Attack, Plan, letters, on_links, row, table
from benchmarks.attacks import words as each_word
from benchmarks.guises import on_digits
from benchmarks.held_out_attacks import HELD_OUT
from benchmarks.layouts import gaps

_ASCII: Final = string.ascii_lowercase
_SIZES: Final = {"all letters": 1, "some letters": 3, "telling words": 6}
"""Words in a row."""


def _rows(text: str, plan: Plan) -> list[str]:
    tokens, size = text.split(), _SIZES[plan.coverage]
    return [" ".join(tokens[start : start + size]) for start in range(0, len(tokens), size)]


def _codes(word: str, chance: random.Random) -> str:
    form = chance.choice(
        ("U+{:04X} ", "\\u{{{:x}}}", "\\{:03o}", "0x{:02x},", "%u{:04x}", "%25{:02x}", "\\U{:08x}")
    )
    return "".join(form.format(ord(char)) for char in word).strip()


def _function(word: str, _: random.Random) -> str:
    return f"String.fromCharCode({','.join(str(ord(char)) for char in word)})"


def _isolated(word: str, _: random.Random) -> str:
    return f"\u202e\u2066{word[1:]}\u2069\u2066{word[0]}\u2069\u202c"


def _broken(word: str, chance: random.Random) -> str:
    place = chance.randrange(1, len(word))
    return word[:place] + chance.choice(("\n", "<br>", "\\n", "=\n")) + word[place:]


_FIGURES: Final = "zero one two three four five six seven eight nine"
_TENS: Final = "- - twenty thirty forty fifty sixty seventy eighty ninety"
_ABROAD: Final = (
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "null eins zwei drei vier fünf sechs sieben acht neun",
    "zéro un deux trois quatre cinq six sept huit neuf",
    "nol satu dua tiga empat lima enam tujuh delapan sembilan",
)


def _pairs_spelt(text: str, plan: Plan) -> str:
    def alter(word: str, share: float) -> str:
        def pair(found: re.Match[str]) -> str:
            one, other = map(int, found[0])
            if plan.chance.random() >= share:
                return found[0]
            if one == other:
                return f" double {_FIGURES.split()[one]} "
            if one > 1:
                return f" {_TENS.split()[one]}{'-' + _FIGURES.split()[other] if other else ''} "
            return f" {_FIGURES.split()[one]} {_FIGURES.split()[other]} "

        return re.sub(r"\d\d", pair, word).strip()

    return on_digits(text, plan, alter)


def _spelt_abroad(text: str, plan: Plan) -> str:
    names = plan.chance.choice(_ABROAD).split()

    def alter(word: str, share: float) -> str:
        def digit(found: re.Match[str]) -> str:
            return f" {names[int(found[0])]} " if plan.chance.random() < share else found[0]

        return re.sub(r"\d", digit, word).strip()

    return on_digits(text, plan, alter)


def _figures_mixed(text: str, plan: Plan) -> str:
    def digit(found: re.Match[str]) -> str:
        figure = int(found[0])
        circled = chr(0x245F + figure) if figure else "⓪"
        ways = (found[0], f" {_FIGURES.split()[figure]} ", f"{figure} ", circled, f"{figure}-")
        return plan.chance.choice(ways)

    return on_digits(text, plan, lambda word, _: re.sub(r"\d", digit, word).strip())


_DOTS: Final = (",", "*", " ● ", "🔴", "●", "∙", "•", "[punkt]", "{.}", "-dot-", " . ", "/./")


def _other_dots(link: str, chance: random.Random) -> str:
    return re.sub("https?://", "", link).replace(".", chance.choice(_DOTS))


def _over_lines(link: str, _: random.Random) -> str:
    return link.replace("://", ":\n//").replace(".", "\n.")


def _to_search(link: str, _: random.Random) -> str:
    name = re.sub(r"https?://|www\.|\.(?:com|net|org|co\.uk|ly|be)\b.*", "", link)
    return f'search for "{name}"'


_CAPITALS: Final = "ΛBᄃDΣFGΉIJKᄂMПӨPQЯƧƬЦVЩXYZ"
_COPTIC: Final = dict(zip("abcdefghijklmnoprstuvwxyz", "ⲁⲃⲥⲇⲉϝⳒⲏⲓϳⲕⲗⲙⲛⲟⲣⲅⲋⲧⳙⲩⲱⲭⲩⲍ", strict=True))
_RUNES: Final = dict(zip("abcdefghiklmnoprstuvwxyz", "ᚨᛒᚲᛞᛖᚠᚷᚺᛁᚲᛚᛗᚾᛟᛈᚱᛊᛏᚢᚡᚹᛪᛃᛉ", strict=True))


def _any_style(char: str, chance: random.Random) -> str:
    """Each letter in a fancy style of its own."""
    if (low := char.lower()) not in _ASCII:
        return char
    styles = (0x1D41A, 0x1D4EA, 0x1D586, 0x1D5BA, 0x1D68A, 0x24D0, 0xFF41, 0x1F130, 0x1F170)
    drawn = (
        "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘǫʀꜱᴛᴜᴠᴡxʏᴢ",
        "ɑɓƈɗɛƒɠɦɨʝƙɭɱɳɵƥʠɾʂƭʊʋɯχƴʐ",
        "4bcd3fgh1jklmn0pqr57uvwxyz",
    )
    place, style = _ASCII.index(low), chance.randrange(len(styles) + len(drawn))
    return chr(styles[style] + place) if style < len(styles) else drawn[style - len(styles)][place]


def _by_sound(sounds: Mapping[str, str]) -> Attack:
    pattern = re.compile("|".join(sorted(sounds, key=len, reverse=True)))
    return each_word(lambda word, _: pattern.sub(lambda part: sounds[part[0]], word.lower()))


def _kana() -> dict[str, str]:
    rows = (
        "カケキコク サセシソス タテチトツ ナネニノヌ ハヘヒホフ マメミモム ラレリロル ガゲギゴグ "
        "ザゼジゾズ ダデヂドヅ バベビボブ パペピポプ バベビボブ ハヘヒホフ ラレリロル ザゼジゾズ "
        "カケキコク ワエイヲウ ヤエイヨユ"
    )
    found = dict(zip("aeiounxq", "アエイオウンズク", strict=True))
    for consonant, signs in zip("kstnhmrgzdbpvfljcwy", rows.split(), strict=True):
        found |= {consonant + vowel: sign for vowel, sign in zip("aeiou", signs, strict=True)}
        found.setdefault(consonant, signs[4])
    return found


_IPA: Final = dict(
    zip(
        ["sh", "ch", "th", "ee", "oo", "ng", "a", "e", "i", "o", "u", "r", "y", "c", "g"],
        ["ʃ", "tʃ", "θ", "iː", "uː", "ŋ", "æ", "ɛ", "ɪ", "ɒ", "ʌ", "ɹ", "i", "k", "ɡ"],
        strict=True,
    )
)
_PICTURED: Final = "🍎🐝🐱🐶🥚🦊🍇🏠🧊🕹🔑🍋🌙🎵🐙🐧👸🌈🐍🌴☂🎻🐋❌🧶🦓"


def _uwu(word: str, chance: random.Random) -> str:
    said = re.sub("n([aeou])", r"ny\1", re.sub("[rl]", "w", word.lower()))
    return f"{said[0]}-{said}" if chance.random() < 0.2 else said


def _lisping(word: str, _: random.Random) -> str:
    return re.sub("ss?|c(?=[ei])|z", "th", word.lower())


def _two_errors(word: str, chance: random.Random) -> str:
    for _ in range(2):
        place, other = chance.randrange(len(word)), chance.choice(_ASCII)
        before, after = word[:place], word[place + 1 :]
        word = chance.choice(
            (before + other + after, before + other + word[place] + after, before + after)
        )
        word = word or other
    return word


_BRACKETS: Final = ("【{}】", "『{}』", "⟦{}⟧", "⟨{}⟩", "⦅{}⦆", "«{}»", "〔{}〕", "❨{}❩", "⁅{}⁆")


def _in_brackets(word: str, chance: random.Random) -> str:
    return "".join(map(chance.choice(_BRACKETS).format, word))


def _then(first: Attack, second: Attack) -> Attack:
    return lambda text, plan: second(first(text, plan), plan)


def _doubled(char: str, chance: random.Random) -> str:
    return char * chance.choice((1, 2))


def _sign_between(chance: random.Random) -> str:
    return chance.choice(("•", " / ", " ~ ", " | ", " → ", " . ", "...", "\u3000", "·"))


_HEAD: Final = "From: petra\nTo: team\nSubject: notes\nDate: Mon, 3 Mar 2025\n\n"

SEEN_SINCE: Final[dict[str, Attack]] = {
    "codes of programs": each_word(_codes),
    "a function of numbers": each_word(_function),
    "isolates of direction": each_word(_isolated),
    "broken within": each_word(_broken),
    "capitals by looks": letters(row(_CAPITALS)),
    "Coptic by looks": letters(table(_COPTIC)),
    "runes": letters(table(_RUNES)),
    "pairs of figures spelt": _pairs_spelt,
    "figures in other tongues": _spelt_abroad,
    "figures in several ways": _figures_mixed,
    "links with any dots": on_links(_other_dots),
    "links spaced": on_links(lambda link, _: " ".join(link)),
    "links over lines": on_links(_over_lines),
    "reversed and Cyrillic": _then(HELD_OUT["words reversed"], ATTACKS["cyrillic"]),
    "numbers and commas": lambda text, _: (
        "id,word\n" + "\n".join(f"{number},{word}" for number, word in enumerate(text.split(), 1))
    ),
    "keys of YAML": lambda text, plan: "\n".join(
        f"line{number}: {words}" for number, words in enumerate(_rows(text, plan), 1)
    ),
}
"""Readers were made of these, most of them by a rule that knows more than these."""

ASIDE: Final[dict[str, Attack]] = {
    "each letter another style": letters(_any_style),
    "phonetic script": _by_sound(_IPA),
    "Katakana by sound": _by_sound(_kana()),
    "Arabic by sound": letters(row("ابکدیفگهیجکلمنوپقرستوفوخیز")),
    "Hebrew by sound": letters(row("אבכדעפגהיגקלמנופקרסטוווקיז")),
    "pictures by initials": letters(row(_PICTURED)),
    "baby talk": each_word(_uwu),
    "lisping": each_word(_lisping),
    "two errors": each_word(_two_errors),
    "rarer brackets": each_word(_in_brackets),
    "signs between words": gaps(_sign_between),
    "links to search for": on_links(_to_search),
    "letter heads before": lambda text, _: _HEAD + text,
    "vowels dropped and leet": _then(HELD_OUT["vowels dropped"], ATTACKS["leet"]),
    "leet and spaced": _then(ATTACKS["leet"], ATTACKS["spaced"]),
    "doubled and punctuated": _then(letters(_doubled), ATTACKS["punctuated"]),
}
