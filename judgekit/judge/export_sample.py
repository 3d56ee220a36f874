"""The items that an export is checked on: scored by the judge before, and through the written folder after."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from importlib.resources import files
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from judgekit.config import ExportSettings, PredictSettings
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import open_dataset
from judgekit.errors import BackboneError, JudgekitError
from judgekit.judge.loading import LoadedJudge
from judgekit.judge.manifest import JudgeManifest
from judgekit.training.reporter import Reporter
from judgekit.workspace.store import Workspace

SAMPLE_ITEMS = 64
EXACT_TOLERANCE = 1e-4


class Sample(NamedTuple):
    """Items that are scored before and after."""

    texts: list[dict[str, str]]
    source: str
    """What they are, in words."""


class ProbeGap(NamedTuple):
    """How far the fine-tuned judge by itself is from the judge with its probe, over the sample."""

    largest: float
    """Of a label's probability."""
    mean: float
    """Of all labels' probabilities."""


def probe_gap(
    judge: LoadedJudge, sample: Sample, alone: NDArray[np.float64], settings: ExportSettings, reporter: Reporter
) -> ProbeGap | None:
    """How far a judge is from itself without its probe; None where it has none.

    Args:
        judge: the whole judge.
        sample: the items.
        alone: what it says of them without its probe, `[N, K]`.
        settings: of the export.
        reporter: gets progress.
    """
    if judge.probe is None:
        return None
    moved = np.abs(predict_sample(judge, sample, settings, reporter) - alone)
    return ProbeGap(float(moved.max()), float(moved.mean()))


def check_shift(
    labels: Sequence[str],
    before: NDArray[np.float64],
    after: NDArray[np.floating],
    tolerance: float,
    *,
    hint: str,
) -> dict[str, float]:
    """The largest shift of each label's probability.

    Args:
        labels: the K labels.
        before: distributions, `[N, K]`.
        after: the same.
        tolerance: largest shift that is accepted.
        hint: what to do about a larger one.

    Raises:
        BackboneError: a shift is beyond the tolerance.
    """
    found = dict(zip(labels, np.abs(after - before).max(axis=0).tolist(), strict=True))
    if all(one <= tolerance for one in found.values()):  # not max: it may pass over a nan
        return found
    raise BackboneError(
        f"The predictions of the exported model differ from those of the judge: probabilities move by up to "
        f"{np.max([*found.values()]):.2g}, more than the tolerance of {tolerance:g}. Nothing was written.",
        problems=[f"{label}: {one:.2g}" for label, one in found.items()],
        hint=hint,
    )


def predict_sample(
    judge: LoadedJudge, sample: Sample, settings: ExportSettings, reporter: Reporter
) -> NDArray[np.float64]:
    """What a judge says of the sample, `[N, K]`."""
    ids = [str(n) for n in range(len(sample.texts))]
    how = PredictSettings(on_too_long="cut", batch_size=settings.batch_size)
    return judge.predict(sample.texts, ids, how, reporter).q


def find_sample(place: Workspace, manifest: JudgeManifest) -> Sample:
    """Items of the judge's own dataset if it is there and unchanged, else texts of the bundled sample."""
    trained_on = manifest.dataset
    if place.exists(DATASETS, trained_on.name):
        try:
            dataset = open_dataset(place, trained_on.name)
        except JudgekitError:  # a damaged dataset is no reason to keep a judge in
            dataset = None
        if dataset is not None and dataset.content_hash == trained_on.content_hash:
            return Sample(dataset.items.texts.head(SAMPLE_ITEMS).to_dicts(), f"items of the dataset {trained_on.name}")
    bundled = (files("judgekit") / "sample" / "new.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(bundled, newline="")))[:SAMPLE_ITEMS]
    texts = [max(row.values(), key=len) for row in rows]
    made = [{field: texts[(n + k) % len(texts)] for k, field in enumerate(manifest.fields)} for n in range(len(texts))]
    return Sample(made, "texts of the bundled sample, as the judge's dataset is gone or has changed")
