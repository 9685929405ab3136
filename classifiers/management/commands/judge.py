"""`judge TEXT...`: what the model in force says of a text, and why."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any, Final

from django.core.management.base import BaseCommand, CommandParser

from classifiers.assess import assess_batch, in_words
from classifiers.types import Assessment, Content, History
from classifiers.versions import lineup

SURE: Final = 0.9


class Command(BaseCommand):
    help = "Judges each TEXT as one post; - reads one from standard input. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("texts", nargs="+", metavar="TEXT")
        parser.add_argument("--title", default="", help="a title that all of them have")
        parser.add_argument("--json", action="store_true", help="one JSON object a text")

    def handle(self, *, texts: list[str], title: str, **options: Any) -> None:
        contents = [
            Content(text=sys.stdin.read() if text == "-" else text, title=title) for text in texts
        ]
        used = lineup.current_or_shipped()
        histories, extra = [History()] * len(contents), [()] * len(contents)
        assessments = assess_batch(contents, histories, extra, used.scorers)
        for content, judged in zip(contents, assessments, strict=True):
            assessment = in_words(content, judged, used.scorers)
            show = _as_json if options["json"] else _as_text
            self.stdout.write(show(content, assessment))


def _leaning(assessment: Assessment) -> str:
    """What a policy would make of it, roughly: the thresholds are each site's own."""
    if assessment.decisive:
        return "spam beyond doubt"
    if assessment.probability is None:
        return "could not be judged: a person must look"
    if assessment.strange:
        return "too unfamiliar: a person must look"
    if assessment.probability >= SURE:
        return "spam"
    return "not spam" if assessment.probability <= 1.0 - SURE else "doubtful"


def _as_text(content: Content, assessment: Assessment) -> str:
    shown = " ".join(content.text.split())
    lines = [shown if len(shown) <= 76 else f"{shown[:75]}…"]
    odds = assessment.probability
    probability = "" if odds is None else f", probability of spam {odds:.1%}"
    lines.append(f"  {_leaning(assessment)}{probability} ({assessment.model})")
    lines += [f"  {part.weight:+6.2f}  {part.sentence}" for part in assessment.contributions]
    lines += [f"  failed  {signal.sentence}" for signal in assessment.signals if signal.failed]
    return "\n".join(map(_inert, lines))


def _inert(line: str) -> str:
    """The line without what would steer a terminal or turn the rest of it around."""
    return "".join(char if char.isprintable() else "\ufffd" for char in line)


def _as_json(content: Content, assessment: Assessment) -> str:
    return json.dumps(
        {
            "text": content.text,
            "probability": assessment.probability,
            "leaning": _leaning(assessment),
            "decisive": assessment.decisive.code if assessment.decisive else None,
            "failed": assessment.failed,
            "model": assessment.model,
            "reasons": [asdict(part) for part in assessment.contributions],
            "signals": [asdict(signal) for signal in assessment.signals],
        },
        ensure_ascii=False,
    )
