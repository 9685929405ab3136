"""`export_encoder DIR --output DIR`: a Hugging Face directory in, a text encoder to use out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.exceptions import EncoderUnusable
from classifiers.training.encoders.export import export


class Command(BaseCommand):
    help = (
        "Exports a text encoder, as Hugging Face and sentence-transformers publish them, for "
        "WINNOW_ENCODER. Needs PyTorch and transformers, and no network."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", type=Path, metavar="DIR")
        parser.add_argument("--output", type=Path, required=True, metavar="DIR")
        parser.add_argument("--name", default="", help="by default, the directory's")
        parser.add_argument(
            "--prefix", default="", help='what it wants before every text, such as "query: "'
        )

    def handle(
        self, *, directory: Path, output: Path, name: str, prefix: str, **options: Any
    ) -> None:
        try:
            facts = export(directory, output, name=name, prefix=prefix)
        except (EncoderUnusable, ImportError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{facts.name}, {facts.dimensions} dimensions. In use with WINNOW_ENCODER={output}"
        )
