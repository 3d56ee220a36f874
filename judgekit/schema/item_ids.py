"""The ids of items: those of the file, else stable digests of their texts."""

from __future__ import annotations

import hashlib
from functools import partial

import polars as pl

from judgekit.schema.schema import Schema
from judgekit.tables.source import SourceTable


def item_ids(source: SourceTable, schema: Schema, items: pl.Series) -> pl.Series:
    """The ids of items as `ITEM` has them; without a column of ids `text-<hash>`, stable under row order."""
    if schema.item:
        return source.frame.get_column(schema.item).gather(items)
    texts = pl.DataFrame([source.frame.get_column(name).gather(items) for name in schema.fields])
    return "text-" + digests(joined(texts)).str.head(16)


def joined(texts: pl.DataFrame) -> pl.Series:
    """The texts of each row as one, without the white space at their ends, which nobody sees."""
    return texts.select(pl.concat_str(pl.all().str.strip_chars(), separator="\x1f").alias("text")).to_series()


def digests(texts: pl.Series) -> pl.Series:
    """128 bits of each text, in hexadecimal; stored splits and ids rest on them."""
    # hashlib rather than polars' hash, which differs between versions while stored splits must not.
    hashes = map(partial(hashlib.blake2b, digest_size=16), texts.cast(pl.Binary).to_list())
    return pl.Series(map(hashlib.blake2b.hexdigest, hashes), dtype=pl.String)
