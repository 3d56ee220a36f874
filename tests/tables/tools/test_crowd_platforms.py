"""What a crowd platform says of an answer counts: rejected, tainted and control answers are no annotations."""

from __future__ import annotations

from pathlib import Path

import pytest

from judgekit.errors import DataError
from judgekit.tables.files import read_files
from judgekit.tables.source import SourceTable


@pytest.fixture
def read(tmp_path: Path):
    def read_lines(*lines: str, name: str = "results.csv") -> SourceTable:
        (tmp_path / name).write_text("\n".join(lines) + "\n")
        return read_files([tmp_path / name])

    return read_lines


def aside(table: SourceTable) -> dict[str, int]:
    return {one.reason: one.rows for one in table.set_aside}


MTURK = "HITId,WorkerId,AssignmentStatus,AcceptTime,Input.text,"


def test_rejected_assignments_of_a_batch_do_not_count(read):
    table = read(
        MTURK + "Answer.tone.label,Answer.why",
        "H1,A,Approved,Fri Feb 10,Cold soup.,bad,it is cold and bland",
        "H1,B,Rejected,Sat Feb 11,Cold soup.,good,no reason at all",
        "H2,A,Submitted,Sun Feb 12,Kind host.,good,they were so kind to us",
        "H2,B,Approved,Sun Feb 12,Kind host.,good,because of the very kind host",
    )
    assert table.frame.columns == ["HITId", "Input.text", "tone", "WorkerId"]
    assert table.frame.rows() == [
        ("H1", "Cold soup.", "bad", "A"),
        ("H2", "Kind host.", "good", "A"),
        ("H2", "Kind host.", "good", "B"),
    ]
    assert aside(table) == {"the answer is rejected": 1} and table.where([1]) == "line 4"


@pytest.mark.parametrize(
    "header",
    ["Answer.good.good,Answer.bad.bad", "Answer.tone.good,Answer.tone.bad", "Answer.good.on,Answer.bad.on"],
)
def test_radio_buttons_are_one_answer(read, header):
    table = read(
        MTURK + header,
        "H1,A,Approved,x,Cold soup.,false,true",
        "H1,B,Approved,x,Cold soup.,true,false",
        "H2,B,Approved,x,Kind host.,false,false",
        "H2,A,Approved,x,Kind host.,true,true",
    )
    assert table.frame.get_column(table.roles.label[0]).to_list() == ["bad", "good"]
    assert aside(table) == {"nothing was chosen": 1, "several choices at once are not a single label": 1}


def test_answers_in_json_are_read(read):
    answer = '"[{""tone"":{""label"":""bad""},""fit"":{""yes"":true,""no"":false}}]"'
    table = read(MTURK + "Answer.taskAnswers", f"H1,A,Approved,x,Cold soup.,{answer}")
    assert table.frame.select("tone", "fit").row(0) == ("bad", "yes")


@pytest.mark.parametrize(
    "form", ["Input.text{},Answer.tone{}.label", "Input.text_{},Answer.tone_{}", "Input.{}.text,Answer.{}.tone"]
)
def test_several_items_of_a_hit_are_told_apart_by_their_numbers(read, form):
    names = [name.format(n) for name in form.split(",") for n in (1, 2, 3)]
    table = read(
        "HITId,WorkerId,AssignmentStatus,Input.topic," + ",".join(names) + ",Answer.comment",
        "H1,A,Approved,food,Cold soup.,Kind host.,Long wait.,bad,good,bad,it went well",
        "H1,B,Approved,food,Cold soup.,Kind host.,Long wait.,bad,,good,",
        "H2,A,Rejected,food,Nice view.,No view.,A view.,bad,bad,bad,",
        "H2,B,Approved,food,Nice view.,No view.,A view.,good,bad,good,",
    )
    label, text = table.roles.label[0], next(name for name in table.frame.columns if "text" in name)
    rows = table.frame.select("HITId", "Input.topic", text, label, "WorkerId").rows()
    assert rows[:4] == [
        ("H1-1", "food", "Cold soup.", "bad", "A"),
        ("H1-2", "food", "Kind host.", "good", "A"),
        ("H1-3", "food", "Long wait.", "bad", "A"),
        ("H1-1", "food", "Cold soup.", "bad", "B"),
    ]
    assert len(rows) == 8 and table.roles.label == (label,)
    assert aside(table) == {"the answer is rejected": 3, "nothing was chosen": 1} and table.where([3]) == "line 3"
    assert any("Each HIT holds 3 items" in note for note in table.notes)


def test_numbered_questions_about_one_text_are_questions(read):
    table = read(MTURK + "Answer.q1,Answer.q2", "H1,A,Approved,x,Cold soup.,a,b", "H2,A,Approved,x,Kind host.,b,a")
    assert table.roles.label == ("q1", "q2") and table.frame.get_column("HITId").to_list() == ["H1", "H2"]


def test_control_tasks_and_rejected_assignments_of_toloka_do_not_count(read):
    table = read(
        "INPUT:text\tOUTPUT:tone\tGOLDEN:tone\tASSIGNMENT:task_id\tASSIGNMENT:worker_id\tASSIGNMENT:status",
        "Cold soup.\tbad\t\tt1\tw1\tAPPROVED",
        "Cold soup.\tgood\t\tt1\tw2\tREJECTED",
        "Kind host.\tgood\tgood\tt2\tw1\tAPPROVED",
        "Kind host.\tgood\t\tt3\tw2\tSUBMITTED",
        name="assignments.tsv",
    )
    assert table.frame.rows() == [("t1", "Cold soup.", "bad", "w1"), ("t3", "Kind host.", "good", "w2")]
    assert aside(table) == {"the answer is rejected": 1, "the task is a control task (GOLDEN), not an item": 1}


def test_test_questions_and_tainted_judgments_of_figure_eight_do_not_count(read):
    table = read(
        "_unit_id,_golden,_tainted,_worker_id,tone,tone_gold,text",
        "1,false,false,7,bad,,Cold soup.",
        "1,false,true,8,good,,Cold soup.",
        "2,true,false,7,good,good,Kind host.",
        "3,false,false,8,good,,Kind host.",
    )
    assert table.frame.rows() == [("1", "Cold soup.", "bad", "7"), ("3", "Kind host.", "good", "8")]
    assert aside(table) == {"the judgment is tainted": 1, "the unit is a test question": 1}


def test_questions_of_figure_eight_without_gold_are_what_differs_within_a_unit(read):
    table = read(
        "_unit_id,_tainted,_worker_id,tone,text",
        "1,false,7,bad,Cold soup.",
        "1,false,8,good,Cold soup.",
        "2,,8,bad,Mild.",
    )
    assert table.roles.label == ("tone",) and table.frame.get_column("tone").to_list() == ["bad", "good", "bad"]


@pytest.mark.parametrize(
    ("lines", "way"),
    [
        (("_unit_id,_golden,_unit_state,tone,tone:confidence,text", "1,false,finalized,bad,0.7,Cold."), "full report"),
        (("INPUT:text\tOUTPUT:tone\tCONFIDENCE:tone", "Cold.\tbad\t97%"), "Download the assignments"),
    ],
)
def test_settled_answers_are_refused_with_the_way_to_the_people_s(read, lines, way):
    with pytest.raises(DataError, match=way):
        read(*lines)


def test_potato_s_options_are_one_answer_of_one_user(read):
    table = read(
        "user,instance_id,displayed_text,tone:::bad,tone:::good",
        "ann,1,Cold soup.,1,",
        "ben,1,Cold soup.,,1",
        "ann,2_testing_x,Pick good.,,1",
        "ben,2,Kind host.,,true",
    )
    assert table.frame.select("instance_id", "text", "tone", "user").rows() == [
        ("1", "Cold soup.", "bad", "ann"),
        ("1", "Cold soup.", "good", "ben"),
        ("2", "Kind host.", "good", "ben"),
    ]
    assert aside(table) == {"it is a page of the survey or tests attention": 1}


def test_potato_s_files_of_users_are_named_by_their_folders(tmp_path):
    for user, label in (("ann", "bad"), ("ben", "good")):
        (tmp_path / user).mkdir()
        (tmp_path / user / "annotated_instances.jsonl").write_text(
            f'{{"id": "1", "displayed_text": "Cold soup.", "label_annotations": {{"tone": {{"{label}": "true"}}}}}}\n'
        )
    table = read_files([tmp_path])
    assert table.frame.select("user", "tone").rows() == [("ann", "bad"), ("ben", "good")]
