"""Which engine computes a judge's forward passes."""

from __future__ import annotations

from importlib.util import find_spec

from judgekit.config import LoadSettings
from judgekit.config.choices import Engine
from judgekit.errors import SettingsError
from judgekit.judge.manifest import JudgeManifest
from judgekit.models.devices import choose_device

MANY_ITEMS = 20_000
"""From here on writing and compiling a graph, which take about ten seconds, are worth it."""


def choose_engine(settings: LoadSettings, manifest: JudgeManifest, *, items: int) -> Engine:
    """The engine of some items: torch or openvino, by nothing that changes from run to run.

    Whoever scores with Ray gives the engine of its workers.

    Args:
        settings: how the judge is loaded.
        manifest: of the judge.
        items: how many are to be read; 0 where that is not known.

    Raises:
        SettingsError: Ray is asked for, or OpenVINO, and that computes no such judge.
    """
    if settings.engine == "torch" or (settings.engine == "auto" and items < MANY_ITEMS):
        return "torch"
    if settings.engine == "ray":
        raise SettingsError(
            "--engine ray is for `judgekit score` with a file.", hint="Use --engine auto, or score a file."
        )
    is_encoder, on_cpu = manifest.backbone.kind == "encoder", choose_device(settings.device).type == "cpu"
    if settings.engine == "openvino" and not (is_encoder and on_cpu):
        raise SettingsError(
            "--engine openvino computes judges on encoders, on the CPU."
            + ("" if is_encoder else " This judge is a causal LM.")
            + ("" if on_cpu else f" The device is {choose_device(settings.device)}."),
            hint="Use --engine torch" + (" or --device cpu." if is_encoder else "."),
        )
    if settings.engine == "openvino":
        return "openvino"
    is_there = all(find_spec(name) is not None for name in ("openvino", "onnx"))
    return "openvino" if is_encoder and on_cpu and is_there else "torch"
