"""Which items are for what, and which state of a training is kept."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Keep, Split
from judgekit.config.settings import Settings, setting

_MORE = "Further settings (split and checkpoint)"


@dataclass(frozen=True, kw_only=True)
class SelectionSettings(Settings):
    """Settings of the split and of the checkpoint that is kept."""

    evaluations: int = setting(8, "Measure the validation KL this often in a whole training.", ge=1, panel=_MORE)
    patience: int = setting(3, "Stop after this many evaluations without a better validation KL.", ge=1, panel=_MORE)
    keep: Keep = setting("best", "Keep the adapter with the best validation KL, or the last one.", panel=_MORE)
    split: Split = setting(
        "auto", "Use the split that came with the data if there is one (auto), or a random one.", panel=_MORE
    )
    train_share: float = setting(0.8, "Share of the items to train on.", gt=0, lt=1, panel=_MORE)
    validation_share: float = setting(
        0.1, "Share of the items to choose the checkpoint on; the rest is the test part.", gt=0, lt=1, panel=_MORE
    )
    folds: int | None = setting(
        None,
        "Train so many judges first, each without a part of the items, which it then predicts: from that follow the "
        "number of steps, the calibration and an evaluation on all items (default, for an encoder: 5 below 2,000 "
        "items, 2 below 20,000; else 0, none).",
        ge=0,
        le=20,
    )
    probe: bool = setting(
        True,
        "Fit a linear probe on the untrained backbone, and combine it with the judge if that helps.",
        panel=_MORE,
    )
    quick: bool = setting(False, "Fit the probe alone, without fine-tuning: a first judge in seconds.")
    calibrate: bool = setting(True, "Weigh judge, probe and label shares by what held-out items show.", panel=_MORE)
    split_seed: int | None = setting(None, "Seed of the split alone (default: --seed).", ge=0, panel=_MORE)
