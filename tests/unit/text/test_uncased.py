"""Scripts without capitals: points and strokes come off, words taken apart are joined again."""

from __future__ import annotations

import pytest

from classifiers.text.disguises import uncased
from classifiers.text.disguises.restoring import restored
from classifiers.text.normalize import fingerprint, normalize

TAKEN_APART = {
    "chinese, by a symbol": ("加➕微➕信➕赚➕钱➕兼➕职", "加微信赚钱兼职"),
    "chinese, four signs": ("加★微★信★号 now", "加微信号 now"),
    "chinese, within a sentence": ("想赚钱请加-微-信-号-码哦", "想赚钱请加微信号码哦"),
    "chinese, spaces about the symbol": ("加 ❤ 微 ❤ 信 ❤ 号", "加微信号"),
    "korean": ("무★료★카★지★노 가★입", "무료카지노 가입"),
    "japanese": ("無☆料☆登☆録は☆こ☆ち☆ら", "無料登録はこちら"),
    "thai, by dots": ("แ.ท.ง.บ.อ.ล.อ.อ.น.ไ.ล.น์ เครดิตฟรี", "แทงบอลออนไลน์ เครดิตฟรี"),
    "thai, by spaces": ("แ ท ง บ อ ล วันนี้", "แทงบอล วันนี้"),
    "hindi": ("मु.फ्.त.पै.सा", "मुफ्तपैसा"),
    "hindi, letters grown together": ("र•क्षा•बं•ध•न", "रक्षाबंधन"),
    "arabic": ("ا.ر.ب.ح م-ج-ا-ن-ا", "اربح مجانا"),
    "arabic, with points": ("مَ.جَّ.ا.نً.ا", "مجانا"),
    "hebrew": ("ה★ל★ו★א★ה", "הלואה"),
    "arabic drawn out": ("اربـــح المـــال", "اربح المال"),
}

HONEST = {
    "chinese enumeration": "一、二、三、四、五",
    "chinese list": "东、南、西、北，中。",
    "numerals by dots": "一.二.三.四.五",
    "seasons by strokes": "春/夏/秋/冬",
    "colours by plus": "红+黄+蓝+绿",
    "colours by equals": "红=黄=蓝=绿",
    "days by dashes": "日—月—火—水—木",
    "short answers": "好。行。走。来。",
    "calls": "冲!冲!冲!冲!",
    "dates": "2024年3月5日 2024-03-05 3/5/24",
    "days in a table": "| 日 | 月 | 火 | 水 | 木 | 金 | 土 |",
    "japanese names": "ジョン・スミスとマリア・デル・カルメン",
    "japanese pairs": "東・西・南・北",
    "emoji between words": "早上好🌞今天吃面条🍜晚上看电影🎬周末爬山🏔",
    "the same emoji between words": "生日快乐🎂天天开心🎂万事如意🎂身体健康",
    "three signs": "中-日-韩 京★津★冀",
    "pauses": "我...你...他...她",
    "calls without a space": "好!快来!一起!看",
    "korean words of one sign": "너 왜 안 와 나 집 가",
    "chinese words of one sign": "你 好 吗 我 很 好",
    "hindi words of one sign": "तू भी जा रे जो है सो है",
    "hindi with the same vowels": "नाकारा सामान और दादाजी",
    "bengali with the same vowels": "মামার বাড়ি আমার কাকার",
    "thai abbreviations": "พ.ศ. 2567 และ น.ส. มาลี จาก ก.ท.ม.",
    "thai abbreviation before a word": "ต่อพ.ร.บ.คุ้มครองข้อมูล",
    "tibetan": "བོད་ཀྱི་ས་ཆ་མི་དེ",
    "amharic": "ሀ፡ለ፡ሐ፡መ፡ሠ",
    "arabic": "السلام عليكم، كيف الحال؟",
}


@pytest.mark.parametrize(("written", "meant"), TAKEN_APART.values(), ids=TAKEN_APART)
def test_what_was_taken_apart_is_joined(written, meant):
    assert normalize(written) == meant


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_lists_names_and_sentences_stay(text):
    read = normalize(text)
    assert restored(read) == read == text.replace("，", ",")


@pytest.mark.parametrize(
    ("pointed", "plain"),
    [
        ("بِسْمِ ٱللَّهِ الرَّحْمٰنِ الرَّحِيمِ", "بسم ٱلله الرحمن الرحيم"),
        ("בְּרֵאשִׁ֖ית בָּרָ֣א אֱלֹהִ֑ים", "בראשית ברא אלהים"),
        ("آدَم وَأُمّ مُؤْمِنَة", "آدم وأم مؤمنة"),
    ],
)
def test_pointed_and_plain_spelling_meet(pointed, plain):
    assert normalize(pointed) == normalize(plain) == plain
    assert fingerprint(pointed) == fingerprint(plain)


def test_no_pattern_is_made_of_what_a_text_holds(monkeypatch):
    # One a sign would cost the square of the length: each third letter may bring a new one.
    arrows = list(map(chr, range(0x21A2, 0x21B2)))
    parted = " ".join(f"加{one}微{one}信{one}赚 钱{one}快" for one in arrows)
    monkeypatch.setattr(uncased, "re", None)
    assert uncased.joined(parted) == " ".join(["加微信赚 钱快"] * len(arrows))
