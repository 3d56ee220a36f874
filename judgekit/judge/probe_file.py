"""The probe of a judge: its file in the judge's folder, and the probe in memory with the backbone that it reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file

from judgekit.core.distributions import FloatArray
from judgekit.core.probe import Probe
from judgekit.errors import BackboneError
from judgekit.judge.manifest import PROBE_FILE, JudgeManifest, ProbeFacts
from judgekit.models.backbones import Backbone
from judgekit.models.frozen_causal import FrozenCausal, states_of
from judgekit.models.reader import LabelReader
from judgekit.models.readers import load_frozen
from judgekit.models.saved_adapter import RESTORE, damaged, tensor_shapes
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.features import FeaturePlan, read_features

if TYPE_CHECKING:  # with it comes what trains
    from judgekit.training.weighing import KnownBefore


class LoadedProbe(NamedTuple):
    """A probe in memory."""

    plan: FeaturePlan
    probe: Probe
    reader: LabelReader
    """Of the backbone as it is."""

    def log_q(
        self,
        items: Sequence[Mapping[str, str]],
        prompts: TokenizedPrompts,
        *,
        on_batch: Callable[[int], None] | None = None,
    ) -> FloatArray:
        """Log of the distributions that it predicts of items, `[N, K]`.

        Args:
            items: column name -> text of each.
            prompts: whose tokenizer makes tokens of the texts.
            on_batch: called after each batch with the number of texts done in it.
        """
        return self.probe.log_q(self.features(items, prompts, on_batch=on_batch))

    def features(
        self,
        items: Sequence[Mapping[str, str]],
        prompts: TokenizedPrompts,
        *,
        on_batch: Callable[[int], None] | None = None,
    ) -> NDArray[np.float32]:
        """What it reads of items, `[N, D]`; arguments as of `log_q`."""
        return read_features(self.plan, self.reader, prompts, items, on_batch=on_batch)


def probe_facts(known: KnownBefore | None) -> ProbeFacts | None:
    """What the manifest says of a probe."""
    if known is None:
        return None
    penalty = known.penalty if np.isfinite(known.penalty) else None
    return ProbeFacts(**known.plan._asdict(), penalty=penalty)


def save_probe(known: KnownBefore, folder: Path) -> None:
    """Write a probe into a judge's folder, as float32."""
    tensors = {"weight": known.probe.weight, "bias": known.probe.bias}
    save_file({name: torch.from_numpy(one).float().contiguous() for name, one in tensors.items()}, folder / PROBE_FILE)


def load_probe(
    folder: Path, manifest: JudgeManifest, backbone: Backbone, judge: LabelReader, *, dtype: torch.dtype
) -> LoadedProbe | None:
    """The probe of a judge with the backbone as it is; None where the judge has none.

    Args:
        folder: of the judge.
        manifest: of the judge.
        backbone: of the judge.
        judge: in memory; of a causal LM it is read without its adapter, as one copy of such a model is large enough.
        dtype: number format of an encoder's matrix products.

    Raises:
        WorkspaceError: its file is damaged.
        BackboneError: it does not fit the backbone.
    """
    if manifest.probe is None:
        return None
    path, labels = folder / PROBE_FILE, len(manifest.labels)
    shapes = tensor_shapes(path)
    wide = (*shapes.get("weight", ()), 0)[0]
    if shapes != {"weight": (wide, labels), "bias": (labels,)}:
        raise damaged(path, [f"a weight [features, {labels}] and a bias [{labels}] are expected, not {shapes}"])
    plan = FeaturePlan(manifest.probe.fields, manifest.probe.pairs, manifest.probe.layers)
    reader, hidden = _frozen(plan, backbone, judge, dtype)
    if hidden * plan.width != wide:
        raise BackboneError(
            f"The probe in {path} reads {wide:,} numbers; {backbone.name} gives {plan.width} times {hidden:,}.",
            hint=RESTORE,
        )
    tensors = {name: one.double().numpy() for name, one in load_file(path).items()}
    return LoadedProbe(plan, Probe(tensors["weight"], tensors["bias"]), reader)


def _frozen(plan: FeaturePlan, backbone: Backbone, judge: Any, dtype: torch.dtype) -> tuple[LabelReader, int]:
    """What reads a backbone as it is, and how many numbers it gives of a text: 0 where it lacks a layer."""
    if plan.reads_prompts:
        last, hidden = states_of(judge)
        return FrozenCausal(judge, plan.layers, is_trained=True), hidden if plan.layers[-1] <= last else 0
    reader = load_frozen(backbone, plan.layers, judge.device, dtype)
    return (judge, 0) if reader is None else (reader, reader.backbone.config.hidden_size)
