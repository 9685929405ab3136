"""`retrain [--site NAME] [--force] [--at-once]`: once round the learning loop, here and now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.exceptions import ClassifierError
from moderation.exceptions import ModerationError
from moderation.models import Site
from reviews.exceptions import ReviewError
from reviews.learning import retraining, slots
from reviews.models import RetrainState


class Command(BaseCommand):
    help = (
        "Train on the labels so far, and try the new model if it is no worse. Without --site: "
        "every model that has enough labels, as each night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--site", help="only the model that this site's labels train")
        parser.add_argument(
            "--force", action="store_true", help="also when there are no new labels"
        )
        parser.add_argument(
            "--at-once",
            action="store_true",
            help="a model that is no worse serves without a trial by audits, shadow and canary",
        )

    def handle(self, *, site: str | None, force: bool, at_once: bool, **options: Any) -> None:
        try:
            if site is None:
                self._all(force, at_once)
            else:
                self._one(site, force, at_once)
        except (ReviewError, ModerationError) as error:
            raise CommandError(error.sentence) from error
        except ClassifierError as error:
            raise CommandError(str(error)) from error

    def _all(self, force: bool, at_once: bool) -> None:
        if not slots.slots_due():
            self.stdout.write(
                f"No site has {slots.OWN_MODEL_FROM} labels of spam and of ham yet. "
                "Name one with --site to train on fewer."
            )
            return
        runs = retraining.retrain_due(force=force, at_once=at_once, tell=self.stdout.write)
        if any(run.state == RetrainState.FAILED for run in runs):
            raise CommandError("Not every model could be trained.")

    def _one(self, name: str, force: bool, at_once: bool) -> None:
        site = Site.objects.filter(name=name).first()
        if site is None:
            raise CommandError(f"There is no site named {name!r}.", returncode=2)
        retraining.retrain(
            slot=slots.slot_of(site), force=force, at_once=at_once, tell=self.stdout.write
        )
