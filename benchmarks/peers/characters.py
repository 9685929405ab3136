"""scikit-learn's plain pipeline: TF-IDF of character 2-5-grams and logistic regression."""

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from classifiers.arrays import Flags, Numbers, Places


class Characters:
    """`TfidfVectorizer(analyzer="char", ngram_range=(2, 5))` with `LogisticRegression(C)`.

    Characters are counted once; each fit keeps the n-grams of its own training posts, so the
    numbers are those of a vectoriser that was fitted on these posts alone.
    """

    def __init__(self, texts: Sequence[str], c: float) -> None:
        counter = CountVectorizer(analyzer="char", ngram_range=(2, 5), dtype=np.float32)
        self._counts: sparse.csr_matrix = counter.fit_transform(texts)
        self._c = c

    def fit(self, places: Places, spam: Flags) -> None:
        training = self._counts[places]
        self._known = np.flatnonzero(training.getnnz(axis=0))
        training = training[:, self._known]
        self._weighing = TfidfTransformer().fit(training)
        self._model = LogisticRegression(C=self._c, solver="newton-cg", max_iter=1000)
        self._model.fit(self._weighing.transform(training), spam)

    def scores(self, places: Places) -> Numbers:
        """Log-odds."""
        rows = self._weighing.transform(self._counts[places][:, self._known])
        return np.asarray(self._model.decision_function(rows), dtype=np.float64)
