from moderation.models.activity import Feedback
from moderation.models.api_key import ApiKey, IdempotencyKey, KeyKind
from moderation.models.author import Author
from moderation.models.caution import Caution
from moderation.models.certificate import Certificate
from moderation.models.community import Sighting, SiteTalk
from moderation.models.data_read import DataRead
from moderation.models.decision import AuditDraw, Decision, Score
from moderation.models.event import Event
from moderation.models.learner import SiteLearner
from moderation.models.lease import JobLease, Leased, LeasedQuerySet
from moderation.models.list_entry import ListEntry
from moderation.models.post import Post, PostRevision
from moderation.models.site import Guidelines, Policy, Site

__all__ = [
    "ApiKey",
    "AuditDraw",
    "Author",
    "Caution",
    "Certificate",
    "DataRead",
    "Decision",
    "Event",
    "Feedback",
    "Guidelines",
    "IdempotencyKey",
    "JobLease",
    "KeyKind",
    "Leased",
    "LeasedQuerySet",
    "ListEntry",
    "Policy",
    "Post",
    "PostRevision",
    "Score",
    "Sighting",
    "Site",
    "SiteLearner",
    "SiteTalk",
]
