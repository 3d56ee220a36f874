"""From a table of text cells to its schema: names first, then the evidence of the cells; every decision with a reason.

When two readings are equally good nothing is guessed: the error names the candidates and the option to give.
"""

from __future__ import annotations

from collections.abc import Sequence

from judgekit.config.roles import Roles
from judgekit.schema.drawn import find_drawn
from judgekit.schema.inference_state import InferenceState
from judgekit.schema.item_columns import find_fields, find_item, find_row_id, find_split
from judgekit.schema.label_names import (
    check_given_labels,
    map_labels,
    refuse_made_labels,
    refuse_numbers_of_annotators,
)
from judgekit.schema.layouts.choice import choose_layout
from judgekit.schema.layouts.layout import Claim, Judged, LayoutReading
from judgekit.schema.layouts.wide import Wide, annotators
from judgekit.schema.leftovers import settle_leftovers
from judgekit.schema.respondents import ask_whether_turned
from judgekit.schema.scales import Scale, order_labels
from judgekit.schema.schema import Schema
from judgekit.schema.spellings import tidied
from judgekit.tables.source import SourceTable


def infer_schema(
    source: SourceTable,
    roles: Roles | None = None,
    *,
    known_labels: Sequence[str] | None = None,
    known_fields: Sequence[str] | None = None,
) -> Schema:
    """Find out which column is what, in a table of one label.

    Args:
        source: the table.
        roles: the user's word, which is never overruled; where it says nothing, the format's stands.
        known_labels: the ordered labels of a trained judge; the schema then has exactly these.
        known_fields: the fields of a trained judge; the schema then has exactly these.

    Raises:
        DataError: a named column does not exist, or the table allows no reading or several.
    """
    state = InferenceState(source, roles or Roles(), known_labels, known_fields)
    schema, *others = _infer(state)
    if others and schema.layout == "wide":
        state.ask("the label", [annotators(one.annotator_columns) for one in (schema, *others)])
    if others:
        state.ask_for_label([one.label or "" for one in (schema, *others)])
    return schema


def infer_schemas(source: SourceTable, roles: Roles | None = None) -> tuple[Schema, ...]:
    """Find out which column is what; a table with several labels has a schema for each.

    Args:
        source: the table.
        roles: the user's word, which is never overruled; where it says nothing, the format's stands.

    Raises:
        DataError: a named column does not exist, or the table allows no reading or several.
    """
    return _infer(InferenceState(source, roles or Roles()))


def _infer(state: InferenceState) -> tuple[Schema, ...]:
    find_drawn(state)
    find_split(state)
    find_item(state)
    if state.roles.layout is None:
        ask_whether_turned(state, Wide(state))
    reading = choose_layout(state)
    claim = reading.claim()
    if not reading.is_row_an_annotation:
        find_row_id(state)
    find_fields(state, [name for one in claim.judged for name in filter(None, (one.label, *one.columns))])
    if group := state.roles.group:
        state.claim([group], f"{group!r} keeps items together in a split, {state.whose_word('group')}")
    settle_leftovers(state, reading, claim)
    found = [_tidied(state, reading.labels(one)) for one in claim.judged]
    if not state.known_labels:  # a judge's or a dataset's own map may meet a file without some of the labels
        check_given_labels(sorted(set[str]().union(*found)), state.roles, state.source.name)
    return tuple(_schema(state, reading, claim, one, labels) for one, labels in zip(claim.judged, found, strict=True))


def _tidied(state: InferenceState, labels: Sequence[str]) -> list[str]:
    """The labels without what no person means by them; those of count columns stay one for each column."""
    read = tidied(labels, state.known_labels)
    return [read[label] for label in labels]


def _schema(
    state: InferenceState, reading: LayoutReading, claim: Claim, judged: Judged, found: Sequence[str]
) -> Schema:
    """The schema of one dataset, whose labels the file calls `found`."""
    roles = state.roles
    is_declared = bool(state.known_labels or roles.labels or reading.is_tally)
    labels = [label for label in map_labels(found, roles.label_map) if label not in roles.drop_labels]
    if not is_declared and roles.layout is None:
        refuse_made_labels(labels, state.source.name, reading.layout)
        is_named = bool(claim.annotator) or reading.is_named
        refuse_numbers_of_annotators(labels, state.source.name, reading.layout, is_named=is_named)
    scale = _scale(state, labels, keep_order=reading.is_tally)
    others = {name for one in claim.judged for name in (one.label, *one.columns)} - {judged.label, *judged.columns}
    left = {*state.left(), *state.unread, *others}
    counted = _in_order(judged.columns, found, scale.labels, roles) if reading.is_tally else []
    return Schema(
        layout=reading.layout,
        item=state.item,
        annotator=claim.annotator,
        label=judged.label,
        annotator_columns=() if reading.is_tally else judged.columns,
        count_columns=tuple(column for column, _ in counted),
        count_labels=tuple(label for _, label in counted),
        fields=state.fields,
        group=roles.group,
        ignored=tuple(name for name in state.names if name in left),
        labels=scale.labels,
        scale=scale.kind,
        values=scale.values,
        reasons=(*state.reasons, scale.reason),
        warnings=tuple(state.warnings),
        is_declared=is_declared,
        dimension=judged.dimension,
        number=claim.number,
        separator=judged.separator,
        split=state.split,
        chance=state.chance,
        label_map=roles.label_map,
        drop_labels=roles.drop_labels,
        of_annotation=tuple(name for name, owner in state.owners.items() if owner == "annotation"),
        of_annotator=tuple(name for name, owner in state.owners.items() if owner == "annotator"),
    )


def _in_order(
    columns: Sequence[str], found: Sequence[str], labels: Sequence[str], roles: Roles
) -> list[tuple[str, str]]:
    """The columns that count labels, and what they are called, in the order of the labels; others come last."""
    rank, read = {label: k for k, label in enumerate(labels)}, dict(roles.label_map)
    pairs = zip(columns, found, strict=True)
    return sorted(pairs, key=lambda pair: rank.get(read.get(pair[1], pair[1]), len(rank)))


def _scale(state: InferenceState, found: Sequence[str], *, keep_order: bool) -> Scale:
    if not state.known_labels:
        declared = [label for label in state.roles.labels if label not in state.roles.drop_labels]
        scale = order_labels(found, declared=declared, keep_order=keep_order)
        return scale._replace(reason=f"the scale is {scale.kind}: {scale.reason}")
    # The judge's order is kept even where its numbers do not ascend: it declared it.
    scale = order_labels(state.known_labels, keep_order=True)
    value_of = dict(zip(scale.labels, scale.values, strict=True)) if scale.values else {}
    values = tuple(value_of[label] for label in state.known_labels) if value_of else ()
    return Scale(state.known_labels, scale.kind, values, "the labels are the judge's")
