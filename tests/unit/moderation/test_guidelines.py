"""Guidelines as operators write them."""

import pytest

from moderation.exceptions import InvalidGuidelines
from moderation.guidelines import LENGTH, Leads, parse

TEXT = """
A forum about gardens.

Be kind.
Rule: Advertising.
answer: Spam
Posts that sell something.

And do nothing else.
Against: Cheap watches!
AGAINST: Rule of thumb: buy two
Fine: I give my old watch away.
Rule: Insults
Attacks on a person.
"""


def test_what_is_written_is_read_as_rules_with_examples():
    written = parse(TEXT)
    assert written.introduction == ["A forum about gardens.", "Be kind."]
    first, second = written.rules
    assert (first.number, first.title, first.leads) == (1, "Advertising", Leads.SPAM)
    assert first.text == ["Posts that sell something.", "And do nothing else."]
    assert first.against == ["Cheap watches!", "Rule of thumb: buy two"]
    assert first.fine == ["I give my old watch away."]
    assert (second.number, second.leads, second.against) == (2, Leads.REMOVE, [])
    assert written.rule(2) is second
    assert written.rule(3) is written.rule(None) is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Be kind.", "There is no rule."),
        ("Be kind.\nAgainst: this", "Line 2: “Against:” stands before the first rule."),
        ("Rule: A\nAnswer: delete", "Line 2: An answer is “spam” or “remove”."),
        ("Rule:", "Line 1: Nothing follows “Rule:”."),
        ("\n".join(f"Rule: {n}" for n in range(10)), "Line 10: There are 9 rules at most"),
        ("Rule: " + "x" * 81, "Line 1: The name of a rule has 80 characters at most."),
        ("x" * (LENGTH + 1), "Guidelines have 20,000 characters at most."),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text, sentence):
    with pytest.raises(InvalidGuidelines) as refused:
        parse(text)
    assert refused.value.sentence.startswith(sentence)
