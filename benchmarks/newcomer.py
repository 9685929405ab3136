"""A community that is new to everyone: what its labels teach, beside a model of the others.

One platform is left out. The model that knows the others is made as the starter is (balanced,
with the posts that were written for it, calibrated on platforms, and on the hands that wrote those
posts, each left out in turn, words alone);
of the new one a sample is judged by it once, every post embedded that can be read, as for a site
that the model does not know, and every figure starts from what it saw there. Only train and valid
are used. What its posts are about is told from those that are not asked about, as a site has them
before it has labels. Labels are drawn by chance and not by time, because time alone separates
the classes of some of these collections; near-duplicates stay on one side.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.corpus import QUICK, Corpus, first
from benchmarks.ours import Material
from classifiers import features, learner
from classifiers.arrays import Flags, Numbers, Places, Vectors
from classifiers.encoder.model import Encoder
from classifiers.learner import Evidence, State, Topics, topics
from classifiers.scorers.linear import LinearScorer
from classifiers.training import prequential
from classifiers.training.data.dataset import Row, Snapshot, read
from classifiers.training.fitting import recipe
from classifiers.training.make import balanced
from classifiers.training.run import SEED_POSTS, WRITTEN
from classifiers.types import Content

STRENGTH: Final = 1.5
"""Pull towards zero of the model of the others, as of the starter."""
SAMPLE: Final = 1_000
"""Posts of each platform that are used at most, and half as many translations."""
ASKED: Final = 400
"""Posts that are judged after the labels of a draw."""
HANDS: Final[Mapping[str, Sequence[str]]] = {
    "hand-1": ("seed_posts", "everyday", "latin", "public", "rude"),
    "hand-2": ("adverts", "asia", "letters", "long", "pockets", "short", "timelines"),
    "hand-3": ("desks", "scripts", "social", "squares"),
    "hand-4": ("crowds", "mailroom", "places", "sites", "tongues"),
    "hand-5": ("counters", "pages"),
    "hand-6": ("corners", "feeds", "inboxes", "phones", "tubes"),
}
"""Who wrote which posts for the starter: each is a platform, as in the command that made it."""


@dataclass(frozen=True, slots=True, eq=False)
class Newcomer:
    """The new platform's posts, all of one length, and the texts of the others."""

    name: str
    texts: Sequence[str]
    spam: Flags
    cluster: Places
    evidence: Sequence[Evidence]
    others: Sequence[str]
    others_spam: Flags

    @property
    def log_odds(self) -> Numbers:
        """What the model of the others says."""
        return np.array([post.log_odds for post in self.evidence], dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Labels in the order in which they come, and posts of other clusters to ask about."""

    labels: Places
    asked: Places


class Remembering(Encoder):
    """An encoder that was asked before: bodies and their vectors are at hand."""

    def __init__(self, encoder: Encoder, bodies: Sequence[str], vectors: Vectors) -> None:
        vars(self).update(vars(encoder))
        self._known = dict(zip(bodies, vectors, strict=True))

    def embed(self, texts: Sequence[str]) -> Vectors:
        missing = [text for text in texts if text not in self._known]
        self._known.update(zip(missing, super().embed(missing), strict=True))
        if not texts:
            return super().embed([])
        return np.stack([self._known[text] for text in texts])


def sample(corpus: Corpus, seed: int = 0) -> Corpus:
    """At most SAMPLE posts of each platform, of train and valid, and some translations."""
    generator = np.random.default_rng(seed)
    chosen: list[Places] = []
    for name in dict.fromkeys(corpus.platform.tolist()):
        for main, most in ((True, SAMPLE), (False, SAMPLE // 2)):
            mine = (corpus.platform == name) & (corpus.main == main) & ~corpus.test
            places = np.flatnonzero(mine)
            chosen.append(np.sort(generator.permutation(places)[:most]))
    places = np.concatenate(chosen)
    return Corpus(
        corpus.snapshot.keep(places),
        corpus.cluster[places],
        corpus.platform[places],
        corpus.main[places],
    )


def with_written(corpus: Corpus, *, quick: bool = False) -> Corpus:
    """The corpus and the posts that were written for the starter, a platform for each hand more.

    They only help to train, and only ours: no peer is given them. Their weights are balanced file
    by file, as the starter's are. `quick` takes a few.
    """
    rows, platform = list(corpus.snapshot.rows), corpus.platform.tolist()
    files = (SEED_POSTS, *WRITTEN)
    for file in files:
        found: Sequence[Row] = read(file).rows
        if quick:
            found = first(found, QUICK // len(files))
        rows += [replace(row, content=Content(text=row.content.text)) for row in balanced(found)]
        platform += [hand_of(file)] * len(found)
    added = len(rows) - len(corpus.platform)
    # In clusters of their own: what is asked of a newcomer's posts is asked of its own alone.
    beyond = int(corpus.cluster.max(initial=-1)) + 1
    return Corpus(
        Snapshot(rows, ""),
        np.concatenate([corpus.cluster, beyond + np.arange(added)]),
        np.array(platform),
        np.concatenate([corpus.main, np.zeros(added, dtype=bool)]),
    )


def hand_of(file: Path) -> str:
    """Who wrote the file. Raises StopIteration for one that is not in HANDS."""
    return next(hand for hand, names in HANDS.items() if file.stem in names)


def newcomers(
    corpus: Corpus, names: Sequence[str], shelf: Path | None, *, quick: bool = False
) -> Iterator[Newcomer]:
    """Each of these platforms in turn, as if it were new."""
    whole = with_written(sample(corpus), quick=quick)
    material = Material.of(whole, shelf)
    for name in names:
        known = np.flatnonzero(whole.platform != name)
        new = np.flatnonzero((whole.platform == name) & whole.main)
        scorer = of_the_others(whole, material, known)
        stream = whole.snapshot.keep(new)
        seen = prequential.see(stream.rows, [scorer], beside=False)
        evidence = [post for post in seen if post is not None]
        if len(evidence) != len(seen):
            raise RuntimeError(f"{len(seen) - len(evidence)} posts of {name} were not judged")
        others = known[whole.main[known]]
        texts = whole.texts
        yield Newcomer(
            name,
            [texts[place] for place in new],
            stream.spam,
            whole.cluster[new],
            evidence,
            [texts[place] for place in others],
            whole.spam[others],
        )


def of_the_others(whole: Corpus, material: Material, known: Places) -> LinearScorer:
    """What the product makes of the platforms that are known."""
    weights = np.ones(len(whole.spam))
    for name in np.unique(whole.platform[known]):
        places = np.flatnonzero(whole.platform == name)
        rows = whole.snapshot.keep(places).rows
        if name not in HANDS:
            rows = balanced(rows)
        weights[places] = [row.weight for row in rows]
    kept = material.keep(known)
    posts = replace(kept, weights=weights[known])
    apart = np.unique(whole.platform[known], return_inverse=True)[1].astype(np.int64)
    made = recipe.train(posts, strength=STRENGTH, platforms=apart).scorer("of the others")
    if material.encoder is None or material.posts.embeddings is None:
        return replace(made, reader=material.encoder)
    bodies = [features.read(content).body for content in whole.snapshot.contents]
    encoder = Remembering(material.encoder, bodies, material.posts.embeddings)
    return replace(made, reader=encoder)


def draws(newcomer: Newcomer, labels: int, count: int, seed: int = 0) -> Iterator[Draw]:
    """Random divisions of the clusters; fewer labels where there are not twice as many posts.

    A draw's first labels hold one of each class, as a site that starts to train would see to.
    """
    for number in range(count):
        generator = np.random.default_rng((seed, number))
        order = generator.permutation(len(newcomer.spam))
        most = min(labels, len(order) // 2)
        chosen = order[:most]
        rest = order[most:]
        strange = ~np.isin(newcomer.cluster[rest], newcomer.cluster[chosen])
        asked = rest[strange][:ASKED]
        yield Draw(_both_classes_first(chosen, newcomer.spam), np.sort(asked))


def _both_classes_first(order: Places, spam: Flags) -> Places:
    firsts = [order[spam[order] == kind][:1] for kind in (True, False)]
    early = np.concatenate(firsts)
    return np.concatenate([early, order[~np.isin(order, early)]])


def beside(newcomer: Newcomer, asked: Places) -> list[Evidence]:
    """Its other posts, near-duplicates of these left out: as many as a site's learner goes by."""
    others = np.flatnonzero(~np.isin(newcomer.cluster, newcomer.cluster[asked]))
    return [newcomer.evidence[place] for place in others[-topics.MOST :]]


def topics_of(posts: Sequence[Evidence]) -> Topics | None:
    """What they are about; no label is needed for that, but as many posts as a site has to have."""
    return Topics.of(posts) if topics.due(len(posts), None) else None


def taught(state: State, evidence: Evidence, spam: bool, posts: Sequence[Evidence]) -> State:
    """After one more label, as a site's learner that goes by these posts."""
    state = learner.learn(state, evidence, spam)
    return learner.teach(state, posts) if state.teaches else state


def curve(newcomer: Newcomer, draw: Draw, counts: Sequence[int]) -> dict[int, Numbers]:
    """Log-odds of the posts asked about after so many labels, learnt one by one."""
    posts = beside(newcomer, draw.asked)
    state = State.new(topics=topics_of(posts))
    found = {}
    for known in range(max(counts) + 1):
        if known in counts:
            asked = [newcomer.evidence[place] for place in draw.asked]
            found[known] = np.array([learner.judge(state, post) for post in asked])
        if known < min(max(counts), len(draw.labels)):
            place = draw.labels[known]
            state = taught(state, newcomer.evidence[place], bool(newcomer.spam[place]), posts)
    return found
