"""Peers that learn one label at a time, shown all training posts in an order of chance."""

from collections.abc import Sequence

import numpy as np

from benchmarks.peers import online
from classifiers.arrays import Flags, Numbers, Places


class Streamed:
    """One of `online.PEERS`, taught in so many passes."""

    def __init__(self, texts: Sequence[str], name: str, passes: int) -> None:
        self._texts = texts
        self._name = name
        self._passes = passes

    def fit(self, places: Places, spam: Flags) -> None:
        self._peer = online.PEERS[self._name]()
        generator = np.random.default_rng(0)
        for _ in range(self._passes):
            for index in generator.permutation(len(places)):
                self._peer.learn(self._texts[places[index]], bool(spam[index]))

    def scores(self, places: Places) -> Numbers:
        return np.array([self._peer.judge(self._texts[place]) for place in places])
