"""A site's guidelines: read by whoever sees its cases, written by whoever sets its rules."""

from __future__ import annotations

from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from moderation import guidelines
from moderation.exceptions import StaleGuidelines
from moderation.models import Guidelines
from reviews.console import kept
from reviews.console.forms import GuidelinesForm
from reviews.console.views import members_only, notice, person
from reviews.people.permissions import may, sites_of
from reviews.roles import Act

LISTED: Final = 20
SAMPLE: Final = """\
What the site is for, and what you ask of those who write there.

Rule: Advertising
Answer: spam
Posts that sell or promote something and do nothing else.
Against: Cheap watches, all brands! Write to me on Telegram.
Fine: I am giving my old watch away, see the classifieds.

Rule: Insults
Answer: remove
Posts that attack a person and not what they say.
Against: Only an idiot like you could ask that.
Fine: I think that you are wrong, and here is why.
"""
"""What a site that has none begins with."""


@require_safe
@members_only(Act.SEE)
def page(request: HttpRequest, site_id: int) -> HttpResponse:
    """The guidelines in force, or with `?version=` as they read once."""
    user = person(request)
    site = sites_of(user, Act.SEE).filter(pk=site_id).first()
    if site is None:
        return _no_such_site(request)
    in_force, public = guidelines.in_force(site.pk)
    versions = list(
        Guidelines.objects.filter(site=site).select_related("created_by").order_by("-version")
    )
    asked = request.GET.get("version", "")
    shown = next((one for one in versions if str(one.version) == asked), in_force)
    context = {
        "site": site,
        "shown": shown,
        "written": guidelines.parse(shown.text) if shown else None,
        "in_force": in_force,
        "public": guidelines.address_of(in_force.pk) if in_force and public else "",
        "versions": versions[:LISTED],
        "may_write": may(user, Act.SET, site.pk),
    }
    return render(request, "console/guidelines.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@members_only(Act.SET)
def write(request: HttpRequest, site_id: int) -> HttpResponse:
    user = person(request)
    site = sites_of(user, Act.SET).filter(pk=site_id).first()
    if site is None:
        return _no_such_site(request)
    in_force, public = guidelines.in_force(site.pk)
    restored = kept.kept(request, request.path)
    text = restored or (in_force.text if in_force else SAMPLE)
    form, status = GuidelinesForm(initial={"text": text, "public": public}), 200
    if request.method == "POST":
        form, status = GuidelinesForm(request.POST), 400
        if form.is_valid():
            try:
                guidelines.publish(site=site, by=user, **form.cleaned_data)
            except StaleGuidelines:
                status, (in_force, _) = 409, guidelines.in_force(site.pk)
            else:
                kept.let_go(request)
                messages.success(request, "In force from now on.")
                sees = may(user, Act.SEE, site.pk)
                page = "console:guidelines" if sees else "console:write-guidelines"
                return redirect(page, site.pk)
    context = {
        "site": site,
        "form": form,
        "in_force": in_force,
        "overtaken": status == 409,
        "restored": bool(restored) and status == 200,
    }
    return render(request, "console/write_guidelines.html", context, status=status)


def _no_such_site(request: HttpRequest) -> HttpResponse:
    return notice(request, "There is no such site", "Or it is not yours.", status=404)
