"""The words of the console."""

import pytest

from reviews.console.wording import counted


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (None, "–"),
        (0.0, "0 %"),
        (0.001, "<1 %"),
        (0.5, "50 %"),
        (0.999, ">99 %"),
        (1.0, "100 %"),
    ],
)
def test_a_counted_share_says_none_and_all_as_they_are(share, words):
    assert counted(share) == words
