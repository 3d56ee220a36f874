"""How much of what can be learned judges learn from a few hundred annotated items, and what each part of that adds.

Usage: python benchmarks/learning.py DATA_FOLDER [--only NAME …] [--variant NAME …] [--seeds N] [--workspace FOLDER]
       [--json]

For each data set and variant: `ingest`, `train` and `evaluate` as a user would call them, on the starter backbone.
Nothing is tuned on what is evaluated: a set with a test file is evaluated there, others on all items, each predicted by
a judge of the folds that has not seen it, or without folds on the test part. Seeds change split, folds and batches. One
line per set and variant, means over the seeds:

- KL(p || q) in nats and that of the class prior, accuracy;
- signal: (KL of the class prior - KL) / (KL of the class prior - noise floor), in percent, least and most of the seeds;
- the gain over the first variant of the set on the same items, with the 95 % interval of a paired bootstrap;
- seconds of the training.
"""

import argparse
import csv
import json
import logging
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from judgekit import Judge, ingest, train
from judgekit.core.metrics import bootstrap_interval

COLUMNS = ("set", "variant", "items", "KL", "class prior", "accuracy", "signal %", "least to most", "better by", "s")
VARIANTS: dict[str, dict[str, Any]] = {
    "default": {},
    "quick": {"quick": True},
    "no probe": {"probe": False},
    "one split": {"folds": 0},
    "as read": {"folds": 0, "probe": False, "calibrate": False},
    "empirical targets": {"targets": "empirical", "radius": "fixed", "epsilon": 0.25, "alpha": 0.8},
    "single-point": {"preset": "single-point"},
    "paper": {"preset": "paper"},
}


class DataSet(NamedTuple):
    """What to train on and how to read it, and the files to evaluate on."""

    train: str
    reading: dict[str, Any] = {}  # noqa: RUF012  # never changed
    tests: tuple[str, ...] = ()
    items: int | None = None
    """The first so many items of the file alone."""
    annotations: int | None = None
    """So many annotations of each item alone, drawn at random."""


def _dimension(label: str) -> DataSet:
    return DataSet("summeval/summeval_long.csv", {"label": (label,), "text": ("summary",)})


_SNLI = ("snli/snli_test_sample3000_long.csv", "chaosnli/chaosnli_snli_counts.csv")
SETS = {
    "annotation paradigms 1": DataSet("annotation_paradigms/annotation_paradigms_g1_long.csv"),
    "annotation paradigms 2": DataSet("annotation_paradigms/annotation_paradigms_g2_long.csv"),
    "DICES-350": DataSet("dices/dices350_counts.csv"),
    "MT-Bench": DataSet("mt_bench_human/mt_bench_human_ge3_long.csv"),
    "PandaLM": DataSet("pandalm/pandalm_long.csv"),
    "HateCheck": DataSet("hatecheck/hatecheck_sample2000_long.csv"),
    "SummEval coherence": _dimension("label"),
    "SummEval consistency": _dimension("consistency"),
    "SummEval fluency": _dimension("fluency"),
    "SummEval relevance": _dimension("relevance"),
    "SummEval relevance, article": DataSet("summeval/summeval_relevance_with_article_long.csv"),
    "SNLI": DataSet("snli/snli_train_long.csv", tests=_SNLI),
    "SNLI 100": DataSet("snli/snli_train_long.csv", tests=_SNLI, items=100),
    "SNLI 300": DataSet("snli/snli_train_long.csv", tests=_SNLI, items=300),
    "SNLI 1000": DataSet("snli/snli_train_long.csv", tests=_SNLI, items=1000),
    "SNLI 1000 thinned to 1": DataSet("snli/snli_train_long.csv", tests=_SNLI, items=1000, annotations=1),
    "SNLI 1000 thinned to 2": DataSet("snli/snli_train_long.csv", tests=_SNLI, items=1000, annotations=2),
    "SNLI 1000 thinned to 3": DataSet("snli/snli_train_long.csv", tests=_SNLI, items=1000, annotations=3),
}


def thinned(path: Path, chosen: DataSet, folder: Path) -> Path:
    """The rows of the first items of a long table, and so many of each item as are wanted."""
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    rows_of: dict[str, list[list[str]]] = {}
    for row in rows:
        rows_of.setdefault(row[0], []).append(row)
    rng = random.Random(0)
    kept = [
        row
        for of_item in list(rows_of.values())[: chosen.items]
        for row in (rng.sample(of_item, chosen.annotations) if chosen.annotations else of_item)
    ]
    target = folder / f"{path.stem}_{chosen.items}_{chosen.annotations}.csv"
    with target.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *kept])
    return target


def runs(name: str, variants: list[str], seeds: int, folder: Path, workspace: Path) -> Iterator[dict[str, Any]]:
    """A row for each file that is evaluated and each variant."""
    chosen, data = SETS[name], name.lower().replace(" ", "-").replace(",", "")
    source = folder / chosen.train
    if chosen.items is not None:
        source = thinned(source, chosen, workspace.parent)
    ingest(source, name=data, workspace=workspace, force=True, **chosen.reading)
    first: dict[str, np.ndarray] = {}
    for variant in variants:
        rows: dict[str, list[dict[str, Any]]] = {}
        for seed in range(seeds):
            started = time.perf_counter()
            # A split that all variants share: with folds there is none.
            trained = train(data, judge=data, workspace=workspace, force=True, seed=seed, **VARIANTS[variant])
            seconds = time.perf_counter() - started
            for test in chosen.tests or (None,):
                judge = Judge.load(data, workspace=workspace)
                found = judge.evaluate(None if test is None else folder / test)
                kl, prior = found.metrics["kl"].value, found.baselines["class_prior"]["kl"]
                rows.setdefault(found.source if test else "held out", []).append({
                    "items": len(found.items), "kl": kl,
                    "prior": prior, "accuracy": found.metrics["accuracy"].value,
                    "signal": (prior - kl) / (prior - found.floor.value), "seconds": seconds,
                    "per_item": dict(zip(found.items.ids, found.items.kl.tolist(), strict=True)),
                    "steps": trained.training.steps, "weights": trained.training.calibration.describe(),
                })  # fmt: skip
        for where, of_seeds in rows.items():
            yield _row(name, where, variant, of_seeds, first)


def _row(name: str, where: str, variant: str, of_seeds: list[dict[str, Any]], first: dict[str, Any]) -> dict[str, Any]:
    means = {
        key: float(np.mean([one[key] for one in of_seeds])) for key in ("kl", "prior", "accuracy", "signal", "seconds")
    }
    signals = [one["signal"] for one in of_seeds]
    kl: dict[str, list[float]] = {}
    for one in of_seeds:
        for item, value in one["per_item"].items():
            kl.setdefault(item, []).append(value)
    own = {item: float(np.mean(values)) for item, values in kl.items()}
    reference = first.setdefault(where, own)
    shared = sorted(own.keys() & reference.keys())
    better = None
    if reference is not own and len(shared) > 1:
        better = bootstrap_interval(np.array([own[item] - reference[item] for item in shared]), seed=0)._asdict()
    return {"set": name, "evaluated_on": where, "variant": variant, "items": of_seeds[0]["items"], **means,
            "least": min(signals), "most": max(signals), "first_is_better_by": better,
            "weights": [one["weights"] for one in of_seeds]}  # fmt: skip


def as_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table, in the order of COLUMNS."""
    by = row["first_is_better_by"]
    return (
        row["set"] if row["evaluated_on"] == "held out" else f"{row['set']}: {row['evaluated_on']}",
        row["variant"],
        f"{row['items']:,}",
        f"{row['kl']:.4f}",
        f"{row['prior']:.4f}",
        f"{row['accuracy']:.3f}",
        f"{100 * row['signal']:.0f}",
        f"{100 * row['least']:.0f} to {100 * row['most']:.0f}",
        "" if by is None else f"{by['value']:+.4f} ({by['low']:+.4f} to {by['high']:+.4f})",
        f"{row['seconds']:.0f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DATA_FOLDER", help="folder with the files named in the script")
    parser.add_argument("--only", choices=list(SETS), action="append", help="this set alone; repeat for several")
    parser.add_argument("--variant", choices=list(VARIANTS), action="append", help="this variant; repeat for several")
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each variant")
    parser.add_argument("--workspace", type=Path, help="keep datasets and judges here (default: thrown away)")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each row instead of a table")
    options = parser.parse_args()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    if not options.json:
        print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        for name in options.only or SETS:
            if not (options.folder / SETS[name].train).is_file():
                print(f"{name}: there is no {options.folder / SETS[name].train}, left out", file=sys.stderr)
                continue
            place = options.workspace or Path(temporary) / "workspace"
            for row in runs(name, options.variant or ["default"], options.seeds, options.folder, place):
                print(json.dumps(row) if options.json else f"| {' | '.join(as_cells(row))} |", flush=True)


if __name__ == "__main__":
    main()
