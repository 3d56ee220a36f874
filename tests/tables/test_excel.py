"""Workbooks: cells as a person sees them, the right sheet and header, and rows by their numbers."""

from __future__ import annotations

import datetime as dt
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from judgekit.errors import DataError
from judgekit.tables.excel.workbook import read_excel
from judgekit.tables.source import SourceTable

HEADER = ["id", "text", "label"]
ROWS = [["1", "one", "a"], ["2", "two", "b"]]
Read = Callable[..., SourceTable]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Reads a workbook with some sheets: rows of cells, or a function that fills the sheet."""

    def run(*, sheet: str | None = None, hidden: tuple[str, ...] = (), **sheets: Any) -> SourceTable:
        path = tmp_path / "votes.xlsx"
        with xlsxwriter.Workbook(path, {"default_date_format": "dd/mm/yyyy hh:mm"}) as workbook:
            for name, content in sheets.items():
                here = workbook.add_worksheet(name)
                if name in hidden:
                    here.hide()
                if callable(content):
                    content(workbook, here)
                for number, row in enumerate([] if callable(content) else content):
                    here.write_row(number, 0, row)
        return read_excel(path, path.read_bytes(), sheet=sheet)

    return run


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1"),
        (-20, "-20"),
        (1.5, "1.5"),
        (1 / 3, "0.333333333333333"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "1e-07"),
        (123456789012345, "123456789012345"),
        ("01", "01"),
        (" a ", " a "),
        ("one\ntwo", "one\ntwo"),
        ("NA", "NA"),
        ("TRUE", "TRUE"),
        ("true", "true"),
        (True, "TRUE"),
        (False, "FALSE"),
        (dt.datetime(2024, 3, 1), "2024-03-01"),
        (dt.datetime(2024, 3, 1, 12, 30, 5), "2024-03-01 12:30:05"),
        (dt.time(13, 45), "13:45:00"),
        ("a_x0041_b", "a_x0041_b"),
    ],
)
def test_cells_are_what_a_person_sees(read, value, text):
    assert read(data=[["id", "label"], [value, "x"]]).frame.row(0) == (text, "x")


def test_durations_run_beyond_a_day(read):
    def fill(workbook, sheet):
        sheet.write_row(0, 0, ["id", "seconds"])
        sheet.write_string(1, 0, "1")
        sheet.write_datetime(
            1, 1, dt.timedelta(days=1, hours=6, minutes=5, seconds=4), workbook.add_format({"num_format": "[h]:mm:ss"})
        )

    assert read(data=fill).frame.row(0) == ("1", "30:05:04")


def test_formulas_are_their_stored_results(read):
    def fill(_, sheet):
        sheet.write_row(0, 0, HEADER)
        sheet.write_formula(1, 0, "=1+1", None, 2)
        sheet.write_formula(1, 1, '="a"&"b"', None, "ab")
        sheet.write_formula(1, 2, "=1>0", None, True)

    assert read(data=fill).frame.row(0) == ("2", "ab", "TRUE")


def test_errors_stay_as_text_with_a_warning(read):
    def fill(_, sheet):
        sheet.write_row(0, 0, HEADER)
        sheet.write_row(1, 0, ["1", "one", "a"])
        sheet.write_row(2, 0, ["2", "two", ""])
        sheet.write_formula(2, 2, "=NA()", None, "#N/A")
        sheet.write_row(3, 0, ["3", "#N/A is a text", "b"])

    source = read(data=fill)
    assert source.frame.get_column("label").to_list() == ["a", "#N/A", "b"]
    (warning,) = source.warnings
    assert warning.startswith("votes.xlsx row 3: Excel errors") and warning.endswith("#N/A (1).")


def test_rounded_ids_are_warned_of(read):
    source = read(data=[HEADER, [1234567890123456789, "one", "a"], [1, "two", "b"], ["1234567890123456789", "x", "y"]])
    assert source.frame.get_column("id").to_list()[1:] == ["1", "1234567890123456789"]
    (warning,) = source.warnings
    assert warning.startswith("votes.xlsx row 2: numbers with more than 15 digits")


def test_every_row_of_a_merged_cell_has_its_text(read):
    def fill(_, sheet):
        sheet.write_row(0, 0, ["text", "annotator", "label"])
        sheet.merge_range(1, 0, 3, 0, "one")
        for row, name in enumerate(["ann", "bob", "cem"], 1):
            sheet.write_row(row, 1, [name, "a"])
        sheet.write_row(4, 0, ["", "ann", "b"])

    source = read(data=fill)
    assert source.frame.get_column("text").to_list() == ["one", "one", "one", ""]
    assert any("merged" in note for note in source.notes)


def test_rows_are_known_by_their_number_in_the_sheet(read):
    source = read(data=[[], [], HEADER, ROWS[0], [], [], ROWS[1], [], ["", "", ""]])
    assert source.frame.rows() == [tuple(row) for row in ROWS]
    assert source.place([0, 1]) == "votes.xlsx rows 4, 7"
    assert "2 rows without any text skipped." in source.notes


def test_titles_above_the_header_are_left_out_and_said(read):
    source = read(data=[["Pilot, May"], [], ["by the team"], HEADER, *ROWS])
    assert source.frame.columns == HEADER and source.frame.height == 2
    assert "2 rows above the header (row 4) left out." in source.notes


def test_a_first_row_of_names_is_the_header_even_above_known_names(read):
    source = read(data=[["Satz", "Frage", "Urteil"], ["id", "text", "label"], *ROWS])
    assert source.frame.columns == ["Satz", "Frage", "Urteil"] and source.frame.height == 3


def test_a_stray_cell_beside_the_table_is_refused_not_dropped(read):
    with pytest.raises(DataError, match="column 4 has content and no name"):
        read(data=[HEADER, [*ROWS[0], "see me"], ROWS[1]])


def test_empty_columns_and_an_unnamed_index_are_read_as_in_csv(read):
    source = read(data=[["", "text", "", "label"], [0, "one", "", "a"], [1, "two", "", "b"]])
    assert source.frame.columns == ["Unnamed: 0", "text", "label"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([["id", "label", "label"], ["1", "a", "b"]], "names 'label' twice: columns 2 and 3"),
        ([["1", "good"], ["2", "bad"]], "row 1: the first row looks like data"),
        ([["eins", "gut"], ["zwei", "gut"]], "'gut' also stands below it"),
        ([HEADER, *ROWS, HEADER, *ROWS], "votes.xlsx row 4: the header is repeated"),
        ([HEADER], "no visible sheet with a table"),
        ([], "no visible sheet with a table"),
        ([["id", "^a$"], ["1", "x"]], "cannot be the name of a column"),
    ],
)
def test_headers_that_would_lose_data_are_refused(read, rows, said):
    with pytest.raises(DataError) as caught:
        read(data=rows)
    assert said in str(caught.value)


def test_the_only_sheet_with_a_table_is_read(read):
    source = read(Guide=[["Read this first."], ["Then judge."]], data=[HEADER, *ROWS], Chart=[])
    assert source.frame.rows() == [tuple(row) for row in ROWS]
    assert "The sheet 'data' was read; skipped: Guide, Chart." in source.notes


def test_several_tables_need_the_user_s_word(read):
    sheets = {"Ann": [HEADER, *ROWS], "Bob B": [HEADER, ROWS[0]], "empty": []}
    with pytest.raises(DataError, match="2 sheets with a table: Ann, Bob B") as caught:
        read(**sheets)
    assert "--sheet Ann" in caught.value.hint
    assert read(sheet="Bob B", **sheets).frame.height == 1
    with pytest.raises(DataError, match=r"no sheet 'ann' \(did you mean 'Ann'\?\)"):
        read(sheet="ann", **sheets)
    with pytest.raises(DataError, match="sheet 'empty': there is no table"):
        read(sheet="empty", **sheets)


def test_a_hidden_sheet_is_read_only_on_demand(read):
    sheets = {"front": [], "old": [HEADER, *ROWS]}
    with pytest.raises(DataError, match="no visible sheet with a table: old"):
        read(hidden=("old",), **sheets)
    assert read(hidden=("old",), sheet="old", **sheets).frame.height == 2


def test_a_stray_cell_far_off_is_refused_before_it_fills_the_memory(read):
    def fill(_, sheet):
        sheet.write_row(0, 0, HEADER)
        sheet.write(1_048_575, 16_383, "x")

    with pytest.raises(DataError, match="last cell is in row 1,048,576, column 16,384"):
        read(data=fill)


def test_wide_and_long_sheets_alike_are_no_stray_cells(read):
    source = read(data=[[f"column {n}" for n in range(900)], list(range(900))])
    assert source.frame.width == 900 and source.frame.row(0)[-1] == "899"


@pytest.mark.parametrize("part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"])
@pytest.mark.parametrize("damage", [lambda content: content[: len(content) // 2], lambda content: b"<a>", None])
def test_a_damaged_workbook_is_refused(read, tmp_path, part, damage):
    read(data=[HEADER, *ROWS])
    with zipfile.ZipFile(tmp_path / "votes.xlsx") as whole, zipfile.ZipFile(tmp_path / "bad.xlsx", "w") as bad:
        for name in whole.namelist():
            if name != part or damage:
                bad.writestr(name, damage(whole.read(name)) if name == part and damage else whole.read(name))
    with pytest.raises(DataError, match=r"bad\.xlsx"):
        read_excel(tmp_path / "bad.xlsx", (tmp_path / "bad.xlsx").read_bytes())


def test_the_encoding_that_a_part_names_does_not_matter(read, tmp_path):
    read(data=[HEADER, *ROWS])
    with zipfile.ZipFile(tmp_path / "votes.xlsx") as whole, zipfile.ZipFile(tmp_path / "other.xlsx", "w") as other:
        for name in whole.namelist():
            other.writestr(name, whole.read(name).replace(b"UTF-8", b"MTF-8"))
    assert read_excel(tmp_path / "other.xlsx", (tmp_path / "other.xlsx").read_bytes()).frame.height == 2
