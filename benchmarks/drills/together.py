"""Eight clients at the same posts at the same time, for as long as it takes."""

from __future__ import annotations

import json

from benchmarks.drills import Report, drill, scaled
from benchmarks.installation import running

OPERATIONS = 100_000
SEED = 11
FACTS = (
    *("seed", "operations", "posts", "attempted", "performed", "share_performed", "recorded"),
    "broken",
)


@drill(11, "random operations by 8 clients, recorded and replayed through a model")
def random_histories(scale: float) -> Report:
    operations = scaled(OPERATIONS, scale, least=1_000)
    program = f"from benchmarks import together; together.main({operations=}, seed={SEED})"
    with running(durable=False) as service:
        seen = json.loads(service.manage("shell", "-v", "0", "-c", program).splitlines()[-1])
    wrong = seen["anomalies"]
    return Report(
        measured={
            **{name: seen[name] for name in FACTS},
            "anomalies": len(wrong),
            "first": next(iter(wrong.values()), []),
        },
        criteria={
            "every answer is explained": not wrong,
            "what must never be is not": not seen["broken"],
        },
    )
