"""What a training tells its user in words: before the first step what it is about to do, and what looks wrong."""

from __future__ import annotations

from judgekit.dataset.opening import Dataset
from judgekit.prompts.mirror import find_mirror
from judgekit.training.loop import LoopSettings
from judgekit.training.setup import MemoryPlan, Setup
from judgekit.training.training_data import TrainingParts

LOW_LABEL_MASS = 0.1


def notes_before(
    data: Dataset, setup: Setup, parts: TrainingParts, loop: LoopSettings, memory: MemoryPlan, *, in_4bit: bool
) -> list[str]:
    """What is trained on what, how the labels are read, what it needs, and what became of long texts."""
    sizes, backbone, dtype = parts.sizes, setup.backbone, str(setup.dtype).removeprefix("torch.")
    dtype += ", frozen weights in 4 bits (NF4)" if in_4bit else ""
    notes = [
        f"Dataset {data.name}: {sizes['train']:,} items to train on, {sizes['validation']:,} to choose the checkpoint "
        f"on, {sizes['test']:,} held out for `judgekit evaluate`.",
        f"Backbone {backbone.name} ({backbone.kind.value}) on {setup.device}, {dtype}; epochs {loop.epochs}, "
        f"batch size {loop.batch_size}, learning rate {loop.learning_rate:g}.",
        _memory_note(memory),
    ]
    if setup.verbalizer is not None:
        notes.append(setup.verbalizer.describe(data.items.labels))
    if parts.weights is not None:
        notes.append(
            f"{parts.weights['annotators']:,} annotators weigh from {parts.weights['min']:.2f} up, on average "
            f"{parts.weights['mean']:.2f}; validation and test count every annotation as 1."
        )
    notes += _notes_on_orders(data, is_swapped=len(parts.training.hard) > sizes["train"])
    if special := setup.prompts.special_in_text(data.items.texts.to_dicts()):
        notes.append(f"{special:,} items have special tokens of the backbone in their texts, which are read as text.")
    longest = setup.prompts.max_length
    if parts.dropped:
        notes.append(f"{parts.dropped:,} items are longer than {longest} tokens and are left out.")
    if parts.truncated:
        notes.append(
            f"{parts.truncated:,} items are longer than {longest} tokens; their longest texts lose their middle."
        )
    return notes


def _notes_on_orders(data: Dataset, *, is_swapped: bool) -> list[str]:
    mirror = find_mirror(data.template.fields, data.items.labels)
    if mirror is None:
        return []
    if not is_swapped:
        return ["This is a pairwise comparison: --swap trains on both orders, so that the order sways the judge less."]
    pairs = ", ".join(f"{one} and {other}" for one, other in mirror.fields.items() if one < other)
    labels = ", ".join(
        f"{label} is then {data.items.labels[other]}"
        for label, other in zip(data.items.labels, mirror.labels, strict=True)
        if data.items.labels[other] != label
    )
    return [f"Trained on in both orders: {pairs} change places; labels are exchanged with them: {labels}."]


def notes_on_gain(best_step: int, kl: float, prior_kl: float) -> list[str]:
    """A warning where training has gained nothing.

    Args:
        best_step: after which the kept adapter stood.
        kl: of the judge on the validation part, nats.
        prior_kl: of the class prior there.
    """
    notes: list[str] = []
    if best_step == 0:
        notes.append("No evaluation was better than the one before training: the judge is the untrained model.")
    if kl >= prior_kl:
        notes.append(
            f"On the validation part this judge (KL {kl:.4f}) does not beat the class prior ({prior_kl:.4f}): try more "
            "--epochs, another --learning-rate, a larger --backbone, or more items."
        )
    return notes


def notes_on_label_mass(mass: float | None, scoring: str) -> list[str]:
    """A warning where a causal LM gives little of its probability to the labels.

    Args:
        mass: mean over items of the probability of the label set; None for encoders.
        scoring: how the labels are read.
    """
    if mass is None or mass >= LOW_LABEL_MASS:
        return []
    remedy = {"codes": "--label-words or another template", "tokens": "more --label-words, or --label-scoring codes"}
    return [
        f"The trained model gives the labels {100 * mass:.3g} % of its probability; the rest goes to other tokens, "
        "which the distribution leaves out. Look at what it reads (judgekit show prompt), and try "
        f"{remedy.get(scoring, '--label-scoring codes')}."
    ]


def _memory_note(memory: MemoryPlan) -> str:
    estimate, free = memory.estimate, memory.free
    how = " with gradient checkpointing" if memory.gradient_checkpointing else ""
    left = "" if free is None else f"; {_gib(free)} are free"
    return (
        f"Memory: about {_gib(estimate.total)}{how} (weights {_gib(estimate.weights)}, adapter and optimiser "
        f"{_gib(estimate.adapter)}, activations {_gib(estimate.activations)}){left}."
    )


def _gib(size: int) -> str:
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.1f} MiB"
