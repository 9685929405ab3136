"""How many questions of the database each page asks that needs no id, and that sites add none."""

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from reviews.console import urls
from reviews.models import Membership
from reviews.states import VerdictKind
from tests.integration.console.factory import make_case
from tests.integration.world import answer, browser_of, make_moderator, make_site

MOST = 60
KINDS = (VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE, VerdictKind.DANGER)


def addresses() -> dict[str, str]:
    found = {}
    for each in urls.urlpatterns:
        try:
            found[str(each.name)] = reverse(f"console:{each.name}")
        except NoReverseMatch:
            continue
    return found


def add_site(lead: User) -> None:
    site = make_site()
    Membership.objects.create(user=lead, site=site, role="owner", sees_hidden=True)
    person = make_moderator(site)
    for kind in KINDS:
        case = make_case(site)
        answer(case, person, kind, now=None)
        make_case(site)


def asked(client: Client) -> dict[str, int]:
    """How many questions each page took that was shown."""
    counts = {}
    for name, address in addresses().items():
        with CaptureQueriesContext(
            connection,
        ) as captured:
            status = client.get(address).status_code
        if status == 200:
            counts[name] = len(captured)
    return counts


def test_pages_ask_as_much_of_four_sites_as_of_two():
    lead = make_moderator(username="lea")
    client = browser_of(lead)
    for _ in range(2):
        add_site(lead)
    asked(client)  # What is looked up once a process.
    few = asked(client)
    for _ in range(2):
        add_site(lead)
    many = asked(client)
    assert len(few) > 12 and few.keys() == many.keys()
    more = {name: many[name] - few[name] for name in few if many[name] != few[name]}
    assert more == {}
    assert max(many.values()) <= MOST, many
