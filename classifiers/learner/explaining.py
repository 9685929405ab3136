"""What a site's labels taught about the words and signals of one post, for people."""

from __future__ import annotations

import string
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from classifiers import features
from classifiers.arrays import Numbers
from classifiers.contributions import statistic
from classifiers.learner.evidence import Evidence, bucket
from classifiers.scorers.linear import LONGEST_WORD_SHOWN, Weights, word_weights
from classifiers.types import Content, Contribution, Signal

_AROUND: Final = string.punctuation + "“”‘’„«»…¡¿–—"


def of_words(content: Content, evidence: Evidence, amounts: Numbers) -> list[Contribution]:
    """`amounts` are what each of the evidence's buckets adds to the log-odds."""
    weights = Weights.zero()
    values = evidence.values.astype(np.float64)
    weights.vector[evidence.buckets] = np.divide(
        amounts, values, out=np.zeros_like(amounts), where=values > 0.0
    )
    (chunk,) = features.chunks([content], [()])
    (words,) = word_weights(chunk, weights)
    named: dict[str, float] = defaultdict(float)
    for word, weight in words.items():
        named[word.strip(_AROUND) or word] += weight
    return [_word(word, weight) for word, weight in named.items()]


def of_signals(
    signals: Sequence[Signal], evidence: Evidence, amounts: Numbers, names: Numbers
) -> list[Contribution]:
    """`names` are what each numeric feature adds, statistics of the text among them."""
    sentences = {signal.code: signal.sentence for signal in signals}
    by_name = dict(zip(features.NUMERIC, names.tolist(), strict=True))
    by_bucket = dict(zip(evidence.buckets.tolist(), amounts.tolist(), strict=True))
    learnt = by_name | {
        code: by_bucket.get(bucket(code), 0.0) for code in sentences if code not in by_name
    }
    return [
        *(Contribution(code, sentence, learnt[code]) for code, sentence in sentences.items()),
        *(statistic(code, what, by_name[code]) for code, what in features.STATISTICS.items()),
    ]


def _word(word: str, weight: float) -> Contribution:
    shown = word if len(word) <= LONGEST_WORD_SHOWN else f"{word[:LONGEST_WORD_SHOWN]}…"
    side = "spam" if weight > 0 else "honest posts"
    return Contribution("word", f"“{shown}” is more usual in {side} of this site.", weight)
