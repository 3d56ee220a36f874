"""A judge as one model in the Hugging Face layout: merged, and checked against the judge by what both predict."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import ExportSettings, LoadSettings
from judgekit.config.choices import ExportFormat
from judgekit.core.calibration import Calibration
from judgekit.core.json_values import json_values
from judgekit.errors import BackboneError
from judgekit.judge.export_folder import FACTS_FILE
from judgekit.judge.export_sample import EXACT_TOLERANCE, ProbeGap, Sample, check_shift, predict_sample
from judgekit.judge.judge import TrainedJudge
from judgekit.judge.loading import (
    LoadedJudge,
    head_labels,
    judge_backbone,
    judge_prompts,
    judge_verbalizer,
    log_shares,
)
from judgekit.judge.manifest import ADAPTER_FOLDER, ExportManifest, JudgeManifest
from judgekit.models.loading import Backbone, check_4bit, choose_device, read_adapter
from judgekit.models.merged import load_merged, own_dtype, save_merged
from judgekit.training.reporter import Reporter
from judgekit.workspace.store import Entry

ROUNDED_TOLERANCE = 1e-2


class ExportResult(NamedTuple):
    """Where a judge was exported to, and what that changed.

    Examples:
        >>> exported = export("comments", merged="merged", device="cpu")
        >>> exported.dtype, "model.safetensors" in exported.files
        ('float32', True)
    """

    judge: str
    folder: Path
    files: dict[str, int]
    """Bytes of each file."""
    dtype: str
    """Number format of the weights."""
    sample: str
    """What was scored before and after, in words."""
    sample_items: int
    shift: dict[str, float]
    """Largest shift of a label's probability over the sample, by label."""
    tolerance: float
    format: ExportFormat = "merged"
    without_probe: ProbeGap | None = None
    """How far what was exported is from the judge, where that has a probe and the format holds none."""

    def to_json(self) -> dict[str, Any]:
        """The facts as JSON values."""
        return json_values(self)


class Merger(NamedTuple):
    """How a judge becomes one model: decided before any weights are loaded."""

    judge: TrainedJudge
    """In the number format of the weights to be, so that merging alone makes a difference."""
    device: torch.device
    dtype: torch.dtype
    """Of the saved weights."""
    tolerance: float
    """Largest shift of a probability that is accepted."""

    @property
    def keeps_probe(self) -> bool:
        """False: no file that these libraries read holds more than one model."""
        return False

    @property
    def was_4bit(self) -> bool:
        """Whether the judge was trained on weights in 4 bits, which are expanded."""
        return self.judge.manifest.settings.load_in_4bit

    def before(self, sample: Sample, settings: ExportSettings, reporter: Reporter) -> NDArray[np.float64]:
        """What the fine-tuned judge by itself says of the sample, `[N, K]`."""
        return predict_sample(self.judge.loaded.alone(self.judge.manifest.alone), sample, settings, reporter)

    def save(self, folder: Path) -> bool:
        """Write weights, config and tokenizer into a folder, and for an encoder the label head.

        Returns:
            Whether `pipeline("text-classification")` of plain transformers says what the judge says.

        Raises:
            BackboneError: the judge's backbone has changed.
            WorkspaceError: the judge is too old.
        """
        verbalizer = judge_verbalizer(self.judge.entry)
        return save_merged(
            self.judge.backbone,
            read_adapter(self.judge.folder / ADAPTER_FOLDER, labels=head_labels(self.judge.manifest)),
            folder,
            label_words=None if verbalizer is None else verbalizer.words,
            device=self.device,
            dtype=self.dtype,
            in_4bit=self.was_4bit,
            calibration=self.judge.manifest.alone,
            labels=self.judge.labels,
        )

    def shift(
        self, folder: Path, sample: Sample, before: NDArray[np.float64], settings: ExportSettings, reporter: Reporter
    ) -> dict[str, float]:
        """The largest shift of each label's probability over the sample.

        Args:
            folder: the written folder, from which alone the model is loaded.
            sample: the items.
            before: what the judge says of them, `[N, K]`.
            settings: of the export.
            reporter: gets progress.

        Raises:
            BackboneError: a shift is beyond the tolerance.
        """
        exported = load_exported(folder, self.device, trust_remote_code=settings.trust_remote_code)
        exact = "Weights in float32 should be exact" + (" up to the judge's 4 bits" if self.was_4bit else "")
        return check_shift(
            self.judge.labels, before, predict_sample(exported, sample, settings, reporter), self.tolerance,
            hint=f"{exact}. To accept the difference nevertheless, raise --tolerance."
            if self.dtype == torch.float32
            else "Save the weights with more digits (--dtype float32), or raise --tolerance.",
        )  # fmt: skip


def plan_merger(entry: Entry[JudgeManifest], settings: ExportSettings, *, offline: bool) -> Merger:
    """Decide on device, number format and tolerance.

    Raises:
        BackboneError: the backbone is not there, or nothing can be merged into it, or nothing was fine-tuned, or a
            causal LM is to be a CrossEncoder.
    """
    if settings.format == "cross-encoder" and entry.manifest.backbone.kind != "encoder":
        raise BackboneError(
            f"The judge {entry.name!r} is a causal LM; a CrossEncoder reads judges on encoders alone.",
            hint="Write weights for transformers and what reads them: judgekit export --merged FOLDER",
        )
    if entry.manifest.settings.quick:
        raise BackboneError(
            f"The judge {entry.name!r} was trained with --quick, which fits its probe and fine-tunes nothing: there is "
            f"no model for --format {settings.format}.",
            hint=f"Write the whole judge as a graph: judgekit export {shlex.quote(entry.name)} --format onnx -o FOLDER "
            "  or train it without --quick",
        )
    how: dict[str, Any] = {
        "backbone": settings.backbone,
        "trust_remote_code": settings.trust_remote_code,
        "device": settings.device,
    }
    device, backbone = choose_device(settings.device), judge_backbone(entry, LoadSettings(**how), offline=offline)
    was_4bit = entry.manifest.settings.load_in_4bit
    if was_4bit:
        check_4bit(backbone, device)
    own = own_dtype(backbone)
    dtype = own if settings.dtype == "auto" else getattr(torch, settings.dtype)
    format_ = "bfloat16" if dtype == torch.bfloat16 else "float32"
    judge = TrainedJudge(entry, settings=LoadSettings(**how, dtype=format_), offline=offline)
    is_exact = dtype == torch.float32 and not was_4bit
    tolerance = settings.tolerance or (EXACT_TOLERANCE if is_exact else ROUNDED_TOLERANCE)
    return Merger(judge, device, dtype, tolerance)


def load_exported(folder: Path, device: torch.device, *, trust_remote_code: bool) -> LoadedJudge:
    """The judge that an exported folder holds, from nothing but the folder."""
    written = ExportManifest.read(folder / FACTS_FILE)
    kind = written.backbone.kind
    assert kind != "endpoint"  # whose weights are elsewhere
    words = None if written.verbalizer is None else written.verbalizer.words
    reader = load_merged(folder, kind=kind, label_words=words, device=device, trust_remote_code=trust_remote_code)
    backbone = Backbone(str(folder), folder, None, kind, trust_remote_code)
    return LoadedJudge(
        reader,
        judge_prompts(folder, written, backbone),
        Calibration(written.temperature, bias=written.bias),
        log_shares(written),
    )
