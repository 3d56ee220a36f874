"""Which backbone is used, and in what form it is loaded."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Dtype, ModelKind
from judgekit.config.settings import Settings, setting

_MORE = "Further settings (model)"


@dataclass(frozen=True, kw_only=True)
class ModelSettings(Settings):
    """Settings of the backbone."""

    backbone: str = setting(
        "starter",
        "Pretrained model: starter, starter-lm, a local folder, or an id on the Hugging Face hub.",
        metavar="MODEL",
    )
    revision: str | None = setting(
        None, "Branch, tag or commit of a hub model (default: its main branch).", metavar="NAME", panel=_MORE
    )
    model_kind: ModelKind = setting(
        "auto",
        "Read the backbone as an encoder with a label head, or as a causal LM at its label tokens.",
        panel=_MORE,
    )
    trust_remote_code: bool = setting(False, "Run code that comes with the model.", panel=_MORE, runs_code=True)
    load_in_4bit: bool = setting(
        False, "Keep the frozen weights of a causal LM in 4 bits (NF4, double quantisation).", panel=_MORE
    )
    gradient_checkpointing: bool | None = setting(
        None, "Compute activations twice instead of keeping them (default: where memory is short).", panel=_MORE
    )
    max_length: int = setting(512, "Most tokens of one item; longer texts lose their middle.", ge=8)
    dtype: Dtype = setting(
        "auto", "Compute in this number format; auto is bfloat16 where the hardware has it.", panel=_MORE
    )
    device: str = setting("auto", "Compute on auto, cpu, cuda, cuda:1, mps …", metavar="DEVICE", panel=_MORE)
