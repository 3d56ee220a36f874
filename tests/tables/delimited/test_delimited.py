"""The reader: cells as they stand, dialects found, and every doubtful file refused with its lines."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from judgekit.errors import DataError

HEADER = "item_id,annotator_id,text,label\n"


def test_cells_stay_as_they_stand(table):
    rows = table('id,text,label\n01, a ,NA\n1,"",null\n1.0,,None\n007,"a ""b"" c",NULL\nx,nan,"N/A"\n').frame.rows()
    assert rows == [
        ("01", " a ", "NA"),
        ("1", "", "null"),
        ("1.0", "", "None"),
        ("007", 'a "b" c', "NULL"),
        ("x", "nan", "N/A"),
    ]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found(table, delimiter, line_end):
    lines = ["id,text,label", '1,"one, two; three",a', "2,plain text,b", ""]
    content = line_end.join(line.replace(",", delimiter) if n != 1 else line for n, line in enumerate(lines))
    content = content.replace(lines[1], delimiter.join(["1", '"one, two; three"', "a"]))
    source = table(content)
    assert source.frame.columns == ["id", "text", "label"]
    assert source.frame.rows() == [("1", "one, two; three", "a"), ("2", "plain text", "b")]
    assert [source.line_of(0), source.line_of(1)] == [2, 3]


def test_semicolons_in_texts_are_not_the_delimiter(table):
    rows = "".join(f"{n},a; b; c; d; e,x\n" for n in range(20))
    assert table("id,text,label\n" + rows).frame.shape == (20, 3)


def test_one_column_with_commas_is_one_column(table):
    source = table('text\nhello, world\nfoo; bar\n"a, b"\n')
    assert source.frame.columns == ["text"]
    assert source.frame.get_column("text").to_list() == ["hello, world", "foo; bar", "a, b"]


def test_line_breaks_inside_quotes_survive_and_are_counted(table):
    source = table(HEADER + 'i1,a,"one\ntwo\n\nthree",x\ni2,a,"x\r\ny",y\ni3,a,plain,x\n')
    assert source.frame.get_column("text").to_list() == ["one\ntwo\n\nthree", "x\r\ny", "plain"]
    assert [source.line_of(row) for row in range(3)] == [2, 6, 8]


def test_line_break_far_beyond_any_sample_is_read(table):
    rows = "".join(f"{n},a,text {n},x\n" for n in range(5000))
    source = table(HEADER + rows + 'last,a,"one, ""two""\nthree",y\n')
    assert source.frame.row(-1) == ("last", "a", 'one, "two"\nthree', "y")
    assert source.line_of(5000) == 5002


def test_blank_lines_are_counted_and_lines_stay_right(table):
    source = table('id,text,label\n\n1,"a\n\nb",x\n\n\n2,c,y\n\n')
    assert source.frame.height == 2
    assert [source.line_of(0), source.line_of(1)] == [3, 8]
    assert any("4 lines" in note for note in source.notes)


def test_all_ragged_rows_are_reported_with_their_physical_lines(table):
    content = HEADER + 'i1,a,"one\ntwo",x\ni2,a,short\ni3,a,one, two,x\n\ni4,a,fine,y\ni5\n'
    with pytest.raises(DataError) as caught:
        table(content)
    assert caught.value.problems == (
        "votes.csv line 4: 3 fields, the header has 4 (item_id, annotator_id, text, label)",
        "votes.csv line 5: 5 fields, the header has 4 (item_id, annotator_id, text, label)",
        "votes.csv line 8: 1 field, the header has 4 (item_id, annotator_id, text, label)",
    )
    assert "Quote the text if it contains the delimiter" in caught.value.hint


@pytest.mark.parametrize("position", [0, 1, 25_000, 59_999])
def test_short_row_is_reported_with_its_line_wherever_it_stands(table, position):
    rows = [f'{n},"some text\nof two lines",x' if n != position else f"{n},short" for n in range(60_000)]
    with pytest.raises(DataError, match=f"line {2 + 2 * position}: 2 fields, the header has 3"):
        table("id,text,label\n" + "\n".join(rows) + "\n")


@pytest.mark.parametrize(
    "body",
    ['1,"never closed,x\n2,b,y\n3,c,z\n', '1,"a "b" c",x\n2,d,y\n', '1,"a" c,x\n2,d,y\n', '1,a,x\n2,b,"y'],
)
def test_bad_quotes_are_refused(table, body):
    with pytest.raises(DataError, match=r"line \d: a quoted text is never closed, or holds a"):
        table("id,text,label\n" + body)


def test_quotes_inside_unquoted_texts_are_text(table):
    source = table('id,text,label\n1,he said "no" again,x\n2,a 5" nail,y\n')
    assert source.frame.get_column("text").to_list() == ['he said "no" again', 'a 5" nail']


def test_backslash_escapes_are_found_and_said(table):
    source = table('id,text,label\n1,"a \\"b\\", c",x\n2,"d",y\n')
    assert source.frame.get_column("text")[0] == 'a "b", c'
    assert any("written \\" in note for note in source.notes)


def test_backslash_at_the_end_of_a_text_is_text(table):
    assert table('id,text,label\n1,"C:\\",x\n2,"d",y\n').frame.get_column("text").to_list() == ["C:\\", "d"]


def test_tabs_without_quoting_keep_their_quotes(table):
    source = table('id\ttext\tlabel\n1\t"Hello" she said\tx\n2\tb\ty\n')
    assert source.frame.get_column("text")[0] == '"Hello" she said'


def test_mixed_line_ends_are_read_and_said(table):
    source = table("id,text,label\r\n1,a,x\n2,b,y\r\n3,c,z\n")
    assert source.frame.height == 3 and any("line ends" in note for note in source.notes)


def test_trailing_delimiters_are_dropped_with_a_note(table):
    source = table("id,text,label,,\n1,a,b,,\n2,c,d,,\n")
    assert source.frame.columns == ["id", "text", "label"]
    assert sum("no name and no content" in note for note in source.notes) == 2


def test_unnamed_index_column_gets_a_name(table):
    source = table(",text,label\n0,a,b\n1,c,d\n")
    assert source.frame.columns == ["Unnamed: 0", "text", "label"]


def test_unnamed_column_with_content_is_refused(table):
    with pytest.raises(DataError, match="column 2 has content and no name"):
        table("id,,label\n0,a,b\n1,c,d\n")


def test_duplicate_headers_are_refused_with_both_columns(table):
    with pytest.raises(DataError, match="'text' twice: columns 2 and 4"):
        table("id,text,label,text\n1,a,b,c\n")


def test_preamble_is_left_out_and_said(table):
    source = table("Export of project X\nDate: 2024-01-01, 10:00\n\nid,text,label\n1,hello,x\n2,bar,y\n")
    assert source.frame.columns == ["id", "text", "label"] and source.line_of(1) == 6
    assert any("above the header (line 4)" in note for note in source.notes)


def test_preamble_with_an_open_quote_loses_nothing(table):
    source = table('My "export\nid,text,label\n1,hello,x\n2,"b\nc",y\n3,d,x\n')
    assert source.frame.height == 3 and source.line_of(2) == 6


def test_excel_separator_line_is_obeyed(table):
    assert table("sep=;\nid;text;label\n1;a, b;x\n2;c;y\n").frame.rows() == [("1", "a, b", "x"), ("2", "c", "y")]


def test_header_that_looks_like_the_data_is_still_the_header(table):
    assert table("item,text,label\na,b,c\nd,e,f\n").frame.height == 2


@pytest.mark.parametrize("content", ["1,hello there,yes\n2,bye,no\n", "a,first words,yes\nb,more words,yes\n"])
def test_missing_header_is_refused(table, content):
    with pytest.raises(DataError, match="looks like data"):
        table(content)


def test_header_repeated_between_rows_is_refused(table):
    with pytest.raises(DataError, match="line 3: another header"):
        table("id,text,label\n1,a,x\nid,text,label\n2,b,y\n")


@pytest.mark.parametrize(
    ("content", "columns"),
    [
        ("\ufeffid,text\n1,ä\n".encode(), ["id", "text"]),
        ('\ufeff"id",text\n1,ä\n'.encode(), ["id", "text"]),
        ("id,text\n1,ä\n".encode("utf-16"), ["id", "text"]),
    ],
)
def test_byte_order_marks_are_left_out_and_said(table, content, columns):
    source = table(content)
    assert source.frame.columns == columns and source.frame.row(0) == ("1", "ä")
    assert any("byte order mark" in note for note in source.notes)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("café au lait", "cp1252"),
        ("“smart” – quotes, l’été à Paris", "cp1252"),
        ("Привет мир, как дела сегодня", "cp1251"),
        ("こんにちは世界、元気ですか", "shift_jis"),
    ],
)
def test_other_encodings_are_guessed_and_the_guess_is_said(table, text, encoding):
    source = table(f'id,text,label\n1,plain,x\n2,"{text}",y\n'.encode(encoding))
    assert source.frame.row(1) == ("2", text, "y")
    assert any("not UTF-8 (line 3)" in warning and "guess" in warning for warning in source.warnings)


def test_given_encoding_is_obeyed_and_checked(table):
    assert table("id,text\n1,café\n".encode("mac_roman"), encoding="mac_roman").frame.row(0) == ("1", "café")
    with pytest.raises(DataError, match="line 2: the bytes are not utf-8"):
        table(b"id,text\n1,caf\xe9\n", encoding="utf-8")
    with pytest.raises(DataError, match="no encoding called"):
        table("id,text\n1,a\n", encoding="klingon")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\n\n  \n", "empty"),
        (b"id,text,label\n", "no rows"),
        (b"PK\x03\x04rest", "Excel"),
        (b"\x1f\x8b\x08rest", "gzip"),
        (b"PAR1rest", "Parquet"),
        (b"id,text\n1,a\x00b\n", "line 2: a NUL byte"),
        ("id,text\n1,a\n".encode("utf-16-le"), "NUL byte"),
    ],
)
def test_files_that_are_no_table_are_refused_by_name(table, content, message):
    with pytest.raises(DataError, match=message):
        table(content)


def test_given_delimiter_is_obeyed(table):
    assert table("id:text\n1:a,b\n", delimiter=":").frame.row(0) == ("1", "a,b")
    with pytest.raises(DataError, match="one character"):
        table("id,text\n1,a\n", delimiter=",,")


def test_very_long_cell_is_read_whole(table):
    source = table("id,text,label\n1," + "word " * 800_000 + ",x\n2,b,y\n")
    assert np.array_equal(source.frame.get_column("text").str.len_chars().to_numpy(), [4_000_000, 1])


def test_reading_loads_neither_pyarrow_nor_torch(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(HEADER + "i1,a,one text,x\ni1,b,one text,y\n")
    code = (
        "import sys; from pathlib import Path; from judgekit.tables.delimited.table import read_table\n"
        "from judgekit.schema.inference import infer_schema; from judgekit.dataset.building import build_items\n"
        f"p = Path({str(path)!r}); s = read_table(p, p.read_bytes()); build_items(s, infer_schema(s))\n"
        "print(sorted({'pyarrow', 'pandas', 'torch', 'scipy', 'typer', 'rich', 'transformers'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_quote_closed_in_a_later_row_is_refused(table):
    with pytest.raises(DataError, match="line 2: a quoted text holds what looks like further lines"):
        table(HEADER + 'i1,a,"some words,x\ni1,b,some words",y\ni2,a,other words,y\ni2,b,other words,x\n')


def test_backslashes_that_escape_nothing_are_never_eaten(table):
    with pytest.raises(DataError, match="line 2"):
        table('id,text,label\n1,"a \\"b\\" c\\n",x\n2,"d",y\n')


@pytest.mark.parametrize(
    "content", ['[{"id": 1, "text": "a b"}]\n', '{"id": 1, "text": "a"}\n', "<!DOCTYPE html>\n<p>x\n"]
)
def test_other_text_formats_are_refused_by_name(table, content):
    with pytest.raises(DataError, match=r"is JSON|a web page"):
        table(content)


@pytest.mark.parametrize(
    "rows",
    [
        '"i0","5"" long two\nlines"",no\ni1,no,""5"" long",yes\n"i2",yes,c,no\n',
        'i0,yes,"5"" long two\nlines"",no\ni1,no,""5"" long",yes\ni2,yes,c,no\n',
        'i0,yes,"a b"",no\r\ni1,no,""c d",yes\r\ni2,yes,c,no\r\n',
        '"i0","yes","a b"",""no""\n""i1"",""no"",""c d","yes"\n"i2","yes","c","no"\n',
    ],
)
def test_quotes_doubled_at_both_ends_of_a_row_swallow_none_in_silence(table, rows):
    with pytest.raises(DataError, match=r"looks like further lines|do not fit|cannot be read"):
        table("id,rater1,text,rater2\n" + rows)


def test_speech_over_several_lines_is_a_text(table):
    source = table('id,text,label\n1,"He said ""yes"".\n""No"", said she, ""no"".",a\n2,"""x""\n""y""",b\n')
    assert source.frame.get_column("text").to_list() == ['He said "yes".\n"No", said she, "no".', '"x"\n"y"']
