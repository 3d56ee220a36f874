"""What a study compares: the variants of each plan, and the runs that they need. Equal runs are made once."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, cast

from judgekit.config import ModelKind, StudyPlan, StudySettings, TrainSettings
from judgekit.config.keywords import StudyKeywords, TrainKeywords
from judgekit.training.decisions import loop_settings

ALPHAS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
EPSILONS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25)
LEVELS = EPSILONS
WAYS = (1, 3, 5)
"""Annotations per item that a budget is spent in."""


class Variant(NamedTuple):
    """One line of a table or one point of a curve: what it sets over the user's settings."""

    name: str
    settings: TrainKeywords
    is_trained: bool = True
    per_item: int | None = None
    """Annotations of each training item that are used; None: all."""


class Run(NamedTuple):
    """One training, or one untrained model, with one seed."""

    key: str
    """The same for runs that do the same."""
    settings: TrainSettings
    is_trained: bool
    per_item: int | None


_FINE_TUNED_ALONE = {"folds": 0, "probe": False, "quick": False}
_NOT_FOR_RUNS = {"plan", "seeds", "train_items", "seed", "split", "split_seed", "folds", "probe", "quick"}
_PUBLISHED: TrainKeywords = {"preset": "paper"}
RAW = Variant("raw", {}, is_trained=False)
SINGLE_POINT = Variant("single-point", {"preset": "single-point", "alpha": 0.0, "adversary": "off"})
PAPER = Variant("paper", _PUBLISHED)
DEFAULT = Variant("default", {})
WITHOUT_ADV = Variant("without Adv", {**_PUBLISHED, "adversary": "off"})
WITHOUT_KL = Variant("without KL", {**_PUBLISHED, "alpha": 0.0})
WITHOUT_CE = Variant("without CE", {**_PUBLISHED, "alpha": 1.0})
ALPHA = {alpha: Variant(f"alpha {alpha:g}", {**_PUBLISHED, "alpha": alpha}) for alpha in ALPHAS}
EPSILON = {epsilon: Variant(f"epsilon {epsilon:g}", {**_PUBLISHED, "epsilon": epsilon}) for epsilon in EPSILONS}
BUDGET = {way: Variant(f"{way} per item", _PUBLISHED, per_item=way) for way in WAYS}

VARIANTS: dict[StudyPlan, tuple[Variant, ...]] = {
    "table1": (RAW, SINGLE_POINT, PAPER, DEFAULT),
    "ablation": (PAPER, WITHOUT_ADV, WITHOUT_KL, WITHOUT_CE),
    "alpha": tuple(ALPHA.values()),
    "epsilon": tuple(EPSILON.values()),
    "robustness": (RAW, SINGLE_POINT, PAPER, WITHOUT_ADV, DEFAULT),
    "budget": tuple(BUDGET.values()),
}


def plans_of(names: Sequence[str]) -> list[StudyPlan]:
    """The plans that are asked for, in the order of the paper, each once."""
    return [plan for plan in VARIANTS if plan in names or "all" in names]


def variants_of(plans: Sequence[StudyPlan], ways: Sequence[int]) -> list[Variant]:
    """The variants of some plans, each once, in order; a budget is spent in those ways that the data allow."""
    found = {variant.name: variant for plan in plans for variant in VARIANTS[plan]}
    return [variant for variant in found.values() if variant.per_item is None or variant.per_item in ways]


def given_settings(settings: StudySettings | None, keywords: StudyKeywords) -> StudyKeywords:
    """What a call sets for the runs, over which a variant sets its own: of an object, what is not its default."""
    fields = dataclasses.fields(settings) if settings is not None else ()
    of_object = {one.name: value for one in fields if (value := getattr(settings, one.name)) != one.default}
    given = {name: value for name, value in {**of_object, **keywords}.items() if name not in _NOT_FOR_RUNS}
    return cast("StudyKeywords", {**given, "split": "auto"})  # the split is fixed before


def settings_of(variant: Variant, given: StudyKeywords) -> TrainSettings:
    """The settings of a variant: what makes it, over what the user gave, over its preset."""
    values: dict[str, Any] = {**given, **variant.settings, **_FINE_TUNED_ALONE}
    if TrainSettings.from_json({**values, "projection": "exact"}).adversary != "paper":
        values["projection"] = "exact"  # there is no ascent to project
    return TrainSettings.from_json(values)


def runs_of(
    variant: Variant,
    given: StudyKeywords,
    *,
    seeds: Sequence[int],
    kind: ModelKind,
    items: Callable[[int | None], int],
) -> list[Run]:
    """The runs of a variant, one per seed.

    Args:
        variant: the variant.
        given: the settings that the user gave.
        seeds: one run each; an untrained causal LM has nothing random in it and runs with the first alone.
        kind: of the backbone.
        items: from annotations per item to the number of training items.
    """
    if not variant.is_trained and kind == "causal":
        seeds = seeds[:1]
    runs: list[Run] = []
    for seed in seeds:
        settings = settings_of(variant, {**given, "seed": seed})
        if variant.is_trained:
            identity = {**_identity(settings, kind, items(variant.per_item)), "per_item": variant.per_item}
        else:
            identity = {"raw": True, "seed": seed}
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:16]
        runs.append(Run(key, settings, variant.is_trained, variant.per_item))
    return runs


def _identity(settings: TrainSettings, kind: ModelKind, items: int) -> dict[str, Any]:
    """What a training does, whatever it is called: with alpha 0 there is no KL for an adversary to raise."""
    loop = loop_settings(settings, kind, items)
    values = settings.to_json() | {"epochs": loop.epochs, "learning_rate": loop.learning_rate}
    for name in ("preset", *_FINE_TUNED_ALONE):
        del values[name]
    if values["radius"] == "fixed":  # studies of an older judgekit knew no other
        del values["radius"]
    if settings.alpha == 0 or settings.epsilon == 0 or settings.adversary == "off":
        values |= {"adversary": "off", "epsilon": 0.0, "projection": "exact"}
    return values
