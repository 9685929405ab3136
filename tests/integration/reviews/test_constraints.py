"""What the database refuses, whatever code asks for it."""

from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from moderation.types import Outcome
from reviews.models import Case, ImportRun, Label, Membership, RetrainRun, Verdict
from tests.integration.world import NOW


def refused(constraint: str) -> AbstractContextManager[Any]:
    return pytest.raises(IntegrityError, match=constraint)


def verdict_row(case: Case, user: User, kind: str, **fields: Any) -> Verdict:
    fields = {"seen": case.decision, "round": case.round, "created_at": NOW, **fields}
    return Verdict.objects.create(case=case, user=user, kind=kind, **fields)


def label(case: Case, value: str, **fields: Any) -> Label:
    fields = {"post_id": case.post_id, "site_id": case.site_id, "revision": 1, **fields}
    fields = {"source": "verdict", "created_at": NOW, **fields}
    return Label.objects.create(label=value, **fields)


def test_one_open_case_a_post(open_case):
    case = open_case()
    case.pk, case.revision = None, 2
    with refused("case_one_open_to_decide"):
        case.save(force_insert=True)


def test_one_open_case_a_revision(open_case):
    case = open_case(outcome=Outcome.BLOCK, audit=0.1)
    case.pk, case.lane, case.audit = None, "held", None
    with refused("case_one_open_of_words"):
        case.save(force_insert=True)


def test_an_audit_case_names_its_draw(open_case):
    with refused("case_audit_names_draw"):
        Case.objects.filter(pk=open_case().pk).update(lane="audit")


@pytest.mark.parametrize(
    "change", [{"state": "closed"}, {"closed_at": timezone.now()}, {"state": "judged"}]
)
def test_a_closed_case_says_when(open_case, change):
    with refused("case_closed_is_let_go"):
        Case.objects.filter(pk=open_case().pk).update(**change)


def test_nobody_holds_a_closed_case(open_case, moderator):
    with refused("case_closed_is_let_go"):
        Case.objects.filter(pk=open_case().pk).update(
            state="closed", closed_at=NOW, holder=moderator, lease_until=NOW
        )


def test_a_lease_has_a_holder_and_an_end(open_case, moderator):
    with refused("case_lease_is_whole"):
        Case.objects.filter(pk=open_case().pk).update(holder=moderator)


def test_one_answer_a_round(open_case, moderator, colleague):
    case = open_case()
    verdict_row(case, moderator, "spam")
    with refused("verdict_one_a_round"), transaction.atomic():
        verdict_row(case, colleague, "remove")
    verdict_row(case, colleague, "cannot_tell")


def test_a_verdict_is_undone_once_and_an_undo_never(open_case, moderator):
    given = verdict_row(open_case(), moderator, "spam")
    undo = verdict_row(given.case, moderator, "undo", undoes=given)
    with refused("undoes_id"), transaction.atomic():
        verdict_row(given.case, moderator, "undo", undoes=given)
    with refused("an undo takes back a verdict"), transaction.atomic():
        verdict_row(given.case, moderator, "undo", undoes=undo)
    with refused("an undo takes back a verdict"), transaction.atomic():
        verdict_row(
            open_case(), moderator, "undo", undoes=verdict_row(open_case(), moderator, "spam")
        )
    with refused("verdict_undo_names_what"):
        verdict_row(given.case, moderator, "undo")


def test_cannot_tell_decides_nothing(open_case, moderator):
    case = open_case()
    with refused("verdict_passing_decides_nothing"):
        verdict_row(case, moderator, "cannot_tell", decision=case.decision)


def test_a_verdict_is_about_its_own_post(open_case, moderator):
    with refused("about the post of its case"):
        verdict_row(open_case(), moderator, "spam", seen=open_case().decision)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("remove", "spam"), ("remove", "ham"), ("cannot_tell", "spam"), ("spam", "ham")],
)
def test_a_label_says_what_the_verdict_said(open_case, moderator, kind, value):
    case = open_case()
    with refused(f"a verdict of {kind} does not make a label of {value}"):
        label(case, value, verdict=verdict_row(case, moderator, kind))


def test_an_audit_s_label_cannot_lose_its_mark(open_case, moderator):
    case = open_case(outcome=Outcome.ALLOW, audit=0.25)
    verdict = verdict_row(case, moderator, "spam")
    for wrong in (
        {},
        {"audit": True, "inclusion_probability": 0.5},
    ):
        with refused("the label of an audit is marked"), transaction.atomic():
            label(case, "spam", verdict=verdict, **wrong)
    label(case, "spam", verdict=verdict, audit=True, inclusion_probability=0.25)


def test_no_other_label_bears_the_mark(open_case, moderator):
    case = open_case()
    with refused("the label of an audit is marked"), transaction.atomic():
        verdict = verdict_row(case, moderator, "spam")
        label(case, "spam", verdict=verdict, audit=True, inclusion_probability=0.25)
    with refused("label_audit_has_probability"):
        label(case, "spam", source="historical", audit=True, inclusion_probability=0.5)


def test_a_label_is_about_the_words_that_were_judged(open_case, other_site, moderator):
    case = open_case()
    verdict = verdict_row(case, moderator, "spam")
    other = open_case()
    for wrong in ({"revision": 2}, {"site_id": other_site.pk}, {"post_id": other.post_id}):
        with refused("the words that its verdict was about"), transaction.atomic():
            label(case, "spam", verdict=verdict, **wrong)


def test_a_retraction_takes_back_one_label_once(open_case, moderator):
    case = open_case()
    given = verdict_row(case, moderator, "spam")
    earned = label(case, "spam", verdict=given)
    undo = verdict_row(case, moderator, "undo", undoes=given)
    with refused("only an undo, or who decides anew, retracts"), transaction.atomic():
        other = verdict_row(case, moderator, "spam", round=1)
        label(case, "spam", verdict=other, retracts=earned)
    with refused("a retraction repeats the label"), transaction.atomic():
        label(case, "ham", verdict=undo, retracts=earned)
    retraction = label(case, "spam", verdict=undo, retracts=earned)
    with refused("a retraction repeats the label"), transaction.atomic():
        label(case, "spam", source="historical", retracts=retraction)
    assert not Label.objects.in_force().exists()


@pytest.mark.parametrize("source", ["verdict", "feedback"])
def test_a_label_names_where_it_comes_from(open_case, source):
    with refused("label_source_names_origin"):
        label(open_case(), "spam", source=source)


def test_a_label_weighs_something(open_case):
    with refused("label_weight_positive"):
        label(open_case(), "spam", source="historical", weight=0)


def test_one_retraining_a_slot():
    fields = {"slot": "global", "lease_until": NOW, "started_at": NOW}
    RetrainRun.objects.create(**fields, state="failed")
    RetrainRun.objects.create(**fields)
    RetrainRun.objects.create(**{**fields, "slot": "site:1"})
    with refused("retrain_one_running_a_slot"):
        RetrainRun.objects.create(**fields)


def test_one_import_a_file(site):
    fields = {"site": site, "file_digest": "a", "file_name": "a.csv", "started_at": NOW}
    ImportRun.objects.create(**fields, labelled=True)
    ImportRun.objects.create(**fields, labelled=False)
    with refused("import_once_a_file"):
        ImportRun.objects.create(**fields, labelled=True)


def test_one_membership_a_site(site, moderator):
    with refused("membership_once_a_site"):
        Membership.objects.create(user=moderator, site=site)
