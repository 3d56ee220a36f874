"""One step's gradients: a batch shared by the processes, done in micro-batches, added up to those of its mean loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from judgekit.models.reader import TrainableJudge
from judgekit.training.out_of_memory import within_memory
from judgekit.training.processes import Processes
from judgekit.training.state import LoopState


class Objective(Protocol):
    """What a training minimises over its N items. The loop knows of them no more than this."""

    parts: tuple[str, ...]
    """Names of what `losses` returns; the first is `total`."""
    lengths: NDArray[np.int64]
    """Tokens of each item, `[N]`: batches are made of items of similar length."""

    def losses(self, model: TrainableJudge, rows: NDArray[np.int64]) -> tuple[Tensor, ...]:
        """The loss of some items, which is minimised, then the parts that are reported beside it; `[B]` each."""
        ...


def batch_gradients(
    model: TrainableJudge,
    objective: Objective,
    rows: NDArray[np.int64],
    *,
    seed: int,
    state: LoopState,
    processes: Processes,
    on_note: Callable[[str], None],
) -> dict[str, float]:
    """Leave the gradients of a batch's mean loss in the parameters, the same in every process.

    Args:
        model: the judge model, in training mode; its gradients are replaced.
        objective: what is minimised, over all items to train on.
        rows: the items of the batch, `[B]`.
        seed: of the run; dropout is drawn from it, the step and the process.
        state: says which step this is and how many items go into one pass, which is halved where memory runs out.
        processes: what trains together.
        on_note: gets a sentence about a halving.

    Returns:
        The loss and its parts by name, means over the batch.

    Raises:
        SettingsError: memory does not suffice for one item.
    """
    mine = processes.share(rows)
    most = -(-len(rows) // processes.count)
    parameters = list(model.trainable().values())

    def work(size: int) -> Tensor:
        # The seed of a step is set anew when it is tried again, so that only the size of the passes differs.
        sequence = np.random.SeedSequence([seed, state.step, processes.rank])
        torch.manual_seed(int(sequence.generate_state(1)[0]))
        for parameter in parameters:
            parameter.grad = None
        parts = torch.zeros(len(objective.parts), device=model.device)
        for piece in np.array_split(mine, -(-most // size)):
            if len(piece):
                parts += add_gradients(model, objective, piece, whole=len(rows))
            elif processes.is_sharded:  # the others need this process's part of the layers: a pass that counts nothing
                add_gradients(model, objective, rows[-1:], whole=math.inf)
        return parts

    tokens = int(objective.lengths[rows].max())
    parts = within_memory(work, model, state=state, most=most, tokens=tokens, processes=processes, on_note=on_note)
    if processes.count > 1:
        _add_up(parameters, parts, processes)
    return dict(zip(objective.parts, parts.tolist(), strict=True))


def add_gradients(model: TrainableJudge, objective: Objective, rows: NDArray[np.int64], *, whole: float) -> Tensor:
    """Add the gradients of some items' summed loss over `whole` items to the parameters'.

    Returns:
        Sums of the loss and its parts over the items, over `whole`, one number each.
    """
    losses = objective.losses(model, rows)
    (losses[0].sum() / whole).backward()
    return torch.stack([part.detach().sum() for part in losses]) / whole


def _add_up(parameters: list[torch.nn.Parameter], parts: Tensor, processes: Processes) -> None:
    """Sum gradients and loss over the processes, in one message; what got no gradient anywhere keeps none.

    A weight that no label logit depends on has none; a gradient of 0 instead would let it decay.
    """
    has_gradient = torch.tensor([float(one.grad is not None) for one in parameters], device=parts.device)
    gradients = [torch.zeros_like(one) if one.grad is None else one.grad for one in parameters]
    processes.sum([*gradients, has_gradient, parts])
    for parameter, gradient, counted in zip(parameters, gradients, has_gradient.tolist(), strict=True):
        parameter.grad = gradient if counted else None
