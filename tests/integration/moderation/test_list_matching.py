import pytest

from classifiers.text.urls import MAX_LINKS
from classifiers.types import AuthorFacts, Content
from moderation import lists, sites
from moderation.models import ListEntry


@pytest.fixture
def entry(site):
    def add(kind, value, verdict="deny", on=None):
        value = lists.normalize(kind, value)
        return ListEntry.objects.create(site=on or site, kind=kind, value=value, verdict=verdict)

    return add


@pytest.fixture
def match(site):
    """What matches of one post: `denied`, `allowed`, both or nothing."""

    def match(text="Hello", author=None, **facts):
        content = Content(text=text, author=AuthorFacts(**facts))
        subject = lists.subject_of(site_id=site.pk, author=author, content=content)
        [listed] = lists.match([subject])
        return {name for name in ("denied", "allowed") if getattr(listed, name)}

    return match


@pytest.mark.parametrize(
    ("kind", "value", "post", "matches"),
    [
        ("author", "a-1", {"author": "a-1"}, True),
        ("author", "a-1", {"author": "a-11"}, False),
        ("author", "a-1", {}, False),
        ("address", "203.0.113.7", {"ip": "203.0.113.7"}, True),
        ("address", "203.0.113.7", {"ip": "203.0.113.8"}, False),
        ("address", "203.0.113.0/24", {"ip": "203.0.113.8"}, True),
        ("address", "203.0.113.0/24", {"ip": "203.0.114.8"}, False),
        ("address", "0.0.0.0/0", {"ip": "198.51.100.1"}, True),
        ("address", "203.0.113.0/24", {"ip": "::ffff:203.0.113.8"}, True),
        ("address", "2001:db8::/32", {"ip": "2001:db8:ffff::1"}, True),
        ("address", "2001:db8::/32", {"ip": "2001:db9::1"}, False),
        ("address", "ada@x.example", {"email": "ADA@x.example"}, True),
        ("address", "ada@x.example", {"email": "bob@x.example"}, False),
        ("domain", "bad.example.com", {"text": "see http://bad.example.com/x"}, True),
        ("domain", "example.com", {"text": "see http://bad.example.com/x"}, True),
        ("domain", "bad.example.com", {"text": "see http://example.com/x"}, False),
        ("domain", "example.com", {"text": "see http://notexample.com/x"}, False),
        ("domain", "example.com", {"text": "see hxxp://example[.]com/x"}, True),
        ("domain", "216.66.104.3", {"text": "see http://3628230659/x"}, True),
        ("domain", "216.66.104.3", {"text": "see http://0xd8.66.0x6803."}, True),
        ("domain", "fass.de", {"text": "see https://faß.de/x"}, False),
        ("domain", "fass.de", {"text": "see https://ＦＡＳＳ.de/x"}, True),
        ("domain", "faß.de", {"text": "see https://xn--fa-hia.de/x"}, True),
        ("domain", "example.com", {"url": "https://me.example.com"}, True),
        ("domain", "example.com", {"email": "ada@mail.example.com"}, True),
    ],
)
def test_deny_entries(entry, match, kind, value, post, matches):
    entry(kind, value)
    assert match(**post) == ({"denied"} if matches else set())


@pytest.mark.parametrize(
    "text",
    [
        "http://evil.com_x .example.org",
        "http://evil.com- .example.org",
        "http://evil .com .example.org",
        "www.evil.com_\n.example.org",
        "http://example.org@evil.com_ .example.org",
    ],
)
def test_a_broken_link_is_denied_by_any_of_its_readings_and_allowed_by_all(entry, match, text):
    entry("domain", "example.org", verdict="allow")
    assert match(text="see http://example.org and www.example.org") == {"allowed"}
    assert match(text=text) == set()
    entry("domain", "evil.com")
    assert match(text=text) == {"denied"}


def test_a_denied_domain_that_only_people_read_in_a_broken_link_is_denied(entry, match):
    entry("domain", "evil.co.uk")
    assert match(text="http://evil.co .uk/a") == {"denied"}


def test_a_domain_allows_only_where_every_link_is_allowed(entry, match):
    entry("domain", "good.example.com", "allow")
    entry("domain", "fine.com", "allow")
    assert match("No link at all") == set()
    assert match("http://good.example.com/1 and http://www.fine.com") == {"allowed"}
    assert match("http://good.example.com/1 and http://other.com") == set()
    assert match("http://fine.com", url="http://other.com") == set()
    # Whose mailbox it is says nothing of where the links lead.
    assert match("No link", email="ada@fine.com") == set()


@pytest.mark.parametrize("link", ["www.fine.com/{}", "https://{}.fine.com", "http://fine.com/{}"])
def test_more_links_than_are_read_are_not_all_allowed(entry, match, link):
    entry("domain", "fine.com", "allow")
    links = [link.format(number) for number in range(MAX_LINKS + 1)]
    assert match(" ".join(links[1:])) == {"allowed"}
    assert match(" ".join(links)) == set()
    entry("domain", "evil.com")
    assert match(" ".join(["http://evil.com", *links])) == {"denied"}


ONWARD = {
    "in a parameter": "https://fine.com/?a=1&to=https://evil.com/x",
    "in percent signs": "https://fine.com/?to=https%3A%2F%2Fevil.com%2Fx",
    "in percent signs twice": "https://fine.com/?to=https%253A%252F%252Fevil.com",
    "with letters in percent signs": "https://fine.com/?to=https://ev%69l.com",
    "with a break": "https://fine.com/?to=/%09/evil.com",
    "with backslashes": "https://fine.com/?to=%5C%5Cevil.com",
    "no scheme": "https://fine.com/?to=//evil.com",
    "a name alone": "https://fine.com/?to=evil.com",
    "no parameter": "fine.com/?https://evil.com",
    "behind the path": "https://fine.com/out/https:/evil.com",
    "behind a fragment": "https://fine.com/#evil.com/x",
    "behind one that leads on": "https://fine.com/?a=https://fine.com/?b=https://evil.com",
    "in letters of another form": "https://fine.com/\uff1fto\uff1devil\uff0ecom",
    "in characters of HTML": "https://fine.com/?to=evil&#46;com",
    "behind a break within an element": '<a href="https://fine.com/?to=\nevil.com">',
    "behind many": "https://fine.com/?" + "a=fine.com&" * MAX_LINKS + "to=evil.com",
}


@pytest.mark.parametrize("text", ONWARD.values(), ids=ONWARD)
def test_what_a_link_may_lead_on_to_is_a_link_as_well(entry, match, text):
    entry("domain", "fine.com", "allow")
    assert match("https://fine.com/?to=a%2Fb.html&utm_source=other.com#x.y") == {"allowed"}
    assert match(text) == set()
    assert match("Look", url=text) == set()


@pytest.mark.parametrize("text", [text for name, text in ONWARD.items() if name != "behind many"])
def test_what_leads_on_to_a_denied_domain_is_denied(entry, match, text):
    entry("domain", "evil.com")
    assert match(text) == {"denied"}


@pytest.mark.parametrize(
    "text", ['<a href="https://evil\n.com">', "<a HREF = 'https://e\tvil.com'>"]
)
def test_breaks_within_the_address_of_an_element_are_none(entry, match, text):
    entry("domain", "vil.com", "allow")
    assert match(text) == set()
    entry("domain", "evil.com")
    assert match(text) == {"denied"}


def test_both_lists_may_match(entry, match):
    entry("author", "a", "allow")
    entry("domain", "bad.com")
    assert match("http://bad.com", author="a") == {"denied", "allowed"}


def test_lists_are_a_sites_own(entry, match):
    entry("author", "a", on=sites.create_site(name="Shop"))
    assert match(author="a") == set()


def test_many_posts_are_matched_in_two_queries(entry, site, django_assert_num_queries):
    entry("author", "a-3")
    subjects = [
        lists.Subject(site_id=site.pk, author=f"a-{i}", ip="203.0.113.1") for i in range(64)
    ]
    with django_assert_num_queries(2):
        found = lists.match(subjects)
    assert [i for i, listed in enumerate(found) if listed.denied] == [3]
    assert "a-3 is on this site's deny list" in found[3].denied[0]
