"""From a table of text cells to its schema: names first, then the evidence of the cells; every decision with a reason.

When two readings are equally good nothing is guessed: the error names the candidates and the option to give.
"""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from judgekit.data.claims import Claims
from judgekit.data.columns import (
    ANNOTATOR_NAMES,
    ITEM_NAMES,
    LABEL_NAMES,
    TEXT_NAMES,
    WEAK_ANNOTATOR_NAMES,
    WEAK_TEXT_NAMES,
    in_preference_order,
    normalise,
    strip_count_affix,
)
from judgekit.data.evidence import Groups
from judgekit.data.layouts import find_counts, find_layout, find_people
from judgekit.data.leftovers import explain_leftovers, warn_of_leftovers
from judgekit.data.long_layout import find_annotators, is_renaming
from judgekit.data.scales import Scale, order_labels
from judgekit.data.schema import Roles, Schema
from judgekit.data.source import SourceTable
from judgekit.errors import DataError

_CONSTANT_SHARE = 0.9
"""A text that differs in a few rows of its item is a text with mistakes, which are then reported with their lines."""
_ONE_ID_PER_ROW_SHARE = 0.6


def infer_schema(
    source: SourceTable,
    roles: Roles | None = None,
    *,
    known_labels: Sequence[str] | None = None,
    known_fields: Sequence[str] | None = None,
) -> Schema:
    """Find out which column is what.

    Args:
        source: the table.
        roles: the user's word, which is never overruled.
        known_labels: the ordered labels of a trained judge; the schema then has exactly these.
        known_fields: the fields of a trained judge; the schema then has exactly these.

    Raises:
        DataError: a named column does not exist, or the table allows no reading or several.
    """
    return _Inference(source, roles or Roles(), known_labels, known_fields).run()


class _Inference(Claims):
    """One inference, from the item to the scale."""

    def run(self) -> Schema:
        item = self.find_item()
        layout = find_layout(self, item)
        annotator, label, people, counts = None, None, tuple[str, ...](), tuple[str, ...]()
        if layout == "counts":
            counts = find_counts(self)
        elif layout == "wide":
            people = find_people(self)
        else:
            annotator = self.find_annotator(item)
            label = self.find_label(item, annotator)
        fields = self.find_fields(item)
        if item is not None and fields == (item,):
            item = None
        if self.roles.group:
            self.claim([self.roles.group], f"{self.roles.group!r} keeps items together in a split, as told")
        keys = [item] if item else list(fields)
        ignored = [name for name in self.names if name not in self.claimed]
        self.reasons += explain_leftovers(self.frame, ignored, self.evidence, layout, keys, annotator)
        self.warnings += warn_of_leftovers(self.frame, ignored, self.evidence, layout, people or counts)
        short = tuple(strip_count_affix(counts)) if counts else ()
        if self.known_labels and counts and not set(short) & set(self.known_labels):
            short = counts
        found = short if layout == "counts" else self.found_labels([label] if label else list(people))
        scale = self.settle_labels(found, keep_order=layout == "counts")
        if counts:
            rank = {label: k for k, label in enumerate(scale.labels)}
            order = sorted(range(len(short)), key=lambda n: rank.get(short[n], len(rank)))
            counts, short = tuple(counts[n] for n in order), tuple(short[n] for n in order)
        return Schema(
            layout=layout, item=item, annotator=annotator, label=label, annotator_columns=people,
            count_columns=counts, count_labels=short, fields=fields, group=self.roles.group,
            ignored=tuple(ignored),
            labels=scale.labels, scale=scale.kind, values=scale.values, reasons=tuple(self.reasons),
            warnings=tuple(self.warnings),
        )  # fmt: skip

    # Items

    def find_item(self) -> str | None:
        if self.roles.item:
            self.reasons.append(f"{self.roles.item!r} identifies the item, as told")
            return self.roles.item
        free = self.free()
        texts = [name for name in self.names if normalise(name) in TEXT_NAMES or name in self.known_fields]
        has_votes = any(normalise(name) in (*ANNOTATOR_NAMES, *LABEL_NAMES) for name in self.names)
        distinct_texts = self.frame.select(pl.struct(texts).n_unique()).item() if texts else self.frame.height
        for name in in_preference_order(free, ITEM_NAMES):
            figures = self.evidence[name]
            if figures.is_prose:
                continue
            is_per_row = figures.distinct == self.frame.height
            if is_per_row and has_votes and distinct_texts <= _ONE_ID_PER_ROW_SHARE * self.frame.height:
                self.reasons.append(f"{name!r} differs in every row while the texts return: it numbers the annotations")
                continue
            self.claim([name], f"{name!r} identifies the item, by its name")
            return name
        self.reasons.append("no column identifies the item, so equal texts are one item")
        return None

    # Long

    def find_annotator(self, item: str | None) -> str | None:
        if self.roles.annotator:
            self.reasons.append(f"{self.roles.annotator!r} names the annotator, as told")
            return self.roles.annotator
        groups = Groups(self.frame, [item]) if item else None
        for name in in_preference_order(self.free(), ANNOTATOR_NAMES):
            figures = self.evidence[name]
            is_author = normalise(name) in WEAK_ANNOTATOR_NAMES and (
                figures.mean_characters > 40
                or (groups is not None and groups.repeat and groups.constant_share(name) == 1)
            )
            if is_author:
                self.reasons.append(f"{name!r} belongs to the item, not to the annotation: it is not the annotator")
                continue
            self.claim([name], f"{name!r} names the annotator, by its name")
            return name
        return self.find_unnamed_annotator([item] if item else self.texts_by_name())

    def find_unnamed_annotator(self, keys: Sequence[str]) -> str | None:
        """The column whose cells behave like annotators, where no name says which it is."""
        labels = [*self.roles.label, *self.label_candidates(), *in_preference_order(self.names, LABEL_NAMES)]
        names = [name for name in self.free() if name not in labels and name not in keys]
        found = find_annotators(self.frame, keys, names, self.evidence) if keys else None
        if found and len(found.fitting) == 1:
            name = found.fitting[0]
            self.claim([name], f"{name!r} names the annotator: its values never return within an item, but in others")
            return name
        self.reasons.append("no column names the annotator, so every row is taken for a person of its own")
        if found and (unclear := found.fitting or found.numbering):
            self.warnings.append(
                f"Every row is taken for a person of its own, though {' and '.join(map(repr, unclear))} may name the "
                f"annotator; --annotator {unclear[0]} would say so."
            )
        return None

    def find_label(self, item: str | None, annotator: str | None) -> str:
        if self.roles.label:
            self.reasons.append(f"{self.roles.label[0]!r} holds the label, as told")
            return self.roles.label[0]
        groups = Groups(self.frame, [item]) if item else None
        candidates = self.label_candidates()
        if not candidates:
            candidates = [name for name in self.free() if self.looks_like_label(name, groups, annotator)]
            why = "it alone has a few short values that differ between annotators"
        else:
            why = "by its name"
            if len(candidates) > 1 and groups is not None and groups.repeat:
                varying = [name for name in candidates if groups.constant_share(name) < 1]
                candidates = varying or candidates
            candidates = self.without_renamed(candidates)
        if not candidates:
            raise DataError(
                f"{self.source.name}: no column holds labels; the columns are {', '.join(self.names)}.",
                hint="Name the column with --label, or the layout with --layout.",
            )
        if len(candidates) > 1 and normalise(candidates[0]) != "label":
            self.ambiguous("the label", "--label", candidates, candidates[:1])
        self.claim(candidates[:1], f"{candidates[0]!r} holds the label, {why}")
        return candidates[0]

    def without_renamed(self, candidates: list[str]) -> list[str]:
        """The candidates without the codes of another one: `label_id` beside `label_name`."""
        kept: list[str] = []
        for name in sorted(candidates, key=lambda name: (self.evidence[name].is_number, candidates.index(name))):
            if not any(is_renaming(self.frame, name, other) for other in kept):
                kept.append(name)
        return sorted(kept, key=candidates.index)

    def looks_like_label(self, name: str, groups: Groups | None, annotator: str | None) -> bool:
        is_text = normalise(name) in TEXT_NAMES - WEAK_TEXT_NAMES or self.is_text(name)
        if is_text or not self.evidence[name].could_be_labels:
            return False
        if groups is not None and groups.repeat and groups.constant_share(name) == 1:
            return False
        by_annotator = Groups(self.frame, [annotator]) if annotator else None
        return by_annotator is None or not by_annotator.repeat or by_annotator.constant_share(name) < 1

    # Texts

    def find_fields(self, item: str | None) -> tuple[str, ...]:
        if self.known_fields:
            self.reasons.append(f"{', '.join(self.known_fields)} are the judge's fields")
            return self.known_fields
        if self.roles.text:
            self.reasons.append(f"{', '.join(self.roles.text)} enter the prompt, as told")
            return self.roles.text
        groups = Groups(self.frame, [item]) if item else None
        free = self.free()
        fields = [name for name in free if self.reads_as_field(name, groups)]
        if not fields:
            fields = [
                name
                for name in free
                if not self.evidence[name].is_number
                and not self.evidence[name].is_category
                and (groups is None or groups.constant_share(name) >= _CONSTANT_SHARE)
            ]
            if len(fields) > 1:
                self.ambiguous("the text", "--text", fields, fields[:1])
        if not fields:
            raise DataError(
                f"{self.source.name}: no column holds texts to judge; the columns are {', '.join(self.names)}.",
                hint="Name the column of the text with --text.",
            )
        verb = "enters" if len(fields) == 1 else "enter"
        self.claim(fields, f"{', '.join(map(repr, fields))} {verb} the prompt: texts, the same for every annotator")
        return tuple(fields)

    def reads_as_field(self, name: str, groups: Groups | None) -> bool:
        figures, plain = self.evidence[name], normalise(name)
        if plain in TEXT_NAMES and plain not in WEAK_TEXT_NAMES:
            return True
        if not figures.is_prose or (figures.is_category and figures.rows > 10):
            return False
        if plain in TEXT_NAMES:
            return True
        return figures.mean_characters >= 15 and (groups is None or groups.constant_share(name) >= _CONSTANT_SHARE)

    # The rest

    def found_labels(self, columns: Sequence[str]) -> list[str]:
        found: set[str] = set()
        for name in columns:
            found.update(self.frame.get_column(name).unique().to_list())
        return sorted(label for label in found if label.strip())

    def settle_labels(self, found: Sequence[str], *, keep_order: bool):
        if not self.known_labels:
            scale = order_labels(found, declared=self.roles.labels, keep_order=keep_order)
            self.reasons.append(f"the scale is {scale.kind}: {scale.reason}")
            return scale
        # The judge's order is kept even where its numbers do not ascend: it declared it.
        scale = order_labels(self.known_labels, keep_order=True)
        value_of = dict(zip(scale.labels, scale.values, strict=True)) if scale.values else {}
        self.reasons.append("the labels are the judge's")
        values = tuple(value_of[label] for label in self.known_labels) if value_of else ()
        return Scale(self.known_labels, scale.kind, values, scale.reason)
