import json
import stat
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from moderation.access import find_key, revoke_key
from moderation.models import ApiKey, Policy, Site
from reviews.models import Membership


def create(path: Path) -> dict[str, Any]:
    out = StringIO()
    call_command("create_demo", state_file=path, stdout=out)
    said: dict[str, Any] = json.loads(out.getvalue())
    assert json.loads(path.read_text()) == said
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return said


def works(demo: dict[str, Any]) -> bool:
    key = find_key(demo["api_key"])
    user = User.objects.get(username=demo["username"])
    return key is not None and key.site.name == "Demo" and user.check_password(demo["password"])


def test_a_demo_that_works(tmp_path):
    demo = create(tmp_path / "demo.json")
    assert set(demo) == {"api_key", "username", "password"}
    assert works(demo)
    assert Policy.objects.get().mode == "provisional"
    user = User.objects.get()
    assert (user.username, user.is_staff, user.is_superuser) == ("moderator", True, True)
    assert Membership.objects.get().site == Site.objects.get()


def test_again_is_the_same(tmp_path):
    first = create(tmp_path / "demo.json")
    assert create(tmp_path / "demo.json") == first
    assert (ApiKey.objects.count(), User.objects.count(), Site.objects.count()) == (1, 1, 1)


def test_what_the_database_lost_is_made_anew(tmp_path):
    first = create(tmp_path / "demo.json")
    revoke_key(api_key=ApiKey.objects.get())
    second = create(tmp_path / "demo.json")
    assert second["api_key"] != first["api_key"]
    assert second["password"] == first["password"]
    user = User.objects.get()
    user.set_password("another")
    user.save()
    third = create(tmp_path / "demo.json")
    assert third["api_key"] == second["api_key"]
    assert works(third)


@pytest.mark.parametrize("content", [None, "", "{", "[]", "{}"])
def test_a_lost_file_is_written_anew(tmp_path, content):
    path = tmp_path / "demo.json"
    create(path)
    path.unlink()
    if content is not None:
        path.write_text(content)
    assert works(create(path))


def test_no_demo_in_production(tmp_path, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="no place in production"):
        create(tmp_path / "demo.json")
    assert not User.objects.exists()
