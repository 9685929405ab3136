"""What a site's posts are about, told from its stored posts, labelled or not."""

from collections.abc import Iterator

import pytest
from django.utils import timezone

from classifiers.learner import State, topics
from classifiers.versions import lineup, registry
from moderation.judging import adaptation
from moderation.models import Post, PostRevision, Site, SiteLearner
from reviews.judging.undoing import undo
from reviews.learning import adapting
from reviews.models import Label
from tests.integration.reviews.adapted import TALK, decided, say, teach, trained


@pytest.fixture(autouse=True)
def few_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    lineup.forget()
    adaptation.forget()
    monkeypatch.setattr(topics, "FEWEST", 8)
    monkeypatch.setattr(topics, "MOST", 20)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many posts topics were made of, each time."""
    made: list[int] = []
    of = topics.Topics.of

    def counted(posts):
        made.append(len(posts))
        return of(posts)

    monkeypatch.setattr(topics.Topics, "of", counted)
    return made


def state_of(site: Site) -> State:
    return adaptation.read(SiteLearner.objects.get(site=site))


def test_a_site_has_topics_with_its_posts_whether_labelled_or_not(
    site, other_site, moderator, asked
):
    teach(site, moderator, 2)
    adapting.follow(site)
    assert state_of(site).topics is None
    for number in range(4):
        decided(site, f"{TALK}, row {number}")
        decided(other_site, f"elsewhere {number}")
    # A site without labels has no learner to tell.
    assert adapting.follow(other_site) == 0
    assert adapting.follow(site) == 4
    about = state_of(site).topics
    assert about is not None
    assert (about.posts, asked) == (8, [8])
    assert adapting.follow(site) == 0
    say(site, moderator, "one more", spam=False)
    assert adapting.follow(site) == 1
    assert asked == [8]
    assert decided(site, f"{TALK} today").site_probability is not None

    for number in range(14):
        decided(site, f"the barn is full, row {number}")
    adapting.follow(site)
    for number in range(30):
        decided(site, f"the barn is empty, row {number}")
    adapting.follow(site)
    assert asked == [8, 20]
    assert SiteLearner.objects.get(site=site).labels == 5


def test_an_undone_verdict_leaves_the_topics_and_deleted_words_do_not(
    site, moderator, as_owner, asked
):
    verdicts = teach(site, moderator, 4)
    adapting.follow(site)
    undo(verdict_id=verdicts[-1].pk, user=moderator)
    adapting.follow(site)
    assert (asked, state_of(site).revision) == ([8], 7)
    for number in range(2):
        decided(site, f"{TALK}, row {number}")
    with as_owner():
        Post.objects.filter(pk=verdicts[0].case.post_id).update(pruned_at=timezone.now())
    adapting.follow(site)
    assert (asked, state_of(site).revision) == ([8, 9], 6)


def test_posts_whose_words_are_gone_or_that_wait_are_not_told_of(site, moderator, as_owner, asked):
    teach(site, moderator, 3)
    for number in range(4):
        decided(site, f"{TALK}, row {number}")
    hidden, pruned, *_ = Post.objects.filter(
        pk__in=PostRevision.objects.filter(text__contains=", row").values("post")
    )
    with as_owner():
        Post.objects.filter(pk=hidden.pk).update(hidden_at=timezone.now())
        Post.objects.filter(pk=pruned.pk).update(pruned_at=timezone.now())
    adapting.follow(site)
    assert asked == [8]


def test_where_the_model_knows_the_site_no_post_is_read_for_topics(
    site, moderator, monkeypatch, asked
):
    version = registry.ensure_starter()
    teach(site, moderator, 6)
    trained(version, [site], Label.objects.latest("pk").pk - 1)
    monkeypatch.setattr(adapting, "FAMILIAR", 3)
    assert adapting.follow(site) == 1
    assert (asked, state_of(site).topics) == ([], None)


def test_a_student_is_taught_the_sites_posts_and_anew_with_half_as_many_labels_more(
    site, moderator, monkeypatch
):
    heard: list[int] = []
    teach_one = adapting.teach

    def counted(state, posts):
        heard.append(len(posts))
        return teach_one(state, posts)

    monkeypatch.setattr(adapting, "teach", counted)
    for number in range(8):
        decided(site, f"{TALK}, row {number}")
    say(site, moderator, "the barn is full", spam=False)
    assert adapting.follow(site) == 1
    taught = state_of(site).student
    assert taught is not None
    assert (taught.labels, heard) == (1, [9])
    assert decided(site, f"{TALK} today").site_probability is not None
    say(site, moderator, "the barn is empty", spam=False)
    say(site, moderator, "cheap pills", spam=True)
    adapting.follow(site)
    say(site, moderator, "cheap watches", spam=True)
    adapting.follow(site)
    adapting.follow(site)
    student = state_of(site).student
    assert student is not None
    assert (student.labels, heard) == (3, [9, 12])
    assert SiteLearner.objects.get(site=site).labels == 4


def test_a_label_is_learnt_though_no_student_can_be_taught(site, moderator, monkeypatch):
    for number in range(8):
        decided(site, f"{TALK}, row {number}")
    say(site, moderator, "the barn is full", spam=False)

    def broken(state, posts):
        raise RuntimeError("no")

    monkeypatch.setattr(adapting, "teach", broken)
    adapting.follow_labels(seconds=1.0)
    row = SiteLearner.objects.get(site=site)
    assert (row.labels, row.problem, state_of(site).student) == (1, "", None)
