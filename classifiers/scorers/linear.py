"""A linear model over hashed n-grams, numeric features and, where it pays, an embedding.

    cheap log-odds = trust * (slope * raw + shift)          raw: n-grams and numeric features
    full log-odds  = trust * (slope * raw + vector . embedding + shift)

Everything is a sum, so what each part adds to the answer is exact
(docs/adr/0013-a-stack-that-stays-a-sum.md).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from classifiers import features, passages
from classifiers.arrays import Flags, Numbers, Vectors
from classifiers.calibration import Platt, bounded, probabilities
from classifiers.contributions import SHOWN, USUAL_SENTENCE, adding_up, bare, side, statistic
from classifiers.encoder.languages import UNREAD, beyond_ascii
from classifiers.encoder.model import Encoder
from classifiers.familiarity import Doubt, MetPieces
from classifiers.ngrams import Grams, Tape
from classifiers.scorers import meaning, occlusion
from classifiers.scorers.head import Head
from classifiers.scorers.meaning import Meaning
from classifiers.types import (
    ENCODER_MISSING,
    MEANING,
    USUAL,
    Content,
    Contribution,
    LikeliestPassage,
    Score,
    ScorerView,
    Signal,
)

MOST: Final = 60_000.0
"""The largest weight that 16 bits hold, rounded down."""
LONGEST_WORD_SHOWN: Final = 40
LEAST_SHOWN: Final = 0.01
"""Contributions of less than this tell people nothing; they go into the rest."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """What a linear model has learnt. `vector` has `features.COLUMNS` entries, float32."""

    vector: NDArray[np.float32]
    bias: float = 0.0

    @classmethod
    def zero(cls) -> Weights:
        return cls(np.zeros(features.COLUMNS, dtype=np.float32))

    @property
    def hashed(self) -> NDArray[np.float32]:
        return self.vector[: features.HASHED]

    def numeric(self) -> dict[str, float]:
        """Weight by name of the numeric feature."""
        tail = self.vector[features.HASHED :].tolist()
        return dict(zip(features.NUMERIC, tail, strict=True))

    @classmethod
    def of(cls, hashed: NDArray[np.float32], numeric: Mapping[str, float], bias: float) -> Weights:
        """A feature that the model did not know weighs nothing; one that is gone is dropped."""
        tail = [numeric.get(name, 0.0) for name in features.NUMERIC]
        return cls(np.concatenate([hashed, np.array(tail, dtype=np.float32)]), bias)

    def rounded(self) -> Weights:
        """As a model's file keeps them: n-grams' weights in 16 bits."""
        with np.errstate(over="ignore"):
            hashed = np.clip(self.hashed, -MOST, MOST).astype(np.float16).astype(np.float32)
        return Weights.of(hashed, self.numeric(), self.bias)

    def log_odds(self, matrix: sparse.csr_matrix) -> Numbers:
        """Uncalibrated, one a row."""
        return np.asarray(matrix @ self.vector, dtype=np.float64) + self.bias


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """What the model says of the posts of one chunk; one a row."""

    raw: Numbers
    cheap: Numbers
    log_odds: Numbers
    scale: Numbers
    """What a part of the raw log-odds counts in `log_odds`."""
    usual: Numbers
    """What of `log_odds` no part of the post says."""
    said: Numbers
    """What the embedding adds, against that of the average post; 0 where there is none."""
    unfamiliar: Numbers
    doubtful: Flags
    asked: Flags
    """Where the encoder had its say."""
    embeddings: Mapping[int, Vectors]
    """By row, where the encoder was asked and where a reader was."""
    meaning: Meaning | None
    """What meaning says anywhere, where there is a reader of which it is known."""


@dataclass(frozen=True, slots=True, eq=False)
class LinearScorer:
    """Implements `Scorer`.

    Without a head, or without the head's encoder, the cheap log-odds are the answer.
    """

    version: str
    weights: Weights
    calibration: Platt = field(default_factory=Platt)
    doubt: Doubt = field(default_factory=Doubt)
    head: Head | None = None
    known: MetPieces = field(default_factory=MetPieces.none)
    encoder: Encoder | None = None
    reader: Encoder | None = None
    """Embeds the posts about which the head asks nothing, for a site's learner alone: with it
    and without it every score is the same."""
    passage_limit: float | None = None
    """Log-odds from which on a passage of a long post alone is asked about; None: passages are not
    judged by themselves. See docs/adr/0035-passages-of-a-long-post.md."""
    name: str = "linear"

    def with_encoder(self, encoder: Encoder | None) -> LinearScorer:
        """The same with the encoder, if that is the one its head was fitted for."""
        fits = encoder and self.head and encoder.digest == self.head.encoder
        return replace(self, encoder=encoder if fits else None)

    def score(
        self, contents: Sequence[Content], signals: Sequence[Sequence[Signal]]
    ) -> list[Score]:
        """One `Score` a content, in order, with its largest contributions and all the rest."""
        scores: list[Score] = []
        for chunk in features.chunks(contents, signals):
            part = slice(len(scores), len(scores) + len(chunk.readings))
            noticed = signals[part]
            judged = self._judge(chunk, noticed)
            contributions = self._contributions(chunk, noticed, judged)
            strange = self.doubt.strange(judged.unfamiliar)
            found = self._passages(chunk, contents[part], noticed, judged)
            scores += [
                Score(
                    self.name,
                    self.version,
                    float(probability),
                    contributions[row],
                    _seen(chunk, row, judged, strange=bool(strange[row])),
                    found.get(row),
                )
                for row, probability in enumerate(probabilities(judged.log_odds))
            ]
        return scores

    def by_words(self, content: Content, weight: float) -> tuple[Contribution, ...]:
        """The words behind the contribution MEANING of this weight to a score of this content.

        They and what is left add up to it. Empty where nothing can be told. Reads the text
        `occlusion.MOST` times more: for posts that somebody looks at.
        """
        if self.head is None or self.encoder is None:
            return ()
        passage = self.encoder.passage(features.read(content).body)
        return occlusion.by_words(passage, self.head.vector, self.head.usual, weight)

    def _judge(self, chunk: features.Chunk, signals: Sequence[Sequence[Signal]]) -> _Judged:
        raw = self.weights.log_odds(chunk.matrix)
        unfamiliar = self.known.unfamiliar(chunk.pieces())
        trust = self.doubt.trust(unfamiliar)
        cheap = bounded(self.calibration.log_odds(raw) * trust)
        log_odds, scale, said = cheap.copy(), self.calibration.slope * trust, np.zeros(len(raw))
        usual = self.calibration.log_odds(np.full(len(raw), self.weights.bias)) * trust
        doubtful, embeddings = self._doubtful(chunk, signals, cheap, unfamiliar), {}
        asked = np.zeros(len(raw), dtype=bool)
        if self.head is not None and self.encoder is not None:
            rows = np.flatnonzero(doubtful).tolist()
            vectors = self.encoder.embed([chunk.readings[row].body for row in rows])
            full = self.head.log_odds(raw[rows], vectors, unfamiliar[rows])
            trust = self.head.doubt.trust(unfamiliar[rows])
            log_odds[rows] = bounded(full)
            scale[rows] = self.head.slope * trust
            said[rows] = (vectors @ self.head.vector - self.head.usual) * trust
            bias = self.head.slope * self.weights.bias + self.head.shift + self.head.usual
            usual[rows] = bias * trust
            embeddings = dict(zip(rows, vectors, strict=True))
            asked = doubtful
        if self.reader is not None:
            unread = _unread(chunk, np.flatnonzero(~asked), self.reader)
            rows = np.flatnonzero(~asked)[unread <= UNREAD].tolist()
            vectors = self.reader.embed([chunk.readings[row].body for row in rows])
            embeddings |= dict(zip(rows, vectors, strict=True))
        known = meaning.of_encoder(self.reader.digest) if self.reader is not None else None
        return _Judged(
            raw,
            cheap,
            log_odds,
            scale,
            usual,
            said,
            unfamiliar,
            doubtful,
            asked,
            embeddings,
            known,
        )

    def _doubtful(
        self,
        chunk: features.Chunk,
        signals: Sequence[Sequence[Signal]],
        cheap: Numbers,
        unfamiliar: Numbers,
    ) -> Flags:
        """Where the encoder is to be asked."""
        if self.head is None:
            return np.zeros(len(cheap), dtype=bool)
        lengths = np.array([len(reading.body) for reading in chunk.readings], dtype=np.int64)
        found = self.head.band.doubts(cheap, unfamiliar, lengths, cheap + _moved(signals))
        rows = np.flatnonzero(found)
        found[rows] = _unread(chunk, rows, self.encoder) <= self.head.band.foreign
        return found

    def _passages(
        self,
        chunk: features.Chunk,
        contents: Sequence[Content],
        signals: Sequence[Sequence[Signal]],
        judged: _Judged,
    ) -> dict[int, LikeliestPassage]:
        """By row, of posts that as a whole look honest, or will where behaviour speaks for them."""
        if self.passage_limit is None:
            return {}
        rows = np.flatnonzero(judged.log_odds + np.minimum(_moved(signals), 0.0) < 0.0).tolist()
        spans, more = passages.more_than_whole(chunk, contents, rows, self.weights.vector)
        of = [span.row for span in spans]
        raw = judged.raw[of] + more
        log_odds = bounded(self.calibration.log_odds(raw) * self.doubt.trust(judged.unfamiliar[of]))
        return passages.likeliest(chunk, contents, spans, log_odds, self.passage_limit)

    def _contributions(
        self, chunk: features.Chunk, signals: Sequence[Sequence[Signal]], judged: _Judged
    ) -> list[tuple[Contribution, ...]]:
        numeric = self.weights.numeric()
        ordinary = features.ORDINARY
        of_ordinary = sum(numeric[code] * value for code, value in ordinary.items())
        statistics = chunk.numeric[:, -len(features.STATISTICS) :].tolist()
        found = []
        for row, (words, noticed) in enumerate(
            zip(word_weights(chunk, self.weights), signals, strict=True)
        ):
            scale = float(judged.scale[row])
            parts = _words_parts(words, scale)
            parts += [
                Contribution(code, sentence, numeric[code] * value * scale)
                for code, (sentence, value) in _strongest(noticed).items()
                if code in numeric
            ]
            parts += [
                statistic(code, what, weight)
                for (code, what), value in zip(
                    features.STATISTICS.items(), statistics[row], strict=True
                )
                if abs(weight := numeric[code] * (value - ordinary.get(code, 0.0)) * scale)
                >= LEAST_SHOWN
            ]
            usual = float(judged.usual[row]) + scale * of_ordinary
            parts.append(Contribution(USUAL, USUAL_SENTENCE, usual))
            if judged.asked[row]:
                parts.append(_meaning(float(judged.said[row])))
            parts = [part for part in parts if part.weight]
            if judged.doubtful[row] and not judged.asked[row]:
                parts.append(_UNASKED)
            found.append(adding_up(parts, float(judged.log_odds[row]), LEAST_SHOWN))
        return found


def _moved(signals: Sequence[Sequence[Signal]]) -> Numbers:
    """What behaviour and operators' rules say of each post, log-odds."""
    said = [sum(signal.log_odds for signal in noticed) for noticed in signals]
    return np.array(said, dtype=np.float64)


def _unread(chunk: features.Chunk, rows: NDArray[np.intp], encoder: Encoder | None) -> Numbers:
    """The share that the encoder cannot read of each post of these rows."""
    readings = [chunk.readings[row] for row in rows]
    bodies = [reading.body for reading in readings]
    languages = [reading.language for reading in readings]
    if encoder is not None:
        return encoder.unread(bodies, languages)
    return np.array(list(map(beyond_ascii, bodies, languages)), dtype=np.float64)


def _seen(chunk: features.Chunk, row: int, judged: _Judged, *, strange: bool) -> ScorerView:
    matrix, numeric = chunk.matrix, chunk.numeric[row]
    embedding = judged.embeddings.get(row)
    meant, average = 0.0, None
    if judged.meaning is not None and embedding is not None:
        meant, average = judged.meaning.log_odds(embedding).item(), judged.meaning.average
    span = slice(matrix.indptr[row], matrix.indptr[row + 1] - np.count_nonzero(numeric))
    return ScorerView(
        places=matrix.indices[span],
        values=matrix.data[span],
        numeric=numeric,
        cheap=judged.cheap.item(row),
        full=judged.log_odds.item(row) if judged.asked[row] else None,
        embedding=embedding,
        meant=meant,
        average=average,
        unfamiliar=judged.unfamiliar.item(row),
        strange=strange,
    )


def word_weights(chunk: features.Chunk, weights: Weights) -> list[dict[str, float]]:
    """What each word of each post adds to the log-odds, before calibration.

    An n-gram's share is spread evenly over its characters and a space counts with the word
    before it, so the words of a post add up to all that its n-grams contribute.
    """
    found: list[dict[str, float]] = [defaultdict(float) for _ in chunk.readings]
    for texts, blocks in (
        ([reading.body for reading in chunk.readings], ("characters", "words")),
        ([reading.author for reading in chunk.readings], ("author",)),
    ):
        if any(texts):
            grams = [chunk.grams[block] for block in blocks]
            shares = [
                _shares(each, chunk.blocks[block], weights.hashed)
                for block, each in zip(blocks, grams, strict=True)
            ]
            _add_words(found, texts, chunk.tapes[blocks[0]], grams, shares)
    return found


def _shares(grams: Grams, block: features.Block, hashed: NDArray[np.float32]) -> Numbers:
    """What each n-gram occurrence adds to the log-odds, a character."""
    added = hashed[block.columns].astype(np.float64) * block.values
    shares: Numbers = block.shared(added) / (grams.ends - grams.starts)
    return shares


def _add_words(
    found: Sequence[dict[str, float]],
    texts: Sequence[str],
    tape: Tape,
    grams: Sequence[Grams],
    shares: Sequence[Numbers],
) -> None:
    """Adds the characters' shares up to words, on the tape of the texts."""
    lengths = np.array([len(text) + 2 for text in texts], dtype=np.int64)
    ends = np.cumsum(lengths)
    steps = np.zeros(ends[-1] + 1)
    for each, share in zip(grams, shares, strict=True):
        steps += np.bincount(each.starts, share, len(steps))
        steps -= np.bincount(each.ends, share, len(steps))
    # A word ends with the space after it; the space before a text counts with its first word.
    between = tape.codes == _SPACE
    between[ends - lengths] = between[ends - 1] = False
    first = np.zeros(len(between), dtype=bool)
    first[ends - lengths] = True
    first[1:] |= between[:-1]
    sums = iter(np.add.reduceat(np.cumsum(steps)[:-1], np.flatnonzero(first)).tolist())
    for weights, text in zip(found, texts, strict=True):
        for word, share in zip(text.split(" "), sums, strict=False):
            weights[word] += share


def _words_parts(words: Mapping[str, float], scale: float) -> list[Contribution]:
    """The largest, by words as people know them, without the punctuation around them."""
    named: dict[str, float] = defaultdict(float)
    for word, weight in words.items():
        named[word if word.isalnum() else bare(word)] += weight * scale
    told = [(-abs(weight), word) for word, weight in named.items() if abs(weight) >= LEAST_SHOWN]
    return [_word_part(word, named[word]) for _, word in sorted(told)[:SHOWN]]


def _strongest(signals: Sequence[Signal]) -> dict[str, tuple[str, float]]:
    """Sentence and value by code, as the matrix has them: a code counts once."""
    found: dict[str, tuple[str, float]] = {}
    for signal in signals:
        value = min(max(signal.value, 0.0), 1.0)
        if value > found.get(signal.code, ("", -1.0))[1]:
            found[signal.code] = signal.sentence, value
    return found


def _word_part(word: str, weight: float) -> Contribution:
    shown = word if len(word) <= LONGEST_WORD_SHOWN else f"{word[:LONGEST_WORD_SHOWN]}…"
    return Contribution("word", f"“{shown}” is more usual in {side(weight)}.", weight)


def _meaning(weight: float) -> Contribution:
    return Contribution(MEANING, f"As a whole, the text reads like {side(weight)}.", weight)


_SPACE: Final = ord(" ")
_UNASKED: Final = Contribution(
    ENCODER_MISSING,
    "Doubtful by its words, and the text encoder of this model is not installed here.",
    0.0,
)
