"""A post that breaks its judge, in whatever way, goes to a person; its neighbours are decided."""

import time
from collections import Counter

import pytest

from moderation import claims
from moderation.broker import doorbells
from moderation.broker.doorbells import Bell
from moderation.models import Decision, Post
from moderation.submitting import posts
from moderation.types import Ground, Outcome, Status
from tests.integration.moderation.world import HAM, draft

pytestmark = pytest.mark.django_db(transaction=True)

POISONS = ("poison: raise", "poison: die", "poison: hang", "poison: stuck")


def test_what_breaks_its_judge_ends_in_review_and_takes_nobody_with_it(
    site, start_worker, eventually, monkeypatch, tmp_path
):
    read = tmp_path / "read"
    read.touch()
    monkeypatch.setenv("POISON_LOG", str(read))
    texts = [HAM] * 12
    for place, poison in enumerate(POISONS):
        texts.insert(place * 4, poison)
    stored = posts.submit(site=site, drafts=[draft(text) for text in texts])
    poisoned = [post.pk for post, text in zip(stored, texts, strict=True) if text in POISONS]

    def all_decided() -> bool:
        # As the sweep does: a bell is lost with the child that answers it.
        doorbells.ring(Bell.JUDGE)
        time.sleep(0.2)
        return not Post.objects.exclude(status=Status.DECIDED).exists()

    with start_worker(include="tests.integration.moderation.poison"):
        eventually(all_decided, seconds=90, what="a decision on every post")
        counted = Counter(read.read_text().splitlines())
        assert set(counted) == set(POISONS)
        assert max(counted.values()) <= claims.ATTEMPTS
        doorbells.ring(Bell.JUDGE)
        # The bell of one more post is answered behind it.
        posts.submit(site=site, drafts=[draft()])
        eventually(all_decided, what="a decision on one more post")
        assert Counter(read.read_text().splitlines()) == counted, "nobody reads them again"
    assert Decision.objects.count() == len(texts) + 1
    given_up = Decision.objects.filter(by=Ground.FAILURE)
    assert {row.post_id for row in given_up} == set(poisoned)
    for row in given_up:
        assert (row.outcome, row.published, row.failed) == (Outcome.REVIEW, False, True)
        assert f"Judging failed {claims.ATTEMPTS} times" in str(row.reasons)
