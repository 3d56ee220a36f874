"""Tables broken on purpose: a cell comes out as it went in, its row is set aside with its line, or all is refused."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from judgekit.errors import DataError
from judgekit.tables.delimited.table import read_table
from judgekit.tables.source import SourceTable

HEADER = "item_id,annotator,text,label\n"
ROWS = "".join(f"i{n // 2},ann{n % 2},some text {n // 2},{'yes' if n % 3 else 'no'}\n" for n in range(12))
MORE = ROWS.replace("i", "j")


def read(content: str | bytes, *, strict: bool = False) -> SourceTable:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_table(path, path.read_bytes(), strict=strict)


def lines_aside(source: SourceTable) -> list[str]:
    return [aside.where for aside in source.set_aside]


@pytest.mark.parametrize(
    "broken",
    [
        "i9,ann0,some, text,yes",
        "i9,ann0,text",
        "i9,ann0,text,yes,",
        "i9,,ann0,text,yes",
        "i9;ann0;text;yes",
        "i9 ann0 text yes",
        "Total: 12 rows",
        "# checked up to here",
        'i9,ann0,"some "quoted" text",yes',
        'i9,ann0,"some" text,yes',
        'i9,ann0some "text, of some, sort",yes',
        'i9,ann0,some text",yes',
        "i9,ann0,“some, text”,yes",
        "i9,ann0," + ", ".join(["many words"] * 300) + ",yes",
    ],
)
def test_a_broken_row_is_set_aside_with_its_line_and_no_other(broken):
    source = read(HEADER + ROWS + broken + "\n" + MORE)
    assert source.frame.rows() == read(HEADER + ROWS + MORE).frame.rows()
    assert lines_aside(source) == ["line 14"] and source.rows_read == 25
    assert source.set_aside[0].is_fault and source.set_aside[0].details[0].startswith("line 14: ")
    assert source.line_of(12) == 15
    with pytest.raises(DataError, match=r"votes\.csv line 14: "):
        read(HEADER + ROWS + broken + "\n" + MORE, strict=True)


def test_a_quote_that_opens_at_the_end_takes_no_row_along():
    source = read(HEADER + ROWS + 'i9,ann0,"cut in the mid')
    assert source.frame.height == 12 and lines_aside(source) == ["line 14"]


def test_an_open_quote_is_set_aside_only_where_a_later_quote_shows_that_it_ended():
    broken = HEADER + ROWS + 'i9,ann0,"some text,yes\n'
    assert lines_aside(read(broken + 'i9,ann1,"one, two",no\n' + MORE)) == ["line 14"]
    with pytest.raises(DataError, match="line 14: a quoted text starts here, and where it ends is not certain"):
        read(broken + MORE)
    with pytest.raises(DataError, match="line 14: a quoted text starts here"):
        read(broken + 'and "more" of it\nto be read",no\n' + MORE)


@pytest.mark.parametrize(
    ("header", "row", "pieces"),
    [
        ("id,label,text", "{n},yes,some words {n}", ["7,no,cut here", "and here"]),
        ("text,annotator,label", "some words {n},a1,yes", ["first half", "second half,a1,yes"]),
        ("id,annotator,text,label", "i{n},a1,some words {n},yes", ["i7,a1,one", "a, b, c and d,yes", "two,no"]),
    ],
)
def test_pieces_of_an_unquoted_text_with_line_breaks_are_all_set_aside(header, row, pieces):
    whole = [row.format(n=n) for n in range(10)]
    source = read("\n".join([header, *whole[:5], *pieces, *whole[5:]]))
    assert [",".join(cells) for cells in source.frame.rows()] == whole
    assert sum(aside.rows for aside in source.set_aside) == len(pieces)


def test_rows_around_a_broken_one_are_refused_where_no_end_of_a_row_can_be_told():
    rows = [f"question {n} of them,answer {n} to it" for n in range(10)]
    with pytest.raises(DataError, match="line 5: where the rows next to it start and end is not certain"):
        read("\n".join(["question,answer", *rows[:3], "a piece", *rows[3:]]))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (HEADER + ROWS.replace(",", ";"), "12 of its rows do not fit the header"),
        (HEADER.replace("r,t", "rt") + ROWS, "12 of its rows do not fit the header"),
        ("text,label\n" + "".join(f"{n + 1},some text {n},yes\n" for n in range(9)), "do not fit the header"),
        ("id,labeltext,note\n" + "".join(f"{n},yes,text {n},\n" for n in range(9)), "do not fit the header"),
        (HEADER + ROWS + HEADER + MORE, "line 14: another header"),
        (HEADER + ROWS + "label,text,annotator,item_id\n" + MORE, "line 14: another header"),
        (HEADER + ROWS + "task,worker,comment,vote\n" + MORE, "line 14: another header"),
        (HEADER + ROWS + "\ufeff" + HEADER + MORE, "line 14: a byte order mark"),
        (HEADER + ROWS + "\ufeff" + MORE, "line 14: a byte order mark"),
        (HEADER + 'i1,a,"some text,yes\ni1,b,some text",no\n' + ROWS, "line 2: a quoted text holds"),
        ('id,label,text\n1,"yes,foo\n2,no",bar\n3,yes,x y\n4,no,z\n', "line 2: a quoted text holds"),
        (HEADER + 'i7,a,"\ni8,a,some text,no\ni9,b",yes\n' + ROWS, "line 2: a quoted text holds"),
        ("".join(f'"{line}"\n' for line in (HEADER + ROWS).splitlines()), "was read as one column"),
        ("# export\nLfd,Spruch,Urteil\n1,ein Satz,ja\n2,zwei Satz,nein\n", "was read as one column"),
        ("item_id\n,text,label\n" + "".join(f"{n},text {n},yes\n" for n in range(9)), "was read as one column"),
        ("".join(f"x{n},r{n},some text {n}\n" for n in range(9)), "line 1: the first row looks like data"),
        ("| id | text |\n|----|------|\n| 1 | foo |\n", "line 2: a line is drawn there"),
        ("id,te\x1b[31mxt\n1,a\n", r"'te\\x1b\[31mxt' cannot be the name of a column"),
        (HEADER + ROWS + "i9,ann0," + "word " * 4_000_000 + ",yes\n", "line 14: the row is longer than 16,000,000"),
        ((HEADER + ROWS + "i9,ann0,été à l'école,yes\n").encode() + b"i9,ann1,\xe9t\xe9,no\n", "line 15: the bytes"),
        ((HEADER + ROWS + "i9,ann0,été,yes\n").encode("cp1252") + "i9,ann1,été,no\n".encode(), "line 14: the bytes"),
        ((HEADER + ROWS + "i9,ann0,été à l'école").encode() + b"\xc3", "line 14: the bytes"),
    ],
)
def test_what_is_not_certain_is_refused_as_a_whole(content, message):
    with pytest.raises(DataError, match=message):
        read(content)


@pytest.mark.parametrize(
    "content",
    [
        (HEADER + ROWS).replace("\n", ",\n"),
        HEADER + ROWS.replace("\n", ",\n"),
        HEADER.replace("\n", ",\n") + ROWS,
        "\n" + HEADER + "\n  \n" + ROWS + ",,\n,,,,,\n\n",
        (HEADER + ROWS).replace(",", ", "),
        (HEADER + ROWS).replace(",", "||"),
        (HEADER + ROWS).replace(",", "~"),
        (HEADER + ROWS).replace("some text 3", '"some text 3" ').replace("some text 4", ' "some text 4"'),
        "".join(",".join(f"'{cell}'" for cell in line.split(",")) + "\n" for line in (HEADER + ROWS).splitlines()),
        "# export of 2024, by me\n# second try\n" + HEADER + ROWS,
        "Round 2,,,\n,,,\n" + HEADER + ROWS,
        "\u200b" + HEADER.replace(",", "\u200b,\xa0") + ROWS,
        (HEADER + ROWS).encode("utf-16"),
        (HEADER + ROWS).replace("\n", "\r"),
        HEADER.replace("\n", "\r\n") + ROWS,
    ],
)
def test_what_is_odd_but_certain_is_read(content):
    source = read(content)
    assert source.frame.columns == ["item_id", "annotator", "text", "label"]
    assert source.frame.rows() == read(HEADER + ROWS).frame.rows() and not source.set_aside


def test_short_row_below_a_header_with_a_delimiter_too_many_is_set_aside():
    source = read(HEADER.replace("\n", ",\n") + ROWS + "i9,ann0\n")
    assert source.frame.height == 12 and lines_aside(source) == ["line 14"]


def test_unpacked_content_is_read_in_place_of_the_file(tmp_path):
    source = read_table(tmp_path / "votes.csv.gz", (HEADER + ROWS).encode())
    assert source.frame.height == 12 and source.name == "votes.csv.gz"


def test_columns_of_mturk_that_no_row_has_are_empty():
    source = read('"HITId","WorkerId","Answer.x","Approve","Reject"\n"h1","w1","a"\n"h1","w2","b"\n')
    assert source.frame.rows() == [("h1", "w1", "a", "", ""), ("h1", "w2", "b", "", "")]
    assert "without the last delimiters of the header" in source.notes[0]


def test_wide_tables_and_long_cells_are_read_whole():
    names = ["item_id", *(f"r{n}" for n in range(2000))]
    rows = [[f"i{k}", *("yes" if n % (k + 2) else "no" for n in range(2000))] for k in range(9)]
    lines = [",".join(row) for row in [names, *rows]]
    source = read("\n".join([*lines[:5], lines[5].removesuffix(",yes").removesuffix(",no"), *lines[6:]]))
    assert source.frame.rows() == [tuple(row) for n, row in enumerate(rows) if n != 4]
    cell = "word, " * 1_500_000
    assert read(HEADER + f'i1,a,"{cell}",yes\n' + ROWS + "cut,short\n").frame.row(0) == ("i1", "a", cell, "yes")


def test_a_quote_closed_and_opened_again_within_a_text_is_no_text():
    source = read(HEADER + 'i1,a,"5"  " long",yes\n' + ROWS)
    assert lines_aside(source) == ["line 2"] and source.frame.height == 12


def test_a_lone_return_within_a_row_sets_its_pieces_aside():
    source = read((HEADER + ROWS + "i9,ann0,some \rtext,yes\n" + MORE).replace("\n", "\r\n"))
    assert source.frame.height == 24 and lines_aside(source) == ["lines 14, 15"]
    with pytest.raises(DataError, match="its line ends are mixed"):  # in one column every piece looks like a row
        read("text\rtwo\nlines\ra third\r")


def test_spaces_do_not_separate_the_fields_of_a_table_in_which_rows_do_not_fit():
    with pytest.raises(DataError, match="was read as one column"):
        read("Export of it\n\nNr, Satz, Urteil\n" + "1, Satz, ja\n" * 9 + "1, noch ein Satz, ja\n")


def test_line_breaks_within_texts_stay_whatever_ends_the_lines():
    source = read('id,text,label\r\n1,"a\nb",x\n2,"c\r\nd",y\r\n')
    assert source.frame.rows() == [("1", "a\nb", "x"), ("2", "c\r\nd", "y")]
    assert "The line ends are mixed." in source.notes


def test_names_in_messages_hold_no_escape_sequence():
    with pytest.raises(DataError) as caught:
        read("id,\x1b[2Jtext,label\n1,a\n2,b\n")
    assert "\x1b" not in str(caught.value)


WORDS = st.sampled_from(
    ['5" long', "yes; no", "said, then", "it's", "2024", "the answer", 'a "b" c', "two\nlines", "é…"]
)
LABELS = st.sampled_from(["yes", "no"])
EDITS = st.tuples(
    st.floats(0, 1),
    st.sampled_from([*',";\n\r\\ x', '""', ",,", '",', "\r\n", "\u2028", "\ufeff", "\t", ""]),
    st.booleans(),
)


@st.composite
def polluted(draw: st.DrawFn) -> tuple[list[tuple[str, ...]], set[int], bytes]:
    """A table, the rows of it that were touched, and its bytes with a character or two put in or taken out."""
    texts = draw(st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=4, max_size=12))
    rows = [(f"i{n}", draw(LABELS), text, draw(LABELS)) for n, text in enumerate(texts)]
    delimiter, line_end = draw(st.sampled_from(",;\t")), draw(st.sampled_from(["\n", "\r\n"]))
    quoting = csv.QUOTE_ALL if draw(st.booleans()) else csv.QUOTE_MINIMAL
    stream, ends = io.StringIO(newline=""), list[int]()
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=line_end, quoting=quoting)
    for row in [("id", "rater1", "text", "rater2"), *rows]:
        writer.writerow(row)
        ends.append(stream.tell())
    content = stream.getvalue()
    places = sorted({int(share * (len(content) - 1)) for share, _, _ in draw(st.lists(EDITS, min_size=1, max_size=2))})
    touched: set[int] = set()
    for place in reversed(places):
        _, edit, replaces = draw(EDITS)
        content = content[:place] + edit + content[place + replaces :]
        row = sum(end <= place for end in ends) - 1
        touched |= {row, row + 1} if place + 2 >= ends[row + 1] else {row}
    return rows, touched, content.encode()


def matches(found: Sequence[str], meant: Sequence[str], edits: int) -> bool:
    """Whether a row came out as it went in, but for a cell that was itself altered."""
    plain = [[" ".join(cell.split()) for cell in row] for row in (found, meant)]
    return sum(one != other for one, other in zip(*plain, strict=True)) <= edits


@settings(max_examples=200, deadline=None)
@given(polluted())
def test_no_character_put_in_or_taken_out_moves_a_cell_or_loses_a_row(table):
    rows, touched, content = table
    try:
        source = read(content)
    except DataError:
        return
    if source.frame.width != 4:
        assert -1 in touched
        return
    left = list(enumerate(rows))
    for found in (row for row in source.frame.rows() if any(row)):
        at = next((k for k, (_, row) in enumerate(left) if matches(found, row, 0)), None)
        if at is None:
            at = next(k for k, (n, row) in enumerate(left) if n in touched and matches(found, row, 2))
        del left[at]
    aside = sum(group.rows for group in source.set_aside)
    assert sum(n not in touched for n, _ in left) <= aside and (aside or not left)


CELLS = st.text(st.sampled_from(list("ab1 ,;\"\t|'\n\r#\\:\u2028\x0c\xa0\u200b\x1e\x1f")), max_size=8)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6), st.sampled_from(",;\t"))
def test_the_strict_parser_reads_as_the_csv_module_does(rows, delimiter):
    stream = io.StringIO(newline="")
    stream.write("\n")  # a blank line, so that the short way is not taken
    writer = csv.writer(stream, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerows([("id", "text", "label"), *rows])
    try:
        found = read(stream.getvalue()).frame.rows()
    except DataError as error:  # a cell such as ",,1\r" may be rows that a quote has swallowed
        assert "looks like further lines" in str(error)
        return
    assert found == rows


def test_a_quoted_cell_that_looks_like_rows_is_refused():
    with pytest.raises(DataError, match="looks like further lines"):
        read('"id","text","label"\n"","","1"\n"","",",,1\r"\n')
