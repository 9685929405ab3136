"""What people and the site say of drawn posts, and what of it counts for a certificate."""

import pytest

from moderation.access import create_key
from moderation.models import Feedback, Policy
from moderation.types import Mode
from reviews.measuring import (
    answers,
    breaches,
    draws,
    earned,
    promises,
    wrong_blocks,
)
from reviews.measuring.draws import Question
from reviews.models import Label, Look, Verdict
from tests.integration.reviews.promised import (
    DAY,
    JUDGED,
    MODEL,
    NOW,
    allow,
    certified,
    judge,
    look,
    reviewed,
    send,
)
from tests.integration.world import make_moderator


@pytest.mark.parametrize(
    ("blocked", "allowed", "counts"),
    [("spam", "ham", (None, None)), ("ham", "spam", (False, True))],
)
def test_trusted_feedback_counts_where_it_speaks_against_the_machine(
    site, blocked, allowed, counts
):
    spam, honest = reviewed(site, drawn=1, allowed=1, blocks=1)
    key, _ = create_key(site=site, name="forum")
    for [draw], label in ((spam, blocked), (honest, allowed)):
        about = {"post_id": draw.decision.post_id, "revision": 1, "label": label}
        said = Feedback.objects.create(
            actor_id="1", actor_role="owner", api_key=key, created_at=NOW, **about
        )
        Label.objects.create(site=site, source="feedback", feedback=said, created_at=NOW, **about)
    asked = Question(site.pk, MODEL, Mode.CERTIFIED, None, NOW - 10 * DAY, NOW)
    found = {each.blocks: each.spam for each in draws.drawn(asked)}
    assert (found[True], found[False]) == counts
    judge(site, spam, "spam")
    assert {each.blocks: each.spam for each in draws.drawn(asked)}[True] is True


def test_where_two_differ_a_third_person_decides(site):
    spam, honest = reviewed(site)
    judge(site, spam[:30], "spam")
    judge(site, spam[30:], "ham")
    judge(site, honest, "ham")
    assert promises.certify(site=site, now=NOW) is None
    site.senior = make_moderator(site)
    look(site, spam[30:], "spam", settled="spam")
    assert promises.certify(site=site, now=NOW).wrong == 0


@pytest.mark.parametrize(
    ("said", "second", "settled", "counts"),
    [("ham", "spam", "spam", ("ham", "spam")), ("spam", "not_spam", "spam", ("ham", "spam")),
     ("spam", "not_spam", None, ("ham", "spam")), ("ham", "spam", None, ("ham", "spam")),
     ("ham", "not_spam", None, ("ham", "ham")), ("spam", "spam", None, ("spam", "spam"))],
)  # fmt: skip
def test_where_two_differ_and_no_third_decides_a_word_against_the_machine_counts(
    site, said, second, settled, counts
):
    """One of the two may settle it, or nobody: the post was edited, or decided anew, since.

    Where blocks are watched nothing is claimed, and the first answer stands.
    """
    spam, honest = reviewed(site, blocks=1, allowed=1, drawn=1)
    judge(site, [*spam, *honest], said)
    look(site, [*spam, *honest], second, settled=settled)
    made = [answers.About(each.pk, each.decision_id, each.decision.post_id, 1)
            for each in (*spam, *honest)]  # fmt: skip
    assert tuple(answers.answers(made).values()) == counts
    assert set(answers.answers(made, for_claim=False).values()) == {said}


def test_removed_for_another_reason_is_an_answer_and_a_mistake(site):
    spam, _ = reviewed(site)
    judge(site, spam, "remove")
    said = [each.spam for each in draws.drawn(Question(site.pk, MODEL, Mode.CERTIFIED, None,
            NOW - 10 * DAY, NOW)) if each.blocks]  # fmt: skip
    assert said == [False] * 40
    site.senior = make_moderator(site)
    look(site, spam[:1], "spam", settled="spam")
    assert answers.blind([spam[0].pk]) == {spam[0].pk: "spam"}


def test_imported_history_is_no_answer(site):
    spam, honest = reviewed(site)
    judge(site, honest, "ham")
    Label.objects.bulk_create(
        Label(
            post_id=draw.decision.post_id,
            site=site,
            revision=1,
            label="spam",
            source="historical",
            created_at=NOW,
        )
        for draw in spam
    )
    assert promises.certify(site=site, now=NOW) is None


def test_that_two_people_agree_tells_more_and_a_second_look_is_waited_for(site):
    certificate = certified(site)
    allow(site, 170, at=NOW + DAY)
    blocks = send(site, 54, probability=0.97, at=NOW + DAY, blocks=True)
    judge(site, blocks[:24], "spam")
    judge(site, blocks[24:], "ham")
    alone = breaches.evidence_against(certificate, NOW + 2 * DAY)
    look(site, blocks[24:], None)
    waiting = breaches.evidence_against(certificate, NOW + 2 * DAY)
    assert waiting.logarithm < 1.0 < alone.logarithm
    answer = {"round": 0, "user": site.user, "kind": "not_spam", "created_at": NOW}
    for each in Look.objects.select_related("case__decision"):
        each.answer = Verdict.objects.create(case=each.case, seen=each.case.decision, **answer)
        each.save(update_fields=["answer"])
    agreed = breaches.evidence_against(certificate, NOW + 2 * DAY)
    assert agreed.logarithm > max(alone.logarithm, agreed.broken)
    said = "Of 54 blocks drawn since, people called 30 honest, of 30 authors, each by two people."
    assert agreed.sentence == said


def test_no_page_tells_of_an_answer_that_may_be_taken_back_or_is_looked_at_again(site):
    """Who has just answered, or is to look a second time, would learn from a count what it was."""
    site.senior = make_moderator(site)
    send(site, 5, probability=0.02, at=NOW - 2 * DAY)
    before = send(site, 3, probability=0.97, at=NOW - 2 * DAY)
    [blocked] = send(site, 1, probability=0.97, at=NOW - DAY)
    policy = Policy.objects.filter(site=site).latest("revision")
    told = {"since": NOW - 7 * DAY, "until": NOW + DAY, "told_at": NOW}
    judge(site, before, "spam")
    judge(site, [blocked], "ham")

    def told_of(at):
        shown = draws.strata(site, **told | {"told_at": at})["block"]
        seen = earned.know(site, policy, at).settled.strata[0]
        return len(shown.honest), len(seen.at)

    assert told_of(JUDGED + DAY / 200) == (0, 0), "they may be taken back"
    assert told_of(NOW) == (1, 4)
    look(site, [blocked], None)
    assert told_of(NOW) == (0, 3), "somebody is asked again"
    assert told_of(NOW + 3 * DAY) == (1, 4)
    assert [each.spam for each in draws.drawn(Question(
        site.pk, MODEL, Mode.CERTIFIED, None, NOW - DAY, NOW
    ))] == [False]  # fmt: skip


@pytest.mark.parametrize(
    ("second", "settled", "known"),
    [(None, None, 0), ("not_spam", None, 6), ("spam", None, 0), ("spam", "spam", 0),
     ("spam", "not_spam", 6), ("spam", "danger", 0)],
)  # fmt: skip
def test_only_what_people_agree_on_in_the_end_is_known_to_be_wrong(site, second, settled, known):
    certified(site)
    site.senior = make_moderator(site)
    blocks = send(site, 6, probability=0.97, at=NOW + DAY, blocks=True)
    judge(site, blocks, "ham")
    asked = Question(site.pk, MODEL, Mode.CERTIFIED, None, NOW, NOW + 2 * DAY)
    made = draws.blocked(asked)
    assert len(wrong_blocks.known_wrong(asked, made)) == 6, "nobody else is there"
    look(site, blocks, second, settled=settled)
    assert len(wrong_blocks.known_wrong(asked, made)) == known
