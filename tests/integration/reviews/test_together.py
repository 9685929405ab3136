"""People, machine and site at the same posts at the same time, replayed through a model."""

import pytest

from benchmarks import together
from benchmarks.expected import STEPS

pytestmark = pytest.mark.django_db(transaction=True)


def test_whatever_happens_together_looks_as_if_it_came_one_after_another():
    seen = together.run(operations=400, seed=1)
    assert not seen["anomalies"], "\n".join(next(iter(seen["anomalies"].values())))
    assert seen["broken"] == {}
    assert set(seen["recorded"]) == set(STEPS), "Some kind of operation was never tried."
    assert seen["performed"]["repeat"], "No request was repeated."
    assert seen["share_performed"] > 0.6
