"""What the admin lists: a row of every kind, and where each is shown."""

from datetime import timedelta

from django.utils import timezone

from classifiers.models import ModelVersion
from moderation import access
from moderation.models import Event, Feedback, ListEntry, Score, Site
from moderation.types import EventKind
from reviews.console.case.standing import decision_token
from reviews.models import ImportRun, RetrainRun
from reviews.states import Lane
from tests.integration.console.factory import make_case
from tests.integration.world import browser_of, make_moderator


def address(model: type, page: str = "changelist", pk: object = None) -> str:
    meta = model._meta
    base = f"/admin/{meta.app_label}/{meta.model_name}/"
    return base if page == "changelist" else f"{base}{pk}/{page}/" if pk else f"{base}{page}/"


def make_history(site: Site, number: int) -> None:
    """Rows in every table that the admin lists."""
    moderator = make_moderator(site)
    key, _ = access.create_key(site=site, name=f"key {number}")
    browser = browser_of(moderator)
    now = timezone.now()
    case = make_case(site, lane=Lane.AUDIT, text=f"words {number}", opened=timedelta(hours=1))
    post, decision = case.post, case.decision
    Event.objects.create(
        kind=EventKind.DECISION_RECORDED,
        site=site,
        post=post,
        decision=decision,
        created_at=now,
        next_attempt_at=now,
    )
    Score.objects.create(
        post=post, revision=1, scorer="linear", model="m", probability=0.6, created_at=now
    )
    Feedback.objects.create(
        post=post,
        revision=1,
        label="spam",
        actor_id="member",
        actor_role="member",
        api_key=key,
        created_at=now,
    )
    ListEntry.objects.create(site=site, kind="domain", value=f"d{number}.example", verdict="deny")
    seen = {"kind": "spam", "seen": decision_token(case, case.decision_id)}
    browser.post(f"/review/cases/{case.pk}/verdict", seen)
    version = ModelVersion.objects.create(name=f"v{number}", digest=f"{number:064x}", path="p")
    RetrainRun.objects.create(
        slot=f"site:{number}", state="kept", model=version, lease_until=now, started_at=now
    )
    ImportRun.objects.create(
        site=site, file_digest=f"{number}", file_name="f.csv", labelled=True, started_at=now
    )
