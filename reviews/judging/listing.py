"""Trusting and denying from a case: one key, kept with who pressed it, taken back by another."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from classifiers.text.shortener_hosts import SHORTENERS
from classifiers.text.urls import find_links
from classifiers.text.written_hosts import onward
from moderation import list_entries, lists
from moderation.exceptions import InvalidListEntry
from moderation.judging.contents import content_of
from moderation.models import Decision, ListEntry, Policy, Post, PostRevision
from moderation.types import ListKind, ListVerdict
from reviews.exceptions import UndoRefused
from reviews.models import Case, ListChange
from reviews.people.permissions import check_can_list

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DOMAINS: Final = 8
"""Of one post, these are offered."""
FORGOTTEN: Final = "Whom or what it was about has been forgotten."


@dataclass(frozen=True, slots=True)
class Listable:
    """Something of a post that can stand on its site's lists, and what they say of it."""

    name: str
    """In forms: `author`, `email`, `ip`, `domain-0`."""
    kind: ListKind
    value: str
    says: ListVerdict | None = None

    @property
    def is_everybodys(self) -> bool:
        """Whether anybody's links lead through it: a shortener."""
        return self.kind is ListKind.DOMAIN and self.value in SHORTENERS

    @property
    def is_allowed(self) -> bool:
        return self.says is ListVerdict.ALLOW

    @property
    def is_denied(self) -> bool:
        return self.says is ListVerdict.DENY


def domains_of(words: PostRevision) -> list[str]:
    """Return the domains that a revision and its author link to, and then those that these links
    name, in order, the first DOMAINS.
    """
    texts = [*filter(find_links, (words.title, words.text, words.author_url))]
    links = (link for text in (*texts, *map(onward, texts)) for link in find_links(text))
    found = dict.fromkeys(lists.canonical_host(link.domain) for link in links if not link.is_ip)
    return list(found)[:DOMAINS]


def listables_of(post: Post, words: PostRevision) -> list[Listable]:
    """Return what of a post can be listed from its case, without what the lists say."""
    found = []
    if post.author is not None:
        found.append(Listable("author", ListKind.AUTHOR, post.author.external_id))
    for name, address in (("email", words.author_email), ("ip", post.ip)):
        # What somebody gave as their address need not be one.
        with suppress(InvalidListEntry):
            value = lists.normalize(ListKind.ADDRESS, address or "")
            found.append(Listable(name, ListKind.ADDRESS, value))
    domains = enumerate(domains_of(words))
    return found + [Listable(f"domain-{n}", ListKind.DOMAIN, domain) for n, domain in domains]


def listed(case: Case, words: PostRevision) -> list[Listable]:
    """Return what of a case's post can be listed, with what the site's lists say; one query.

    An entry for a domain above that of a link stands for it.
    """
    post = case.post
    says = lists.entries(_subject(post, words, case.decision.policy))
    return [
        Listable(one.name, one.kind, one.value, says.get((one.kind.value, one.value)))
        for one in listables_of(post, words)
    ]


def denier_of(post: Post, decision: Decision) -> int | None:
    """Return who last denied, before it was blocked by a list, what stands on that of a post.

    None where nobody is known.
    """
    words = PostRevision.objects.get(post=post, revision=decision.revision)
    says = lists.entries(_subject(post, words, decision.policy))
    denied = Q()
    for (kind, value), verdict in says.items():
        if verdict is ListVerdict.DENY:
            denied |= Q(kind=kind, value=value)
    if not denied:
        return None
    then = {"created_at__lte": decision.created_at, "created_by__isnull": False}
    by = ListEntry.objects.filter(denied, site=post.site_id, **then)
    return by.order_by("-pk").values_list("created_by", flat=True).first()


def _subject(post: Post, words: PostRevision, policy: Policy) -> lists.Subject:
    return lists.subject_of(
        site_id=post.site_id,
        author=post.author.external_id if post.author else None,
        content=content_of(post, words, policy),
    )


@transaction.atomic
def put(
    *,
    case: Case,
    listable: Listable,
    verdict: ListVerdict | None,
    user: User,
    now: datetime | None = None,
) -> ListChange:
    """Make the site's list say this, and keep that it was said. Raises NotPermitted."""
    check_can_list(user, case)
    before = list_entries.put(
        site_id=case.site_id,
        kind=listable.kind,
        value=listable.value,
        verdict=verdict,
        user=user,
        note=f"From case {case.pk}.",
    )
    return ListChange.objects.create(
        site_id=case.site_id,
        user=user,
        case_id=case.pk,
        post_id=case.post_id,
        kind=listable.kind,
        value=lists.normalize(listable.kind, listable.value),
        before=before or "",
        after=verdict or "",
        created_at=now or timezone.now(),
    )


@transaction.atomic
def undo(*, change: ListChange, user: User, now: datetime | None = None) -> ListChange:
    """Make the list say again what it said before. Raises NotPermitted, UndoRefused."""
    # The row itself is history, which nobody may lock.
    case = Case.objects.select_for_update(of=("self",)).filter(pk=change.case_id).first()
    if case is None:
        raise UndoRefused(FORGOTTEN)
    check_can_list(user, case)
    change.refresh_from_db(fields=["value"])
    if ListChange.objects.filter(undoes=change).exists() or change.undoes_id is not None:
        raise UndoRefused("This was taken back already.")
    if not change.value:
        raise UndoRefused(FORGOTTEN)
    verdict = ListVerdict(change.before) if change.before else None
    kind = ListKind(change.kind)
    found = list_entries.put(
        site_id=change.site_id, kind=kind, value=change.value, verdict=verdict, user=user
    )
    if (found or "") != change.after:
        # The transaction takes back what was just put.
        raise UndoRefused("Somebody has changed the list since.")
    return ListChange.objects.create(
        site_id=change.site_id,
        user=user,
        case_id=change.case_id,
        post_id=change.post_id,
        kind=kind,
        value=change.value,
        before=change.after,
        after=change.before,
        undoes=change,
        created_at=now or timezone.now(),
    )
