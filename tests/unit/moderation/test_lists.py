import pytest

from moderation.exceptions import InvalidListEntry
from moderation.lists import PARTS, Subject, candidates, normalize


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        ("author", "  user-17 ", "user-17"),
        ("author", "Ünïcode", "Ünïcode"),
        ("domain", "example.com", "example.com"),
        ("domain", "EXAMPLE.Com.", "example.com"),
        ("domain", "https://www.example.com/a/b?c#d", "example.com"),
        ("domain", "*.example.co.uk", "example.co.uk"),
        ("domain", "example.com:8080", "example.com"),
        ("domain", "bücher.example", "xn--bcher-kva.example"),
        ("address", "203.0.113.7", "203.0.113.7"),
        ("address", "203.0.113.7/24", "203.0.113.0/24"),
        ("address", "203.0.113.7/32", "203.0.113.7"),
        ("address", "2001:DB8::1", "2001:db8::1"),
        ("address", "2001:db8::1/32", "2001:db8::/32"),
        ("address", "::ffff:203.0.113.7", "203.0.113.7"),
        ("address", "::ffff:203.0.113.7/120", "203.0.113.0/24"),
        ("address", "Ada@Example.COM", "ada@example.com"),
    ],
)
def test_entries_are_stored_in_one_form(kind, typed, stored):
    assert normalize(kind, typed) == stored
    assert normalize(kind, stored) == stored


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("author", "  "),
        ("author", "x" * 201),
        ("domain", "localhost"),
        ("domain", "example .com"),
        ("domain", "ada@example.com"),
        ("domain", "http://[broken"),
        ("domain", "exa$mple.com"),
        ("domain", "a..com"),
        ("address", "203.0.113.256"),
        ("address", "203.0.113.0/33"),
        ("address", "example.com"),
        ("address", "ada@home"),
        ("address", "@example.com"),
        ("address", "a b@example.com"),
    ],
)
def test_what_is_no_entry_is_refused_with_a_sentence(kind, typed):
    with pytest.raises(InvalidListEntry) as caught:
        normalize(kind, typed)
    assert caught.value.sentence.endswith(".")


def test_a_host_of_many_parts_is_looked_for_whole_and_by_the_last_ones():
    short = ".".join(["a"] * (PARTS - 1) + ["com"])
    deep, long = f"b.{short}", "b" * 63 + f".{'com_.' * 125}com"
    found = {value for _, value in candidates(Subject(1, links=(deep,)))}
    assert {deep, short, "a.com"} <= found
    assert len(found) == PARTS
    many = [value for _, value in candidates(Subject(1, links=(long,) * 200))]
    assert len(many) <= 200 * PARTS
    assert sum(map(len, many)) < 200 * len(long) * 2
