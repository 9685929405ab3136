"""What each role may do on its own site, tried for real, and that it may do nothing elsewhere."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import transaction
from django.test import Client
from django.utils import timezone

from moderation.models import ApiKey, ListEntry, Site
from reviews.admin_site.scope import SITE_OF
from reviews.console.case.standing import decision_token
from reviews.exceptions import NotPermitted
from reviews.judging import danger
from reviews.lanes import Lane
from reviews.models import Case, LegalHold, ListChange, LookPlan, Membership
from reviews.people.permissions import may
from reviews.queue import claiming
from reviews.roles import Act, Role, lanes_of
from tests.integration.console.factory import make_case
from tests.integration.console.listed import make_history
from tests.integration.console.page import read
from tests.integration.world import answer, browser_of, make_moderator, make_site

ALLOWED = {
    "nobody": "",
    "moderator": "see judge",
    "senior": "see judge settle measure",
    "owner": "see judge settle measure set",
    "auditor": "see measure audit",
    "operator": "set",
    "superuser": "see judge settle measure set audit",
}


def member(role: str, *sites: Site) -> Client:
    user = make_moderator(is_superuser=role == "superuser")
    # Django's own permissions open nothing.
    user.user_permissions.set(Permission.objects.all())
    if role in list(Role):
        Membership.objects.bulk_create(Membership(user=user, site=s, role=role) for s in sites)
    return browser_of(user)


def sees(client: Client, site: Site) -> bool:
    return client.get(f"/review/cases/{make_case(site).pk}/").status_code == 200


def judges(client: Client, site: Site) -> bool:
    case = make_case(site)
    seen = {"kind": "spam", "seen": decision_token(case, case.decision_id)}
    client.post(f"/review/cases/{case.pk}/verdict", seen)
    case.refresh_from_db()
    return case.state == "judged"


def settles(client: Client, site: Site) -> bool:
    case = make_case(site)
    given = answer(case, make_moderator(site), now=None)
    client.post(f"/review/verdicts/{given.pk}/undo")
    case.refresh_from_db()
    return case.state == "open"


def measures(client: Client, site: Site) -> bool:
    return may(User.objects.get(pk=client.session["_auth_user_id"]), Act.MEASURE, site.pk)


def sets(client: Client, site: Site) -> bool:
    given = {"site": site.pk, "kind": "domain", "verdict": "deny", "value": "bad.example"}
    client.post("/admin/moderation/listentry/add/", given)
    return ListEntry.objects.filter(site=site).exists()


def audits(client: Client, site: Site) -> bool:
    post = make_case(site).post_id
    return client.get(f"/admin/moderation/post/{post}/change/").status_code == 200


TRIALS: dict[str, Callable[[Client, Site], bool]] = {
    "see": sees,
    "judge": judges,
    "settle": settles,
    "measure": measures,
    "set": sets,
    "audit": audits,
}


@pytest.mark.parametrize("role", ALLOWED)
def test_a_role_may_what_the_table_says_on_its_site_and_nothing_elsewhere(role):
    own, other = make_site(), make_site()
    client = member(role, own)
    done = {name for name, trial in TRIALS.items() if trial(client, own)}
    assert done == set(ALLOWED[role].split())
    elsewhere = {name for name, trial in TRIALS.items() if trial(client, other)}
    assert elsewhere == (done if role == "superuser" else set())


def test_the_table_names_every_role_and_act():
    assert {*ALLOWED} - {"nobody", "superuser"} == {role.value for role in Role}
    assert {*TRIALS} == {act.value for act in Act}


@pytest.mark.parametrize("role", ["auditor", "owner", "operator"])
def test_the_admin_shows_a_member_their_sites_alone(role):
    own, other = make_site("Own harbour"), make_site("Foreign harbour")
    make_history(own, 1)
    make_history(other, 2)
    client = member(role, own)
    opened = set()
    for model, page in admin.site._registry.items():
        meta = model._meta
        answer = client.get(f"/admin/{meta.app_label}/{meta.model_name}/")
        assert "Foreign" not in answer.content.decode(), model
        if answer.status_code == 200:
            opened.add(meta.model_name)
        rows = page.model._default_manager.all()
        if meta.label_lower in SITE_OF:
            rows = rows.exclude(**{SITE_OF[meta.label_lower]: own.pk})
        for row in rows[:1]:
            at = f"/admin/{meta.app_label}/{meta.model_name}/{row.pk}/change/"
            assert client.get(at).status_code in (302, 403), model
    settings = {"site", "policy", "apikey", "listentry", "retention", "membership"}
    assert opened >= settings
    assert ({"post", "case", "verdict", "label", "author"} <= opened) is (role == "auditor")
    assert not {"user", "modelversion", "periodictask", "accessattempt"} & opened
    key = ApiKey.objects.get(site=other)
    client.post(f"/admin/moderation/apikey/{key.pk}/revoke", {"_form_submitted": "True"})
    key.refresh_from_db()
    assert key.revoked_at is None


def test_an_auditor_sees_who_listed_and_who_hid_whom():
    own, robin = make_site(), make_moderator(username="robin")
    now = timezone.now()
    case, hidden = make_case(own), make_case(own)
    for about, value in ((case, "seen author"), (hidden, "hidden author")):
        ListChange.objects.create(
            site=own, user=robin, case_id=about.pk, post_id=about.post_id, kind="author",
            value=value, after="deny", created_at=now,
        )  # fmt: skip
    with transaction.atomic():
        danger.hide(post=hidden.post, user=robin, verdict=None, now=now)
    client = member("auditor", own)
    lists = client.get("/admin/reviews/listchange/").content.decode()
    assert "robin" in lists and "seen author" in lists and "hidden author" not in lists
    holds = client.get("/admin/reviews/legalhold/").content.decode()
    assert "robin" in holds and str(hidden.post_id) in holds
    hold = LegalHold.objects.get()
    page = client.get(f"/admin/reviews/legalhold/{hold.pk}/change/").content.decode()
    assert str(hidden.post_id) in page and "cheap followers" not in page
    found = client.get(f"/admin/reviews/listchange/?q={case.post_id}").content.decode()
    assert "seen author" in found
    owner = member("owner", own)
    assert owner.get("/admin/reviews/legalhold/").status_code == 403


def test_an_owner_changes_nothing_of_another_site():
    own, other = make_site(), make_site()
    client = member("owner", own)
    entry = ListEntry.objects.create(site=other, kind="domain", value="d.example", verdict="deny")
    mine = ListEntry.objects.create(site=own, kind="domain", value="d.example", verdict="deny")
    given = {"kind": "domain", "verdict": "allow", "value": "d.example"}
    client.post(f"/admin/moderation/listentry/{entry.pk}/change/", {**given, "site": own.pk})
    client.post(f"/admin/moderation/listentry/{mine.pk}/change/", {**given, "site": other.pk})
    client.post(f"/admin/moderation/listentry/{entry.pk}/delete/", {"post": "yes"})
    client.post("/admin/moderation/apikey/add/", {"site": other.pk, "name": "x", "kind": "native"})
    rows = ListEntry.objects.order_by("pk").values_list("site", "verdict")
    assert list(rows) == [(other.pk, "deny"), (own.pk, "deny")]
    assert not ApiKey.objects.exists()


def test_nobody_deletes_how_much_is_looked_at_again(site, operator):
    plan = LookPlan.objects.create(site=site, second_share=0.4)
    owner = make_moderator(site)
    Membership.objects.filter(user=owner).update(role=Role.OWNER)
    form = f"/admin/reviews/lookplan/{plan.pk}"
    for browser in (browser_of(owner), operator):
        assert browser.post(f"{form}/delete/", {"post": "yes"}).status_code == 403
        assert "Delete" not in read(browser.get(f"{form}/change/")).words
        chosen = {"action": "delete_selected", "_selected_action": plan.pk, "post": "yes"}
        browser.post("/admin/reviews/lookplan/", chosen)
    assert LookPlan.objects.get().second_share == 0.4


def test_an_auditor_looks_on(site):
    case = make_case(site, text="to be looked at")
    client = member("auditor", site)
    queue_page = read(client.get("/review/"))
    assert "1 case waits" in queue_page.words
    assert "Next case" not in queue_page.words
    page = read(client.get(f"/review/cases/{case.pk}/"))
    assert "to be looked at" in page.words
    assert "You see it, and do not judge it." in page.words
    assert not page.all("button", name="kind")
    refused = client.post("/review/next")
    assert (refused.status_code, Case.objects.get().holder) == (403, None)


def test_members_judge_the_lanes_that_they_were_given(site):
    held, published = make_case(site, lane=Lane.HELD), make_case(site, lane=Lane.PUBLISHED)
    audit = make_case(site, lane=Lane.AUDIT, decision={"outcome": "allow", "published": True})
    kim = make_moderator(site)

    def claimed(*lanes: Lane) -> set[Case]:
        Membership.objects.filter(user=kim).update(lanes=list(lanes))
        found = set()
        while (case := claiming.claim_next(user=kim)) is not None and case not in found:
            found.add(case)
            Case.objects.filter(pk=case.pk).update(
                state="closed", closed_at=case.opened_at, holder=None, lease_until=None
            )
        Case.objects.update(state="open", closed_at=None)
        return found

    assert claimed(Lane.HELD) == {held}
    assert claimed(Lane.PUBLISHED) == {published}
    assert claimed(Lane.APPEAL) == set()
    assert claimed(Lane.HELD, Lane.PUBLISHED) == {held, published, audit} == claimed()
    Membership.objects.filter(user=kim).update(lanes=[Lane.APPEAL])
    with pytest.raises(NotPermitted, match="cases of this kind"):
        answer(held, kim, now=None)
    assert lanes_of([]) == frozenset(Lane)
    assert [part.lane for part in claiming.waiting(sites=[site], user=kim)] == []


def test_a_senior_takes_another_persons_answer_back_from_its_case(site):
    case = make_case(site)
    answer(case, make_moderator(site, username="hasty"), now=None)
    page = f"/review/cases/{case.pk}/"
    undo = f"/review/verdicts/{case.verdicts.get().pk}/undo"
    for role, may_undo in (("moderator", False), ("auditor", False), ("senior", True)):
        client = member(role, site)
        shown = read(client.get(page))
        assert "Answered by hasty: Spam." in shown.words
        assert bool(shown.all("form", action=undo)) is may_undo, role
        if may_undo:
            assert client.post(undo)["Location"] == page
    case.refresh_from_db()
    assert (case.state, case.round, case.post.outcome) == ("open", 1, "review")
    assert not read(member("senior", site).get(page)).all("form", action=undo)
