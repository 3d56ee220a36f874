"""How a training begins or goes on: its name, its lock, and all that can be refused before weights are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from importlib.util import find_spec
from typing import Any, NamedTuple
from uuid import uuid4

from judgekit.config import TrainSettings
from judgekit.config.keywords import TrainKeywords
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import Dataset, named_annotations, open_dataset
from judgekit.errors import SettingsError, WorkspaceError
from judgekit.models.loading import Backbone
from judgekit.prompts.mirror import require_mirror
from judgekit.training.checkpoints import Checkpoint
from judgekit.training.decisions import folds_for
from judgekit.training.processes import Processes
from judgekit.training.run_folder import RunManifest, unfinished
from judgekit.training.setup import wanted_backbone
from judgekit.training.training_data import split_parts
from judgekit.wording import listed
from judgekit.workspace.layout import check_name
from judgekit.workspace.manifest import now
from judgekit.workspace.store import Kind, Workspace

_CODE = TrainSettings.running_code()


class Request(NamedTuple):
    """What a call of `train` asks for."""

    dataset: str | Dataset | None
    """Its name, or itself where it is open already; None: the newest, or of any run that is resumed."""
    judge: str | None
    settings: TrainSettings | None
    keywords: TrainKeywords
    """Single settings, over the others."""
    resume: bool
    force: bool
    offline: bool


class Run(NamedTuple):
    """A training whose folder is there, with what it is made of."""

    name: str
    """Of its judge."""
    manifest: RunManifest
    dataset: Dataset
    backbone: Backbone
    checkpoint: Checkpoint


class Judges(NamedTuple):
    """What must be known of the judges of a workspace, which a higher floor keeps."""

    kind: Kind[Any]
    runs: Mapping[str, str | None]
    """The run that made each judge, by the judge's name."""


def begin(place: Workspace, judges: Judges, request: Request, processes: Processes, held: ExitStack) -> Run:
    """Begin a training, or go on with one, in all processes that train together.

    Args:
        place: the workspace.
        judges: the judges in it.
        request: what was asked for.
        processes: the main one checks, opens and downloads first.
        held: gets the lock of the run, in the main process.

    Raises:
        JudgekitError: whatever the user can mend.
    """
    run: Run | None = None

    def prepare() -> str:
        nonlocal run
        go = _resume if request.resume else _start
        run = go(place, judges, request, held, is_sharded=processes.is_sharded)
        return run.name

    name = processes.from_main(prepare)
    return run or _reopen(place, name)


def _start(place: Workspace, judges: Judges, request: Request, held: ExitStack, *, is_sharded: bool) -> Run:
    """A new run; an unfinished one of that name is thrown away if the request is forceful."""
    settings = TrainSettings.chosen(request.settings, request.keywords)
    dataset, force = request.dataset, request.force
    source = dataset.name if isinstance(dataset, Dataset) else place.open(DATASETS, dataset).name
    name = check_name(request.judge or (source if force else place.free_name(judges.kind, source)))
    held.enter_context(place.only_one(f"train-{name}"))
    checkpoint = Checkpoint(place.run_folder(name))
    if name in unfinished(place, judges.runs) and checkpoint.has_state and not force:
        raise WorkspaceError(
            f"There is an unfinished training of the judge {name!r}.",
            hint=f"Continue it: judgekit train --judge {name} --resume   (or start anew: --force)",
        )
    _check_free(place, judges, name, force)
    data = dataset if isinstance(dataset, Dataset) else open_dataset(place, source)
    _check_settings(data, settings, is_sharded=is_sharded)
    backbone = wanted_backbone(settings, offline=request.offline)
    folds = folds_for(settings, data.items, backbone.kind)
    settings = replace(settings, folds=folds, probe=settings.probe and settings.trains_at_labels)
    manifest = RunManifest(
        created=now(),
        dataset=data.name,
        content_hash=data.content_hash,
        template=data.template.source,
        backbone=backbone.identity,
        settings=settings,
        force=force,
        run_id=uuid4().hex,
    )
    checkpoint.start(manifest)
    return Run(name, manifest, data, backbone, checkpoint)


def _resume(place: Workspace, judges: Judges, request: Request, held: ExitStack, *, is_sharded: bool) -> Run:
    """The run that was interrupted, with what it was made of."""
    name = _unfinished_name(place, judges, request)
    held.enter_context(place.only_one(f"train-{name}"))
    checkpoint = Checkpoint(place.run_folder(name))
    manifest = checkpoint.manifest()
    settings, force = manifest.settings, request.force or manifest.force
    asked = TrainSettings.from_json({**(request.settings or settings).to_json(), **request.keywords})
    allowed = TrainSettings.chosen(request.settings, {k: v for k, v in request.keywords.items() if k in _CODE})
    if settings.trust_remote_code and not allowed.trust_remote_code:
        raise SettingsError(
            f"The training of {name!r} was started with --trust-remote-code: it runs code that comes with "
            f"{manifest.backbone.name}. What a workspace says of that does not count.",
            hint=f"If you trust that code: judgekit train --judge {name} --resume --trust-remote-code",
        )
    if asked != settings:
        raise SettingsError(
            "A resumed training keeps the settings it was started with.",
            hint="Omit the options, or start anew with --force.",
        )
    _check_free(place, judges, name, force)
    data = request.dataset if isinstance(request.dataset, Dataset) else open_dataset(place, manifest.dataset)
    _check_settings(data, settings, is_sharded=is_sharded)
    # The manifest has the whole path of a local backbone: a run is resumed from any folder.
    backbone = wanted_backbone(settings, manifest.backbone.name, offline=request.offline)
    then = (manifest.content_hash, manifest.template, manifest.backbone)
    now_there = (data.content_hash, data.template.source, backbone.identity)
    words = ("the items of the dataset", "its template", "the backbone")
    changed = [word for word, one, other in zip(words, then, now_there, strict=True) if one != other]
    if changed:
        raise WorkspaceError(
            f"The training of {name!r} cannot be resumed: {listed(changed)} changed since it was started.",
            hint=f"Start anew: judgekit train --judge {name} --force",
        )
    if force and not manifest.force:
        manifest = checkpoint.allow_replacing()
    return Run(name, manifest, data, backbone, checkpoint)


def _reopen(place: Workspace, name: str) -> Run:
    """What the main process has begun and downloaded, for another one.

    Raises:
        WorkspaceError: the dataset has been replaced since.
    """
    checkpoint = Checkpoint(place.run_folder(name))
    manifest = checkpoint.manifest()
    backbone = wanted_backbone(manifest.settings, manifest.backbone.name, offline=True)
    data = open_dataset(place, manifest.dataset)
    if (data.content_hash, data.template.source) != (manifest.content_hash, manifest.template):
        raise WorkspaceError(
            f"The dataset {data.name!r} was replaced while the training of {name!r} began.",
            hint=f"Start it anew: judgekit train --judge {name} --force",
        )
    return Run(name, manifest, data, backbone, checkpoint)


def _unfinished_name(place: Workspace, judges: Judges, request: Request) -> str:
    """The name of the unfinished run of the judge and dataset that are asked for; of several the newest."""
    dataset = request.dataset.name if isinstance(request.dataset, Dataset) else request.dataset
    runs = {name: folder.manifest() for name, folder in unfinished(place, judges.runs).items()}
    runs = {name: run for name, run in runs.items() if request.judge in (None, name) and dataset in (None, run.dataset)}
    if not runs:
        about = f" of the judge {request.judge!r}" if request.judge else ""
        raise WorkspaceError(f"There is no unfinished training{about} to resume.", hint="Start one: judgekit train")
    return max(runs, key=lambda name: runs[name].created)


def _check_free(place: Workspace, judges: Judges, name: str, force: bool) -> None:
    if place.exists(judges.kind, name) and not force:
        raise WorkspaceError(
            f"There is a judge named {name!r} already.", hint="Choose another --judge, or replace it with --force."
        )


def require_packages(settings: TrainSettings) -> None:
    """Refuse a method whose packages are not installed.

    Raises:
        SettingsError: says what to install.
    """
    if missing := [name for name in ("trl", "datasets") if find_spec(name) is None]:
        raise SettingsError(
            f"--method {settings.method} trains with {listed(missing)}, which is not installed.",
            hint="Install it: pip install 'annotation-judgekit[generative]'",
        )


def _check_settings(data: Dataset, settings: TrainSettings, *, is_sharded: bool) -> None:
    """Refuse what the launcher or the dataset does not allow, before a backbone is looked for."""
    if is_sharded and settings.load_in_4bit:
        raise SettingsError(
            "FSDP splits matrices by their rows, and weights in 4 bits have none.",
            hint="Omit --load-in-4bit, or launch with --multi_gpu instead of --use_fsdp.",
        )
    if settings.is_generative and settings.stage != "none":
        require_packages(settings)
    if settings.annotator_weights:
        named_annotations(data, split_parts(data.items, settings) == "train")
    if settings.swap:
        require_mirror(data.template.fields, data.items.labels, option="--swap")
