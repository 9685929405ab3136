"""`train_model FILE...`: labelled files in, a model directory out."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from shlex import quote
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.encoder import loaded
from classifiers.exceptions import (
    ArtifactError,
    EncoderUnusable,
    LabelsContradict,
    SnapshotError,
    TooFewLabels,
)
from classifiers.management.progress import Progress
from classifiers.tables import columns
from classifiers.training import make
from classifiers.training.data.dataset import Tell
from classifiers.training.run import PROCESSES
from classifiers.versions import artifacts

UNREADABLE: Final = 2
TOO_LITTLE: Final = 3
GUESSING: Final = 0.5
"""Area under the ROC curve of a coin."""
MOST_ROUNDS: Final = 1_000
LINEAR_ONLY: Final = ("parent", "balance", "strength", "head_strength", "platforms")


def _above_nothing(given: str) -> float:
    try:
        value = float(given)
    except ValueError:
        value = math.nan
    if not 0.0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{given!r} is no number above 0")
    return value


def _rounds(given: str) -> int:
    if not (given.isascii() and given.isdigit() and 0 < int(given) <= MOST_ROUNDS):
        raise argparse.ArgumentTypeError(f"{given!r} is no number from 1 to {MOST_ROUNDS:,}")
    return int(given)


def _model_name(given: str) -> str:
    if given and not artifacts.is_name(given):
        raise argparse.ArgumentTypeError("a name has at most 100 characters, and no line breaks")
    return given


class Command(BaseCommand):
    help = (
        "Trains a model on labelled CSV, TSV or JSON files and writes it to a directory. "
        "Needs no database; promote_model puts the model into service."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = columns.WHICH
        columns.add_options(parser)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument("--output", type=Path, metavar="DIR", help="where the model goes")
        parser.add_argument(
            "--scorer",
            choices=("linear", "transformer"),
            default="linear",
            help="transformer: fine-tunes a text encoder besides, which the model brings along; "
            "minutes to hours, on a graphics card if there is one",
        )
        parser.add_argument(
            "--base",
            type=Path,
            metavar="DIR",
            help="of a transformer: the Hugging Face directory to start from, by default the one "
            "that comes with the installation",
        )
        parser.add_argument(
            "--prefix",
            default="",
            help='of a transformer: what the base wants before every text, such as "query: "',
        )
        parser.add_argument("--epochs", type=_rounds, default=5, help="of a transformer, at most")
        parser.add_argument(
            "--split",
            action="append",
            default=[],
            metavar="NAME",
            help="rows of this split only; may be given again for one more",
        )
        parser.add_argument("--parent", type=Path, metavar="DIR", help="a model to start from")
        parser.add_argument("--name", type=_model_name, default="", help="the model's name")
        parser.add_argument(
            "--balance",
            action="store_true",
            help="files of different size and share of spam get a more even say",
        )

        parser.add_argument(
            "--strength",
            type=_above_nothing,
            help="pull towards zero or the parent: larger for texts unlike these",
        )
        parser.add_argument(
            "--head-strength",
            type=_above_nothing,
            help="the same for what the text encoder adds, where one is installed",
        )
        parser.add_argument(
            "--platforms",
            type=lambda names: names.split(","),
            default=[],
            metavar="NAME,NAME,...",
            help="where each file comes from: makes a model for posts from anywhere else, "
            "calibrated by leaving each of these out",
        )

    def handle(self, *, files: list[Path], output: Path | None, **options: Any) -> None:
        platforms = options["platforms"]
        if platforms and len(platforms) != len(files):
            raise CommandError(f"{len(platforms)} platforms for {len(files)} files")
        if len(set(platforms)) == 1:
            raise CommandError("leaving out the only platform leaves nothing")
        bar = Progress()
        chosen = columns.Chosen.of(options)
        try:
            if options["scorer"] == "transformer":
                made = _fine_tuned(files, output, bar, chosen, self.stderr.write, **options)
            else:
                made = make.make(
                    files,
                    output=output,
                    folder=settings.WINNOW_MODEL_DIR,
                    splits=options["split"],
                    chosen=chosen,
                    tell=self.stderr.write,
                    parent=options["parent"],
                    name=options["name"],
                    balance=options["balance"],
                    strength=options["strength"],
                    head_strength=options["head_strength"],
                    platforms=platforms,
                    encoder=loaded.current(),
                    shelf=Path(settings.WINNOW_STATE_DIR) / "embeddings" / "commands",
                    progress=bar.show,
                    processes=PROCESSES,
                )
        except (TooFewLabels, LabelsContradict) as error:
            raise CommandError(str(error), returncode=TOO_LITTLE) from error
        except (SnapshotError, ArtifactError, EncoderUnusable) as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error
        finally:
            bar.close()
        self.stdout.write((made / artifacts.CARD).read_text())
        self.stdout.write(f"The model lies in {made}")
        area = artifacts.inspect(made).stored["metrics"]["folds"]["roc_auc"]
        if area is not None and area <= GUESSING:
            self.stderr.write(
                "Not for service: it tells spam from ham no better than chance (area under the "
                f"ROC curve {area:.2f} on posts it had not seen). More labels, or better ones, "
                "are needed."
            )
        else:
            self.stdout.write(f"Into service: promote_model {quote(str(made))}")


def _fine_tuned(
    files: list[Path],
    output: Path | None,
    bar: Progress,
    chosen: columns.Chosen,
    tell: Tell,
    **options: Any,
) -> Path:
    """Raises CommandError for an option that a transformer does not have, or without PyTorch."""
    foreign = [name for name in LINEAR_ONLY if options[name]]
    if foreign:
        raise CommandError(f"--scorer transformer goes without {', '.join(foreign)}.")
    try:
        from classifiers.training import transformer
        from classifiers.training.encoders.export import PINNED_NAME, pinned
    except ImportError as error:
        raise CommandError(f"--scorer transformer needs PyTorch: {error}.") from error
    return transformer.make(
        files,
        output=output,
        folder=settings.WINNOW_MODEL_DIR,
        base=options["base"] or pinned(),
        base_name="" if options["base"] else PINNED_NAME,
        prefix=options["prefix"],
        splits=options["split"],
        chosen=chosen,
        tell=tell,
        name=options["name"],
        epochs=options["epochs"],
        progress=bar.show,
    )
