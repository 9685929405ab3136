"""What holds of all sites that share a model, together: one statement a period, for its operator.

Draws of unlike sites are pooled with the probabilities that each was drawn with. It belongs to the
installation: no page of a site shows it, because no site is promised anything by it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from classifiers.guarantees import pooled
from classifiers.guarantees.figures import Sampled
from classifiers.guarantees.reviewers import Mistakes
from classifiers.models import GLOBAL_SLOT, ModelVersion
from moderation import statements
from moderation.models import Site
from moderation.types import Stratum
from reviews.measuring import draws
from reviews.measuring.answers import About, answers
from reviews.measuring.draws import Selected
from reviews.measuring.mistaken import DELTA, people
from reviews.models import PooledCertificate
from reviews.queue.priority import DEADLINE

PERIOD: Final = timedelta(days=28)
"""There is one look at each, once its draws have settled."""

# What a shared model decided, and the posts that it or a list allowed.
SHARED: Final = f"""
FROM moderation_auditdraw draw
JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum IN ('allow', 'block')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
    AND decision.model = ANY(%(models)s)
    AND (draw.stratum = 'allow' OR (decision.by = 'model' AND decision.would_be = 'block'))
    AND (draw.stratum = 'block' OR {draws.ONCE})
"""
COUNTED: Final = f"""
SELECT draw.site_id, draw.stratum, count(*), min(draw.probability), max(draw.probability),
    array_agg(DISTINCT decision.model)
{SHARED} GROUP BY 1, 2
"""
SAMPLED: Final = f"""
SELECT draw.id, decision.id, decision.post_id, decision.revision, draw.site_id, draw.stratum,
    draw.probability
{SHARED} AND draw.selected
"""
FIRST: Final = """
SELECT min(draw.created_at) FROM moderation_auditdraw draw
WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum IN ('allow', 'block')
"""


def certify(*, now: datetime | None = None) -> PooledCertificate | None:
    """The statement of the period that is over, if one is; None while it is not, or of too few."""
    now = now or timezone.now()
    sites = list(Site.objects.order_by("pk"))
    if len(sites) < pooled.FEWEST:
        return None
    names = list(ModelVersion.objects.filter(slot=GLOBAL_SLOT).values_list("name", flat=True))
    asked: dict[str, Any] = {"sites": [site.pk for site in sites], "models": names}
    last = PooledCertificate.objects.order_by("-period_to").first()
    began = last.period_to if last else statements.run(FIRST, asked)[0][0]
    if began is None or began + PERIOD + DEADLINE > now:
        return None
    # After a long pause it is the last period that counts.
    until = began + (now - DEADLINE - began) // PERIOD * PERIOD
    asked |= {"since": until - PERIOD, "until": until}
    found, used = _by_site(asked)
    drawn = {pk: each for pk, each in found.items() if each.is_drawn}
    if len(drawn) < pooled.FEWEST:
        return None
    # The least able people of any site stand for all; any of the sites' bounds may be wrong.
    judges = [
        people(site=site, now=now, delta=DELTA / len(drawn)).for_certificates(pooled.DELTA)
        for site in sites
        if site.pk in drawn
    ]
    mistakes = Mistakes(
        max(each.spam_of_honest for each, _ in judges),
        max(each.honest_of_spam for each, _ in judges),
    )
    blocked = pooled.pool([each.blocked for each in drawn.values()])
    allowed = pooled.pool([each.allowed for each in drawn.values()])
    delta = pooled.DELTA - sum(pooled.DELTA - left for _, left in judges)
    bound = pooled.wrongly_blocked(blocked, allowed, mistakes, delta)
    said: dict[str, Any] = {
        "judged_by": sorted(used),
        "bound": bound,
        "delta": pooled.DELTA,
        "sites": len(drawn),
        "left_out": len(found) - len(drawn),
        "blocked": blocked.posts,
        "judged": blocked.drawn,
        "wrong": len(blocked.honest),
        "allowed": allowed.posts,
        "allowed_drawn": allowed.drawn,
        "allowed_spam": len(allowed.spam),
        "unanswered": len(blocked.unanswered) + len(allowed.unanswered),
        "chance": blocked.least,
        "spam_of_honest": mistakes.spam_of_honest,
        "honest_of_spam": mistakes.honest_of_spam,
        "period_to": until,
        "created_at": now,
    }
    # Whoever comes second at the same time finds the same.
    made, _ = PooledCertificate.objects.get_or_create(period_from=asked["since"], defaults=said)
    return made


def _by_site(asked: dict[str, Any]) -> tuple[dict[int, pooled.SiteSample], set[str]]:
    """Each site's two strata, and the models that judged them."""
    rows = [(About(*row[:4]), *row[4:]) for row in statements.run(SAMPLED, asked)]
    said = answers([row[0] for row in rows])
    selected: dict[tuple[int, str], list[Selected]] = {}
    for about, site, stratum, chance in rows:
        one = Selected(about, Stratum(stratum), chance, said.get(about.draw))
        selected.setdefault((site, stratum), []).append(one)
    strata: dict[tuple[int, str], Sampled] = {}
    used: set[str] = set()
    for site, stratum, posts, least, greatest, names in statements.run(COUNTED, asked):
        drawn = selected.get((site, stratum), [])
        strata[site, stratum] = draws.sample(drawn, posts=posts, least=least, greatest=greatest)
        used.update(names)
    sites = {site for site, _ in strata}
    return {
        site: pooled.SiteSample(
            strata.get((site, Stratum.BLOCK), Sampled()),
            strata.get((site, Stratum.ALLOW), Sampled()),
        )
        for site in sites
    }, used
