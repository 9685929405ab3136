"""Sites, and the people who review their posts."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from moderation.models import Post, Site
    from reviews.models import Case


@pytest.fixture(autouse=True)
def no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is looked at again by chance: it would be kept from colleagues."""
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.9999)


@pytest.fixture(autouse=True)
def no_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary cases are none that are judged by the post alone, unless a test lets them be."""
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)


@pytest.fixture
def site(db: None) -> Site:
    from tests.integration.world import make_site

    return make_site()


@pytest.fixture
def other_site(db: None) -> Site:
    from tests.integration.world import make_site

    return make_site()


@pytest.fixture
def old_post(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Post]:
    from tests.integration.reviews.world import make_old_post

    return partial(make_old_post, site, monkeypatch)


@pytest.fixture
def moderator(site: Site) -> User:
    from tests.integration.world import make_moderator

    return make_moderator(site)


@pytest.fixture
def colleague(site: Site) -> User:
    from tests.integration.world import make_moderator

    return make_moderator(site)


@pytest.fixture
def open_case(site: Site) -> Callable[..., Case]:
    """Open a case about a fresh post; keywords as for `world.decide`."""
    from tests.integration.reviews.world import make_case

    return partial(make_case, site)


@pytest.fixture
def folders(settings, tmp_path: Path) -> None:
    from classifiers.versions import lineup

    settings.WINNOW_MODEL_DIR = tmp_path / "models"
    settings.WINNOW_STATE_DIR = tmp_path / "state"
    settings.WINNOW_ENCODER = tmp_path / "none"
    settings.WINNOW_ROLLOUT = False
    lineup.forget()


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same training, in this process: a second of work instead of many of starting."""
    from classifiers.training.run import main
    from reviews.learning import subprocesses

    def run(command, *, folder, limits, while_running):
        while_running()
        said, told = StringIO(), StringIO()
        with redirect_stdout(said), redirect_stderr(told):
            status = main(command[3:])
        return subprocesses.Finished(status, said.getvalue(), told.getvalue())

    monkeypatch.setattr(subprocesses, "run", run)
