"""Cases that look alike: an audit, a second look, a known case, a disputed one and others."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from moderation.models import Site
    from reviews.models import Case
    from reviews.states import VerdictKind


@pytest.fixture
def cases(site: Site, mara: User, monkeypatch: pytest.MonkeyPatch) -> dict[str, Case]:
    """One case of each kind for Mara, about the same words by the same author."""
    from moderation.access import create_key
    from moderation.models import Author, Feedback
    from reviews.labels import looks
    from reviews.models import Likeness, Look, LookPlan
    from reviews.states import Lane, VerdictKind
    from tests.integration.console.factory import make_case
    from tests.integration.console.plain.answers import BLOCKED, WORDS, judge, open_looks
    from tests.integration.world import make_moderator

    robin, kim = (make_moderator(site, username=name) for name in ("robin", "kim"))
    plan = LookPlan.objects.create(site=site, second_share=1.0, spam_share=1.0, gold_share=0.0)
    author = Author.objects.create(site=site, external_id="a", name="Ann")
    more = {**WORDS, "author": author}

    def looked_at(kind: VerdictKind) -> Case:
        judge(make_case(site, opened=timedelta(days=3), **more), robin, kind)
        open_looks()
        case = Look.objects.latest("pk").case
        assert case is not None
        return case

    second = looked_at(VerdictKind.SPAM)
    judge(looked_at(VerdictKind.SPAM), kim, VerdictKind.NOT_SPAM)
    dispute = Look.objects.latest("pk").dispute
    assert dispute is not None
    agreed = looked_at(VerdictKind.NOT_SPAM)
    judge(agreed, kim, VerdictKind.NOT_SPAM)
    LookPlan.objects.filter(pk=plan.pk).update(second_share=0.0, gold_share=1.0)
    judge(make_case(site, **more), mara, VerdictKind.SPAM)
    open_looks()
    gold = Look.objects.get(kind="gold").case
    assert gold is not None
    LookPlan.objects.filter(pk=plan.pk).update(gold_share=0.0)
    audit = make_case(site, lane=Lane.AUDIT, decision=BLOCKED, **more)
    ordinary = make_case(site, lane=Lane.HELD, **more)
    found = {
        "ordinary": ordinary, "second": second, "dispute": dispute, "gold": gold, "audit": audit,
    }  # fmt: skip
    other = make_case(site, text="secret4711 nearby")
    key, _ = create_key(site=site, name="forum")
    for case in found.values():
        Likeness.objects.create(post=case.post, other=other.post, similarity=0.9)
        Feedback.objects.create(
            post=case.post, revision=1, label="spam", actor_id="secret4711", actor_role="member",
            api_key=key, created_at=timezone.now(),
        )  # fmt: skip
    monkeypatch.setattr(looks, "lot_of", lambda case: 0.0 if case.pk == ordinary.pk else 1.0)
    return found
