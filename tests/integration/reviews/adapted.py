"""A site whose moderators label made-up posts, and what is decided there."""

from django.contrib.auth.models import User
from django.utils import timezone

from classifiers.models import ModelVersion
from classifiers.types import Content
from moderation import claims, leases, pipeline
from moderation.models import Decision, Site
from moderation.submitting.posts import submit
from moderation.types import Draft
from reviews.models import Label, RetrainRun, Verdict
from reviews.states import VerdictKind
from tests.integration.reviews.world import make_case
from tests.integration.world import answer

LURE = "grumblewort tonic revives your sprockets, ask Zibb for the Vantle price"
TALK = "the allotment committee meets in the barn on the second Tuesday"


def say(site: Site, user: User, text: str, spam: bool, **decision: object) -> Verdict:
    case = make_case(site, text, **decision)
    kind = VerdictKind.SPAM if spam else VerdictKind.NOT_SPAM
    return answer(case, user, kind, now=None, note="")


def teach(site: Site, user: User, times: int = 8) -> list[Verdict]:
    verdicts = []
    for number in range(times):
        verdicts.append(say(site, user, f"{LURE} {number}", spam=True))
        verdicts.append(say(site, user, f"{TALK} {number}", spam=False))
    return verdicts


def decided(site: Site, text: str) -> Decision:
    (post,) = submit(site=site, drafts=[Draft(Content(text=text))])
    (decision,) = (d for d in pipeline.moderate(claims.claim(claims.FRESH)) if d.post_id == post.pk)
    return decision


def trained(version: ModelVersion, sites: list[Site], last: int | None = None) -> None:
    """A training that the model came of."""
    RetrainRun.objects.create(
        slot=version.slot,
        state="promoted",
        model=version,
        last_label_id=last or Label.objects.latest("pk").pk,
        sites=[site.pk for site in sites],
        started_at=timezone.now(),
        **leases.fresh(timezone.now()),
    )
