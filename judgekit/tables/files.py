"""Paths to one `SourceTable`: every file is read as what it is, and several become one table."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from mmap import mmap
from pathlib import Path
from typing import NamedTuple

from judgekit.config import ReadingSettings
from judgekit.errors import DataError
from judgekit.tables.column_names import did_you_mean
from judgekit.tables.columnar import read_columnar
from judgekit.tables.delimited.table import read_table
from judgekit.tables.encoding import decode_as
from judgekit.tables.excel.workbook import read_excel
from judgekit.tables.frames import open_frame
from judgekit.tables.joining import join
from judgekit.tables.json_records.records import Records, read_records
from judgekit.tables.opening import TITLES, Kind, OpenedFile, open_paths
from judgekit.tables.source import Fingerprint, SourceTable
from judgekit.tables.tools.recognition import FORMATS, PLAIN, tables_of

_IN_MEMORY = Path("data")
"""What a table in memory is called."""
_KINDS: dict[str, Kind] = {**{kind: kind for kind in TITLES}, "jsonl": "json"}


class ReadOptions(NamedTuple):
    """The user's word on files, where finding out would go wrong; None means: find out."""

    format: str | None = None
    """A name of `format_titles()`; that of a kind of file (`csv`, `json` …) means that no tool wrote it."""
    sheet: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    strict: bool = True
    """Refuse a file with rows that cannot be read, instead of setting them aside."""

    @classmethod
    def of(cls, settings: ReadingSettings) -> ReadOptions:
        """The same from the settings of a verb."""
        return cls(settings.format, settings.sheet, settings.delimiter, settings.encoding, settings.strict)


def format_titles() -> dict[str, str]:
    """The formats in words, by the name that `--format` takes."""
    kinds = {**TITLES, "jsonl": "JSON, one object a line"}
    return kinds | {known.name: known.title for known in FORMATS}


def read_files(inputs: Sequence[object], options: ReadOptions | None = None) -> SourceTable:
    """Read files, folders, zip archives and tables in memory as one table.

    Args:
        inputs: one at least; a path (`-` is the standard input), or what `open_frame` takes.
        options: the user's word.

    Returns:
        The table. Of several files, a folder or a zip it has `members`, and the first path as its own; a table in
        memory is called `data`.

    Raises:
        DataError: there is no such format; a file is missing, given twice or cannot be read; or the files do not
            belong together. All that is wrong with any file is listed.
    """
    options = options or ReadOptions()
    if options.format is not None and options.format not in format_titles():
        raise DataError(
            f"There is no format {options.format!r}{did_you_mean(options.format, list(format_titles()))}.",
            hint=f"It is one of {', '.join(format_titles())}.",
        )
    frames = [one for one in inputs if not isinstance(one, Path)]
    files, notes, problems = open_paths([one for one in inputs if isinstance(one, Path)])
    kinds = {*(_KINDS.get(options.format or "", file.kind) for file in files), *("frame" for _ in frames)}
    problems += _idle_options(kinds, options)
    names = [*(file.stem for file in files), *(f"data{n}" for n, _ in enumerate(frames, 1))]
    opened: dict[int, SourceTable | Records] = {}
    seen: dict[str, Path] = {}
    for n, one in enumerate([*files, *frames]):
        try:
            if isinstance(one, OpenedFile):
                opened[n] = _load(one, options, seen)
            else:
                opened[n] = open_frame(one, _IN_MEMORY)
        except DataError as error:
            problems.append(error)
    made, found_wrong = tables_of(opened, PLAIN if options.format in _KINDS else options.format)
    problems += found_wrong
    if problems:
        raise _together(problems)
    source = next(iter(made.values()))
    first = inputs[0] if isinstance(inputs[0], Path) else _IN_MEMORY
    if len(made) > 1 or source.path not in (first, Path("stdin")):
        source = join(first, list(made.values()), [names[n] for n in made])
    if source.frame.height == 0:
        raise DataError(
            f"{source.name} holds no row that can be used.",
            problems=[f"{aside.rows:,} set aside ({aside.where}): {aside.reason}" for aside in source.set_aside],
            hint="Is it the right file, and the right --format?" if options.format else "Is it the right file?",
        )
    return source.below(notes)


def _load(file: OpenedFile, options: ReadOptions, seen: dict[str, Path]) -> SourceTable | Records:
    """One file, read and hashed at the same time: the hash takes half as long as a bare read."""
    content = file.load()
    with ThreadPoolExecutor(max_workers=1) as pool:
        hashed = pool.submit(Fingerprint.of, file.path.name, content)
        table = _read(file, content, options)
    own = hashed.result()
    _refuse_second(file, own.sha256, seen)
    given = (file.given or own,)
    return replace(table, given=given) if isinstance(table, SourceTable) else table._replace(given=given)


def _refuse_second(file: OpenedFile, sha256: str, seen: dict[str, Path]) -> None:
    """Refuse a file with the content of another one, unless both are of one archive.

    An annotation tool wrote that, and members who labelled nothing have equal files.
    """
    other = seen.get(sha256)
    if other is None:
        seen[sha256] = file.path
    elif file.path.parent != other.parent or other.parent.is_dir():
        raise DataError(
            f"{other} and {file.path} have the same content.",
            hint="Give each file once; where two annotators agree on everything, add a column `annotator`.",
        )


def _idle_options(kinds: set[str], options: ReadOptions) -> list[DataError]:
    """A problem for each option that no file can heed: the user took a file for what it is not."""
    return [
        DataError(f"{flag} is for {titles}, and no such file was given.", hint=f"Omit {flag}.")
        for flag, value, heeding, titles in (
            ("--sheet", options.sheet, {"excel"}, "Excel workbooks"),
            ("--delimiter", options.delimiter, {"csv"}, "delimited text"),
            ("--encoding", options.encoding, {"csv", "json"}, "delimited text and JSON"),
        )
        if value is not None and kinds and not kinds & heeding
    ]


def _read(file: OpenedFile, content: bytes | mmap, options: ReadOptions) -> SourceTable | Records:
    """The content of a file by its kind; JSON is left as records, until all files are known."""
    path, encoding = file.path, options.encoding
    kind = _KINDS.get(options.format or "", file.kind)
    if kind == "csv":
        table = read_table(path, content, delimiter=options.delimiter, encoding=encoding, strict=options.strict)
        return table.below(file.notes)
    content = content[:]
    if kind == "json":
        content = content if encoding is None else decode_as(path, content, encoding)
        records = read_records(path, content, strict=options.strict)
        return records._replace(notes=(*file.notes, *records.notes))
    if kind == "excel":
        return read_excel(path, content, sheet=options.sheet).below(file.notes)
    return read_columnar(path, content, kind=kind).below(file.notes)


def _together(problems: Sequence[DataError]) -> DataError:
    """One error with all that is wrong."""
    if len(problems) == 1:
        return problems[0]
    hints = list(dict.fromkeys(problem.hint for problem in problems if problem.hint))
    return DataError(
        f"{len(problems)} problems with the files; nothing was read.",
        problems=[
            line
            for problem in problems
            for line in (f"{problem.message} {problem.hint if len(hints) > 1 else ''}".strip(), *problem.problems)
        ],
        hint=hints[0] if len(hints) == 1 else "",
    )
