"""What tags hide and what is coded: read where people read it, and nothing else is taken away."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from classifiers.assess import noticed
from classifiers.text import tags
from classifiers.text.normalize import normalize
from classifiers.text.rendering import rendered
from classifiers.text.urls import find_links
from classifiers.types import Content, History

ADVERT = "Claim your prize now at http://prizes.example.com/win"


@pytest.mark.parametrize(
    "text",
    [
        f"<span style='display:none'>{ADVERT}</span>",
        f"so nice <b style='font-size: 0px'>{ADVERT}</b>",
        f"nice<i style='visibility:hidden'>{ADVERT}</i>try",
        "nice<i style='visibility:hidden'>http://prizes.example.com/win</i>try",
        f'I like it <font style="font-size:0.9em">{ADVERT}</font>',
        f"I like it <u x='visibility:hidden'>{ADVERT}</u>",
    ],
)
def test_what_a_tag_may_hide_is_read_where_a_site_shows_it(text):
    assert [link.host for link in find_links(text)] == ["prizes.example.com"]


@pytest.mark.parametrize(
    ("style", "shown"),
    [
        ("display:none", "please"),
        ("font-size:0.0em", "please"),
        ("font-size:0.9em", "plxxease"),
        ("color:red", "plxxease"),
    ],
)
def test_a_few_letters_that_a_tag_hides_within_a_word_are_none_of_it(style, shown):
    assert normalize(f'pl<span style="{style}">xx</span>ease') == shown


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"<div style='display: none'>{ADVERT}</div>", True),
        ("pl<span style='font-size:0'>xx</span>ease", True),
        ("<p style='font-size:0.8em'>small print</p>", False),
        ("set style='display:none' on it, or visibility:hidden", False),
        ("<span style='display:none'></span>", False),
        (f"<span style='display:none'><b>{ADVERT}</b></span>", True),
        (f"<div style='display:none'> <a href='http://a.example.com'>{ADVERT}</a></div>", True),
        (f"<div style='display : none'>{ADVERT}</div>", True),
        (f"<div style='color:red; opacity:0.0'>{ADVERT}</div>", True),
        (f"<span hidden>{ADVERT}</span>", True),
        (f"<span style='opacity:0.5' class='a hidden b' id=hidden>{ADVERT}</span>", False),
        ("<div style='display:none'><img src='a.png'></div> see you", False),
        ("<div style='display:none'>&nbsp; &nbsp;</div>", False),
        ("<img style='display:none' src='a.png'>after", False),
        ("<input style='display: none'>label", False),
        ("<p data-style='display:none'>shown</p>", False),
        ("write `<p style='display:none'>x</p>` there", False),
        ("nice<!-- and here are some honest words that nobody sees -->", True),
        ("nice<!-- here -->", False),
        ("<!--[if mso]> a table for the mail program alone <![endif]-->", False),
        ("write `<!-- some words that are no part of it -->` there", False),
        ("so:\n```html\n<div style='display:none'>see `x`</div>\n```\nworks", False),
    ],
)
def test_markup_that_hides_words_is_told(text, hidden):
    codes = {signal.code for signal in noticed(Content(text), History())}
    assert ("invisible.hidden_markup" in codes) == hidden


def test_a_person_looks_where_readers_left_next_to_nothing():
    gone = "".join(f"{letter}<i style='display:none'>hidden</i>" for letter in "mnopqrst") + "u"
    assert rendered(gone) == "mnopqrstu"
    codes = {signal.code for signal in noticed(Content(gone), History())}
    assert "unread.text" in codes


@pytest.mark.parametrize(
    "text", ["", "!!!", "a" * 300, "hmmmmmmmmmmmmmmm", "&#128512;" * 9, "🎉" * 9]
)
def test_what_says_little_is_not_unread(text):
    assert "unread.text" not in {signal.code for signal in noticed(Content(text), History())}


def test_words_coded_with_their_blanks_are_read():
    coded = "".join(f"%{ord(char):02X}" for char in ADVERT)
    assert rendered(coded) == ADVERT


@pytest.mark.parametrize("text", [ADVERT, "Забери свой приз прямо сейчас!"])
def test_a_text_that_was_coded_for_a_link_is_read(text):
    assert rendered(quote(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "www.example.com/a%20b%20c%20d",
        "http://a.example.com/my%20holiday%20in%20rome",
        "and 20%20%20%20%ff%fe",
        "see http://a.example.com/x?q=%22a%22%20%2B%20%22b%22&n=%2F%2F%3A%3A%20%20",
        "%20%20%20%20%20%20%20",
        "a format of %20d %21s",
    ],
)
def test_other_escapes_stay(text):
    assert rendered(text) == text


def test_entities_and_marks_that_show_nothing_part_no_word():
    written = "p&shy;l&#8203;e<wbr>a<!-- -->s&zwnj;e<wbr> s&#x200d;end<!-- --> cash"
    assert normalize(written) == "please send cash"
    assert normalize("a comment<!-- buy pills -->") == "a comment<!-- buy pills -->"
    assert normalize("use <wbr> and <!-- --> so") == "use <wbr> and <!-- --> so"


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("http://www｡prizes。example｡com/win", "www.prizes.example.com"),
        ("see prizes。com", "prizes.com"),
        ("谢谢。http://www。prizes。com/x", "www.prizes.com"),
        ("- -www。prizes。com", "-www.prizes.com"),
        ("see " + "a。" * 20 + "prizes。com", "a." * 20 + "prizes.com"),
        ("http://prizes.com。他说", "prizes.com"),
    ],
)
def test_a_host_is_divided_by_other_full_stops_as_well(written, host):
    assert [link.host for link in find_links(written)] == [host]


def test_a_masked_number_is_not_joined():
    assert rendered("4111****1111") == "4111****1111"
    assert rendered("mon****ey") == "money"


def test_sentences_end_in_other_full_stops():
    assert normalize("他说ok。thanks。再见") == "他说ok。thanks。再见"


def test_what_a_link_escapes_needlessly_is_read():
    assert normalize("http://a.example/%77i%6e?q=a%20b%2Fc") == "http://a.example/win?q=a%20b%2fc"
    assert normalize("it is 50%25 off, or 5%65") == "it is 50%25 off, or 5%65"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("[p]lea<s>e s(e)nd c<a>[s]h", "please send cash"),
        ("a[i][j] = b[i][k] * c[k][j]", "a[i][j] = b[i][k] * c[k][j]"),
        ("the colo(u)r of (a) and (b)", "the colo(u)r of (a) and (b)"),
    ],
)
def test_letters_in_brackets_are_letters_of_their_words(written, meant):
    assert normalize(written) == meant


@pytest.mark.parametrize(
    ("between", "hidden"),
    [
        ("", True),
        ("x" * 400, True),
        ("x" * 401, False),
        ("x" * 401 + " style =", True),
        ("<", False),
    ],
)
def test_what_hides_stands_in_a_style_close_before(between, hidden):
    assert tags.hides(f"style={between}display:none") == hidden


def test_of_many_styles_that_hide_nothing_none_is_looked_at(monkeypatch):
    monkeypatch.setattr(tags, "_STYLE", None)
    assert not tags.hides("style=color:red " * 5_000)
