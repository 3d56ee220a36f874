"""SummEval: summaries that experts and crowd workers rated on four dimensions, one dataset each."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.config.roles import Roles
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED, Rows
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format

_GROUPS = {"expert_annotations": "expert", "turker_annotations": "crowd"}


def _is_summeval(records: Sequence[Record]) -> bool:
    return all("decoded" in record and any(_ratings(record, group) for group in _GROUPS) for record in records)


def _ratings(record: Record, group: str) -> list[Record]:
    found = record.get(group)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    every = [one for record in records.records for group in _GROUPS for one in _ratings(record, group)]
    dimensions = tuple(dict.fromkeys(name for one in every for name in one))
    has_article = any(record.get("text") for record in records.records)
    fields = ("article", "summary") if has_article else ("summary",)
    rows = Rows(records, ("item_id", "annotator_id", *fields, *dimensions, "document"))
    for n, record in enumerate(records.records):
        document = record.get("id")
        texts = (record.get("text"), record.get("decoded"))[-len(fields) :]
        said = [
            (f"{name}{k}", one) for group, name in _GROUPS.items() for k, one in enumerate(_ratings(record, group), 1)
        ]
        for annotator, one in said:
            rows.add(n, f"{document}__{record.get('model_id')}", annotator, *texts, *map(one.get, dimensions), document)
        if not said:
            rows.account.set_aside(UNLABELLED, [n])
    roles = Roles(
        item="item_id", annotator="annotator_id", label=dimensions, text=fields, group="document", layout="long"
    )
    notes = [
        "The annotators are named by their place in the lists (expert1 …, crowd1 …); crowd1 is not one and the same "
        "person throughout. The summaries of one article stay on one side of a split."
    ]
    if not has_article:
        notes.append("The file does not hold the articles: the judge reads the summaries alone.")
    return rows.table(roles, notes=notes)


SUMMEVAL = Format("summeval", "SummEval", _is_summeval, _read)
