"""Two sites alike, and everybody who might ask for what is theirs."""

# Models are imported inside: pytest reads this before Django's settings.

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.contract.doors import Principal, World

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from moderation.models import Site
    from reviews.models import Case

CANARIES = {"a": "canary-alpha-7f3d", "b": "canary-bravo-91c2"}
NOWHERE = "019a0000-0000-7000-8000-000000000000"
MISSING = {
    "": "999999999",
    **dict.fromkeys(("post_id", "blocked_post_id", "appealed_post_id", "appeal_id"), NOWHERE),
}

ACTS = {
    "moderator": ("see", "judge"),
    "senior": ("see", "judge", "settle", "measure"),
    "owner": ("see", "judge", "settle", "measure", "set"),
    "auditor": ("see", "measure", "audit"),
    "operator": ("set",),
}
"""What each role may do on its site."""
ROLES = ("auditor", "operator", "senior", "owner")


def make(*, roles: bool = False) -> World:
    """Make both sites; with `roles`, somebody of each role that site a has besides moderators."""
    from django.apps import apps
    from django.contrib.auth.models import User

    from moderation.access import revoke_key
    from reviews.admin_site.scope import SITE_OF
    from tests.integration.world import make_moderator, make_site

    sites = {name: make_site(f"Site {canary}") for name, canary in CANARIES.items()}
    moderators = {name: make_moderator(site) for name, site in sites.items()}
    made = {name: _belongings(site, moderators[name], name) for name, site in sites.items()}
    keys = {name: _key(site) for name, site in sites.items()}
    for _, row in keys.values():
        type(row).objects.filter(pk=row.pk).update(requests_per_minute=1_000_000)
    revoked, row = _key(sites["a"])
    revoke_key(api_key=row)
    dialect, row = _key(sites["a"])
    type(row).objects.filter(pk=row.pk).update(kind="dialect")
    inactive = make_moderator(sites["a"])
    session = _session(inactive)
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    unknown = keys["a"][0][:-4] + "AAAA"
    people: dict[str, Any] = {
        name: {**_member(user), "site": name} for name, user in moderators.items()
    }
    principals = (
        Principal("nobody"),
        Principal("a malformed key", key="wnw_nonsense"),
        Principal("a wrong key", key=unknown),
        Principal("a revoked key", key=revoked),
        Principal("a key of another kind", key=dialect, opens_api=403),
        Principal("an inactive moderator of a", session=session),
        Principal("a moderator of no site", session=_session(make_moderator()), account=True),
        Principal("staff without permissions", session=_session(make_moderator(is_staff=True)),
                  account=True, staff=True),
        Principal("a superuser without key", account=True, staff=True, root=True,
                  session=_session(make_moderator(is_staff=True, is_superuser=True))),
        Principal("a moderator of a", **people["a"]),
        Principal("a moderator of b", **people["b"]),
        *(
            Principal(f"the {role} of a", site="a", **_member(make_moderator(sites["a"]), role))
            for role in ROLES * roles
        ),
        Principal("the key of site b", key=keys["b"][0], site="b", opens_api=200),
        Principal("the key of site a", key=keys["a"][0], site="a", opens_api=200),
    )  # fmt: skip
    objects = {name: {site: made[site][name] for site in made} for name in made["a"]}
    objects["account"] = {name: str(user.pk) for name, user in moderators.items()}
    objects["auth.user"] = objects["id"] = objects.pop("account")
    for model in apps.get_models():
        label, rows = model._meta.label_lower, model._default_manager
        firsts = {
            name: (rows.filter(**{SITE_OF[label]: site.pk}) if label in SITE_OF else rows).first()
            for name, site in sites.items()
        }
        objects.setdefault(
            label, {name: str(row.pk) if row else MISSING[""] for name, row in firsts.items()}
        )
    for name in ("kind", "app_label", "content_type_id", "object_id", "url"):
        here = {"kind": "not-found", "app_label": "moderation"}.get(name, "1")
        objects[name] = {"a": here, "b": here}
    for name, ids in objects.items():
        ids["none"] = MISSING.get(name, MISSING[""])
        ids["bad"] = "not-an-id"
    same = [who.name for who in principals if who.key and who.opens_api != 200]
    return World(
        principals,
        objects,
        CANARIES,
        spared={
            # Making the document for everybody takes long.
            "public": [who.name for who in principals if who.key or (who.session and not who.root)],
            "console": [*same, "the key of site b"],
            "admin": [*same, "the key of site b", "a moderator of b", "a moderator of no site"],
        },
    )


def _key(site: Site) -> tuple[str, Any]:
    from moderation.access import create_key

    row, key = create_key(site=site, name="door")
    return key, row


def _member(user: User, role: str = "moderator") -> dict[str, Any]:
    user.memberships.update(role=role)
    acts = ACTS[role]
    staff = not {"set", "audit"}.isdisjoint(acts)
    return {"session": _session(user), "account": True, "staff": staff, "acts": acts}


def _session(user: User) -> str:
    from django.test import Client

    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client.cookies["sessionid"].value


def _shown(site: Site, *, post: dict[str, Any], **given: Any) -> Case:
    """Make a case that the lot leaves with its evidence: of others the post is withheld."""
    from reviews.labels.looks import is_plain
    from tests.integration.console.factory import make_case

    for number in range(100):
        case = make_case(site, post={"external_id": f"{post['external_id']}.{number}"}, **given)
        if not is_plain(case):
            return case
    raise AssertionError("The lot fell on a hundred cases.")


def _belongings(site: Site, moderator: User, name: str) -> dict[str, str]:
    """Return the ids of a post, a judged case and what hangs on it, by the URLs' names."""
    from classifiers.models import ModelVersion
    from moderation.deciding.appeal_links import show_statement
    from moderation.models import Author
    from moderation.types import Outcome
    from reviews.bulk_states import BulkScope, BulkState
    from reviews.judging import appeals
    from reviews.judging.verdicts import submit_verdict
    from reviews.models import Alarm, BulkAction, ListChange, SavedSearch
    from reviews.states import AppealVia, VerdictKind
    from tests.integration.console.factory import decide, make_post

    words = CANARIES[name]
    author = Author.objects.create(site=site, external_id=f"author {words}", name=f"Ann {words}")
    judged, waiting = (
        _shown(site, text=f"Words {words}", author=author,
               post={"external_id": f"{words} {number}"})
        for number in (1, 2)
    )  # fmt: skip
    verdict = submit_verdict(
        case_id=judged.pk, user=moderator, kind=VerdictKind.SPAM,
        seen_decision_id=judged.decision_id,
    )  # fmt: skip
    blocked, appealed, linked = (
        make_post(site, text=f"Words {words}", author=author, post={"external_id": f"{words} {n}"})
        for n in (3, 4, 5)
    )
    for post in (blocked, appealed, linked):
        decide(post, outcome=Outcome.BLOCK)
    appeal = appeals.file(post_id=appealed.pk, via=AppealVia.API, words=f"Words {words}")
    many = BulkAction.objects.create(
        site=site, user=moderator, case_id=waiting.pk, post_id=waiting.post_id,
        scope=BulkScope.AUTHOR, value=f"author {words}", kind=VerdictKind.SPAM,
        state=BulkState.DONE, created_at=judged.opened_at,
    )  # fmt: skip
    change = ListChange.objects.create(
        site=site, user=moderator, case_id=waiting.pk, post_id=waiting.post_id, kind="author",
        value=f"author {words}", after="deny", created_at=judged.opened_at,
    )  # fmt: skip
    version = ModelVersion.objects.create(
        name=f"model {words}", slot=site.slot, digest=name * 64, path=name * 64,
        reason=f"Words {words}",
    )  # fmt: skip
    alarm = Alarm.objects.create(
        site=site, kind="source", subject="reporter 0", sentence=f"Words {words}",
        facts={"reporter": 0}, created_at=judged.opened_at,
    )  # fmt: skip
    SavedSearch.objects.create(user=moderator, name=words, query=f"q={words}")
    assert linked.decision is not None
    statement = show_statement(linked.decision, linked.decision.policy)
    assert statement is not None
    return {
        "blocked_post_id": str(blocked.pk),
        "appealed_post_id": str(appealed.pk),
        "appeal_id": str(appeal.pk),
        "reviews.appeal": str(appeal.pk),
        "token": statement["appeal"]["url"].rpartition("/")[2],
        "post_id": str(waiting.post_id),
        "case_id": str(waiting.pk),
        "verdict_id": str(verdict.pk),
        "action_id": str(many.pk),
        "change_id": str(change.pk),
        "version_id": str(version.pk),
        "alarm_id": str(alarm.pk),
        "site_id": str(site.pk),
        "moderation.site": str(site.pk),
        "moderation.post": str(waiting.post_id),
        "moderation.author": str(author.pk),
        "moderation.decision": str(waiting.decision_id),
        "reviews.case": str(waiting.pk),
        "reviews.verdict": str(verdict.pk),
    }


def as_json(world: World) -> str:
    """Return the world as a line that `from_json` reads: for a test of another process."""
    from dataclasses import asdict

    return json.dumps(asdict(world))


def from_json(text: str) -> World:
    stored = json.loads(text)
    principals = tuple(Principal(**each) for each in stored.pop("principals"))
    return World(principals=principals, **stored)
