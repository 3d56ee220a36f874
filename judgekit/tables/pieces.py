"""A table of any size in pieces that fit in memory: proved readable in one pass, handed out in another.

Large CSV, JSONL and Parquet files come in pieces of whole records, each read by the readers of whole files. A first
pass reads all of them; where a single row is in doubt, or two pieces read differently, the file is read as a whole, and
what is wrong is said with its lines. So are small files and all other kinds: as one piece.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
import polars as pl

from judgekit.errors import DataError
from judgekit.tables.columnar import table_of_columns
from judgekit.tables.delimited.table import read_table
from judgekit.tables.files import ReadOptions, read_files
from judgekit.tables.json_records.records import read_records
from judgekit.tables.opening import OpenedFile, open_paths
from judgekit.tables.source import SourceTable
from judgekit.tables.tools.recognition import tables_of

# Whole files up to here are read in one piece: nothing is saved by parting them.
LEAST_BYTES = 32 << 20
PIECE_BYTES = 8 << 20
_PIECE_ROWS = 50_000
_LONGEST_RECORD_BYTES = 12_000_000


@dataclass(frozen=True, eq=False)
class WholeFile(SourceTable):
    """What is known of a file that is read in pieces: all but its cells."""

    height: int = 0
    """Rows of its pieces together."""

    @property
    def rows_read(self) -> int:
        """As of a table."""
        return self.height + sum(aside.rows for aside in self.set_aside)


@dataclass(frozen=True, eq=False)
class Pieces:
    """A table in pieces, which can be gone through more than once."""

    whole: SourceTable
    """Names of the columns, notes, places of all rows; where there is one piece, that piece."""
    sha256: str
    """Of what was given."""
    again: Callable[[], Iterator[SourceTable]]
    """The pieces, in order; all have the columns of `whole`, in the order of theirs."""

    @property
    def height(self) -> int:
        """Rows in all."""
        return self.whole.height if isinstance(self.whole, WholeFile) else self.whole.frame.height


def read_pieces(path: Path, options: ReadOptions) -> Pieces:
    """Read a file, folder or archive in pieces.

    Raises:
        DataError: as `read_files`.
    """
    return _in_pieces(path, options) or _in_one(path, options)


def _in_one(path: Path, options: ReadOptions) -> Pieces:
    source = read_files([path], options)
    digests = [one.sha256 for one in source.fingerprints]
    digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return Pieces(source, digest, lambda: iter([source]))


def _in_pieces(path: Path, options: ReadOptions) -> Pieces | None:
    """The same of a large file about which nothing is in doubt; None for all else."""
    is_plain = (
        options.encoding is None
        and options.sheet is None
        and options.format in (None, "csv", "json", "jsonl", "parquet")
    )
    if not is_plain or not path.is_file() or path.stat().st_size < LEAST_BYTES:
        return None
    opening = open_paths([path])
    file = opening.files[0] if len(opening.files) == 1 and not opening.problems else None
    wanted = {None: file and file.kind, "jsonl": "json"}.get(options.format, options.format)
    if file is None or file.content is not None or file.kind != wanted or file.kind not in _READERS:
        return None
    begun = path.stat()
    try:
        whole = _proved(file, options)
    except (DataError, UnicodeDecodeError, *_DAMAGE):
        return None  # read as a whole, what is wrong is said with its place
    return None if whole is None else Pieces(whole, _sha256(path), lambda: _unchanged(file, options, whole, begun))


def _proved(file: OpenedFile, options: ReadOptions) -> WholeFile | None:
    """What all pieces have in common, if every row of them can be read; None where two read differently."""
    first: SourceTable | None = None
    columns: dict[str, None] = {}
    lines: list[npt.NDArray[np.int64]] = []
    for piece in _READERS[file.kind](file, options):
        first = first or piece
        is_alike = (piece.roles, piece.unit, piece.notes, piece.warnings) == (
            first.roles, first.unit, first.notes, first.warnings
        ) and (file.kind == "json" or piece.frame.columns == first.frame.columns)  # fmt: skip
        if not is_alike or piece.set_aside or piece.lines is None:
            return None
        columns |= dict.fromkeys(piece.frame.columns)
        lines.append(piece.lines)
    if first is None:
        return None
    places = np.concatenate(lines)
    frame = pl.DataFrame(schema=dict.fromkeys(columns, pl.String))
    return WholeFile(
        file.path, frame, (*file.notes, *first.notes), places, first.unit, first.roles, warnings=first.warnings,
        height=len(places),
    )  # fmt: skip


def _unchanged(file: OpenedFile, options: ReadOptions, whole: SourceTable, begun: object) -> Iterator[SourceTable]:
    """The pieces, with all columns, of a file that is still the one that was proved."""
    wanted = whole.frame.columns
    for piece in _READERS[file.kind](file, options):
        now = file.path.stat()
        if (now.st_mtime_ns, now.st_size, now.st_ino) != (begun.st_mtime_ns, begun.st_size, begun.st_ino):  # type: ignore[attr-defined]
            raise DataError(f"{file.path.name} was changed while it was read.", hint="Run the command again.")
        missing = [pl.lit("").alias(name) for name in wanted if name not in piece.frame.columns]
        yield SourceTable(file.path, piece.frame.with_columns(missing).select(wanted), lines=piece.lines)


def _csv(file: OpenedFile, options: ReadOptions) -> Iterator[SourceTable]:
    with file.path.open("rb") as stream:
        header = stream.readline()
        line = 1
        for content in _records(stream, quote=b'"'):
            if content.count(b"\r") != content.count(b"\r\n"):
                raise DataError("A return alone ends a line as well.")
            table = read_table(file.path, header + content, delimiter=options.delimiter, strict=True)
            if table.lines is None:
                return
            yield _refined(
                SourceTable(file.path, table.frame, table.notes, table.lines + line - 1, warnings=table.warnings),
                options,
            )
            line += content.count(b"\n")


def _json(file: OpenedFile, options: ReadOptions) -> Iterator[SourceTable]:
    line = 0
    # Under this name a piece of one line is one record, and no object that holds all of them.
    named = file.path if {".jsonl", ".ndjson"} & {*file.path.suffixes} else file.path.with_suffix(".jsonl")
    with file.path.open("rb") as stream:
        for content in _records(stream):
            records = read_records(named, content, strict=True)
            if records.unit != "line":
                raise DataError(f"{file.path.name} is no JSONL.")
            made, problems = tables_of({0: records._replace(positions=records.positions + line)}, None)
            for problem in problems:
                raise problem
            yield made[0]
            line += content.count(b"\n")


def _parquet(file: OpenedFile, options: ReadOptions) -> Iterator[SourceTable]:
    scan, start = pl.scan_parquet(file.path, hive_partitioning=False), 0
    while True:
        frame = scan.slice(start, _PIECE_ROWS).collect()
        if frame.height == 0:
            return
        table = table_of_columns(file.path, frame.columns, frame.get_columns())
        assert table.lines is not None
        # How many cells are NaN is said of whole files alone: a piece would say it of itself.
        notes = tuple(note for note in table.notes if not note.startswith("NaN in "))
        yield _refined(SourceTable(file.path, table.frame, notes, table.lines + start, unit="row"), options)
        start += frame.height


_READERS: dict[str, Callable[[OpenedFile, ReadOptions], Iterator[SourceTable]]] = {
    "csv": _csv,
    "json": _json,
    "parquet": _parquet,
}
_DAMAGE = (pl.exceptions.PolarsError, pl.exceptions.PanicException)


def _refined(table: SourceTable, options: ReadOptions) -> SourceTable:
    made, problems = tables_of({0: table}, None if options.format is None else "plain")
    for problem in problems:
        raise problem
    return made[0]


def _records(stream: BinaryIO, quote: bytes = b"") -> Iterator[bytes]:
    """The rest of a file in pieces of whole lines; within an odd number of quotes no line ends.

    Raises:
        DataError: a record is longer than any should be.
    """
    rest = b""
    while block := stream.read(PIECE_BYTES):
        rest += block
        end = rest.rfind(b"\n") + 1
        while quote and end and rest.count(quote, 0, end) % 2:
            end = rest.rfind(b"\n", 0, rest.rfind(quote, 0, end)) + 1
        if len(rest) - end > PIECE_BYTES + _LONGEST_RECORD_BYTES:
            raise DataError("A record is too long.")
        if end:
            yield rest[:end]
            rest = rest[end:]
    if rest.strip():
        yield rest


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
