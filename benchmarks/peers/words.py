"""scikit-learn's pipelines on words and pairs of words."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.svm import LinearSVC

from classifiers.arrays import Flags, Numbers, Places


class Words:
    """A vectoriser, which is fitted on the training texts, and a model."""

    def __init__(self, texts: Sequence[str], vectorizer: Any, model: Any) -> None:
        self._texts = texts
        self._vectorizer = vectorizer
        self._model = model

    def fit(self, places: Places, spam: Flags) -> None:
        self._model.fit(self._vectorizer.fit_transform(self._chosen(places)), spam)

    def scores(self, places: Places) -> Numbers:
        rows = self._vectorizer.transform(self._chosen(places))
        if hasattr(self._model, "decision_function"):
            return np.asarray(self._model.decision_function(rows), dtype=np.float64)
        found = self._model.predict_joint_log_proba(rows)
        return np.asarray(found[:, 1] - found[:, 0], dtype=np.float64)

    def _chosen(self, places: Places) -> list[str]:
        return [self._texts[place] for place in places]


def svm(texts: Sequence[str]) -> Words:
    return Words(texts, TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LinearSVC())


def bayes(texts: Sequence[str]) -> Words:
    return Words(texts, CountVectorizer(ngram_range=(1, 2)), MultinomialNB(alpha=0.1))
