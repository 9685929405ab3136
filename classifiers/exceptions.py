"""What can go wrong in judging, training and keeping models; each docstring is the message."""

from __future__ import annotations


class ClassifierError(Exception):
    """Something in the classifiers went wrong."""

    def __init__(self, detail: str = "") -> None:
        summary = (type(self).__doc__ or "").strip()
        super().__init__(f"{summary} {detail}".strip())
        self.detail = detail


class ArtifactError(ClassifierError):
    """The model directory was refused."""


class ArtifactMissing(ArtifactError):
    """The model directory or one of its files is not there."""


class ArtifactUnexpected(ArtifactError):
    """The model directory holds something that does not belong there."""


class ArtifactTooLarge(ArtifactError):
    """A file of the model directory is larger than any model may be."""


class ArtifactCorrupt(ArtifactError):
    """A file of the model directory cannot be read as what it should be."""


class ArtifactDigestMismatch(ArtifactError):
    """The model directory does not hold what its digest says."""


class ArtifactIncompatible(ArtifactError):
    """The model was made by another release and reads other features: train it anew."""


class EncoderUnusable(ClassifierError):
    """The text encoder cannot be used."""


class LearnerError(ClassifierError):
    """The stored state of a site's learner was refused."""


class LearnerUnreadable(LearnerError):
    """The stored state of a site's learner is not what was written."""


class LearnerOutdated(LearnerError):
    """The stored state of a site's learner is of another release; rebuild it from the labels."""


class RegistryError(ClassifierError):
    """The model registry refused the change."""


class UnknownModelVersion(RegistryError):
    """There is no such model version."""


class AlreadyRegistered(RegistryError):
    """This slot already holds a model version with the same name or content."""


class NotPromotable(RegistryError):
    """This model version cannot go to production."""


class NothingToRollBackTo(RegistryError):
    """No earlier production version of this slot is left."""


class RolloutRunning(RegistryError):
    """Another candidate of this slot is being rolled out."""


class SnapshotError(ClassifierError):
    """The labelled file cannot be used."""


class SnapshotUnreadable(SnapshotError):
    """The labelled file cannot be read."""


class SnapshotColumnMissing(SnapshotError):
    """The labelled file lacks a column."""


class SnapshotColumnUnclear(SnapshotError):
    """Several columns of the labelled file may be meant."""


class SnapshotRowsRefused(SnapshotError):
    """Too much of the labelled file cannot be used."""


class SnapshotSplitMissing(SnapshotError):
    """The labelled file has no row of the split that was asked for."""


class SnapshotRowInvalid(SnapshotError):
    """A row of the labelled file cannot be used."""


class TooFewLabels(ClassifierError):
    """There are too few labels of one class to train on."""


class LabelsContradict(ClassifierError):
    """The labels contradict each other."""


class ModelUnavailable(RegistryError):
    """This machine does not have the model and cannot fetch it."""
