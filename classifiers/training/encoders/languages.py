"""What languages and scripts an encoder reads, by sentences that say the same in all of them.

The same twelve sentences, about twelve things, are in `sentences.json` in each language. The one
in which the tokenizer needs fewest tokens for them is the encoder's own; any other is read when
sentences find their translations in it. Where a script has both languages that are read and
others, the posts written for this project tell how often words are cut in each.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers import features
from classifiers.encoder.languages import (
    LETTERS,
    Reads,
    letters_by_script,
    primary,
    words_a_token,
    words_of,
)
from classifiers.encoder.model import Encoder
from classifiers.training.data.dataset import read
from classifiers.types import Content

SENTENCES: Final = Path(__file__).with_name("sentences.json")
WRITTEN: Final = Path(__file__).parents[1] / "written"
FOUND: Final = 0.7
"""Share of the sentences that must lie nearest to their translations, both ways."""
UNKNOWN: Final = 0.5
"""Share of its own language's letters above which a tokenizer knows no language."""
CROWDED: Final = 0.3
"""Mean cosine of sentences about different things from which on vectors are crowded."""
WRITTEN_IN: Final = 0.05
"""Share of a language's letters from which on a script is one that it is written in."""
MOST: Final = 200
"""Posts of each language whose words are cut."""
WHOLE: Final = 0.01
"""Share of the posts in languages that are read whose words are cut more often than allowed."""
TOLD_APART: Final = 0.5
"""Share of the posts in the others that must be told by it, or it is not used."""


def measure(encoder: Encoder) -> Reads:
    """What the encoder reads; nothing where nothing can be shown."""
    bodies = _sentences()
    counted = {name: _tokens(encoder, texts) for name, texts in bodies.items()}
    own = min(counted, key=lambda name: counted[name][0])
    if counted[own][1] > UNKNOWN:
        return Reads()
    vectors = {name: encoder.embed(texts) for name, texts in bodies.items()}
    languages = {
        name: name == own or _translated(vectors[own] @ vectors[name].T) >= FOUND for name in bodies
    }
    scripts = {name: _scripts(texts) for name, texts in bodies.items()}
    known = {script for name, read in languages.items() if read for script in scripts[name]}
    shared = {
        script for name, read in languages.items() if not read for script in known & scripts[name]
    }
    return Reads(languages, tuple(sorted(known)), _whole(encoder, languages, shared))


@cache
def _sentences() -> Mapping[str, Sequence[str]]:
    """As the encoder is given them, by language."""
    stored: dict[str, list[str]] = json.loads(SENTENCES.read_text())
    return {name: [_body(text) for text in texts] for name, texts in stored.items()}


def _tokens(encoder: Encoder, bodies: Sequence[str]) -> tuple[int, float]:
    """How many the sentences need, and the share of letters in those that are unknown."""
    needed = lost = 0
    for body in bodies:
        for unknown, start, end in encoder.reader.cut(body):
            needed += end - start if unknown else 1
            lost += end - start if unknown else 0
    return needed, lost / sum(map(len, bodies))


def _translated(similar: np.ndarray) -> float:
    right = np.arange(len(similar))
    ways = similar.argmax(axis=0), similar.argmax(axis=1)
    return float(np.mean([(found == right).mean() for found in ways]))


def _scripts(bodies: Sequence[str]) -> set[str]:
    letters = letters_by_script(" ".join(bodies))
    least = WRITTEN_IN * letters.total()
    return {script for script, number in letters.items() if number >= least}


def crowd(encoder: Encoder, reads: Reads) -> NDArray[np.float32] | None:
    """What its vectors have in common whatever a text says; None where that is little.

    Some encoders put all texts into a narrow cone, e5 for one: two that have nothing to do with
    each other are at .8. Less the mean, they are at 0 (Mu, Viswanath: All-but-the-top, 2018).
    """
    known = [texts for name, texts in _sentences().items() if reads.languages.get(name)]
    if not known:
        return None
    vectors = [encoder.embed(texts) for texts in known]
    apart = ~np.eye(len(known[0]), dtype=bool)
    if np.mean([(each @ each.T)[apart].mean() for each in vectors]) <= CROWDED:
        return None
    return np.asarray(np.concatenate(vectors).mean(axis=0), dtype=np.float32)


def _whole(encoder: Encoder, languages: Mapping[str, bool], shared: set[str]) -> dict[str, float]:
    """By script, words a token below which a text is in a language that is not read."""
    found = _cut(encoder, languages, shared)
    least = {}
    for script in sorted(shared):
        readable = [share for read, share in found[script] if read]
        strange = [share for read, share in found[script] if not read]
        if not (readable and strange):
            continue
        limit = float(np.quantile(readable, WHOLE))
        if float(np.mean([share < limit for share in strange])) >= TOLD_APART:
            least[script] = round(limit, 4)
    return least


def _cut(
    encoder: Encoder, languages: Mapping[str, bool], shared: set[str]
) -> dict[str, list[tuple[bool, float]]]:
    """By script, of each post whether its language is read and its words a token."""
    found: dict[str, list[tuple[bool, float]]] = defaultdict(list)
    taken: dict[str, int] = defaultdict(int)
    for file in sorted(WRITTEN.glob("*.jsonl")) if shared else ():
        for row in read(file).rows:
            name = primary(row.content.language)
            if name not in languages or taken[name] >= MOST:
                continue
            body = _body(row.content.text)
            letters = letters_by_script(body)
            script = max(letters, key=letters.__getitem__, default="")
            if script in shared and letters[script] >= LETTERS:
                taken[name] += 1
                words = words_of(body)
                share = words_a_token(words, encoder.reader.cut(words))
                found[script].append((languages[name], share))
    return found


def _body(text: str) -> str:
    return features.read(Content(text=text)).body
