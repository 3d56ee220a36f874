"""The settings of `judgekit export`."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.choices import Dtype, ExportFormat
from judgekit.config.scoring import ScoreSettings
from judgekit.config.settings import Settings, setting


@dataclass(frozen=True, kw_only=True)
class ExportSettings(Settings):
    """Settings of `judgekit export`.

    Examples:
        >>> export(merged="rounded", settings=ExportSettings(dtype="bfloat16", device="cpu")).dtype
        'bfloat16'
    """

    format: ExportFormat = setting(
        "merged",
        "Write weights that transformers reads (merged), of an encoder also a CrossEncoder of sentence-transformers, "
        "or one graph of the whole judge for ONNX Runtime or OpenVINO.",
    )
    tolerance: float | None = setting(
        None, "Accept this shift of a probability (default: 0.0001 for weights in float32, else 0.01).", gt=0, le=1
    )
    backbone: str | None = setting(None, "Where the judge's backbone is now, if it was moved.", metavar="FOLDER")
    dtype: Dtype = setting("auto", "Save the weights in this number format; auto is the backbone's own.")
    batch_size: int = setting(ScoreSettings.batch_size, "Items of the check per forward pass.", ge=1)
    trust_remote_code: bool = setting(False, "Run code that comes with the model.", runs_code=True)
    device: str = setting("auto", "Merge and check on auto, cpu, cuda, cuda:1, mps …", metavar="DEVICE")

    @property
    def is_graph(self) -> bool:
        """Whether one graph of the whole judge is written."""
        return self.format in ("onnx", "openvino")

    def cross_problems(self) -> list[str]:
        """A number format that a graph is not written in."""
        if self.is_graph and self.dtype == "bfloat16":
            return [
                f"dtype is bfloat16; the format {self.format} is written in float32, its engine may compute in less"
            ]
        return super().cross_problems()
