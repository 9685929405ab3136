"""The words of one post, for whoever met it in a list; nothing of what was made of them."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from moderation import hidden_words
from moderation.models import Post, PostRevision
from reviews.console.case import disguises
from reviews.console.case.marks import mark
from reviews.console.views import WITHHELD, members_only, notice, person
from reviews.labels.blind import EVER, withheld_from
from reviews.people.permissions import sites_of
from reviews.people.watching import shows
from reviews.queue.languages import language_of
from reviews.roles import Act
from reviews.search import searching


@require_safe
@members_only(Act.SEE)
def page(request: HttpRequest, post_id: UUID) -> HttpResponse:
    user = person(request)
    shown = Post.objects.filter(site__in=sites_of(user, Act.SEE), hidden_at=None)
    shown = shown.exclude(hidden_words.said())
    post = shown.select_related("site").filter(pk=post_id).first()
    if post is None or withheld_from(user, [post.pk], answered=EVER):
        sentence = f"Or it is not yours to see. {WITHHELD}"
        return notice(request, "There is no such post", sentence, status=404)
    shows(request, post.site_id)
    words = PostRevision.objects.get(post=post, revision=post.revision)
    context = {
        "post": post,
        "title": mark(words.title, disguised=disguises.read(words.title).disguised).html,
        "text": mark(words.text, disguised=disguises.read(words.text).disguised).html,
        "language": language_of(words.language, words.text),
        "case_id": searching.cases_of([post.pk]).get(post.pk),
    }
    return render(request, "console/post.html", context)
