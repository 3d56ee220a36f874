"""What the manifest of a freshly trained judge says: all that scoring needs, and what computed it."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import torch

from judgekit.dataset.opening import Dataset
from judgekit.judge.judge_files import hash_files
from judgekit.judge.loading import tokens_of_example
from judgekit.judge.manifest import (
    AnnotatorWeights,
    JudgeManifest,
    Machine,
    PartSizes,
    ResolvedSettings,
    TrainedOn,
    TrainingMetrics,
)
from judgekit.judge.probe_file import probe_facts
from judgekit.training.assembly import Training
from judgekit.training.weighing import Trained
from judgekit.version import __version__
from judgekit.workspace.manifest import now

_PACKAGES = ("torch", "transformers", "peft", "tokenizers", "numpy", "polars")


def judge_manifest(dataset: Dataset, training: Training, trained: Trained, *, folder: Path, run: str) -> JudgeManifest:
    """What the manifest of a finished training says of it and of the files in the judge's folder."""
    items, setup, data = dataset.items, training.setup, training.data
    annotations = int(items.counts.sum())
    return JudgeManifest(
        created=now(),
        dataset=TrainedOn(name=dataset.name, content_hash=dataset.content_hash, annotations=annotations),
        labels=items.labels,
        scale=items.scale,
        values=items.values,
        verbalizer=setup.verbalizer,
        chat=setup.prompts.frame,
        fields=dataset.template.fields,
        columns=dataset.schema.as_roles(),
        max_length=setup.prompts.max_length,
        class_prior=tuple(data.prior.tolist()),
        target_strength=data.strength,
        annotator_weights=None if data.weights is None else AnnotatorWeights.from_json(data.weights._asdict()),
        calibration=trained.calibration,
        alone=trained.alone,
        probe=probe_facts(trained.known),
        method=training.settings.method,
        answer=setup.answer,
        backbone=setup.backbone.identity,
        settings=training.settings,
        resolved=ResolvedSettings(learning_rate=training.loop.learning_rate, epochs=training.loop.epochs),
        items=PartSizes.from_json(data.sizes),
        machine=describe_machine(setup.device, setup.dtype),
        metrics=TrainingMetrics(
            validation_kl=trained.validation_kl,
            validation_prior_kl=data.validation_prior_kl,
            best_step=trained.state.best_step,
            label_mass=trained.label_mass,
            parsed=trained.parsed,
        ),
        run=run,
        files=hash_files(folder, setup.backbone.kind, probe=trained.known is not None),
        tokens=tokens_of_example(setup.prompts),
    )


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
