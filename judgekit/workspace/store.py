"""The workspace: named folders, staged and committed whole.

Hands out a folder to build in, commits it, opens it again by its manifest; never looks inside otherwise.
"""

from __future__ import annotations

import re
import secrets
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar
from uuid import uuid4

from filelock import FileLock, Timeout

from judgekit.errors import WorkspaceError
from judgekit.wording import did_you_mean
from judgekit.workspace import atomic, layout
from judgekit.workspace.manifest import Manifest, now

COMMIT_TIMEOUT_SECONDS = 60
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


class Entry(NamedTuple, Generic[M]):
    """One finished folder, such as a judge."""

    name: str
    path: Path
    manifest: M


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
        self._restore_interrupted_replacement()

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
            # The data of annotators must not slip into a repository by `git add .`; a folder that holds something else
            # already is the user's, and so is its .gitignore.
            if not any(root.iterdir()):
                atomic.write_text(root / ".gitignore", "*\n")
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
        return (self.root / kind.folder / layout.check_name(name)).exists()

    def free_name(self, kind: Kind[Any], name: str) -> str:
        """`name`, or `name-2`, `name-3` … if it is taken."""
        candidates = (name, *(f"{name[:76]}-{number}" for number in range(2, 1000)))
        return next(candidate for candidate in candidates if not self.exists(kind, candidate))

    # -- writing ---------------------------------------------------------------------------------------------------

    @contextmanager
    def staged(self, kind: Kind[M], name: str, *, replace: bool = False) -> Generator[StagedFolder[M]]:
        """A folder to build in; call its `commit` last. Without that it vanishes.

        Raises:
            WorkspaceError: the name is taken and `replace` is false; checked at the start and again at the commit.
        """
        self.check_free(kind, name, replace)
        folder = self.root / layout.STAGING / f"{kind.folder}-{name}-{uuid4().hex[:8]}"
        folder.mkdir(parents=True)
        try:
            yield StagedFolder(self, kind, name, folder, replace)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def run_folder(self, name: str) -> Path:
        """Where the training of judge `name` keeps its checkpoint until it is finished; may not exist."""
        return self.root / layout.STAGING / f"train-{layout.check_name(name)}"

    def study_folder(self, name: str) -> Path:
        """Where the study `name` keeps its runs; may not exist."""
        return self.root / layout.STUDIES / layout.check_name(name)

    def studies(self) -> list[str]:
        """Names of the studies, finished or not."""
        return layout.stored_names(self.root, layout.STUDIES)

    def unfinished_runs(self) -> list[str]:
        """Names of the judges with a run folder."""
        prefix = "train-"
        return sorted(path.name.removeprefix(prefix) for path in (self.root / layout.STAGING).glob(f"{prefix}*"))

    @contextmanager
    def only_one(self, activity: str) -> Generator[None]:
        """Hold the lock of a long activity (`train-votes`); the operating system frees it if this process dies.

        Raises:
            WorkspaceError: another process holds it.
        """
        lock = self._lock(activity)
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise WorkspaceError(
                f"Another process is working on {activity!r} in {self.root}.",
                hint="Wait until it has finished, or choose another name.",
            ) from error
        try:
            yield
        finally:
            lock.release()

    def secret(self) -> bytes:
        """A key that is this workspace's own, 32 bytes, made at the first call: for pseudonyms nobody else can compute.

        Raises:
            WorkspaceError: the file that keeps it is damaged.
        """
        path = self.root / layout.SECRET_FILE
        with self._commit_lock():
            if not path.exists():
                atomic.write_text(path, secrets.token_hex(32) + "\n", mode=0o600)
        text = path.read_text(encoding="utf-8").strip()
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
        with self._commit_lock():
            # Another process may have been killed in a replacement since this workspace was opened.
            self._put_back_replaced()
            self.check_free(staged.kind, staged.name, staged.replace)
            replaced = self.root / layout.STAGING / f"{_REPLACED}{staged.kind.folder}-{staged.name}"
            if place.exists():
                atomic.move_folder(place, replaced)
            atomic.move_folder(staged.path, place)
            shutil.rmtree(replaced, ignore_errors=True)
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

    def _restore_interrupted_replacement(self) -> None:
        """Put back what a kill between the two renames of a replacement left in staging."""
        if any((self.root / layout.STAGING).glob(f"{_REPLACED}*")):
            with self._commit_lock():
                self._put_back_replaced()

    def _put_back_replaced(self) -> None:
        """The same, for who holds the commit lock."""
        for path in (self.root / layout.STAGING).glob(f"{_REPLACED}*"):
            folder, _, name = path.name.removeprefix(_REPLACED).partition("-")
            place = self.root / folder / name
            if place.exists():
                shutil.rmtree(path, ignore_errors=True)
            else:
                atomic.move_folder(path, place)

    def _lock(self, name: str) -> FileLock:
        folder = self.root / layout.LOCKS
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / f"{name}.lock")

    @contextmanager
    def _commit_lock(self) -> Generator[None]:
        lock = self._lock("commit")
        try:
            lock.acquire(timeout=COMMIT_TIMEOUT_SECONDS)
        except Timeout as error:
            raise WorkspaceError(
                f"Another process has kept {self.root} locked for {COMMIT_TIMEOUT_SECONDS} seconds.",
                hint="Wait until it has finished, then run the command again.",
            ) from error
        try:
            yield
        finally:
            lock.release()


def _oldest_first(entries: list[Entry[M]]) -> list[Entry[M]]:
    return sorted(entries, key=lambda entry: (entry.manifest.created, entry.name))


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

    def commit(self, manifest: M) -> Entry[M]:
        """Finish: write the manifest and rename the folder into place."""
        return self.workspace.commit(self, manifest)
