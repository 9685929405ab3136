"""What the console says of hosts whose names are not in plain letters."""

import pytest

from reviews.console.case.linked import links_of


@pytest.mark.parametrize(
    ("host", "letters"),
    [
        ("магазин.example", ""),
        ("ربح-سريع.example", ""),
        ("日本語サイト.example", ""),
        ("pаypal.example", "Cyrillic small letter a"),
        ("сосо.example", "Cyrillic small letter es"),
        ("раураӏп.example", "Cyrillic small letter er"),
        ("paypál.example", "Latin small letter a with acute"),
        ("faß.example", "Latin small letter sharp s"),
        ("магазин.pаypal.example", "with Cyrillic small letter a."),
    ],
)
def test_letters_are_named_only_where_they_may_be_taken_for_others(host: str, letters: str) -> None:
    [found], _ = links_of([f"see https://{host}/x"])
    [remark] = found.remarks
    assert remark.startswith(f"Shown as {host}")
    assert letters in remark
    assert ("letter" in remark) == bool(letters)


def test_a_plain_name_is_remarked_on_by_nothing() -> None:
    [found], _ = links_of(["see https://www.example.com/x"])
    assert found.remarks == ()


def test_where_a_link_may_lead_on_to_is_said() -> None:
    [found], _ = links_of(["https://example.com/a https://example.com/?to=https%3A%2F%2Fevil.com"])
    assert found.remarks == ("May lead on to evil.com, which it names.",)


@pytest.mark.parametrize("host", ["xn--fa-hia.example", "xn--n3h.example"])
def test_an_encoded_name_is_shown_as_browsers_show_it(host: str) -> None:
    [found], _ = links_of([f"see https://{host}/x"])
    assert found.remarks[0].startswith(("Shown as faß.example", "Shown as ☃.example"))
