"""What a person may do, each rule once: `check_can_x` raises the sentence, `can_x` asks it.

Which role may do what stands in `roles.py`; rules about the state of a case stand in `states.py`
and beside the writes they guard.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from moderation.models import Author, Post, Site
from reviews.exceptions import NotPermitted
from reviews.lanes import Lane
from reviews.models.page_view import PageView
from reviews.people.colleagues import has_met, is_barred
from reviews.roles import MAY, REFUSED, Act, Role, lanes_of, roles_that
from reviews.states import VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from reviews.models import BulkAction, Case, Verdict

    Anyone = User | AnonymousUser


READS_POSTS = sorted(roles_that(Act.SEE))
"""The roles that can be named for hidden posts: an operator reads no posts at all."""
IN_BULK = frozenset({Lane.HELD, Lane.OVERFLOW, Lane.PUBLISHED, Lane.REPORTED})
"""The lanes whose cases may be answered along with others."""


def sites_of(user: Anyone, act: Act = Act.JUDGE) -> QuerySet[Site]:
    """The sites where this person may do this: all for a superuser, none when inactive."""
    if not user.is_active:
        return Site.objects.none()
    if user.is_superuser:
        return Site.objects.all()
    roles = sorted(roles_that(act))
    return Site.objects.filter(memberships__user_id=user.pk, memberships__role__in=roles)


@dataclass(frozen=True, slots=True)
class Given:
    """What one person may do on one site."""

    acts: frozenset[Act] = frozenset()
    lanes: frozenset[Lane] = frozenset()
    """Whose cases they judge."""
    writes_as: str = ""
    """Their own id as an author on the site, where that is known."""
    saw_cases: bool = False
    """Whether they were shown cases whole, as an auditor."""

    @property
    def only_audits(self) -> bool:
        """Whether they see everything of the site and judge nothing."""
        return Act.AUDIT in self.acts and Act.JUDGE not in self.acts


def given_to(user: Anyone, site_id: int) -> Given:
    """What this person may do on this site; one query."""
    if not user.is_active:
        return Given()
    rows = Site.objects.filter(pk=site_id, memberships__user_id=user.pk)
    whole = Exists(PageView.objects.filter(user=user.pk, saw_all=True))
    told = ("memberships__role", "memberships__lanes", "memberships__writes_as", whole)
    found = rows.values_list(*told).first()
    if user.is_superuser:
        return Given(frozenset(Act), frozenset(Lane), found[2] if found else "")
    if found is None:
        return Given()
    role, lanes, writes_as, saw_cases = found
    return Given(MAY[Role(role)], lanes_of(lanes), writes_as, saw_cases)


def authors_of(user_id: int) -> list[int]:
    """Ids of the authors that this person is, on the sites where that is known."""
    known = Author.objects.filter(
        site__memberships__user_id=user_id, external_id=F("site__memberships__writes_as")
    )
    return list(known.values_list("pk", flat=True))


def check_may(user: Anyone, act: Act, site_id: int) -> None:
    """Raises NotPermitted for a person whose role on this site does not let them."""
    if act not in given_to(user, site_id).acts:
        raise NotPermitted(REFUSED[act])


def may(user: Anyone, act: Act, site_id: int) -> bool:
    try:
        check_may(user, act, site_id)
    except NotPermitted:
        return False
    return True


def closed_lanes(user: Anyone, sites: Iterable[int]) -> list[tuple[int, Lane]]:
    """The lanes of these sites, as (site, lane), whose cases this person does not judge."""
    if user.is_superuser:
        return []
    given = dict(
        Site.objects.filter(pk__in=list(sites), memberships__user_id=user.pk or 0).values_list(
            "pk", "memberships__lanes"
        )
    )
    return [(site, lane) for site in given for lane in Lane if lane not in lanes_of(given[site])]


def check_can_judge(user: Anyone, case: Case, given: Given | None = None) -> None:
    """Raises NotPermitted for a person who may not judge this case."""
    given = given or given_to(user, case.site_id)
    if Act.JUDGE not in given.acts:
        raise NotPermitted(REFUSED[Act.JUDGE])
    if case.lane not in given.lanes:
        raise NotPermitted("You do not judge cases of this kind.")
    if case.meant_for and user.pk not in case.meant_for:
        raise NotPermitted("This case waits for somebody else.")
    if is_by(case.post, given.writes_as):
        raise NotPermitted("You wrote this post yourself, so a colleague judges it.")
    if is_barred(user.pk, case):
        raise NotPermitted("You called for this block, so a colleague judges the appeal.")
    if given.saw_cases and has_met(user.pk, case):
        raise NotPermitted("You were shown all of this case as an auditor: a colleague judges it.")


def is_by(post: Post, writes_as: str) -> bool:
    """Whether the post is by whoever writes on its site as this; by nobody known where empty."""
    author = post.author if writes_as else None
    return author is not None and author.external_id == writes_as


def can_judge(user: Anyone, case: Case, given: Given | None = None) -> bool:
    try:
        check_can_judge(user, case, given)
    except NotPermitted:
        return False
    return True


def judges_of(site_id: int, act: Act = Act.JUDGE, *, of: Post | None = None) -> list[int]:
    """Ids of the site's active members who judge held and published posts and may do this.

    With `of`, who may judge that post: not whoever wrote it.
    """
    roles = sorted(roles_that(Act.JUDGE) & roles_that(act))
    given = Q(memberships__lanes=[]) | Q(memberships__lanes__contains=[Lane.HELD, Lane.PUBLISHED])
    members = get_user_model().objects.filter(
        given, memberships__site=site_id, memberships__role__in=roles, is_active=True
    )
    rows = members.order_by("pk").values_list("pk", "memberships__writes_as")
    return [pk for pk, writes_as in rows if of is None or not is_by(of, writes_as)]


def superusers_who_judge() -> list[str]:
    """Names of the active superusers who judge on some site as its members, too."""
    roles = sorted(roles_that(Act.JUDGE))
    members = get_user_model().objects.filter(memberships__role__in=roles, is_active=True)
    found = members.filter(is_superuser=True).order_by("username").distinct()
    return list(found.values_list("username", flat=True))


def leads_of(site_id: int) -> list[User]:
    """The active people with an address who lead a site or set its rules.

    Superusers where there are none.
    """
    people = get_user_model().objects.filter(is_active=True).exclude(email="").order_by("pk")
    roles = sorted(roles_that(Act.SETTLE) | roles_that(Act.SET))
    leads = people.filter(memberships__site=site_id, memberships__role__in=roles)
    return list(leads) or list(people.filter(is_superuser=True))


def sees_hidden(user: Anyone, site_id: int) -> bool:
    """Whether this person was named for the site's dangerous and illegal posts.

    Being a superuser is not enough: who sees them is written down by name.
    """
    return user.is_active and user.pk in named_for_hidden(site_id)


def sites_where_named(user: Anyone) -> QuerySet[Site]:
    """The sites for whose hidden posts this person was named."""
    if not user.is_active:
        return Site.objects.none()
    return Site.objects.filter(
        memberships__user_id=user.pk or 0,
        memberships__sees_hidden=True,
        memberships__role__in=READS_POSTS,
    )


def named_for_hidden(site_id: int) -> list[int]:
    """Ids of the active members who were named for the site's hidden posts, and read posts."""
    members = get_user_model().objects.filter(
        memberships__site=site_id,
        memberships__sees_hidden=True,
        memberships__role__in=READS_POSTS,
        is_active=True,
    )
    return list(members.order_by("pk").values_list("pk", flat=True))


def named_alone(user: Anyone) -> QuerySet[Site]:
    """The sites for whose hidden posts nobody but this person was named."""
    others = get_user_model().objects.filter(
        memberships__site=OuterRef("pk"),
        memberships__sees_hidden=True,
        memberships__role__in=READS_POSTS,
        is_active=True,
    )
    return sites_where_named(user).exclude(Exists(others.exclude(pk=user.pk or 0)))


def addressed_of_hidden(site_id: int) -> list[int]:
    """Whom cases about hidden posts are meant for; nobody's id where nobody was named."""
    return named_for_hidden(site_id) or [0]


def check_can_undo(user: Anyone, verdict: Verdict) -> None:
    """Raises NotPermitted for a person who neither gave this verdict nor may settle it."""
    if verdict.kind == VerdictKind.ESCALATE and verdict.user_id == user.pk:
        # The case is meant for others only because of this.
        check_may(user, Act.JUDGE, verdict.case.site_id)
        return
    check_can_judge(user, verdict.case)
    if verdict.user_id != user.pk and not may(user, Act.SETTLE, verdict.case.site_id):
        raise NotPermitted("Only the person who gave a verdict, or a senior, can undo it.")


def can_undo(user: Anyone, verdict: Verdict) -> bool:
    try:
        check_can_undo(user, verdict)
    except NotPermitted:
        return False
    return True


def check_can_answer_many(user: Anyone, site_id: int, given: Given | None = None) -> None:
    """Raises NotPermitted for a person who may not answer many posts of this site at once."""
    given = given or given_to(user, site_id)
    if Act.JUDGE not in given.acts:
        raise NotPermitted(REFUSED[Act.JUDGE])
    if not given.lanes >= IN_BULK:
        raise NotPermitted("You do not judge all the kinds of cases that may be among them.")


def can_answer_many(user: Anyone, site_id: int, given: Given | None = None) -> bool:
    try:
        check_can_answer_many(user, site_id, given)
    except NotPermitted:
        return False
    return True


def check_can_list(user: Anyone, case: Case) -> None:
    """Raises NotPermitted for a person who may not trust or deny from this case.

    A list answers all kinds of cases before they arise: so it is for who judges them all, and not
    about what they wrote themselves.
    """
    given = given_to(user, case.site_id)
    check_can_answer_many(user, case.site_id, given)
    if is_by(case.post, given.writes_as):
        raise NotPermitted("You wrote this post yourself, so a colleague trusts or denies.")


def check_can_undo_many(user: Anyone, action: BulkAction) -> None:
    """Raises NotPermitted for a person who neither gave this answer nor may settle it."""
    check_can_answer_many(user, action.site_id)
    if action.user_id != user.pk and not may(user, Act.SETTLE, action.site_id):
        raise NotPermitted("Only the person who gave an answer to many, or a senior, can undo it.")


def can_undo_many(user: Anyone, action: BulkAction) -> bool:
    try:
        check_can_undo_many(user, action)
    except NotPermitted:
        return False
    return True
