"""Disguises alone and in pairs, honest text that resembles them, and what hostile text costs."""

from __future__ import annotations

import re
import time
import unicodedata
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text.confusables import fold_lookalikes
from classifiers.text.national import undecorated
from classifiers.text.normalize import normalize
from classifiers.text.spelling import joined, read_digits

HONEST = {
    "russian of letters that look latin": "Сара, это просто нос и рот, а вот сок. Хорошо!",
    "one russian word": "сок",
    "serbian": "Како си, шта радиш?",
    "bulgarian": "Добър ден, как сте?",
    "mongolian": "Өнөөдөр сайхан өдөр байна",
    "greek": "Καλημέρα, το νερό είναι καλό",
    "arabic": "مرحبا، كيف حالك اليوم؟",
    "hebrew": "תודה רבה, נתראה מחר",
    "hindi": "धन्यवाद, कल मिलते हैं",
    "thai": "ขอบคุณมากค่ะ แล้วเจอกันพรุ่งนี้",
    "chinese with spaces": "你 好 吗 我 很 好",
    "japanese": "ありがとうございます。また明日。",
    "korean": "감사합니다. 내일 봐요.",
    "turkish": "Teşekkürler, yarın görüşürüz. Işık güzel.",
    "vietnamese": "Cảm ơn bạn nhiều, chúc mừng năm mới",
    "indonesian": "Selamat pagi, apa kabar? Sampai jumpa besok",
    "polish": "Dzień dobry, zażółć gęślą jaźń",
    "german": "Über die Grüße habe ich mich gefreut",
    "french": "Ça va bien, à bientôt, où êtes-vous? Noël",
    "spanish": "Mañana por la mañana, señor niño",
    "portuguese": "São Paulo não é a capital; à tarde vão às praias",
    "icelandic": "Þetta er íslenska, ég á heima hér",
    "latvian": "Mīlestība ir skaista",
    "pinyin": "Nǐ hǎo, wǒ hěn hǎo",
    "hausa": "ɓarawo ya ɗauki ƙwai",
    "yoruba": "ọ́lá àti ẹ̀bùn",
    "names from elsewhere": "Zoë and Chloë, René, Łódź, Dvořák",
    "a russian word in english": "the word сок means juice",
    "signs of science": "π and Δt are small, 3 μm",
    "numbers and units": "it is 10am on the 1st, 100% of 5g, an mp3 and covid19",
    "an address in the web": "see http://a.example.com/b1c2?d3e=f4 and jane.doe@x1y2.com",
    "hyphens": "a well-known e-mail to the co-op",
    "a mistyped full stop": "i came home.then we ate",
    "single figures": "1 2 3 4 5 6",
    "short abbreviations": "e.g. this, i.e. that, 5 p.m.",
}

DISGUISED = {
    "whole words of cyrillic": "please send саѕһ today",
    "one mark on each letter": "p̊l̊e̊a̓s̊e̊ s̊e̊n̈d̈ c̊ås̊h̊ t̊o̊d̊åẙ",
    "hooks and strokes": "ƥłɛɑʂɛ ʂɛɳɗ ƈɑʂɦ ʈøɗɑƴ",
    "spaced": "p l e a s e  s e n d  c a s h  t o d a y",
    "points": "p.l.e.a.s.e s.e.n.d c.a.s.h t.o.d.a.y",
    "stars within words": "ple*ase se*nd ca*sh to*day",
    "emoji between": "p🔥l🔥e🔥a🔥s🔥e s🔥e🔥n🔥d c🔥a🔥s🔥h t🔥o🔥d🔥a🔥y",
    "digits": "pl3ase s3nd c4$h t0day",
    "boxes": "🇵 🇱 🇪 🇦 🇸 🇪  🇸 🇪 🇳 🇩  🇨 🇦 🇸 🇭  🇹 🇴 🇩 🇦 🇾",
    "boxes held apart": "🇵\u200b🇱\u200b🇪\u200b🇦\u200b🇸\u200b🇪 send cash today",
    "small capitals": "ᴘʟᴇᴀꜱᴇ ꜱᴇɴᴅ ᴄᴀꜱʜ ᴛᴏᴅᴀʏ",
    "underlined": "p̲l̲e̲a̲s̲e̲ s̲e̲n̲d̲ c̲a̲s̲h̲ t̲o̲d̲a̲y̲",
}

MIXTURE = {
    "invisible": lambda text: "\u200b".join(text),
    "capitals": str.upper,
    "wide": lambda text: "".join(
        chr(ord(char) + 0xFEE0) if char.isascii() and char.isalpha() else char for char in text
    ),
    "cyrillic": lambda text: text.translate(str.maketrans("aeocpxy", "аеосрху")),
    "marks": lambda text: "".join(
        f"{char}\u030a" if char.isascii() and char.isalpha() else char for char in text
    ),
    # Between what people see as letters, not between a letter and its mark.
    "points": lambda text: " ".join(
        ".".join(re.findall(r"\w[^\w\s]*", word)) for word in text.split()
    ),
    "bold": lambda text: "".join(
        chr(0x1D41A + ord(char) - 97) if "a" <= char <= "z" else char for char in text
    ),
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_honest_text_stays_as_it_is(text):
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    assert normalize(text) == folded


@pytest.mark.parametrize("text", DISGUISED.values(), ids=DISGUISED)
def test_a_disguise_comes_off(text):
    assert normalize(text) == "please send cash today"


@pytest.mark.parametrize(("first", "second"), list(permutations(MIXTURE, 2)))
def test_two_disguises_come_off(first, second):
    disguised = MIXTURE[second](MIXTURE[first]("please send cash today"))
    assert normalize(disguised) == "please send cash today"


def test_a_text_in_look_alikes_throughout_is_read_as_latin():
    assert normalize("сосоа саѕе расе асеѕ") == "cocoa case pace aces"


def test_the_folded_words_are_named_as_written():
    folded = fold_lookalikes("please send саѕһ today")
    assert (folded.words, folded.letters) == (("саѕһ",), 4)


def test_one_foreign_name_keeps_its_marks():
    assert undecorated("a letter from ḟirst") == "a letter from ḟirst"


@pytest.mark.parametrize(
    "text", ["a b c", "1 2 3 4", "你 好 吗 我", "r u ok", "U.S. and e.g. this"]
)
def test_single_letters_that_spell_nothing_stay_apart(text):
    assert joined(text) == text


@pytest.mark.parametrize(
    "text", ["gr8", "b4", "mp3", "2moro", "win10", "a1b2.example.com", "07781x"]
)
def test_digits_that_are_no_letters_stay(text):
    assert read_digits(text) == text


_TRICKY = st.sampled_from("aаAАbеіıİ0134$!@|*_.,-  \t\né\u0301\u030aё\u200b🔥🇫fře~^`·\\ṙ")


@given(st.text(st.one_of(_TRICKY, st.characters()), max_size=40))
def test_normalising_twice_changes_nothing(text):
    once = normalize(text)
    assert normalize(once) == once


@pytest.mark.parametrize(
    "piece",
    [
        "a ",
        "a.",
        "a   ",
        "a1",
        "a1b ",
        "a*",
        "aа",
        "сор ",
        "é",
        "q\u0301",
        "a🔥",
        "a - ",
        "a$",
        "1",
    ],
)
def test_hostile_text_costs_linear_time(piece):
    def seconds(size: int) -> float:
        normalize.cache_clear()
        started = time.process_time()
        normalize((piece * size)[:size])
        return time.process_time() - started

    seconds(1_000)
    # Eight times the text; quadratic work would take sixty-four times as long.
    assert seconds(80_000) < 24 * max(seconds(10_000), 0.002)
