"""Disguises alone and in pairs, honest text that resembles them, and what hostile text costs."""

from __future__ import annotations

import base64
import random
import re
import time
import unicodedata
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.text.confusables import fold_lookalikes
from classifiers.text.disguises.drawing import without_drawings
from classifiers.text.disguises.likenesses import read_by_looks
from classifiers.text.disguises.restoring import restored
from classifiers.text.disguises.spelling import joined, read_digits
from classifiers.text.national import undecorated
from classifiers.text.normalize import normalize
from classifiers.text.rendering import rendered
from classifiers.text.urls import find_links

HONEST = {
    "sighs and counting": "oh oh oh oh oh my, one two three four five go, oh one oh one off",
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
    "finnish": "Hyvää huomenta kaikille, tuulee kovaa ja saapas on märkä",
    "italian": "Oggi il sole splende, e tutte le ragazze ballano nella piazza",
    "hungarian": "Jó reggelt, hogy vagytok? Szép időnk lesz",
    "more polish": "W Szczebrzeszynie chrząszcz brzmi w trzcinie",
    "serbian in cyrillic": "Данас је леп дан, идемо на реку да пецамо",
    "ukrainian": "Сьогодні гарна погода, ходімо до парку разом",
    "kazakh": "Қайырлы таң, бүгін ауа райы жақсы болады",
    "belarusian": "Добрай раніцы, сябры, пойдзем у лес",
    "greek with a brand": "Πήρα καινούργιο samsung και το google δεν δουλεύει",
    "greek in capitals": "ΚΑΛΗΜΕΡΑ ΣΕ ΟΛΟΥΣ ΚΑΙ ΚΑΛΗ ΕΒΔΟΜΑΔΑ",
    "armenian": "Բարի լույս, ինչպես եք այսօր",
    "georgian": "დილა მშვიდობისა, როგორ ხართ",
    "hebrew and latin": "ראיתי את זה ב-youtube אתמול בערב",
    "arabic and figures": "السعر 250 ريال في متجر amazon",
    "chinese of simple signs": "工人在山下口干, 几个人从上海乙地来",
    "japanese kana": "アイスとコーヒーをください、ロシアからのリンク",
    "estonian": "Täna on ilus ilm ja jää sulab",
    "code": "for (int i = 0; i < n; i++) { a[i] <<= 2; b &= ~c; }",
    "html that is quoted": "use <b>bold</b> and <br> or &nbsp at the end of a <p>",
    "mathematics": "if x < y and y > z then x + y = 2z, f(x) = 3x^2",
    "a token in base64": "key dGhpcyBpcyBub3QgYSBsaW5rIGF0IGFsbCBvaw== end",
    "places in a table": "colo(u)r(s), see 5(a)(ii)",
    "a path": r"C:\xampp and \x41 or \x42",
    "percent": "100%50 and 20%30%40 off",
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
    "cyrillic beyond the table": "рlеаsе sепd сдsн тоdау",
    "greek by looks": "ρlεαsε sεηδ cαsh τοdαγ",
    "han and kana": "尸乚乇卂丂乇 丂乇几刀 匚卂丂卄 丅口刀卂丫",
    "one strange letter in a word": "pleаsе sепd cаsh tоdаყ",
    "turned": "ʎɐpoʇ ɥsɐɔ puǝs ǝsɐǝld",
    "entities": "pl&#101;&#x61;se s&#101;nd c&#97;sh today",
    "entities twice over": "pl&amp;#101;ase send cash today",
    "tags within words": "pl<b></b>ease se<!-- -->nd ca[i][/i]sh to<wbr>day",
    "what a tag hides": "pl<span style='display:none'>xx</span>ease send cash today",
    "shown from right to left": "\u202eyadot hsac dnes esaelp\u202c",
    "parts shown from right to left": "\u202e\u2066lease\u2069\u2066p\u2069\u202c send cash today",
    "capitals by looks": "PᄂΣΛƧΣ ƧΣПD ᄃΛƧΉ ƬӨDΛY",
    "loose marks on one word": "please s̼e̼n̼d̼ cash today",
    "brackets": "(p)[l]{e}<a>(s)(e) se(n)d [c][a][s][h] today",
    "escapes": r"\x70\u006c\x65\x61se send cash today",
    # The marks stand for letters of their own.
    "marks held apart": "p ̊ l ̊ e ̊ a ̊ s ̊ e ̊  s ̊ e ̊ n ̊ d ̊  c ̊ a ̊ s ̊ h ̊  t ̊ o ̊ d ̊ a ̊ y ̊",
    "marks between points": "p.̊.l.̊.e.̊.a.̊.s.̊.e s.̊.e.̊.n.̊.d c.̊.a.̊.s.̊.h t.̊.o.̊.d.̊.a.̊.y",
    "unseen between pictures": "p🔥\u200bl🔥\u200be🔥\u200ba🔥\u200bs🔥\u200be send cash today",
    "marks on figures": "pl3̊a̓s3̊ s3̊nd c4̊sh t0̊da̓y",
    "circled letters with marks": "ⓟ̊ⓛ̊ⓔ̊ⓐ̊ⓢ̊ⓔ̊ ⓢ̊ⓔ̊ⓝ̊ⓓ̊ cash ⓣ̊ⓞ̊ⓓ̊ⓐ̊ⓨ̊",
    "one letter a line": "p\nl\ne\na\ns\ne send cash today",
    "canadian letters": "ᑭᒪᗴᗩᔕᗴ ᔕᗴᑎᗪ ᑕᗩᔕᕼ ᖶOᗪᗩY",
    "sounds among letters": "plеaзe сенd cаsх тоdaй",
    "signs of currencies": "₱£€₳$€ $€₦₫ ¢₳$₴ ₮¤₫₳¥",
    "signs of mathematics": "ρℓєαѕє ѕєη∂ ¢αѕн тσ∂αу",
    "letters above letters": "plͤasͤ sͤnͩ cͣsͪ tͦdͣy",
    "thin blanks": "p\u2009l\u200ae\u2800a\u3164s\u2009e s\u2009e\u2800n\uffa0d cash today",
    "called by name": "papa lima echo alpha sierra echo send cash tango oscar delta alpha yankee",
    "touches of keys": "7 555 33 2 7777 33 send 222 2 7777 44 8 666 3 2 999",
    "downwards": "p s c t\nl e a o\ne n s d\na d h a\ns     y\ne",
}

JUMBLED = {
    "broken within": "ple<br>ase se<br/>nd cash today",
    "cyrillic from the end on": "еѕаеlр dпеѕ һѕас уаdоt",
    "ends set before": "seplea ndse cash dayto",
    "by accent": "bleaze zend cash dotay",
    "words turned round": "esaelp dnes hsac yadot",
    "enciphered": "cyrnfr fraq pnfu gbqnl",
    "drawn out": "pleeeaaase seeend caaash toooday",
    "doubled": "ppleasse sendd ccash toodday",
    "neighbours swapped": "pelase sned csah toady",
    "figures": "pl3@s3 s3nd c4sh 7oday",
    "one sign in a word": "ple-ase se.nd ca*sh to_day",
    "halves": "plea se se nd ca sh tod ay",
    "written as one": "pleasesendcashtoday",
    "shuffled": "pelase send csah tdaoy",
    "drawn": r"|>lease se|\|d c/\sh t()day",
    "drawn out letter by letter": "ppp l eee aaa s e  sss e n d  c aaa s hhh  t o d aaa y",
    "figures drawn out": "pppl3@@@ssse sss3nnnd c@@@shh tttodd@y",
    "figures between pictures": "p🔥l🔥3🔥@🔥s🔥3 s✨3✨n✨d c✨4✨s✨h t✨0✨d✨4✨y",
    "greek drawn out": "ρlεεεαssε ssεηηηd cαααsh tοοοdαγ",
    "stuttered": "ple-ple-please se...send caca-cash to..to..today",
    "pig Latin": "leasepay endsay ashcay odaytay",
    "something before each vowel": "plobeobasobe sobend cobash tobodobay",
    "the alphabet mirrored": "kovzhv hvmw xzhs glwzb",
    "the alphabet turned": "sohdvh vhqg fdvk wrgdb",
    "the keys beside": "qarsdr drmf vsdj ypfsu",
    "braille": "⠏⠇⠑⠁⠎⠑ ⠎⠑⠝⠙ ⠉⠁⠎⠓ ⠞⠕⠙⠁⠽",
    "some letters in braille": "p⠇eas⠑ s⠑nd c⠁s⠓ to⠙⠁y",
    "greek letters by sound": "πλεασε σενντ κασχ τουνταυ",
    "coptic by looks": "ⲣⲗⲉⲁⲋⲉ ⲋⲉⲛⲇ cash ⲧⲟⲇⲁⲩ",
    "russian letters by sound": "плеасе сенд касх тодай",
    "on russian keys": "здуфыу ыутв сфыр ещвфн",
    "on greek keys": "πλεασε σενδ ψαση τοδαυ",
}

NOT_JUMBLED = {
    "names of letters": "alpha romeo, golf hotel india, charlie and delta echo",
    "counting": "one two three go, nine one one",
    "counting elsewhere": "uno dos tres cuatro, eins zwei drei vier, un deux trois quatre",
    "counting by tens": "ten twenty thirty forty fifty, two four six eight",
    "double this and that": "double one two double, six or seven or eight or nine",
    "figures in rows": "22 33 44 55 66 and 3 2 8 2 or 2 2 7 3",
    "one word that is another wound": "hows it going, lookin at the mite",
    "spanish": "esta noche vamos a cenar con los amigos del barrio",
    "italian": "anche oggi il sole splende e noi andiamo al mare con tutti",
    "indonesian": "selamat pagi apa kabar sampai jumpa besok di kota",
    "finnish": "hyvää huomenta kaikille teillä on mukava päivä tänään",
    "hindi in latin letters": "mujhe ye gaana bahut pasand hai yaar",
    "tagalog": "magandang umaga sa inyong lahat kumusta kayo",
    "turkish": "bugün hava çok güzel arkadaşlar nasılsınız",
    "german": "heute gehen wir mit der ganzen familie ins schwimmbad",
    "names": "anna and hannah met bob, otto, ziad and giulia",
    "spanish with english cognates": "hoy musica importante y una idea excelente en la television",
    "chat": "lol omg thx u r gr8, b4 2moro, txt me pls",
    "abbreviations": "the dvd, the usb and the otp of hsbc",
    "addresses": "see http://moc.example.com/esaelp or write to dnes@example.com",
    "figures": "100k in 2024, 3pm, 1st, 80s, mp3, h264, 50%",
    "hyphens": "a well-known up-to-date mother-in-law at 7-eleven",
    "code": "def foo_bar(x): return x.strip() or nltk.util.ngrams(x)",
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


@pytest.mark.parametrize("text", JUMBLED.values(), ids=JUMBLED)
def test_a_jumble_is_read(text):
    assert restored(normalize(text)) == "please send cash today"


def test_vowels_that_were_left_out_are_put_back():
    assert restored("sbscrb to my chnnl") == "subscribe to my channel"
    assert restored("chck ot ths vd on ytb") == "check out this video on youtube"


@pytest.mark.parametrize(
    "text",
    [
        "ᓄᓇᕗᑦ ᒐᕙᒪᖓ ᐅᖃᐅᓯᖅ ᐱᒻᒪᕆᐅᕗᖅ ᐃᓄᒃᑎᑐᑦ ᐅᖃᓕᒫᕐᕕᒃ",
        "ᎣᏏᏲ ᏙᎯᏧ ᏩᏙ ᎠᏂᏴᏫᏯ ᏚᎾᏙᏢᏒ",
        "love❤ you❤ all❤ my❤ friends❤ 😂😂😂 🎉🎊🎉 🐶🐱🐶🐱",
        "⚽🏀 tonight 🎉🎊🎈 with the kids 🐶🐱🐭🐹",
    ],
)
def test_a_rare_alphabet_and_rows_of_pictures_are_no_cryptograms(text):
    assert restored(text) == text


def test_vowels_that_are_any_are_those_of_common_words():
    assert restored("untry ti wiukly cimpototean fer proza") == (
        "entry to weekly competition for prize"
    )
    assert restored("two muhommads and a passable lonk") == "two muhommads and a passable lonk"


def test_names_of_markup_are_no_letters():
    assert restored(r"\bb{ple}\bb{ase} \rm{se}\rm{nd} the \bb{ca}\bb{sh} today") == (
        r"\please} \send} the \cash} today"
    )
    honest = (
        r"the force \mathbf{f} = m\mathbf{a} in \mathrm{kg} per \frac{\mathrm{d}x}{\mathrm{d}t}"
    )
    assert restored(honest) == honest


def test_one_letter_astray_within_a_long_word_is_put_right():
    assert restored("the subscrbe button of my channdel") == "the subscribe button of my channel"
    assert restored("my friend zarbundi plays at the musica") == (
        "my friend zarbundi plays at the musica"
    )


def test_a_word_that_no_list_has_is_read_as_words_are_spelt():
    assert read_digits("d3pl0y 7h3 41rdr0p") == "deploy the airdrop"
    assert normalize("the αιρdροps of the tορ teαm") == "the airdrops of the top team"
    assert read_digits("w41t นาน6เดือน ph0n3") == "wait นาน6เดือน phone"


def test_apostrophes_stand_between_letters_that_are_spaced():
    assert joined("d o n ' t  c a l l  i t  # s p a m") == "don't call it #spam"


def test_short_figures_are_words_among_words_of_figures_alone():
    assert read_digits("c0m3 0n 0v3r 70 my h0u53 47 10") == "come on over to my house at 10"
    assert read_digits("come on over at 47 or 70, w1th h0pe") == (
        "come on over at 47 or 70, with hope"
    )


@pytest.mark.parametrize(
    "text",
    [
        "and/or (see [1])",
        "<3 :-) \\o/ ^_^ (a)(b)",
        "http://a.example/()|_|",
        "c++ and x-_-x",
        "||||",
    ],
)
def test_signs_that_draw_nothing_stay(text):
    assert without_drawings(text) == text


NOT_ENGLISH = [
    "привет, видео и интернет",
    "смотри канал, там спорт и музыка",
    "банк интернет компьютер",
    "наш канал про спорт и музику щодня",
    "гледам филм и пия кафе у дома",
    "номи класси модел",
    "натурал сан, чоң байт",
    "ο κανάλι και το βίντεο στο ίντερνετ",
    "starten på serien må ikke overstige enden av serien",
    "wir sehen finden und binden den warmen band",
    "krzysztof przyszedł z chrząszczem do szczecina",
    "the hsbc mtv kbps rpm dvd of mr krzyzewski",
]


@pytest.mark.parametrize("text", NOT_ENGLISH)
def test_what_its_own_language_says_is_no_english_in_disguise(text):
    assert restored(normalize(text)) == unicodedata.normalize("NFKC", text)


@pytest.mark.parametrize("text", NOT_JUMBLED.values(), ids=NOT_JUMBLED)
def test_what_is_no_jumble_stays_as_it_is(text):
    assert restored(text) == text


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_honest_text_is_no_jumble(text):
    assert restored(normalize(text)) == normalize(text)


@pytest.mark.parametrize(
    "piece", ["esaelp ", "abcabd ", "ab1c! ", "th is ", "x.yz ", "卂乃匚 ", "ᚠᛒᛞᛟ ", "|/()a "]
)
def test_reading_jumbles_costs_linear_time(piece):
    def seconds(size: int) -> float:
        chance = random.Random(1)
        text = " ".join("".join(chance.sample(piece, len(piece))) for _ in range(size))
        started = time.process_time()
        restored(without_drawings(read_by_looks(text)))
        return time.process_time() - started

    seconds(500)
    # Eight times the text; quadratic work would take sixty-four times as long, at each try.
    assert any(seconds(8_000) < 24 * max(seconds(1_000), 0.002) for _ in range(3))


def test_a_link_in_base64_is_found():
    coded = base64.b64encode(b"http://shop.example.com/offer").decode()
    assert [link.domain for link in find_links(f"look {coded} now")] == ["example.com"]


def test_a_link_written_backwards_is_found():
    assert [link.domain for link in find_links("reffo/moc.elpmaxe.pohs//:ptth")] == ["example.com"]


def test_a_name_that_is_coded_in_a_link_is_decoded():
    assert rendered("http://%65%78%61%6d%70%6c%65.com/") == "http://example.com/"


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


_TRICKY = st.sampled_from(
    "&#;<>[]%\u202e卂ɐǝaаAАbеіıİ0134$!@|*_.,-  \t\né\u0301\u030aё\u200b🔥🇫fře~^`·\\ṙ"
)


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
        "[a]",
        "a[b]c<i> ",
        "a&shy;",
        "a<wbr>",
        "a\u3002",
        "www.a%61",
    ],
)
def test_hostile_text_costs_linear_time(piece):
    def seconds(size: int) -> float:
        normalize.cache_clear()
        started = time.process_time()
        # What stands behind it has lines between words looked for in all of it.
        normalize(f"{(piece * size)[:size]} b_c")
        return time.process_time() - started

    seconds(1_000)
    # Eight times the text; quadratic work would take sixty-four times as long, at each try.
    # No text comes twice: parts of the reading would be remembered.
    assert any(seconds(80_000 + n) < 24 * max(seconds(10_000 + n), 0.002) for n in range(3))
