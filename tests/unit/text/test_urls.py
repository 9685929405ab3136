"""Which links are found, what is known of them, and what is no link."""

from __future__ import annotations

import pytest

from classifiers.text.urls import MAX_LINKS, count_links, find_links
from classifiers.text.written_hosts import written_hosts

FOUND = {
    "scheme": ("see http://shop.example.com/x?y=1", ["shop.example.com"]),
    "bare": ("see example.com/x now", ["example.com"]),
    "bare without a path": ("look at example.com, it is new", ["example.com"]),
    "www": ("www.example.co.uk!", ["www.example.co.uk"]),
    "capitals": ("WWW.EXAMPLE.COM and Example.Org", ["www.example.com", "example.org"]),
    "html": ('<a href="http://a.example.com/">here</a>', ["a.example.com"]),
    "protocol-relative": ('<img src="//cdn.example.net/p.png">', ["cdn.example.net"]),
    "bbcode": ("[url=https://a.example.com]x[/url]", ["a.example.com"]),
    "bbcode without a value": ("[url]http://a.example.com[/url]", ["a.example.com"]),
    "markdown": ("[free](https://a.example.com/b)", ["a.example.com"]),
    "angle brackets": ("<http://a.example.com>", ["a.example.com"]),
    "port": ("a.example.com:8080/x", ["a.example.com"]),
    "glued": ("herehttp://a.example.comhttp://b.example.com", ["a.example.com", "b.example.com"]),
    "hxxp": ("hxxps://a.example.com", ["a.example.com"]),
    "wrapped dots": ("a[.]example(dot)com/x", ["a.example.com"]),
    "wrapped scheme": ("http[:]//a.example.com", ["a.example.com"]),
    "spelt dot": ("go to example dot com", ["example.com"]),
    "spelt dot and a path": ("cheap pills example dot com/x", ["example.com"]),
    "spelt dot and a spelt path": ("example dot com slash offer", ["example.com"]),
    "spelt dots after www": ("www dot example dot com", ["www.example.com"]),
    "spelt dot after a scheme": ("http://example dot com", ["example.com"]),
    "spelt dot after at": ("write to info at example dot org", ["example.org"]),
    "a fraction's slash": ("t.me\u2044abc and bit.ly\u2215x\u29f8y", ["t.me", "bit.ly"]),
    "slashes of a scheme": ("http:\u2044\u2044a.example.com\u2044b", ["a.example.com"]),
    "a wide slash": ("t.me\uff0fabc", ["t.me"]),
    "spaced dot": ("go to example . com", ["example.com"]),
    "dots of other languages": (
        "www punkt example punkt com, a (punto) example.net, b точка example точка ru",
        ["www.example.com", "a.example.net", "example.ru"],
    ),
    "dots that are also words": (
        "example point net, b ponto com/x and c point com now",
        ["example.net", "b.com", "c.com"],
    ),
    "broken at its signs": ("http:\n//www\n.example\n.com/x", ["www.example.com"]),
    "blanks within the scheme": ("http : / / www.example.com", ["www.example.com"]),
    "round dots": ("www●example●com/x, a·b and example∙io/abc", ["www.example.com", "example.io"]),
    "commas for dots": ("www,example,com", ["www.example.com"]),
    "hidden characters": ("exam\u200bple.c\u00adom/x", ["example.com"]),
    "full width": ("ｅｘａｍｐｌｅ．ｃｏｍ/x", ["example.com"]),
    "among chinese": ("点击example.com查看", ["example.com"]),
    "among thai": ("คลิกbit.ly/abcเลย", ["bit.ly"]),
    "international": ("http://пример.рф/x и пример.рф", ["пример.рф", "пример.рф"]),
    "punycode": ("http://xn--e1afmkfd.xn--p1ai/", ["xn--e1afmkfd.xn--p1ai"]),
    "address": ("http://216.66.104.3/x 216.66.104.4/y", ["216.66.104.3", "216.66.104.4"]),
    "address of version 6": ("http://[2a00::1]/x", ["[2a00::1]"]),
    "address as one number": ("http://3628230659/win", ["3628230659"]),
    "address in base 16": ("http://0xD8.0x3A.1.1/a", ["0xd8.0x3a.1.1"]),
    "an ending that no list has": ("http://shop.newtld/x", ["shop.newtld"]),
    "a name of a block chain": ("http://user.eth/", ["user.eth"]),
    "a short name with a path": ("x.gd/abc", ["x.gd"]),
    "short names without a path": ("x.ai a1.vn 8x.cc t.co", ["x.ai", "a1.vn", "8x.cc", "t.co"]),
    "a short name of a country": ("abc.co.jp", ["abc.co.jp"]),
    "user name": ("http://bank.example.com@evil.example.net/x", ["evil.example.net"]),
    "wordlike ending with a path": ("bit.do/x t.me/joinchat", ["bit.do", "t.me"]),
    "several": ("a.com/1 b.com/2 a.com/3", ["a.com", "b.com", "a.com"]),
}

NOT_FOUND = {
    "no space after a full stop": "I came home.Then we ate.So it was.It is late.Call me.you know",
    "abbreviations": "e.g. this, i.e. that, the U.S. at 5 p.m. and a.m.",
    "numbers": "1.50 and 3.14159, v1.2.3 and 10.000.000, 12.30pm",
    "files": "edit README.md, run setup.py and main.rs",
    "mail addresses": "john.smith@example.com or <info@mail.example.co.uk>",
    "ellipsis": "well...ok..no",
    "unknown endings": "foo.barbaz http://localhost/x node.js",
    "bare version number": "upgrade to 1.2.3.4 please",
    "russian sentence": "Это конец.Начало завтра",
    "dot in prose": "a polka dot dress",
    "talk of domains": "example dot com is a domain, and so was pets dot com. Is example dot org?",
    "a dot com of somebody": (
        "log in to my dot com account, try another dot com name, migrate from asp dot net"
    ),
    "fractions": "1\u20442 or 3\u22154, Dr.M\u2044K",
    "words that are dots elsewhere": (
        "At this point net income rose, un point net de vue, the break point org charts show, "
        "um ponto com vista, un punct net superior, o nokta net değil"
    ),
    "addresses within a network": (
        "http://127.0.0.1:8000 10.0.0.5:5432 http://192.168.1.1/x http://[::1]/ http://2130706433/ "
        "http://[::ffff:10.0.0.1]/"
    ),
    "networks": "iptables -s 10.0.0.0/8 -d 203.0.113.0/24",
    "addresses of manuals": "http://192.0.2.7/x http://203.0.113.9:80 http://[2001:db8::1]/",
    "names within a network": "http://printer.local/x http://db.internal/ http://a.test/x",
    "glued abbreviations": "Siehe Abs.1 Nr.3 u.a. z.B.im Gesetz",
    "short abbreviations": "d.h. u.a. e.g. s.o. 3.Kl. S.A. N.Y. v.a. n.b.",
    "templates": "http://foo.bar_baz http://a.b.55/",
    "no host": "http:// and https://?x",
}


@pytest.mark.parametrize(("text", "hosts"), FOUND.values(), ids=FOUND)
def test_links_are_found(text, hosts):
    assert [link.host for link in find_links(text)] == hosts


@pytest.mark.parametrize("text", NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_only_looks_like_a_link_is_none(text):
    assert find_links(text) == ()


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.shop.example.co.uk", "example.co.uk"),
        ("a.b.example.com", "example.com"),
        ("someone.blogspot.com", "someone.blogspot.com"),
        ("216.66.104.3", "216.66.104.3"),
        ("3628230659", "216.66.104.3"),
        ("216.66.104.3.", "216.66.104.3"),
        ("000000000000330.66.104.3", "216.66.104.3"),
        ("[2a00:0::0:1]", "[2a00::1]"),
        ("a.shop.newtld", "shop.newtld"),
    ],
)
def test_the_registered_domain(host, domain):
    (link,) = find_links(f"http://{host}/x")
    assert link.domain == domain


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("http://216.66.104.3/x", "is_ip"),
        ("bit.ly/abc", "is_shortener"),
        ("https://www.tinyurl.com/abc", "is_shortener"),
        ("http://xn--e1afmkfd.xn--p1ai/", "is_punycode"),
        ("http://bank@evil.example.net", "has_userinfo"),
        ("hxxp://a.example.com", "is_defanged"),
        ("a.example[.]com/x", "is_defanged"),
        ("[x](http://a.example.com)", "is_markup"),
        ("[x](<http://a.example.com>)", "is_markup"),
        ("[x](//a.example.com)", "is_markup"),
        ('[url="//a.example.com"]', "is_markup"),
        ('<a href="http://a.example.com">', "is_markup"),
    ],
)
def test_facts_about_a_link(text, fact):
    facts = ("is_ip", "is_shortener", "is_punycode", "has_userinfo", "is_defanged", "is_markup")
    (link,) = find_links(text)
    assert [name for name in facts if getattr(link, name)] == [fact]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("(see http://a.example.com/b).", "http://a.example.com/b"),
        ("http://a.example.com/b_(c), or", "http://a.example.com/b_(c)"),
        ("http://a.example.com/x?y=1&z=2#f!", "http://a.example.com/x?y=1&z=2#f"),
        ("hxxp://a[.]example.com/b", "http://a.example.com/b"),
        ("http://a.example.com\u2044b\u2044c", "http://a.example.com/b/c"),
        ("访问http://a.example.com/b，谢谢", "http://a.example.com/b"),
    ],
)
def test_a_link_ends_where_the_sentence_goes_on(text, url):
    assert find_links(text)[0].url == url


def test_scheme_is_empty_for_bare_links():
    assert [link.scheme for link in find_links("https://a.com b.com")] == ["https", ""]


def test_more_links_than_are_kept_are_counted():
    text = " ".join(f"http://a{number}.com/" for number in range(MAX_LINKS + 50))
    assert len(find_links(text)) == MAX_LINKS
    assert count_links(text) == MAX_LINKS + 50


def test_a_backslash_ends_the_host_as_it_does_in_browsers():
    [link] = find_links(r"http://evil.com\@ok.org/")
    assert (link.host, link.has_userinfo) == ("evil.com", False)


@pytest.mark.parametrize("before", ["u" * 500 + "@", "u@" * 200, "a." * 100], ids=len)
def test_nothing_before_the_domain_is_too_long_to_be_read(before):
    [link] = find_links(f"https://{before}evil.com/x")
    assert link.domain == "evil.com"
    assert written_hosts(f"https://{before}evil.com/x")[0].endswith("evil.com")


def test_the_readings_of_a_broken_host_are_each_read_once():
    hosts = written_hosts("//" + "com_ ." * 20_000)
    assert 100 < len(hosts) < 200
