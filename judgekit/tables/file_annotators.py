"""Whether each of several files is one annotator's, named by the file, where no column says who annotated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import polars as pl

from judgekit.config.roles import Roles
from judgekit.tables.column_names import (
    ANNOTATOR_NAMES,
    ITEM_NAMES,
    LABEL_NAMES,
    LABEL_WORDS,
    TEXT_NAMES,
    WEAK_ANNOTATOR_NAMES,
    WEAK_LABEL_NAMES,
    WEAK_TEXT_NAMES,
    in_preference_order,
    names_a_settled_label,
    names_a_side_remark,
    names_an_annotator,
    normalise,
    words_of,
)
from judgekit.tables.source import SourceTable

ANNOTATOR_COLUMN = "annotator"
_MOST_REPEATED = 0.02
"""Share of a file's rows that may repeat an item, by mistake, where each file is one annotator's."""
_LEAST_SHARED = 0.05
"""Share of the items that several files must have for that; parts of one table share none."""
_PROSE_CHARS = 25
_NO_PERSON = frozenset(
    {
        "all", "train", "training", "dev", "development", "val", "valid", "validation", "test", "eval", "evaluation",
        "round", "batch", "part", "fold", "split", "shard", "chunk", "week", "page", "pilot", "wave", "set",
    }
)  # fmt: skip
"""Words of file names that say which part of the data it is, not whose."""


class Origin(NamedTuple):
    """Whether each file is one annotator's."""

    names: list[str]
    """The annotator of each table; empty where the files are no annotators."""
    note: str = ""
    warning: str = ""


def origin_of(tables: Sequence[SourceTable], columns: Sequence[str], roles: Roles, names: Sequence[str]) -> Origin:
    """Find out whether each file is one annotator's: they share items, and each has an item once.

    Args:
        tables: one for each file, two at least.
        columns: those of all of them.
        roles: what the formats say about columns.
        names: of the files, without their endings.
    """
    is_said = roles.annotator or roles.annotator_columns or roles.counts or roles.layout not in (None, "long")
    if is_said or _has_annotators(tables, columns) or sum(map(names_an_annotator, columns)) > 1:
        return Origin([])
    shared = [name for name in columns if all(name in table.frame.columns for table in tables)]
    key = next((key for key in _item_keys(tables, shared, roles) if key and _are_passes(tables, key)), None)
    if key is None:
        return Origin([])
    rest = [c for c in columns if c not in key and not names_a_side_remark(c) and not names_a_settled_label(c)]
    if not set(rest) <= set(shared):  # each file has a column of its own: a wide table in pieces
        return Origin([])
    is_label = roles.label or len(rest) == 1 or in_preference_order(rest, (*LABEL_NAMES, *WEAK_LABEL_NAMES))
    if _are_parts(names) or (not is_label and _may_be_counts(tables, rest)):
        return Origin(
            [],
            warning="The files share items and no column says whose annotations they are. If each file is one "
            f"annotator's, add a column {ANNOTATOR_COLUMN!r} to each.",
        )
    # The names themselves are not repeated: they are personal data, and notes are stored.
    note = "The files share items, and no column names annotators: each file is the annotator it is named by."
    return Origin(list(names), note=note)


def _are_parts(names: Sequence[str]) -> bool:
    """Whether names tell parts of the data (`train` and `test`, `round1` and `round2`), not persons."""
    words = [set(words_of(name)) for name in names]
    shared = set.intersection(*words)
    return not _NO_PERSON.isdisjoint(set.union(*words) - shared or shared)


def _has_annotators(tables: Sequence[SourceTable], columns: Sequence[str]) -> bool:
    """Whether a column names annotators; a name that also means authors does if each file has one value there."""
    return any(
        normalise(name) not in WEAK_ANNOTATOR_NAMES
        or all(name in table.frame.columns and table.frame.get_column(name).n_unique() == 1 for table in tables)
        for name in in_preference_order(columns, ANNOTATOR_NAMES)
    )


def _item_keys(tables: Sequence[SourceTable], columns: Sequence[str], roles: Roles) -> list[list[str]]:
    """Columns that may tell items apart: an id with the texts, as files may number their rows anew; the texts alone."""
    ids = [name for name in columns if name == roles.item] or in_preference_order(columns, ITEM_NAMES)[:1]
    free = [name for name in columns if name not in (*ids, *roles.label)]
    texts = [name for name in free if normalise(name) in TEXT_NAMES - WEAK_TEXT_NAMES]
    if not texts:
        frames = [table.frame.select(free) for table in tables]
        mean = pl.concat(frames).select(pl.all().str.len_chars().mean()).row(0) if free else ()
        texts = [
            name
            for name, chars in zip(free, mean, strict=True)
            if (chars or 0) >= _PROSE_CHARS and not names_a_side_remark(name)
        ]
    texts = [name for name in roles.text if name in columns] or texts
    return [[*ids, *texts], texts]


def _are_passes(tables: Sequence[SourceTable], key: Sequence[str]) -> bool:
    """Whether the files share items, and each has an item once."""
    items = pl.concat(
        table.frame.select(pl.col(key).str.strip_chars()).with_columns(pl.lit(n).alias("\x00file"))
        for n, table in enumerate(tables)
    ).filter(pl.any_horizontal(pl.col(key) != ""))
    pairs = items.unique()
    repeated = items.group_by("\x00file").len().join(pairs.group_by("\x00file").len(), on="\x00file")
    if repeated.filter(pl.col("len") > (1 + _MOST_REPEATED) * pl.col("len_right")).height:
        return False
    files = pairs.group_by(key).len().get_column("len")
    return bool(files.len()) and (files > 1).sum() >= _LEAST_SHARED * files.len()


def _may_be_counts(tables: Sequence[SourceTable], columns: Sequence[str]) -> bool:
    """Whether columns may count one label each, so that a file is no single annotator's."""
    cells = pl.concat(table.frame.select(columns) for table in tables).filter(pl.any_horizontal(pl.all() != ""))
    numbers = cells.select(pl.all().str.strip_chars().cast(pl.Int64, strict=False))
    is_whole = sum(numbers.null_count().row(0)) == sum(int((column == "").sum()) for column in cells)
    is_constant = numbers.sum_horizontal().n_unique() <= 1
    return is_whole and (is_constant or any(normalise(name) in LABEL_WORDS for name in columns))
