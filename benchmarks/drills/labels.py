"""Labels that are given in order to harm the model, by a reporter who has earned trust first."""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.corpus import SETS, data_folder, load
from benchmarks.drills import Report, drill, scaled
from benchmarks.installation import Installation, SiteAccess, running
from classifiers.training.data.dataset import Row
from config import processes

LABELS: Final = 2_000
HOSTILE: Final = 0.05
EARNED: Final = 30
WORDS: Final = 120
REPORTER: Final = {"id": "m1", "role": "moderator"}
SECONDS: Final = 300.0
MOST_F1: Final = 0.01

CHECK = """
from datetime import timedelta
from django.contrib.auth.models import User
from django.utils import timezone
from moderation.models import Site
from reviews.labels import checks, sources
from reviews.models import Case, LookPlan, Membership
from reviews.states import VerdictKind
from reviews.judging.verdicts import submit_verdict
site = Site.objects.get(name="{site}")
user, _ = User.objects.get_or_create(username="{site}")
Membership.objects.get_or_create(user=user, site=site)
LookPlan.objects.update_or_create(site=site, defaults=dict(checks_per_day=1000, second_share=0.0,
    spam_share=0.0, gold_share=0.0))
checks.open_due(now=timezone.now() + timedelta(minutes=11))
for case in Case.objects.filter(site=site, lane="look", state="open"):
    said = VerdictKind.SPAM if case.checks.label.label == "spam" else VerdictKind.NOT_SPAM
    submit_verdict(case_id=case.pk, user=user, kind=said, seen_decision_id=case.decision_id)
sources.follow()
"""
STATE = """
import json
from classifiers.models import ModelVersion
from moderation.models import Site
from reviews.models import Alarm, Reporter, RetrainRun
site = Site.objects.get(name="{site}")
serving = ModelVersion.objects.serving(site.slot)
run = RetrainRun.objects.filter(slot=site.slot).order_by("-pk").first()
print(json.dumps(dict(
    model=serving.name if serving else "",
    trust=[[r.actor_id, r.trust, r.labels, bool(r.flagged_at)] for r in
        Reporter.objects.filter(site=site)],
    alarms=Alarm.objects.filter(site=site, answered_at=None).count(),
    run=[run.state, run.reason] if run else [],
    sources=run.model.manifest.get("sources", []) if run and run.model else [],
)))
"""


@drill(24, "5 % flipped or dictionary labels from one source that had earned trust")
def poisoned_labels(scale: float) -> Report:
    rows = load(data_folder(), {"sms_uci": SETS["sms_uci"]}).snapshot.rows
    train = [row for row in rows if row.split == "train"]
    gold = [row for row in rows if row.split == "valid"]
    chance = random.Random(24)
    chance.shuffle(train)
    known = train[: scaled(LABELS, scale, least=400)]
    fresh = train[len(known) :]
    measured: dict[str, Any] = {}
    criteria: dict[str, bool] = {}
    with running(durable=False) as service:
        for name in ("web", "worker"):
            service.start(name)
        file = service.folder / "gold.jsonl"
        _write(file, gold)
        count = round(len(known) * HOSTILE / (1.0 - HOSTILE))
        for attack, hostile in (
            ("flipped", [(row.content.text, not row.spam) for row in fresh[EARNED:][:count]]),
            ("dictionary", [(text, True) for text in _dictionary(known, count, chance)]),
        ):
            found = _poison(service, attack, known, fresh[:EARNED], hostile, file)
            measured[attack] = found
            # Each takes minutes: what was seen of the first is told even if the second fails.
            print(f"{attack}: {json.dumps(found)}", file=sys.stderr, flush=True)
            criteria[f"{attack}: F1 on the gold set falls by at most a point"] = (
                found["before"] - found["after"] <= MOST_F1
            )
            criteria[f"{attack}: the source is flagged"] = found["flagged"]
            criteria[f"{attack}: it had been trusted"] = found["trust"] >= 0.5
    return Report(measured=measured, criteria=criteria)


def _poison(
    service: Installation,
    attack: str,
    known: Sequence[Row],
    earned: Sequence[Row],
    hostile: Sequence[tuple[str, bool]],
    gold: Path,
) -> dict[str, Any]:
    site = service.create_site(attack)
    file = service.folder / f"{attack}.jsonl"
    _write(file, known)
    service.manage("import_posts", str(file), "--site", attack, "--labelled")
    service.manage("retrain", "--site", attack, "--at-once")
    before = _f1(service, attack, gold)
    _report(service, site, [(row.content.text, row.spam) for row in earned])
    service.manage("shell", "-v", "0", "-c", CHECK.format(site=attack))
    trusted = max(trust for actor, trust, *_ in _state(service, attack)["trust"] if actor)
    _report(service, site, hostile)
    service.manage("retrain", "--site", attack, "--at-once")
    after, state = _f1(service, attack, gold), _state(service, attack)
    return {
        "hostile": len(hostile),
        "trust": round(trusted, 3),
        "before": round(before, 4),
        "after": round(after, 4),
        "run": state["run"],
        "said": [source["sentence"] for source in state["sources"]],
        "flagged": any(flagged for actor, *_, flagged in state["trust"] if actor)
        and state["alarms"] > 0,
    }


def _report(service: Installation, site: SiteAccess, said: Sequence[tuple[str, bool]]) -> None:
    """Send posts, and when they are decided say what each is, spam or not."""
    with httpx.Client(base_url=service.url, headers=site.headers, timeout=30) as client:
        sent = []
        for text, spam in said:
            answer = client.post("/api/v1/posts", json={"text": text})
            sent.append((answer.headers["Location"], spam))
        processes.wait_until(
            lambda: client.get(sent[-1][0]).json()["decision"] is not None, seconds=SECONDS
        )
        for address, spam in sent:
            body = {"label": "spam" if spam else "ham", "actor": REPORTER}
            client.post(f"{address}/feedback", json=body).raise_for_status()
    _wait_for_labels(service, len(sent))


def _wait_for_labels(service: Installation, more: int) -> None:
    """Until all feedback has become labels: events are told within seconds."""
    with service.database() as database:

        def told() -> bool:
            rows = database.execute(
                "SELECT (SELECT count(*) FROM moderation_feedback)"
                " = (SELECT count(*) FROM reviews_label WHERE source = 'feedback')"
            ).fetchone()
            database.rollback()
            return bool(rows and rows[0])

        if not processes.wait_until(told, seconds=SECONDS):
            raise TimeoutError(f"{more} words of a reporter did not become labels")
    time.sleep(1.0)


def _state(service: Installation, site: str) -> dict[str, Any]:
    said = service.manage("shell", "-v", "0", "-c", STATE.format(site=site))
    found: dict[str, Any] = json.loads(said.strip().splitlines()[-1])
    return found


def _f1(service: Installation, site: str, gold: Path) -> float:
    model = _state(service, site)["model"]
    named = ("--model", model) if model else ()
    said = json.loads(service.manage("evaluate_model", str(gold), *named, "--json"))
    return float(said["f1"] if "f1" in said else next(iter(said.values()))["f1"])


def _dictionary(known: Sequence[Row], count: int, chance: random.Random) -> list[str]:
    words = [word for row in known if not row.spam for word in row.content.text.split()]
    return [" ".join(chance.choices(words, k=WORDS)) for _ in range(count)]


def _write(file: Path, rows: Sequence[Row]) -> None:
    with file.open("w") as out:
        for row in rows:
            label = "spam" if row.spam else "ham"
            out.write(json.dumps({"text": row.content.text, "label": label}) + "\n")
