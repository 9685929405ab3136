"""No cell that we write is run by a spreadsheet, and what was written is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.tables.cells import guarded, unguarded

STARTS = "=+-@|\t\r\n＝＋－＠"


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("marks", ["", "'", "''"])
def test_what_begins_like_a_formula_is_marked(start: str, marks: str):
    cell = f"{marks}{start}cmd|'/c calc'!A1"
    assert guarded(cell) == f"'{cell}"
    assert unguarded(guarded(cell)) == cell


@pytest.mark.parametrize("cell", ["", "'", "1-1", "'quoted'", " =1", "a\n=1"])
def test_everything_else_stays_as_it_is(cell: str):
    assert guarded(cell) == cell == unguarded(cell)


@given(st.text(alphabet=st.one_of(st.sampled_from(f"'{STARTS}a "), st.characters()), max_size=6))
def test_what_was_written_is_read_back(cell: str):
    assert unguarded(guarded(cell)) == cell
    assert guarded(cell)[:1] not in set(STARTS)
