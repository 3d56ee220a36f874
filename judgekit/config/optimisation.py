"""How a judge is trained: steps, learning rate, LoRA matrices."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Optimizer
from judgekit.config.settings import Settings, setting

_MORE, _LORA = "Further settings (optimisation)", "Further settings (LoRA)"


@dataclass(frozen=True, kw_only=True)
class OptimisationSettings(Settings):
    """Settings of the optimiser and of the LoRA matrices."""

    epochs: int | None = setting(None, "Passes over the training items (default: 3, more on small datasets).", ge=1)
    batch_size: int = setting(32, "Items per optimiser step.", ge=1)
    micro_batch_size: int | None = setting(
        None, "Items per forward pass (default: the batch size); fewer need less memory.", ge=1, panel=_MORE
    )
    learning_rate: float | None = setting(None, "Highest learning rate (default: by the kind of model).", gt=0)
    optimizer: Optimizer = setting("adamw", "AdamW, or AdamW in paged memory (bitsandbytes, CUDA only).", panel=_MORE)
    weight_decay: float = setting(0.01, "Weight decay of AdamW.", ge=0, panel=_MORE)
    warmup: float = setting(0.06, "Share of the steps in which the learning rate rises.", ge=0, lt=1, panel=_MORE)
    averaging: float = setting(
        0.99,
        "Decay of the running mean of the weights, which is evaluated and kept; 0 keeps the weights themselves.",
        ge=0,
        lt=1,
        panel=_MORE,
    )
    seed: int = setting(0, "Seed of split, initial weights, batches and dropout.", ge=0)
    lora_r: int = setting(16, "Rank of the LoRA matrices.", ge=1, panel=_LORA)
    lora_alpha: int | None = setting(
        None, "Scale the update by lora_alpha / lora_r (default: twice lora_r).", ge=1, panel=_LORA
    )
    lora_dropout: float | None = setting(
        None, "Dropout before the LoRA matrices (default: 0.1 for an encoder, else 0).", ge=0, lt=1, panel=_LORA
    )
    target_modules: tuple[str, ...] = setting(
        ("auto",),
        "Put LoRA matrices on the layers whose names end like this; auto: on all linear layers. Repeat it for several.",
        metavar="NAME",
        panel=_LORA,
    )
