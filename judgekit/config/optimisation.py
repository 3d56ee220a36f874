"""How a judge is trained: steps, learning rate, LoRA matrices."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Optimizer
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class OptimisationSettings(Settings):
    """Settings of the optimiser and of the LoRA matrices."""

    epochs: int | None = setting(
        None, "Passes over the training items (default: 3, more on small datasets).", ge=1, panel="Optimisation"
    )
    batch_size: int = setting(32, "Items per optimiser step.", ge=1, panel="Optimisation")
    micro_batch_size: int | None = setting(
        None, "Items per forward pass (default: the batch size); fewer need less memory.", ge=1, panel="Optimisation"
    )
    learning_rate: float | None = setting(
        None, "Peak learning rate (default: by model kind).", gt=0, panel="Optimisation"
    )
    optimizer: Optimizer = setting(
        Optimizer.adamw, "adamw, or paged: AdamW of bitsandbytes in paged memory, on CUDA.", panel="Optimisation"
    )
    weight_decay: float = setting(0.01, "Weight decay of AdamW.", ge=0, panel="Optimisation")
    warmup: float = setting(0.06, "Share of the steps with a rising learning rate.", ge=0, lt=1, panel="Optimisation")
    averaging: float = setting(
        0.99,
        "Decay of the running mean of the weights, which is evaluated and kept; 0 keeps the weights themselves.",
        ge=0,
        lt=1,
        panel="Optimisation",
    )
    seed: int = setting(0, "Seed of split, initial weights, batches and dropout.", ge=0, panel="Optimisation")
    lora_r: int = setting(16, "Rank of the LoRA matrices.", ge=1, panel="LoRA")
    lora_alpha: int | None = setting(
        None, "The update is scaled by lora_alpha / lora_r (default: twice lora_r).", ge=1, panel="LoRA"
    )
    lora_dropout: float = setting(0.0, "Dropout before the LoRA matrices.", ge=0, lt=1, panel="LoRA")
    target_modules: tuple[str, ...] = setting(
        ("auto",), "Layers that get LoRA matrices, by the end of their names; auto: every linear layer.", panel="LoRA"
    )
