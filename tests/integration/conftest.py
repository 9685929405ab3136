from pathlib import Path

import pytest


# Before pytest-django sorts by the mark.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in a folder below this one uses the database."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parent.parents and not item.get_closest_marker("django_db"):
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(autouse=True)
def no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is looked at again by chance: it would be kept from colleagues."""
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.9999)


@pytest.fixture(autouse=True)
def no_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary cases show their evidence, unless a test lets the lot fall on them."""
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)
