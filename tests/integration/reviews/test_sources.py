"""Whose labels teach: trust earned in blind checks, lost by turning, and what a person does."""

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from classifiers.training.data.dataset import read
from classifiers.training.gates.influence import is_tried
from moderation import outbox
from moderation.access import create_key
from moderation.deciding import feedback
from moderation.models import ApiKey, AuditDraw, Event, Feedback, Post, Site
from moderation.types import Outcome
from reviews.console.leading import sources as sources_page
from reviews.exceptions import AlarmMissing, NotPermitted
from reviews.judging.undoing import undo
from reviews.labels import checks, export, sources, weighing
from reviews.labels.labelling import effective
from reviews.learning import adapting
from reviews.models import (
    Alarm,
    Case,
    Check,
    Label,
    Learnt,
    LookPlan,
    Membership,
    Reporter,
    Verdict,
)
from reviews.notices import alarms
from reviews.states import CaseState, CheckReason, Lane, VerdictKind
from tests.integration.reviews import promised
from tests.integration.reviews.world import make_case
from tests.integration.world import NOW, answer, make_moderator, make_site

SOON = timezone.now() + timedelta(hours=1)


@pytest.fixture(autouse=True)
def every_word_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.0)


@pytest.fixture(autouse=True)
def moderators_judge_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weighing, "FEW", 0)


@pytest.fixture
def key(site: Site) -> ApiKey:
    LookPlan.objects.create(
        site=site, checks_per_day=50, second_share=0, spam_share=0, gold_share=0
    )
    row, _ = create_key(site=site, name="forum")
    return row


def say(key: ApiKey, label: str = "spam", actor: str = "17", **decision: object) -> Post:
    """Have a reporter say what a fresh post is, as a site's moderator."""
    post = make_case(key.site, text=f"Post {Post.objects.count()}", **decision).post
    feedback.receive(
        post=post, label=label, actor_id=actor, actor_role="moderator", api_key=key, now=NOW
    )
    outbox.deliver(now=NOW + timedelta(seconds=1))
    return post


def check_all(user: User, kind: VerdictKind) -> list[Case]:
    """Open what is to be checked and answer it."""
    checks.open_due(now=SOON)
    asked = list(Case.objects.filter(lane=Lane.LOOK, state=CaseState.OPEN).order_by("pk"))
    for case in asked:
        answer(case, user, kind, now=SOON)
    return asked


def weighs(site: Site) -> list[float]:
    sites = Site.objects.filter(pk=site.pk)
    found = weighing.weigh(effective(sites), caps=False).of_reporters.values()
    return sorted(each.weight for each in found)


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
    standing = effective(both)
    assert weighing.weigh(standing, shared=True).of_reporters == {}, "its key has no name yet"
    sources.follow(both, now=SOON)
    whole = Reporter.objects.get(api_key=new_key, actor_id="")
    weighed = weighing.weigh(standing, shared=True)
    found = weighed.of_reporters.values()
    assert {each.source for each in found} == {f"feedback:{whole.pk}"}
    assert sum(each.weight for each in found) == pytest.approx(2.0, abs=0.001), "two of five"
    own = weighing.weigh(standing).of_reporters.values()
    assert [(each.weight, each.reporter) for each in own] == [(0.5, 0)] * 6, "in its own model"
    export.write_file(standing, tmp_path / "shared.jsonl", weighing=weighed)
    rows = read(tmp_path / "shared.jsonl").rows
    assert sum(is_tried(row.source) for row in rows) == 6
    sources.note([{"source": f"feedback:{whole.pk}", "flagged": True, "sentence": "It harms.",
                   "contradicted": []}])  # fmt: skip
    assert weighing.weigh(standing, shared=True).of_reporters == {}


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


def test_who_turned_hides_behind_no_echoes(site, key, moderator, monkeypatch):
    monkeypatch.setattr(sources, "RECORD", 3)
    said = [say(key) for _ in range(3)]
    check_all(moderator, VerdictKind.NOT_SPAM)
    for post in said:
        feedback.receive(
            post=post, label="ham", actor_id="17", actor_role="moderator", api_key=key,
            now=SOON + timedelta(hours=1),
        )  # fmt: skip
    sources.follow(now=SOON + timedelta(hours=2))
    found = Reporter.objects.get(actor_id="17")
    assert (found.compared, found.agreed) == (3, 0)


def test_who_turns_is_flagged_told_of_and_forgotten_until_a_person_clears_it(
    site, key, moderator, colleague
):
    for _ in range(6):
        say(key)
    check_all(moderator, VerdictKind.SPAM)
    sources.follow(now=SOON)
    assert len(weighs(site)) == 6
    wrong = [say(key) for _ in range(3)]
    check_all(moderator, VerdictKind.NOT_SPAM)
    sources.follow(now=SOON)
    sources.follow(now=SOON)
    assert weighs(site) == []
    assert Feedback.objects.filter(vouched=True).count() == 6, "moderators said so, too"
    reporter = Reporter.objects.get(actor_id="17")
    alarm = Alarm.objects.get(subject=f"reporter {reporter.pk}")
    assert alarm.sentence.startswith("Trust was earned and lost: moderators differ in 3")
    assert Event.objects.filter(kind="source.flagged", payload__alarm=alarm.pk).count() == 1
    # A third person is asked about each, in an ordinary case.
    disputes = Case.objects.filter(settles_check__label__post__in=wrong, state=CaseState.OPEN)
    assert disputes.count() == 3
    assert all(case.meant_for == [colleague.pk] for case in disputes)
    with pytest.raises(NotPermitted):
        sources.clear(alarm_id=alarm.pk, user=moderator, note="A child had the phone.")
    with pytest.raises(AlarmMissing):
        alarms.answer(alarm_id=alarm.pk, user=make_moderator(), note="?")
    Membership.objects.filter(user=colleague).update(role="senior")
    later = SOON + timedelta(hours=1)
    sources.clear(alarm_id=alarm.pk, user=colleague, note="A child had the phone.", now=later)
    sources.follow(now=later)
    found = Reporter.objects.get(actor_id="17")
    assert (found.flagged_at, found.compared) == (None, 0), "trust is earned anew"
    say(key)
    assert weighs(site) == [1.0] * 6, "but for what moderators confirmed"


def test_names_that_are_not_proven_share_what_one_reporter_may_have(site, key, moderator):
    """Of a site's keys together: whoever invents names, or keys, wins nothing by it."""
    other, _ = create_key(site=site, name="comments")
    people = [(each, f"{number}") for each in (key, other) for number in range(2)]
    for each, actor in people:
        for _ in range(4):
            say(each, actor=actor)
    for _ in range(12):
        say(key, actor="long")
    check_all(moderator, VerdictKind.SPAM)
    sources.follow(now=SOON)
    for each, actor in (*people, (key, "long")):
        for _ in range(3):
            say(each, actor=actor)
    for _ in range(60):
        answer(make_case(site), moderator, VerdictKind.NOT_SPAM)

    def shares() -> dict[tuple[str, bool], float]:
        standing = effective(Site.objects.filter(pk=site.pk))
        found: dict[tuple[str, bool], float] = {}
        for pk, each in weighing.weigh(standing).of_reporters.items():
            actor = Label.objects.get(pk=pk).feedback.actor_id
            of = ("long" if actor == "long" else "others", each.seconded)
            found[of] = round(found.get(of, 0.0) + each.weight, 3)
        return found

    one = 60 * 0.05 / 0.95
    found = shares()
    assert found["others", False] <= one, "twelve labels of four names"
    assert found["others", True] > 2 * one, "but what moderators confirmed is theirs"
    sourced = {each.source for each in weighing.weigh(
        effective(Site.objects.filter(pk=site.pk))).of_reporters.values()}  # fmt: skip
    rows = {(row.api_key_id, row.actor_id): row.pk for row in Reporter.objects.all()}
    assert sourced == {
        f"feedback:{rows[key.pk, '']}",
        f"feedback:{rows[other.pk, '']}",
        f"feedback:{rows[key.pk, 'long']}/{rows[key.pk, '']}",
    }
    sources.note([{"source": f"feedback:{rows[key.pk, '']}", "flagged": True,
                   "sentence": "It harms.", "contradicted": []}])  # fmt: skip
    left = shares()
    assert left["others", True] < found["others", True], "the other key's names"
    assert left["long", False] > 0.0, "who is proven stands for themselves"


def test_a_key_whose_people_turn_teaches_only_what_is_confirmed_and_somebody_is_told_once(
    site, key, moderator, colleague, monkeypatch
):
    """Each of whom was wrong but once."""
    names = [str(number) for number in range(5)]
    for actor in names * 4:
        say(key, actor=actor)
    check_all(moderator, VerdictKind.SPAM)
    sources.follow(now=SOON)
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.99)
    for actor in names:
        say(key, actor=actor)
    assert weighs(site) == [0.5] * 5 + [1.0] * 20
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.0)
    for actor in names[:3]:
        say(key, actor=actor)
    check_all(moderator, VerdictKind.NOT_SPAM)
    sources.follow(now=SOON)
    sources.follow(now=SOON)
    whole = Reporter.objects.get(actor_id="")
    assert (whole.trust, whole.flagged_at) == (0.0, None)
    alarm = Alarm.objects.get(subject=f"reporter {whole.pk}")
    assert alarm.sentence.startswith("Those who speak with this key are wrong more often")
    assert weighs(site) == [1.0] * 20
    assert not Reporter.objects.exclude(flagged_at=None).exists(), "the others earn it anew"
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.99)
    asked = Check.objects.count()
    say(key, actor="4")
    assert Check.objects.count() == asked + 1, "whoever speaks with it is looked at"
    Membership.objects.filter(user=colleague).update(role="senior")
    later = SOON + timedelta(hours=1)
    sources.clear(alarm_id=alarm.pk, user=colleague, note="Two classes had a bet.", now=later)
    sources.follow(now=later)
    assert Alarm.objects.filter(subject=f"reporter {whole.pk}").count() == 1
    assert Reporter.objects.get(actor_id="").compared == 0, "its record begins anew"


def test_one_name_ends_no_trust_in_all_who_speak_with_its_key(site, key, moderator, monkeypatch):
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.0)
    for actor in [str(number) for number in range(5)] * 4:
        say(key, actor=actor)
    check_all(moderator, VerdictKind.SPAM)
    for _ in range(4):
        say(key, actor="9")
    check_all(moderator, VerdictKind.NOT_SPAM)
    sources.follow(now=SOON)
    whole = Reporter.objects.get(actor_id="")
    assert (whole.compared - whole.agreed, whole.trust > 0.5) == (2, True)
    assert Reporter.objects.exclude(flagged_at=None).get().actor_id == "9"
    for actor in ("10", "11"):
        say(key, actor=actor)
    check_all(moderator, VerdictKind.NOT_SPAM)
    sources.follow(now=SOON)
    assert Reporter.objects.get(actor_id="").trust == 0.0, "many names do"


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


def test_the_learner_takes_trusted_reporters_only_and_forgets_who_harms(site, key, moderator):
    """And where a training found harm, a person is asked, once."""
    for _ in range(4):
        say(key)
    say(key, actor="a stranger")
    assert adapting.follow(site) == 0
    check_all(moderator, VerdictKind.SPAM)
    sources.follow(now=SOON)
    say(key, actor="another stranger")
    assert adapting.follow(site) == 5, "what was confirmed, and of no stranger"
    whole = Reporter.objects.get(actor_id="")
    harm = "With it the model is wrong about 9 more of 60 posts."
    weighed = weighing.weigh(effective(Site.objects.filter(pk=site.pk)), caps=False)
    [source] = {each.source for each in weighed.of_reporters.values()}
    assert source == f"feedback:{whole.pk}", "nobody is proven: the key is tried as a whole"
    found = {
        "source": source,
        "flagged": True,
        "sentence": harm,
        "contradicted": [],
    }
    sources.note([found, {**found, "source": "feedback:0", "flagged": False}])
    sources.note([found])
    assert Alarm.objects.get().sentence == harm
    adapting.follow(site)
    assert Learnt.objects.count() == 0


def test_whom_a_training_contradicts_is_flagged_with_posts_to_look_at_and_can_be_let_back(
    site, key, moderator, colleague, client
):
    """Nothing is deleted; what a person let stand does not speak against the source again."""
    posts = [say(key) for _ in range(12)]
    check_all(moderator, VerdictKind.SPAM)
    sources.follow(now=SOON)
    reporter = Reporter.objects.get(actor_id="17")
    labels = list(Label.objects.order_by("-pk").values_list("pk", flat=True))
    because = "A model that learnt nothing from them is sure of the contrary in 12 of the last 12."
    said = {"source": f"feedback:{reporter.pk}", "flagged": True, "sentence": because}
    sources.note([{**said, "contradicted": labels}], now=SOON)
    alarm = Alarm.objects.get()
    assert alarm.facts["posts"] == [str(post.pk) for post in reversed(posts)][: sources.SHOWN]
    assert weighs(site) == []
    assert Label.objects.in_force().count() == 12, "kept"

    Membership.objects.filter(user=colleague).update(role="senior")
    client.force_login(colleague)
    page = client.get("/review/sources/").content.decode()
    assert page.count(because) == 1
    assert f'href="/review/posts/{posts[-1].pk}/"' in page
    assert client.get(f"/review/posts/{posts[-1].pk}/").status_code == 200
    assert page.count("Let them earn trust anew") == 1
    url = f"/review/alarms/{alarm.pk}/answer"
    assert client.post(url, {"note": "To be asked."}).status_code == 302
    page = client.get("/review/sources/").content.decode()
    assert page.count(because) == 1
    assert "Kept out" in page
    assert page.count("Let them earn trust anew") == 1, "whoever is kept out may still be let back"

    client.force_login(moderator)
    client.post(url, {"note": "I say so.", "clear": "on"})
    assert Reporter.objects.get(pk=reporter.pk).flagged_at is not None, "not everybody may"
    client.force_login(colleague)
    for _ in range(2):
        client.post(url, {"note": "A new kind of spam.", "clear": "on"})
    assert because not in client.get("/review/sources/").content.decode()
    assert Reporter.objects.get(pk=reporter.pk).flagged_at is None
    notes = Alarm.objects.order_by("pk").values_list("note", "answered_by")
    assert list(notes) == [
        ("To be asked.", colleague.pk),
        ("A new kind of spam.", colleague.pk),
    ]


def test_labels_that_a_person_let_stand_are_told_from_others(site, key, moderator, tmp_path):
    agreed = [say(key) for _ in range(6)]
    check_all(moderator, VerdictKind.SPAM)
    unchecked = say(key)
    sources.follow(now=SOON)
    people = make_case(site)
    answer(people, moderator, VerdictKind.NOT_SPAM)

    def seconded() -> set[UUID]:
        standing = effective(Site.objects.filter(pk=site.pk))
        found = weighing.weigh(standing)
        file = tmp_path / "snapshot.jsonl"
        export.write_file(standing, file, weighing=found)
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
