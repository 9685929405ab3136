"""What is forgotten in time, and what is kept."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from moderation import leases
from moderation.access import create_key
from moderation.api.representations import dump
from moderation.exceptions import LeaseTaken
from moderation.models import (
    Author,
    DataRead,
    Decision,
    Event,
    Feedback,
    IdempotencyKey,
    Post,
    PostRevision,
    Site,
)
from moderation.types import Outcome
from reviews import retention
from reviews.judging import appeals
from reviews.labels import export, labelling
from reviews.models import Appeal, Case, Label, PageView, Retention, Verdict
from reviews.states import AppealVia
from tests.integration.reviews.world import CANARY, forget
from tests.integration.world import NOW, answer, decide


def everything() -> str:
    """All rows of all tables, as text."""
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)


def test_words_go_and_facts_stay(site, old_post):
    old, young = old_post(40), old_post(20)
    decision = Decision.objects.get(pk=old.decision_id)
    assert forget(site, words_days=30).words == 1
    old.refresh_from_db()
    kept = Decision.objects.get(pk=decision.pk)
    assert (kept.outcome, kept.probability) == (decision.outcome, decision.probability)
    assert old.pruned_at is not None
    assert PostRevision.objects.get(post=young).text == f"{CANARY} text"
    assert f"{CANARY}-0" not in everything()
    assert forget(site, words_days=10).words == 1
    assert CANARY not in everything()


def test_whole_posts_go(site, old_post):
    old, young = old_post(140), old_post(120)
    assert forget(site, facts_days=130).posts == 1
    assert list(Post.objects.all()) == [young]
    assert not Decision.objects.filter(post=old.pk).exists()
    assert Author.objects.get().pk == young.author_id


def test_facts_outlive_what_is_reckoned_with_them(site):
    held = Retention(site=site, words_days=1, facts_days=99)
    with pytest.raises(ValidationError) as refused:
        held.full_clean()
    assert set(refused.value.message_dict) == {"facts_days"}
    with pytest.raises(IntegrityError, match="facts_outlive_figures"), transaction.atomic():
        held.save()
    held.facts_days = 100
    held.full_clean()
    held.words_days, held.facts_days = 2_000_000_000, None
    with pytest.raises(ValidationError):
        held.full_clean()


def test_without_a_row_nothing_goes(site, other_site, old_post):
    old_post(4000)
    assert forget(other_site, words_days=1, facts_days=100).posts == 0
    assert CANARY in everything()


@pytest.mark.django_db(transaction=True)
def test_a_site_whose_posts_cannot_be_forgotten_keeps_no_other_sites(site, other_site, old_post):
    before_there_were_dates = 2_000_000_000
    Retention.objects.create(site=other_site, facts_days=before_there_were_dates)
    old_post(140)
    forgotten = forget(site, facts_days=130)
    assert (forgotten.posts, forgotten.finished) == (1, False)


def test_an_open_case_keeps_its_post_until_it_is_closed(site, old_post, moderator):
    post = old_post(140)
    case = open_case(post)
    assert forget(site, words_days=30, facts_days=135).posts == 0
    assert PostRevision.objects.get(post=post).text
    verdict = answer(case, moderator, now=None, note=CANARY)
    assert forget(site, words_days=30).posts == 1
    assert not Verdict.objects.filter(pk=verdict.pk).exists()
    assert not Label.objects.exists()


def test_labels_without_words_train_nothing(site, old_post, moderator):
    post = old_post(40)
    answer(open_case(post), moderator, now=None, note=CANARY)
    sites = Site.objects.filter(pk=site.pk)
    assert len(labelling.effective(sites)) == 1
    assert forget(site, words_days=30).words == 1
    assert Label.objects.filter(post=post).exists()
    assert list(export.with_words(labelling.effective(sites))) == []


def test_what_was_passed_because_a_case_was_open_goes_later(site, old_post, moderator):
    first, second = old_post(40), old_post(39)
    case = open_case(first)
    assert forget(site, words_days=30).words == 1
    answer(case, moderator, now=None, note=CANARY)
    assert forget(site, words_days=30).words == 1
    second.refresh_from_db()
    assert CANARY not in everything()


def test_the_application_can_only_ask_for_what_is_due(site, old_post):
    old_post(20)
    Retention.objects.create(site=site, words_days=30, facts_days=130)
    with connection.cursor() as cursor:
        for function in ("reviews_forget_words", "reviews_forget_posts"):
            cursor.execute(f"SELECT pruned FROM {function}(%s, %s, 10)", [site.pk, UUID(int=0)])
            assert cursor.fetchone() == (0,)
    assert CANARY in everything()


def test_one_author_is_forgotten_at_once_but_for_what_is_open(site, old_post, moderator, as_owner):
    key, _ = create_key(site=site, name="forum")
    first, second, other = old_post(3), old_post(2), old_post(1)
    assert first.author is not None and other.author is not None
    name = first.author.external_id
    Post.objects.filter(pk=second.pk).update(author=first.author)
    case = open_case(second)
    for post, actor in ((other, name), (other, "somebody else")):
        Feedback.objects.create(
            post=post, revision=1, label="spam", actor_id=actor, actor_role="member",
            api_key=key, created_at=NOW,
        )  # fmt: skip
    IdempotencyKey.objects.create(
        api_key=key, key="1", digest="-", status=202,
        response={"body": dump({"author": {"id": name}})},
    )  # fmt: skip
    with pytest.raises(CommandError, match="Only the owner"), transaction.atomic():
        call_command("forget_author", site.name, name)
    with as_owner(), pytest.raises(CommandError, match="1 posts stay"):
        call_command("forget_author", site.name, name)
    assert not PostRevision.objects.get(post=first).text
    assert PostRevision.objects.get(post=second).text
    answer(case, moderator, now=None, note=CANARY)
    Event.objects.update(delivered_at=NOW)
    with as_owner():
        call_command("forget_author", site.name, name)
    with as_owner(), pytest.raises(CommandError, match=f"No author '{name}x' is known on"):
        call_command("forget_author", site.name, f"{name}x")
    assert name not in everything()
    assert PostRevision.objects.get(post=other).text == f"{CANARY} text"
    reporters = sorted(Feedback.objects.values_list("actor_id", flat=True))
    assert reporters[0].startswith("forgotten ") and reporters[1] == "somebody else"


def test_told_events_are_forgotten_and_untold_ones_kept(site, old_post):
    now = timezone.now()
    old, young = now - timedelta(days=8), now - timedelta(days=6)
    untold, _told, fresh = Event.objects.bulk_create(
        Event(
            kind="block_cap.reached",
            site=site,
            next_attempt_at=now,
            created_at=created,
            delivered_at=told,
        )
        for created, told in ((old, None), (old, old), (young, young))
    )
    assert retention.prune(seconds=60, rest=0).events == 1
    assert set(Event.objects.all()) == {untold, fresh}


def test_who_saw_what_is_kept_for_its_term_and_90_days_at_least(
    site, moderator, settings, monkeypatch
):
    def left() -> tuple[list[int], list[int]]:
        return tuple(
            sorted((now - at).days for at in model.objects.values_list("created_at", flat=True))
            for model in (PageView, DataRead)
        )

    now, ages = timezone.now(), (400, 380, 366, 364, 91, 89, 0)
    key, _ = create_key(site=site, name="k")
    for age in ages:
        then = now - timedelta(days=age)
        PageView.objects.create(user=moderator, site=site, page="p", sent=False, created_at=then)
        DataRead.objects.create(
            site=site, api_key=key, kind="posts", count=1, day=then.date(), created_at=then
        )
    monkeypatch.setattr(retention, "SLICE", 2)
    settings.WINNOW_TRAIL_DAYS = 0
    assert retention.prune(seconds=60, rest=0).trail == 0
    settings.WINNOW_TRAIL_DAYS = 365
    assert retention.rows_due()[2] == 6
    assert retention.prune(seconds=60, rest=0).trail == 6
    assert left() == ([0, 89, 91, 364],) * 2
    settings.WINNOW_TRAIL_DAYS = 1
    assert retention.rows_due()[2] == 4
    assert retention.prune(seconds=60, rest=0).trail == 4
    assert left() == ([0, 89],) * 2


def test_one_process_at_a_time(site):
    with leases.hold("retention"), pytest.raises(LeaseTaken):
        forget(site, words_days=1)


def test_a_dry_run_says_what_is_due(site, old_post, capsys):
    old_post(40)
    Retention.objects.create(site=site, words_days=30)
    call_command("prune", "--dry-run")
    assert capsys.readouterr().out == (
        f"{site}: words of 1 posts and 0 posts are due.\n"
        "All sites: 0 events, 0 scores and 0 rows of who saw what are due.\n"
    )
    assert CANARY in everything()


def test_every_key_that_names_what_is_deleted_has_an_index():
    """Else each deletion would read a whole table."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT k.conrelid::regclass::text, a.attname
            FROM pg_constraint k JOIN pg_attribute a
                ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
            WHERE k.contype = 'f' AND k.confrelid::regclass::text = ANY(%s)
              AND NOT EXISTS (
                  SELECT FROM pg_index i
                  WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1]
                    AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid)
                         = format('(%%I IS NOT NULL)', a.attname))
              )
            """,
            [
                [
                    "moderation_post",
                    "moderation_decision",
                    "moderation_author",
                    "moderation_auditdraw",
                    "moderation_feedback",
                    "reviews_case",
                    "reviews_verdict",
                    "reviews_label",
                ]
            ],
        )
        assert cursor.fetchall() == []


def open_case(post: Post) -> Case:
    return Case.objects.create(
        post=post,
        site=post.site,
        revision=1,
        decision=post.decision,
        lane="reported",
        priority=1.0,
        opened_at=datetime.now(tz=post.created_at.tzinfo),
    )


def test_an_appellants_words_go_with_the_posts(site, old_post, moderator):
    post = old_post(140)
    decide(post, Outcome.BLOCK, now=timezone.now() - timedelta(days=10))
    filed = appeals.file(post_id=post.pk, via=AppealVia.LINK, words=CANARY)
    assert forget(site, words_days=30).words == 0, "it waits for its answer"
    answer(filed.case, moderator, now=None, note=CANARY)
    Event.objects.update(delivered_at=timezone.now())
    assert forget(site, words_days=30).words == 1
    assert CANARY not in everything()
    filed.refresh_from_db()
    assert (filed.words, filed.state) == ("", "upheld")
    assert forget(site, facts_days=130).posts == 1
    assert not Appeal.objects.exists()
