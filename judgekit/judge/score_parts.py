"""What a long scoring has done so far: parts beside the output, of which a killed run loses at most one.

    .judgekit-scoring-<hash of the output's name>/
        run.json      what the parts were made with: judge, input, settings
        000000.arrow  a part: scored rows as they will stand in the output

A part is renamed into its place when it is whole and on the disk. The folder is deleted when the output stands.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import polars as pl

from judgekit.errors import DataError
from judgekit.workspace.atomic import sync_file, write_text
from judgekit.workspace.claims import held, remove

_RUN_FILE = "run.json"
_OWN_FILE = re.compile(r"run\.json|\d{6,}\.(arrow|partial)|\.judgekit-.*")
_DAMAGE = (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError)


class ScoredParts:
    """The parts of one output.

    Args:
        folder: where they are.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.paths: list[Path] = []
        """The parts that are done, in order."""

    @property
    def full(self) -> list[Path]:
        """Those that hold rows."""
        return [path for path in self.paths if pl.read_ipc_schema(path)]

    def put(self, table: pl.DataFrame) -> None:
        """Keep the next part."""
        path = self._folder / f"{len(self.paths):06}.arrow"
        partial = path.with_suffix(".partial")
        table.write_ipc(partial)
        sync_file(partial)
        partial.replace(path)
        self.paths.append(path)


@contextmanager
def scored_parts(output: Path, facts: dict[str, Any], *, fresh: bool) -> Generator[ScoredParts]:
    """The parts of an output that this run may go on with; they are deleted when the block ends well.

    Args:
        output: the file to be.
        facts: what decides on every byte of a part, as JSON values; parts made with others are deleted.
        fresh: whether all are.

    Raises:
        DataError: another process is writing the same output, or something else stands where the parts are kept.
    """
    name = hashlib.sha256(output.name.encode()).hexdigest()[:12]
    folder = output.absolute().parent / f".judgekit-scoring-{name}"
    made_with = json.dumps(facts, sort_keys=True)
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise DataError(
            f"{folder} is no folder of judgekit's, which would keep there what is scored.",
            hint="Move it elsewhere, or write elsewhere with -o FILE.",
        )
    folder.mkdir(exist_ok=True)
    with held(folder) as is_ours:
        if not is_ours:
            raise DataError(
                f"Another process is scoring into {output}.", hint="Wait for it, or write elsewhere with -o FILE."
            )
        run = folder / _RUN_FILE
        if fresh or not _is_file(run) or run.read_bytes() != made_with.encode():
            _clear(folder)
            write_text(run, made_with)
        parts = ScoredParts(folder)
        while _is_readable(path := folder / f"{len(parts.paths):06}.arrow"):
            parts.paths.append(path)
        yield parts
        _clear(folder)
        with suppress(OSError):  # a file of the user may be there
            folder.rmdir()


def _clear(folder: Path) -> None:
    """Delete what judgekit keeps in the folder of parts, and nothing else."""
    for path in folder.iterdir():
        if _OWN_FILE.fullmatch(path.name):
            remove(path)


def _is_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_readable(path: Path) -> bool:
    """Whether a part is there whole; one that a disk has damaged is made again."""
    try:
        return _is_file(path) and pl.read_ipc(path).width >= 0
    except _DAMAGE:
        return False
