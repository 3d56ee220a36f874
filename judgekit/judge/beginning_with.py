"""A training that begins with the adapter of a judge that is there, as reinforcement learning does after SFT."""

from __future__ import annotations

import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file

from judgekit.config import TrainSettings
from judgekit.errors import SettingsError
from judgekit.judge.judge_files import check_files
from judgekit.judge.manifest import ADAPTER_FOLDER, JUDGES, JudgeManifest
from judgekit.training.assembly import Training
from judgekit.training.decisions import lora_settings
from judgekit.training.run_folder import INITIAL_FILE
from judgekit.workspace.atomic import replaced_file
from judgekit.workspace.store import Workspace

_WEIGHTS_FILE = "adapter_model.safetensors"


@torch.no_grad()
def begin_with(place: Workspace, judge: str, training: Training, folder: Path) -> None:
    """Give a fresh model the adapter of a judge; the run keeps a copy, so that it is resumed with the same.

    Args:
        place: the workspace with the judge.
        judge: its name.
        training: its model is changed.
        folder: of the run.

    Raises:
        SettingsError: the judge is of another method, backbone, label set or shape.
        WorkspaceError: there is no such judge, or it is damaged.
    """
    kept = folder / INITIAL_FILE
    if not kept.is_file():
        entry = place.open(JUDGES, judge)
        _check(judge, entry.manifest, training)
        check_files(entry)
        with replaced_file(kept) as path:
            shutil.copyfile(entry.path / ADAPTER_FOLDER / _WEIGHTS_FILE, path)
    weights = load_file(kept)
    own = {name.replace(".default.", "."): one for name, one in training.model.trainable().items()}
    if {name: one.shape for name, one in weights.items()} != {name: one.shape for name, one in own.items()}:
        raise SettingsError(
            f"The adapter of the judge {judge!r} has another shape than this training's.",
            hint="Give --lora-r, --lora-alpha and --target-modules as it was trained with.",
        )
    for name, parameter in own.items():
        parameter.copy_(weights[name])


def _check(judge: str, found: JudgeManifest, training: Training) -> None:
    setup, settings = training.setup, training.settings
    pairs = {
        "the method": (found.method, settings.method),
        "the backbone": (found.backbone.sha256, setup.backbone.sha256),
        "the labels": (found.labels, setup.prompts.labels),
        "what it is asked to write": tuple(one and one._replace(judgments=0) for one in (found.answer, setup.answer)),
        "the scale of its adapter": (_scale(found.settings), _scale(settings)),
    }
    if differs := [words for words, (its, own) in pairs.items() if its != own]:
        raise SettingsError(
            f"--begin-with {judge}: that judge differs from this training:",
            problems=differs,
            hint="Train with its settings, or begin with another judge.",
        )


def _scale(settings: TrainSettings) -> float:
    lora = lora_settings(settings, "causal")
    return lora.alpha / lora.rank
