"""What a study says before its first run: the items, the variants, and where it leaves the paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from judgekit.studies.plans import RAW, Run
from judgekit.studies.runs import Ground
from judgekit.training.decisions import PUBLISHED_LEARNING_RATE, loop_settings
from judgekit.wording import counted


def study_notes(ground: Ground, runs: Mapping[str, Sequence[Run]]) -> list[str]:
    """What is compared on what.

    Args:
        ground: what all runs share.
        runs: of each variant, one per seed.
    """
    items, setup, kind = ground.sizes().items, ground.setup, ground.setup.backbone.kind
    every = {run.key for several in runs.values() for run in several}
    notes = [
        f"Dataset {ground.data.name}: {counted(items['train'], 'item')} to train on, {items['validation']:,} "
        f"to choose checkpoints on, {items['test']:,} to test on; the same split for all runs.",
        f"Backbone {setup.backbone.name} ({kind}) on {setup.device}, {str(setup.dtype).removeprefix('torch.')}; "
        f"{counted(len(runs), 'variant')} with {counted(max(map(len, runs.values())), 'seed')} make "
        f"{counted(len(every), 'different run')}.",
        _learning_rates(ground, runs),
    ]
    if kind == "encoder" and RAW.name in runs:
        notes.append("raw is the backbone with a label head that nobody trained: it can only predict the label shares.")
    if setup.verbalizer is not None:
        notes.append(setup.verbalizer.describe(ground.data.items.labels))
    if ground.budget is not None:
        budget = ground.budget
        notes.append(
            f"Budget: {budget.annotations:,} annotations, spent as {', '.join(map(str, budget.per_item))} per item on "
            f"items drawn anew for each seed from the {len(budget.pool):,} that have {max(budget.per_item)} or more."
        )
    if ground.dropped:
        are = counted(ground.dropped, "item is", "items are")
        notes.append(f"{are} longer than {setup.prompts.max_length} tokens and left out.")
    return notes


def _learning_rates(ground: Ground, runs: Mapping[str, Sequence[Run]]) -> str:
    kind = ground.setup.backbone.kind
    rates: dict[float, list[str]] = {}
    for name, several in runs.items():
        if several[0].is_trained:
            items = ground.items(several[0].per_item)
            rates.setdefault(loop_settings(several[0].settings, kind, items).learning_rate, []).append(name)
    if len(rates) == 1:
        words = f"{next(iter(rates)):g} for all variants"
    else:
        words = "; ".join(f"{rate:g} for {', '.join(names)}" for rate, names in rates.items())
    if kind == "encoder" and PUBLISHED_LEARNING_RATE not in rates:
        words += f". The paper's {PUBLISHED_LEARNING_RATE:g} is for causal LMs: a fresh label head hardly moves with it"
    return f"Learning rate: {words}."
