"""Search over all posts of a person's sites: a form that is an address, and pages by key."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import F
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from moderation import lists
from moderation.broker import limits
from moderation.exceptions import InvalidListEntry
from moderation.models import Post, PostRevision
from moderation.types import ListKind, Status
from reviews.console import wording
from reviews.console.views import WITHHELD, members_only, notice, person
from reviews.models import SavedSearch
from reviews.people.permissions import sites_of
from reviews.queue.languages import NAMES, code_of
from reviews.roles import Act
from reviews.search import searching
from reviews.search.question import By, Question, TooShort

if TYPE_CHECKING:
    from django.contrib.auth.models import User

EXCERPT: Final = 280
"""Characters of a post."""
A_MINUTE: Final = 120
SAVED_MOST: Final = 30
STATES: Final = (
    ("", "Any state"),
    *((outcome.value, words) for outcome, words in wording.OUTCOMES.items()),
    (Status.PENDING.value, "Not judged yet"),
    (Status.WITHDRAWN.value, "Withdrawn"),
)
DECIDED_BY: Final = (
    ("", "Anybody"),
    (By.MACHINE.value, "The machine"),
    (By.PEOPLE.value, "People"),
    (By.EXPIRY.value, "Nobody answered in time"),
)
KEPT: Final = (
    "q", "inside", "site", "state", "by", "author", "address", "domain", "language", "like",
    "since", "until", "score_from", "score_to",
)  # fmt: skip
"""What of an address is a question; the rest says which page of its answer."""


def _moment(label: str) -> forms.DateTimeField:
    shown, formats = forms.DateTimeInput(attrs={"type": "datetime-local"}), ["%Y-%m-%dT%H:%M"]
    return forms.DateTimeField(label=label, required=False, widget=shown, input_formats=formats)


def _percent(label: str) -> forms.IntegerField:
    return forms.IntegerField(label=label, required=False, min_value=0, max_value=100)


class SearchForm(forms.Form):
    q = forms.CharField(
        label="Words",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"type": "search", "data-key": "/", "autocomplete": "off"}),
    )
    inside = forms.BooleanField(label="Also inside words", required=False)
    site = forms.ChoiceField(required=False)
    state = forms.ChoiceField(required=False, choices=STATES)
    by = forms.ChoiceField(label="Decided by", required=False, choices=DECIDED_BY)
    author = forms.CharField(label="Author’s id", required=False, max_length=200)
    address = forms.CharField(label="E-mail or IP address", required=False, max_length=320)
    domain = forms.CharField(label="Links to", required=False, max_length=253)
    language = forms.CharField(
        required=False,
        max_length=35,
        widget=forms.TextInput(
            attrs={"list": "languages", "title": "A name or a code: what the site said it is."}
        ),
    )
    like = forms.UUIDField(required=False)
    since = _moment("From (UTC)")
    until = _moment("Before (UTC)")
    score_from = _percent("Spam from, in %")
    score_to = _percent("Spam to, in %")
    before = forms.UUIDField(required=False)

    def __init__(self, *args: Any, sites: list[tuple[int, str]], **kwargs: Any) -> None:
        kwargs["auto_id"] = "find-%s"
        super().__init__(*args, **kwargs)
        named = [(str(pk), name) for pk, name in sites]
        self.fields["site"].choices = [("", "All my sites"), *named]  # type: ignore[attr-defined]

    def clean_domain(self) -> str:
        return self._as_listed("domain", ListKind.DOMAIN)

    def clean_address(self) -> str:
        address = self._as_listed("address", ListKind.ADDRESS)
        if "/" in address:
            raise forms.ValidationError("One address, not a network.")
        return address

    def _as_listed(self, name: str, kind: ListKind) -> str:
        typed: str = self.cleaned_data[name]
        try:
            return lists.normalize(kind, typed) if typed else ""
        except InvalidListEntry as error:
            raise forms.ValidationError(error.sentence) from error

    def question(self) -> Question:
        asked = self.cleaned_data
        return Question(
            words=asked["q"].strip(),
            inside=asked["inside"],
            state=asked["state"],
            by=asked["by"],
            author=asked["author"].strip(),
            address=asked["address"],
            domain=asked["domain"],
            language=code_of(asked["language"]),
            like=asked["like"],
            since=asked["since"],
            until=asked["until"],
            score_from=_share(asked["score_from"]),
            score_to=_share(asked["score_to"]),
        )


@dataclass(frozen=True, slots=True)
class SearchHit:
    """One post as the list shows it."""

    post: Post
    title: str
    excerpt: str
    case_id: int | None
    """Its latest case; None while that is judged by itself, so that no list tells an audit."""


@require_safe
@members_only(Act.SEE)
def search(request: HttpRequest) -> HttpResponse:
    user = person(request)
    sites = list(sites_of(user, Act.SEE).order_by("name").values_list("pk", "name"))
    given = _whole_days(request.GET)
    asked = {name: str(value) for name, value in given.items() if name in KEPT and value}
    form = SearchForm(given, sites=sites)
    context: dict[str, Any] = {
        "form": form,
        "languages": NAMES.items(),
        "here": "search",
        "several": len(sites) > 1,
        "saved": list(SavedSearch.objects.filter(user=user).order_by("name")[:SAVED_MOST]),
        "query": _query(asked),
        "withheld": WITHHELD,
        "filters": len(asked.keys() - {"q", "inside", "like"}),
    }
    if not form.is_valid():
        return render(request, "console/search.html", context, status=400)
    quota = limits.spend(identity=f"search:{user.pk}", per_minute=A_MINUTE, cost=1)
    if not quota.allowed:
        sentence = f"Try again in {quota.retry_after} seconds."
        return notice(request, "Too many at once", sentence, status=429)
    chosen = form.cleaned_data["site"]
    among = [pk for pk, _ in sites if not chosen or str(pk) == chosen]
    question = form.question()
    try:
        before = form.cleaned_data["before"]
        page = searching.search(question, user=user, sites=among, before=before)
    except TooShort as error:
        form.add_error("q", str(error))
        return render(request, "console/search.html", context, status=400)
    context["found"] = _found(page.ids, question)
    context["page"] = page
    context["following"] = _query({**asked, "before": str(page.after)}) if page.after else ""
    return render(request, "console/search.html", context)


@require_POST
@members_only(Act.SEE)
def save(request: HttpRequest) -> HttpResponse:
    user, name = person(request), request.POST.get("name", "").strip()[:80]
    kept = QueryDict(request.POST.get("query", "")[:2000])
    query = _query({key: str(value) for key, value in kept.items() if key in KEPT and value})
    if not name or not query:
        messages.warning(request, "Search for something and give it a name, then it is kept.")
    elif _is_full(user, name):
        messages.warning(request, f"At most {SAVED_MOST} searches are kept. Delete one first.")
    else:
        SavedSearch.objects.update_or_create(user=user, name=name, defaults={"query": query})
        messages.success(request, "Saved.")
    return redirect(f"{reverse('console:search')}?{query}")


@require_POST
@members_only(Act.SEE)
def forget(request: HttpRequest) -> HttpResponse:
    named = SavedSearch.objects.filter(user=person(request), name=request.POST.get("name", ""))
    if named.delete()[0]:
        messages.info(request, "Deleted.")
    return redirect("console:search")


def _is_full(user: User, name: str) -> bool:
    return SavedSearch.objects.filter(user=user).exclude(name=name).count() >= SAVED_MOST


def _query(asked: dict[str, str]) -> str:
    question = QueryDict(mutable=True)
    question.update(asked)
    return question.urlencode()


def _found(ids: list[UUID], question: Question) -> list[SearchHit]:
    """Return the posts with what is shown of them; three queries."""
    posts = Post.objects.filter(pk__in=ids).select_related("site", "author", "decision")
    of = {post.pk: post for post in posts}
    present = PostRevision.objects.filter(post__in=ids, revision=F("post__revision"))
    words = {row.post_id: row for row in present.only("post", "title", "text")}
    cases = searching.cases_of(ids)
    sought = question.words.replace(chr(34), " ").split()
    return [
        SearchHit(
            post=of[pk],
            title=words[pk].title[:EXCERPT],
            excerpt=_excerpt(words[pk].text, sought),
            case_id=cases.get(pk),
        )
        for pk in ids
        if pk in of and pk in words
    ]


def _whole_days(given: QueryDict) -> QueryDict:
    """Return what was asked with days written as moments: from its beginning, to its end."""
    asked = given.copy()
    for name, days in (("since", 0), ("until", 1)):
        with suppress(ValueError, OverflowError):  # what is no day is left to the form
            day = date.fromisoformat(asked.get(name, ""))
            asked[name] = f"{day + timedelta(days=days):%Y-%m-%dT%H:%M}"
    return asked


def _share(percent: int | None) -> float | None:
    return None if percent is None else percent / 100


def _excerpt(text: str, words: Iterable[str]) -> str:
    """Return the stretch of a text around the first of these words, or its beginning."""
    lowered = text.casefold()
    places = [place for word in words if (place := lowered.find(word.casefold())) >= 0]
    start = max(min(places, default=0) - EXCERPT // 4, 0)
    cut = text[start : start + EXCERPT]
    return f"…{cut}" if start else cut
