"""An appeal is no audit."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from moderation.access import create_key
from moderation.deciding import feedback
from moderation.models import AuditDraw, Post, Site
from moderation.types import Outcome
from reviews.judging import appeals, undoing
from reviews.labels import labelling, looks
from reviews.measuring.answers import About, answers, blind
from reviews.models import Case, Label, LookPlan, Membership, PageView
from reviews.queue import claiming
from reviews.queue.intake import follow_decisions
from reviews.states import Lane, VerdictKind
from tests.integration.reviews.appeals.appealed import LATER, appeal, blocked, reply, tell_all
from tests.integration.reviews.world import edit
from tests.integration.world import NOW, decide, make_moderator


def audited(site: Site) -> tuple[Post, Case]:
    """A block that was drawn, and its audit, which waits."""
    post = blocked(site, audit=0.5)
    follow_decisions(post_ids=[post.pk], now=NOW)
    return post, Case.objects.get(lane=Lane.AUDIT, post=post)


def about(audit: Case) -> About:
    return About(audit.audit_id, audit.decision_id, audit.post_id, audit.revision)


def test_an_appeal_is_never_an_audit(site, moderator):
    post, audit = audited(site)
    filed = appeal(post)
    audit.refresh_from_db()
    assert (audit.state, audit.closed_because) == ("closed", appeals.ASKED_ANEW)
    reply(filed.case, moderator)
    label = Label.objects.get()
    assert (label.audit, label.inclusion_probability) == (False, None)
    assert list(labelling.effective(Site.objects.filter(pk=site.pk))) == [label]
    # What an estimate needs to count the draw as answered, not as missing.
    assert AuditDraw.objects.get().decision.appeal.state == "overturned"
    with pytest.raises(IntegrityError, match="case_appeal_is_no_audit"), transaction.atomic():
        Case.objects.filter(pk=filed.case_id).update(audit=AuditDraw.objects.get())
    audit.refresh_from_db()
    assert audit.state == "closed"
    assert answers([about(audit)]) == {audit.audit_id: "ham"}


@pytest.mark.parametrize("how", ["upheld", "overturned", "undone", "edited", "hidden", "said"])
def test_however_an_appeal_ends_nobody_is_asked_for_the_audit_of_its_words(
    site, moderator, colleague, how
):
    """Who read the appeal, or met the post on any page meanwhile, would not answer it blind."""
    Membership.objects.filter(user=moderator).update(sees_hidden=True)
    post, audit = audited(site)
    filed = appeal(post)
    if how == "edited":
        edit(post)
        decide(post, Outcome.ALLOW, now=LATER)
        follow_decisions(post_ids=[post.pk], now=LATER)
    elif how == "said":
        key, _ = create_key(site=site, name="forum")
        feedback.receive(
            post=post, label="ham", actor_id="1", actor_role="owner", api_key=key, now=LATER
        )
        tell_all()
    elif how == "hidden":
        reply(filed.case, moderator, VerdictKind.DANGER)
    else:
        kind = VerdictKind.SPAM if how == "upheld" else VerdictKind.NOT_SPAM
        given = reply(filed.case, moderator, kind)
        if how == "undone":
            undoing.undo(verdict_id=given.pk, user=moderator, now=LATER)
            reply(filed.case, moderator, kind)
    filed.case.refresh_from_db()
    audit.refresh_from_db()
    assert filed.case.state != "open"
    assert (audit.state, audit.closed_because) == ("closed", appeals.ASKED_ANEW)
    for anybody in (moderator, colleague):
        assert claiming.claim_next(user=anybody, now=LATER) is None
    assert not Label.objects.filter(audit=True).exists()
    assert blind([audit.audit_id]) == {}, "a missing answer, which counts at its worst"
    told = answers([about(audit)])
    assert told == ({audit.audit_id: "ham"} if how in ("overturned", "undone", "said") else told)


def test_who_read_an_appeal_is_no_second_pair_of_eyes(site, moderator, colleague):
    reader = make_moderator(site)
    LookPlan.objects.update_or_create(site=site, defaults={"spam_share": 1.0, "gold_share": 0.0})
    post, audit = audited(site)
    reply(audit, moderator, VerdictKind.SPAM)
    post.refresh_from_db()
    filed = appeal(post)
    PageView.objects.create(
        user=reader, site=site, page="console:case ahead", subject=str(filed.case_id),
        sent=False, created_at=NOW,
    )  # fmt: skip
    looks.open_due(now=LATER + timedelta(days=1))
    assert Case.objects.get(lane=Lane.LOOK).meant_for == [colleague.pk]
