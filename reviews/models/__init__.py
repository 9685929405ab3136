from reviews.models.alarm import Alarm, AlarmKind
from reviews.models.appeal import Appeal
from reviews.models.bulk import BulkAction, BulkItem
from reviews.models.case import Case, Verdict
from reviews.models.check import Check
from reviews.models.depth import QueueDepth
from reviews.models.drift import DriftDay, DriftReport
from reviews.models.label import Label, LabelSource
from reviews.models.learnt import Learnt
from reviews.models.legal_hold import LegalHold
from reviews.models.lesson import Lesson
from reviews.models.likeness import Embedding, Likeness
from reviews.models.listing import ListChange
from reviews.models.look import Look, LookPlan
from reviews.models.mail import Incident, IncidentKind, Mail, MailKind, MailState
from reviews.models.measured import Measured, MeasuredWeek
from reviews.models.membership import Membership, Role
from reviews.models.page_view import PageView
from reviews.models.pooled import PooledCertificate
from reviews.models.preferences import Preferences
from reviews.models.report import ReportRecord
from reviews.models.reporter import Reporter
from reviews.models.retention import Retention
from reviews.models.run import ImportRun, RetrainRun, RetrainState
from reviews.models.search import SavedSearch, SearchEntry, SearchProgress
from reviews.models.snapshot_record import SnapshotRecord

__all__ = [
    "Alarm",
    "AlarmKind",
    "Appeal",
    "BulkAction",
    "BulkItem",
    "Case",
    "Check",
    "DriftDay",
    "DriftReport",
    "Embedding",
    "ImportRun",
    "Incident",
    "IncidentKind",
    "Label",
    "LabelSource",
    "Learnt",
    "LegalHold",
    "Lesson",
    "Likeness",
    "ListChange",
    "Look",
    "LookPlan",
    "Mail",
    "MailKind",
    "MailState",
    "Measured",
    "MeasuredWeek",
    "Membership",
    "PageView",
    "PooledCertificate",
    "Preferences",
    "QueueDepth",
    "ReportRecord",
    "Reporter",
    "Retention",
    "RetrainRun",
    "RetrainState",
    "Role",
    "SavedSearch",
    "SearchEntry",
    "SearchProgress",
    "SnapshotRecord",
    "Verdict",
]
