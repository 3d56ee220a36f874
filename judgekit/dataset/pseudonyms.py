"""Stable stand-ins for the names of annotators, which are personal data as often as not."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import polars as pl

from judgekit.dataset.annotation_columns import extra_columns
from judgekit.schema.schema import Schema
from judgekit.tables.source import SourceTable

_SHORT, _LONG = 8, 16
"""Characters of a pseudonym: 40 bits, and 80 bits for the few names that agree in the first 40."""


def pseudonymise(names: pl.Series, key: bytes) -> pl.Series:
    """`a-` and 8 letters and digits for each name, the same for one name and key wherever it stands; null stays null.

    Without the key nobody can find out a name by hashing every address there is. Names that differ in case or white
    space are different names. Where two of the names would get one pseudonym, both get 16 characters.

    Args:
        names: String, `[M]`.
        key: a secret of 1 to 64 random bytes.

    Returns:
        String, `[M]`, of the same name.

    Raises:
        ValueError: the key is empty or too long.
    """
    distinct = names.drop_nulls().unique()
    # By their codes: to look up every name takes four times as long.
    return _pseudonyms(distinct, key).gather(names.cast(pl.Enum(distinct)).to_physical()).alias(names.name)


def _pseudonyms(distinct: pl.Series, key: bytes) -> pl.Series:
    """The pseudonym of each of some different names."""
    if not key:
        raise ValueError("pseudonyms without a key can be found out by trying names")
    long = [_digest(name, key) for name in distinct.to_list()]
    table = pl.DataFrame({"name": distinct, "long": pl.Series(long, dtype=pl.String)}).with_columns(
        short=pl.col("long").str.head(_SHORT)
    )
    chosen = pl.when(pl.col("short").is_duplicated()).then("long").otherwise("short")
    return table.select(pl.lit("a-") + chosen).to_series()


def pseudonyms_of(name: str, key: bytes) -> tuple[str, str]:
    """What `pseudonymise` may have made of a name: the short pseudonym, and the long one."""
    digest = _digest(name, key)
    return f"a-{digest[:_SHORT]}", f"a-{digest}"


class Hidden(NamedTuple):
    """Annotations without the names of their annotators."""

    annotations: pl.DataFrame
    names: dict[str, str]
    """The pseudonyms of those whom a column or a file names, which messages may mention."""


def hide_annotators(annotations: pl.DataFrame, source: SourceTable, schema: Schema, key: bytes) -> Hidden:
    """Pseudonyms for annotators, also where a text beside the annotations names them.

    Args:
        annotations: the annotations.
        source: the table they are from.
        schema: what its columns mean.
        key: the secret of the workspace.
    """
    raw = annotations.get_column("annotator")
    hidden = pseudonymise(raw, key)
    distinct = raw.drop_nulls().unique()
    known = dict(zip(distinct, pseudonymise(distinct, key), strict=True))
    columns, files = set(schema.annotator_columns), [member.name for member in source.members]
    shown = {
        name: pseudonym
        for name, pseudonym in known.items()
        if name in columns or any(file.startswith(f"{name}.") for file in files)
    }
    # Numbers and single characters name nobody, and texts are full of them.
    telling = {name: pseudonym for name, pseudonym in known.items() if len(name) > 1 and not name.isnumeric()}
    texts = [_redact_cells(column, telling) for column in extra_columns(annotations) if column.dtype == pl.String]
    return Hidden(annotations.with_columns(hidden.alias("annotator"), *texts), shown)


def _redact_cells(cells: pl.Series, names: Mapping[str, str]) -> pl.Series:
    naming = cells.drop_nulls().unique()
    naming = naming.filter(naming.str.contains_any(list(names))) if names else naming.clear()
    return cells.replace(naming, pl.Series([redact(text, names) for text in naming], dtype=pl.String))


def _digest(name: str, key: bytes) -> str:
    digest = hashlib.blake2b(name.encode(), key=key, digest_size=_LONG * 5 // 8).digest()
    return base64.b32encode(digest).decode().lower()


def redact(text: str, names: Mapping[str, str]) -> str:
    """A sentence with every name replaced by its pseudonym, longest name first.

    A name is replaced where it stands whole, quoted or not. One that is a number or a single character is replaced
    only in quotes: alone it tells nobody, and a sentence is full of them.

    Args:
        text: the sentence; a name with a backslash may stand as Python's `repr` writes it.
        names: the pseudonym of each name.
    """
    forms = {form: names[name] for name in names for form in (name, repr(name)[1:-1]) if form and form in text}
    if not forms:
        return text
    patterns = [
        rf"(?<=['\"`]){re.escape(form)}(?=['\"`])"
        if len(form) == 1 or form.isnumeric()
        else rf"(?<!\w){re.escape(form)}(?!\w)"
        for form in sorted(forms, key=len, reverse=True)
    ]
    return re.sub("|".join(patterns), lambda found: forms[found.group()], text)


def redacted(value: Any, names: Mapping[str, str]) -> Any:
    """JSON values with the pseudonym wherever an annotator's name stood."""
    if not names:
        return value
    if isinstance(value, str):
        return names.get(value) or redact(value, names)
    if isinstance(value, list):
        return [redacted(one, names) for one in value]
    if isinstance(value, dict):
        return {key: redacted(one, names) for key, one in value.items()}
    return value
