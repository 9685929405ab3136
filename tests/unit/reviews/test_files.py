import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviews.exceptions import FileRefused
from reviews.labels import files


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def outcome(path: Path, *, labelled: bool = True) -> list[tuple[int, str]]:
    shape = files.inspect(path, labelled=labelled)
    return [
        (row.line, row.reason if isinstance(row, files.BadRow) else row.draft.content.text)
        for row in files.read(path, shape, labelled=labelled)
    ]


def test_a_whole_row_arrives_whole(tmp_path):
    path = write(
        tmp_path / "a.csv",
        "label,text,title,author,author_id,timestamp,lang,type,external_id,seq\r\n"
        'spam,"two\r\nlines, ""quoted""",Hi,Ann,u7,2024-05-01T10:00:00+02:00,en,comment,x1,9\r\n',
    )
    (row,) = files.read(path, files.inspect(path, labelled=True), labelled=True)
    assert isinstance(row, files.Row)
    content = row.draft.content
    assert row.label == "spam"
    assert content.text == 'two\r\nlines, "quoted"'
    assert (content.title, content.author.name, content.language) == ("Hi", "Ann", "en")
    assert (content.type, row.draft.external_id, row.draft.author_id) == ("comment", "x1", "u7")
    assert row.draft.posted_at == datetime(2024, 5, 1, 8, tzinfo=UTC)


def test_json_lines_carry_authors_as_objects(tmp_path):
    author = {"id": 12, "name": "Ann", "email": "ann@example.org", "url": "https://example.org"}
    line = json.dumps({"text": "hello", "author": author, "external_id": 5})
    path = write(tmp_path / "a.jsonl", line + "\n\n")
    (row,) = files.read(path, files.inspect(path, labelled=False), labelled=False)
    assert isinstance(row, files.Row)
    assert (row.draft.author_id, row.draft.external_id, row.label) == ("12", "5", None)
    assert row.draft.content.author.email == "ann@example.org"


BAD = [
    (b"maybe,hello", "the label is 'maybe', not spam or ham"),
    (b",hello", "the label is '', not spam or ham"),
    (b"spam,", "the text is empty"),
    (b"spam,  ", "the text is empty"),
    (b"spam," + b"x" * 100_001, "the text has more than 100,000 characters"),
    (b"spam,a\0b", "the text has a NUL character"),
    (b"spam,\xff\xfe", "the text is not UTF-8"),
    (b"spam,hello,more", "there are 3 fields instead of 2"),
    (b"spam", "there are 1 fields instead of 2"),
    (b'spam,"never closed', "this is not CSV: a quote is never closed"),
    (
        b'spam,"closed"early',
        "this is not CSV: ',' expected after '\"'; a quote within quotes is written twice",
    ),
]


@pytest.mark.parametrize(("line", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_a_bad_csv_row_costs_itself_alone(tmp_path, line, reason):
    path = write(
        tmp_path / "a.csv",
        "label,text\nham,först\n".encode() + line + b"\nspam,third\n" * 2 + b"\n",
    )
    found = outcome(path)
    assert [text for _, text in found if text in ("först", "third")] == ["först", "third", "third"]
    assert [place for place in found if place[0] == 3] == [(3, reason)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "this is not JSON"),
        ("[1]", "this is not a JSON object"),
        ('{"label": "ham"}', "the text is empty"),
        ('{"label": "ham", "text": 5}', "the text is not text"),
        ('{"label": "ham", "text": "\\ud800"}', "the text is not UTF-8"),
        ('{"label": "ham", "text": "x", "type": "poem"}', "'poem' is no type of post"),
        ('{"label": "ham", "text": "x", "timestamp": "y"}', "the timestamp 'y' cannot be read"),
        ("[" * 100_000, "this is not JSON"),
    ],
)
def test_a_bad_json_line_costs_itself_alone(tmp_path, line, reason):
    good = '{"text": "good", "label": "spam"}'
    path = write(tmp_path / "a.jsonl", f"{good}\n{line}\n{good}\n")
    assert outcome(path) == [(1, "good"), (2, reason), (3, "good")]


@pytest.mark.parametrize(
    ("name", "content", "labelled", "missing"),
    [
        ("a.csv", "label,words\nspam,x\n", True, "text"),
        ("a.csv", "text;words\nspam;x\n", True, "label.*'text', 'words'"),
        ("a.csv", "text\nx\n", True, "label"),
        ("a.csv", "", False, "text"),
        ("a.jsonl", '{"label": "spam"}\n', True, "text"),
        ("a.jsonl", "", True, "label"),
    ],
)
def test_a_file_without_its_columns_is_refused(tmp_path, name, content, labelled, missing):
    with pytest.raises(FileRefused, match=f"no column.* {missing}|no column {missing}"):
        files.inspect(write(tmp_path / name, content), labelled=labelled)


def test_a_file_of_bad_rows_alone_is_refused_before_it_counts_as_imported(tmp_path):
    path = write(tmp_path / "a.csv", "text,label\nx,good\ny,bad\n")
    with pytest.raises(FileRefused, match=r"first 2 rows .* line 2: the label is 'good', not"):
        files.inspect(path, labelled=True)


def test_an_unlabelled_file_needs_no_labels(tmp_path):
    path = write(tmp_path / "a.csv", "text\nx\n")
    assert files.inspect(path, labelled=False).lines == 2
    assert outcome(path, labelled=False) == [(2, "x")]


def test_other_shapes_are_read_as_the_figures_read_them(tmp_path):
    path = write(tmp_path / "a.json", '[\n{"Body": "x", "Is Spam": true, "date": 1383804000000}]')
    shape = files.inspect(path, labelled=True)
    (row,) = files.read(path, shape, labelled=True)
    assert isinstance(row, files.Row)
    assert (row.draft.content.text, row.label) == ("x", "spam")
    assert row.draft.posted_at == datetime(2013, 11, 7, 6, tzinfo=UTC)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(FileRefused, match="No such file"):
        files.inspect(tmp_path / "nowhere.csv", labelled=False)
