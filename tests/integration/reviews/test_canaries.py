"""What people say of a canary's posts, and whose words of it count."""

import pytest

from classifiers.models import ModelVersion, Rollout
from moderation import sites
from moderation.access import create_key
from moderation.models import ApiKey, Author, Decision, Feedback, Post, Site
from moderation.types import Mode
from reviews.learning import live_trial
from reviews.learning.rolling import canary_stops
from reviews.models import Case, Check, Label, Reporter, Verdict
from reviews.states import CaseState, Lane
from tests.integration.reviews.promised import DAY, MODEL, NOW, judge, send
from tests.integration.world import make_moderator, make_site

NEW = {"model": "model-2", "arm": "canary"}


def judged_here() -> Site:
    """A site whose moderators judge here: what its key says teaches once its user is trusted."""
    site = make_site()
    site.user = make_moderator(site)
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    judge(site, send(site, 25, probability=0.99, at=NOW), "spam")
    return site


@pytest.fixture
def rollout(db) -> Rollout:
    versions = [
        ModelVersion.objects.create(name=name, digest=name, path=name)
        for name in ("model-2", MODEL)
    ]
    return Rollout.objects.create(
        version=versions[0], baseline=versions[1], slot="global", stage="canary", share=0.1,
        started_at=NOW, stage_since=NOW - DAY,
    )  # fmt: skip


def trusted(site: Site) -> ApiKey:
    key, _ = create_key(site=site, name="forum")
    for actor in ("", "1"):
        Reporter.objects.create(site=site, api_key=key, actor_id=actor, trust=0.9, looked_at=NOW)
    return key


def say(key: ApiKey, draws, label: str = "ham", actor: str = "1") -> list[Label]:
    made = []
    for draw in draws:
        words = {"post_id": draw.decision.post_id, "revision": 1, "label": label}
        spoken = Feedback.objects.create(
            actor_id=actor, actor_role="moderator", api_key=key, created_at=NOW, **words
        )
        made.append(
            Label.objects.create(
                site=key.site, source="feedback", feedback=spoken, created_at=NOW, **words
            )
        )
    return made


def agree(site: Site, label: Label) -> None:
    """A moderator who knows nothing of it says the same."""
    seen = Decision.objects.get(post=label.post_id)
    case = Case.objects.create(
        post_id=label.post_id, site=site, revision=1, decision=seen, lane=Lane.LOOK,
        state=CaseState.JUDGED, priority=0.0, opened_at=NOW, closed_at=NOW,
        meant_for=[site.user.pk],
    )  # fmt: skip
    answer = Verdict.objects.create(
        case=case, round=0, user=site.user, kind="not_spam", seen=seen, created_at=NOW
    )
    Check.objects.create(
        site=site, label=label, why="source", probability=1.0, created_at=NOW,
        answer=answer, case=case,
    )  # fmt: skip


def test_a_strangers_words_neither_stop_a_canary_nor_hide_its_harm(rollout):
    site = judged_here()
    own = send(site, 12, probability=0.99, at=NOW, **NEW)
    others = send(site, 120, probability=0.99, at=NOW, arm="control")
    key = trusted(site)
    say(key, own[:6], actor="nobody knows")
    said = live_trial.canary(rollout, [site])
    assert (said["canary"]["wrong"], canary_stops(said)) == (0, "")
    say(key, others, actor="nobody knows")
    say(key, own)
    said = live_trial.canary(rollout, [site])
    assert (said["canary"]["wrong"], said["control"]["wrong"]) == (12, 0)
    assert canary_stops(said).startswith("It does harm: 12 authors' posts were decided wrongly")


def test_of_a_model_that_sites_share_each_site_speaks_once_but_for_what_is_confirmed(rollout):
    here, there = judged_here(), judged_here()
    words = say(trusted(there), send(there, 6, probability=0.99, at=NOW, **NEW))
    say(trusted(here), send(here, 6, probability=0.99, at=NOW, **NEW))

    def wrong(*of: Site) -> int:
        return live_trial.canary(rollout, of)["canary"]["wrong"]

    assert (wrong(there), wrong(here, there)) == (6, 2)
    say(trusted(there), send(there, 1, probability=0.99, at=NOW, **NEW))
    assert (wrong(there), wrong(here, there)) == (7, 2), "a second key makes no second site"
    Reporter.objects.filter(site=there).update(cleared_at=NOW + DAY)
    assert (wrong(there), wrong(here, there)) == (7, 2), "whoever cleared it judged no post"
    for label in words[3:5]:
        agree(there, label)
    assert (wrong(there), wrong(here, there)) == (7, 4)


def test_an_author_whose_posts_all_fail_is_one_event(rollout, as_owner):
    site = make_site()
    failing = [draw.decision for draw in send(site, 5, probability=0.02, at=NOW, **NEW)]
    send(site, 5, probability=0.02, at=NOW, arm="control")
    author = Author.objects.create(site=site, external_id="1", created_at=NOW)
    Post.objects.filter(decision__in=failing[:3]).update(author=author)
    with as_owner():
        Decision.objects.filter(pk__in=[each.pk for each in failing[:3]]).update(failed=True)
    said = live_trial.canary(rollout, [site])
    assert (said["canary"]["failed"], canary_stops(said)) == (1, "")
    with as_owner():
        Decision.objects.filter(pk__in=[each.pk for each in failing]).update(failed=True)
    said = live_trial.canary(rollout, [site])
    assert canary_stops(said).startswith("It does harm: 3 authors' posts were not judged at all")
