"""The last mails: which were sent, which failed and why, and what is told of just now."""

from __future__ import annotations

from typing import Final

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from reviews.console.views import members_only, person
from reviews.models import Incident, Mail
from reviews.people.permissions import sites_of
from reviews.roles import Act

LISTED: Final = 50


@require_safe
@members_only(Act.SEE, Act.SET)
def page(request: HttpRequest) -> HttpResponse:
    """One's own mails, and those about the sites that one leads or sets the rules of.

    All of them for a superuser. No mail holds words of a post, so an operator may see them.
    """
    user = person(request)
    mine = Q(user=user)
    # Those whom `permissions.leads_of` writes to.
    leads = (sites_of(user, Act.SETTLE) | sites_of(user, Act.SET)).distinct()
    if user.is_superuser:
        mine |= Q(pk__gt=0)
    else:
        mine |= Q(site__in=leads)
    mails = Mail.objects.filter(mine).select_related("user", "site").order_by("-pk")
    open_now = Incident.objects.filter(closed_at=None, site__in=leads).select_related("site")
    context = {
        "mails": list(mails[:LISTED]),
        "incidents": list(open_now.order_by("-pk")[:LISTED]),
        "sends": settings.WINNOW_MAIL,
        "wait": settings.WINNOW_ALERT_WAIT,
        "hold": settings.WINNOW_ALERT_HOLD,
    }
    return render(request, "console/mail.html", context)
