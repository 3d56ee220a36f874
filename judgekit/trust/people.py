"""Who annotated the evaluated items, by what names they are shown, and how far they agree."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl

from judgekit.annotators.agreement_level import level_of_alpha
from judgekit.annotators.reliability import AnnotatorQuality, annotator_reliability
from judgekit.config import MeasureSettings
from judgekit.core.agreement import Alpha, krippendorff_alpha
from judgekit.core.ceiling import Ceiling, ceiling
from judgekit.core.distributions import raw_agreement
from judgekit.dataset.items import ItemTable
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.names import names_in
from judgekit.dataset.pseudonyms import pseudonymise
from judgekit.dataset.result import AS_IN_FILE, PSEUDONYMS
from judgekit.errors import JudgekitError
from judgekit.judge.manifest import JudgeManifest
from judgekit.trust.material import Material
from judgekit.workspace.store import Workspace

_NO_KEY = b"these pseudonyms are never shown"


class People(NamedTuple):
    """Those who annotated the evaluated items."""

    alpha: Alpha
    raw_agreement: float | None
    """Mean over the items of the share of agreeing pairs of annotations; None where no item has two."""
    ceiling: Ceiling | None
    """How well some of them predict the others; None where no item has two annotations."""
    annotators: tuple[AnnotatorQuality, ...]
    """By name; none where they are not named."""
    named: int
    """How many are named."""
    names: str
    """By what names they are shown: `pseudonyms`, `as in the file`, or `as in FILE`; empty where they are unnamed."""


def people_of(items: ItemTable, annotations: pl.DataFrame, names: str, settings: MeasureSettings) -> People:
    """Who annotated items, and how far they agree.

    Args:
        items: the evaluated ones.
        annotations: of these, `item_id`, `annotator`, `label`, `count`.
        names: by what names the annotators are shown.
        settings: of the measurement.
    """
    found = annotator_reliability(annotations, items.labels)
    alpha = krippendorff_alpha(
        items.counts,
        level=level_of_alpha("auto", items),
        values=np.asarray(items.values) if items.values else None,
        seed=settings.seed,
        confidence=settings.confidence,
        resamples=settings.resamples,
    )
    named = annotations.get_column("annotator").drop_nulls().n_unique()
    return People(
        alpha=alpha,
        raw_agreement=raw_agreement(items.counts),
        ceiling=ceiling(items.counts, seed=settings.seed),
        annotators=() if found is None else tuple(found.annotators),
        named=named,
        names=names if named else "",
    )


def with_shown_names(
    material: Material, manifest: JudgeManifest, place: Workspace | None, settings: MeasureSettings
) -> Material:
    """The same with pseudonyms for annotators, unless their names are asked for and a file has them.

    A dataset has pseudonyms already, or was ingested with the names. Of a file the pseudonyms are those that `ingest`
    would give in this workspace; where there is none, annotators are numbered.

    Args:
        material: what is evaluated on.
        manifest: of the judge.
        place: the workspace of its dataset; None for a judge in a folder of its own.
        settings: with the file of the names.

    Raises:
        DataError: the file of the names cannot be read, or has none of them.
    """
    column = material.annotations.get_column("annotator")
    raw = column.drop_nulls().unique().sort()
    if raw.is_empty():
        return material
    if _as_in_file(manifest, place):
        return material._replace(names=AS_IN_FILE)
    key = place.secret() if place is not None and os.access(place.root, os.W_OK) else None
    hidden = dict(zip(raw, pseudonymise(raw, key or _NO_KEY) if material.is_round else raw, strict=True))
    shown = {name: f"annotator {n}" for n, name in enumerate(raw, 1)} if material.is_round and key is None else hidden
    words = PSEUDONYMS
    if settings.names is not None:
        behind = names_in(Path(settings.names), hidden.values(), key or _NO_KEY, texts=manifest.fields)
        shown = {name: behind.get(hidden[name], one) for name, one in shown.items()}
        words = f"as in {Path(settings.names).name}"
    found = material._replace(annotations=_renamed(material.annotations, "annotator", shown), names=words)
    return found if material.by is None else found._replace(by=_renamed(material.by, "value", shown))


def _renamed(table: pl.DataFrame, column: str, names: Mapping[str, str]) -> pl.DataFrame:
    return table.with_columns(pl.col(column).replace(names)) if table.schema[column] == pl.String else table


def _as_in_file(manifest: JudgeManifest, place: Workspace | None) -> bool:
    """Whether the judge's dataset was ingested with the names of annotators."""
    if place is None:
        return False
    try:
        return place.open(DATASETS, manifest.dataset.name).manifest.annotator_ids == AS_IN_FILE
    except JudgekitError:  # it is gone or damaged, and then nobody said that names may be shown
        return False
