"""From a table of text cells to its schema: names first, then the evidence of the cells; every decision with a reason.

When two readings are equally good nothing is guessed: the error names the candidates and the option to give.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

import polars as pl

from judgekit.data.columns import (
    ANNOTATOR_NAMES,
    ITEM_NAMES,
    LABEL_NAMES,
    TEXT_NAMES,
    WEAK_ANNOTATOR_NAMES,
    WEAK_LABEL_NAMES,
    WEAK_TEXT_NAMES,
    in_preference_order,
    normalise,
    strip_count_affix,
)
from judgekit.data.evidence import Groups, weigh_columns
from judgekit.data.layouts import are_probabilities, count_columns, weigh_counts, wide_columns
from judgekit.data.scales import Scale, order_labels
from judgekit.data.schema import Layout, Roles, Schema
from judgekit.data.source import SourceTable, require_columns
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


class _Inference:
    """The state of one inference: what is claimed, and why."""

    def __init__(
        self,
        source: SourceTable,
        roles: Roles,
        known_labels: Sequence[str] | None,
        known_fields: Sequence[str] | None,
    ) -> None:
        self.source, self.roles = source, roles
        self.known_labels, self.known_fields = tuple(known_labels or ()), tuple(known_fields or ())
        require_columns(source, roles.named(), what="an option", hint="Give the name as the header has it.")
        require_columns(
            source, self.known_fields, what="the judge's fields", hint="Name the columns as they were in training."
        )
        self.frame = source.frame
        self.names = source.frame.columns
        self.evidence = weigh_columns(source.frame)
        self.reasons: list[str] = []
        self.claimed: set[str] = {*roles.named(), *self.known_fields}

    def free(self) -> list[str]:
        return [name for name in self.names if name not in self.claimed and self.evidence[name].filled]

    def claim(self, names: Sequence[str], reason: str) -> None:
        self.claimed.update(names)
        self.reasons.append(reason)

    def run(self) -> Schema:
        item = self.find_item()
        layout = self.find_layout(item)
        annotator, label, people, counts = None, None, tuple[str, ...](), tuple[str, ...]()
        if layout == "counts":
            counts = self.find_counts()
        elif layout == "wide":
            people = self.find_people()
        else:
            annotator = self.find_annotator(item)
            label = self.find_label(item, annotator)
        fields = self.find_fields(item)
        if item is not None and fields == (item,):
            item = None
        if self.roles.group:
            self.claim([self.roles.group], f"{self.roles.group!r} keeps items together in a split, as told")
        keys = [item] if item else list(fields)
        ignored = self.explain_ignored(layout, keys, annotator)
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
            count_columns=counts, count_labels=short, fields=fields, group=self.roles.group, ignored=ignored,
            labels=scale.labels, scale=scale.kind, values=scale.values, reasons=tuple(self.reasons),
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

    # Layout

    def find_layout(self, item: str | None) -> Layout:
        roles = self.roles
        told: Layout | None = roles.layout
        if told is None and roles.counts:
            told = "counts"
        elif told is None and roles.annotator_columns:
            told = "wide"
        elif told is None and (roles.label or roles.annotator):
            told = "long"
        if told:
            self.reasons.append(f"the layout is {told}, as told")
            return told
        labels = self.label_candidates()
        annotators = in_preference_order(self.free(), ANNOTATOR_NAMES)
        repeats = item is not None and self.evidence[item].distinct < self.evidence[item].filled
        if labels and (annotators or repeats):
            why = f"{labels[0]!r} holds one label per row and " + (
                f"{annotators[0]!r} says whose" if annotators else "items return in several rows"
            )
            self.reasons.append(f"the layout is long: {why}")
            return "long"
        counts, sure, why = self.count_candidates()
        if sure == "yes":
            self.reasons.append(f"the layout is counts: {', '.join(counts)} count one label each: {why}")
            return "counts"
        free = self.label_pool(labels)
        groups, is_named = wide_columns(self.frame, free, self.evidence)
        if groups and (is_named or not labels):
            if sure == "maybe" and not is_named:
                self.ambiguous(
                    "the layout", "--layout", [f"counts of {', '.join(counts)}", f"wide: {', '.join(groups[0])}"]
                )
            if not is_named and are_probabilities(self.frame, groups[0], self.evidence):
                raise DataError(
                    f"{self.source.name}: {', '.join(groups[0])} look like probabilities, not like annotations.",
                    hint="Give the number of annotations of each label instead.",
                )
            why = "named like annotators" if is_named else "sharing one set of values"
            self.reasons.append(f"the layout is wide: {len(groups[0])} columns {why} hold one label each")
            return "wide"
        if sure == "maybe" and not labels:
            self.reasons.append(f"the layout is counts: {', '.join(counts)}: {why}")
            return "counts"
        self.reasons.append("the layout is long: one label per row")
        return "long"

    def label_pool(self, labels: Sequence[str]) -> list[str]:
        texts = {name for name in self.names if normalise(name) in TEXT_NAMES}
        return [name for name in self.free() if name not in texts and name not in labels[:1]]

    def count_candidates(self) -> tuple[list[str], str, str]:
        integers = [name for name in self.free() if self.evidence[name].is_integer]
        if self.known_labels:
            short = strip_count_affix(integers)
            known = [name for name, label in zip(integers, short, strict=True) if label in self.known_labels]
            known = known or [name for name in integers if name in self.known_labels]
            if len(known) > 1:
                return known, "yes", "they are named like the judge's labels"
        labels = self.label_candidates()
        values = set(self.frame.get_column(labels[0]).unique().to_list()) - {""} if labels else set[str]()
        candidates = count_columns([name for name in self.free() if name not in labels], self.evidence)
        sure, why = weigh_counts(self.frame, candidates, self.evidence, values)
        return candidates, sure, why

    def find_counts(self) -> tuple[str, ...]:
        counts = self.roles.counts or tuple(self.count_candidates()[0])
        if len(counts) < 2:
            raise DataError(
                f"{self.source.name}: {len(counts)} columns of whole numbers could count labels; two are needed.",
                hint="Name them with --counts, or the layout with --layout.",
            )
        self.claim(counts, f"{', '.join(counts)} count the annotations of one label each")
        return counts

    def find_people(self) -> tuple[str, ...]:
        if self.roles.annotator_columns:
            people = self.roles.annotator_columns
        else:
            groups, _ = wide_columns(self.frame, self.label_pool([]), self.evidence)
            if not groups:
                raise DataError(
                    f"{self.source.name}: no two columns share a set of labels, as columns of annotators do.",
                    hint="Name them with --annotator-columns, or the layout with --layout.",
                )
            if len(groups) > 1 and len(groups[0]) == len(groups[1]):
                self.ambiguous("the annotators' columns", "--annotator-columns", [", ".join(group) for group in groups])
            people = tuple(groups[0])
        self.claim(people, f"{', '.join(people[:6])}{' …' if len(people) > 6 else ''} are one annotator each")
        return people

    # Long

    def label_candidates(self) -> list[str]:
        """Columns named like a label that could be one, the preferred first."""
        free = self.free()
        named = in_preference_order(free, LABEL_NAMES)
        if named:
            return named
        weak = in_preference_order(free, WEAK_LABEL_NAMES)
        return [name for name in weak if self.evidence[name].could_be_labels and not self.is_text(name)]

    def is_text(self, name: str) -> bool:
        figures = self.evidence[name]
        return normalise(name) in TEXT_NAMES and figures.is_prose and not figures.is_category

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
        self.reasons.append("no column names the annotator, so every row is taken for a person of its own")
        return None

    def find_label(self, item: str | None, annotator: str | None) -> str:
        if self.roles.label:
            self.reasons.append(f"{self.roles.label!r} holds the label, as told")
            return self.roles.label
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
        if not candidates:
            raise DataError(
                f"{self.source.name}: no column holds labels; the columns are {', '.join(self.names)}.",
                hint="Name the column with --label, or the layout with --layout.",
            )
        if len(candidates) > 1 and normalise(candidates[0]) != "label":
            self.ambiguous("the label", "--label", candidates)
        self.claim(candidates[:1], f"{candidates[0]!r} holds the label, {why}")
        return candidates[0]

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
                self.ambiguous("the text", "--text", fields)
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

    def explain_ignored(self, layout: Layout, keys: Sequence[str], annotator: str | None) -> tuple[str, ...]:
        ignored = [name for name in self.names if name not in self.claimed]
        by_item = Groups(self.frame, keys)
        by_annotator = Groups(self.frame, [annotator]) if annotator else None
        for name in ignored:
            figures = self.evidence[name]
            differs = by_item.repeat and by_item.constant_share(name) < 1
            if figures.filled == 0:
                why = "it is empty"
            elif name.startswith("Unnamed: "):
                why = "it only counts the rows"
            elif differs and by_annotator and by_annotator.repeat and by_annotator.constant_share(name) == 1:
                why = "it describes the annotator"
            elif differs and layout == "long" and figures.could_be_labels:
                why = f"it differs between annotators like a label; --label {name} would take it"
            elif differs:
                why = "it differs between the annotations of one item"
            elif figures.is_number:
                why = "it holds numbers, not texts"
            elif figures.is_category:
                why = "its few short values describe the item"
            else:
                why = "it does not read like a text"
            self.reasons.append(f"{name!r} is left out: {why}")
        return tuple(ignored)

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

    def ambiguous(self, what: str, option: str, candidates: Sequence[str]) -> NoReturn:
        raise DataError(
            f"{self.source.name}: {what} is not clear; there are {len(candidates)} candidates.",
            problems=list(candidates),
            hint=f"Say which with {option}.",
        )
