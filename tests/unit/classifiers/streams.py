"""Posts in a row, every so many of them spam, for what is told one after another."""

import numpy as np

from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.training import prequential
from classifiers.training.data.dataset import Row
from classifiers.types import Content

WORDS = [
    "river",
    "lamp",
    "cloud",
    "paper",
    "stone",
    "bread",
    "garden",
    "window",
    "violin",
    "harbour",
]
SCORER = LinearScorer("model-1", Weights.zero())


def post(number, spam):
    one, other = WORDS[number % 10], WORDS[number * 7 % 10]
    if spam:
        return f"cheap followers {one} {other} order now at shop{number}"
    return f"the {one} by the {other} is what I think of, number {number}"


def stream(count, share=2):
    spam = np.array([i % share == 0 for i in range(count)])
    rows = [Row(Content(post(i, label)), bool(label)) for i, label in enumerate(spam)]
    return prequential.see(rows, [SCORER], beside=False), spam
