"""Where a model computes and in which number format: device, dtype, and whether 4 bits can be had there."""

from __future__ import annotations

import torch

from judgekit.config import Dtype
from judgekit.errors import BackboneError
from judgekit.models.backbones import Backbone, read_config
from judgekit.models.quiet import quiet_libraries
from judgekit.wording import first_line


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
            f"The device {name!r} cannot be used here: {first_line(error)}", hint="Use --device auto or cpu."
        ) from error
    return device


def choose_dtype(dtype: Dtype, device: torch.device) -> torch.dtype:
    """The number format of matrix products; auto takes bfloat16 where the hardware multiplies it natively.

    On a CPU with AVX-512 BF16 a bfloat16 product was measured 7 times faster than a float32 one; without such
    instructions it is emulated and slower.
    """
    if dtype != "auto":
        return torch.bfloat16 if dtype == "bfloat16" else torch.float32
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float32
    if device.type == "cpu" and hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        native = any(capabilities.get(name) for name in ("avx512_bf16", "amx_bf16", "bf16"))
        return torch.bfloat16 if native else torch.float32
    return torch.float32


def check_4bit(backbone: Backbone, device: torch.device) -> None:
    """Make sure that the backbone's weights can be kept in 4 bits there.

    Raises:
        BackboneError: they cannot; says why.
    """
    reason = _why_not_4bit(backbone, device)
    if reason:
        raise BackboneError(f"{backbone.name} cannot be loaded in 4 bits: {reason}.", hint="Omit --load-in-4bit.")


def _why_not_4bit(backbone: Backbone, device: torch.device) -> str:
    if backbone.kind == "encoder":
        return "it is an encoder, and only causal LMs are large enough to gain from it"
    if read_config(backbone.folder).get("quantization_config"):
        return "its weights are already quantised, as its config says"
    if device.type not in {"cuda", "cpu"}:
        return f"bitsandbytes is used on CUDA and on the CPU, not on {device.type}"
    try:
        with quiet_libraries():
            # Takes a second to import, for those who ask for it; not on every platform.
            from bitsandbytes.functional import quantize_4bit

            quantize_4bit(torch.zeros(64, 64, device=device), quant_type="nf4")
    except (ImportError, RuntimeError, NotImplementedError) as error:
        return f"bitsandbytes does not work here ({first_line(error)})"
    return ""
