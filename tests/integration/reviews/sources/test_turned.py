"""Whose labels teach no more: trust lost by turning, and who learns of it."""

from datetime import timedelta

import pytest

from moderation.access import create_key
from moderation.deciding import feedback
from moderation.models import Event, Feedback, Site
from reviews.exceptions import AlarmMissing, NotPermitted
from reviews.labels import sources, weighing
from reviews.labels.labelling import effective
from reviews.learning import adapting
from reviews.models import (
    Alarm,
    Case,
    Check,
    Label,
    Learnt,
    Membership,
    Reporter,
)
from reviews.notices import alarms
from reviews.states import CaseState, VerdictKind
from tests.integration.reviews.sources.reports import SOON, TOMORROW, check_all, say, weighs
from tests.integration.reviews.world import make_case
from tests.integration.world import answer, make_moderator

MINUTE = timedelta(minutes=1)


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
    assert weighs(site) == [1.0] * 6, "what moderators confirmed, and no more"
    assert not Alarm.objects.exists(), "it would tell what the answer was to"
    sources.follow(now=TOMORROW)
    sources.follow(now=TOMORROW)
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
    later = TOMORROW + timedelta(hours=1)
    sources.clear(alarm_id=alarm.pk, user=colleague, note="A child had the phone.", now=later)
    sources.follow(now=later)
    found = Reporter.objects.get(actor_id="17")
    assert (found.flagged_at, found.compared) == (None, 0), "trust is earned anew"
    say(key)
    assert weighs(site) == [1.0] * 6, "but for what moderators confirmed"


def test_no_alarm_tells_what_was_answered_just_after_midnight(site, key, moderator):
    midnight = TOMORROW.replace(hour=0, minute=0, second=0, microsecond=0)
    for kind, now in ((VerdictKind.SPAM, SOON), (VerdictKind.NOT_SPAM, midnight + 3 * MINUTE)):
        for _ in range(4):
            say(key)
        check_all(moderator, kind, now)
        sources.follow(now=now + MINUTE)
    assert Reporter.objects.get(actor_id="17").trust < 0.5, "its labels teach no more"
    assert not Alarm.objects.exists()
    sources.follow(now=midnight + timedelta(days=1))
    assert Alarm.objects.filter(sentence__startswith="Trust was earned and lost").count() == 1


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
        in_force = effective(Site.objects.filter(pk=site.pk))
        found: dict[tuple[str, bool], float] = {}
        for pk, each in weighing.weigh(in_force).of_reporters.items():
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
    assert weighs(site) == [1.0] * 20
    assert not Alarm.objects.exists(), "it would tell what the answer was to"
    sources.follow(now=TOMORROW)
    sources.follow(now=TOMORROW)
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
    later = TOMORROW + timedelta(hours=1)
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
    sources.follow(now=TOMORROW)
    assert Reporter.objects.exclude(flagged_at=None).get().actor_id == "9"
    for actor in ("10", "11"):
        say(key, actor=actor)
    check_all(moderator, VerdictKind.NOT_SPAM)
    sources.follow(now=TOMORROW)
    assert Reporter.objects.get(actor_id="").trust == 0.0, "many names do"


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
