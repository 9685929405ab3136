from reviews.models.case import Case, Verdict
from reviews.models.label import Label, LabelSource
from reviews.models.membership import Membership, Role
from reviews.models.retention import Retention
from reviews.models.run import ImportRun, RetrainRun, RetrainState

__all__ = [
    "Case",
    "ImportRun",
    "Label",
    "LabelSource",
    "Membership",
    "Retention",
    "RetrainRun",
    "RetrainState",
    "Role",
    "Verdict",
]
