"""Who is behind the pseudonyms: for those who hold a file in which the annotators stand by their names."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from judgekit.dataset.pseudonyms import pseudonyms_of
from judgekit.errors import DataError
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.source import SourceTable

_BETWEEN = re.compile(r"[\[\]{}()\"',;|:]+")
"""What stands between the names where several stand in one cell."""


def names_in(path: Path, pseudonyms: Collection[str], key: bytes, *, texts: Collection[str] = ()) -> dict[str, str]:
    """The name behind each pseudonym, as far as a file has it: in a cell, as a column, or as the name of the file.

    Args:
        path: the file or folder that was ingested, or any other table with the names.
        pseudonyms: of annotators.
        key: the secret of the workspace that made them.
        texts: columns that the judge reads, in which nobody is looked for.

    Raises:
        DataError: the file cannot be read, or has none of the names.
    """
    source = read_files([path], ReadOptions())
    wanted, found = set(pseudonyms), dict[str, str]()
    for name in _words_of(source, texts):
        found |= {one: name for one in pseudonyms_of(name, key) if one in wanted and one not in found}
    if wanted and not found:
        raise DataError(
            f"{source.name} has the name of none of these {len(wanted):,} annotators.",
            hint="Name a file that was ingested in this workspace, as it was then.",
        )
    return found


def _words_of(source: SourceTable, texts: Collection[str]) -> Iterator[str]:
    """Whatever may be a name; a text of several words is one as well as each of the pieces of a list."""
    seen = {"", *(part for member in (source, *source.members) for part in _file_names(member.path.name))}
    seen.update(source.frame.columns)
    for column in (one for one in source.frame.columns if one not in texts):
        cells = source.frame.get_column(column)
        if cells.dtype == pl.String:
            for cell in cells.unique().to_list():
                seen.update((cell, cell.strip(), *(piece.strip() for piece in _BETWEEN.split(cell))))
    seen.discard("")
    yield from seen


def _file_names(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:n]) for n in range(1, len(parts))]
