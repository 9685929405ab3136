"""Other people's learners that take one label at a time; each is installed by hand.

    pip install river vowpalwabbit sbclassifier        (scikit-learn is there already)
    apt-get install bogofilter

Each peer reads the text alone, starts from nothing, and gives a score that is higher for spam;
`HALF` is the score from which it calls a post spam. Where a peer cannot be had, `available`
leaves it out.
"""

import math
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from itertools import pairwise
from typing import Any, Final, Protocol

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import ComplementNB

HALF: Final = 0.0
_WORD: Final = re.compile(r"\w+")


class Peer(Protocol):
    """Judges a text, and learns from its label."""

    def judge(self, text: str) -> float: ...

    def learn(self, text: str, spam: bool) -> None: ...


def _log_odds(probability: float) -> float:
    bounded = min(max(probability, 1e-9), 1.0 - 1e-9)
    return math.log(bounded / (1.0 - bounded))


def _characters(bits: int = 18) -> HashingVectorizer:
    return HashingVectorizer(
        analyzer="char", ngram_range=(2, 5), n_features=1 << bits, alternate_sign=False
    )


class Descent:
    """scikit-learn: stochastic gradient descent on hashed characters, one step a label."""

    def __init__(self) -> None:
        self._rows = _characters()
        self._model = SGDClassifier(loss="log_loss", learning_rate="constant", eta0=2.0, alpha=1e-7)
        self._known = False

    def judge(self, text: str) -> float:
        if not self._known:
            return 0.0
        return float(self._model.decision_function(self._rows.transform([text]))[0])

    def learn(self, text: str, spam: bool) -> None:
        self._model.partial_fit(self._rows.transform([text]), [spam], classes=[False, True])
        self._known = True


class Bayes:
    """scikit-learn: complement naive Bayes on hashed characters."""

    def __init__(self) -> None:
        # Each step goes through all columns.
        self._rows = _characters(16)
        self._model = ComplementNB(alpha=0.1)
        self._known = False

    def judge(self, text: str) -> float:
        if not self._known:
            return 0.0
        ham, spam = self._model.predict_log_proba(self._rows.transform([text]))[0]
        return float(spam - ham)

    def learn(self, text: str, spam: bool) -> None:
        self._model.partial_fit(self._rows.transform([text]), [spam], classes=[False, True])
        self._known = True


class Refitted:
    """scikit-learn: TF-IDF of characters with logistic regression, fitted anew on all labels.

    After each of the first ten labels, then whenever there are a tenth more.
    """

    def __init__(self, c: float = 10.0) -> None:
        self._c = c
        self._texts: list[str] = []
        self._spam: list[bool] = []
        self._fitted = 0
        self._rows: TfidfVectorizer | None = None
        self._model: LogisticRegression | None = None

    def judge(self, text: str) -> float:
        if self._rows is None or self._model is None:
            return 0.0
        return float(self._model.decision_function(self._rows.transform([text]))[0])

    def learn(self, text: str, spam: bool) -> None:
        self._texts.append(text)
        self._spam.append(spam)
        enough = len(self._texts) >= max(self._fitted + 1, self._fitted * 1.1)
        if enough and len(set(self._spam)) == 2:
            self._fitted = len(self._texts)
            self._rows = TfidfVectorizer(analyzer="char", ngram_range=(2, 5), sublinear_tf=True)
            matrix = self._rows.fit_transform(self._texts)
            self._model = LogisticRegression(C=self._c, solver="liblinear")
            self._model.fit(matrix, self._spam)


class River:
    """river: a model on a bag of words and pairs of words."""

    def __init__(self, model: Callable[[], Any], pairs: int = 2) -> None:
        bag = import_module("river.feature_extraction").BagOfWords(ngram_range=(1, pairs))
        self._model = import_module("river.compose").Pipeline(bag, model())

    def judge(self, text: str) -> float:
        return _log_odds(self._model.predict_proba_one(text).get(True, 0.5))

    def learn(self, text: str, spam: bool) -> None:
        self._model.learn_one(text, spam)


def _river_logistic() -> Any:
    optimizer = import_module("river.optim").AdaGrad(0.3)
    return import_module("river.linear_model").LogisticRegression(optimizer=optimizer)


class Vowpal:
    """Vowpal Wabbit with its usual adaptive, normalised, invariant steps."""

    def __init__(self, write: Callable[[str], str]) -> None:
        arguments = "--loss_function logistic -b 20 --quiet --noconstant"
        self._model = import_module("vowpalwabbit").Workspace(arguments)
        self._write = write

    def judge(self, text: str) -> float:
        return float(self._model.predict(f"| {self._write(text)}"))

    def learn(self, text: str, spam: bool) -> None:
        self._model.learn(f"{1 if spam else -1} | {self._write(text)}")


def _vowpal_words(text: str) -> str:
    words = _WORD.findall(text.lower())
    pairs = (f"{a}_{b}" for a, b in pairwise(words))
    return " ".join([*words, *pairs]) or "nothing"


def _vowpal_characters(text: str) -> str:
    row: sparse.csr_matrix = _characters().transform([text])
    return " ".join(f"{i}:{v:.5f}" for i, v in zip(row.indices, row.data, strict=True)) or "nothing"


class SpamBayes:
    """The SpamBayes port `sbclassifier`, with its own tokens."""

    def __init__(self) -> None:
        module = import_module("sbclassifier")
        self._words: Callable[[str], Iterable[str]] = module.tokenize_text
        self._model = module.Classifier(module.ClassifierDb())

    def judge(self, text: str) -> float:
        return _log_odds(float(self._model.spamprob(self._words(text))))

    def learn(self, text: str, spam: bool) -> None:
        self._model.learn(self._words(text), spam)


class Bogofilter:
    """bogofilter (Debian's package), as a mail filter calls it: a process for each step."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self._known = False

    def judge(self, text: str) -> float:
        if not self._known:
            return 0.0
        # -T: the class, then the score; 0 spam, 1 ham, 2 unsure are its exit codes.
        answer = self._call(text, "-T")
        return _log_odds(float(answer.split()[-1]))

    def learn(self, text: str, spam: bool) -> None:
        self._call(text, "-s" if spam else "-n")
        self._known = True

    def _call(self, text: str, *options: str) -> str:
        done = subprocess.run(
            ["bogofilter", "-C", "-d", self._folder.name, *options],
            input=f"\n{text}\n".encode(),
            capture_output=True,
            check=False,
        )
        if done.returncode > 2:
            raise RuntimeError(done.stderr.decode())
        return done.stdout.decode()


PEERS: Final[Mapping[str, Callable[[], Peer]]] = {
    "scikit-learn SGD": Descent,
    "scikit-learn naive Bayes": Bayes,
    "scikit-learn refitted": Refitted,
    "river logistic regression": lambda: River(_river_logistic),
    "river naive Bayes": lambda: River(lambda: import_module("river.naive_bayes").MultinomialNB()),
    "river adaptive tree": lambda: River(
        lambda: import_module("river.tree").HoeffdingAdaptiveTreeClassifier(seed=1), pairs=1
    ),
    "Vowpal Wabbit words": lambda: Vowpal(_vowpal_words),
    "Vowpal Wabbit characters": lambda: Vowpal(_vowpal_characters),
    "SpamBayes": SpamBayes,
    "bogofilter": Bogofilter,
}


def available(name: str) -> bool:
    """Whether what the peer needs is installed."""
    if name == "bogofilter":
        return shutil.which("bogofilter") is not None
    try:
        PEERS[name]()
    except ImportError:
        return False
    return True


def play(peer: Peer, texts: Iterable[str], spam: Iterable[bool]) -> np.ndarray[Any, Any]:
    """Scores of the posts in order, each judged before its label was learnt."""
    scores = []
    for text, label in zip(texts, spam, strict=True):
        scores.append(peer.judge(text))
        peer.learn(text, label)
    return np.array(scores, dtype=np.float64)
