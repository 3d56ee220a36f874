"""Surveys: Qualtrics' three header rows are one header, and what a survey does not count is no annotation."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.errors import DataError
from judgekit.tables.files import read_files
from judgekit.tables.source import SourceTable


@pytest.fixture
def read(tmp_path: Path):
    def read_lines(*lines: str, name: str = "survey.csv") -> SourceTable:
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return read_files([tmp_path / name])

    return read_lines


ASKED = "How is the tone? - The soup was cold.", "How is the tone? - The host was kind."
QUALTRICS = (
    "StartDate,Status,Finished,ResponseId,Q1_1,Q1_2",
    f"Start Date,Response Type,Finished,Response ID,{ASKED[0]},{ASKED[1]}",
    '"{""ImportId"":""startDate""}","{""ImportId"":""status""}","{""ImportId"":""finished""}",'
    '"{""ImportId"":""_recordId""}","{""ImportId"":""QID1_1""}","{""ImportId"":""QID1_2""}"',
)


def test_the_questions_of_qualtrics_are_the_header_and_unfinished_answers_do_not_count(read):
    table = read(
        *QUALTRICS,
        "2024-01-01,IP Address,True,R_1,bad,good",
        "2024-01-01,Survey Preview,True,R_2,bad,bad",
        "2024-01-02,IP Address,False,R_3,bad,",
        "2024-01-02,IP Address,True,R_4,good,good",
    )
    assert table.frame.columns == ["StartDate", "Status", "Finished", "ResponseId", *ASKED]
    assert table.frame.get_column("ResponseId").to_list() == ["R_1", "R_4"] and table.where([1]) == "line 7"
    assert {one.reason: one.where for one in table.set_aside} == {
        "the survey was not finished": "line 6",
        "it is a preview or a test of the survey": "line 5",
    }


def test_answers_to_limesurvey_that_were_not_submitted_do_not_count(read):
    table = read(
        "id. Response ID,submitdate. Date submitted,lastpage. Last page,Tone [Cold soup.],Tone [Kind host.]",
        "1,2024-01-01 10:00:00,2,bad,good",
        "2,,1,bad,",
    )
    assert table.frame.height == 1 and [one.reason for one in table.set_aside] == ["the survey was not submitted"]


@pytest.mark.parametrize("column", ["finished", "status", "submitdate"])
def test_a_column_of_that_name_alone_is_no_survey_s(read, column):
    assert read(f"id,text,label,{column}", "1,Cold soup.,bad,false", "2,Kind host.,good,test").frame.height == 2


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("doc.tsv", "#FORMAT=WebAnno TSV 3.3\n#T_SP=webanno.custom.Tone|label\n\n\n#Text=Cold soup.\n"),
        ("doc.xmi", '<?xml version="1.0" encoding="UTF-8"?><xmi:XMI xmlns:xmi="http://www.omg.org/XMI"/>'),
        ("doc.json", '{"%TYPES": {}, "%FEATURE_STRUCTURES": [{"%ID": 1, "%TYPE": "uima.cas.Sofa"}], "%VIEWS": {}}'),
    ],
)
def test_documents_of_inception_are_refused_with_the_way(read, name, content):
    with pytest.raises(DataError, match="INCEpTION") as caught:
        read(content, name=name)
    assert "a row for each text and annotator" in str(caught.value)
