from __future__ import annotations

import json
import math

import pytest

from classifiers.exceptions import (
    SnapshotColumnMissing,
    SnapshotRowInvalid,
    SnapshotSplitMissing,
    SnapshotUnreadable,
)
from classifiers.training.dataset import read

CSV = """\
text,label,title,author,timestamp,lang,split,fine_labels
"Two lines,
and a comma",spam,Hi,Ann,2024-05-01T10:00:00Z,en,train,x
thanks,HAM,,,,,test,
"""


@pytest.fixture
def csv_file(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text(CSV)
    return path


def test_csv(csv_file):
    spam, ham = read(csv_file).rows
    assert spam.content.text == "Two lines,\nand a comma"
    assert (spam.spam, ham.spam) == (True, False)
    assert (spam.content.title, spam.content.author.name, spam.content.language) == (
        "Hi",
        "Ann",
        "en",
    )
    assert spam.time == 1714557600.0
    assert math.isnan(ham.time)


def test_a_byte_order_mark_and_windows_line_ends(tmp_path):
    path = tmp_path / "excel.csv"
    path.write_bytes(b"\xef\xbb\xbftext,label\r\nhello,ham\r\n")
    assert [row.content.text for row in read(path).rows] == ["hello"]


def test_only_line_ends_end_a_row(tmp_path):
    path = tmp_path / "posts.csv"
    path.write_text("text,label\none\u2028two\x0bthree,spam\n")
    [row] = read(path).rows
    assert row.content.text == "one\u2028two\x0bthree"


def test_json_lines(tmp_path):
    path = tmp_path / "posts.jsonl"
    author = {"name": "Ann", "email": "ann@example.com", "url": ""}
    record = {
        "text": "a\u2028b",
        "label": "spam",
        "author": author,
        "weight": 0.5,
        "type": "review",
    }
    path.write_text(json.dumps(record, ensure_ascii=False) + "\n\n")
    row = read(path).rows[0]
    assert row.content.text == "a\u2028b"
    assert row.content.author.email == "ann@example.com"
    assert (row.weight, row.content.type) == (0.5, "review")


def test_a_split(csv_file):
    assert [row.split for row in read(csv_file, splits=("test",)).rows] == ["test"]
    assert len(read(csv_file, splits=("test", "train")).rows) == 2
    with pytest.raises(SnapshotSplitMissing, match="valid"):
        read(csv_file, splits=("valid",))


def test_the_digest_is_that_of_the_bytes(csv_file, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(CSV + "more,ham,,,,,,\n")
    assert read(csv_file).sha256 == read(csv_file).sha256 != read(other).sha256


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("a.csv", b"text,spam\nx,1\n", SnapshotColumnMissing, "label"),
        ("a.csv", b"", SnapshotColumnMissing, "text, label"),
        ("a.csv", b"text,label\nx,maybe\n", SnapshotRowInvalid, "line 2.*maybe"),
        ("a.csv", b"text,label\nx\n", SnapshotRowInvalid, "line 2"),
        ("a.csv", b"text,label,weight\nx,ham,-1\n", SnapshotRowInvalid, "weight"),
        ("a.csv", b"text,label,timestamp\nx,ham,soon\n", SnapshotRowInvalid, "timestamp"),
        ("a.csv", b"text,label\n\xff\xfe,ham\n", SnapshotUnreadable, "UTF-8"),
        ("a.csv", b'text,label\n"x,ham\n', SnapshotUnreadable, "line"),
        ("a.jsonl", b'{"text": "x"}\n', SnapshotColumnMissing, "label"),
        ("a.jsonl", b"{nonsense\n", SnapshotUnreadable, "line 1"),
        ("a.jsonl", b"[1]\n", SnapshotUnreadable, "object"),
        ("a.jsonl", b"[" * 100_000, SnapshotUnreadable, "JSON"),
        ("a.jsonl", b'{"text": 1, "label": "ham"}\n', SnapshotRowInvalid, "text"),
    ],
)
def test_what_cannot_be_used_is_named(tmp_path, name, content, error, says):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(error, match=says) as raised:
        read(path)
    assert str(path) in str(raised.value)


def test_no_file(tmp_path):
    with pytest.raises(SnapshotUnreadable, match="No such file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(SnapshotUnreadable):
        read(tmp_path)
