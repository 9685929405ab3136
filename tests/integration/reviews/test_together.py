"""People, machine and site at the same posts at the same time, replayed through a model."""

import pytest
from django.core.management import call_command

from benchmarks import together
from benchmarks.expected import STEPS

pytestmark = pytest.mark.django_db(transaction=True)
RUNS = 4
"""At most: which kinds of step a run meets depends on who comes first."""


def test_whatever_happens_together_looks_as_if_it_came_one_after_another():
    met: set[str] = set()
    for seed in range(1, RUNS + 1):
        seen = together.run(operations=400, seed=seed)
        assert not seen["anomalies"], "\n".join(next(iter(seen["anomalies"].values())))
        assert seen["broken"] == {}
        assert seen["performed"]["repeat"], "No request was repeated."
        assert seen["share_performed"] > 0.6
        met |= set(seen["recorded"])
        if met == set(STEPS):
            break
        # The next run finds no posts of this one.
        call_command("flush", verbosity=0, interactive=False)
    assert met == set(STEPS), "Some kind of operation was never tried."
