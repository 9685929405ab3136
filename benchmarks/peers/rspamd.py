"""rspamd (Debian's package) as shipped and without the network: see `benchmarks.rspamd`."""

import http.client
import json
from collections.abc import Sequence
from urllib.parse import urlsplit

import numpy as np

from benchmarks import rspamd
from benchmarks.peers.messages import message
from classifiers.arrays import Flags, Numbers, Places


class Rspamd:
    """The sum of its rules' points; it learns nothing."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts

    def fit(self, places: Places, spam: Flags) -> None:
        """Nothing: its own Bayes wants a server of its own and 200 labels of each class."""

    def scores(self, places: Places) -> Numbers:
        with rspamd.running() as url:
            if url is None:
                raise RuntimeError("rspamd is not installed")
            return np.array([self._points(url, int(place)) for place in places])

    def _points(self, url: str, place: int) -> float:
        connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
        try:
            connection.request("POST", "/checkv2", message(self._texts[place], place))
            return float(json.load(connection.getresponse())["score"])
        finally:
            connection.close()
