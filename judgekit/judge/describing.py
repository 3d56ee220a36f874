"""What the manifest of a freshly trained judge says: all that scoring needs, and what computed it."""

from __future__ import annotations

import platform
from importlib.metadata import version

import torch

from judgekit.config import TrainSettings
from judgekit.core.calibration import Calibration
from judgekit.dataset.opening import Dataset
from judgekit.judge.manifest import (
    AnnotatorWeights,
    JudgeManifest,
    Machine,
    PartSizes,
    ResolvedSettings,
    TrainedOn,
    TrainingMetrics,
)
from judgekit.models.identity import BackboneIdentity
from judgekit.models.loading import Backbone
from judgekit.training.loop import LoopSettings
from judgekit.training.setup import Setup
from judgekit.training.training_data import TrainingParts
from judgekit.version import __version__
from judgekit.workspace.manifest import now

_PACKAGES = ("torch", "transformers", "peft", "tokenizers", "numpy", "polars")


def judge_manifest(
    data: Dataset,
    setup: Setup,
    settings: TrainSettings,
    loop: LoopSettings,
    parts: TrainingParts,
    calibration: Calibration,
    metrics: TrainingMetrics,
    *,
    run: str,
) -> JudgeManifest:
    """What the manifest of a finished training says."""
    annotations = int(data.items.counts.sum())
    return JudgeManifest(
        created=now(),
        dataset=TrainedOn(name=data.name, content_hash=data.content_hash, annotations=annotations),
        labels=data.items.labels,
        scale=data.items.scale,
        values=data.items.values,
        verbalizer=setup.verbalizer,
        chat=setup.prompts.frame,
        fields=data.template.fields,
        columns=data.schema.as_roles(),
        max_length=setup.prompts.max_length,
        class_prior=tuple(parts.prior.tolist()),
        target_strength=parts.strength,
        annotator_weights=None if parts.weights is None else AnnotatorWeights.from_json(parts.weights),
        calibration=calibration,
        backbone=describe_backbone(setup.backbone),
        settings=settings,
        resolved=ResolvedSettings(learning_rate=loop.learning_rate, epochs=loop.epochs),
        items=PartSizes.from_json(parts.sizes),
        machine=describe_machine(setup.device, setup.dtype),
        metrics=metrics,
        run=run,
    )


def describe_backbone(backbone: Backbone) -> BackboneIdentity:
    """What identifies a backbone, for the manifest."""
    return BackboneIdentity(backbone.name, backbone.revision, backbone.sha256, backbone.kind)


def describe_machine(device: torch.device, dtype: torch.dtype) -> Machine:
    """What computes a judge: packages and hardware, nothing personal."""
    accelerator = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return Machine(
        judgekit=__version__,
        python=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
        system=f"{platform.system()} {platform.machine()}",
        device=accelerator,
        threads=torch.get_num_threads(),
        dtype=str(dtype).removeprefix("torch."),
    )
