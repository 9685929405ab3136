"""What normalisation takes off, and what it leaves alone in honest text of many scripts."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text.normalize import SIGNIFICANT_ENOUGH, clean, fingerprint, normalize

HONEST = {
    "russian": "привет, как дела? встретимся у метро в семь",
    "ukrainian": "щиро дякую, їжак уже спить",
    "greek": "καλημέρα, τι κάνεις σήμερα;",
    "arabic": "مرحبا، كيف حالك اليوم؟",
    "persian with its joiner": "می\u200cخواهم کتاب بخوانم",
    "hebrew": "שלום חברים",
    "devanagari with its joiner": "क्\u200dष और हिन्दी में लिखा",
    "thai": "สวัสดีค่ะ วันนี้ไปไหนมา",
    "chinese": "我们用iphone看电影",
    "japanese": "今日はtシャツを買いました",
    "korean": "오늘 날씨가 좋네요",
    "turkish": "ışık çok güzel, iyi akşamlar",
    "vietnamese": "tiếng việt có nhiều dấu thanh",
    "yoruba": "ọ́lá àti ẹ̀bùn",
    "hebrew prefix on a latin name": "ו\u05begoogle אמר",
    "greek sign in a term": "ωm und δt",
    "loan word with an ending in russian text": "напиши мне smsку вечером пожалуйста",
}

DISGUISED = {
    "zero width": ("fr\u200bee mo\u2060ney", "free money"),
    "soft hyphens": ("fr\u00adee", "free"),
    "bidi controls": ("\u202efree\u202c \u2066money\u2069", "free money"),
    "tag characters": ("free\U000e0041\U000e0042", "free"),
    "variation selectors": ("f\ufe0fr\ufe0eee", "free"),
    "control characters": ("fr\x00ee\x07", "free"),
    "joiner in latin": ("fr\u200dee mon\u200cey", "free money"),
    "cyrillic letters": ("раypal Vіаgrа", "paypal viagra"),
    "small cyrillic letters that look like small capitals": ("ваnк", "bank"),
    "greek letters": ("ρaypal αccοunt", "paypal account"),
    "latin letters in a russian word": ("дoкyмeнты", "документы"),
    "mathematical letters": (
        "\U0001d4ef\U0001d4fb\U0001d4ee\U0001d4ee \U0001d5d6\U0001d5d4\U0001d5e6\U0001d5db",
        "free cash",
    ),
    "full width": ("ＦＲＥＥ　ｃａｓｈ", "free cash"),
    "circled": ("ⓕⓡⓔⓔ", "free"),
    "negative squares": ("\U0001f175\U0001f181\U0001f174\U0001f174", "free"),
    "parenthesised": ("⒡⒭⒠⒠", "free"),
    "small capitals": ("ꜰʀᴇᴇ", "free"),
    "boxed letters, not flags": ("\U0001f1eb \U0001f1f7 \U0001f1e9\U0001f1ea", "f r 🇩🇪"),
    "strokes": ("f\u0336r\u0336e\u0336e\u0336", "free"),
    "zalgo": ("f\u0301\u0316\u0345\u0300r\u0334\u0301\u0302ee\u0489\u0301\u0302", "free"),
    "keycaps": ("1\ufe0f\u20e32\ufe0f\u20e3", "12"),
    "drawn out": ("sooooooo goooood!!!!!!!", "sooo goood!!!"),
    "spaces": (" free \t\u00a0\u2003\n\n money\u2800", "free money"),
    "braille blanks": ("free\u2800money", "free money"),
    "windows quotes read as latin-1": ("don\x92t", "don’t"),
    "capitals": ("FREE Straße", "free strasse"),
    "hebrew points": ("שָׁלוֹם חֲבֵרִים", "שלום חברים"),
    "arabic points": ("السَّلَامُ عَلَيْكُمْ", "السلام عليكم"),
    "arabic drawn out": ("مرحبـــا يا جماعة", "مرحبا يا جماعة"),
}


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_honest_text_stays_as_it_is(text):
    # Folding case writes the final sigma like any other.
    assert normalize(text) == unicodedata.normalize("NFKC", text).replace("ς", "σ")


@pytest.mark.parametrize(("written", "meant"), DISGUISED.values(), ids=DISGUISED)
def test_disguises_come_off(written, meant):
    assert normalize(written) == meant


def test_turkish_capitals_meet_their_small_letters():
    assert normalize("İSTANBUL") == normalize("istanbul")


def test_digits_are_never_shortened():
    assert normalize("win 1000000") == "win 1000000"
    assert normalize("win 1000000") != normalize("win 1000")


def test_a_loan_word_is_folded_where_the_text_is_not_of_its_ending():
    assert normalize("please send me the freе money") == "please send me the free money"


def test_clean_keeps_case_and_lines():
    assert clean("FR\u200bEE\nMoney") == "FREE\nMoney"


# Characters on which the steps of normalisation could undo one another.
_TRICKY = st.sampled_from(
    "aаAАiіІıİſßŉᾳǅⅣɪꞮ\u0345\u0301\u0307\u0323\u0338\u200b\u200c\u200d\u00ad\ufeff\u2066क\u094dम"
    "\u0651ั้ถ\u1160\u3164\uffa0\uff9e\u0f73ﷺ½…🅰🇩🇪👩\ufe0f1.،  \n\t\x00\x85\x92!!\u3099かカ"
    "\U000e0061\ud800\u0344΄´ΰΪﬀỐẞσςМмеo0µ"
)


@given(st.text(st.one_of(_TRICKY, st.characters()), max_size=30))
def test_normalising_twice_changes_nothing(text):
    once = normalize(text)
    assert normalize(once) == once


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("f\n\n\nr\n\n\ne\n\n\ne", "free"),
        ("\\X46\\X72\\X65\\X65 cash", "free cash"),
        ("m%2Fn &AMP;#102;ree", "m%2fn free"),
        ("F----R----E----E", "free"),
        ("c\na\ns\nh.", "cash."),
        ("p\no\nr\nn!?", "porn!?"),
        ("ppp\no\nr\nn", "ppporn"),
        ("س\nل\nا\nم.", "سلام."),
        ("加★\n微★\n信★\n号", "加微信号"),
    ],
)
def test_what_shows_only_once_a_text_is_plain_is_read_as_well(written, read):
    assert normalize(written) == read


_WORDS = [
    "cash",
    "мир",
    "саѕһ",
    "%76%69%61%67%72%61",
    "⁄саѕһ/",
    "раураӏ",
    "سلام",
    "加微信赚",
    "b4nk",
    "0x63",
]
_APART = ["", "", "\n", "\n\n", " ", "  ", "★", "★\n", ".", "\n-\n", "*"]
_BEHIND = ["", ".", "!?", ";", ".)", "...", "/"]
_WRITTEN = st.builds(
    lambda word, sign, behind: sign.join(word) + behind,
    *map(st.sampled_from, (_WORDS, _APART, _BEHIND)),
)


@given(st.lists(_WRITTEN, max_size=4), st.sampled_from([" ", "\n", "*", " … "]))
def test_normalising_words_in_two_disguises_twice_changes_nothing(words, sign):
    once = normalize(sign.join(words))
    assert normalize(once) == once


def test_look_alikes_are_read_beside_all_the_words():
    once = normalize("саѕһ саѕһ ★ мир*c*a*s*h/")
    assert normalize(once) == once


@given(st.text(max_size=40))
def test_what_is_read_has_no_controls_and_single_spaces(text):
    read = normalize(text)
    assert read == " ".join(read.split())
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in read)


COPIES = {
    "case": "FREE Gifts for EVERYBODY at the door",
    "spacing": "free   gifts\nfor everybody at  the door ",
    "punctuation": "Free gifts -- for everybody: at the door!!!",
    "spaced letters": "f r e e gifts for everybody at the door",
    "invisible characters": "free gi\u200bfts for every\u00adbody at the door",
    "look-alikes": "frее gifts fоr everybоdy at thе door",
    "styled letters": "ｆｒｅｅ gifts for everybody at the ᴅᴏᴏʀ",
}


@pytest.mark.parametrize("copy", COPIES.values(), ids=COPIES)
def test_copies_share_a_fingerprint(copy):
    assert fingerprint(copy) == fingerprint("free gifts for everybody at the door")


@pytest.mark.parametrize(
    "other",
    ["free gifts for everybody at the doors", "free gift for everybody at the door", "", "1"],
)
def test_other_texts_have_another_fingerprint(other):
    assert fingerprint(other).digest != fingerprint("free gifts for everybody at the door").digest


def test_digits_tell_texts_apart():
    assert fingerprint("call 0123").digest != fingerprint("call 0124").digest


def test_vowel_signs_tell_texts_apart():
    assert fingerprint("กิน").digest != fingerprint("กัน").digest


@pytest.mark.parametrize(
    ("text", "significant"),
    [("thanks!", 6), ("+1 👍👍 ...", 1), ("", 0), ("谢谢分享", 12), ("a b c 1 2 3", 6)],
)
def test_how_telling_a_text_is(text, significant):
    print_of_text = fingerprint(text)
    assert print_of_text.significant == significant
    assert print_of_text.telling == (significant >= SIGNIFICANT_ENOUGH)
    assert len(print_of_text.digest) == 32


def test_a_broken_string_has_a_fingerprint():
    assert fingerprint("half a pair \ud83d").digest == fingerprint("half a pair").digest
