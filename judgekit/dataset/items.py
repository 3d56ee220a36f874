"""The item table: ids, texts and label counts of the items, stored as Parquet; everything after ingest starts here."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.errors import DataError

_FIELD, _COUNT, _PART = "field.", "count.", "part"


@dataclass(frozen=True)
class ItemHeader:
    """What the Parquet file of an item table does not say: the order of fields and labels, and the scale."""

    fields: tuple[str, ...]
    labels: tuple[str, ...]
    scale: Literal["nominal", "ordinal"]
    values: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class ItemTable:
    """Items in order of first appearance; row n of every part is item n."""

    item_ids: pl.Series
    """String, distinct, `[N]`."""
    texts: pl.DataFrame
    """One String column per field, without nulls, `[N, F]`."""
    labels: tuple[str, ...]
    """The K labels in their one order."""
    counts: npt.NDArray[np.int64]
    """Annotations per item and label, `[N, K]`; every row sums to 1 or more."""
    groups: pl.Series
    """String, `[N]`: items of one group never part in a split."""
    scale: Literal["nominal", "ordinal"] = "nominal"
    values: tuple[float, ...] = ()
    """The number of each label on an ordinal scale; empty for a nominal one."""
    parts: pl.Series | None = None
    """String, `[N]`: the part of a given split, as in `split.PARTS`, null for an item in none; None without a split."""

    def __post_init__(self) -> None:
        shape = (len(self.item_ids), len(self.labels))
        assert self.counts.shape == shape and self.texts.height == len(self.groups) == shape[0]
        assert not self.values or len(self.values) == len(self.labels)
        assert self.parts is None or len(self.parts) == shape[0]

    def __len__(self) -> int:
        return len(self.item_ids)

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the text columns, in prompt order."""
        return tuple(self.texts.columns)

    def take(self, rows: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> ItemTable:
        """The items at some positions, or where a mask is true, as a table of their own."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return ItemTable(
            item_ids=self.item_ids.gather(index),
            texts=self.texts[index],
            labels=self.labels,
            counts=self.counts[index],
            groups=self.groups.gather(index),
            scale=self.scale,
            values=self.values,
            parts=None if self.parts is None else self.parts.gather(index),
        )

    def header(self) -> ItemHeader:
        """What the Parquet file does not say."""
        return ItemHeader(self.fields, self.labels, self.scale, self.values)


def save_items(items: ItemTable, path: Path) -> None:
    """Write the table as Parquet: `item_id`, `group`, each `field.<name>` and `count.<label>`, and `part` if given."""
    columns = [items.item_ids.alias("item_id"), items.groups.alias("group")]
    columns += [items.texts.get_column(name).alias(_FIELD + name) for name in items.fields]
    columns += [pl.Series(_COUNT + label, items.counts[:, k]) for k, label in enumerate(items.labels)]
    columns += [] if items.parts is None else [items.parts.alias(_PART)]
    pl.DataFrame(columns).write_parquet(path, compression="zstd")


def load_items(path: Path, header: ItemHeader) -> ItemTable:
    """Read what `save_items` wrote.

    Args:
        path: the Parquet file.
        header: the `ItemTable.header` of the table that was saved.

    Raises:
        DataError: the file is not readable, or it and the header do not belong together.
    """
    try:
        frame = pl.read_parquet(path, use_pyarrow=False)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise DataError(
            f"{path} cannot be read: {str(error).splitlines()[0]}", hint="Ingest the data again."
        ) from error
    fields, labels = header.fields, header.labels
    wanted = ["item_id", "group", *(_FIELD + name for name in fields), *(_COUNT + label for label in labels)]
    wrong = ", ".join(sorted((set(frame.columns) - {_PART}) ^ set(wanted)))
    if wrong:
        raise DataError(f"{path} does not belong to its description; they differ in {wrong}.", hint="Ingest again.")
    counts = frame.select(pl.col(_COUNT + label).cast(pl.Int64) for label in labels).to_numpy()
    return ItemTable(
        item_ids=frame.get_column("item_id"),
        texts=frame.select(pl.col(_FIELD + name).alias(name) for name in fields),
        labels=labels,
        counts=np.ascontiguousarray(counts),
        groups=frame.get_column("group"),
        scale=header.scale,
        values=header.values,
        parts=frame.get_column(_PART) if _PART in frame.columns else None,
    )


def item_rows(ids: Sequence[str] | pl.Series, texts: pl.DataFrame, figures: Sequence[pl.Series]) -> pl.DataFrame:
    """One row per item for a person: `item_id`, its texts, figures; `input_` stands before a text's name that clashes.

    Args:
        ids: `[N]`.
        texts: String columns, `[N, F]`.
        figures: columns of N values; floats are rounded to 9 significant digits.
    """
    taken = {"item_id", *(one.name for one in figures)}
    texts = texts.rename({name: f"input_{name}" for name in texts.columns if name in taken})
    table = pl.DataFrame([pl.Series("item_id", ids, dtype=pl.String), *texts.get_columns(), *figures])
    return table.with_columns(pl.selectors.float().round_sig_figs(9))


def content_hash(items: ItemTable) -> str:
    """SHA-256 over ids, texts, labels, scale, counts and given parts; the same on every machine and library version."""
    digest = hashlib.sha256(json.dumps(asdict(items.header()), ensure_ascii=True, sort_keys=True).encode())
    given = [] if items.parts is None else [items.parts.fill_null("")]
    for column in (items.item_ids, *items.texts.get_columns(), *given):
        # The lengths keep ("ab", "c") apart from ("a", "bc").
        digest.update(column.str.len_bytes().to_numpy().astype("<i8").tobytes())
        digest.update(column.str.join("").item().encode())
    digest.update(items.counts.astype("<i8").tobytes())
    return digest.hexdigest()
