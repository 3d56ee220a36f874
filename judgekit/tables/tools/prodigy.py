"""Prodigy exports (`db-out`): one line per annotation, of choices or of yes-or-no questions.

`answer: ignore` is a skipped item. With options the label is the accepted one; without, the question is whether a
label fits, and the labels are `accept` and `reject`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from judgekit.errors import DataError
from judgekit.tables.evidence import weigh_columns
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.answers import Answers
from judgekit.tables.tools.format import Format
from judgekit.wording import counted

_ITEM, _ANNOTATOR, _ASKED, _GROUP = "_input_hash", "_annotator_id", "asked_label", "input_hash"
_ANSWERS = ("accept", "reject", "ignore")
_TITLE = "a Prodigy export"
_BESIDE_THE_TEXT = frozenset(
    {
        "answer", "accept", "reject", "options", "config", "label", "meta", "tokens", "spans", "relations", "arcs",
        "audio_spans", "score", "priority", "user_input", "versions", "sessions", "view_id", "default",
    }
)  # fmt: skip
_PARTS = frozenset({"spans", "tokens", "relations", "arcs", "audio_spans"})
_UNNAMED_SESSION = re.compile(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d$")

Question = Literal["choice", "binary", "other"]


def is_export(records: Sequence[Record]) -> bool:
    """Whether records look like Prodigy's."""
    return bool(records) and all(map(_is_annotation, records))


def read(records: Records, companions: Sequence[Records] = ()) -> SourceTable:
    """One row per accepted choice, or per yes or no.

    Raises:
        DataError: the file is not Prodigy's, mixes choices with yes-or-no questions, or holds no single label.
    """
    rows = records.records
    questions = [_question(record) if _is_annotation(record) else "other" for record in rows]
    kinds = set(questions) - {"other"}
    if not any(map(_is_annotation, rows)):
        raise DataError(f"{records.path.name} is not {_TITLE}.", hint="Export it with prodigy db-out.")
    if len(kinds) > 1:
        both = [records.where(n for n, kind in enumerate(questions) if kind == which) for which in sorted(kinds)]
        raise DataError(
            f"{records.path.name} asks yes or no ({both[0]}) and lets choose among options ({both[1]}).",
            hint="Export the Prodigy datasets one by one; each is a dataset of its own here.",
        )
    binary = [record for record, kind in zip(rows, questions, strict=True) if kind == "binary"]
    asked = list(dict.fromkeys(as_cell(record.get("label")) for record in binary))
    answers = Answers(records)
    for n, (record, kind) in enumerate(zip(rows, questions, strict=True)):
        answer = record.get("answer")
        if not _is_annotation(record):
            answers.account.set_aside("the record has no answer, or no hash that names the item", [n], is_fault=True)
        elif answer == "ignore":
            answers.account.set_aside("the annotator skipped the item (answer: ignore)", [n])
        elif kind == "other":
            answers.account.set_aside("it holds no label of the item, but spans, relations or free words", [n])
        elif kind == "choice" and answer == "reject":
            answers.account.set_aside("the annotator rejected the item (answer: reject)", [n])
        else:
            item, data = as_cell(record.get(_ITEM) or record.get("_task_hash")), _data(record)
            found = [as_cell(option) for option in record.get("accept") or ()]
            if kind == "binary":
                found = [as_cell(answer)]
            if kind == "binary" and len(asked) > 1:
                label = as_cell(record.get("label"))
                item, data = f"{item} {label}", {**data, _ASKED: label, _GROUP: item}
            annotator = record.get(_ANNOTATOR) or record.get("_session_id")
            answers.add(n, item, annotator, data, {"answer" if kind == "binary" else "label": found})
    table = answers.table(item=_ITEM, annotator=_ANNOTATOR, notes=_notes(rows, kinds, asked), warnings=_warnings(rows))
    return _with_asked_labels(table) if kinds == {"binary"} and len(asked) > 1 else table


def _is_annotation(record: Record) -> bool:
    return record.get("answer") in _ANSWERS and ("_input_hash" in record or "_task_hash" in record)


def _question(record: Record) -> Question:
    accepted = record.get("accept")
    if isinstance(accepted, list) and not any(isinstance(one, Mapping | list) for one in accepted):
        return "choice"
    if "options" in record and accepted is None:
        return "choice"
    if isinstance(record.get("label"), str):
        return "binary"
    is_other = accepted is not None or record.get("_view_id") in ("text_input", "blocks") or _PARTS & record.keys()
    return "other" if is_other else "binary"


def _data(record: Record) -> dict[str, Any]:
    data = {name: value for name, value in record.items() if name[:1] != "_" and name not in _BESIDE_THE_TEXT}
    meta = record.get("meta")
    return data | {f"meta.{name}": value for name, value in meta.items()} if isinstance(meta, Mapping) else data


def _with_asked_labels(table: SourceTable) -> SourceTable:
    """One item per text and asked label; the label is part of the prompt, and a split keeps a text's items together."""
    evidence = weigh_columns(table.frame)
    own = {*table.roles.named(), _GROUP, _ASKED}
    texts = [name for name in table.frame.columns if name not in own and not name.startswith("meta.")]
    texts = [name for name in texts if evidence[name].is_prose] or [name for name in texts if name == "text"]
    return replace(table, roles=replace(table.roles, text=(*texts, _ASKED), group=_GROUP))


def _notes(rows: Sequence[Record], kinds: set[str], asked: Sequence[str]) -> list[str]:
    if kinds == {"binary"}:
        names = ", ".join(map(repr, filter(None, asked)))
        if len(asked) > 1:
            return [f"The labels say whether another label fits, {names}; an item is a text with one of these."]
        return [f"The labels say whether {names} fits." if names else "The labels say whether an item was accepted."]
    text_of: dict[str, str] = {}
    for record in rows:
        options = record.get("options")
        for option in options if isinstance(options, list) else ():
            if isinstance(option, Mapping):
                text_of[as_cell(option.get("id"))] = as_cell(option.get("text"))
    named = [f"{label} = {text!r}" for label, text in text_of.items() if text and text != label]
    more = " …" if len(named) > 10 else ""
    return [f"Options are named by their id: {', '.join(named[:10])}{more}."] if named else []


def _warnings(rows: Sequence[Record]) -> list[str]:
    warnings: list[str] = []
    sessions = Counter(as_cell(record.get(_ANNOTATOR) or record.get("_session_id")) for record in rows)
    unnamed = sum(bool(_UNNAMED_SESSION.search(session)) for session in sessions)
    if unnamed:
        warnings.append(
            f"{counted(unnamed, 'session has', 'sessions have')} no name but the start (nobody opened "
            "Prodigy with ?session=…): one annotator may be counted several times, several as one."
        )
    reviewed = sum("versions" in record for record in rows)
    if reviewed:
        warnings.append(
            f"{counted(reviewed, 'record comes', 'records come')} from a review: one agreed answer "
            "in place of the annotators' own. Export the datasets that were reviewed."
        )
    return warnings


PRODIGY = Format("prodigy", _TITLE, is_export, read)
