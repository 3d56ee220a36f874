"""From a table of text cells to its schema: names first, then the evidence of the cells; every decision with a reason.

When two readings are equally good nothing is guessed: the error names the candidates and the option to give.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import NamedTuple

from judgekit.config.roles import Layout, Roles
from judgekit.errors import DataError
from judgekit.schema.inference_state import Claims
from judgekit.schema.item_columns import find_fields, find_item, find_split
from judgekit.schema.label_columns import find_labels, several_labels_option
from judgekit.schema.label_names import check_told_labels, map_labels, refuse_made_labels
from judgekit.schema.layouts.choosing import find_counts, find_layout, find_people
from judgekit.schema.layouts.list_columns import find_listed_annotators
from judgekit.schema.layouts.lists import split_cells
from judgekit.schema.layouts.long import find_annotator
from judgekit.schema.layouts.shares import find_number, find_shares
from judgekit.schema.leftovers import explain_leftovers, warn_of_leftovers
from judgekit.schema.scales import Scale, order_labels
from judgekit.schema.schema import Schema
from judgekit.tables.column_names import (
    strip_count_affix,
    strip_share_affix,
)
from judgekit.tables.source import SourceTable


class _Judged(NamedTuple):
    """What a dataset is made of: one label column, or the columns that hold its annotations together."""

    label: str | None = None
    columns: tuple[str, ...] = ()
    """The annotators' columns, or those of counts or shares."""
    dimension: str | None = None
    separator: str | None = None


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
    inference = _Inference(source, roles or Roles(), known_labels, known_fields)
    schema, *others = inference.run()
    if others and schema.layout == "wide":
        groups = [", ".join(one.annotator_columns) for one in (schema, *others)]
        inference.ambiguous("the label", "--annotator-columns", groups, list(schema.annotator_columns))
    if others:
        names = [one.label or "" for one in (schema, *others)]
        inference.ambiguous("the label", "--label", names, names[:1], more=several_labels_option(names))
    return schema


def infer_schemas(source: SourceTable, roles: Roles | None = None) -> tuple[Schema, ...]:
    """Find out which column is what; a table with several labels has a schema for each.

    Args:
        source: the table.
        roles: the user's word, which is never overruled; where it says nothing, the format's stands.

    Raises:
        DataError: a named column does not exist, or the table allows no reading or several.
    """
    return _Inference(source, roles or Roles(), None, None).run()


class _Inference(Claims):
    """One inference, from the item to the scale."""

    def run(self) -> tuple[Schema, ...]:
        split = find_split(self)
        item = find_item(self)
        layout = find_layout(self, item)
        annotator = number = None
        if layout == "counts":
            judged = [_Judged(columns=find_counts(self))]
        elif layout == "probabilities":
            judged, number = self.find_probabilities()
        elif layout == "wide":
            judged = [_Judged(columns=people, dimension=name) for name, people in find_people(self).items()]
        elif layout == "list":
            judged, annotator = self.find_listed()
        else:
            annotator = find_annotator(self, item)
            labels = find_labels(self, item, annotator)
            judged = [_Judged(name, dimension=name if len(labels) > 1 else None) for name in labels]
        fields = find_fields(self, item)
        if item is not None and fields == (item,):
            item = None
        if self.roles.group:
            self.claim(
                [self.roles.group], f"{self.roles.group!r} keeps items together in a split, {self.told('group')}"
            )
        keys = [item] if item else list(fields)
        left = [name for name in self.names if name not in self.claimed]
        self.reasons += explain_leftovers(self.frame, left, self.evidence, layout, keys, annotator)
        self.warnings += warn_of_leftovers(self.frame, left, self.evidence, layout, judged[0].columns)
        common = Schema(
            layout=layout, item=item, annotator=annotator, label=None, annotator_columns=(), count_columns=(),
            count_labels=(), fields=fields, group=self.roles.group, ignored=(), labels=(), scale="nominal", values=(),
            reasons=tuple(self.reasons), warnings=tuple(self.warnings),
            is_declared=bool(self.known_labels or self.roles.labels or layout in ("counts", "probabilities")),
            number=number, split=split, label_map=self.roles.label_map, drop_labels=self.roles.drop_labels,
        )  # fmt: skip
        found = [self.labels_of(layout, one) for one in judged]
        if not self.known_labels:  # a judge's or a dataset's own map may meet a file without some of the labels
            check_told_labels(sorted(set[str]().union(*found)), self.roles, self.source.name)
        taken = {name for one in judged for name in (one.label, *one.columns) if name}
        schemas: list[Schema] = []
        for one, labels in zip(judged, found, strict=True):
            others = taken - {one.label, *one.columns}
            ignored = tuple(name for name in self.names if name in others or name in left)
            schema = dataclasses.replace(
                common, label=one.label, dimension=one.dimension, separator=one.separator, ignored=ignored
            )
            schemas.append(self.with_labels(schema, one.columns, labels))
        return tuple(schemas)

    def find_probabilities(self) -> tuple[list[_Judged], str]:
        shares = find_shares(self, self.free()) or self.roles.counts
        if len(shares) < 2:
            raise DataError(
                f"{self.source.name}: no columns hold shares of labels that add up to 1.",
                hint="Name them with --counts, once for each label, or the layout with --layout.",
            )
        self.claim(shares, f"{', '.join(shares)} hold the share of one label each")
        return [_Judged(columns=shares)], find_number(self, shares)

    def find_listed(self) -> tuple[list[_Judged], str | None]:
        if not self.lists:
            raise DataError(
                f"{self.source.name}: no column holds lists of labels; the columns are {', '.join(self.names)}.",
                hint="Name the column with --label.",
            )
        labels = list(self.lists)
        for name, separator in self.lists.items():
            how = "in JSON lists" if separator is None else f"separated by {separator!r}"
            told = f", {self.told('label')}" if self.roles.label else ""
            self.claim([name], f"{name!r} holds the labels of several annotators, {how}{told}")
        dimension = [name if len(labels) > 1 else None for name in labels]
        judged = [_Judged(name, (), dim, self.lists[name]) for name, dim in zip(labels, dimension, strict=True)]
        return judged, find_listed_annotators(self, labels[0], self.lists[labels[0]])

    def labels_of(self, layout: Layout, judged: _Judged) -> list[str]:
        """The labels as the file names them: of columns that stand for one each in file order, else sorted."""
        if layout in ("counts", "probabilities"):
            short = strip_share_affix(judged.columns) if layout == "probabilities" else list(judged.columns)
            short = strip_count_affix(judged.columns) if short == list(judged.columns) else short
            is_known = not self.known_labels or set(map_labels(short, self.roles.label_map)) & set(self.known_labels)
            return short if is_known else list(judged.columns)
        found: set[str] = set()
        if layout == "list":
            members = split_cells(self.frame.get_column(judged.label or "").unique(), judged.separator)
            found.update(members.explode().drop_nulls().unique().to_list())
        else:
            for name in [judged.label] if judged.label else judged.columns:
                found.update(self.frame.get_column(name).unique().to_list())
        return sorted(label for label in found if label.strip())

    def with_labels(self, schema: Schema, columns: tuple[str, ...], found: list[str]) -> Schema:
        """The schema with its label set, and with the columns that hold annotations in its order."""
        read = dict(self.roles.label_map)
        labels = [label for label in map_labels(found, self.roles.label_map) if label not in self.roles.drop_labels]
        if not schema.is_declared and self.roles.layout is None:
            refuse_made_labels(labels, self.source.name, schema.layout)
        is_tally = schema.layout in ("counts", "probabilities")
        scale = self.settle_labels(labels, keep_order=is_tally)
        if is_tally:
            rank = {label: k for k, label in enumerate(scale.labels)}
            order = sorted(range(len(found)), key=lambda n: rank.get(read.get(found[n], found[n]), len(rank)))
            schema = dataclasses.replace(
                schema,
                count_columns=tuple(columns[n] for n in order),
                count_labels=tuple(found[n] for n in order),
            )
        else:
            schema = dataclasses.replace(schema, annotator_columns=columns)
        return dataclasses.replace(
            schema, labels=scale.labels, scale=scale.kind, values=scale.values, reasons=(*schema.reasons, scale.reason)
        )

    def settle_labels(self, found: Sequence[str], *, keep_order: bool) -> Scale:
        if not self.known_labels:
            declared = [label for label in self.roles.labels if label not in self.roles.drop_labels]
            scale = order_labels(found, declared=declared, keep_order=keep_order)
            return scale._replace(reason=f"the scale is {scale.kind}: {scale.reason}")
        # The judge's order is kept even where its numbers do not ascend: it declared it.
        scale = order_labels(self.known_labels, keep_order=True)
        value_of = dict(zip(scale.labels, scale.values, strict=True)) if scale.values else {}
        values = tuple(value_of[label] for label in self.known_labels) if value_of else ()
        return Scale(self.known_labels, scale.kind, values, "the labels are the judge's")
