"""What a training says in words: what it is about to do, what looks wrong, and what to try where it gained nothing."""

from __future__ import annotations

from judgekit.core.calibration import Calibration
from judgekit.dataset.opening import Dataset
from judgekit.models import starter
from judgekit.prompts.chat import opens_no_answer
from judgekit.prompts.mirror import find_mirror
from judgekit.training.assembly import MemoryPlan, Training
from judgekit.training.processes import Processes
from judgekit.training.weighing import Trained
from judgekit.wording import counted

LOW_LABEL_MASS = 0.1
FEW_PARSED = 0.95
LARGER = "sentence-transformers/all-mpnet-base-v2"
TIMES_LARGER = 8
"""Matrix products of an encoder with 12 layers of width 768, in those of one with 6 of 384."""
_AS_READ = Calibration()
FEW_TO_TRAIN_ON, FEW_TO_CHOOSE_ON, FEW_TO_TEST_ON = 100, 10, 20


def notes_before(dataset: Dataset, training: Training, processes: Processes) -> list[str]:
    """What is trained on what, how the labels are read, what it needs, and what became of long texts."""
    setup, data, loop = training.setup, training.data, training.loop
    sizes, backbone, dtype = data.sizes, setup.backbone, str(setup.dtype).removeprefix("torch.")
    dtype += ", frozen weights in 4 bits (NF4)" if training.settings.load_in_4bit else ""
    as_it_is = ["The model is asked as it is: its weights are not trained, and items to train on calibrate it."]
    notes = [
        *(as_it_is if training.settings.stage == "none" else []),
        _note_on_parts(dataset.name, sizes, training.settings.folds or 0),
        *notes_on_size(**sizes, has_folds=data.fold is not None),
        f"Backbone {backbone.name} ({backbone.kind}) on {setup.device}, {dtype}; epochs {loop.epochs}, "
        f"batch size {loop.batch_size}, learning rate {loop.learning_rate:g}.",
        _memory_note(training.memory),
    ]
    if setup.verbalizer is not None:
        notes.append(setup.verbalizer.describe(dataset.items.labels))
    if setup.prompts.frame is not None and opens_no_answer(setup.prompts.tokenizer):
        notes.append(
            "The tokenizer's chat template writes nothing before an answer (it knows no add_generation_prompt): labels "
            "are read right behind the user's message. Compare with plain text (--no-chat)."
        )
    if data.weights is not None:
        notes.append(
            f"The weights of {counted(data.weights.annotators, 'annotator')} average {data.weights.mean:.2f} and are "
            f"{data.weights.min:.2f} at least; validation and test count every annotation as 1."
        )
    if training.settings.learns_items:
        notes += _notes_on_orders(dataset, is_swapped=training.settings.swap)
    if special := setup.prompts.special_in_text(dataset.items.texts.to_dicts()):
        has = counted(special, "item has", "items have")
        notes.append(f"{has} special tokens of the backbone in the texts; they are read as text.")
    longest = f"longer than {setup.prompts.max_length} tokens"
    if data.dropped:
        notes.append(f"{counted(data.dropped, 'item is', 'items are')} {longest} and left out.")
    if data.truncated:
        notes.append(
            f"{counted(data.truncated, 'item is', 'items are')} {longest}: the longest texts lose their middle."
        )
    if processes.is_sharded:
        notes.append(f"FSDP: each of the {processes.count} processes keeps its part of every layer.")
    return notes


def _note_on_parts(name: str, sizes: dict[str, int], folds: int) -> str:
    if folds:
        apart = f" {sizes['test']:,} more are held out." if sizes["test"] else ""
        return (
            f"Dataset {name}: {counted(sizes['train'], 'item')} in {folds} folds. A judge that has not seen them "
            f"predicts the items of each fold, which `judgekit evaluate` shows; then all are learned from.{apart}"
        )
    return (
        f"Dataset {name}: {counted(sizes['train'], 'item')} to train on, {sizes['validation']:,} to choose the "
        f"checkpoint on, {sizes['test']:,} held out for `judgekit evaluate`."
    )


def notes_on_size(*, train: int, validation: int, test: int, has_folds: bool = False) -> list[str]:
    """Warnings where a part of the split has so few items that what comes of it is mostly chance.

    Args:
        train: items to train on.
        validation: items to choose the checkpoint on.
        test: items held out for the evaluation.
        has_folds: whether all items to train on are for choosing and evaluating too.
    """
    notes: list[str] = []
    if train < FEW_TO_TRAIN_ON:
        few = counted(train, "item is", "items are")
        notes.append(f"{few} very little to train on: expect no more than the label shares, and have more annotated.")
    if validation < FEW_TO_CHOOSE_ON and not has_folds:
        notes.append(f"Which checkpoint is best on {counted(validation, 'item')} is mostly chance.")
    if test < FEW_TO_TEST_ON and not has_folds:
        notes.append(f"What `judgekit evaluate` finds on {counted(test, 'item')} will say little about new ones.")
    return [f"Warning: {note}" for note in notes]


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


def notes_after(dataset: Dataset, training: Training, trained: Trained) -> list[str]:
    """What looks wrong with a finished training, and what to try."""
    verbalizer, fold = training.setup.verbalizer, training.data.fold
    if training.settings.stage == "none":
        return notes_on_answers(trained.parsed, is_trained=False) + notes_on_label_mass(
            trained.label_mass, verbalizer.scoring if verbalizer else ""
        )
    trainings = 1 if fold is None else int(fold.max()) + 2
    could_swap = training.settings.learns_items and not training.settings.swap
    could_swap = could_swap and find_mirror(dataset.template.fields, dataset.items.labels) is not None
    return [
        *notes_on_gain(
            trained.state.best_step,
            trained.validation_kl,
            training.data.validation_prior_kl,
            could_swap=could_swap,
            asked=trained.calibration,
        ),
        *notes_on_answers(trained.parsed, is_trained=True),
        *notes_on_label_mass(trained.label_mass, verbalizer.scoring if verbalizer else ""),
        *notes_on_size_of_backbone(
            training.setup.backbone.name,
            asked=trained.calibration,
            seconds=trained.state.seconds * trainings,
        ),
    ]


def notes_on_gain(
    best_step: int, kl: float, prior_kl: float, *, could_swap: bool = False, asked: Calibration = _AS_READ
) -> list[str]:
    """A warning where training has gained nothing, with what to try.

    Args:
        best_step: after which the kept adapter stood.
        kl: of the judge on the validation part, nats.
        prior_kl: of the class prior there.
        could_swap: whether this is a pairwise comparison that was trained on in one order.
        asked: what counts in its predictions.
    """
    notes: list[str] = []
    if asked.is_shares:
        notes.append(
            "Nothing was learned that clearly holds on items it has not seen: the judge predicts the label shares for "
            "every item."
        )
    elif best_step == 0 and not asked.probe:
        notes.append("No evaluation was better than the one before training: the judge is the untrained model.")
    if kl >= prior_kl and not asked.is_shares:
        notes.append(f"On the validation part this judge (KL {kl:.4f}) does not beat the class prior ({prior_kl:.4f}).")
    if notes:
        remedies = ["--swap, which trains on both orders of each pair"] if could_swap else []
        remedies += ["more items", "a larger --backbone", "another template (judgekit show template)"]
        notes.append(f"Try {', '.join(remedies)}, more --epochs or another --learning-rate.")
    return notes


def notes_on_size_of_backbone(backbone: str, *, asked: Calibration, seconds: float) -> list[str]:
    """Advice to take a larger encoder, where the embedded one has learned something.

    Args:
        backbone: name of the one that was trained.
        asked: what counts in the judge's predictions.
        seconds: that its optimiser steps took.
    """
    if backbone != starter.NAME or asked.temperature is None or seconds == 0:
        return []
    minutes = max(1, round(TIMES_LARGER * seconds / 60))
    return [
        f"A larger encoder usually learns more from the same items: {LARGER} would take about "
        f"{counted(minutes, 'minute')} here, where its weights are in reach (--backbone; docs: verbs/train, Backbones)."
    ]


def notes_on_answers(parsed: float | None, *, is_trained: bool) -> list[str]:
    """A warning where many answers of a judge that writes cannot be read.

    Args:
        parsed: share of the answers that could be read; None for a judge that is read at its labels.
        is_trained: whether its weights were.
    """
    if parsed is None or parsed >= FEW_PARSED:
        return []
    remedy = "more --epochs, a higher --learning-rate" if is_trained else "training it (--stage sft)"
    return [
        f"{100 * (1 - parsed):.1f} % of the answers cannot be read; these items are read at the label tokens. Try "
        f"{remedy}, or a larger --backbone."
    ]


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
