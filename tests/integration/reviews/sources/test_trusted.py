"""Whose labels teach: trust earned in blind checks, and what a person does."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.db import OperationalError
from django.utils import timezone

from classifiers.training.data.dataset import read
from classifiers.training.gates.influence import is_tried
from moderation import outbox
from moderation.access import create_key
from moderation.deciding import feedback
from moderation.models import AuditDraw, Feedback, Site
from moderation.types import Outcome
from reviews.console.leading import sources as sources_page
from reviews.judging.undoing import undo
from reviews.labels import checks, export, sources, weighing
from reviews.labels.labelling import effective
from reviews.learning import adapting
from reviews.models import (
    Case,
    Check,
    Label,
    LookPlan,
    Reporter,
    Verdict,
)
from reviews.states import CaseState, CheckReason, Lane, VerdictKind
from tests.integration.reviews import promised
from tests.integration.reviews.sources.reports import SOON, check_all, say, weighs
from tests.integration.reviews.world import make_case
from tests.integration.world import NOW, answer, make_site


def test_a_stranger_teaches_once_moderators_agreed_blind(site, key, moderator):
    posts = [say(key) for _ in range(4)]
    sources.follow(now=SOON)
    assert weighs(site) == [], "a stranger's labels wait"
    assert not Feedback.objects.filter(vouched=True).exists(), "and copies do not follow them"
    asked = check_all(moderator, VerdictKind.SPAM)
    assert {case.post_id for case in asked} == {post.pk for post in posts}
    assert all(case.decision.source == "machine" for case in asked), "shown as it stood before"
    assert Label.objects.count() == 4, "a check teaches nothing"
    sources.follow(now=SOON)
    assert weighs(site) == [1.0] * 4
    say(key)
    assert weighs(site) == [0.5, *[1.0] * 4], "what nobody checked weighs what was earned"
    assert weighing.weigh(effective(Site.objects.filter(pk=site.pk))).of_reporters == {}, (
        "no snapshot is made of reporters alone"
    )
    assert Reporter.objects.get(actor_id="17").agreed == 4
    assert Feedback.objects.filter(vouched=True).count() == 5
    trusted, stranger = say(key), say(key, actor="99")
    assert trusted.feedback.get().vouched, "at once, of who is trusted"
    assert not stranger.feedback.get().vouched


def test_a_site_that_is_too_slow_to_learn_whom_to_trust_keeps_no_other(
    site, key, monkeypatch, caplog
):
    tried = []

    def too_slow(*, site: Site, now: datetime) -> None:
        tried.append(site.pk)
        raise OperationalError("canceling statement due to statement timeout")

    say(key)
    other = make_site()
    say(create_key(site=other, name="plugin")[0])
    monkeypatch.setattr(sources, "learn", too_slow)
    sources.follow(now=SOON)
    assert tried == [site.pk, other.pk]
    assert f"whom to trust on site {other.pk}" in caplog.text


def test_a_site_that_judges_elsewhere_is_taken_at_half_its_word_until_found_wrong(
    site, key, moderator, monkeypatch
):
    monkeypatch.setattr(weighing, "FEW", 20)
    for actor in ("17", "17", "18"):
        say(key, actor=actor)
    sources.follow(now=SOON)
    found = weighing.weigh(effective(Site.objects.filter(pk=site.pk))).of_reporters.values()
    assert [(each.weight, each.reporter) for each in found] == [(0.5, 0)] * 3, "untried"
    assert Feedback.objects.filter(vouched=True).count() == 3
    assert adapting.follow(site) == 3
    check_all(moderator, VerdictKind.NOT_SPAM)
    sources.follow(now=SOON)
    assert weighs(site) == []


def test_in_a_shared_model_the_key_of_a_site_that_judges_elsewhere_is_tried_and_capped(
    site, moderator, monkeypatch, tmp_path
):
    """Whoever runs it would else teach all others under as many names as they like."""
    newcomer = make_site()
    new_key, _ = create_key(site=newcomer, name="forum")
    for number in range(6):
        say(new_key, actor=str(number))
    for _ in range(3):
        answer(make_case(site), moderator, VerdictKind.NOT_SPAM)
    monkeypatch.setattr(weighing, "FEW", 1)
    both = Site.objects.filter(pk__in=[site.pk, newcomer.pk])
    in_force = effective(both)
    assert weighing.weigh(in_force, shared=True).of_reporters == {}, "its key has no name yet"
    sources.follow(both, now=SOON)
    whole = Reporter.objects.get(api_key=new_key, actor_id="")
    weighed = weighing.weigh(in_force, shared=True)
    found = weighed.of_reporters.values()
    assert {each.source for each in found} == {f"feedback:{whole.pk}"}
    assert sum(each.weight for each in found) == pytest.approx(2.0, abs=0.001), "two of five"
    own = weighing.weigh(in_force).of_reporters.values()
    assert [(each.weight, each.reporter) for each in own] == [(0.5, 0)] * 6, "in its own model"
    export.write_file(in_force, tmp_path / "shared.jsonl", weighing=weighed)
    rows = read(tmp_path / "shared.jsonl").rows
    assert sum(is_tried(row.source) for row in rows) == 6
    sources.note([{"source": f"feedback:{whole.pk}", "flagged": True, "sentence": "It harms.",
                   "contradicted": []}])  # fmt: skip
    assert weighing.weigh(in_force, shared=True).of_reporters == {}


def test_nobodys_record_is_pushed_out_by_what_others_say_nor_by_what_nobody_judged(
    site, key, moderator, monkeypatch
):
    for _ in range(4):
        say(key)
    check_all(moderator, VerdictKind.SPAM)
    for number in range(8):
        say(key, actor=f"flood {number}")
    monkeypatch.setattr(sources, "MOST", 6)
    sources.follow(now=SOON)
    assert Reporter.objects.get(actor_id="17").compared == 4
    check_all(moderator, VerdictKind.SPAM)
    sources.follow(now=SOON)
    assert Reporter.objects.get(actor_id="17").compared == 4, "strangers' fall out first"
    assert Reporter.objects.filter(actor_id__startswith="flood", compared=1).count() == 2


def test_an_echo_earns_nothing(site, key, moderator):
    case = make_case(site)
    answer(case, moderator, now=NOW - timedelta(minutes=5))
    case.post.refresh_from_db()
    feedback.receive(
        post=case.post, label="spam", actor_id="17", actor_role="owner", api_key=key, now=NOW
    )
    outbox.deliver(now=SOON)
    sources.follow(now=SOON)
    assert Reporter.objects.get(actor_id="17").compared == 0


def test_an_answer_to_a_check_can_be_taken_back_and_audits_are_left_alone(
    site, key, moderator, colleague
):
    post = say(key)
    audited = say(key, "ham", outcome=Outcome.BLOCK, audit=0.5)
    check_all(moderator, VerdictKind.NOT_SPAM)
    check = Check.objects.get(label__post=post)
    dispute = check.dispute
    assert dispute is not None
    assert dispute.post_id == post.pk
    assert Label.objects.filter(audit=True).count() == 0
    assert AuditDraw.objects.get(decision__post=audited).selected
    said = check.answer
    assert said is not None
    undo(verdict_id=said.pk, user=moderator, now=SOON)
    check.refresh_from_db()
    dispute.refresh_from_db()
    assert (check.answer, check.dispute, dispute.state) == (None, None, CaseState.CLOSED)


def test_nobody_checks_a_label_of_words_that_they_judged(site, key, moderator, colleague):
    post = say(key)
    case = Case.objects.get(post=post)
    Verdict.objects.create(
        case=case, round=0, user=moderator, kind="not_spam", seen=case.decision, created_at=NOW
    )
    checks.open_due(now=SOON)
    check = Check.objects.select_related("case").get(label__post=post)
    assert check.case is not None and check.case.meant_for == [colleague.pk]


def test_likely_errors_are_looked_at_again_by_somebody_else_within_the_budget(
    site, key, moderator, colleague
):
    LookPlan.objects.filter(site=site).update(doubts_per_day=1)
    labels = []
    for _ in range(2):
        case = make_case(site)
        answer(case, moderator)
        labels.append(Label.objects.get(post=case.post))
    measured = make_case(site, outcome=Outcome.BLOCK, audit=0.5)
    answer(measured, moderator)
    audit = Label.objects.get(audit=True)
    worst, second = labels
    assert checks.doubt([audit.pk, worst.pk, second.pk], now=NOW) == 2
    assert checks.doubt([worst.pk], now=NOW) == 0, "once"
    assert checks.open_due(now=SOON) == 1, "the budget of a day"
    case = Case.objects.get(lane=Lane.LOOK)
    assert (case.post_id, case.meant_for) == (worst.post_id, [colleague.pk])
    assert Check.objects.get(case=case).why == CheckReason.DOUBT
    answer(case, colleague, VerdictKind.NOT_SPAM, now=SOON)
    assert Label.objects.filter(post=worst.post_id).count() == 1, "a third person decides"
    assert Case.objects.filter(settles_check__label=worst, state=CaseState.OPEN).exists()
    assert checks.open_due(now=SOON + timedelta(days=2)) == 1


def test_labels_that_a_person_let_stand_are_told_from_others(site, key, moderator, tmp_path):
    agreed = [say(key) for _ in range(6)]
    check_all(moderator, VerdictKind.SPAM)
    unchecked = say(key)
    sources.follow(now=SOON)
    people = make_case(site)
    answer(people, moderator, VerdictKind.NOT_SPAM)

    def seconded() -> set[UUID]:
        in_force = effective(Site.objects.filter(pk=site.pk))
        found = weighing.weigh(in_force)
        file = tmp_path / "snapshot.jsonl"
        export.write_file(in_force, file, weighing=found)
        ids = [row.label_id for row in read(file).rows if row.seconded]
        return set(Label.objects.filter(pk__in=ids).values_list("post", flat=True))

    assert seconded() == {post.pk for post in agreed}
    said = Check.objects.get(label__post=agreed[0]).answer
    assert said is not None
    undo(verdict_id=said.pk, user=moderator, now=SOON)
    assert seconded() == {post.pk for post in agreed[1:]}
    Reporter.objects.filter(actor_id="17").update(cleared_at=timezone.now() + timedelta(days=1))
    assert seconded() == {post.pk for post in (*agreed, unchecked)}


def test_labels_that_measure_are_counted_by_themselves(monkeypatch):
    site = promised.certifying_site()
    measured = promised.send(site, 3, probability=0.97, at=NOW)
    promised.judge(site, measured, "spam")
    later = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(sources_page, "midnight", lambda: later)
    (found,) = sources_page.overview([site], set())
    assert found.counts[:2] == (("moderators’ verdicts", 0), ("audits, which never train", 3))
