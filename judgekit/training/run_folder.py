"""The folder of an unfinished training run: what the run is made of, and whether it is finished after all.

This file loads no torch, so that `show` can list the runs; their states are read in `checkpoints`.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from judgekit.workspace.atomic import move_folder
from judgekit.workspace.manifest import read_stamped, stamp, write_json
from judgekit.workspace.store import Workspace

RUN_FILE = "run.json"
STATE_FILE = "state.safetensors"


class RunFolder:
    """The folder of one unfinished run; every write is whole or not at all.

    Args:
        folder: where it lies; need not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def is_started(self) -> bool:
        """Whether there is a run to resume, be it from its very beginning."""
        return (self.folder / RUN_FILE).is_file()

    @property
    def has_state(self) -> bool:
        """Whether there is work that starting anew would lose."""
        return self.is_started and (self.folder / STATE_FILE).is_file()

    def start(self, run: dict[str, Any]) -> None:
        """Begin a run anew: forget what was there, note what the run is made of, and a `run_id` of its own."""
        self.discard()
        folder = self._beside("new")
        folder.mkdir(parents=True)
        write_json(folder / RUN_FILE, stamp({**run, "run_id": uuid4().hex}))
        move_folder(folder, self.folder)

    def run(self) -> dict[str, Any]:
        """What `start` noted.

        Raises:
            WorkspaceError: the file is damaged or of a newer judgekit.
        """
        return read_stamped(self.folder / RUN_FILE)

    def allow_replacing(self) -> None:
        """Note that the run may replace a judge, which it was not started with."""
        write_json(self.folder / RUN_FILE, {**self.run(), "force": True})

    def discard(self) -> None:
        """Delete the folder; a kill on the way leaves no half of it in its place."""
        gone = self._beside("discarded")
        with suppress(FileNotFoundError):  # another process may be at it too
            self.folder.rename(gone)
        shutil.rmtree(gone, ignore_errors=True)

    def _beside(self, word: str) -> Path:
        return self.folder.with_name(f"{word}-{self.folder.name}-{uuid4().hex[:8]}")


def unfinished(place: Workspace, finished: Mapping[str, str | None]) -> dict[str, RunFolder]:
    """The runs that can be resumed, by the name of their judge.

    A run that was killed after its judge was committed and before its checkpoint was discarded is finished: the judge's
    manifest names it. Its folder is discarded here.

    Args:
        place: the workspace.
        finished: the run of each judge that is there, by the judge's name.
    """
    found = {name: RunFolder(place.run_folder(name)) for name in place.unfinished_runs()}
    found = {name: run for name, run in found.items() if run.is_started}
    for name in found.keys() & finished.keys():
        if finished[name] == found[name].run().get("run_id", ""):
            found.pop(name).discard()
    return found
