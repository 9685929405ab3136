"""Other people's classifiers, trained on a community's labels and asked about other posts.

    .venv/bin/uv pip install --group peers
    apt-get install bogofilter spamassassin rspamd

Each reads the text alone. A peer is made of all texts of a corpus without their labels, so that
what depends on neither labels nor division is done once; a fit uses nothing of other posts.
What is not installed is left out by `available`, and named by `absent`.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from shutil import which
from typing import Final, Protocol

from benchmarks.peers import (
    bogofilter,
    characters,
    fast_text,
    rspamd,
    spamassassin,
    streamed,
    words,
)
from classifiers.arrays import Flags, Numbers, Places


class Peer(Protocol):
    """Fitted on some posts of a corpus, it scores others: higher for spam, in no fixed unit.

    `places` number posts of the corpus, rising.
    """

    def fit(self, places: Places, spam: Flags) -> None: ...

    def scores(self, places: Places) -> Numbers: ...


@dataclass(frozen=True, slots=True)
class Entry:
    """How a peer is made of texts, and what it needs."""

    make: Callable[[Sequence[str]], Peer]
    module: str = ""
    program: str = ""
    slow: bool = False
    """Minutes for some thousand posts: only by name, or with everything."""

    @property
    def installed(self) -> bool:
        path = f"{os.environ.get('PATH', '')}:/usr/sbin"
        return (not self.module or find_spec(self.module) is not None) and (
            not self.program or which(self.program, path=path) is not None
        )


PEERS: Final[Mapping[str, Entry]] = {
    "TF-IDF characters, C=1": Entry(lambda texts: characters.Characters(texts, 1.0)),
    "TF-IDF characters, C=10": Entry(lambda texts: characters.Characters(texts, 10.0)),
    "TF-IDF characters, C=100": Entry(lambda texts: characters.Characters(texts, 100.0)),
    "TF-IDF words, SVM": Entry(lambda texts: words.svm(texts)),
    "words, naive Bayes": Entry(lambda texts: words.bayes(texts)),
    "fastText": Entry(lambda texts: fast_text.FastText(texts), module="fasttext"),
    "river naive Bayes": Entry(
        lambda texts: streamed.Streamed(texts, "river naive Bayes", 1), module="river"
    ),
    "Vowpal Wabbit words": Entry(
        lambda texts: streamed.Streamed(texts, "Vowpal Wabbit words", 5), module="vowpalwabbit"
    ),
    "Vowpal Wabbit characters": Entry(
        lambda texts: streamed.Streamed(texts, "Vowpal Wabbit characters", 3),
        module="vowpalwabbit",
        slow=True,
    ),
    "SpamBayes": Entry(
        lambda texts: streamed.Streamed(texts, "SpamBayes", 1), module="sbclassifier"
    ),
    "bogofilter": Entry(lambda texts: bogofilter.Bogofilter(texts), program="bogofilter"),
    "SpamAssassin as shipped": Entry(
        lambda texts: spamassassin.SpamAssassin(texts, learns=False),
        program="spamassassin",
        slow=True,
    ),
    "SpamAssassin trained": Entry(
        lambda texts: spamassassin.SpamAssassin(texts, learns=True),
        program="spamassassin",
        slow=True,
    ),
    "rspamd as shipped": Entry(rspamd.Rspamd, program="rspamd", slow=True),
}


def available(*, slow: bool = False) -> list[str]:
    """Names of the peers that are installed; the slow ones only if asked for."""
    return [name for name, entry in PEERS.items() if entry.installed and slow >= entry.slow]


def absent() -> list[str]:
    """Names of the peers that are not installed."""
    return [name for name, entry in PEERS.items() if not entry.installed]
