"""The item table on disk, and its content hash."""

from __future__ import annotations

import dataclasses

import numpy as np
import polars as pl
import pytest

from judgekit.dataset.items import ItemTable, content_hash, load_items, save_items
from judgekit.errors import DataError


def make(**changed) -> ItemTable:
    parts = {
        "item_ids": pl.Series("item_id", ["01", "é"]),
        "texts": pl.DataFrame({"text": ["a", "b\nc"], "item_id": ["", "x"]}),
        "labels": ("2", "1", "10"),
        "counts": np.array([[1, 0, 2], [0, 3, 0]]),
        "groups": pl.Series("group", ["g", "h"]),
        "scale": "ordinal",
        "values": (2.0, 1.0, 10.0),
    }
    return ItemTable(**(parts | changed))


def test_round_trip(tmp_path):
    items = make()
    save_items(items, tmp_path / "items.parquet")
    loaded = load_items(tmp_path / "items.parquet", items.header())
    assert loaded.fields == ("text", "item_id") and loaded.labels == items.labels and loaded.values == items.values
    assert loaded.texts.equals(items.texts) and np.array_equal(loaded.counts, items.counts)
    assert loaded.item_ids.to_list() == ["01", "é"] and content_hash(loaded) == content_hash(items)


def test_a_given_split_is_kept_with_the_items(tmp_path):
    items = make(parts=pl.Series("split", ["test", None], dtype=pl.String))
    save_items(items, tmp_path / "items.parquet")
    loaded = load_items(tmp_path / "items.parquet", items.header())
    assert loaded.parts is not None and loaded.parts.to_list() == ["test", None]
    assert content_hash(loaded) == content_hash(items)
    taken = items.take(np.array([1, 0])).parts
    assert taken is not None and taken.to_list() == [None, "test"]


def test_hash_sees_every_part():
    changed = [
        make(),
        make(parts=pl.Series(["test", None], dtype=pl.String)),
        make(parts=pl.Series([None, "test"], dtype=pl.String)),
        make(item_ids=pl.Series(["0", "1é"])),
        make(texts=pl.DataFrame({"text": ["ab", "\nc"], "item_id": ["", "x"]})),
        make(labels=("2", "1", "11")),
        make(counts=np.array([[1, 0, 2], [0, 2, 0]])),
        make(values=(2.0, 1.0, 11.0)),
    ]
    assert len({content_hash(items) for items in changed}) == len(changed)


def test_hash_is_pinned():
    # A new value here means that stored hashes no longer match: raise the format version.
    assert content_hash(make()) == PINNED


def test_take_keeps_rows_together():
    part = make().take(np.array([1]))
    assert part.item_ids.to_list() == ["é"] and part.counts.tolist() == [[0, 3, 0]] and len(part) == 1
    assert make().take(np.array([False, True])).groups.to_list() == ["h"]


def test_damaged_or_foreign_file_is_refused(tmp_path):
    items = make()
    (tmp_path / "items.parquet").write_bytes(b"PAR1 not really")
    with pytest.raises(DataError, match="cannot be read"):
        load_items(tmp_path / "items.parquet", items.header())
    save_items(items, tmp_path / "items.parquet")
    with pytest.raises(DataError, match="does not belong"):
        load_items(tmp_path / "items.parquet", dataclasses.replace(items.header(), labels=("2", "1")))


PINNED = "0f65869c3fb274747f5df2f1e4ce01983975e903dcc4e91278108e0612eb2ae8"
