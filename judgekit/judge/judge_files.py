"""The files of a judge: which there are, that each lies in its folder, and that it is the one the manifest names."""

from __future__ import annotations

from pathlib import Path

from judgekit.config.choices import JudgeKind
from judgekit.errors import WorkspaceError
from judgekit.judge.manifest import FILES_BESIDE, JudgeManifest, judge_files
from judgekit.models.saved_adapter import RESTORE
from judgekit.workspace.layout import MANIFEST_FILE
from judgekit.workspace.manifest import check_own_file, file_hash
from judgekit.workspace.store import Entry


def hash_files(folder: Path, kind: JudgeKind, *, probe: bool) -> dict[str, str]:
    """SHA-256 of each file that a judge needs, and of those beside them that it has, by its path in the folder."""
    beside = [name for name in FILES_BESIDE if (folder / name).exists()]
    return {name: file_hash(folder / name) for name in (*judge_files(kind, probe=probe), *beside)}


def check_files(entry: Entry[JudgeManifest]) -> None:
    """Compare a judge's files with what its manifest says of them; an older manifest has no hashes to compare with.

    Raises:
        WorkspaceError: files are missing, lead out of the folder, or have changed; all of them are named.
    """
    manifest, problems = entry.manifest, list[str]()
    needed = judge_files(manifest.backbone.kind, probe=manifest.probe is not None)
    for name in {MANIFEST_FILE, *needed, *(manifest.files or {})}:
        check_own_file(entry.path / name, entry.path, hint=RESTORE)
    for name, wanted in (manifest.files or {}).items():
        if (found := file_hash(entry.path / name)) != wanted:
            problems.append(f"{entry.path / name}: SHA-256 {found[:12]}…, but {wanted[:12]}… when it was trained")
    _refuse(entry, problems)


def file_beside(entry: Entry[JudgeManifest], name: str) -> Path | None:
    """A file of `FILES_BESIDE`, as it was when the judge was trained; None where the judge has none.

    It may be wanted where the judge itself is not loaded, and then nothing else looks at it.

    Raises:
        WorkspaceError: it is missing, leads out of the folder, or has changed.
    """
    path, wanted = entry.path / name, (entry.manifest.files or {}).get(name)
    if wanted is None and not path.exists():
        return None
    check_own_file(path, entry.path, hint=RESTORE)
    if wanted is not None and (found := file_hash(path)) != wanted:
        _refuse(entry, [f"{path}: SHA-256 {found[:12]}…, but {wanted[:12]}… when it was trained"])
    return path


def _refuse(entry: Entry[JudgeManifest], problems: list[str]) -> None:
    if problems:
        raise WorkspaceError(
            f"The judge {entry.name!r} has files that are not its own, or that have changed:",
            problems=problems,
            hint=RESTORE,
        )
