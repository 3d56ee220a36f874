"""The settings of `judgekit export`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Dtype
from judgekit.config.scoring import ScoreSettings
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class ExportSettings(Settings):
    """Settings of `judgekit export`.

    Examples:
        >>> export(merged="rounded", settings=ExportSettings(dtype="bfloat16", device="cpu")).dtype
        'bfloat16'
    """

    tolerance: float | None = setting(
        None, "Accept this shift of a probability (default: 0.0001 for weights in float32, else 0.01).", gt=0, le=1
    )
    backbone: str | None = setting(None, "Where the judge's backbone is now, if it was moved.", metavar="FOLDER")
    dtype: Dtype = setting("auto", "Save the weights in this number format; auto is the backbone's own.")
    batch_size: int = setting(ScoreSettings.batch_size, "Items of the check per forward pass.", ge=1)
    trust_remote_code: bool = setting(False, "Run code that comes with the model.", runs_code=True)
    device: str = setting("auto", "Merge and check on auto, cpu, cuda, cuda:1, mps …", metavar="DEVICE")
