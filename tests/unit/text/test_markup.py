"""Markup is read as it is seen, whatever else stands in the text; what leads somewhere, code and
what is only talked of stays.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from classifiers.text.normalize import normalize
from classifiers.text.rendering import rendered
from classifiers.text.urls import find_links

SAID = "send me some cash before midnight"


def _each(template: str, between: str = " ") -> str:
    return between.join(template.format(word) for word in SAID.split())


LAID_OUT = {
    "dead links": _each("[{}](#)"),
    "dead links with a title": _each('[{}](# "t")'),
    "dead links in angles": _each("[{}](<#>)"),
    "links without a target": _each("[{}][]"),
    "links to the own site": _each("[{}](/)"),
    "links to another page": _each("[{}](page.html)"),
    "pages of a wiki": _each("[[{}]]"),
    "links of HTML": _each("<a href='#'>{}</a>"),
    "links of HTML to the own site": _each('<a href="/x">{}</a>'),
    "links that run nothing": _each('<a href="javascript:void(0)">{}</a>'),
    "links that are not closed": _each("<A HREF=#>{}"),
    "dead links of a forum": _each("[url=#]{}[/url]"),
    "bold": _each("<b>{}</b>"),
    "bold with a stray end": _each("<b>{}</b>") + "</b>",
    "bold in a colour": _each('<b style="color:red">{}</b>'),
    "bold with an odd attribute": _each('<b title=">">{}</b>'),
    "bold beginnings": " ".join(f"<b>{word[:1]}</b>{word[1:]}" for word in SAID.split()),
    "bold ends": " ".join(f"{word[:-1]}<b>{word[-1:]}</b>" for word in SAID.split()),
    "one end in bold": "send me some ca<b>sh</b> before midnight",
    "not closed": _each("<i>{}"),
    "not opened": _each("{}</i>"),
    "tags of no meaning": _each("<x>{}</x>"),
    "empty comments": _each("{}", " <!-- -->"),
    "breaks": _each("{}", "<br>"),
    "breaks with spaces": _each("{}", " <br/> "),
    "rules": _each("{}", " <hr> "),
    "quoted words": _each("“{}”"),
    "quoted words of a program": _each('"{}"'),
    "numbered": "\n".join(f"{n}. {word}" for n, word in enumerate(SAID.split(), 1)),
    "numbered in brackets": "\n".join(f"({n}) {word}" for n, word in enumerate(SAID.split(), 7)),
    "named and numbered": "\n".join(f"line{n}: {word}" for n, word in enumerate(SAID.split())),
    "a table with commas": "\n".join(f"{n},{word}" for n, word in enumerate(SAID.split())),
    "said in turn": "\n".join(f"[10:{59 - n}] Jo: {word}" for n, word in enumerate(SAID.split())),
    "said on a day": _each("3/11/2025, 9:05 am - Jo B.: {}", "\n"),
    "cells": "".join(f"<tr><td>{word}</td></tr>" for word in SAID.split()),
    "bold of a forum": _each("[b]{}[/b]"),
    "quotations of a forum": _each("[quote]{}[/quote]"),
    "centred": _each("[center]{}[/center]"),
    "fonts of a forum": _each('[font="Comic Sans"]{}[/font]'),
    "stars": _each("**{}**"),
    "one star": _each("*{}*"),
    "lines about words": _each("__{}__"),
    "struck": _each("~~{}~~"),
    "one in another": _each("**_<b>[{}](#)</b>_**"),
    "code": _each("`{}`"),
    "HTML in code": _each("`<b>{}</b>`"),
    "a block of code": f"```\n{_each('<b>{}</b>')}\n```",
    "quoted": _each("> {}", "\n"),
    "quoted twice": _each("> > {}", "\n"),
    "four words quoted": "> send me some cash\n> before midnight",
    "headings": _each("# {}", "\n"),
    "a list": _each("- {}", "\n"),
    "rows": _each("| {} |", "\n"),
    "lines": SAID.replace(" ", "_"),
    "lines between two": "send_me some_cash before_midnight",
    "a line between two": "send_me some cash before midnight",
}
"""Ways to lay SAID out that alter none of its words."""


@pytest.mark.parametrize("layout", LAID_OUT)
def test_a_layout_is_read_as_it_is_seen(layout):
    assert normalize(LAID_OUT[layout]).removeprefix("``` ").removesuffix(" ```") == SAID


SWITCHES: dict[str, Callable[[str], str]] = {
    "a backtick": "{} `".format,
    "a backtick in front": "` {}".format,
    "a stray end": "{} </b>".format,
    "a stray beginning": "<i> {}".format,
    "a hidden tag": '{} <b style="display:none"></b>'.format,
    "a link": '{} <a href="https://a.example.com/">x</a>'.format,
    "a backslash": "{} \\".format,
    "a bracket": "{} [".format,
    "a quotation mark": '{} "'.format,
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_nothing_beside_it_switches_a_reader_off(switch):
    for layout in ("bold", "dead links", "links of HTML", "stars", "centred", "lines between two"):
        assert SAID in normalize(SWITCHES[switch](LAID_OUT[layout])), layout


@pytest.mark.parametrize(
    "text",
    [
        "[the list](https://a.example.com/list) is here",
        '[the list](https://a.example.com/list "all of them") is here',
        "<a href='http://a.example.com'>one</a> <a href='http://b.example.com'>two</a>",
        "[url=https://a.example.com/x]here[/url]",
        "<a href='//a.example.com/x'>one</a>",
        "what does <b> do, and </b>?",
        "10:15 train\n11:15 train\n12:15 train\n13:15 train",
        "1. one\n2. two",
        'say "yes", "no", "maybe" or "later", and then go on with the rest of the list',
        "3 eggs\n4 onions\n5 lemons",
        "1.5 km\n2.5 km\n3.5 km",
        "2019: Rome\n2021: Oslo\n2024: Bonn",
        "[1] https://a.example.com\n[2] https://b.example.com\n[3] https://c.example.com",
        "use <b>bold</b> and <br> or &nbsp at the end of a <p>",
        "write `<b>a</b> <b>b</b> <b>c</b>` there",
        "so:\n```\n<p><b>a</b> <i>b</i></p>\n```\nis what I wrote, and it does not work",
        "x = a | b | c || d",
        "https://a.example.com/wiki/List_of_all_the_old_towns",
        "visit_https://a.example.com/my_page_is_here",
        "t.me/cheap_notes_and_more",
        "@anna_maria_von_berg",
        "first_middle_last_name@a.example.com",
        "/home/me/a_b_c_d_e",
        "C:\\my_file_name_here",
        "x_1 = y_2 + z_3",
        "handlers[name]() and rows[0]() and m[i](x)",
        "a[i][j] = b[i][k] * c[k][j]",
        "vector<int> a; vector<int> b; map<string, int> c;",
        "List<String> names = new ArrayList<>();",
        "Name: <name> Age: <age> Town: <town>",
        "def f(*args, **kwargs): return x ** 2 ** y",
        "f**k this s**t, 4111 **** **** 1111",
        "2 * 3 * 4 = 24 and i**2 + j**2",
        "5 > 3 and 2 < 4, a <b and c> d",
        ">_< and ^_^ and o_O",
        "<user@a.example.com> wrote:",
        "+ 49 30 901820",
        "> I looked through the minutes again and the second point stands\n> as it is, so we can"
        " leave it to the others to say what they want\nYes, let us.",
    ],
)
def test_what_leads_somewhere_or_is_talked_of_stays(text):
    assert rendered(text) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("x<sub>1</sub> + x<sub>2</sub>", "x1 + x2"),
        ("10<sup>6</sup> people", "106 people"),
        ("# Tasks\n- bread\n- milk", "Tasks\nbread\nmilk"),
        ("it is *really* good", "it is really good"),
        ("| pears | 2 |\n|---|---|\n| plums | 3 |", " pears   2 \n\n plums   3 "),
        ("[quote=anna]So it is.[/quote]", "[quote=anna]So it is.[/quote]"),
        ("what my_long_variable_name holds", "what my long variable name holds"),
    ],
)
def test_honest_markup_is_read_as_it_is_seen(written, read):
    assert rendered(written) == read


def test_links_within_tags_are_found_still():
    text = " ".join(f'<b title="http://prizes.example.com/win">{word}</b>' for word in SAID.split())
    assert SAID in normalize(text)
    assert {link.host for link in find_links(text)} == {"prizes.example.com"}


def test_a_word_of_one_alphabet_alone_is_itself():
    for text in ("мама", "Мама!", "мама мама", "мама :)"):
        assert normalize(text) == text.lower()
    assert normalize("get мопеу now") == "get money now"
