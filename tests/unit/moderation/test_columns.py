"""Two statements store a post: what a post has is named in both."""

import re

import pytest

from classifiers.types import Content
from moderation.submitting import arrivals, posts
from moderation.types import Draft


def columns(statement: str, table: str) -> list[str]:
    """The columns that a statement fills in a table."""
    return re.findall(r"\w+", re.search(rf"INSERT INTO {table} \((.*?)\)", statement, re.DOTALL)[1])


@pytest.mark.parametrize("table", ["moderation_post", "moderation_postrevision"])
def test_both_statements_fill_the_same_columns(table):
    assert columns(posts.INSERT, table) == columns(arrivals.STORE, table)


def test_all_words_of_a_post_are_stored():
    words = posts.words(Draft(content=Content(text="")))
    assert words.keys() <= set(columns(arrivals.STORE, "moderation_postrevision"))
