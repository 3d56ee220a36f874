"""LightTag exports: examples with the classes that each annotator gave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED, as_cell
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.answers import Answers
from judgekit.tables.tools.format import Format

_ITEM, _ANNOTATOR = "example_id", "annotator"


def _is_example(record: Record) -> bool:
    return {_ITEM, "content"} <= record.keys() and ("classifications" in record or "annotations" in record)


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    answers = Answers(records)
    for n, record in enumerate(records.records):
        chosen: dict[str, list[str]] = {}
        for one in record.get("classifications") or ():
            people = one.get("annotated_by") if isinstance(one, Mapping) else None
            for person in people if isinstance(people, list) else ():
                who = as_cell(person.get("annotator") or person.get("annotator_id"))
                chosen.setdefault(who, []).append(as_cell(one.get("classname")))
        metadata = record.get("metadata")
        data = {"text": record.get("content"), **(metadata if isinstance(metadata, Mapping) else {})}
        for who, labels in chosen.items():
            answers.add(n, record.get(_ITEM), who, data, {"label": labels})
        if not chosen:
            answers.account.set_aside(UNLABELLED, [n])
    return answers.table(item=_ITEM, annotator=_ANNOTATOR)


LIGHTTAG = Format("lighttag", "a LightTag export", lambda records: all(map(_is_example, records)), _read)
