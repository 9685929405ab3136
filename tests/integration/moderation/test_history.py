"""What a site remembers of a post's author, address and words."""

from datetime import timedelta

from django.db.models import prefetch_related_objects

from classifiers.types import History
from moderation import sites
from moderation.deciding import decisions
from moderation.judging import history, replay
from moderation.models import Author, Post, PostRevision
from moderation.types import FeedbackLabel, Outcome, Source
from tests.integration.moderation.world import HAM, NOW, SPAM

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def recall(*posts: Post) -> list[History]:
    fresh = [Post.objects.get(pk=post.pk) for post in posts]
    prefetch_related_objects(fresh, "author")
    words = [PostRevision.objects.get(post=post, revision=post.revision) for post in fresh]
    prints = [history.fingerprint_of(said) for said in words]
    return [known.history for known in history.recall(fresh, words, prints)]


def test_counts_of_author_and_address_leave_the_post_itself_out(submit):
    for ago in (MINUTE, 59 * MINUTE, 2 * HOUR):
        submit(at=NOW - ago, author_id="a", ip="203.0.113.1")
    submit(at=NOW + MINUTE, author_id="a", ip="203.0.113.1")
    submit(at=NOW - MINUTE, author_id="b", ip="203.0.113.2")
    [known] = recall(submit(author_id="a", ip="203.0.113.1"))
    assert (known.author_posts_last_hour, known.address_posts_last_hour) == (2, 2)
    assert known.now == NOW


def test_what_is_not_known_is_none_and_not_zero(submit):
    [known] = recall(submit("Hm."))
    assert known == History(now=NOW)
    [known] = recall(submit(author_id="a", ip="203.0.113.1"))
    assert (known.author_posts_last_hour, known.address_posts_last_hour) == (0, 0)


def test_age_and_verdicts_of_the_author(submit):
    submit(at=NOW - 30 * DAY, author_id="a", registered_at=NOW - 90 * DAY)
    Author.objects.update(spam_verdicts=2, ham_verdicts=1, created_at=NOW - 30 * DAY)
    [known] = recall(submit(author_id="a"))
    assert known.registered_at == NOW - 90 * DAY
    assert known.author_first_seen == NOW - 30 * DAY
    assert (known.author_spam_verdicts, known.author_ham_verdicts) == (2, 1)


def test_other_sites_are_other_worlds(submit, decide):
    shop = sites.create_site(name="Shop")
    submit(SPAM, at=NOW - MINUTE, author_id="a", ip="203.0.113.1", to=shop)
    decide()
    [known] = recall(submit(SPAM, author_id="a", ip="203.0.113.1"))
    assert (known.author_posts_last_hour, known.address_posts_last_hour) == (0, 0)
    assert known.same_text_last_day == 0


def test_the_same_words_by_others(submit, decide):
    for author, ago in (("a", HOUR), ("b", HOUR), ("b", 2 * HOUR), (None, HOUR), ("c", 25 * HOUR)):
        submit(SPAM.lower(), at=NOW - ago, author_id=author)
    submit(SPAM + " and more", at=NOW - HOUR, author_id="d")
    decide()
    [known] = recall(submit(SPAM, author_id="a"))
    assert known.same_text_last_day == 4
    assert known.same_text_other_authors_last_day == 1


def test_the_same_words_within_one_batch(submit):
    posts = [submit(SPAM, author_id=author) for author in ("a", "b", "b", None)]
    counts = [(k.same_text_last_day, k.same_text_other_authors_last_day) for k in recall(*posts)]
    assert counts == [(3, 1), (3, 1), (3, 1), (3, 2)]


def test_words_too_short_to_tell_are_not_counted(submit, decide):
    for _ in range(3):
        submit("Thanks!", at=NOW - MINUTE)
    decide()
    assert recall(submit("Thanks!"))[0].same_text_last_day is None


def test_counts_of_the_busiest_end_at_a_limit(submit, site):
    from moderation.submitting import posts
    from tests.integration.moderation.world import draft

    posts.submit(site=site, drafts=[draft(author_id="bot")] * 700, now=NOW - MINUTE)
    [known] = recall(submit(HAM, author_id="bot"))
    assert known.author_posts_last_hour == history.MOST


def test_a_batch_costs_as_many_queries_as_a_post(submit, django_assert_num_queries):
    posts = [submit(f"{HAM} {i}", author_id=f"a{i}", ip=f"203.0.113.{i}") for i in range(30)]
    fresh = list(Post.objects.prefetch_related("author").filter(pk__in=[p.pk for p in posts]))
    by_post = {row.post_id: row for row in PostRevision.objects.all()}
    words = [by_post[post.pk] for post in fresh]
    prints = [history.fingerprint_of(said) for said in words]
    with django_assert_num_queries(2):
        history.recall(fresh, words, prints)


def test_the_record_of_an_author_is_told_as_it_was_when_a_post_came(submit, decide):
    earlier = [submit(at=NOW - n * HOUR, author_id="a") for n in (9, 8, 7)]
    stranger = submit(SPAM, at=NOW - 9 * HOUR, author_id="b")
    decide(at=NOW - 6 * HOUR)

    def say(post: Post, label: FeedbackLabel | None, ago: timedelta) -> None:
        decisions.override(
            post_id=post.pk,
            revision=1,
            outcome=Outcome.BLOCK if label == FeedbackLabel.SPAM else Outcome.ALLOW,
            source=Source.MODERATOR,
            reasons=[],
            label=label,
            now=NOW - ago,
        )

    for post in (*earlier[:2], stranger):
        say(post, FeedbackLabel.SPAM, 5 * HOUR)
    say(earlier[2], FeedbackLabel.HAM, 5 * HOUR)
    early, middle, late = (
        submit(f"{HAM} {hours}", at=NOW - hours * HOUR, author_id="a") for hours in (5.5, 4, 2)
    )
    # One is taken back between the two, and one was said only after both.
    say(earlier[1], None, 3 * HOUR)
    say(earlier[0], FeedbackLabel.HAM, HOUR)
    decide(at=NOW - HOUR)
    say(middle, FeedbackLabel.SPAM, MINUTE)
    found = history.verdicts_then([early, middle, late, submit(), stranger])
    assert found == {middle.pk: (2, 1), late.pk: (1, 1)}
    today = Author.objects.values_list("spam_verdicts", "ham_verdicts").get(external_id="a")
    assert today == (1, 2)


def test_a_learner_is_shown_that_record(submit, decide):
    first = submit(at=NOW - 2 * HOUR, author_id="a")
    decide(at=NOW - 2 * HOUR)
    decisions.override(
        post_id=first.pk,
        revision=1,
        outcome=Outcome.BLOCK,
        source=Source.MODERATOR,
        reasons=[],
        label=FeedbackLabel.SPAM,
        now=NOW - HOUR,
    )
    second = submit(f"{HAM} again", author_id="a")
    words = PostRevision.objects.select_related("post").order_by("id")
    then = [known.author_spam_verdicts for known in replay.prepare(list(words)).histories]
    assert (then, words[1].post_id) == ([0, 1], second.pk)
