"""The page on which a senior decides a post anew that was judged by itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from moderation.models import PostRevision
from reviews.console import wording
from reviews.console.case.marks import mark
from reviews.console.views import members_only, notice, person
from reviews.exceptions import CaseMissing, NotPermitted, ReviewError
from reviews.judging import correcting
from reviews.people.permissions import may
from reviews.people.watching import shows
from reviews.roles import Act
from reviews.states import VerdictKind


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Act.SETTLE)
def page(request: HttpRequest, verdict_id: int) -> HttpResponse:
    user = person(request)
    chosen = request.POST.get("kind", "")
    try:
        given = correcting.find_answer(verdict_id=verdict_id, user=user)
        if chosen in correcting.KINDS:
            made = correcting.decide_anew(verdict_id=given.pk, user=user, kind=VerdictKind(chosen))
            said = wording.VERDICTS[VerdictKind(chosen)]
            messages.success(
                request, f"Decided anew: {said}. What is measured keeps the first answer."
            )
            return redirect("console:case", made.case_id)
    except (CaseMissing, NotPermitted) as error:
        return notice(request, "Nothing was decided", error.sentence, status=404)
    except ReviewError as error:
        return notice(request, "Nothing was decided", error.sentence, status=409)
    if not may(user, Act.SETTLE, given.case.site_id):
        return notice(request, "Nothing to decide", "There is no such answer.", status=404)
    shows(request, given.case.site_id)
    words = None
    if given.case.post.hidden_at is None:
        words = PostRevision.objects.get(post=given.case.post_id, revision=given.case.revision)
    context = {
        "given": given,
        "title": mark(words.title) if words and words.title else None,
        "text": mark(words.text) if words else None,
        "answers": [one for one in wording.ANSWERS if one.kind in correcting.KINDS],
        "possible": correcting.can_decide_anew(user, given, timezone.now()),
    }
    return render(request, "console/anew.html", context)
