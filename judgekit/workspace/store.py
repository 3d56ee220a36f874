"""The workspace: named folders, staged and committed whole.

Hands out a folder to build in, commits it, opens it again by its manifest; never looks inside otherwise.
"""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar

from judgekit.errors import WorkspaceError
from judgekit.wording import did_you_mean
from judgekit.workspace import atomic, layout
from judgekit.workspace.claims import claimed, clear_dead, remove
from judgekit.workspace.locks import held
from judgekit.workspace.manifest import Manifest, now
from judgekit.workspace.own_files import carry_over, hide_from_git

COMMIT_TIMEOUT_SECONDS = 60
RUN_PREFIX = "train-"
_REPLACED = "replaced-"

M = TypeVar("M", bound=Manifest)


@dataclass(frozen=True)
class Kind(Generic[M]):
    """What a workspace keeps under names, such as datasets; the floor that owns it says how its manifest is read."""

    word: str
    folder: str
    """Where the workspace keeps it; without a hyphen."""
    manifest: type[M]
    made_by: str
    """The command that makes one, for messages."""
    option: str
    """The option that names a new one, for messages."""
    files: tuple[str, ...]
    """What judgekit writes into its folder, beside the manifest; all else there is the user's."""


class Entry(NamedTuple, Generic[M]):
    """One finished folder, such as a judge."""

    name: str
    path: Path
    manifest: M

    @property
    def is_current(self) -> bool:
        """Whether its folder still holds this version, and no other one has replaced it."""
        try:
            return type(self.manifest).read(self.path / layout.MANIFEST_FILE) == self.manifest
        except (WorkspaceError, OSError):
            return False


class Damaged(NamedTuple):
    """A finished folder whose manifest cannot be read."""

    name: str
    path: Path
    """Of the manifest."""
    problem: str


class WorkspaceManifest(Manifest):
    """The file that makes a folder a workspace."""

    judgekit: str
    """The version that made it."""


class Workspace:
    """One workspace folder that exists and is of a known format.

    Args:
        root: the folder, as `find_root` gives it.

    Raises:
        WorkspaceError: there is no workspace there, or a newer judgekit made it.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        if not layout.is_workspace(root):
            sought = f"no {layout.LOCAL_NAME}/ in {Path.cwd()} or a folder above it, and none at {root}"
            raise WorkspaceError(
                f"No workspace was found: {sought}."
                if root == layout.personal_root()
                else f"There is no judgekit workspace at {root}.",
                hint="Make one here: judgekit init   (or name another: --workspace FOLDER)",
            )
        WorkspaceManifest.read(root / layout.WORKSPACE_FILE)
        self._mend()

    @classmethod
    def create(cls, root: Path, *, version: str) -> Workspace:
        """Make a workspace, or open the one that is there.

        Args:
            root: its folder.
            version: judgekit's version, kept in `workspace.json`.
        """
        if root.exists() and not root.is_dir():
            raise WorkspaceError(f"{root} is a file; a workspace is a folder.", hint="Name another: --workspace FOLDER")
        marker = root / layout.WORKSPACE_FILE
        if not marker.is_file():
            root.mkdir(parents=True, exist_ok=True)
            atomic.clear_partials(root)
            hide_from_git(root)
            for folder in (layout.STAGING, layout.LOCKS, layout.DATASETS_FOLDER, layout.JUDGES_FOLDER):
                (root / folder).mkdir(exist_ok=True)
            WorkspaceManifest(created=now(), judgekit=version).write(marker)
        return cls(root)

    # -- reading ---------------------------------------------------------------------------------------------------

    def entries(self, kind: Kind[M]) -> list[Entry[M]]:
        """All finished folders of a kind, oldest first.

        Raises:
            WorkspaceError: a manifest is damaged.
        """
        return _oldest_first([self._entry(kind, name) for name in self.names(kind)])

    def readable(self, kind: Kind[M]) -> tuple[list[Entry[M]], list[Damaged]]:
        """The finished folders of a kind that can be read, oldest first, and those that cannot."""
        entries: list[Entry[M]] = []
        damaged: list[Damaged] = []
        for name in self.names(kind):
            try:
                entries.append(self._entry(kind, name))
            except WorkspaceError as error:
                place = self.root / kind.folder / name / layout.MANIFEST_FILE
                damaged.append(Damaged(name, place, str(error)))
        return _oldest_first(entries), damaged

    def names(self, kind: Kind[Any]) -> list[str]:
        """The names of all finished folders of a kind, in alphabetical order; reads no manifest."""
        return layout.stored_names(self.root, kind.folder)

    def open(self, kind: Kind[M], name: str | None = None) -> Entry[M]:
        """A finished folder of a kind: the named one, else the newest.

        Raises:
            WorkspaceError: there is none, none of that name, or it is unfinished or damaged.
        """
        if name is None:
            entries = self.entries(kind)
            if not entries:
                raise self._holds_none(kind)
            return entries[-1]
        path = self.root / kind.folder / layout.check_name(name)
        if (path / layout.MANIFEST_FILE).is_file():
            return self._entry(kind, name)
        if path.is_dir():
            raise WorkspaceError(
                f"The {kind.word} {name!r} at {path} has no {layout.MANIFEST_FILE}: it is unfinished or damaged.",
                hint=f"Delete that folder and make it again: {kind.made_by}",
            )
        names = self.names(kind)
        if not names:
            raise self._holds_none(kind)
        raise WorkspaceError(
            f"There is no {kind.word} named {name!r} in {self.root}{did_you_mean(name, names)}; there are: "
            f"{', '.join(names)}."
        )

    def _entry(self, kind: Kind[M], name: str) -> Entry[M]:
        path = self.root / kind.folder / name
        return Entry(name, path, kind.manifest.read(path / layout.MANIFEST_FILE))

    def _holds_none(self, kind: Kind[Any]) -> WorkspaceError:
        return WorkspaceError(f"The workspace {self.root} holds no {kind.word} yet.", hint=f"Make one: {kind.made_by}")

    def exists(self, kind: Kind[Any], name: str) -> bool:
        """Whether a folder of that name is there, finished or not."""
        return os.path.lexists(self.root / kind.folder / layout.check_name(name))

    def free_name(self, kind: Kind[Any], name: str) -> str:
        """`name`, or `name-2`, `name-3` … if it is taken."""
        candidates = (name, *(f"{name[:76]}-{number}" for number in range(2, 1000)))
        return next(candidate for candidate in candidates if not self.exists(kind, candidate))

    # -- writing ---------------------------------------------------------------------------------------------------

    @contextmanager
    def staged(
        self, kind: Kind[M], name: str, *, replace: bool = False, based_on: Entry[M] | None = None
    ) -> Generator[StagedFolder[M]]:
        """A folder to build in; call its `commit` last. Without that it vanishes.

        Args:
            kind: what is built.
            name: of what is built.
            replace: whether one of that name is replaced.
            based_on: the version that the new one was made of, and replaces; another one is not replaced.

        Raises:
            WorkspaceError: the name is taken and `replace` is false; checked at the start and again at the commit.
        """
        self.check_free(kind, name, replace)
        with self.scratch(f"{kind.folder}-{name}") as folder:
            yield StagedFolder(self, kind, name, folder, replace, based_on)

    @contextmanager
    def scratch(self, name: str) -> Generator[Path]:
        """A folder under `.staging/` that vanishes at the end, unless it was renamed."""
        staging = self.root / layout.STAGING
        staging.mkdir(exist_ok=True)
        with claimed(lambda word: staging / f"{name}-{word}", Path.mkdir) as folder:
            try:
                yield folder
            finally:
                remove(folder)

    def run_folder(self, name: str) -> Path:
        """Where the training of judge `name` keeps its checkpoint until it is finished; may not exist."""
        return self.root / layout.STAGING / f"{RUN_PREFIX}{layout.check_name(name)}"

    def study_folder(self, name: str) -> Path:
        """Where the study `name` keeps its runs; may not exist."""
        return self.root / layout.STUDIES / layout.check_name(name)

    def synthesis_folder(self, name: str) -> Path:
        """Where the judgments of a teacher on a dataset of that name lie; it need not exist."""
        return self.root / layout.SYNTHESES / layout.check_name(name)

    def studies(self) -> list[str]:
        """Names of the studies, finished or not."""
        return layout.stored_names(self.root, layout.STUDIES)

    def unfinished_runs(self) -> list[str]:
        """Names of the judges with a run folder."""
        found = (self.root / layout.STAGING).glob(f"{RUN_PREFIX}*")
        return sorted(path.name.removeprefix(RUN_PREFIX) for path in found)

    @contextmanager
    def only_one(self, activity: str) -> Generator[None]:
        """Hold the lock of a long activity (`train-votes`); the operating system frees it if this process dies.

        Raises:
            WorkspaceError: another process holds it.
        """
        busy = WorkspaceError(
            f"Another process is working on {activity!r} in {self.root}.",
            hint="Wait until it has finished, or choose another name.",
        )
        with held(self.root, activity, timeout=0, busy=busy):
            yield

    def secret(self) -> bytes:
        """A key that is this workspace's own, 32 bytes, made at the first call: for pseudonyms nobody else can compute.

        Raises:
            WorkspaceError: the file that keeps it is damaged.
        """
        path = self.root / layout.SECRET_FILE
        with self.commit_lock():
            if not path.exists():
                atomic.write_text(path, secrets.token_hex(32) + "\n", mode=0o600)
        text = path.read_text(encoding="utf-8", errors="replace").strip() if path.is_file() else ""
        if not re.fullmatch(r"[0-9a-f]{64}", text):
            raise WorkspaceError(
                f"{path} is damaged: it should hold 64 hexadecimal digits.",
                hint="Restore it from a copy: without it, annotators get other pseudonyms in the next round.",
            )
        return bytes.fromhex(text)

    def commit(self, staged: StagedFolder[M], manifest: M) -> Entry[M]:
        """Write the manifest into a staged folder and rename it into place."""
        place = self.root / staged.kind.folder / staged.name
        manifest.write(staged.path / layout.MANIFEST_FILE)
        with self.commit_lock():
            # Another process may have been killed in a replacement since this workspace was opened.
            self._put_back_replaced()
            self.check_free(staged.kind, staged.name, staged.replace)
            if staged.based_on is not None and not staged.based_on.is_current:
                raise WorkspaceError(
                    f"The {staged.kind.word} {staged.name!r} was replaced by another process meanwhile; it is as that "
                    "process left it.",
                    hint="Run the command again.",
                )
            carry_over(place, staged.path, own=(layout.MANIFEST_FILE, *staged.kind.files))
            aside = self.root / layout.STAGING / f"{_REPLACED}{staged.kind.folder}-{staged.name}"
            atomic.put_folder(staged.path, place, check=_allow if staged.replace else None, aside=aside)
        return Entry(staged.name, place, manifest)

    def check_free(self, kind: Kind[Any], name: str, replace: bool = False) -> None:
        """Refuse a name that is taken.

        Raises:
            WorkspaceError: it is, and `replace` is false.
        """
        if not replace and self.exists(kind, name):
            raise WorkspaceError(
                f"There is a {kind.word} named {name!r} already in {self.root}.",
                hint=f"Choose another name with {kind.option}, or replace it with --force.",
            )

    def _mend(self) -> None:
        """Undo what a killed process left: half-written files, a replacement that stopped half-way."""
        staging = self.root / layout.STAGING
        atomic.clear_partials(self.root)
        clear_dead(path for path in staging.glob("*") if not path.name.startswith((RUN_PREFIX, _REPLACED)))
        if any(staging.glob(f"{_REPLACED}*")):
            with self.commit_lock():
                self._put_back_replaced()
        if os.access(self.root, os.W_OK):
            hide_from_git(self.root)

    def _put_back_replaced(self) -> None:
        """Put back what a kill between the renames of a replacement left in staging, for who holds the commit lock."""
        for path in (self.root / layout.STAGING).glob(f"{_REPLACED}*"):
            folder, _, name = path.name.removeprefix(_REPLACED).partition("-")
            place = self.root / folder / name
            if place.exists():
                remove(path)
            else:
                atomic.move_folder(path, place)

    @contextmanager
    def commit_lock(self) -> Generator[None]:
        """Hold the lock under which finished folders change; it is held for moments only.

        Raises:
            WorkspaceError: another process does not give it back, or there are no locks here.
        """
        busy = WorkspaceError(
            f"Another process has kept {self.root} locked for {COMMIT_TIMEOUT_SECONDS} seconds.",
            hint="Wait until it has finished, then run the command again.",
        )
        with held(self.root, "commit", timeout=COMMIT_TIMEOUT_SECONDS, busy=busy):
            yield


def _oldest_first(entries: list[Entry[M]]) -> list[Entry[M]]:
    return sorted(entries, key=lambda entry: (entry.manifest.created, entry.name))


def _allow(folder: Path) -> None:
    """Let a folder be replaced."""


def open_folder(kind: Kind[M], folder: Path) -> Entry[M]:
    """What lies in a folder outside of any workspace, such as a judge; it is called as the folder is.

    Raises:
        WorkspaceError: there is no such thing, or it is damaged.
    """
    path = folder.absolute()
    if not (path / layout.MANIFEST_FILE).is_file():
        raise WorkspaceError(
            f"There is no {kind.word} in {folder}: it has no {layout.MANIFEST_FILE}.", hint="Check the path."
        )
    return Entry(path.name, path, kind.manifest.read(path / layout.MANIFEST_FILE))


class StagedFolder(NamedTuple, Generic[M]):
    """A folder under `.staging/` in which something is being built."""

    workspace: Workspace
    kind: Kind[M]
    name: str
    path: Path
    replace: bool
    based_on: Entry[M] | None

    def commit(self, manifest: M) -> Entry[M]:
        """Finish: write the manifest and rename the folder into place."""
        return self.workspace.commit(self, manifest)
