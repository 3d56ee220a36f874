"""Which items are for what, and which state of a training is kept."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Keep, Split
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class SelectionSettings(Settings):
    """Settings of the split and of the checkpoint that is kept."""

    evaluations: int = setting(
        8, "How often the validation KL is taken in a whole training.", ge=1, panel="Split and checkpoint"
    )
    patience: int = setting(
        3, "Stop after so many evaluations without a better validation KL.", ge=1, panel="Split and checkpoint"
    )
    keep: Keep = setting(
        Keep.best, "Keep the adapter with the best validation KL, or the last one.", panel="Split and checkpoint"
    )
    split: Split = setting(
        Split.auto, "The split that came with the data, if any (auto), or a random one.", panel="Split and checkpoint"
    )
    train_share: float = setting(0.8, "Share of the items to train on.", gt=0, lt=1, panel="Split and checkpoint")
    validation_share: float = setting(
        0.1,
        "Share of the items to choose the checkpoint on; the rest is the test part.",
        gt=0,
        lt=1,
        panel="Split and checkpoint",
    )
    calibrate: bool = setting(
        True, "Fit one temperature on the validation part after training.", panel="Split and checkpoint"
    )
    split_seed: int | None = setting(
        None, "Seed of the split alone (default: the seed).", ge=0, panel="Split and checkpoint"
    )
