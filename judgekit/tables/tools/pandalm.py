"""The test set of PandaLM: three annotators who say which of two responses is the better one."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.config.roles import Roles
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import Rows
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format

_FIELDS = ("instruction", "input", "response1", "response2")
_ANNOTATORS = ("annotator1", "annotator2", "annotator3")
_LABELS = {"0": "tie", "1": "response1", "2": "response2"}


def _is_pandalm(records: Sequence[Record]) -> bool:
    return all({*_FIELDS, *_ANNOTATORS} <= set(record) for record in records)


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    rows = Rows(records, ("item_id", *_FIELDS, *_ANNOTATORS))
    for n, record in enumerate(records.records):
        labels = [record.get(name) for name in _ANNOTATORS]
        rows.add(n, record.get("idx"), *map(record.get, _FIELDS), *(_LABELS.get(str(said), said) for said in labels))
    roles = Roles(item="item_id", annotator_columns=_ANNOTATORS, text=_FIELDS, group="instruction", layout="wide")
    note = (
        "0, 1 and 2 were read as tie, response1 and response2. Items with the same instruction stay on one side of a "
        "split: they share responses."
    )
    return rows.table(roles, notes=[note])


PANDALM = Format("pandalm", "the test set of PandaLM", _is_pandalm, _read)
