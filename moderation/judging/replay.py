"""Stored posts judged again, as they stood when they were submitted, by any model.

Labels on other posts of an author, which came later, are not counted; nothing is stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import prefetch_related_objects

from classifiers.assess import assess_batch
from classifiers.types import Assessment, Community, Content, History
from classifiers.versions.lineup import Lineup
from moderation.judging import community, history
from moderation.judging.contents import content_of
from moderation.models import Policy, PostRevision


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What models are asked of some posts; the same for each model."""

    contents: list[Content]
    histories: list[History]

    def judge(self, used: Lineup) -> list[Assessment]:
        return assess_batch(self.contents, self.histories, [()] * len(self.contents), used.scorers)


def prepare(words: Sequence[PostRevision]) -> Prepared:
    """`words` carry their posts, of any site."""
    posts = [said.post for said in words]
    prefetch_related_objects(posts, "author")
    rows = Policy.objects.filter(site_id__in={post.site_id for post in posts}).in_force()
    policies = {row.site_id: row for row in rows}
    prints = [history.fingerprint_of(said) for said in words]
    remembered = history.recall(posts, words, prints)
    verdicts = history.verdicts_then(posts)
    return Prepared(
        [
            content_of(post, said, policies[post.site_id])
            for post, said in zip(posts, words, strict=True)
        ],
        [
            _then(known.history, verdicts.get(post.pk, (0, 0)), place)
            for post, known, place in zip(
                posts, remembered, community.as_judged(words), strict=True
            )
        ],
    )


def _then(known: History, verdicts: tuple[int, int], place: Community | None) -> History:
    spam, ham = verdicts
    return replace(known, author_spam_verdicts=spam, author_ham_verdicts=ham, community=place)
