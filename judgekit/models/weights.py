"""The weight files of a model folder: whether they are all there, and the hash that identifies them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from judgekit.errors import BackboneError

_INDEX = "model.safetensors.index.json"


def weight_files(folder: Path) -> list[Path]:
    """The safetensors files of a model folder, by name.

    Raises:
        BackboneError: there are no safetensors files, for pickled weights are not read, or some are missing.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise BackboneError(
            f"{folder} holds no .safetensors file; judgekit reads no pickled weights.",
            hint="Save the model with model.save_pretrained(folder) of a recent transformers.",
        )
    if missing := _missing_shards(folder):
        raise BackboneError(
            f"{folder} lacks weights that its {_INDEX} names:", problems=missing, hint="Download or copy them again."
        )
    return files


def hash_weights(folder: Path) -> str:
    """SHA-256 of a model folder's weights, hexadecimal: of the one file, or of the hashes of several, by name.

    Raises:
        BackboneError: as `weight_files`.
    """
    digests: list[str] = []
    for path in weight_files(folder):
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def has_weights(folder: Path) -> bool:
    """Whether a folder holds safetensors, and all that their index names."""
    return any(folder.glob("*.safetensors")) and not _missing_shards(folder)


def _missing_shards(folder: Path) -> list[str]:
    """Files that the index of sharded weights names and the folder lacks."""
    if not (folder / _INDEX).is_file():
        return []
    try:
        named = {str(name) for name in json.loads((folder / _INDEX).read_text(encoding="utf-8"))["weight_map"].values()}
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
        raise BackboneError(
            f"{folder / _INDEX} does not say which files the weights are in.", hint="Download or copy it again."
        ) from error
    return sorted(name for name in named if not (folder / name).is_file())
