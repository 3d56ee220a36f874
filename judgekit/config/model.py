"""Which backbone is used, and in what form it is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Dtype, ModelKind
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class ModelSettings(Settings):
    """Settings of the backbone."""

    backbone: str = setting(
        "starter", "Pretrained model: starter, a local folder, or a Hugging Face hub id.", panel="Model"
    )
    revision: str | None = setting(None, "Revision of a hub model (branch, tag or commit).", panel="Model")
    model_kind: ModelKind = setting(
        ModelKind.auto, "Encoder with a label head, or causal LM read at the label tokens.", panel="Model"
    )
    trust_remote_code: bool = setting(False, "Run code that comes with the model.", panel="Model")
    load_in_4bit: bool = setting(
        False, "Keep a causal LM's frozen weights in 4 bits (NF4, double quantisation).", panel="Model"
    )
    gradient_checkpointing: bool | None = setting(
        None, "Compute activations twice instead of keeping them (default: where memory is short).", panel="Model"
    )
    max_length: int = setting(512, "Most tokens of one item; longer texts lose their middle.", ge=8, panel="Model")
    dtype: Dtype = setting(Dtype.auto, "Number format; auto takes bfloat16 where the hardware has it.", panel="Model")
    device: str = setting("auto", "auto, cpu, cuda, cuda:1, mps …", panel="Model")
