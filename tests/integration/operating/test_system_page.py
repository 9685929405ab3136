"""The operators' page and `manage.py status` tell the same truth, to those whom it concerns."""

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from reviews.models import Case
from reviews.operating import facts

pytestmark = pytest.mark.usefixtures("broker")


@pytest.fixture(autouse=True)
def _measure_anew(monkeypatch):
    monkeypatch.setattr(facts, "_kept", None)
    monkeypatch.setattr(facts, "_failing", {})


@pytest.fixture
def operator(client):
    client.force_login(User.objects.create_superuser("ops"))
    return client


def status(capsys) -> tuple[int, dict]:
    with pytest.raises(SystemExit) as ended:
        call_command("status", "--json")
    return int(ended.value.code), json.loads(capsys.readouterr().out)


def test_without_a_worker_page_and_command_say_so(operator, broker, capsys):
    for key in broker.scan_iter("winnow:worker:*"):
        broker.delete(key)
    page = operator.get("/review/system/").content.decode()
    assert "Nothing would be judged: no worker has answered" in page
    assert "python -m config.run worker" in page
    code, said = status(capsys)
    assert code == 2 and said["state"] == "broken"
    assert said["sentence"].startswith("Nothing would be judged")


def test_it_works_while_the_broker_is_away(operator, monkeypatch, capsys, away):
    monkeypatch.setattr("moderation.broker.doorbells.broker", lambda: away)
    answer = operator.get("/review/system/")
    assert answer.status_code == 200
    assert "the broker does not answer." in answer.content.decode()
    assert status(capsys)[0] == 2


def test_it_is_for_operators(client):
    assert client.get("/review/system/").status_code == 302
    client.force_login(User.objects.create_user("mara"))
    answer = client.get("/review/system/")
    assert answer.status_code == 403 and "for operators" in answer.content.decode()
    assert "/review/system/" not in client.get("/review/account/").content.decode()


def test_what_posts_and_cases_do_is_measured(operator):
    from tests.integration.console.factory import make_case, make_post
    from tests.integration.world import make_site

    site = make_site()
    make_case(site)
    make_post(site, post={"status": "pending"})
    found = facts.measure().database
    assert found is not None
    assert (found.posts.count, sum(lane.count for lane in found.lanes.values())) == (1, 1)
    assert found.posts.oldest is not None and found.jobs


def test_cases_are_counted_by_lane_along_an_index():
    from tests.integration.console.factory import make_case
    from tests.integration.world import make_site

    for hours in (3, 1, 2):
        make_case(make_site(), opened=timedelta(hours=hours))
    Case.objects.filter(pk=make_case(make_site()).pk).update(lane="published")
    closed = Case.objects.filter(pk=make_case(make_site(), opened=timedelta(hours=9)).pk)
    closed.update(state="closed", closed_at=timezone.now())
    found = facts.measure().database
    assert found is not None
    assert {lane: waiting.count for lane, waiting in found.lanes.items()} == {
        "held": 3,
        "published": 1,
    }
    assert found.lanes["held"].oldest == Case.objects.earliest("pk").opened_at
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {facts.LANES}", [facts.LANE_NAMES])
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Index Only Scan using case_open_by_lane" in plan, plan
