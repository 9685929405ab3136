"""A site's limit of missed spam: watched, told, and answered by asking people about more."""

import pytest
from django.contrib.auth.models import User

from moderation import sites
from moderation.models import Caution, Event, Site
from moderation.types import EventKind
from reviews.measuring import missed, site_figures
from reviews.models import Alarm, Look, Measured
from tests.integration.reviews.promised import DAY, FOUR_DAYS, NOW, judge, look, send
from tests.integration.world import make_moderator, make_site


@pytest.fixture
def site(db):
    made = make_site()
    sites.change_policy(site=made, missed_limit=0.05, missed_reviews_per_day=3)
    Site.objects.filter(pk=made.pk).update(created_at=NOW - 10 * DAY)
    made.policies.update(created_at=NOW - 10 * DAY)
    made.refresh_from_db()
    made.user = make_moderator(made)
    return made


def allowed(site, *, spam, said, at=NOW - FOUR_DAYS, **more):
    """Sixty allowed posts that were drawn; of `spam` of them people say so."""
    draws = send(site, 60, probability=0.02, at=at, **more)
    judge(site, draws[:spam], "spam")
    judge(site, draws[spam:], "ham")
    look(site, draws[:spam], said)
    return draws


def test_broken_beyond_doubt_it_is_told_once_and_people_are_asked_about_more(site, client):
    allowed(site, spam=20, said="spam")
    send(site, 12, probability=0.2, at=NOW - FOUR_DAYS, selected=False)
    send(site, 40, probability=0.1, at=NOW - FOUR_DAYS, selected=False)
    site_figures.measure(site=site, now=NOW)
    site_figures.measure(site=site, now=NOW + DAY / 12)
    alarm = Alarm.objects.get()
    assert "Of 60 allowed posts" in alarm.sentence and "20 are spam" in alarm.sentence
    assert Event.objects.get(kind=EventKind.MISSED_EXCEEDED).payload["alarm"] == alarm.pk
    caution = Caution.objects.get()
    assert (caution.asks_from, caution.a_day) == (0.2, 3), "twelve in four days lie above"

    client.force_login(User.objects.create_superuser("ops"))
    said = " ".join(client.get("/review/promises/").content.decode().split())
    assert "this site allows 50 of 1,000" in said and "People are asked about more posts" in said
    answered = client.post(f"/review/alarms/{alarm.pk}/answer", {"note": "A new campaign."})
    assert answered.headers["Location"] == "/review/promises/"
    caution.refresh_from_db()
    assert caution.ended_at and caution.ended_because == "The alarm was answered."
    found = missed.follow(site=site, people=_people(site), now=NOW + DAY)
    assert found["drawn"] == 0 and found["asks_from"] is None, "the watch begins anew"
    assert Alarm.objects.count() == 1


@pytest.mark.parametrize("said", [None, "not_spam"])
def test_one_persons_word_and_silence_are_no_evidence_but_count_in_what_is_shown(site, said):
    allowed(site, spam=20, said=said)
    send(site, 10, probability=0.02, at=NOW - FOUR_DAYS)
    found = missed.follow(site=site, people=_people(site), now=NOW)
    assert (found["drawn"], found["spam"], found["unanswered"]) == (70, 20, 10)
    assert found["twice"] == 0 and found["evidence"] < 1.0 and found["at_most"] > 0.4
    assert not Alarm.objects.exists() and not Caution.objects.exists()


def test_the_same_person_twice_is_one_person(site):
    allowed(site, spam=20, said="spam")
    Look.objects.update(own=True)
    found = missed.follow(site=site, people=_people(site), now=NOW)
    assert (found["spam"], found["twice"]) == (20, 0)
    assert not Alarm.objects.exists()


def test_a_kept_limit_is_shown_and_what_it_still_takes(site):
    allowed(site, spam=0, said=None)
    found = missed.follow(site=site, people=_people(site), now=NOW)
    assert 0.05 < found["at_most"] < 0.12 and found["still"]["draws"] > 0
    allowed(site, spam=0, said=None, at=NOW - FOUR_DAYS + DAY / 2)
    found = missed.follow(site=site, people=_people(site), now=NOW)
    assert found["at_most"] <= 0.05 and not found["still"]


def test_a_wave_of_spam_on_a_busy_day_weighs_as_many_posts_as_it_was(site):
    """Of its posts fewer are drawn: they stand beside as many of the other days' as that chance
    would have drawn of these."""
    allowed(site, spam=0, said=None, thrown=0.2)
    allowed(site, spam=0, said=None, at=NOW - FOUR_DAYS + DAY / 4, thrown=0.01)
    before = missed.follow(site=site, people=_people(site), now=NOW)
    judge(site, send(site, 5, probability=0.02, at=NOW - FOUR_DAYS + DAY / 2, chance=0.02,
                     thrown=0.01), "spam")  # fmt: skip
    found = missed.follow(site=site, people=_people(site), now=NOW)
    assert before["counted"] == 120 and before["at_most"] <= 0.05
    assert (found["drawn"], found["counted"], found["spam"]) == (125, 65, 5)
    assert found["at_most"] > 5 / 65


def test_a_post_that_could_not_be_drawn_spoils_no_bound(site):
    """It was judged by the policy before there was a limit."""
    allowed(site, spam=0, said=None)
    before = missed.follow(site=site, people=_people(site), now=NOW)
    send(site, 1, probability=0.02, at=NOW - FOUR_DAYS, selected=False, chance=0.0)
    found = missed.follow(site=site, people=_people(site), now=NOW)
    assert found["counted"] == 60 and found["at_most"] == before["at_most"]


def test_the_least_chance_is_read_on_from_where_it_was_read_to(site):
    def least() -> dict[str, object]:
        return Measured.objects.get().figures["missed"]["least"]

    allowed(site, spam=0, said=None, at=NOW - 6 * DAY, chance=0.05, thrown=0.01)
    site_figures.measure(site=site, now=NOW - DAY)
    assert least()["chance"] == 0.05
    send(site, 1, probability=0.02, at=NOW - 6 * DAY, selected=False, chance=0.01)
    site_figures.measure(site=site, now=NOW - DAY / 2)
    assert least()["chance"] == 0.05, "nothing is stored so late, so that is not read again"
    allowed(site, spam=0, said=None, at=NOW - DAY / 4, chance=0.02, thrown=0.01)
    site_figures.measure(site=site, now=NOW)
    assert least() == {"chance": 0.02, "until": NOW.isoformat()}
    assert Measured.objects.get().figures["missed"]["counted"] == 120
    sites.change_policy(site=site, missed_limit=0.04)
    site_figures.measure(site=site, now=NOW + DAY)
    assert least()["chance"] is None, "the watch begins anew"


def test_without_a_limit_nothing_is_watched_and_a_caution_ends(site):
    Caution.objects.create(site=site, limit=0.05, asks_from=0.1, a_day=3, created_at=NOW)
    allowed(site, spam=20, said="spam")
    sites.change_policy(site=site, missed_limit=None)
    assert missed.follow(site=site, people=_people(site), now=NOW) is None
    assert Caution.objects.get().ended_at == NOW and not Alarm.objects.exists()


def _people(site):
    from reviews.measuring.mistaken import people

    return people(site=site, now=NOW)
