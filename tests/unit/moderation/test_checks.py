import pytest
from django.test import override_settings

from moderation.checks import check_event_subscribers


@pytest.mark.parametrize(
    ("subscribers", "codes"),
    [
        ({}, []),
        ({"decision.recorded": ["moderation.checks.check_event_subscribers"]}, []),
        ({"decision.invented": []}, ["moderation.E001"]),
        ({"decision.recorded": ["moderation.nowhere.at_all"]}, ["moderation.E002"]),
        ({"decision.recorded": ["moderation.checks.Tags.models"]}, ["moderation.E002"]),
        ({"decision.recorded": ["moderation.deciding.audits.MOST"]}, ["moderation.E003"]),
    ],
)
def test_subscribers_are_checked_at_start(subscribers, codes):
    with override_settings(WINNOW_EVENT_SUBSCRIBERS=subscribers):
        assert [problem.id for problem in check_event_subscribers()] == codes
