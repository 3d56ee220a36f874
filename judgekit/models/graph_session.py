"""A graph that was written, run by its engine: ONNX Runtime or OpenVINO, each an extra."""

# The extras may be missing where types are checked.
# pyright: reportMissingImports=false

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.errors import BackboneError, SettingsError
from judgekit.models.backbones import Backbone, read_config
from judgekit.models.graph import PROBABILITIES
from judgekit.models.tokenizer import load_tokenizer
from judgekit.wording import first_line
from judgekit.workspace.manifest import write_json

GraphFormat = Literal["onnx", "openvino"]
ONNX_FILE = "model.onnx"
OPENVINO_FILE = "openvino_model.xml"
_PACKAGES = {"onnx": "onnxruntime", "openvino": "openvino"}


class GraphSession(NamedTuple):
    """A graph in memory."""

    inputs: tuple[str, ...]
    """The names of what it takes."""
    run: Callable[[Mapping[str, NDArray[np.int64]]], NDArray[np.float32]]
    """From tensors by name to distributions, `[B, K]`.

    Raises:
        BackboneError: the engine cannot compute it.
    """


def require_engine(name: GraphFormat) -> Any:
    """The package that runs such graphs.

    Raises:
        SettingsError: it is not installed, or what writes them.
    """
    try:
        import onnx  # noqa: F401  # of the extra, as the others; torch writes no graph without it

        if name == "openvino":
            import openvino  # an extra

            return openvino
        import onnxruntime  # an extra

        return onnxruntime
    except ImportError as error:
        raise SettingsError(
            f"This needs the packages onnx and {_PACKAGES[name]}, and one of them is not installed.",
            hint=f"Install the extra: pip install 'annotation-judgekit[{name}]'",
        ) from error


def to_openvino(onnx: Path, folder: Path) -> None:
    """Write an ONNX file as OpenVINO's own format, in the same number format."""
    openvino = require_engine("openvino")
    openvino.save_model(openvino.Core().read_model(str(onnx)), str(folder / OPENVINO_FILE), compress_to_fp16=False)


def write_beside(backbone: Backbone, labels: Sequence[str], folder: Path) -> None:
    """Write what stands beside a graph: the tokenizer, the backbone's config with names for the labels, its licence."""
    load_tokenizer(backbone).save_pretrained(str(folder))
    names = {
        "id2label": {str(n): label for n, label in enumerate(labels)},
        "label2id": {label: n for n, label in enumerate(labels)},
    }
    write_json(folder / "config.json", {**read_config(backbone.folder), **names})
    for pattern in ("LICENSE*", "NOTICE*"):
        for path in backbone.folder.glob(pattern):
            shutil.copyfile(path, folder / path.name)


def open_graph(folder: Path, format_: GraphFormat) -> GraphSession:
    """The graph that a folder holds, computed on the CPU in float32.

    Raises:
        BackboneError: the engine cannot read it.
        SettingsError: the engine is not installed.
    """
    return _open_onnx(folder / ONNX_FILE) if format_ == "onnx" else _open_openvino(folder / OPENVINO_FILE)


def _open_onnx(path: Path) -> GraphSession:
    onnxruntime = require_engine("onnx")
    state: Any = onnxruntime.capi.onnxruntime_pybind11_state  # its errors have no common base
    errors = (state.Fail, state.InvalidArgument, state.InvalidGraph, state.NotImplemented, state.RuntimeException)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # errors, which are raised as well
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except errors as error:
        raise _cannot("ONNX Runtime", error) from error

    def run(given: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        try:
            return session.run([PROBABILITIES], dict(given))[0]
        except errors as error:
            raise _cannot("ONNX Runtime", error) from error

    return GraphSession(tuple(one.name for one in session.get_inputs()), run)


def _open_openvino(path: Path) -> GraphSession:
    openvino = require_engine("openvino")
    try:
        compiled = openvino.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    except RuntimeError as error:
        raise _cannot("OpenVINO", error) from error

    def run(given: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float32]:
        try:
            return compiled(dict(given))[PROBABILITIES].copy()
        except RuntimeError as error:
            raise _cannot("OpenVINO", error) from error

    return GraphSession(tuple(one.any_name for one in compiled.inputs), run)


def _cannot(engine: str, error: Exception) -> BackboneError:
    return BackboneError(
        f"{engine} cannot compute this judge's graph: {first_line(error)}",
        hint="Export it in another format, such as cross-encoder.",
    )
