"""From paths to files that can be read: folders and zips listed, gzip undone, and what each file is, by its content."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path, PurePosixPath
from typing import Literal, NamedTuple

from judgekit.errors import DataError
from judgekit.tables.source import Fingerprint
from judgekit.tables.unpacking import GZIP, ZIP, open_zip, unpack_gzip
from judgekit.wording import did_you_mean

Kind = Literal["csv", "excel", "json", "parquet", "arrow"]
TITLES: dict[Kind, str] = {
    "csv": "delimited text",
    "excel": "an Excel workbook",
    "json": "JSON",
    "parquet": "a Parquet file",
    "arrow": "an Arrow file",
}
_ENDINGS: dict[str, Kind] = {
    **dict.fromkeys((".csv", ".tsv", ".tab"), "csv"),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), "json"),
    **dict.fromkeys((".xlsx", ".xlsm"), "excel"),
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".arrow", ".feather", ".ipc"), "arrow"),
}
_NO_DATA = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
"""What the datasets library writes beside its Arrow files."""
_HEAD_BYTES = 1 << 16
_NAMES_SHOWN = 5
_OTHER_KINDS = (
    (b"\xd0\xcf\x11\xe0", "an old Excel file (.xls), or one with a password", "Save it as .xlsx, without a password."),
    (b"FEA1", "a Feather file of version 1", "Write the table anew, as Parquet or CSV UTF-8."),
    (b"PARE", "an encrypted Parquet file", "Write the table anew, not encrypted."),
)


class OpenedFile(NamedTuple):
    """One file, ready to be read."""

    path: Path
    """Its place; of a file in a zip, the zip and the name within it."""
    kind: Kind
    content: bytes | None
    """Its bytes, unpacked; None for a plain file, which stays on disk until it is loaded."""
    given: Fingerprint | None
    """The file that was given: this one, packed or not, or the zip that holds it; None until it is loaded."""
    notes: tuple[str, ...] = ()

    def load(self) -> bytes | mmap:
        """Its bytes; to be called once, as a plain file is read from disk here. A long one is mapped into memory."""
        if self.content is not None:
            return self.content
        if self.kind != "csv" or self.path.stat().st_size <= _HEAD_BYTES:
            return self.path.read_bytes()
        with self.path.open("rb") as file:
            try:
                return mmap(file.fileno(), 0, access=ACCESS_READ)
            except OSError:  # some network folders map nothing
                return file.read()

    @property
    def stem(self) -> str:
        """Its name without what says of which kind it is: `ann` of `ann.csv.gz`, all of `ann@example.org`."""
        name = self.path.name.removesuffix(".gz")
        return Path(name).stem if _kind_by_name(name) else name


class Opening(NamedTuple):
    """The files of some paths, in the order given; within a folder or zip, by name."""

    files: list[OpenedFile]
    notes: list[str]
    problems: list[DataError]


def open_paths(paths: Sequence[Path]) -> Opening:
    """Find the files of some paths; `-` is the standard input.

    Args:
        paths: files, folders and zip archives. Of the latter two the files that are named like data are taken, those of
            the uppermost level that has any.

    Returns:
        The files, what was skipped, and a problem for each path that cannot be opened.
    """
    found = Opening([], [], [])
    for path in paths:
        if str(path) == "-":
            _open(found, Path("stdin"), content=sys.stdin.buffer.read())
        else:
            _open(found, path)
    return found


def _open(found: Opening, path: Path, *, content: bytes | None = None, given: Fingerprint | None = None) -> None:
    """Enter one file into `found`, all of a folder or a zip archive, or the problem."""
    try:
        if content is None and path.is_dir():
            for name in _data_files(path, (file.relative_to(path).as_posix() for file in _walk(path)), found):
                _open(found, path / name)
            return
        if content is None and not path.exists():
            beside = [file.name for file in path.parent.iterdir()] if path.parent.is_dir() else []
            raise DataError(
                f"{path} does not exist{did_you_mean(path.name, beside)}.",
                hint="Check the path; it is relative to the current directory.",
            )
        if content is None and not path.is_file():
            content = path.read_bytes()  # a pipe, which can be read only once
        _enter(found, path, content, given)
    except DataError as error:
        found.problems.append(error)
    except OSError as error:
        found.problems.append(DataError(f"{path} cannot be opened: {error.strerror}.", hint="Check its permissions."))


def _enter(found: Opening, path: Path, content: bytes | None, given: Fingerprint | None) -> None:
    notes: list[str] = []
    if content is None:
        with path.open("rb") as file:
            content = head = file.read(_HEAD_BYTES)
            is_loaded = head.startswith((GZIP, *ZIP))
            if is_loaded:
                content += file.read()
    else:
        is_loaded = True
    if is_loaded:
        given = given or Fingerprint.of(path.name, content)
    if is_packed := content.startswith(GZIP):
        content = unpack_gzip(path, content)
    kind = _kind(path, content[:_HEAD_BYTES])
    if kind == "excel":
        archive = open_zip(path, content)
        if not {"[Content_Types].xml", "mimetype"} & {*archive.names}:
            for name in _data_files(path, archive.names, found):
                _open(found, path / name, content=archive.read(name), given=given)
            return
        if "xl/workbook.xml" not in archive.names:
            raise DataError(f"{path.name} is a document, but not .xlsx.", hint="Save the table as .xlsx or CSV UTF-8.")
    if is_packed != (path.suffix == ".gz"):
        notes.append(f"{path.name} is {'' if is_packed else 'not '}compressed with gzip, whatever its name says.")
    named = _kind_by_name(path.name)
    if named and named != kind:
        notes.append(f"{path.name} is {TITLES[kind]} by its content, whatever its name says.")
    found.files.append(OpenedFile(path, kind, content if is_loaded else None, given, tuple(notes)))


def _kind_by_name(name: str) -> Kind | None:
    return _ENDINGS.get(Path(name.removesuffix(".gz")).suffix.lower())


def _kind(path: Path, head: bytes) -> Kind:
    """What a file is, by its first bytes; whatever is nothing else may be delimited text."""
    for magic, what, hint in _OTHER_KINDS:
        if head.startswith(magic):
            raise DataError(f"{path.name} is {what}.", hint=hint)
    if head.startswith(ZIP):
        return "excel"  # or an archive of files, which its names will tell
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"ARROW1", b"\xff\xff\xff\xff")):  # a file, a stream
        return "arrow"
    return "json" if _is_json(head) else "csv"


def _is_json(head: bytes) -> bool:
    """Whether the first record reads like JSON: the header of a table may begin with a bracket as well."""
    text = head.decode(json.detect_encoding(head), "replace").lstrip("\ufeff \t\r\n")
    if re.match(r'(?:\[\s*)*\{\s*(?:"(?:[^"\\]|\\.)*"\s*:|\})', text):
        return True
    try:
        _, end = json.JSONDecoder().raw_decode(text if text.startswith("[") else "")
    except (ValueError, RecursionError):
        return False
    return re.match(r"[ \t\r]*(?:\n|$)", text[end:]) is not None


def _walk(folder: Path) -> Iterable[Path]:
    """The files of a folder, level by level, down to the first level with data."""
    level = [folder]
    while level:
        inside = sorted(path for one in level for path in one.iterdir() if not path.name.startswith("."))
        files = [path for path in inside if not path.is_dir()]
        yield from files
        if any(_is_data(path.name) for path in files):
            return
        level = [path for path in inside if path.is_dir() and not path.is_symlink()]


def _is_data(name: str) -> bool:
    return _kind_by_name(name) is not None and name not in _NO_DATA


def _data_files(path: Path, names: Iterable[str], found: Opening) -> list[str]:
    """Those of a folder's or an archive's files that are named like data, on the uppermost level that has any."""
    parts = {name: PurePosixPath(name).parts or ("",) for name in names}
    shown = [name for name in parts if not any(part.startswith((".", "__MACOSX")) for part in parts[name])]
    data = [name for name in shown if _is_data(parts[name][-1])]
    if not data:
        raise DataError(
            f"{path.name or path} has no file that is named like data.",
            hint=f"Name the files themselves, or let their names end in {', '.join(_ENDINGS)} (also with .gz).",
        )
    level = min(len(parts[name]) for name in data)
    kept = sorted(name for name in data if len(parts[name]) == level)
    passed = sorted(set(shown) - set(kept))
    if passed:
        more = f" and {len(passed) - _NAMES_SHOWN:,} more" if len(passed) > _NAMES_SHOWN else ""
        found.notes.append(f"Skipped in {path.name or path}: {', '.join(passed[:_NAMES_SHOWN])}{more}.")
    return kept
