from reviews.models.appeal import Appeal
from reviews.models.bulk import BulkAction, BulkItem
from reviews.models.case import Case, Verdict
from reviews.models.label import Label, LabelSource
from reviews.models.learnt import Learnt
from reviews.models.likeness import Embedding, Likeness
from reviews.models.listing import ListChange
from reviews.models.look import Look, LookPlan
from reviews.models.measured import Measured
from reviews.models.membership import Membership, Role
from reviews.models.retention import Retention
from reviews.models.run import ImportRun, RetrainRun, RetrainState

__all__ = [
    "Appeal",
    "BulkAction",
    "BulkItem",
    "Case",
    "Embedding",
    "ImportRun",
    "Label",
    "LabelSource",
    "Learnt",
    "Likeness",
    "ListChange",
    "Look",
    "LookPlan",
    "Measured",
    "Membership",
    "Retention",
    "RetrainRun",
    "RetrainState",
    "Role",
    "Verdict",
]
