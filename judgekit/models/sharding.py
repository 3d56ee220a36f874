"""A frozen backbone in parts (FSDP): each process keeps its part of every layer and gathers a layer when it runs.

The adapter stays whole in every process, as it is small: gradients, optimiser and checkpoints know nothing of the
parts. Whole stay also the embeddings and the LM head, rows of which are read outside any layer. A process that runs a
layer waits for the parts of all others, so each must run the model as often as every other one.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from judgekit.errors import BackboneError


def repeated_layers(model: Any) -> list[nn.Module]:
    """The layers of a transformer that are gathered as one, by the model's own word for what stays together.

    Raises:
        BackboneError: the model does not say which they are.
    """
    names = getattr(model, "_no_split_modules", None) or ()
    layers = [module for module in model.modules() if type(module).__name__ in names]
    if not layers:
        raise BackboneError(
            f"A {type(model).__name__} does not say what its layers are, so FSDP cannot split them.",
            hint="Launch without FSDP, or choose another --backbone.",
        )
    return layers


def shard_layers(model: Any, device: torch.device) -> None:
    """Part the frozen weights of a PEFT model's layers among all processes; the rest goes to the device whole.

    Layer by layer, so that no process needs room for the whole model on its device.

    Args:
        model: in the first process in its CPU's memory; the others take its weights, and may have theirs on torch's
            meta device. Changed in place.
        device: of this process.

    Raises:
        BackboneError: the model does not say what its layers are.
    """
    # A second to import, for those who train in several processes.
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    language_model = model.get_base_model()
    _agree_on_formats(model)
    mesh = init_device_mesh(device.type, (torch.distributed.get_world_size(),))
    for layer in reversed(repeated_layers(language_model)):  # the inner ones first
        _take_over(layer, device)
        adapter = {parameter for parameter in layer.parameters() if parameter.requires_grad}
        fully_shard(layer, mesh=mesh, reshard_after_forward=True, ignored_params=adapter)
    _take_over(model, device)
    # With the transformer as their root the layers share streams, and one is gathered while another is computed.
    fully_shard(language_model.base_model, mesh=mesh, ignored_params=set(model.parameters()))
    # The first process has drawn random numbers where the others have no weights; an encoder's head comes next.
    state = torch.random.get_rng_state()
    torch.distributed.broadcast(state, src=0)
    torch.random.set_rng_state(state)


def _agree_on_formats(model: Any) -> None:
    """Give weights that are not there the number formats of the first process's: some families keep some in float32."""
    formats: list[Any] = [{name: weight.dtype for name, weight in model.named_parameters()}]
    torch.distributed.broadcast_object_list(formats, src=0, device=torch.device("cpu"))
    for name, weight in model.named_parameters():
        if weight.is_meta:
            weight.data = weight.data.to(formats[0][name])


@torch.no_grad()
def _take_over(module: nn.Module, device: torch.device) -> None:
    """Put all of a module that is not parted on the device, with the first process's values."""
    from torch.distributed.tensor import DTensor

    filled: dict[Tensor, Tensor] = {}  # weights that are tied stay so
    for owner in module.modules():
        own = [*owner.named_parameters(recurse=False), *owner.named_buffers(recurse=False)]
        for name, tensor in [(name, tensor) for name, tensor in own if tensor.is_meta]:
            if tensor not in filled:
                empty = torch.empty_like(tensor, device=device)
                is_weight = isinstance(tensor, nn.Parameter)
                filled[tensor] = nn.Parameter(empty, requires_grad=tensor.requires_grad) if is_weight else empty
            setattr(owner, name, filled[tensor])
    module.to(device)
    for tensor in [*module.parameters(), *module.buffers()]:
        if not isinstance(tensor, DTensor):
            torch.distributed.broadcast(tensor.detach(), src=0)
