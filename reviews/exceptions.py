"""What can go wrong when people judge; each docstring is the sentence they read."""

from __future__ import annotations


class ReviewError(Exception):
    """The review could not be carried out."""

    @property
    def sentence(self) -> str:
        return str(self) or (self.__doc__ or "").strip()


class TransitionRefused(ReviewError):
    """A case cannot move that way."""

    def __init__(self, state: str, to: str) -> None:
        super().__init__(f"A case that is {state} cannot become {to}.")


class NotPermitted(ReviewError):
    """You may not do this."""


class CaseMissing(ReviewError):
    """There is no such case."""


class AlarmMissing(ReviewError):
    """There is no such alarm."""


class StaleCase(ReviewError):
    """The post was decided meanwhile; your answer was not stored."""

    def __init__(self, present: str) -> None:
        super().__init__(f"{present} Your answer was not stored.")
        self.present = present
        """Who or what decided meanwhile, and how, in words."""


class StillHidden(ReviewError):
    """The post is hidden and preserved. To allow it, first choose “No longer hide” for it."""


class CaseHeld(ReviewError):
    """Somebody else is looking at this case now."""


class AlreadyAnswered(ReviewError):
    """You have already answered this case."""


class UndoRefused(ReviewError):
    """This verdict can no longer be undone."""


class AlreadyAppealed(ReviewError):
    """This decision has already been appealed."""


class AppealRefused(ReviewError):
    """This cannot be appealed."""


class BulkRefused(ReviewError):
    """These posts cannot be answered all at once."""


class FileRefused(ReviewError):
    """The file cannot be imported."""


class RowRefused(ReviewError):
    """This row cannot be imported."""


class ImportRunning(ReviewError):
    """Another process is importing this file into this site."""


class NothingToLearn(ReviewError):
    """There are no labels that the last model has not learnt from."""


class SlotMissing(ReviewError):
    """There is no such slot to train."""


class RetrainRunning(ReviewError):
    """A retraining of this slot is running already."""


class TrainingFailed(ReviewError):
    """The training process ended without a model."""


class WrongCode(ReviewError):
    """That code is not right: take the one that your app shows now."""
