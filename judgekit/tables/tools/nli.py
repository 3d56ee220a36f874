"""Natural language inference as it is published: SNLI and MNLI with lists of labels, ChaosNLI with their counts."""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.config.roles import Roles
from judgekit.tables.json_records.records import Record, Records
from judgekit.tables.json_records.rows import UNLABELLED, Rows
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.format import Format

_PAIR = ("premise", "hypothesis")
_STORY = ("obs1", "obs2", "hyp1", "hyp2")
_LABELS = {_PAIR: {"e": "entailment", "n": "neutral", "c": "contradiction"}, _STORY: {"1": "1", "2": "2"}}
"""By the fields of an example: how ChaosNLI spells each label, and its name."""


def _is_snli(records: Sequence[Record]) -> bool:
    return all(
        isinstance(record.get("annotator_labels"), list) and {"sentence1", "sentence2"} <= set(record)
        for record in records
    )


def _read_snli(records: Records, _companions: Sequence[Records]) -> SourceTable:
    rows = Rows(records, ("item_id", *_PAIR, "label", "premise_id"))
    for n, record in enumerate(records.records):
        listed = record.get("annotator_labels")
        listed = listed if isinstance(listed, list) else []
        labels = [label for label in listed if label]
        for label in labels:
            premise_id = record.get("captionID") or record.get("promptID")
            rows.add(n, record.get("pairID"), record.get("sentence1"), record.get("sentence2"), label, premise_id)
        # An annotator who was not there is an empty text in the list.
        for _ in range(len(listed) - len(labels)) if labels else [0]:
            rows.account.set_aside("the label is empty" if labels else UNLABELLED, [n])
    roles = Roles(item="item_id", label=("label",), text=_PAIR, group="premise_id", layout="long")
    note = (
        "The labels are those of the annotators (annotator_labels), whom the file does not name; gold_label is made of "
        "them. Pairs with the same premise stay on one side of a split, as in the published one."
    )
    return rows.table(roles, notes=[note])


def _is_chaosnli(records: Sequence[Record]) -> bool:
    return all(_fields_of(record) for record in records)


def _fields_of(record: Record) -> tuple[str, ...]:
    """The texts of a record of ChaosNLI; none of another record."""
    example, counter = record.get("example"), record.get("label_counter")
    if not isinstance(example, dict) or not isinstance(counter, dict):
        return ()
    return next((fields for fields in _LABELS if {*fields} <= {*example} and {*counter} <= {*_LABELS[fields]}), ())


def _read_chaosnli(records: Records, _companions: Sequence[Records]) -> SourceTable:
    fields = next(filter(None, map(_fields_of, records.records)), _PAIR)
    labels = _LABELS[fields]
    rows = Rows(records, ("item_id", *fields, *labels.values()))
    for n, record in enumerate(records.records):
        if _fields_of(record) == fields:
            texts, counter = [record["example"][field] for field in fields], record["label_counter"]
            rows.add(n, record.get("uid"), *texts, *(counter.get(label, "0") for label in labels))
        else:
            reason = f"it has no {', '.join(fields)} with counts of {', '.join(labels)}"
            rows.account.set_aside(reason, [n], is_fault=True)
    roles = Roles(item="item_id", counts=tuple(labels.values()), text=fields, layout="counts")
    note = "The counts are label_counter; the earlier labels (old_label, old_labels) were left out."
    return rows.table(roles, notes=[note])


SNLI = Format("snli", "SNLI or MNLI with annotator_labels", _is_snli, _read_snli)
CHAOSNLI = Format("chaosnli", "ChaosNLI", _is_chaosnli, _read_chaosnli)
