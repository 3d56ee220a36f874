"""An adapter that somebody saved, read as data: checked in full before a backbone is loaded for it.

Of PEFT's config only four fields are believed: rank, alpha, dropout and target modules. Whatever else it can say
(regular expressions, names of Python modules, other methods) must be as judgekit writes it. Shapes are read from the
head of the safetensors file, so that no memory is taken for what does not fit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from judgekit.errors import BackboneError, WorkspaceError
from judgekit.models.quiet import quiet_libraries
from judgekit.workspace.manifest import check_own_file, read_json

CONFIG_FILE = "adapter_config.json"
ADAPTER_FILE = "adapter_model.safetensors"  # PEFT's word, as the one above
HEAD_FILE = "head.safetensors"
MOST_RANK = 16_384
MOST_LAYERS = 100_000
MOST_NAME = 500
RESTORE = "Restore the judge from a copy, or train it again."

_LAYER_NAME = re.compile(r"[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")
_TENSOR = "base_model.model.{}.lora_{}.weight"
_TENSOR_NAME = re.compile(r"base_model\.model\.(.+)\.lora_([AB])\.weight")
_FORMATS = {"F64", "F32", "F16", "BF16"}
# What these say changes nothing here, as they are not read: who wrote the file, with which model, and how GPT-2's
# layers lie in memory, which PEFT sees for itself.
_NOT_READ = {"auto_mapping", "base_model_name_or_path", "inference_mode", "peft_version", "revision", "task_type",
             "init_lora_weights", "fan_in_fan_out", "megatron_core", "qalora_group_size"}  # fmt: skip
_READ = {"r", "lora_alpha", "lora_dropout", "target_modules"}
# All other fields of plain LoRA are empty.
_PLAIN = {"peft_type": "LORA", "bias": "none"}

Shapes = dict[str, tuple[int, ...]]


class SavedAdapter(NamedTuple):
    """LoRA matrices in a folder, and for an encoder the label head beside them."""

    folder: Path
    rank: int
    alpha: float
    dropout: float
    layers: dict[str, tuple[int, int]]
    """Inputs and outputs of each linear layer that has matrices, by its full name."""
    head: tuple[int, int] | None
    """Labels K and hidden size H of the label head; None for a causal LM."""

    @property
    def scale(self) -> float:
        """What the update is multiplied by."""
        return self.alpha / self.rank

    def check_fits(self, modules: Mapping[str, tuple[int, int] | None], *, hidden_size: int, family: str) -> None:
        """Compare the matrices with the layers of a backbone.

        Args:
            modules: every module of it, by name; inputs and outputs of the linear layers, None for the others.
            hidden_size: of its hidden states.
            family: its name, for messages.

        Raises:
            BackboneError: the backbone lacks a layer, or has it with another shape; or its hidden size is another.
        """
        problems = [
            f"{name}: {_shown(wanted)} in the adapter, {_shown(found) if found else 'no linear layer'} in the backbone"
            for name, wanted in self.layers.items()
            if (found := modules.get(name)) != wanted
        ]
        problems += [
            f"{name}: so the backbone's {other} ends too, which has no matrices"
            for other in modules.keys() - self.layers.keys()
            for name in _ends(other)
            if name in self.layers
        ]
        if self.head and self.head[1] != hidden_size:
            problems.append(
                f"{HEAD_FILE}: a label head for {self.head[1]:,} numbers, the backbone gives {hidden_size:,}"
            )
        if problems:
            raise BackboneError(
                f"The adapter in {self.folder} does not fit this {family}:", problems=problems, hint=RESTORE
            )

    def matrices(self) -> Iterator[tuple[str, Tensor, Tensor]]:
        """Of each layer its name, A `[r, inputs]` and B `[outputs, r]`, in float32.

        Raises:
            WorkspaceError: the file has been damaged meanwhile.
        """
        with _opened(self.folder / ADAPTER_FILE) as file:
            for name in self.layers:
                one, other = (file.get_tensor(_TENSOR.format(name, part)).float() for part in "AB")
                yield name, one, other


def read_adapter(folder: Path, *, labels: int | None = None) -> SavedAdapter:
    """An adapter that `save_adapter` wrote, checked in itself.

    Args:
        folder: with the adapter.
        labels: the K labels that an encoder's head must have; None for the adapter of a causal LM, which has no head.

    Raises:
        WorkspaceError: a file is missing, damaged, or says what judgekit does not write; names the file and the field.
    """
    rank, alpha, dropout, targets = _read_config(folder / CONFIG_FILE)
    layers = _layers(folder / ADAPTER_FILE, rank)
    ends, named = {end for name in layers for end in _ends(name)}, set(targets)
    wrong = [f"{target!r} is no layer of {ADAPTER_FILE}" for target in targets if target not in ends]
    wrong += [f"{name} of {ADAPTER_FILE} is not named" for name in layers if named.isdisjoint(_ends(name))]
    if wrong:
        raise damaged(folder / CONFIG_FILE, [f"target_modules: {one}" for one in wrong])
    return SavedAdapter(folder, rank, alpha, dropout, layers, _read_head(folder / HEAD_FILE, labels))


def read_head(folder: Path) -> dict[str, Tensor]:
    """The label head beside an adapter: `weight` `[K, H]` and `bias` `[K]`, all finite.

    Raises:
        WorkspaceError: the file is missing or damaged.
    """
    path = folder / HEAD_FILE
    with _opened(path) as file:
        return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def tensor_shapes(path: Path) -> Shapes:
    """The shape of each tensor of a safetensors file, all of whose numbers are finite.

    Raises:
        WorkspaceError: the file is missing or damaged.
    """
    with _opened(path) as file:
        shapes = _shapes(path, file)
        _check(path, [], file)
    return shapes


def damaged(path: Path, problems: list[str]) -> WorkspaceError:
    """The error that names a file and what is wrong in it."""
    return WorkspaceError(f"{path} is damaged:", problems=problems, hint=RESTORE)


def _read_config(path: Path) -> tuple[int, float, float, list[str]]:
    check_own_file(path, path.parent, hint=RESTORE)
    values = read_json(path)
    read: list[Any] = [values.get(key) for key in ("r", "lora_alpha", "lora_dropout", "target_modules")]
    rank, alpha, dropout, targets = read
    problems: list[str] = []
    if type(rank) is not int or not 1 <= rank <= MOST_RANK:
        problems.append(f"r: a whole number from 1 to {MOST_RANK:,} is expected, not {_brief(rank)}")
    if not _is_number(alpha) or not 0 < alpha <= 1e6:
        problems.append(f"lora_alpha: a number above 0 and up to 1,000,000 is expected, not {_brief(alpha)}")
    if not _is_number(dropout) or not 0 <= dropout < 1:
        problems.append(f"lora_dropout: a number from 0 and below 1 is expected, not {_brief(dropout)}")
    if not isinstance(targets, list) or not 1 <= len(targets) <= MOST_LAYERS:
        problems.append(f"target_modules: a list of names of layers is expected, not {_brief(targets)}")
    elif odd := [one for one in targets if not isinstance(one, str) or not _LAYER_NAME.fullmatch(one[:MOST_NAME])]:
        problems += [f"target_modules: {_brief(one)} is no name of a layer" for one in odd]
    problems += _unknown_fields(values)
    if problems:
        raise damaged(path, problems)
    return rank, alpha, dropout, targets


def _unknown_fields(values: Mapping[str, Any]) -> list[str]:
    """Fields that ask PEFT for anything else than plain LoRA."""
    missing = [] if "peft_type" in values else ["peft_type is missing"]
    others = values.keys() - _READ - _NOT_READ
    if not any(values[key] != _PLAIN.get(key) and (key in _PLAIN or values[key]) for key in others):
        return missing
    with quiet_libraries():
        from peft import LoraConfig  # takes seconds to import; a newer PEFT may write fields that are not known here
    usual: dict[str, Any] = LoraConfig().to_dict()
    return missing + [
        f"{key}: {_brief(values[key])} is not what judgekit writes ({usual.get(key)!r})"
        for key in values
        if key in others and values[key] != usual.get(key) and (key in usual or values[key])
    ]


def _layers(path: Path, rank: int) -> dict[str, tuple[int, int]]:
    """Inputs and outputs of each layer with matrices; all of them finite."""
    with _opened(path) as file:
        shapes = _shapes(path, file)
        layers: dict[str, tuple[int, int]] = {}
        problems: list[str] = []
        for name, shape in shapes.items():
            found = _TENSOR_NAME.fullmatch(name)
            if found is None or len(name) > MOST_NAME or not _LAYER_NAME.fullmatch(found[1]) or len(shape) != 2:
                problems.append(f"{name[:200]!r} is no LoRA matrix")
            elif (other := name.replace(f".lora_{found[2]}.", f".lora_{'BA'[found[2] == 'B']}.")) not in shapes:
                problems.append(f"{other} is missing")
            elif shape[found[2] == "B"] != rank:
                problems.append(f"{name}: shape {_shown(shape)}, but the rank is {rank:,} (r of {CONFIG_FILE})")
            elif found[2] == "A" and len(shapes[other]) == 2:  # else its own turn names it
                layers[found[1]] = (shape[1], shapes[other][0])
        if not layers and not problems:
            problems.append("it holds no matrices")
        _check(path, problems, file)
    return layers


def _read_head(path: Path, labels: int | None) -> tuple[int, int] | None:
    if labels is None:
        if path.exists():
            raise damaged(path, ["the judge of a causal LM has no label head"])
        return None
    with _opened(path) as file:
        shapes = _shapes(path, file)
        weight = shapes.get("weight", ())
        problems = [f"{name[:200]!r} is no part of a label head" for name in shapes if name not in ("weight", "bias")]
        if len(weight) != 2 or weight[0] != labels:
            problems.append(f"weight: shape {_shown(weight)}, [{labels}, hidden size] is expected for {labels} labels")
        if shapes.get("bias") != (labels,):
            problems.append(f"bias: shape {_shown(shapes.get('bias', ()))}, [{labels}] is expected")
        _check(path, problems, file)
    return labels, weight[1]


def _check(path: Path, problems: list[str], file: Any) -> None:
    """Refuse a file with problems, or with numbers that are infinite or none."""
    problems = problems or [
        f"{name}: not all numbers are finite"
        for name in file.keys()  # noqa: SIM118
        if not torch.isfinite(file.get_tensor(name)).all()
    ]
    if problems:
        raise damaged(path, problems)


def _opened(path: Path) -> Any:
    check_own_file(path, path.parent, hint=RESTORE)
    try:
        return safe_open(path, "pt")
    except (SafetensorError, OSError) as error:
        raise damaged(path, [f"it cannot be read as safetensors: {error}"]) from error


def _shapes(path: Path, file: Any) -> Shapes:
    """The shape of each tensor, from the head of the file alone."""
    parts = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118
    odd = [f"{name[:200]!r}: numbers of the format {part.get_dtype()}" for name, part in parts.items()
           if part.get_dtype() not in _FORMATS]  # fmt: skip
    if odd or len(parts) > 2 * MOST_LAYERS:
        raise damaged(path, odd or [f"it holds {len(parts):,} tensors"])
    return {name: tuple(part.get_shape()) for name, part in parts.items()}


def _ends(name: str) -> list[str]:
    """A layer's name and all its ends: what a target module may be."""
    parts = name.split(".")
    return [".".join(parts[start:]) for start in range(len(parts))]


def _is_number(value: Any) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _brief(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"


def _shown(shape: tuple[int, ...]) -> str:
    return f"[{', '.join(f'{one:,}' for one in shape)}]"
