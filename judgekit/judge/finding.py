"""Trained judges on disk: found by name or folder, and copied elsewhere."""

from __future__ import annotations

import os
import shutil
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from judgekit.config import EvaluateSettings, ScoreSettings
from judgekit.config.settings import names_address
from judgekit.errors import SettingsError, WorkspaceError
from judgekit.judge.manifest import ADAPTER_FOLDER, JUDGES, JudgeManifest
from judgekit.training.reporter import Reporter
from judgekit.workspace.atomic import replaced_folder
from judgekit.workspace.layout import MANIFEST_FILE, find_root
from judgekit.workspace.store import Entry, Workspace, open_folder
from judgekit.workspace.versions import OneVersion

if TYPE_CHECKING:
    from judgekit.judge.asked_endpoint import ChatModel


def find_judge(
    judge: str | PathLike[str] | None, workspace: Path | None
) -> tuple[Entry[JudgeManifest], Workspace | None]:
    """A judge by its name in the workspace, else by its folder, and the workspace that it is in.

    Args:
        judge: a name, or a folder; None takes the newest of the workspace.
        workspace: the workspace's folder; None finds one.

    Raises:
        WorkspaceError: there is no such judge, or it is damaged.
    """
    root = find_root(workspace)
    if judge is not None:
        folder = Path(judge).expanduser()
        may_be_name = isinstance(judge, str) and folder.name == judge
        is_name = may_be_name and (root / JUDGES.folder / judge).is_dir()
        if not is_name and (not may_be_name or (folder / MANIFEST_FILE).is_file()):
            return open_folder(JUDGES, folder), None if workspace is None else Workspace(root)
    place = Workspace(root)
    return place.open(JUDGES, None if judge is None else str(judge)), place


class Meant(NamedTuple):
    """Which judge is meant."""

    judge: str | PathLike[str] | None
    """Its name or folder; None for the newest."""
    chat: ChatModel | None = None
    """What it asks, where that is behind an endpoint."""


def named_judge(
    judge: str | PathLike[str] | None,
    model: str | None,
    dataset: str | None,
    workspace: str | Path | None,
    settings: ScoreSettings | EvaluateSettings,
    *,
    offline: bool,
    reporter: Reporter,
) -> Meant:
    """The judge that is meant: as it was named, or the one that asks a model as it is.

    Args:
        judge: its name or folder; None for the newest.
        model: a chat model in its place, or the address of an endpoint that has one; None for none.
        dataset: whose labels and annotations the model is given; None for the newest.
        workspace: its folder; None finds one.
        settings: how the model is loaded, or asked.
        offline: never ask the hub.
        reporter: gets notes and progress.

    Raises:
        SettingsError: a judge and a model are named, or a dataset without a model.
    """
    is_endpoint = model is not None and names_address(model)
    if settings.endpoint_model is not None and not is_endpoint:
        raise SettingsError(
            "--endpoint-model is of an endpoint, and --judge-model names none.",
            hint="As in --judge-model http://localhost:8000/v1 --endpoint-model NAME",
        )
    if model is None:
        if dataset is not None:
            raise SettingsError("--dataset belongs to --judge-model; a judge has its own.", hint="Omit it.")
        return Meant(judge)
    if judge is not None:
        raise SettingsError("--judge and --judge-model name two judges.", hint="Omit one of them.")
    if is_endpoint and settings.engine not in ("auto", "torch"):
        raise SettingsError(
            f"--engine {settings.engine} computes a judge here, and an endpoint answers by itself.", hint="Omit it."
        )
    # It brings all that trains, which takes seconds to import, and a judge that is there is asked without.
    if is_endpoint:
        from judgekit.judge.made_of_endpoint import judge_of_endpoint

        return Meant(*judge_of_endpoint(workspace, model, dataset, settings, offline=offline, reporter=reporter))
    from judgekit.judge.asked_model import judge_of_model

    return Meant(judge_of_model(workspace, model, dataset, settings, offline=offline, reporter=reporter))


def can_be_read_again(data: object) -> bool:
    """Whether a table is a file, which is the same when it is read twice; a pipe is not."""
    return isinstance(data, str | PathLike) and Path(data).is_file()


def copy_judge(entry: Entry[JudgeManifest], target: Path, *, force: bool) -> None:
    """Copy the folder of a judge, whole or not at all; folders above the new one are made.

    Raises:
        WorkspaceError: something else than a judge is there, or a judge and `force` is false, or there are files in it
            that judgekit did not write; or the judge that is copied was replaced meanwhile.
    """

    def check(folder: Path) -> None:
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else None
        if names is None or (names and not {MANIFEST_FILE, ADAPTER_FOLDER} <= names):
            raise WorkspaceError(f"{target} already exists and is not a judge.", hint="Choose another folder.")
        if names and not force:
            raise WorkspaceError(f"There is a judge in {target} already.", hint="Replace it with force=True.")
        if others := sorted(names - {MANIFEST_FILE, *JUDGES.files}):
            raise WorkspaceError(
                f"{target} holds files that judgekit did not write: {', '.join(others)}.",
                hint="Move them elsewhere, or choose another folder.",
            )

    if os.path.lexists(target):
        check(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with replaced_folder(target, check=check) as staged, OneVersion(entry, JUDGES.word):
        mode = staged.stat().st_mode  # as the umask gives it, whatever the judge's own folder has
        for name in (MANIFEST_FILE, *JUDGES.files):
            source = entry.path / name
            if source.is_dir():
                shutil.copytree(source, staged / name, copy_function=shutil.copyfile)
            elif source.exists():
                shutil.copyfile(source, staged / name)
        for folder in (path for path in staged.rglob("*") if path.is_dir()):
            folder.chmod(mode)
