"""The label head of a merged encoder, in the layout of sentence-transformers: a CrossEncoder gives its probabilities.

The families' own heads for sequence classification have another form: they read the first token, or put a layer that is
not linear between. So the folder says how it is read: the transformer, the mean of its hidden states, one linear layer,
which has the temperature and the bias in it. These are files alone: sentence-transformers need not be installed.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from judgekit.core.calibration import Calibration
from judgekit.workspace.atomic import write_text
from judgekit.workspace.manifest import write_json

POOLING, DENSE = "1_Pooling", "2_Dense"
HEAD_FILE = f"{DENSE}/model.safetensors"
# By their folders, as sentence-transformers names them from version 6 on; older ones draw a head at random.
_MODULES = {
    "": "sentence_transformers.base.modules.transformer.Transformer",
    POOLING: "sentence_transformers.sentence_transformer.modules.pooling.Pooling",
    DENSE: "sentence_transformers.base.modules.dense.Dense",
}
"""By their folders, as sentence-transformers names them from version 6 on; older ones draw a head at random."""


def calibrated(weight: Tensor, bias: Tensor, calibration: Calibration) -> tuple[Tensor, Tensor]:
    """A label head of which softmax of the logits is calibrated.

    Args:
        weight: `[K, H]`.
        bias: `[K]`.
        calibration: a temperature and a bias alone.
    """
    temperature = calibration.temperature or 1.0
    weight, bias = weight.detach().cpu() / temperature, bias.detach().cpu() / temperature
    return weight, bias + torch.tensor(calibration.bias) if calibration.bias else bias


def save_label_head(weight: Tensor, bias: Tensor, folder: Path) -> None:
    """Write a label head, `[K, H]` and `[K]`, into the folder of a merged encoder."""
    for name in (POOLING, DENSE):
        (folder / name).mkdir()
    save_file({"linear.weight": weight.contiguous(), "linear.bias": bias.contiguous()}, folder / HEAD_FILE)
    labels, hidden = weight.shape
    identity = "torch.nn.modules.linear.Identity"
    dense = {"in_features": hidden, "out_features": labels, "bias": True, "activation_function": identity,
             "module_input_name": "sentence_embedding", "module_output_name": "scores"}  # fmt: skip
    write_json(folder / DENSE / "config.json", dense)
    pooling = {"embedding_dimension": hidden, "pooling_mode": "mean", "include_prompt": True}
    write_json(folder / POOLING / "config.json", pooling)
    reading = {"method": "forward", "method_output_name": "last_hidden_state"}
    transformer = {"transformer_task": "feature-extraction", "modality_config": {"text": reading},
                   "module_output_name": "token_embeddings"}  # fmt: skip
    write_json(folder / "sentence_bert_config.json", transformer)
    whole = {"model_type": "CrossEncoder", "activation_fn": identity, "prompts": {}, "default_prompt_name": None}
    write_json(folder / "config_sentence_transformers.json", whole)
    modules = [
        {"idx": n, "name": str(n), "path": path, "type": type_} for n, (path, type_) in enumerate(_MODULES.items())
    ]
    write_text(folder / "modules.json", json.dumps(modules, indent=2) + "\n")


def read_label_head(folder: Path) -> dict[str, Tensor]:
    """The `weight` `[K, H]` and the `bias` `[K]` that `save_label_head` wrote."""
    return {name.removeprefix("linear."): one for name, one in load_file(folder / HEAD_FILE).items()}
