"""`judgekit check`: what annotations are worth before anybody trains on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.annotators.agreement_level import level_of_alpha
from judgekit.annotators.reliability import annotator_reliability
from judgekit.checks.advice import advice, warnings
from judgekit.checks.findings import annotator_shifts, duplicates, leakage, long_texts, most_disagreed
from judgekit.checks.item_list import item_list
from judgekit.checks.result import CheckResult
from judgekit.checks.thresholds import compare
from judgekit.config import CheckSettings
from judgekit.config.keywords import CheckKeywords
from judgekit.core.agreement import (
    confused_labels,
    fleiss_kappa,
    krippendorff_alpha,
    pairs_of_annotations,
    prevalence,
)
from judgekit.core.ceiling import ceiling
from judgekit.core.distributions import class_prior, raw_agreement
from judgekit.core.floor import fit_populations, floor_of
from judgekit.core.metrics import baselines
from judgekit.core.planning import plan_test
from judgekit.dataset.annotation_columns import describe_columns
from judgekit.dataset.names import names_in
from judgekit.dataset.opening import Dataset, load_annotations, open_dataset, open_workspace
from judgekit.dataset.result import PSEUDONYMS
from judgekit.dataset.telling_texts import warn_of_telling_texts
from judgekit.judge.score_table import check_output, write_table
from judgekit.reports.check_page import check_page as check_page
from judgekit.workspace.store import Workspace

DISAGREED_SHOWN, CHARACTERS_SHOWN = 10, 80


def check(
    dataset: str | None = None,
    *,
    output: str | Path | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    settings: CheckSettings | None = None,
    **keywords: Unpack[CheckKeywords],
) -> CheckResult:
    """Tell whether a dataset is worth training on: agreement, ceiling, annotators, and what to do next.

    Args:
        dataset: its name; None takes the newest.
        output: where to write every item, the one first whose next annotation would tell most; None writes nothing.
        workspace: its folder; None finds one.
        force: replace the output if it is there.
        settings: thresholds, and how agreement is measured. A missed threshold raises nothing here; see
            `CheckResult.missed`.
        keywords: fields of `CheckSettings`; they win over `settings`.

    Raises:
        WorkspaceError: there is no such dataset, or it is damaged.
        DataError: the output is there already, or cannot be written to.

    Examples:
        >>> found = check("votes", min_items=100)
        >>> found.missed()
        ['The number of items is 60; --min-items requires at least 100.']
    """
    chosen = CheckSettings.chosen(settings, keywords)
    if output is not None:
        check_output(Path(output), read=None, force=force)
    place = open_workspace(workspace)
    opened = open_dataset(place, dataset)
    items = opened.items
    counts, labels = items.counts, items.labels
    prior = class_prior(counts)
    populations = fit_populations(counts, seed=chosen.seed)
    strength = populations.fitted.strength
    compared = prevalence(counts)
    annotations = _with_names(load_annotations(opened), opened, place, chosen)
    per_item = counts.sum(axis=1)
    result = CheckResult(
        dataset=opened.name,
        items=len(items),
        annotations=int(per_item.sum()),
        annotations_per_item=(int(per_item.min()), float(per_item.mean()), int(per_item.max())),
        single_annotation_items=int((per_item == 1).sum()),
        label_shares=_by_label(labels, prior),
        krippendorff_alpha=krippendorff_alpha(
            counts,
            level=level_of_alpha(chosen.level, items),
            values=np.asarray(items.values) if items.values else None,
            seed=chosen.seed,
            confidence=chosen.confidence,
            resamples=chosen.resamples,
        ),
        raw_agreement=raw_agreement(counts),
        pairs=pairs_of_annotations(counts),
        prevalence=None if compared is None else _by_label(labels, compared),
        fleiss_kappa=fleiss_kappa(counts),
        ceiling=ceiling(counts, seed=chosen.seed),
        class_prior=baselines(counts, prior)["class_prior"],
        floor=floor_of(populations, per_item, confidence=chosen.confidence),
        strength=strength,
        test_plan=plan_test(prior, strength, precision=chosen.precision, seed=chosen.seed),
        confused_labels=[(labels[one], labels[two], share) for one, two, share in confused_labels(counts)],
        annotators=annotator_reliability(annotations, labels),
        annotation_columns=describe_columns(annotations),
        shifts=annotator_shifts(items, annotations),
        has_pseudonyms=opened.manifest.annotator_ids == PSEUDONYMS and chosen.names is None,
        names_from="" if chosen.names is None else Path(chosen.names).name,
        disagreed_items=most_disagreed(items, most=DISAGREED_SHOWN, characters=CHARACTERS_SHOWN),
        duplicates=duplicates(items, grouped_by_column=opened.schema.group is not None),
        leakage=leakage(items),
        long_texts=long_texts(opened, chosen),
        confidence=chosen.confidence,
        advice=[],
        warnings=[],
        thresholds={},
    )
    if output is not None:
        table = item_list(items, prior, strength)
        write_table(table, Path(output), own=table.columns, force=force)
    return result._replace(
        advice=advice(result),
        warnings=[*warn_of_telling_texts(items), *warnings(result)],
        thresholds=compare(
            chosen,
            {
                "min_alpha": result.krippendorff_alpha.value,
                "min_agreement": result.raw_agreement,
                "min_annotations": result.annotations_per_item[1],
                "min_items": result.items,
                "max_noise_floor": None if result.ceiling is None else result.noise_floor,
                "max_flagged": None if result.flagged() is None else len(result.flagged() or []),
                "max_leakage": 0 if result.leakage is None else result.leakage.groups,
            },
        ),
    )


def _with_names(annotations: pl.DataFrame, data: Dataset, place: Workspace, chosen: CheckSettings) -> pl.DataFrame:
    """The annotations with the names behind pseudonyms, where they are asked for."""
    if chosen.names is None or data.manifest.annotator_ids != PSEUDONYMS:
        return annotations
    people = annotations.get_column("annotator").drop_nulls().unique().to_list()
    behind = names_in(Path(chosen.names), people, place.secret(), texts=data.items.fields)
    return annotations.with_columns(pl.col("annotator").replace(behind))


def _by_label(labels: Sequence[str], shares: NDArray[Any]) -> dict[str, float]:
    return dict(zip(labels, shares.tolist(), strict=True))
