"""What leads the lines of a list or a talk, and what of it says something."""

from __future__ import annotations

from classifiers.text.leaders import without_leaders


def test_names_that_do_not_recur_are_words():
    table = "12:30 Paris: 5\n13:30 Rome: 6\n14:00 Oslo: 7"
    assert without_leaders(table) == "Paris: 5\nRome: 6\nOslo: 7"
    hidden = "9:01 buy: fine\n9:02 cheap: yes\n9:03 pills: no"
    assert without_leaders(hidden) == "buy: fine\ncheap: yes\npills: no"


def test_people_who_talk_are_no_words():
    talk = "9:58 anna: late\n9:59 <ben> again\n9:59 anna: well\n10:02 <ben> sorry"
    assert without_leaders(talk) == "late\nagain\nwell\nsorry"
