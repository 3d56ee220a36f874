"""The code in the card of a judge that was written as a graph: numpy, tokenizers, jinja2 and one engine, no torch."""

from __future__ import annotations

from judgekit.judge.manifest import ExportManifest
from judgekit.models.graph import OF_TEXTS, PROBABILITIES
from judgekit.models.graph_session import ONNX_FILE, OPENVINO_FILE

_READ = """\
import json
from pathlib import Path

import numpy as np
import {engine}
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from tokenizers import Tokenizer

folder = Path(".")  # where this card lies
facts = json.loads((folder / "judgekit.json").read_text(encoding="utf-8"))
tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
tokenizer.no_truncation()
tokenizer.enable_padding(pad_id=facts["pad_id"])
{open}
environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
template = environment.from_string((folder / "template.j2").read_text(encoding="utf-8"))


def segments(item: dict[str, str]):
    values = {{**item, "item": item, "labels": facts["shown_labels"], "codes": [], "sep": "\\ufdd0"}}
    text = "".join(template.blocks["encoder"](template.new_context(values)))
    first, *rest = (part.strip() for part in text.split("\\ufdd0"))
    return (first, facts["separator"].join(rest)) if rest else first


def tensors(texts: list, prefix: str) -> dict[str, np.ndarray]:
    found = tokenizer.encode_batch(texts)
    parts = {{
        "input_ids": [one.ids for one in found],
        "attention_mask": [one.attention_mask for one in found],
        "token_type_ids": [one.type_ids for one in found],
    }}
    return {{prefix + name: np.array(rows, np.int64) for name, rows in parts.items() if prefix + name in inputs}}


def distributions(items: list[dict[str, str]]) -> list[dict[str, float]]:
{given}
    found = {run}
    return [dict(zip(facts["labels"], row.tolist())) for row in found]


def distribution(item: dict[str, str]) -> dict[str, float]:
    return distributions([item])[0]
"""
_ENGINES = {
    "onnx": (
        "onnxruntime",
        f'session = onnxruntime.InferenceSession(str(folder / "{ONNX_FILE}"), providers=["CPUExecutionProvider"])\n'
        "inputs = [one.name for one in session.get_inputs()]",
        f'session.run(["{PROBABILITIES}"], given)[0]',
    ),
    "openvino": (
        "openvino",
        '# "f32" agrees with `judgekit score --dtype float32`; without it a CPU may compute in bfloat16, faster.\n'
        f'model = openvino.Core().compile_model(str(folder / "{OPENVINO_FILE}"), "CPU", '
        '{"INFERENCE_PRECISION_HINT": "f32"})\n'
        "inputs = [one.any_name for one in model.inputs]",
        f'model(given)["{PROBABILITIES}"]',
    ),
}
_PROMPTS = '    given = tensors([segments(item) for item in items], "")'
# The texts of the first column of all items, then of the second, and so on.
_TEXTS = (
    'tensors([item[field] for field in facts["probe_fields"] for item in items], '
    f'"{OF_TEXTS}")  # the columns by themselves, one after the other'
)


def graph_code(export: ExportManifest) -> str:
    """Python that defines `distributions(items)` and `distribution(item)`, run in the exported folder."""
    engine, opening, run = _ENGINES[export.format]
    given = f"{_PROMPTS}\n    given |= {_TEXTS}" if export.probe_fields else _PROMPTS
    return _READ.format(engine=engine, open=opening, given=given, run=run)
