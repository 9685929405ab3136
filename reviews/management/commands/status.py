from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from reviews.operating import facts, findings
from reviews.operating.types import State


class Command(BaseCommand):
    help = (
        "Is it well, and if not, where. Exit status: 0 all is well, 1 something to watch, "
        "2 something is broken."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        report = findings.report(facts.measure())
        if options["json"]:
            shown = asdict(report) | {"state": report.state.word}
            for finding in shown["findings"]:
                finding["state"] = State(finding["state"]).word
            self.stdout.write(json.dumps(shown, default=str, ensure_ascii=False))
        else:
            self.stdout.write(f"{report.sentence}\n\n")
            for each in report.findings:
                self.stdout.write(f"{each.part:<13} {each.state.word:<9} {each.figure}")
                if each.advice:
                    self.stdout.write(f"{'':<23} → {each.advice}")
        sys.exit(report.state)
