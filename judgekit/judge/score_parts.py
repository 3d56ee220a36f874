"""What a long scoring has done so far: parts beside the output, of which a killed run loses at most one.

    .judgekit-scoring-<hash of the output's name>/
        run.json      what the parts were made with: judge, input, settings
        000000.arrow  a part: scored rows as they will stand in the output

A part is renamed into its place when it is whole and on the disk. The folder is deleted when the output stands.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from judgekit.errors import DataError
from judgekit.workspace.atomic import sync_file, write_text
from judgekit.workspace.claims import held, remove

_RUN_FILE = "run.json"


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
        DataError: another process is writing the same output.
    """
    name = hashlib.sha256(output.name.encode()).hexdigest()[:12]
    folder = output.absolute().parent / f".judgekit-scoring-{name}"
    made_with = json.dumps(facts, sort_keys=True)
    folder.mkdir(exist_ok=True)
    with held(folder) as is_ours:
        if not is_ours:
            raise DataError(
                f"Another process is scoring into {output}.", hint="Wait for it, or write elsewhere with -o FILE."
            )
        run = folder / _RUN_FILE
        if fresh or not run.is_file() or run.read_text(encoding="utf-8") != made_with:
            for path in folder.iterdir():
                remove(path)
            write_text(run, made_with)
        parts = ScoredParts(folder)
        while (path := folder / f"{len(parts.paths):06}.arrow").is_file():
            parts.paths.append(path)
        yield parts
        remove(folder)
