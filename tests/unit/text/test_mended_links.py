"""Where a broken link ends, so that no other site's name is read behind it."""

from __future__ import annotations

import pytest

from classifiers.text.urls import find_links

WHOLE = {
    "name": ("http://evil.com .example.org", "evil.com"),
    "next line": ("www.evil.com\n.example.org", "evil.com"),
    "honest text": ("https://docs.python.org .NET is other", "python.org"),
    "name that ends in www": ("http://freewww.com .example.org", "freewww.com"),
    "name that is www": ("http://www.com .example.org", "www.com"),
    "scheme broken as well": ("http : //freewww.com .example.org", "freewww.com"),
    "address": ("http://93.184.216.34 .example.org", "93.184.216.34"),
}
BROKEN = {
    "before its ending": ("http://evil .com", "evil.com"),
    "at each dot": ("http:\n//www\n.evil\n.com/a", "evil.com"),
}
ENDS_OTHERWISE = {
    "address as one number": "http://1572395042 .example.org",
    "address in base 16": "http://0x5db8d822 .example.org",
    "line under it": "http://evil.com_ .example.org",
    "dash": "http://evil.com- .example.org",
    "two dots": "http://evil.com. .example.org",
}


@pytest.mark.parametrize(("text", "domain"), (WHOLE | BROKEN).values(), ids=WHOLE | BROKEN)
def test_a_host_is_joined_up_to_where_it_is_whole(text, domain):
    assert [link.domain for link in find_links(text)] == [domain]


@pytest.mark.parametrize("text", ENDS_OTHERWISE.values(), ids=ENDS_OTHERWISE)
def test_no_known_host_is_read_behind_one_that_programs_link(text):
    assert "example.org" not in [link.domain for link in find_links(text)]
