"""What the user says about labels: which are read as others, which are no judgment; and what no label can be."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import polars as pl

from judgekit.config.roles import Layout, Roles
from judgekit.errors import DataError
from judgekit.schema.layouts.cells_of_labels import SEPARATORS
from judgekit.schema.schema import Schema
from judgekit.schema.spellings import tidied, tidy
from judgekit.tables.column_names import did_you_mean
from judgekit.tables.source import ROW, TableAccount
from judgekit.wording import counted

_SHOWN = 5
_PART = re.compile(r"\d+(?P<of>\s*/\s*|\s+(?:of|out of|von|de|sur|su|van|z|из)\s+)(?P<whole>\d+)")
_PERCENT = re.compile(r"\d+(?:[.,]\d+)?\s*%")
_DECIMAL = re.compile(r"0?[.,]\d+|[01](?:[.,]0+)?")
_FEW_STEPS = 5
"""A person may give 0, 0.25, 0.5, 0.75 and 1; more steps are those of a share."""


def check_given_labels(found: Sequence[str], roles: Roles, name: str) -> None:
    """Refuse a map or a drop that meets no label: it is a slip of the pen.

    Args:
        found: all labels of the file.
        roles: the user's word.
        name: of the file.

    Raises:
        DataError: a label to map or to drop never occurs, or is mapped twice; all such are listed.
    """
    problems: list[str] = []
    for n, (old, new) in enumerate(roles.label_map):
        if tidy(old) not in found:
            problems.append(f"--label-map {old}={new}: no label is {old!r}{did_you_mean(old, found)}")
        if old in [other for other, _ in roles.label_map[:n]]:
            problems.append(f"--label-map {old}={new}: {old!r} is mapped twice")
    mapped = map_labels(found, roles.label_map)
    problems += [
        f"--drop-label {label}: no label is {label!r}{did_you_mean(label, mapped)}"
        for label in roles.drop_labels
        if label not in mapped
    ]
    if problems:
        shown = ", ".join(found[:20]) + (" …" if len(found) > 20 else "")
        raise DataError(
            f"{name}: labels that are to be changed do not occur; the labels are {shown}.",
            problems=problems,
            hint="Write them as they are in the file.",
        )


def map_labels(found: Sequence[str], label_map: Sequence[tuple[str, str]]) -> list[str]:
    """The labels as they are read, each once, in the order of their first appearance."""
    new = tidy_map(label_map)
    return list(dict.fromkeys(new.get(label, label) for label in found))


def tidy_map(label_map: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The map of tidied labels; the one of exactly that spelling goes before others."""
    tidied_first = {tidy(old): new for old, new in reversed(label_map)}
    return tidied_first | dict(label_map)


def refuse_numbers_of_annotators(labels: Sequence[str], name: str, layout: Layout, *, is_named: bool) -> None:
    """Refuse labels such as `3/5`, `2 of 3`, `40 %` and `0.6`: they say how many annotators chose one.

    Args:
        labels: all of them.
        name: of the file.
        layout: the layout that it is read in.
        is_named: whether a name says that these are the answers of persons.

    Raises:
        DataError: the labels are such numbers.
    """
    parts = [match for label in labels if (match := _PART.fullmatch(label))]
    wholes = {match["whole"] for match in parts}
    is_part = 1 < len(labels) == len(parts) and (len(wholes) > 1 or any(match["of"].strip() != "/" for match in parts))
    is_percent = len(labels) > 1 and all(map(_PERCENT.fullmatch, labels)) and not is_named
    decimals = [label for label in labels if _DECIMAL.fullmatch(label)]
    is_share = not is_named and layout == "wide" and len(decimals) == len(labels) > _FEW_STEPS
    if is_part or is_percent or is_share:
        shown = ", ".join(map(repr, labels[:_SHOWN])) + (" …" if len(labels) > _SHOWN else "")
        raise DataError(
            f"{name}: the labels {shown} look like numbers or shares of annotators, not like answers of one.",
            hint="Make a column of each label that holds the number of annotators who chose it, or its share beside "
            f"the number of all (--number). If they are answers as they are, say --layout {layout}.",
        )


def refuse_made_labels(labels: Sequence[str], name: str, layout: Layout) -> None:
    """Refuse labels such as `joy|anger` beside `joy` and `anger`: they are several labels, not one.

    Raises:
        DataError: there are such labels.
    """
    known, made = set(labels), dict[str, str]()
    for label in labels:
        for separator in SEPARATORS:
            members = [member.strip() for member in label.split(separator)]
            if len(members) > 1 and known.issuperset(members):
                made[label] = separator
    if made:
        first, separator = next(iter(made.items()))
        raise DataError(
            f"{name}: {len(made):,} labels are made of other labels; a label is a single choice.",
            problems=[repr(label) for label in made],
            hint=f"If one cell holds several annotators, say --separator {shlex.quote(separator)}; else read each "
            f"as one label (--label-map {shlex.quote(first + '=NEW')}), set it aside (--drop-label "
            f"{shlex.quote(first)}), or say --layout {layout} where they are labels as they are.",
        )


def apply_given_labels(cells: pl.DataFrame, schema: Schema, account: TableAccount) -> pl.DataFrame:
    """Annotations with their labels as the user wants them read, and without those that are no judgment.

    Args:
        cells: `ROW`, `label`, `count` and more, no label empty.
        schema: the label map and the dropped labels.
        account: gets the rows that have no other annotation.
    """
    cells = _tidied(cells, schema, account)
    if schema.label_map:
        cells = cells.with_columns(pl.col("label").replace(tidy_map(schema.label_map)))
    if not schema.drop_labels:
        return cells
    is_dropped = pl.col("label").is_in(list(schema.drop_labels))
    dropped, kept = cells.filter(is_dropped), cells.filter(~is_dropped)
    rows = dropped.join(kept, on=ROW, how="anti").get_column(ROW).unique(maintain_order=True)
    words = " or ".join(map(repr, schema.drop_labels))
    account.set_aside(f"the label {words} is dropped", rows, is_allowed=True)
    beside = dropped.join(kept, on=ROW, how="semi").get_column("count").sum()
    if beside:
        account.notes.append(f"{beside:,} annotations of {words} were dropped from rows with other annotations.")
    return kept


def _tidied(cells: pl.DataFrame, schema: Schema, account: TableAccount) -> pl.DataFrame:
    """Annotations whose labels have no white space at their ends and one form of each character."""
    known = {*schema.labels, *tidy_map(schema.label_map), *schema.drop_labels}
    new = tidied(cells.get_column("label").unique(maintain_order=True).to_list(), known)
    changed = {old: label for old, label in new.items() if old != label}
    if not changed:
        return cells
    number = cells.filter(pl.col("label").is_in(list(changed))).get_column("count").sum()
    shown = ", ".join(f"{old!r} as {label!r}" for old, label in list(changed.items())[:_SHOWN])
    account.notes.append(
        f"{counted(int(number), 'annotation')} differed from a label by white space at the ends, the form of a "
        f"character or '.0' only: read {shown}{' …' if len(changed) > _SHOWN else ''}."
    )
    return cells.with_columns(pl.col("label").replace(changed))
