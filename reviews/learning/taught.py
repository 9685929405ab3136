"""Words of stored draws that a candidate may have learnt from: of them it answers too well.

A draw's own label never trains, but a word of the site's on the same post may, and so may the
answer to a dispute about it.
"""

from __future__ import annotations

from collections.abc import Sequence

from classifiers.models import ModelVersion
from reviews.learning.rescoring import Words
from reviews.models import Label, LabelSource, RetrainRun


def taught(version: ModelVersion, words: Sequence[Words], *, but_spam: bool = False) -> set[Words]:
    """Those that people said something of that may have trained it; `but_spam`: other than spam.

    Of a post that was audited before it was trained it learnt nothing; see `labelling.effective`.
    """
    posts = {post for post, _ in words}
    said = Label.objects.filter(post__in=posts, retracts=None)
    runs = RetrainRun.objects.filter(model=version).order_by("-pk")
    # A model that was trained elsewhere does not say of what.
    if last := runs.values_list("last_label_id", flat=True).first():
        said = said.filter(pk__lte=last)
        measured = said.filter(audit=True, retracted_by=None)
        posts -= set(measured.values_list("post", flat=True))
    rows = said.filter(audit=False).exclude(source=LabelSource.HISTORICAL)
    found = rows.exclude(label="spam") if but_spam else rows
    return {each for each in found.values_list("post", "revision") if each[0] in posts}
