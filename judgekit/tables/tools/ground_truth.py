"""SageMaker Ground Truth: the requests to consolidate hold each item with all workers' answers.

The output manifest holds the settled label alone, and the workers' responses have no texts: both are refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from judgekit.errors import DataError
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.answers import Answers
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.judgments import chosen, parsed

_ITEM, _WORKER, _OBJECT, _ANNOTATIONS = "datasetObjectId", "workerId", "dataObject", "annotations"
_TITLE = "annotations of SageMaker Ground Truth"
_HINT = (
    "Give the files below annotations/consolidated-annotation/consolidation-request/ of the job's output: they hold "
    "the texts with the answers of all workers."
)


def _is_request(record: Record) -> bool:
    return isinstance(record.get(_OBJECT), Mapping) and isinstance(record.get(_ANNOTATIONS), list)


def _is_response(record: Record) -> bool:
    answers = record.get("answers")
    return isinstance(answers, list) and any(isinstance(one, Mapping) and "answerContent" in one for one in answers)


def _is_manifest(record: Record) -> bool:
    has_source = "source" in record or "source-ref" in record
    return has_source and any(isinstance(value, Mapping) and "human-annotated" in value for value in record.values())


def _matches(records: Sequence[Record]) -> bool:
    return any(all(map(claim, records)) for claim in (_is_request, _is_response, _is_manifest))


def _read(records: Records, _companions: Sequence[Records]) -> SourceTable:
    if not all(map(_is_request, records.records)):
        is_manifest = any(map(_is_manifest, records.records))
        what = "the settled labels alone (an output manifest)" if is_manifest else "answers without the texts"
        raise DataError(f"{records.path.name} holds {what} of SageMaker Ground Truth.", hint=_HINT)
    answers = Answers(records)
    for n, record in enumerate(records.records):
        data = {"text" if name == "content" else name: value for name, value in record[_OBJECT].items()}
        if not record[_ANNOTATIONS]:
            answers.account.set_aside(UNLABELLED, [n])
        for one in record[_ANNOTATIONS]:
            content = (
                parsed(one["annotationData"].get("content")) if isinstance(one.get("annotationData"), Mapping) else {}
            )
            found = dict(_questions(content))
            answers.add(n, record.get(_ITEM), one.get(_WORKER), data, found)
    return answers.table(item=_ITEM, annotator=_WORKER)


def _questions(content: Any) -> Iterator[tuple[str, list[str]]]:
    for name, value in content.items() if isinstance(content, Mapping) else ():
        yield name, chosen(parsed(value))


GROUND_TRUTH = Format("ground-truth", _TITLE, _matches, _read)
