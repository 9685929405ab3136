"""Each signal about the text: a post that has it, and honest posts that have none."""

import pytest

from classifiers.heuristics import (
    BEHAVIOUR_SIGNALS,
    DECISIVE_SIGNALS,
    TEXT_SIGNALS,
    contact,
    notice,
)
from classifiers.heuristics.contact import ways
from classifiers.types import Content, History

SPOTTED = [
    ("links.any", "see https://a.example.com/x and b.example.net/y"),
    ("links.density", "http://a.example.com/very/long/path wow"),
    ("links.many_domains", "http://a.example.com http://b.example.net"),
    ("links.bare_domain", "see www.example.com"),
    ("links.defanged", "see example[.]com/x"),
    ("links.defanged", "hxxp://example.com"),
    ("links.ip_host", "http://216.66.104.3/login"),
    ("links.markup", '<a href="http://example.com">x</a>'),
    ("links.punycode", "http://xn--e1afmkfd.com/"),
    ("links.userinfo", "http://bank@example.com/"),
    ("shorteners.link", "bit.ly/abc"),
    ("contact.phone", "ring Denise (01632 960133) or the hall"),
    ("contact.phone", "call 09061701461 now"),
    ("contact.phone", "ring +44 20 7946 0018 today"),
    ("contact.phone", "(555) 123-4567"),
    ("contact.phone", "позвони 8 800 555-35-35"),
    ("contact.phone", "โทร 081-234-5678"),
    ("contact.phone", "call ０９０６１７０１４６１"),
    ("contact.phone", "06.12.34.56.78"),
    ("contact.phone", "+7 495 1234-56-78"),
    ("contact.phone", "212.555.12.34"),
    ("contact.phone", "011-507 226-2675"),
    ("contact.phone", "0913849988 0988415522 0912345678"),
    ("contact.phone", "for 2 adults call 0161 496 0000 today"),
    ("contact.phone", "New York, NY 10001\n212-555-1234"),
    ("contact.phone", "Berlin 10115\r\n030 901820-12"),
    ("contact.phone", "tel 0171-234567\n24h"),
    ("contact.phone", "98765 43210\n50 % off"),
    ("contact.phone", "Open 9-18\n555-0123-456"),
    ("contact.email", "write to jane.doe+x@mail.example.com"),
    ("contact.email", "jane [at] example [dot] com"),
    ("contact.messenger", "join https://t.me/joinchat/abc"),
    ("contact.messenger", "wa.me/15551234567"),
    ("contact.messenger", "WhatsApp me: +1 555 123 4567"),
    ("contact.messenger", "Telegram: @fast_profit"),
    ("contact.messenger", "пиши в телеграм @bystro"),
    ("contact.messenger", "加微信：@wx_12345"),
    ("contact.messenger", "tg://join?invite=abc"),
    ("contact.wallet", "send to 0x" + "ab12" * 10),
    ("contact.wallet", "bc1q" + "xy2kgdygjrsqtzq2n0yrf2493p83kkfj"),
    ("contact.short_code", "Txt WIN to 80082"),
    ("contact.short_code", "Txt WIN to 80082 150p a week"),
    ("contact.short_code", "send GO to 87121 500 credits"),
    ("shouting.capitals", "THIS IS THE BEST OFFER EVER"),
    ("shouting.capitals", "ЭТО САМОЕ ВЫГОДНОЕ ПРЕДЛОЖЕНИЕ"),
    ("shouting.exclamation", "wow!!! now!!!"),
    ("shouting.exclamation", "快来看！！！"),
    ("shouting.currency", "win £1,000 or 500 USDT"),
    ("shouting.currency", "easy $$$"),
    ("shouting.currency", "$$ now"),
    ("shouting.currency", "only 5$, or $5"),
    ("shouting.emoji", "🔥🔥🔥 hot 🔥🔥"),
    ("repetition.characters", "freeeeeee"),
    ("repetition.words", "spam spam spam spam"),
    ("repetition.phrases", "buy it now or buy it now or buy it now or never"),
    ("repetition.lines", "come and see my page\nhello\ncome and see my page"),
    ("lookalikes.letters", "раypal support"),
    ("lookalikes.styled", "𝓯𝓻𝓮𝓮 stuff"),
    ("lookalikes.styled", "ꜰʀᴇᴇ"),
    ("invisible.zero_width", "fr\u200bee mo\u200bney"),
    ("invisible.zero_width", "免\u200b费领取"),
    ("invisible.bidi", "file\u202egpj.exe"),
    ("invisible.soft_hyphen", "vi\u00ada\u00adgra"),
    ("invisible.tags", "hi\U000e0066\U000e0072"),
    ("invisible.marks", "h\u0301\u0302\u0303i"),
    ("invisible.marks", "f\u0336r\u0336e\u0336e\u0336"),
    ("scripts.mixed_word", "раyраl"),
    ("scripts.mixed_word", "супerцена"),
]

HONEST = {
    "english": "Thanks for this, I had not thought of it. See you at 5 p.m. on 2024-05-03?",
    "acronyms": "The EU and the UN met in New York; NASA was there too, said a reporter.",
    "price": "I paid twenty for it in 2003-2004.",
    "version": "It broke after the update from 1.2.3.4 to 10.0.19041.1.",
    "addresses of machines": "ping 192.168.0.1, then 203.0.113.9 and http://127.0.0.1:8000/x",
    "a log": "2024-05-01 12:00:03 error: connection refused (10.0.0.5:5432) after 3000 ms",
    "configuration": "location /a { proxy_pass http://127.0.0.1:8000; }",
    "a rule of a firewall": "in the table of rules we have -s 10.0.0.0/8 and accept it",
    "a book": "It is 978-3-16-148410-0, by its old number ISBN 0-306-40615-2",
    "a journal": "Nature, ISSN 2049-3630",
    "times": "from 2024-05-01 12:00 2024-05-02 13:00, or 09.05.2024 10:00-12:00",
    "hours of a warning": "Wind warning Sat 0600-1800, then Sun 0015 - 0930",
    "a bill of a year": "see invoice 2026-118 and file 2024/077",
    "prices in brackets": "a Ryzen 5 5600 (89 euros) and 8 GB 3200 16 (31)",
    "chapters": "read chapters 10-12 14-16 and Ps 119:105-112",
    "a game of chess": "we played 1.e4 e5 2.Nf3 Nc6 3.Bb5 a6 4.Ba4 Nf6 and so on, 1/2-1/2 1-0 0-1",
    "formulas": "so $$x^2$$ is a parabola, $n=5$ and $$E=mc^2$$ as well",
    "values in programs": """write print "$1\\n" if /$/; or preg_replace('/x/', '$1')""",
    "a share of a network": r"it is on srv01\share$ now",
    "a row of numbers": "777 5019 1158 1252 5084 4880 2592 6818 9255 4134 2011 1840 3377",
    "bytes": "8a eb dc 8c 3b 67 83 58 f3 d8 93 5a 75 41 44 88 8c and so on",
    "one figure": "it says 00000000 or 999999999",
    "words of four bytes": "4d5a9010 b8401020 03104050 ffe10203 b8102030 06070809 40a1b2c3",
    "decimals": "The mean went from 97.50 to 441.25, n = 30226.",
    "russian": "Спасибо, не знал об этом. Встретимся завтра в пять часов?",
    "russian with a loan word": "Напиши мне SMSку, когда приедешь домой",
    "greek": "Ευχαριστώ πολύ, τα λέμε αύριο το πρωί",
    "greek sign": "The resistance is 5 kΩ and Δt is small, about 3 μs",
    "arabic": "شكرا جزيلا، أراك غدا في الخامسة",
    "arabic with direction marks": "شكرا \u200fabc\u200f جزيلا",
    "persian": "می\u200cخواهم فردا بیایم",
    "hebrew": "תודה רבה, נתראה מחר",
    "hebrew prefix": "שלחתי ב\u05beGmail אתמול",
    "hindi": "धन्यवाद, कल मिलते हैं क्\u200dष",
    "thai": "ขอบคุณมากค่ะ แล้วเจอกันพรุ่งนี้",
    "thai with word breaks": "ขอบคุณ\u200bมาก\u200bค่ะ",
    "chinese with full-width letters": "我用ＰＣ看电影，谢谢。",
    "japanese": "ありがとうございます。また明日、Tシャツで。",
    "korean": "감사합니다. 내일 봐요.",
    "turkish": "Teşekkürler, yarın görüşürüz. Işık güzel.",
    "vietnamese": "Cảm ơn nhiều, hẹn gặp lại ngày mai nhé",
    "emoji": "congratulations to you both 👩‍👩‍👧 ❤️",
    "keycap": "step 1️⃣ first",
    "flag of Scotland": "hi \U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f",
    "a mistyped full stop": "I came home.Then we ate.It was good",
    "broken encoding": "I don\x92t know",
    "rulers": "----------------------\ntext\n----------------------",
}


def noticed(text: str) -> dict[str, float]:
    """The codes of what is noticed in a text, with their values."""
    return {signal.code: signal.value for signal in notice(Content(text), History())}


@pytest.mark.parametrize(("code", "text"), SPOTTED)
def test_a_signal_is_noticed_in_the_text_and_in_the_title(code, text):
    (signal,) = (one for one in notice(Content(text), History()) if one.code == code)
    assert 0 < signal.value <= 1
    assert signal.log_odds == 0
    assert signal.sentence.endswith(".")
    assert signal.sentence[0].isupper() or signal.sentence[0].isdigit()
    assert code in {one.code for one in notice(Content("hello", title=text), History())}


def test_every_text_signal_has_an_example():
    assert {code for code, _ in SPOTTED} == set(TEXT_SIGNALS)


@pytest.mark.parametrize("text", [text for _, text in SPOTTED])
def test_nothing_is_noticed_under_an_undeclared_code(text):
    assert set(noticed(text)) <= set(TEXT_SIGNALS)


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_nothing_is_noticed_in_honest_posts(text):
    assert noticed(text) == {}


@pytest.mark.parametrize(
    "text", ["call 07700 900123", "text 07700 900456 later", "call Ann, 0113 496 0123"]
)
def test_a_part_of_a_telephone_number_is_no_short_number(text):
    assert set(noticed(text)) == {"contact.phone"}


@pytest.mark.parametrize(
    "numbers",
    [
        "07911 123456\n07911 654321\n07911 998877",
        "06 12 34 56 78\n06 98 76 54 32",
        "0803 555 0199\n0805 555 0123\n0806 555 0177",
        "98765 43210\n98765 01234\n98765 99887",
    ],
)
def test_telephone_numbers_are_found_one_a_line(numbers):
    lines = numbers.split("\n")
    found = tuple("".join(filter(str.isdigit, line))[-9:] for line in lines)
    assert ways(numbers) == found
    assert set(noticed(f"Call {numbers}")) == {"contact.phone"}


class Counting:
    """A pattern, and how many characters it was given to look through."""

    def __init__(self, pattern):
        self.pattern = pattern
        self.given = 0

    def __getattr__(self, name):
        def look(text, first, end):
            self.given += min(end, len(text)) - first
            return getattr(self.pattern, name)(text, first, end)

        return look


@pytest.mark.parametrize("piece", ["@", "a@", "jo@example.com ", "jo@example.com " + "word " * 200])
def test_no_part_of_a_text_is_searched_twice_for_mail(piece, monkeypatch):
    counting = Counting(contact._EMAIL)
    monkeypatch.setattr(contact, "_EMAIL", counting)
    text = piece * 300
    assert ways(text) == (("jo@example.com",) if "jo" in piece else ())
    assert counting.given <= len(text)


@pytest.mark.parametrize("apart", [1, 40, 69, 70, 71, 600, 640, 700, 710, 711, 2_000])
def test_mail_addresses_are_found_at_any_distance(apart):
    written = [f"jo{number}@example{number}.co.uk" for number in range(9)]
    assert ways((" " * apart).join(written)) == tuple(written)
    assert ways(("- @ " * apart).join(written)) == tuple(written)


def test_an_address_is_told_as_one_thing():
    assert "links.bare_domain" not in noticed("see 216.66.104.3/win")


def test_capitals_that_are_no_letters_stop_no_other_signal():
    codes = {signal.code for signal in notice(Content(text="🅰🅱" * 10 + "!!!"), History())}
    assert "shouting.exclamation" in codes
    assert not any(code.endswith(".failed") for code in codes)


def test_no_code_is_declared_twice():
    codes = (*TEXT_SIGNALS, *BEHAVIOUR_SIGNALS, *DECISIVE_SIGNALS)
    assert len(codes) == len(set(codes))
    assert list(TEXT_SIGNALS) == sorted(TEXT_SIGNALS)


@pytest.mark.parametrize(
    ("code", "less", "more"),
    [
        ("links.any", "http://a.com", "http://a.com http://a.com http://a.com"),
        (
            "links.many_domains",
            "http://a.com http://b.com",
            "http://a.com http://b.com c.com d.com",
        ),
        ("contact.phone", "09061701461", "09061701461 or 09061701462"),
        ("shouting.capitals", "THIS IS the BEST offer", "THIS IS THE BEST OFFER"),
        ("shouting.exclamation", "wow!!", "wow!!!!!!"),
        ("repetition.characters", "freeee", "freeeeeeeeeee"),
        ("invisible.zero_width", "a\u200bb", "a\u200bb c\u200bd e\u200bf"),
        ("lookalikes.letters", "pаypal", "раyраl"),
    ],
)
def test_more_of_it_weighs_more(code, less, more):
    assert noticed(less)[code] < noticed(more)[code]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "http://a.example.com http://a.example.com/2 http://b.example.net",
            "3 links to 2 domains: example.com, example.net.",
        ),
        ("http://a.example.com", "1 link to example.com."),
        ("call 09061701461", "1 telephone number: 09061701461."),
        ("раypal", "Letters of another alphabet posing in 1 word: раypal."),
        ("bit.ly/x", "1 link through a shortener: bit.ly."),
    ],
)
def test_sentences_state_the_fact(text, sentence):
    assert sentence in {signal.sentence for signal in notice(Content(text), History())}


def test_sentences_stay_short_whatever_the_post_holds():
    label = "x" * 60
    text = " ".join(f"http://{label}.{label}{number}.com" for number in range(300))
    assert all(len(signal.sentence) < 300 for signal in notice(Content(text), History()))
