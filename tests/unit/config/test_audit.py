"""What the audit of requirements says and when it fails."""

from config import audit

BAD = {
    "name": "django",
    "version": "1.0",
    "vulns": [{"id": "PYSEC-1", "aliases": ["CVE-1"], "fix_versions": ["1.1"]}],
}
GOOD = {"name": "celery", "version": "5", "vulns": []}
UNKNOWN = {"name": "vine", "skip_reason": "not found"}


def test_a_vulnerability_is_told_with_its_cure():
    assert audit.found([GOOD, BAD], {}) == ["django 1.0: PYSEC-1, mended in 1.1"]


def test_one_with_a_reason_is_let_pass_under_any_of_its_names():
    for name in ("PYSEC-1", "CVE-1"):
        assert audit.found([BAD], {name: "we do not call it"}) == []


def test_having_asked_nobody_is_said_loudly():
    for nothing in ([], [UNKNOWN]):
        assert "NOT AUDITED" in audit.tell(nothing, {})
        assert "No known vulnerability" not in audit.tell(nothing, {})


def test_what_the_index_does_not_know_is_named():
    said = audit.tell([GOOD, UNKNOWN], {})
    assert "No known vulnerability" in said
    assert "vine" in said
