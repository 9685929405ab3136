"""Words disguised by a rule that no reader names, and what is no disguise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from classifiers.text.disguises.restoring import restored
from classifiers.text.disguises.solving import solved
from classifiers.text.normalize import normalize

POST = (
    "please subscribe to this channel and share the channel with people who like music videos "
    "because everybody should receive something today"
)
VOWELS = str.maketrans("aeiou", "eioua")

RULES = {
    "neighbours exchanged throughout": lambda word: "".join(
        word[place : place + 2][::-1] for place in range(0, len(word), 2)
    ),
    "letters sorted": lambda word: "".join(sorted(word)),
    "first and last exchanged": lambda word: word[-1] + word[1:-1] + word[0] if word[1:] else word,
    "every second letter, then the rest": lambda word: word[::2] + word[1::2],
    "a string between all letters": lambda word: "~>".join(word),
    "another letter behind each": lambda word: "".join(
        letter + "qzxj"[place % 4] for place, letter in enumerate(word)
    ),
    "vowels for others": lambda word: word.translate(VOWELS),
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_found(rule):
    said = POST.split()
    read = solved(sorted({written for word in said if (written := rule(word)) != word}))
    right = sum(read.get(rule(word), rule(word)) == word for word in said)
    assert right >= 0.8 * len(said)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_one_short_word_is_too_little_to_believe(rule):
    assert solved([rule("song")]) == {}


@pytest.mark.parametrize(
    "text",
    [
        "interesante servicio publico para todos los estudiantes de la universidad nacional",
        "de kinderen speelden gisteren buiten terwijl hun ouders het avondeten klaarmaakten",
        "aidan brian amy leona romeo lisa nigel ernst anders bertil sven astrid torsten",
        "from 2013–2015 to 2017–2018, gbp1.50/week, w1j6hl, 150p/msg, cr01327bt, 2025-10",
        "they're here, we're late, it's fine, don't; eminem<3, co-ordinated, a/b and e.g.",
        "ᓄᓇᕗᑦ ᒐᕙᒪᖓ ᐅᖃᐅᓯᖅ ᐱᒻᒪᕆᐅᕗᖅ ᐃᓄᒃᑎᑐᑦ ᐅᖃᓕᒫᕐᕕᒃ",
        "def parse(self, tokens): return [tok.strip() for tok in tokens if tok.isalpha()]",
    ],
)
def test_what_follows_no_rule_stays(text):
    assert solved(sorted(set(text.split()))) == {}


def test_a_rule_reads_a_post_with_its_punctuation():
    written = POST.translate(VOWELS)
    read = restored(f"{written}!")
    assert read.startswith("please subscribe to this channel ")
    assert read.endswith(" because everybody should receive something today!")


def test_figures_in_words_that_are_no_common_ones_are_read_as_usual():
    assert normalize("z4rb0ndi kr4m0lin v3rb4ldo") == "zarbondi kramolin verbaldo"


def test_which_of_very_many_words_are_read_is_no_chance():
    program = "from classifiers.text.disguises.restoring import restored\n"
    odd = [f"{chr(0x430 + place % 32)}{place}c4$h{place}" for place in range(400)]
    text = " ".join([*odd, "pl3ase", "ch✨e✨c✨k"])
    said = {
        subprocess.run(
            [sys.executable, "-c", f"{program}print(ascii(restored({text!r})))"],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(said) == 1
