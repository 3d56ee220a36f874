"""What a table itself says of an answer counts: rejected ones, and those of who failed a check, are set aside."""

from __future__ import annotations

import pytest

from judgekit.errors import DataError
from judgekit.schema.question import Question
from judgekit.schema.refused_answers import marks_test_items, refused_words
from judgekit.verbs.ingest import ingest

PEOPLE = ("ann", "ben", "eve")


def long_table(tmp_path, name, cell, *, items=24):
    """Three answers to each item; `cell(item, person)` fills the further column."""
    lines = [f"item_id,worker_id,sentence,answer,{name}"]
    for item in range(items):
        for person, worker in enumerate(PEOPLE):
            label = ("pos", "neg")[(item + person) % 2]
            lines.append(f"{item},{worker},the words of sentence number {item},{label},{cell(item, person)}")
    path = tmp_path / "votes.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("status", "accepted", "rejected"),
        ("AssignmentStatus", "Approved", "Rejected"),
        ("response_status", "submitted", "discarded"),
        ("review_status", "valid", "invalid"),
        ("tainted", "false", "true"),
        ("is_draft", "0", "1"),
        ("was_cancelled", "no", "yes"),
        ("passed_attention_check", "yes", "no"),
        ("attention_check", "passed", "failed"),
        ("failed attention check", "FALSE", "TRUE"),
    ],
)
def test_answers_that_do_not_count_are_set_aside_with_the_reason(tmp_path, name, good, bad):
    path = long_table(tmp_path, name, lambda item, person: bad if (item + person) % 4 == 0 else good)
    report = ingest(path, dry_run=True).report
    assert (report.rows_kept, report.annotations) == (54, 54)
    assert [(one.reason, one.rows, one.is_fault) for one in report.set_aside] == [
        (f"{name!r} is {bad.casefold()}: the answer does not count", 18, False)
    ]


def test_all_answers_of_who_failed_a_check_are_set_aside(tmp_path):
    path = long_table(tmp_path, "passed_check", lambda item, person: "no" if person == 2 else "yes")
    made = ingest(path, dry_run=True)
    assert (made.report.annotations, made.report.annotators) == (48, 2)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("status", {"rejected", "tentative"}),  # not all are words of a status
        ("state", {"new york", "ohio"}),
        ("opinion", {"accepted", "rejected"}),
        ("passed_check", {"3", "4"}),
        ("is_reply", {"true", "false"}),
        ("deleted_words", {"3", "5"}),
    ],
)
def test_what_may_mean_something_else_refuses_no_answer(name, values):
    assert refused_words(name, values) == set()


def test_state_of_the_item_refuses_no_answer(tmp_path):
    path = long_table(tmp_path, "status", lambda item, person: "rejected" if item % 4 == 0 else "accepted")
    assert ingest(path, dry_run=True).report.annotations == 72


@pytest.mark.parametrize("name", ["is_gold", "test question", "attention_check", "Honeypot", "is_control"])
def test_items_that_are_marked_as_tests_are_warned_of(tmp_path, name):
    path = long_table(tmp_path, name, lambda item, person: "TRUE" if item < 3 else "FALSE")
    report = ingest(path, dry_run=True).report
    assert report.annotations == 72
    assert any(f"{name!r} seems to mark test questions" in warning for warning in report.warnings)


def test_column_of_gold_labels_marks_no_test():
    assert not marks_test_items("gold_label", {"0", "1"})
    assert not marks_test_items("gold", {"pos", "neg"})


@pytest.mark.parametrize("scale", [1, 100])
def test_shares_in_rows_are_no_annotations(tmp_path, scale):
    lines = ["sentence,emotion,share"]
    for n in range(24):
        counts = [n % 3 + 1, n % 5 + 1, 2]
        for emotion, count in zip(("joy", "anger", "fear"), counts, strict=True):
            lines.append(f"the words of sentence number {n},{emotion},{scale * count / sum(counts):.2f}")
    path = tmp_path / "shares.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(Question, match="what 'share' says"):
        ingest(path, dry_run=True)


@pytest.mark.parametrize(
    "header",
    [
        "id_frase,anotador,frase,etiqueta,confianza",
        "编号,标注员,文本,标签,用时",
        "番号,評価者,文章,評価,回答時間",
        "번호,평가자,문장,라벨,시간",
        "№,разметчик,текст,метка,время",
        "sıra,etiketleyen,cümle,etiket,süre",
    ],
)
def test_headers_in_other_languages_are_read(tmp_path, header):
    path = long_table(tmp_path, "extra", lambda item, person: (7 * item + 3 * person) % 5 + 1)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *lines[1:]]) + "\n", encoding="utf-8")
    try:
        made = ingest(path, dry_run=True)
    except DataError as error:
        pytest.fail(str(error))
    assert (made.items.labels, len(made.items), made.report.annotators) == (("neg", "pos"), 24, 3)
