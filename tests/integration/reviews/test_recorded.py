"""What a model learnt from can be told later, though the snapshot is gone."""

import zlib
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from moderation.models import Post, PostRevision, Site
from reviews.learning import recorded, retraining
from reviews.models import Label, RetrainRun, SnapshotRecord
from tests.integration.reviews.teaching import teach


@pytest.fixture
def run(site: Site, folders: None, here: None) -> RetrainRun:
    teach(site, 30)
    return retraining.retrain(slot=site.slot)


def said_of(run: RetrainRun) -> str:
    told = StringIO()
    assert run.model is not None
    call_command("verify_snapshot", run.model.name, stdout=told)
    return told.getvalue()


def test_the_record_has_every_label_and_no_word(run):
    kept = SnapshotRecord.objects.get(digest=run.snapshot_digest)
    content = zlib.decompress(bytes(kept.content))
    rows = list(recorded.entries_of(kept))
    labels = Label.objects.in_bulk()
    assert {row.label_id for row in rows} == labels.keys()
    assert {row.part for row in rows} == {"trained", "held back"}
    for row in rows:
        assert (row.weight, row.source) == (labels[row.label_id].weight, "historical")
    for words in PostRevision.objects.all():
        assert words.text[:12].encode() not in content


def test_a_model_s_labels_are_found_as_they_were(run):
    assert recorded.verify(run.snapshot_digest) == recorded.Verified(60, 0, (), True)
    told = said_of(run)
    assert "60 labels, 60 as they were, 0 whose words are gone" in told
    assert "byte by byte" in told


def test_another_secret_verifies_nothing_and_a_former_one_does(run, settings):
    before, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 9
    assert len(recorded.verify(run.snapshot_digest).differing) == 60
    settings.SECRET_KEY_FALLBACKS = [before]
    assert recorded.verify(run.snapshot_digest).differing == ()


def test_words_that_are_gone_are_counted(run, as_owner):
    with as_owner():
        Post.objects.filter(pk=Label.objects.first().post_id).update(pruned_at=timezone.now())
    assert recorded.verify(run.snapshot_digest) == recorded.Verified(60, 1, (), None)
    assert "59 as they were, 1 whose words are gone" in said_of(run)


def test_what_was_changed_is_named(run):
    label = Label.objects.first()
    PostRevision.objects.filter(post=label.post_id).update(text="something else")
    found = recorded.verify(run.snapshot_digest)
    assert (found.differing, found.same_file) == ((label.pk,), False)
    with pytest.raises(CommandError, match=f"Labels: {label.pk}."):
        said_of(run)


@pytest.mark.parametrize("model", ["starter", "nobody"])
def test_of_what_was_not_trained_here_it_says_so(site, model, settings):
    from classifiers.versions import registry

    name = registry.ensure_starter().name if model == "starter" else model
    with pytest.raises(CommandError, match=r"No record is kept|no model named"):
        call_command("verify_snapshot", name)
