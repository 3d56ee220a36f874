"""A judge on disk: writing one, and opening one with everything that scoring needs."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit import __version__
from judgekit.config import Dtype, ModelKind
from judgekit.core.calibration import apply_temperature
from judgekit.errors import BackboneError
from judgekit.models.base import JudgeModel
from judgekit.models.loading import Backbone, choose_device, choose_dtype, find_backbone, load_judge, load_tokenizer
from judgekit.pipelines.reporter import Reporter
from judgekit.prompts.template import PromptTemplate
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.predict import predict_logits
from judgekit.workspace.store import Entry

ADAPTER_FOLDER = "adapter"
TEMPLATE_FILE = "template.j2"
LOG_FILE = "log.jsonl"

_PACKAGES = ("torch", "transformers", "peft", "tokenizers", "numpy", "polars")


class Predictions(NamedTuple):
    """What a judge says about N items."""

    q: NDArray[np.float64]
    """Predicted distributions, calibrated, `[N, K]`."""
    is_truncated: NDArray[np.bool_]
    """Whether an item's texts were shortened, `[N]`."""


class Judge(NamedTuple):
    """A trained judge, loaded."""

    name: str
    manifest: dict[str, Any]
    labels: tuple[str, ...]
    values: tuple[float, ...]
    """The numbers of ordinal labels; empty on a nominal scale."""
    template: PromptTemplate
    model: JudgeModel
    prompts: TokenizedPrompts
    temperature: float

    def predict(self, items: Sequence[Mapping[str, str]], *, batch_size: int, reporter: Reporter) -> Predictions:
        """Predicted distributions of items, in their order.

        Args:
            items: column name -> text of each item.
            batch_size: most items per forward pass.
            reporter: told about progress.
        """
        encoded = self.prompts.encode(items)
        done = 0

        def on_batch(size: int) -> None:
            nonlocal done
            done += size
            reporter.items(done, len(items))

        logits = predict_logits(self.model, encoded, batch_size=batch_size, on_batch=on_batch)
        return Predictions(apply_temperature(logits, self.temperature), encoded.is_truncated)


def open_judge(entry: Entry, *, dtype: Dtype, device: str, offline: bool) -> Judge:
    """Load a judge from its folder; needs no dataset.

    Raises:
        BackboneError: the backbone is not there, or its weights are not the ones the judge was trained on.
    """
    manifest = entry.manifest
    stored = manifest["backbone"]
    # A hub model is asked for at the commit it was trained at, not at the branch that has moved since.
    revision = None if stored["name"] == "starter" else stored["revision"]
    backbone = find_backbone(stored["name"], revision, kind=ModelKind(stored["kind"]), offline=offline)
    if backbone.sha256 != stored["sha256"]:
        raise BackboneError(
            f"The weights of {backbone.name} in {backbone.folder} have changed since the judge {entry.name!r} was "
            f"trained (SHA-256 {backbone.sha256[:12]}…, then {stored['sha256'][:12]}…).",
            hint="Restore the backbone, or train again.",
        )
    chosen = choose_device(device)
    template = PromptTemplate.from_file(entry.path / TEMPLATE_FILE)
    labels = tuple(manifest["labels"])
    model = load_judge(
        backbone,
        entry.path / ADAPTER_FOLDER,
        label_ids=manifest["label_token_ids"],
        device=chosen,
        dtype=choose_dtype(dtype, chosen),
    )
    prompts = TokenizedPrompts(
        template,
        labels,
        load_tokenizer(backbone),
        for_encoder=backbone.kind is ModelKind.encoder,
        max_length=manifest["max_length"],
    )
    return Judge(
        entry.name, manifest, labels, tuple(manifest["values"]), template, model, prompts, manifest["temperature"]
    )


def describe_backbone(backbone: Backbone) -> dict[str, Any]:
    """What identifies a backbone, for the manifest."""
    return {
        "name": backbone.name,
        "revision": backbone.revision,
        "sha256": backbone.sha256,
        "kind": backbone.kind.value,
    }


def describe_machine(device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    """What computed a judge: packages and hardware, nothing personal."""
    accelerator = torch.cuda.get_device_name(device) if device.type == "cuda" else device.type
    return {
        "judgekit": __version__,
        "python": platform.python_version(),
        "packages": {name: version(name) for name in _PACKAGES},
        "system": f"{platform.system()} {platform.machine()}",
        "device": accelerator,
        "threads": torch.get_num_threads(),
        "dtype": str(dtype).removeprefix("torch."),
    }
