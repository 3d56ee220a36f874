"""Human judgments of MT-Bench: which of two models' answers is the better one; texts inside, or in files beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judgekit.config.roles import Roles
from judgekit.errors import DataError
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import Rows, as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format

_FIELDS = ("question", "answer_a", "answer_b")
_MIRRORED = {"model_a": "model_b", "model_b": "model_a"}
_LABELS = {"model_a": "A", "model_b": "B", "tie (inconsistent)": "tie"}
Texts = Mapping[tuple[str, str], list[str]]
"""The turns of a question (question_id and an empty text) and of an answer to it (question_id, model)."""


def _is_votes(records: Sequence[Record]) -> bool:
    return all({"question_id", "model_a", "model_b", "winner", "judge"} <= set(record) for record in records)


def _is_texts(records: Sequence[Record]) -> bool:
    return all("question_id" in record and _turns(record) for record in records)


def _turns(record: Record) -> list[str]:
    """What was asked (a file of questions) or answered (a file of answers), turn by turn; empty in any other file."""
    choices = record.get("choices")
    if isinstance(choices, list) and choices and isinstance(choices[0], dict):
        record = choices[0]  # as FastChat writes answers
    turns = record.get("turns")
    return turns if isinstance(turns, list) and all(isinstance(turn, str) for turn in turns) else []


def _read(records: Records, companions: Sequence[Records]) -> SourceTable:
    texts = _collected(companions)
    if not any("conversation_a" in record for record in records.records):
        _require_both(records, texts)
    rows = Rows(records, ("item_id", "annotator_id", *_FIELDS, "label", "question_id", "model_a", "model_b", "turn"))
    mirrored = 0
    for n, record in enumerate(records.records):
        question, winner = as_cell(record.get("question_id")), as_cell(record.get("winner"))
        turn = as_cell(record.get("turn")) or "1"
        models = [(as_cell(record.get(f"model_{side}")), _said(record, side, texts)) for side in "ab"]
        if models[0][0] > models[1][0]:
            models.reverse()
            winner = _MIRRORED.get(winner, winner)
            mirrored += 1
        (model_a, (asked, answer_a)), (model_b, (_, answer_b)) = models
        shown = [_up_to(turn, turns) for turns in (asked, answer_a, answer_b)]
        label = _LABELS.get(winner, winner)
        if not winner:
            rows.account.set_aside("the label is empty", [n])
        elif label not in ("A", "B") and not label.startswith("tie"):
            rows.account.set_aside("the winner is neither model_a nor model_b nor a tie", [n], is_fault=True)
        elif None in shown:
            rows.account.set_aside("the files hold no such question or answer", [n], is_fault=True)
        else:
            item = f"q{question}_t{turn}_{model_a}_vs_{model_b}"
            rows.add(n, item, record.get("judge"), *shown, label, question, model_a, model_b, turn)
    roles = Roles(
        item="item_id", annotator="annotator_id", label=("label",), text=_FIELDS, group="question_id", layout="long"
    )
    note = (
        f"Answers are in the order of their models' names, so that all annotations of two answers are of one item; "
        f"{mirrored:,} annotations of the other order were mirrored. One question's items stay on one side of a split."
    )
    return rows.table(roles, notes=[note])


def _collected(companions: Sequence[Records]) -> Texts:
    """The turns of every question and answer.

    Raises:
        DataError: two files differ on one of them.
    """
    texts: dict[tuple[str, str], list[str]] = {}
    problems: list[str] = []
    for companion in companions:
        for n, record in enumerate(companion.records):
            key = (as_cell(record.get("question_id")), as_cell(record.get("model") or record.get("model_id")))
            if texts.setdefault(key, _turns(record)) != _turns(record):
                what = f"the answer of {key[1]} to question" if key[1] else "question"
                problems.append(f"{companion.path.name} {companion.where([n])}: {what} {key[0]} differs from one above")
    if problems:
        raise DataError("The texts that were judged are not clear:", problems=problems, hint="Give every text once.")
    return texts


def _require_both(records: Records, texts: Texts) -> None:
    has_questions, has_answers = (any((not model) == is_asked for _, model in texts) for is_asked in (True, False))
    missing = [] if has_questions else ["the questions (question_id, turns)"]
    missing += [] if has_answers else ["the models' answers (question_id, model, turns)"]
    if missing:
        raise DataError(
            f"{records.path.name} holds annotations without the texts that were judged; a file is missing:",
            problems=missing,
            hint=f"Give both beside it, as in: judgekit ingest {records.path.name} questions.jsonl model_answers.jsonl",
        )


def _said(record: Record, side: str, texts: Texts) -> tuple[list[str], list[str]]:
    """The turns of the question and of one model's answer."""
    messages = record.get(f"conversation_{side}")
    if not isinstance(messages, list):
        question = as_cell(record.get("question_id"))
        return texts.get((question, ""), []), texts.get((question, as_cell(record.get(f"model_{side}"))), [])
    said = [(one.get("role"), str(one.get("content") or "")) for one in messages if isinstance(one, dict)]
    asked, answered = ([text for role, text in said if (role == "user") == is_asked] for is_asked in (True, False))
    return asked, answered


def _up_to(turn: str, turns: Sequence[str]) -> str | None:
    """What the judge of a turn read: the text of the first turn, or all up to it; None where it is missing."""
    if not turn.isdecimal() or len(turn) > 3 or not 0 < int(turn) <= len(turns):
        return None
    if turn == "1":
        return turns[0]
    return "\n\n".join(f"[turn {k}] {text}" for k, text in enumerate(turns[: int(turn)], 1))


MT_BENCH = Format("mt-bench", "human judgments of MT-Bench", _is_votes, _read, _is_texts)
