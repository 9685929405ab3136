"""Names, links, paths and formulas: signs and figures between letters that part no word."""

from __future__ import annotations

import pytest

from classifiers.text.disguises.restoring import restored
from classifiers.text.normalize import normalize

KEPT = {
    "numeronyms": "k8s and k3s with i18n",
    "a postcode": "sw1a 1aa",
    "a key": "er8w",
    "an account": "log in as me@host",
    "a formula": "∀x(p(x)→∃y(q(y)))",
    "an encyclopedia": "see https://en.wikipedia.org/wiki/regular_expression",
    "a path": r"it is in c:\users\me\appdata\roaming",
    "a path from the root": "see /home/me/my_file~old or (/usr/lib/py_thon).",
    "a path from here": "run ./run_all or ~/my_tool, not ../my_stuff~",
    "a path with underlines": r"see d:\games\my_stuff\save.dat",
    "a share": r"\\srv01\new_files\a_b.txt",
}


@pytest.mark.parametrize("text", KEPT.values(), ids=KEPT)
def test_names_stay_as_they_are(text):
    assert restored(normalize(text)) == text


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("w17h c45h", "with cash"),
        ("l00k g00d b1g", "look good big"),
        ("m@il me c@sh", "mail me cash"),
        ("ca*sh to_day", "cash today"),
        ("f(r(e(e", "free"),
    ],
)
def test_disguises_that_look_like_them_come_off(written, read):
    assert normalize(written) == read
