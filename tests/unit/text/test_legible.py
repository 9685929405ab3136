"""What nobody could read, and honest posts that have no words either."""

from __future__ import annotations

import pytest

from classifiers.assess import UNREAD_FROM
from classifiers.text.disguises.restoring import restored
from classifiers.text.legible import unread
from classifiers.text.normalize import normalize

WORDS = "please look at my new profile and write to me tonight dear friends"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


_PLACES = [_ALPHABET.index(char) for char in WORDS if char != " "]


def share(text: str) -> float:
    return unread(restored(" ".join(normalize(text).split())))


def _with_key(text: str, key: str) -> str:
    """Each letter moved on by the key's next one (Vigenère)."""
    moved = []
    for char in text:
        step = _ALPHABET.index(key[sum(one != " " for one in moved) % len(key)])
        moved.append(char if char == " " else _ALPHABET[(_ALPHABET.index(char) + step) % 26])
    return "".join(moved)


def _by_table(signs: str) -> str:
    """Each letter, and the place where it stands in its word, as one of the signs."""
    return " ".join(
        "".join(
            signs[(_ALPHABET.index(char) * 7 + place) % len(signs)]
            for place, char in enumerate(word)
        )
        for word in WORDS.split()
    )


UNREADABLE = {
    "a key of five letters": _with_key(WORDS, "lemon"),
    "another key": _with_key(WORDS, "secretly"),
    "private use": _by_table("".join(map(chr, range(0xE200, 0xE240)))),
    "unassigned": _by_table("".join(map(chr, range(0x2FE0, 0x2FEF)))),
    "a dead script": _by_table("".join(map(chr, range(0x12000, 0x12040)))),
    "shapes": _by_table("◆◇◈○◎●◐◑◒◓▲△▴▵▶▷▸▹►▻▼▽▾▿"),
    "emoji": _by_table("🍎🍌🌊🐶🦅🔥🎸🏠🍦🃏🔑🦁🌙🎵🐙🐼👑🌈🐍🌴🎻🍉❌🪀⚡🚗"),
    "numbers from a table": " ".join(str(44 + place + 5 * (place // 5)) for place in _PLACES),
    "two letters": " ".join(f"{place:05b}".translate({48: "a", 49: "b"}) for place in _PLACES),
    "signs before each word": " ".join(f"@{word}" for word in _with_key(WORDS, "lemon").split()),
    "signs between": _with_key(WORDS, "lemon").replace(" ", " () "),
    "underlines between": _with_key(WORDS, "lemon").replace(" ", "_"),
    "one run": _with_key(WORDS, "lemon").replace(" ", ""),
    "letters of another alphabet": _by_table("гзэфуеакоъсхычвцдщжтлюймприбньяш"),
    "behind a long text": "we walked along the river and had tea at home " * 90
    + _with_key(f"{WORDS} " * 20, "lemon"),
}

HONEST = {
    "airports": "LHR JFK CDG FRA AMS LAX SFO ORD DFW ATL DEN SEA MIA BOS IAD EWR YYZ YVR NRT HND",
    "shares": "AAPL MSFT TSLA GOOGL AMZN NVDA META BRK JPM UNH XOM JNJ WMT CVX MRK KO PEP BAC",
    "abbreviations": "smh tbh idk lmk ngl imo fwiw iirc afaik brb ttyl rn fr icymi tfw mfw ffs jfc",
    "sudoku": "5 3 4 6 7 8 9 1 2 6 7 2 1 9 5 3 4 8 1 9 8 3 4 2 5 6 7 8 5 9 7 6 1 4 2 3 4 2 6 8 5 3",
    "temperatures": "21 23 22 24 25 26 24 23 22 21 20 19 21 22 23 25 27 28 26 24 22 21 20 18",
    "ages": "23 25 31 28 24 35 22 29 30 27 26 33 21 24 28 25 30 32 23 27 29 34 36 26 22",
    "truth": "TTT T TTF F TFT T TFF F FTT T FTF T FFT F FFF T TTTT T TTTF F TTFT T TTFF F TFTT T",
    "counting in twos": "1 10 11 100 101 110 111 1000 1001 1010 1011 1100 1101 1110 1111 10000",
    "drums": "x-x- x-x- x--- x-x- xx-- x-x- ---x x-x- x-xx x--- -x-x x-x- x-x- x--x x-x- --x-",
    "keys at random, and many": "SKDJFHSKJDFH AJKSDHAKJSHD ASKJDHASKJD SDKFJHSDKJFH",
    "hmong": "txhob ntshai, txhawb nqa ntxiv, tshuaj ntsuab, nplooj ntoos, nkauj nraug, xyuas plig",
    "kabardian": "уипщэдджыжь фӏыуэ, дауэ ущыт? нобэ махуэр дахэщ, дэ къущхьэм докӏуэ",
    "abkhaz": "мшыбзиа, ишԥаҟоу? иахьа амш бзиоуп, ҳара аԥсшьарахь ҳцоит",
    "serbian consonants": "смрт, прст, крв, трг, врх, брк, чврст, црвен, срце, скрб",
    "Coptic": "ⲡⲉⲛⲓⲱⲧ ⲉⲧϧⲉⲛ ⲛⲓⲫⲏⲟⲩⲓ ⲙⲁⲣⲉϥⲧⲟⲩⲃⲟ ⲛ̀ϫⲉ ⲡⲉⲕⲣⲁⲛ",
    "Santali": "ᱡᱚᱦᱟᱨ ᱟᱢ ᱪᱮᱫ ᱞᱮᱠᱟ ᱢᱮᱱᱟᱢᱟ",
    "a party": "🎉🎂🎈🎁🥳🍰🎊✨🍾🥂🎶💃",
    "chessmen": "♜♞♝♛♚♝♞♜♖♘♗♕♔♗♘♖",
    "a reaction": "😂😂😂😂😂😂 ❤️❤️❤️❤️ 🎉🎉🎉🎉 😂😂😂",
    "good wishes": "🎂🎉🎈🎁🥳 🎂🎉🎈🎁🥳 🎂🎉🎈",
    "scores": "3-1 2-2 0-0 4-1 1-0 2-1 3-3 0-2 1-1 5-0 2-0 1-3",
    "a table of numbers": "12.5 13.7 14.1 99.2 | 100 250 375 410 | 8 16 32 64 128 256 512 1024",
    "a small table": "1 0 0 0 1 0 0 0 1 2 0 0 0 2 0 0 0 2 1 1 0 2 2 0 1 2",
    "telephone numbers": "+43 664 1234567, +43 664 7654321, 0800 123 123, (01) 555 12 34",
    "times": "08:15 08:45 09:15 09:45 10:15 10:45 11:15 11:45 12:15 12:45 13:15",
    "code": "for (i = 0; i < n; i++) { buf[i] ^= key[i % len]; ptr->nxt = tmp; }",
    "assembler": "mov ebx, eax; xor edx, edx; cmp ecx, 4; jne loop; push ebp; call printf; ret",
    "a log": "eth0: rx 512 tx 128 err 0 drop 0; link up 1000 mbps; lease from 10.0.0.1",
    "digests": "d41d8cd98f00b204e9800998ecf8427e e3b0c44298fc1c149afbf4c8996fb92427ae41e4",
    "base64": "token = 'aGVsbG8gd29ybGQgdGhpcyBpcyBub3QgYSBzZWNyZXQ='; MIIBIjANBgkqhkiG9w0B",
    "chords": "Am F C G Am F C G Dm G C Em Am Fmaj7 Gsus4 Cadd9 Bbmaj7 Ebm7",
    "chess": "1. e4 e5 2. Nf3 Nc6 3. Bb5 a6 4. Ba4 Nf6 5. O-O Be7 6. Re1 b5 7. Bb3 d6 8. c3 O-O",
    "mathematics": "∑ 1/n² = π²/6, ∫ eˣ dx = eˣ + c, ∀ε>0 ∃δ>0: |x−a|<δ ⇒ |f(x)−f(a)|<ε",
    "drawn with signs": " /\\_/\\ \n( o.o )\n > ^ < \n/|   |\\\n(_|   |_)",
    "boxes": "┌──────┬──────┐\n│ ████ │ ░░░░ │\n├──────┼──────┤\n│ ▓▓▓▓ │ ▒▒▒▒ │\n└──────┴──────┘",
    "thai": "ขอบคุณมากค่ะ แล้วเจอกันพรุ่งนี้นะคะ",
    "chinese": "我们明天一起去看电影吧，你几点有空？",
    "amharic": "ሰላም፣ እንዴት ነህ? ነገ እንገናኝ",
    "inuktitut": "thanks to everybody in ᐃᖃᓗᐃᑦ for the warm welcome",
    "polish": "wszystkiego najlepszego z okazji urodzin, szczerze mówiąc nie zdążę przyjść",
    "czech without marks": "strc prst skrz krk, zmrzlina ve ctvrtek, vlk zmrzl a zhltl hrst zrn",
    "welsh": "bore da, sut wyt ti heddiw? mae gwynt cryf yn chwythu o'r mynyddoedd",
    "croatian": "smrt, vrt, crkva, srce, prst i trg; danas je lijepo vrijeme na plaži",
    "georgian in latin": "gamarjoba rogor khar, kargi amindia gvisseirnot mtskheta gvprtskvni",
    "maltese": "bonġu, kif intom illum? it-temp sabiħ, ejja mmorru ngħumu fil-baħar għax hemm",
    "zulu": "ngiyabonga kakhulu, ngingathanda ukuhamba nawe kusasa ekuseni",
    "vietnamese without marks": "chao ban khoe khong, hom nay troi dep qua minh di an pho nhe",
    "short messages": "hv u got ur txt msg pls wrt bk asap thx cul8r gd nite mwah dnt wrry bt tht",
    "names": "Krzysztof Grzegorz, Włodzimierz Brzeziński, Nguyễn Thị Ngọc, Mkhitaryan",
    "medicines": "amoxicillin ibuprofen levothyroxine hydrochlorothiazide omeprazole metformin",
    "laughter": "hahahaha lmfaooo wkwkwkwk kkkkkkk jajajaja xoxo zzzzz grrrr pfff hmmmm",
    "keys at random": "asdfghjkl qwertyuiop",
    "a cheer": "!!!!!!!!!!!! ??????? ........ ------ ....... !!!!!",
}  # fmt: skip


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_what_no_reader_makes_words_of_is_unread(text):
    assert share(text) >= UNREAD_FROM


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_what_honest_people_write_is_not(text):
    assert share(text) < UNREAD_FROM


def test_a_text_that_is_mostly_words_is_read():
    cipher = _with_key(WORDS, "lemon")
    assert share(f"{cipher} {WORDS}") < UNREAD_FROM <= share(f"{cipher} dear all")


def test_a_link_does_not_make_up_for_it():
    assert (
        share(f"{_with_key(WORDS, 'lemon')} https://please.example.com/your/new/offer")
        >= UNREAD_FROM
    )
