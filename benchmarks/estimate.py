"""How often the intervals of `judgekit estimate` hold, on simulated populations whose truth is known.

    python benchmarks/estimate.py [--repetitions 1000] [--cases few|all]
    python benchmarks/estimate.py --data DATA_FOLDER [--draws 40]

People's true distributions are Dirichlet draws; the judge is good (near them), biased (shifted and flattened) or bad
(drawn without a look at them). A row per case: how often all K intervals hold together, with the judge and without, how
wide they are in relation, and what the judge is worth.

With `--data`, published items take the place of simulated ones: some are drawn as the annotated ones, a quick judge is
trained on them, and `estimate` says what people say of all of them, which is known.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit import estimate, ingest, train
from judgekit.core.ppi import Sample, estimate_means

POOL = 200_000
"""Items that samples are drawn from; their mean is the truth."""
NEW_ITEMS = 5_000
SHARES = {2: (0.8, 0.2), 3: (0.6, 0.3, 0.1), 5: (0.4, 0.25, 0.2, 0.1, 0.05)}
RARE = {2: (0.97, 0.03), 3: (0.7, 0.25, 0.05), 5: (0.5, 0.3, 0.1, 0.07, 0.03)}
STRENGTH = 3.0
PUBLISHED = {
    "SNLI": ("snli/snli_test_sample3000_long.csv", ("premise", "hypothesis"), 300),
    "DICES-350": ("dices/dices350_counts.csv", ("context", "response"), 100),
}
"""File, texts, and how many items are annotated."""


class Case(NamedTuple):
    """A kind of population and of sample."""

    labels: int
    shares: tuple[float, ...]
    items: int
    annotators: int
    judge: str


class Found(NamedTuple):
    """What the repetitions of a case show."""

    covered: float
    """Share of the repetitions in which all K intervals hold the truth."""
    covered_alone: float
    wider: float
    """Mean width with the judge over mean width without, of the label where that is largest."""
    worth: float


def population(case: Case, random: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """True distributions and the judge's, `[POOL, K]` each."""
    true = random.dirichlet(STRENGTH * np.array(case.shares), size=POOL)
    true = np.clip(true, 1e-9, None)
    true /= true.sum(axis=1, keepdims=True)
    logits, noise = np.log(np.clip(true, 1e-3, None)), random.standard_normal(true.shape)
    if case.judge == "good":
        logits = logits + 0.3 * noise
    elif case.judge == "biased":
        logits = 0.7 * logits + 0.5 * noise + np.linspace(-1, 1, case.labels)
    else:
        logits = noise
    q = np.exp(logits)
    return true, q / q.sum(axis=1, keepdims=True)


def repeat(case: Case, repetitions: int, *, seed: int = 0) -> Found:
    """Draw samples of a case and estimate the shares of its labels from each."""
    random = np.random.default_rng([seed, case.labels, case.items, case.annotators, len(case.judge)])
    true, q = population(case, random)
    truth = true.mean(axis=0)
    rows = []
    for _ in range(repetitions):
        chosen, new = random.integers(POOL, size=case.items), random.integers(POOL, size=NEW_ITEMS)
        shares = random.multinomial(case.annotators, true[chosen]) / case.annotators
        rows.append(estimate_means(Sample(shares, q[chosen], q[new])))
    value = np.array([[(one.low, one.high, *one.annotations_alone[1:], one.worth) for one in row] for row in rows])
    low, high, low_alone, high_alone, worth = np.moveaxis(value, -1, 0)
    return Found(
        float(((low <= truth) & (truth <= high)).all(axis=1).mean()),
        float(((low_alone <= truth) & (truth <= high_alone)).all(axis=1).mean()),
        float(((high - low).mean(axis=0) / (high_alone - low_alone).mean(axis=0)).max()),
        float(np.median(worth)),
    )


def cases(which: str) -> Iterator[Case]:
    """Those of the table."""
    labels: Sequence[int] = (2, 3, 5)
    items = (20, 60, 200, 600, 2000) if which == "all" else (60, 2000)
    annotators = (1, 3, 10) if which == "all" else (1, 10)
    for kind, k, n, m, judge in itertools.product((SHARES, RARE), labels, items, annotators, ("good", "biased", "bad")):
        yield Case(k, kind[k], n, m, judge)


def of_published(file: Path, texts: Sequence[str], annotated: int, draws: int) -> Iterator[tuple[bool, float, float]]:
    """Of each draw: whether all intervals hold the shares of all items, their mean width, the worth of the judge."""
    rows = pl.read_csv(file, infer_schema_length=0)
    items, truth = rows.unique("item_id", keep="first", maintain_order=True), _truth(rows, texts)
    for draw in range(draws):
        chosen = items.sample(annotated, seed=draw)["item_id"]
        with tempfile.TemporaryDirectory() as folder:
            workspace, drawn, whole = (Path(folder) / name for name in ("w", "drawn.csv", "whole.csv"))
            rows.filter(pl.col("item_id").is_in(chosen.implode())).write_csv(drawn)
            items.select("item_id", *texts).write_csv(whole)
            ingest(drawn, workspace=workspace)
            train(workspace=workspace, quick=True, seed=draw)
            found = [one for one in estimate(whole, workspace=workspace).quantities if one.measure == "share"]
        holds = all(one.estimate.low <= truth[one.name] <= one.estimate.high for one in found)
        widths = [one.estimate.high - one.estimate.low for one in found]
        yield holds, float(np.mean(widths)), float(np.median([one.estimate.worth for one in found]))


def _truth(rows: pl.DataFrame, texts: Sequence[str]) -> dict[str, float]:
    """The mean share of each label, of a row per annotation or of counts."""
    if "label" in rows.columns:
        rows = rows.group_by("item_id", "label").len().pivot("label", index="item_id", values="len").fill_null(0)
    counts = rows.select(pl.exclude("item_id", *texts).cast(pl.Float64))
    return counts.select(pl.all() / pl.sum_horizontal(pl.all())).mean().row(0, named=True)


def published(data: Path, draws: int) -> None:
    """Print a line for each published set."""
    print("| data | items | annotated | draws | covered | mean width | worth |\n|---|---|---|---|---|---|---|")
    for name, (file, texts, annotated) in PUBLISHED.items():
        found = list(of_published(data / file, texts, annotated, draws))
        items = pl.read_csv(data / file, infer_schema_length=0)["item_id"].n_unique()
        held, width, worth = (np.array(part) for part in zip(*found, strict=True))
        print(
            f"| {name} | {items:,} | {annotated} | {draws} | {held.mean():.1%} | {width.mean():.3f} | "
            f"{np.median(worth):.2f} |",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description="How often the intervals of judgekit estimate hold")
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("--cases", choices=("few", "all"), default="few")
    parser.add_argument("--data", type=Path, help="Folder of published sets; use their items.")
    parser.add_argument("--draws", type=int, default=40)
    options = parser.parse_args()
    if options.data is not None:
        published(options.data, options.draws)
        return
    print("| labels | rarest | items | annotators | judge | covered | alone | width | worth |")
    print("|---|---|---|---|---|---|---|---|---|")
    outside = total = 0
    for case in cases(options.cases):
        found = repeat(case, options.repetitions)
        total += 1
        outside += not 0.93 <= found.covered <= 0.97
        print(
            f"| {case.labels} | {min(case.shares):.0%} | {case.items:,} | {case.annotators} | {case.judge} | "
            f"{found.covered:.1%} | {found.covered_alone:.1%} | {found.wider:.3f} | {found.worth:.2f} |",
            flush=True,
        )
    print(f"\n{outside} of {total} cases outside of 93 to 97 %.")


if __name__ == "__main__":
    main()
