"""Twenty ways of spammers on messengers, in calendars and under posts of the years 2024 to 2026.

Put down together before any reader was looked at for them, and measured as they are. No reader
was made of one of them.
"""

import random
import re
from typing import Final

from benchmarks.attacks import Attack, Plan, letters, on_links, row, words
from benchmarks.guises import on_digits

_ASCII: Final = "abcdefghijklmnopqrstuvwxyz"
_SIZES: Final = {"all letters": 12, "some letters": 6, "telling words": 3}

_MARKS: Final = "\u0e34\u0e49\u0e47\u0e4a\u0941\u0902\u064e\u0650\u0652\u05b8\u05b5\u0ebb\u1037"
"""Of Thai, Hindi, Arabic, Hebrew, Lao and Burmese."""
_STROKES: Final = "丶丨丿乀のッー〆〃ㆍ"
_CURLED: Final = "ąცƈɖɛʄɠɧıʝƙƖɱŋơ℘զཞʂɬų۷ῳҳყʑ"
_CALCULATED: Final = "αв¢∂єƒgнιנкℓмησρqяѕтυνωχуz"
_VIETNAMESE: Final = {"a": "ạảấầẩẫậắằẳẵặ", "e": "ẹẻẽếềểễệ", "i": "ịỉĩ", "o": "ọỏốồổỗộớờởỡợ"}
_VIETNAMESE_TOO: Final = {"u": "ụủứừửữự", "y": "ỵỷỹỳ", "d": "đ", "n": "ñ", "k": "ķ", "t": "ţ"}
_JAMO: Final = "ㅁㅠㅊㅇㄷㄹㅎㅗㅑㅓㅏㅣㅡㅜㅐㅔㅂㄱㄴㅅㅕㅍㅈㅌㅛㅋ"
_ORNAMENTS: Final = (
    *("꧁༺{}༻꧂", "★彡{}彡★", "▂▃▅{}▅▃▂", "•°¯`•{}•´¯°•"),
    *("⋆｡°✩{}✩°｡⋆", "『{}』✦", "ꜛ{}ꜜ"),
)
_CIRCLES: Final = "\u20dd\u20de\u20df\u20e2\u20e3\u20e4"
_OF_FIGURES: Final = (
    "〇一二三四五六七八九",
    "零壹贰叁肆伍陆柒捌玖",
    ("🕛", "⚀", "⚁", "⚂", "⚃", "⚄", "⚅", "🕖", "🎱", "🕘"),
    ("🂠", "🂡", "🂢", "🂣", "🂤", "🂥", "🂦", "🂧", "🂨", "🂩"),
    ("-", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ", "Ⅴ", "Ⅵ", "Ⅶ", "Ⅷ", "Ⅸ"),
)
_SPANISH: Final = (
    ("tion", "chon"), ("ough", "of"), ("ee", "i"), ("ea", "i"), ("oo", "u"), ("ou", "au"),
    ("ck", "c"), ("sh", "ch"), ("ph", "f"), ("th", "d"), ("wh", "gu"), ("w", "gu"), ("h", "j"),
    ("k", "qu"), ("y", "i"), ("v", "b"), ("z", "s"), ("ll", "l"), ("ss", "s"), ("pp", "p"),
)  # fmt: skip
_CYRILLIC: Final = dict(zip(_ASCII, "абцдефгхийклмнопкрстуввхиз", strict=True))
_ABROAD: Final = (
    "今日は朝から雨が降っていて、駅前の小さな喫茶店で本を読みながら友達を待っていました。",
    "Вчера мы ездили к бабушке на дачу, копали картошку и пили чай на веранде до вечера.",
    "ذهبنا أمس إلى السوق القديم واشترينا الخبز والزيتون ثم جلسنا قرب النهر حتى المساء.",
    "Ayer llovió todo el día y nos quedamos en casa jugando a las cartas con los abuelos.",
    "วันนี้อากาศดีมาก พวกเราเลยไปเดินเล่นที่สวนแล้วกินข้าวกลางวันใต้ต้นไม้ใหญ่",
)
_NAMES: Final = """
    @anna_k @benito77 @chloe.m @dmitri @ella_rose @farid99 @gwen @hiro_t @ines.p @jonas @kofi_a
    @lena22 @marta @nils_o @oksana @pavel_r
"""
_INVITATION: Final = (
    "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VEVENT\nDTSTART:20250303T090000Z\nSUMMARY:{title}\n"
    "DESCRIPTION:{rest}\nEND:VEVENT\nEND:VCALENDAR"
)


def _marked(char: str, chance: random.Random) -> str:
    return char + chance.choice(_MARKS)


def _with_strokes(char: str, chance: random.Random) -> str:
    return char + chance.choice(_STROKES)


def _vietnamese(char: str, chance: random.Random) -> str:
    options = (_VIETNAMESE | _VIETNAMESE_TOO).get(char.lower())
    return chance.choice(options) if options else char


def _figures_drawn(text: str, plan: Plan) -> str:
    figures = plan.chance.choice(_OF_FIGURES)

    def alter(word: str, share: float) -> str:
        def digit(found: re.Match[str]) -> str:
            return figures[int(found[0])] if plan.chance.random() < share else found[0]

        return re.sub(r"\d", digit, word)

    return on_digits(text, plan, alter)


def _with_a_hint(link: str, chance: random.Random) -> str:
    bare = re.sub("https?://", "", link)
    places = sorted(chance.sample(range(1, len(bare)), min(3, len(bare) - 1)), reverse=True)
    for place in places:
        bare = f"{bare[:place]} {bare[place:]}"
    return f"{bare} (remove the spaces)"


def _in_cyrillic(link: str, _: random.Random) -> str:
    said = re.sub("https?://", "", link.lower()).replace(".", " точка ").replace("/", " слеш ")
    return "".join(_CYRILLIC.get(char, char) for char in said)


def _initial_apart(word: str, chance: random.Random) -> str:
    return f"{word[0]} {word[1:]}" if chance.random() < 0.5 else f"{word[:-1]} {word[-1]}"


def _with_decoys(word: str, chance: random.Random) -> str:
    left, right = chance.choice(("()", "[]", "{}"))
    return "".join(
        char + (f"{left}{chance.choice(_ASCII)}{right}" if chance.random() < 0.5 else "")
        for char in word
    )


def _annotated(word: str, chance: random.Random) -> str:
    note = "".join(chance.choice(_ASCII) for _ in range(chance.randint(2, 5)))
    place = chance.randrange(1, len(word))
    return f"<ruby>{word[:place]}<rt>{note}</rt></ruby>{word[place:]}"


def _by_spanish_ear(word: str, _: random.Random) -> str:
    said = word.lower()
    for written, heard in _SPANISH:
        said = said.replace(written, heard)
    return said


def _circled(word: str, chance: random.Random) -> str:
    circle = chance.choice(_CIRCLES)
    return " ".join(char + circle for char in word)


def _ornamented(word: str, chance: random.Random) -> str:
    return chance.choice(_ORNAMENTS).format(word)


def _abroad_too(text: str, plan: Plan) -> str:
    count = {"all letters": 4, "some letters": 2, "telling words": 1}[plan.coverage]
    return "\n".join([text, *plan.chance.sample(_ABROAD, count)])


def _mentions(text: str, plan: Plan) -> str:
    return f"{' '.join(plan.chance.sample(_NAMES.split(), _SIZES[plan.coverage]))} {text}"


def _random_tail(text: str, plan: Plan) -> str:
    def some(signs: str, count: int) -> str:
        return "".join(plan.chance.choice(signs) for _ in range(count))

    count = _SIZES[plan.coverage]
    tail = " ".join(some(f"{_ASCII}0123456789", 7) for _ in range(count // 3))
    return f"{text} {tail} {some('😂😍🥰🙏❤🔥🎉😭🤣👏🌸🌈', 2 * count)}"


def _invited(text: str, _: Plan) -> str:
    tokens = text.split()
    return _INVITATION.format(title=" ".join(tokens[:4]), rest=" ".join(tokens[4:]))


def _regrouped(text: str, plan: Plan) -> str:
    """Words run together and parted anew; links stay as they are."""
    parts, run = [], ""
    for token in [*text.split(), ""]:
        if token and not re.search(r"://|www\.|\.\w{2,}", token):
            run += token
            continue
        while run:
            size = plan.chance.randint(2, {"all letters": 5}.get(plan.coverage, 9))
            parts.append(run[:size])
            run = run[size:]
        parts.append(token)
    return " ".join(parts).strip()


ASIDE: Final[dict[str, Attack]] = {
    "marks of other scripts": letters(_marked),
    "strokes and kana between": letters(_with_strokes),
    "curled letters": letters(row(_CURLED)),
    "signs of calculation": letters(row(_CALCULATED)),
    "ornaments about words": words(_ornamented),
    "Vietnamese letters": letters(_vietnamese),
    "figures drawn": _figures_drawn,
    "links with gaps and a hint": on_links(_with_a_hint),
    "links in Cyrillic": on_links(_in_cyrillic),
    "a letter apart": words(_initial_apart),
    "on Korean keys": letters(row(_JAMO)),
    "decoys in brackets": words(_with_decoys),
    "notes of HTML": words(_annotated),
    "by Spanish ear": words(_by_spanish_ear),
    "circled and spaced": words(_circled),
    "before other languages": _abroad_too,
    "behind mentions": _mentions,
    "before a random tail": _random_tail,
    "as an invitation": _invited,
    "regrouped at random": _regrouped,
}
