import json
import math

import pytest

from classifiers.exceptions import (
    SnapshotColumnMissing,
    SnapshotColumnUnclear,
    SnapshotRowInvalid,
    SnapshotRowsRefused,
    SnapshotSplitMissing,
    SnapshotUnreadable,
)
from classifiers.tables.columns import Chosen
from classifiers.training.data.dataset import read

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


RUSSIAN = "text,label\nПривет как дела\tсегодня,ham\nКупите сейчас,spam\n"
CHINESE = "text,label\n你好，你今天晚上有空来吃饭吗,ham\n免费领取一百元红包,spam\n"


@pytest.mark.parametrize(
    ("encoding", "content"), [("windows-1251", RUSSIAN), ("gbk", CHINESE), ("cp1252", CSV)]
)
def test_an_encoding_named_by_hand(tmp_path, encoding, content):
    path = tmp_path / "posts.csv"
    path.write_bytes(content.encode(encoding))
    rows = read(path, chosen=Chosen(encoding=encoding)).rows
    assert rows[0].content.text in content.replace('"', "")
    assert len(rows) == 2


@pytest.mark.parametrize(("encoding", "says"), [("utf-16-le", "is not"), ("rot13", "no encoding")])
def test_an_encoding_that_it_is_not_is_refused(tmp_path, encoding, says):
    path = tmp_path / "posts.csv"
    path.write_bytes(RUSSIAN.encode("koi8-r"))
    with pytest.raises(SnapshotUnreadable, match=says):
        read(path, chosen=Chosen(encoding=encoding))


def test_a_column_of_words_goes_before_one_of_addresses(tmp_path):
    found, _ = rows_of(tmp_path, "email,content,label\na@b.example,hello,ham\n,buy,spam\n")
    assert [row.content.text for row in found.rows] == ["hello", "buy"]


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        (
            "a.csv",
            b"so many words\nand more\n",
            SnapshotColumnMissing,
            "first line must name the c",
        ),
        ("a.csv", b"text,label,text\nx,ham,y\n", SnapshotColumnUnclear, "2 columns .*rename"),
        ("a.csv", "文本,label\nx,ham\n".encode("utf-16-le"), SnapshotColumnMissing, "--encoding"),
        (
            *("a.json", b'{"data": [{"words": "x", "label": 1}]}', SnapshotColumnMissing),
            "columns are 'words', 'label'",
        ),
        *(
            ("a.json", content, SnapshotUnreadable, "which are the posts. Expected")
            for content in (
                b'{"train": [{"text": "x", "label": 1}], "test": [{"text": "y", "label": 0}]}',
                b'{"text": {"0": "x"}, "label": {"1": 1}}',
                b'{"text": ["x", "y"], "label": [1]}',
            )
        ),
        ("a.json", b'{"text": [], "label": []', SnapshotUnreadable, "not JSON. Expected"),
        ("a.csv", b"text,kind\nx,1\n", SnapshotColumnMissing, "label.*'text', 'kind'"),
        ("a.csv", b"", SnapshotColumnMissing, "text and no column label"),
        ("a.csv", b"Text,text,label\nx,y,1\n", SnapshotColumnUnclear, "'Text', 'text' .*--text"),
        ("a.csv", b"tweet,sms,label\nx,y,1\n", SnapshotColumnUnclear, "--text-column"),
        (
            *("a.csv", b"id,email,body_html,label\n1,a@b.example,hi you,ham\n"),
            *(
                SnapshotColumnMissing,
                "no column text; .*'body_html'.* 'email' holds no words.*--te",
            ),
        ),
        (
            "a.csv",
            b"parent_text,reply,label\nhello,me,ham\n",
            SnapshotColumnMissing,
            "column text;",
        ),
        ("a.csv", b"reply_text,label\nhello you,ham\n", SnapshotColumnMissing, "column text;"),
        ("a.csv", b"quoted post,label\nhello you,ham\n", SnapshotColumnMissing, "column text;"),
        ("a.csv", b"in_reply_msg,label\nhello you,ham\n", SnapshotColumnMissing, "column text;"),
        ("a.csv", b"label_text,label\nbad,spam\nfine,ham\n", SnapshotColumnMissing, "column text;"),
        ("a.csv", RUSSIAN.encode("cp1251"), SnapshotUnreadable, "--encoding NAME"),
        ("a.csv", CHINESE.encode("gbk"), SnapshotUnreadable, "--encoding NAME"),
        ("a.xlsx", b"PK\x03\x04\0", SnapshotUnreadable, "spreadsheet"),
        ("a.csv", b"text,label\nx,maybe\n", SnapshotRowInvalid, "line 2.*maybe"),
        ("a.csv", b"text,label\nx\n", SnapshotRowInvalid, "line 2"),
        ("a.csv", b"text,label,weight\nx,ham,-1\n", SnapshotRowInvalid, "weight"),
        ("a.csv", b"text,label,timestamp\nx,ham,soon\n", SnapshotRowInvalid, "timestamp"),
        ("a.csv", b'text,label\n"one\ntwo",ham\n"x,ham\n', SnapshotRowInvalid, "line 4.*CSV"),
        ("a.csv", b"label,text\nham,hello, you\n", SnapshotRowInvalid, "line 2.*3 fields"),
        ("a.csv", b"v1,v2,,\nham,hello, you,\n", SnapshotRowInvalid, "line 2.*3 fields"),
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


SHAPES = {
    "wrapped.json": '{"of": "2024", "data": [{"text": "ça va", "label": "ham"}, '
    '{"text": "buy", "label": "spam"}]}',
    "wrapped, indented.jsonl": '{\n "data": [\n  {"text": "ça va", "label": "ham"},\n'
    '  {"text": "buy", "label": "spam"}\n ],\n "next": null\n}\n',
    "pandas.json": '{"text": {"0": "ça va", "1": "buy"}, "label": {"0": 0, "1": 1}}',
    "columns.json": '{"text": ["ça va", "buy"], "label": [0, 1]}',
    "plain.csv": "text,label\nça va,ham\nbuy,spam\n",
    "told.csv": "sep=;\r\ntext;label\r\nça va;ham\r\nbuy;spam\r\n",
    "other order, pandas.csv": ",label,text\n0,ham,ça va\n1,spam,buy\n",
    "capitals.csv": " Text , label\nça va,Ham \nbuy,SPAM\n",
    "excel.csv": "text;label\r\nça va;not spam\r\nbuy;spam\r\n",
    "tabs.tsv": "label\ttext\nnon-spam\tça va\njunk\tbuy\n",
    "SMSSpamCollection": "ham\tça va\nspam\tbuy\n",
    "no header.csv": "ça va,0\nbuy,1\n",
    "category.csv": "Category,Message\nham,ça va\nspam,buy\n",
    "kaggle.csv": "v1,v2,,,\nham,ça va,,,\nspam,buy,,,\n",
    "youtube.csv": "COMMENT_ID,AUTHOR,DATE,CONTENT,CLASS\na,A,,ça va,0\nb,B,,buy,1\n",
    "floats.csv": "tweet,is_spam\nça va,0.0\nbuy,1.0\n",
    "type.csv": "Tweet,Type\nça va,Quality\nbuy,Spam\n",
    "two labels.csv": ",label,text,label_num\n0,ham,ça va,0\n1,spam,buy,1\n",
    "words.csv": "full_text,Spam label\nça va,f\nbuy,t\n",
    "pipes.csv": "sms_text|class\nça va|normal\nbuy|smishing\n",
    "topics.csv": "category,message,spam\nnews,ça va,0\nshop,buy,1\n",
    "numbers.jsonl": '{"Comment": "ça va", "target": 0}\n{"Comment": "buy", "target": 1}\n',
    "booleans.json": '{"text": "ça va", "spam": false}\n{"text": "buy", "spam": true}\n',
    "array.json": '[{"sms": "ça va", "label": "ham"},\n {"sms": "buy", "label": "spam"}]',
}


WITHOUT_MARK = ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", *WITHOUT_MARK]
)
@pytest.mark.parametrize("name", SHAPES)
def test_a_file_may_look_like(tmp_path, name, encoding):
    path = tmp_path / name
    content = SHAPES[name]
    if encoding in WITHOUT_MARK:  # which ASCII at the beginning gives away
        content = content.replace("ça va,0\nbuy,1", "buy,1\nça va,0")
    path.write_bytes(content.encode(encoding))
    told = []
    found = [(row.content.text, row.spam) for row in read(path, tell=told.append).rows]
    assert sorted(found) == [("buy", True), ("ça va", False)]
    assert any(encoding.upper() in sentence for sentence in told) == (encoding in WITHOUT_MARK)
    assert any("Windows-1252" in sentence for sentence in told) == (encoding == "cp1252")
    assert read(path).rows == read(path, tell=told.append).rows


NOT_ALONE = ["ham_label", "not_spam_label", "Label confidence", "sentiment_label", "label_score"]
NOT_ALONE += ["label_id", "label_source", "no label", "spam_label_not", "label_1"]


@pytest.mark.parametrize("name", NOT_ALONE)
def test_a_longer_name_with_another_meaning_is_no_label(tmp_path, name):
    with pytest.raises(SnapshotColumnMissing, match=r"no column label;.*\. --label-column"):
        rows_of(tmp_path, f"text,{name}\nhello,1\nbuy,0\n")
    found, _ = rows_of(tmp_path, f"text,{name},true_label\nhello,1,0\nbuy,0,1\n")
    assert [row.spam for row in found.rows] == [False, True]


def test_a_longer_name_is_a_label_only_where_labels_stand(tmp_path):
    with pytest.raises(SnapshotColumnMissing, match=r"Not all .* in 'label_name' is a label"):
        rows_of(tmp_path, "text,label_name\nhello,1\nbuy,Ann\n")


@pytest.mark.parametrize(
    "name", ["Label name", "final_label", "spam_class_label", "label_value", "is_spam_label"]
)
def test_a_longer_name_that_means_the_label(tmp_path, name):
    found, told = rows_of(tmp_path, f"text,{name}\nhello,0\n,\nbuy,1\n")
    assert [row.spam for row in found.rows] == [False, True]
    assert name in told[0]


def test_an_id_of_a_label_is_no_label(tmp_path):
    found, _ = rows_of(tmp_path, "text,type,label_id\nhello,ham,17\nbuy,spam,18\n")
    assert [(row.spam, row.label_id) for row in found.rows] == [(False, 17), (True, 18)]


@pytest.mark.parametrize("parent", ["parent_text", "reply_comment", "Quoted text"])
def test_what_is_answered_is_not_the_post(tmp_path, parent):
    found, _ = rows_of(tmp_path, f"{parent},comment_text,label\nhow are you,me too,ham\n")
    assert [row.content.text for row in found.rows] == ["me too"]


def rows_of(tmp_path, content, **options):
    path = tmp_path / "posts.csv"
    path.write_text(content)
    told = []
    return read(path, tell=told.append, **options), told


def test_tabs_without_a_header_know_no_quotes(tmp_path):
    found, told = rows_of(tmp_path, 'ham\t"so\nspam\tbuy" now\n')
    assert [row.content.text for row in found.rows] == ['"so', 'buy" now']
    assert "no header; the first column is the label" in told[0]


def test_a_column_named_by_hand(tmp_path):
    content = "email,message,gold,label\na@b.example,hello,spam,ham\n"
    found, _ = rows_of(tmp_path, content, chosen=Chosen("Message", "gold"))
    assert [(row.content.text, row.spam) for row in found.rows] == [("hello", True)]
    with pytest.raises(SnapshotColumnMissing, match="no column 'words'; the columns are 'email'"):
        rows_of(tmp_path, content, chosen=Chosen("words"))


def test_a_mail_is_its_subject_and_its_body(tmp_path):
    found, _ = rows_of(tmp_path, "Subject,Body,Label\nHi,how are you,ham\nOnly this,,ham\n")
    parts = [(row.content.title, row.content.text) for row in found.rows]
    assert parts == [("Hi", "how are you"), ("Only this", "")]


UNREAD_TIMES = ("07/11/2013", "soon", "20131307", "20131107240000", "123456789", "138380400000")
UNREAD_TIMES += ("9999999999999", "5")


def test_times(tmp_path):
    stamps = ["2013-11-07T06:00:00Z", "1383804000", "1383804000000", "2013-11-07 07:00:00+01:00"]
    stamps += ["20131107060000", "201311070600"]
    stamps += ["Thu Nov 07 06:00:00 +0000 2013", '"Thu, 07 Nov 2013 06:00:00 GMT"']
    rows = "".join(f"x,ham,{stamp}\n" for stamp in [*stamps, *UNREAD_TIMES, ""])
    found, told = rows_of(tmp_path, f"text,label,date\n{rows}")
    assert [row.time for row in found.rows[:8]] == [1383804000.0] * 8
    assert all(math.isnan(row.time) for row in found.rows[8:])
    assert len(told) == 1
    assert f"{len(UNREAD_TIMES)} times cannot be read" in told[0]
    assert "line 10" in told[0]


def test_a_row_in_a_hundred_may_be_bad(tmp_path):
    good = "hello,ham,1,12\nbuy,spam,,\n" * 99
    content = f"text,label,weight,label_id\n{good}x,ham,0,\n,spam,,\n" + "y,,,\n" * 9
    found, told = rows_of(tmp_path, content)
    assert (len(found.rows), found.rows[0].label_id) == (198, 12)
    assert found.left_out == {"weight": 1, "no words": 1, "no label": 9}
    assert "line 200: the weight '0'" in told[0]
    assert "1 row without words." in told[1]
    assert "9 rows without a label." in told[2]
    with pytest.raises(SnapshotRowsRefused, match=r"3 of 201 rows .*line 200.*line 211"):
        rows_of(tmp_path, content + f"x,ham,1e999,\ny,ham,{10**400},\n")


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ("a,ham\n" * 200 + "b,sp4m\n", r"labels found are 'ham' \(200\), 'sp4m' \(1\)"),
        ("a,good\n", r"1 of 1 rows .*labels found are 'good' \(1\)"),
        ("a,good\nb,bad\n", r"'good' \(1\), 'bad' \(1\)"),
        ("a,1\nb,-1\n" * 9, r"'-1' \(9\)"),
        ("a,\n", "no row is left"),
        (",ham\n", "no row is left"),
        ("", "no row is left"),
        ('"a,ham\n' * 300, "rows cannot be used"),
    ],
)
def test_a_file_that_says_nothing_is_refused(tmp_path, rows, says):
    with pytest.raises(SnapshotRowsRefused, match=says):
        rows_of(tmp_path, f"text,label\n{rows}")


def test_why_no_row_is_left(tmp_path):
    with pytest.raises(SnapshotRowsRefused, match=r"left: 2 without words, 1 without a label\."):
        rows_of(tmp_path, "text,label\n ,ham\n ,spam\nx,\n")


def test_a_quote_that_is_never_closed_costs_its_row_alone(tmp_path):
    found, told = rows_of(tmp_path, 'text,label\nhello,ham\n"open,ham\nbuy now,spam\n')
    assert [row.content.text for row in found.rows] == ["hello", "buy now"]
    assert (found.left_out, len(told)) == ({"row": 1}, 1)
    assert "line 3: this is not CSV: a quote is never closed. Left out." in told[0]


def test_what_the_api_would_refuse_for_its_length_is_left_out(tmp_path):
    rows = f"{'a' * 100_000},,ham\n{'a' * 100_001},,ham\nbuy,{'b' * 100_001},spam\nbuy,,spam\n"
    found, told = rows_of(tmp_path, f"text,title,label\n{rows}")
    assert [len(row.content.text) for row in found.rows] == [100_000, 3]
    assert found.left_out == {"too long": 2}
    assert "2 rows of more than 100,000 characters" in told[0]


def test_json_labels_are_named_as_they_stand(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "x", "label": 2}\n')
    with pytest.raises(SnapshotRowInvalid, match="the label is 2, not"):
        read(path)


def test_halves_of_characters_are_mended(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "a\\ud83d b\\u0000", "label": "ham"}\n')
    assert [row.content.text for row in read(path).rows] == ["a\ufffd b\0"]


def test_no_file(tmp_path):
    with pytest.raises(SnapshotUnreadable, match="No such file"):
        read(tmp_path / "nowhere.csv")
    with pytest.raises(SnapshotUnreadable):
        read(tmp_path)
