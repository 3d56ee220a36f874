"""What enters the prompt was there before anybody annotated; and what identifies a row of a wide sheet."""

from __future__ import annotations

import pytest

from judgekit.config.roles import Roles

PEOPLE = ("Ida", "Jon", "Mia")
LABELS = ("urgent", "normal", "can wait")


def wide(before=(), after=(), rows=30, text="Customer message"):
    """A wide sheet with further columns before and behind the annotators': (name, cell of a row)."""
    header = ",".join([*(name for name, _ in before), text, *PEOPLE, *(name for name, _ in after)])
    lines = [
        ",".join(
            [*(cell(n) for _, cell in before), f"please look at order number {n % (rows - 3)}"]
            + [LABELS[(n * 7 + k * n) % 3] for k in range(3)]
            + [cell(n) for _, cell in after]
        )
        for n in range(rows)
    ]
    return header + "\n" + "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", ["Ticket #", "No.", "Case number", "ticket_id", "Ticket ID", "Vorgang", "#"])
@pytest.mark.parametrize("code", [lambda n: str(4000 + n), lambda n: f"T-{4000 + 3 * n}"])
def test_unique_number_or_code_is_the_id_of_a_wide_sheet(ingest, name, code):
    outcome = ingest(wide(before=[(name, code), ("Received", lambda n: f"2026-09-{n % 28 + 1:02} 09:00")]))
    assert outcome.items.item_ids.to_list() == [code(n) for n in range(30)]
    assert outcome.report.annotations == 90 and outcome.items.fields == ("Customer message",)


@pytest.mark.parametrize(
    "name", ["comments", "Ida comment", "rationale", "Bemerkung", "what I thought", "Why?", "explanation"]
)
@pytest.mark.parametrize("filled", [1, 10])
def test_what_annotators_wrote_stays_out_of_the_prompt(ingest, name, filled):
    after = [(name, lambda n: f"could also be urgent I think number {n}" if n % filled == 0 else "")]
    assert ingest(wide(after=after)).items.fields == ("Customer message",)


def test_nearly_empty_text_stays_out_with_a_warning_that_names_the_option(ingest):
    special = "was besonders ist"
    content = wide(before=[(special, lambda n: f"noch zu klären mit dem Kunden {n}" if n % 6 == 0 else "")])
    outcome = ingest(content)
    assert outcome.items.fields == ("Customer message",)
    assert any(f"--text 'Customer message' --text '{special}'" in warning for warning in outcome.report.warnings)
    both = ingest(content, Roles(text=("Customer message", special)))
    assert both.items.fields == ("Customer message", special)


def test_unnamed_text_before_the_annotations_enters_the_prompt(ingest):
    content = wide(before=[("id", str), ("Vorgeschichte", lambda n: f"der Kunde schrieb schon einmal {n}")])
    assert ingest(content).items.fields == ("Vorgeschichte", "Customer message")


def test_remark_alone_is_what_is_judged(ingest):
    assert ingest(wide(text="comment")).items.fields == ("comment",)


@pytest.mark.parametrize("name", ["comment", "notes", "Gedanken dazu", "Timestamp"])
def test_remarks_of_a_long_table_without_ids_make_no_items(ingest, name):
    rows = "".join(
        f"some words number {n},{p},{LABELS[(n + p) % 3]},"
        f"{f'2023/01/01 9:0{p}:00 AM GMT+1' if name == 'Timestamp' else f'I was not sure about {n} said {p}'}\n"
        for n in range(20)
        for p in range(3)
    )
    outcome = ingest(f"text,annotator,label,{name}\n{rows}")
    assert (len(outcome.items), outcome.items.fields) == (20, ("text",))


@pytest.mark.parametrize("other", ["yes|no|no", '["yes", "no", "no"]', "[['a'], ['b'], []]"])
def test_labels_of_another_question_stay_out_of_the_prompt(ingest, other):
    cells = (other, other.replace("no", "yes", 1), other.replace("yes", "no"))
    quoted = [cell.replace('"', '""') for cell in cells]
    rows = "".join(f'{n},some words number {n},a|b|a,"{quoted[n % 3]}"\n' for n in range(9))
    assert ingest("id,text,labels,task2\n" + rows, Roles(label=("labels",))).items.fields == ("text",)
