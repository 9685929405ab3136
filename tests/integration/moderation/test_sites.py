import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from moderation import access, sites
from moderation.exceptions import InvalidPolicy, SiteExists
from moderation.models import ApiKey, Policy, Site
from moderation.types import Mode


def test_a_new_site_starts_safe():
    sites.create_site(name="انجمن می\u200cخواهم")
    policy = sites.policy_of(sites.create_site(name="  Forum "))
    assert (policy.site.name, policy.revision, policy.mode) == ("Forum", 1, Mode.REVIEW_ONLY)
    assert (policy.block_audits_per_day, policy.allow_audits_per_day) == (5, 2)
    assert (policy.max_hold, policy.hold_fallback) == (timedelta(hours=24), "block")


def test_a_name_is_taken_once(site):
    with pytest.raises(SiteExists, match="Forum"):
        sites.create_site(name="Forum")
    with pytest.raises(InvalidPolicy):
        sites.create_site(name="Shop", mode="reckless")
    with pytest.raises(InvalidPolicy):
        sites.create_site(name=" ")
    for name in ("Forum\r\nBcc: x@example.org", "Harbour \u202egnp", "Bell\x07"):
        with pytest.raises(InvalidPolicy, match="A name is one line"):
            sites.create_site(name=name)
    assert Site.objects.count() == Policy.objects.count() == 1


def test_a_change_of_policy_is_a_new_revision_and_keeps_the_rest(site, django_user_model):
    user = django_user_model.objects.create_user("op")
    first = sites.change_policy(site=site, review_from=0.2, published_types=["comment"])
    second = sites.change_policy(site=site, created_by=user, mode="observe")
    assert [first.revision, second.revision] == [2, 3]
    assert (second.review_from, second.published_types, second.mode) == (
        *(0.2, ["comment"], "observe"),
    )
    assert (first.created_by, second.created_by) == (None, user)
    assert sites.policy_of(site) == second
    assert list(Policy.objects.in_force()) == [second]
    assert Policy.objects.get(revision=1).review_from == 0.3


def test_no_change_is_no_revision(site):
    assert sites.change_policy(site=site, mode="provisional").revision == 1


@pytest.mark.parametrize(
    "change",
    [{"review_from": 0.99}, {"block_from": 1.2}, {"mode": "reckless"}, {"nonsense": 1}],
)
def test_a_contradiction_is_refused(site, change):
    with pytest.raises(InvalidPolicy):
        sites.change_policy(site=site, **change)
    assert Policy.objects.count() == 1


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_site", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_a_key_that_works():
    answer = json.loads(run("Shop", "--mode", "provisional", "--json"))
    key = access.find_key(answer["api_key"])
    assert key is not None
    assert (key.site.name, answer["site"], answer["mode"]) == ("Shop", key.site_id, "provisional")
    assert sites.policy_of(key.site).mode == Mode.PROVISIONAL
    assert "wnw_" in run("Another")


def test_the_command_refuses_a_name_that_exists(site):
    with pytest.raises(CommandError, match="already a site named 'Forum'") as caught:
        run("Forum")
    assert caught.value.returncode == 1
    assert ApiKey.objects.count() == 0
