"""The promise is about posts: nobody breaks or keeps it by sending the same one again."""

import math
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moderation.access import create_key
from moderation.models import (
    ApiKey,
    AuditDraw,
    Author,
    Certificate,
    Decision,
    Feedback,
    Policy,
    Site,
)
from moderation.types import Ground, Mode
from reviews.learning.stretches import Stretch
from reviews.measuring import (
    breaches,
    draws,
    earned,
    promises,
    slices,
    volumes,
    wrong_blocks,
)
from reviews.measuring.draws import Question
from reviews.models import Case, Check, Label, Reporter, Verdict
from reviews.states import CaseState
from tests.integration.reviews.promised import (
    DAY,
    FOUR_DAYS,
    MODEL,
    NOW,
    allow,
    certified,
    certifying_site,
    judge,
    posts_of,
    reviewed,
    send,
)

LATER = NOW + 2 * DAY


@pytest.fixture
def site(db):
    return certifying_site()


@pytest.fixture
def certificate(site) -> Certificate:
    return certified(site)


def edited(
    before: AuditDraw,
    revision: int,
    *,
    selected: bool = True,
    later: timedelta = timedelta(minutes=1),
) -> AuditDraw:
    """The throw for the next revision of the same post, which is blocked like the one before."""
    decision = Decision.objects.get(pk=before.decision_id)
    decision.pk, decision.supersedes_id, decision.revision = None, before.decision_id, revision
    decision.model = MODEL
    decision.created_at += later
    decision.save(force_insert=True)
    return AuditDraw.objects.create(
        decision=decision,
        site_id=before.site_id,
        stratum=before.stratum,
        probability=1.0 if selected else 0.5,
        draw=0.1 if selected else 0.9,
        selected=selected,
        created_at=before.created_at + later,
    )


def asked(site) -> Question:
    return Question(site.pk, MODEL, Mode.CERTIFIED, None, NOW, LATER)


def test_one_insistent_author_breaks_no_promise(site, certificate):
    blocks = send(site, 3, probability=0.97, at=NOW + DAY, blocks=True)
    judge(site, blocks[:1], "ham")
    judge(site, blocks[1:], "spam")
    once = breaches.evidence_against(certificate, LATER)
    again = blocks[0]
    for revision in (2, 3):
        again = edited(again, revision)
        judge(site, [again], "ham")
    found = breaches.evidence_against(certificate, LATER)
    assert found == once
    assert "Of 3 posts that the model allowed or blocked since, 1 honest" in found.sentence
    assert len(wrong_blocks.known_wrong(asked(site), draws.blocked(asked(site)))) == 1


def followed(certificate: Certificate, *, days: float, **changes) -> Certificate:
    """Another certificate, that follows so many days after this one was issued."""
    at = certificate.created_at + days * DAY
    Certificate.objects.filter(pk=certificate.pk).update(ended_at=at)
    after = Certificate.objects.get(pk=certificate.pk)
    after.pk, after.ended_at, after.created_at = None, None, at
    for name, value in changes.items():
        setattr(after, name, value)
    after.save(force_insert=True)
    return after


def test_certificates_that_follow_one_another_soon_share_the_years_chance_of_a_false_stop(
    site, certificate
):
    alone = breaches.evidence_against(certificate, LATER).broken
    Certificate.objects.update(broken=True)
    soon = breaches.evidence_against(followed(certificate, days=4), NOW + 5 * DAY).broken
    assert soon - alone == pytest.approx(math.log(20 / 4))
    a_year = 365.25 / 4 * 2 * math.exp(-soon)
    assert a_year == pytest.approx(0.05)


def test_the_test_of_a_certificate_goes_on_with_the_one_that_follows_it_soon(site, certificate):
    alone = breaches.evidence_against(certificate, LATER).broken
    allow(site, 2_000, at=NOW + DAY / 4)
    send(site, 40, probability=0.97, at=NOW + DAY / 4, blocks=True)
    after = followed(certificate, days=0.5, model="model-2")
    blocks = send(site, 6, probability=0.97, at=NOW + DAY, blocks=True, model="model-2")
    judge(site, blocks, "ham")
    found = breaches.evidence_against(after, LATER)
    assert alone + 0.4 < found.broken < alone + math.log(2.0), "a good day took a part"
    assert found.broken < found.logarithm < alone + math.log(20 / 0.5)
    last = followed(after, days=1.0, model="model-3")
    good = send(site, 3, probability=0.97, at=NOW + 2 * DAY, blocks=True, model="model-3")
    judge(site, good, "spam")
    assert not promises.check(site=site, now=NOW + 3 * DAY), "that spoke against the one before"
    bad = send(site, 6, probability=0.97, at=NOW + 2 * DAY, blocks=True, model="model-3")
    judge(site, bad, "ham")
    assert breaches.evidence_against(last, NOW + 3 * DAY).broken == pytest.approx(found.broken)
    assert promises.check(site=site, now=NOW + 3 * DAY)


def test_what_was_spent_long_ago_goes_on_no_more(site, certificate):
    allow(site, 2_000, at=NOW + DAY / 4)
    alone = breaches.evidence_against(certificate, LATER).broken
    after = followed(certificate, days=20)
    assert breaches.evidence_against(after, NOW + 21 * DAY).broken == pytest.approx(alone)


def test_allowed_posts_that_people_call_spam_do_not_speak_for_the_model(site, certificate):
    """Each of the drawn ones counts for it until somebody who was asked calls it spam."""
    send(site, 400, probability=0.02, at=NOW + DAY, selected=False, chance=0.1)
    drawn = send(site, 40, probability=0.02, at=NOW + DAY, chance=0.1, thrown=0.05)
    judge(site, send(site, 12, probability=0.97, at=NOW + DAY, blocks=True), "ham")
    silent = breaches.evidence_against(certificate, LATER).logarithm
    judge(site, drawn[:5], "ham")
    assert breaches.evidence_against(certificate, LATER).logarithm == silent
    judge(site, drawn[5:], "spam")
    assert breaches.evidence_against(certificate, LATER).logarithm > silent + 1.0


@pytest.mark.parametrize("alike", ["author", "words"])
def test_wrong_blocks_of_one_author_or_of_the_same_words_add_and_do_not_multiply(
    site, certificate, alike
):
    allow(site, 300, at=NOW + DAY)
    blocks = send(site, 40, probability=0.97, at=NOW + DAY, blocks=True)
    judge(site, blocks, "ham")
    apart = breaches.evidence_against(certificate, LATER)
    assert "honest ones of 40 authors" in apart.sentence and apart.logarithm > apart.broken
    posts = posts_of(blocks)
    if alike == "author":
        posts.update(author=Author.objects.create(site=site, external_id="7"))
    else:
        posts.update(fingerprint=b"the same")
    together = breaches.evidence_against(certificate, LATER)
    assert " 1 author, none of them by two people" in together.sentence and together.logarithm < 3.0


def test_an_edited_post_is_one_honest_post_where_they_are_counted(site):
    """Whoever edits what is allowed makes nobody's certificate, nor what is shown, any better."""
    reviewed(site)
    every = Question(site.pk, MODEL, Mode.CERTIFIED, 0.9, NOW - 9 * DAY, NOW)
    shown = {"since": NOW - 9 * DAY, "until": NOW}

    def known():
        drawn = [draw.blocks for draw in draws.drawn(every)]
        strata = draws.strata(site, **shown)
        posts = [each.posts for _, each in sorted(strata.items())]
        asked = [len(each.unanswered) for _, each in sorted(strata.items())]
        stretch = Stretch((site.pk,), NOW - 9 * DAY, NOW, certified=True)
        again = stretch.drawn(), stretch.thrown(), sorted(stretch.allowed()[0])
        return volumes.counted(every), len(drawn), sum(drawn), posts, asked, again

    before = known()
    [last] = AuditDraw.objects.filter(selected=True, stratum="allow").order_by("pk")[:1]
    for revision in range(2, 12):
        last = edited(last, revision)
    assert known() == before
    [block] = AuditDraw.objects.filter(stratum="block").order_by("pk")[:1]
    edited(block, 2)
    after = known()
    were = [each[0].would_block(math.inf) for each in (before, after)]
    assert were[1] == were[0] + 1, "what may be wrong counts each time"
    assert after[3:5] == before[3:5], "but is shown as one post"


def test_of_an_authors_first_post_that_counts_which_was_thrown_for_first(site):
    """Of one that is edited the later throws are no part of what was drawn."""
    between = {"since": NOW - 9 * DAY, "until": NOW}
    for selected in (True, False):
        [first] = send(site, 1, probability=0.02, at=NOW - FOUR_DAYS, selected=selected)
        edited(first, 2, selected=not selected)
        author = Author.objects.create(site=site, external_id=f"{selected}", created_at=NOW)
        posts_of([first]).update(author=author)
    drawn = draws.selected(site, **between)
    _, allowed, _, posts = slices._firsts({"site": site.pk, **between}, drawn, {})
    assert (allowed.posts, allowed.drawn, posts) == (2, 1, 2)


def test_a_post_that_another_model_threw_for_is_counted_no_more_than_it_is_drawn(site):
    """Whoever edits old posts once there is a new model makes its promise no easier."""
    old = send(site, 30, probability=0.02, at=NOW - 9 * DAY, model="model-0", selected=False)
    send(site, 1, probability=0.97, at=NOW - 5 * DAY)
    reviewed(site)
    policy = Policy.objects.filter(site=site).latest("revision")
    known = earned.know(site, policy, NOW)
    for draw in old:
        edited(draw, 2, later=5 * DAY)
    after = earned.know(site, policy, NOW)
    assert len(after.settled.at) == len(known.settled.at) == 101
    assert after.volumes == known.volumes


def test_a_post_is_not_drawn_more_often_by_being_edited(site, certificate):
    """The chance of a draw is that of one throw; the first counts, also if it drew nothing."""
    [first] = send(site, 1, probability=0.97, at=NOW + DAY, blocks=True, selected=False)
    judge(site, [edited(first, 2)], "ham")
    assert draws.blocked(asked(site)) == {}


def test_known_wrong_blocks_are_posts_whatever_was_said_of_each_revision(site, certificate):
    [first] = send(site, 1, probability=0.97, at=NOW + DAY, blocks=True, selected=False)
    second = edited(first, 2, selected=False)
    third = edited(second, 3)
    judge(site, [third], "spam")
    key = trusted_key(site)
    for revision, known_then in ((3, 0), (2, 1), (1, 1)):
        about = {"post_id": first.decision.post_id, "revision": revision, "label": "ham"}
        said = Feedback.objects.create(
            actor_id="1", actor_role="owner", api_key=key, created_at=LATER, **about
        )
        Label.objects.create(site=site, source="feedback", feedback=said, created_at=LATER, **about)
        assert len(wrong_blocks.known_wrong(asked(site), draws.blocked(asked(site)))) == known_then


def trusted_key(site: Site) -> ApiKey:
    key, _ = create_key(site=site, name="forum")
    for actor in ("", "1"):
        Reporter.objects.create(
            site=site, api_key=key, actor_id=actor, trust=0.95, looked_at=NOW - DAY
        )
    return key


def told(site: Site, blocks: list[AuditDraw], label: str = "ham") -> list[Label]:
    """Somebody trusted says with the site's key that these are honest, or spam."""
    key = trusted_key(site)
    labels = []
    for each in blocks:
        about = {"post_id": each.decision.post_id, "revision": 1, "label": label}
        said = Feedback.objects.create(
            actor_id="1", actor_role="owner", api_key=key, created_at=LATER, **about
        )
        labels.append(
            Label.objects.create(
                site=site, source="feedback", feedback=said, created_at=LATER, **about
            )
        )
    return labels


def checked(site: Site, labels: list[Label], kind: str) -> None:
    """A moderator who does not know of these labels says so of the same words."""
    for label in labels:
        about = {"post_id": label.post_id, "site": site, "state": CaseState.JUDGED}
        decision = Decision.objects.get(post=label.post_id)
        case = Case.objects.create(
            **about, revision=1, decision=decision, lane="held", priority=0.0, opened_at=LATER,
            closed_at=LATER,
        )  # fmt: skip
        answer = Verdict.objects.create(
            case=case, round=0, user=site.user, kind=kind, seen=decision, created_at=LATER
        )
        Check.objects.create(
            site=site, label=label, why="source", probability=1.0, case=case, answer=answer,
            created_at=LATER,
        )  # fmt: skip


def test_the_word_of_one_key_alone_breaks_no_promise(site, certificate):
    """Whoever earned trust and turns would need a few words; what a check confirms counts fully."""
    blocks = send(site, 40, probability=0.97, at=NOW + DAY, blocks=True, selected=False)
    labels = told(site, blocks)
    alone = breaches.evidence_against(certificate, LATER)
    assert 0.0 < alone.logarithm < alone.broken / 2
    assert "40 honest ones of 40 authors" in alone.sentence
    assert "40 by the word of a key alone" in alone.sentence
    Reporter.objects.filter(site=site).update(cleared_at=LATER + DAY)
    cleared = breaches.evidence_against(certificate, LATER)
    assert cleared == alone, "whoever clears a key has judged none of what it said"
    checked(site, labels[:20], "not_spam")
    seconded = breaches.evidence_against(certificate, LATER)
    assert seconded.logarithm > seconded.broken
    assert "20 by the word of a key alone" in seconded.sentence
    checked(site, labels[20:], "spam")
    assert "20 honest ones of 20 authors" in breaches.evidence_against(certificate, LATER).sentence


def test_a_draw_waits_for_an_answer_whatever_a_key_says_of_it(site, certificate):
    """Else it would be what one person says of twenty draws a day until somebody judges them."""
    allow(site, 100, at=NOW + DAY)
    blocks = send(site, 20, probability=0.97, at=NOW + DAY, blocks=True)
    told(site, blocks)
    soon = breaches.evidence_against(certificate, LATER)
    late = breaches.evidence_against(certificate, NOW + 5 * DAY)
    assert max(soon.logarithm, late.logarithm) < late.broken / 2, "one key's word all the same"
    judge(site, blocks, "ham")
    judged = breaches.evidence_against(certificate, LATER)
    assert judged.logarithm > judged.broken


@pytest.mark.parametrize("label", ["ham", "spam"])
def test_the_word_of_a_key_is_no_answer_to_what_nobody_judged(site, certificate, label):
    """Else one key would lift a suspension, and to call blocks honest would keep a bad model."""
    allow(site, 200, at=NOW + DAY)
    blocks = send(site, 80, probability=0.97, at=NOW + DAY, blocks=True)
    now = NOW + 5 * DAY
    silent = breaches.evidence_against(certificate, now)
    assert promises.check(site=site, now=now)
    told(site, blocks, label)
    after = breaches.evidence_against(certificate, now)
    assert after.silent == silent.silent > silent.broken
    assert after.unanswered == silent.unanswered == 80
    assert promises.check(site=site, now=now)
    assert not Certificate.objects.in_force(now).exists()
    judge(site, blocks, "spam")
    assert breaches.evidence_against(certificate, now).silent < 0.0


@pytest.mark.parametrize("label", ["ham", "spam"])
def test_a_draw_that_a_key_tells_of_waits_its_three_days(site, certificate, label):
    judge(site, send(site, 5, probability=0.97, at=NOW + DAY / 2, blocks=True), "spam")
    told(site, send(site, 1, probability=0.97, at=NOW + DAY, blocks=True), label)
    judge(site, send(site, 30, probability=0.97, at=NOW + DAY * 1.1, blocks=True), "ham")
    waits = breaches.evidence_against(certificate, LATER)
    late = breaches.evidence_against(certificate, NOW + 5 * DAY)
    assert (waits.silent < 0.0) and late.silent > late.broken
    assert (waits.unanswered, late.unanswered) == (0, 1)


def test_posts_that_the_model_did_not_allow_say_nothing_for_it(site, certificate):
    """Whoever floods the honeypot, a list, copies or the queue would else blind watching."""
    allow(site, 200, at=NOW + DAY)
    blocks = send(site, 30, probability=0.97, at=NOW + DAY, blocks=True)
    judge(site, blocks, "ham")
    before = breaches.evidence_against(certificate, LATER)
    assert before.logarithm > before.broken
    send(site, 900, probability=0.97, at=NOW + DAY, blocks=True, by=Ground.HONEYPOT, model="")
    send(site, 900, probability=0.97, at=NOW + DAY, blocks=True, by=Ground.LIST, model="")
    send(site, 900, probability=0.97, at=NOW + DAY, selected=False)
    assert breaches.evidence_against(certificate, LATER) == before


def test_what_came_while_it_covered_nothing_says_nothing_for_it(site, certificate):
    """Not after it covers blocks again either, to the minute, and whyever it did not."""
    allow(site, 200, at=NOW + DAY / 8)
    blocks = send(site, 80, probability=0.97, at=NOW + DAY / 8, blocks=True)
    assert not promises.check(site=site, now=NOW + DAY / 5)
    assert promises.check(site=site, now=NOW + 5 * DAY)
    allow(site, 3_000, at=NOW + 5.3 * DAY)
    now = NOW + 5.6 * DAY
    judge(site, blocks[:66], "spam")
    assert not promises.check(site=site, now=now)
    allow(site, 1_000, at=NOW + 8 * DAY)
    assert not promises.check(site=site, now=NOW + 9 * DAY), "six hours without a look"
    judge(site, blocks[66:], "spam")
    certificate.refresh_from_db()
    assert "Of 280 posts" in breaches.evidence_against(certificate, NOW + 9 * DAY).sentence
    Certificate.objects.update(waited=None)
    certificate.refresh_from_db()
    assert "Of 4280 posts" in breaches.evidence_against(certificate, NOW + 9 * DAY).sentence


def test_an_author_of_whom_somebody_else_tells_counts_once(site, certificate):
    blocks = send(site, 6, probability=0.97, at=NOW + DAY, blocks=True, selected=False)
    labels = told(site, blocks)
    checked(site, labels[:1], "not_spam")
    posts_of(blocks[:2]).update(author=Author.objects.create(site=site, external_id="7"))
    found = wrong_blocks.known_wrong(asked(site), ())
    assert sorted(Counter(wrong_blocks.whose(found).values()).values()) == [2, 4]


def test_the_word_of_who_was_flagged_ends_no_promise(site, certificate):
    """They would know best which spam of theirs was blocked."""
    blocks = send(site, 40, probability=0.97, at=NOW + DAY, blocks=True, selected=False)
    checked(site, told(site, blocks), "not_spam")
    heard = breaches.evidence_against(certificate, LATER)
    Reporter.objects.filter(actor_id="1").update(flagged_at=NOW)
    muted = breaches.evidence_against(certificate, LATER)
    assert heard.logarithm > heard.broken > muted.logarithm == 0


def test_what_is_asked_of_all_posts_is_asked_once(site, certificate):
    judge(site, send(site, 3, probability=0.97, at=NOW + DAY, blocks=True), "spam")
    with CaptureQueriesContext(connection) as seen:
        breaches.evidence_against(certificate, LATER)
    statements = [each["sql"] for each in seen.captured_queries]
    once = ("count(DISTINCT decision.post_id)", "min(probability)")
    for of in (*once, "SELECT DISTINCT ON (decision.post_id)"):
        assert sum(of in each for each in statements) == 1
    assert not any("decision.probability" in each for each in statements)


def test_the_silence_of_one_author_adds_and_does_not_multiply(site, certificate):
    allow(site, 300, at=NOW + DAY)
    silent = send(site, 40, probability=0.97, at=NOW + DAY, blocks=True)
    apart = breaches.evidence_against(certificate, NOW + 5 * DAY)
    assert apart.silent > apart.broken and apart.unanswered == 40
    posts = posts_of(silent)
    posts.update(author=Author.objects.create(site=site, external_id="7"))
    together = breaches.evidence_against(certificate, NOW + 5 * DAY)
    assert together.silent < 3.0 and together.unanswered == 40
