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
