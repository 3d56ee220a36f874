"""How good the judges are that judgekit trains with every default, on published multi-annotator data.

Usage: python benchmarks/quality.py DATA_FOLDER [--only NAME …] [--epochs N] [--workspace FOLDER] [--json]

For each data set: `ingest`, `train` and `evaluate` as a user would call them, without an option, on the starter
backbone. SNLI is trained on once and evaluated on two files that training never sees, its own test sample and ChaosNLI
(100 annotations per item); the other sets are evaluated on the test part of the split. DATA_FOLDER holds the files
named in `SETS`; a set whose file is not there is left out, with a line on stderr. One line per evaluation:

- KL(p || q) in nats with its 95 % interval, and the KL of two judges that never read the item: the class prior of the
  training items, and the uniform distribution;
- accuracy of the most probable label against the most frequent one, ties sharing the credit;
- the noise floor: the KL that a perfect judge would show against so few annotations;
- seconds of the training.

`--epochs` is for trying the script: with it the figures are not those of the defaults.
"""

import argparse
import json
import logging
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from judgekit import evaluate, ingest, train

COLUMNS = ("evaluated on", "items", "KL", "95 % interval", "class prior", "uniform", "accuracy", "floor", "training s")


class DataSet(NamedTuple):
    """What to train on, and the files to evaluate on; without any, the test part of the split."""

    train: str
    tests: tuple[str, ...] = ()


SETS = {
    "snli": DataSet(
        "snli/snli_train_long.csv",
        ("snli/snli_test_sample3000_long.csv", "chaosnli/chaosnli_snli_counts.csv"),
    ),
    "summeval": DataSet("summeval/summeval_long.csv"),
    "pandalm": DataSet("pandalm/pandalm_long.csv"),
    "mt_bench_human": DataSet("mt_bench_human/mt_bench_human_ge3_long.csv"),
    "hatecheck": DataSet("hatecheck/hatecheck_sample2000_long.csv"),
    "annotation_paradigms": DataSet("annotation_paradigms/annotation_paradigms_g1_long.csv"),
    "dices": DataSet("dices/dices350_counts.csv"),
}


def measure(name: str, folder: Path, workspace: Path, settings: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Train one judge and evaluate it, one row per evaluation."""
    chosen = SETS[name]
    ingest(folder / chosen.train, name=name, workspace=workspace)
    started = time.perf_counter()
    trained = train(name, judge=name, workspace=workspace, **settings)
    seconds = time.perf_counter() - started
    for test in chosen.tests or (None,):
        found = evaluate(None if test is None else folder / test, judge=name, workspace=workspace).to_json()
        yield {
            "set": name,
            "evaluated_on": found["source"],
            "items": found["items"],
            "kl": found["metrics"]["kl"]["value"],
            "kl_low": found["metrics"]["kl"]["low"],
            "kl_high": found["metrics"]["kl"]["high"],
            "class_prior_kl": found["baselines"]["class_prior"]["kl"],
            "uniform_kl": found["baselines"]["uniform"]["kl"],
            "accuracy": found["metrics"]["accuracy"]["value"],
            "noise_floor": found["noise_floor"]["kl"],
            "truncated": found["truncated"],
            "training_seconds": seconds,
            "training_items_per_second": trained.training.items_per_second,
        }


def as_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """A row of the table, in the order of COLUMNS."""
    interval = "" if row["kl_low"] is None else f"{row['kl_low']:.3f} to {row['kl_high']:.3f}"
    figures = (row["class_prior_kl"], row["uniform_kl"], row["accuracy"], row["noise_floor"])
    return (
        row["evaluated_on"],
        f"{row['items']:,}",
        f"{row['kl']:.3f}",
        interval,
        *(f"{figure:.3f}" for figure in figures),
        f"{row['training_seconds']:.0f}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, metavar="DATA_FOLDER", help="folder with the files named in the script")
    parser.add_argument("--only", choices=list(SETS), action="append", help="this set alone; repeat for several")
    parser.add_argument("--epochs", type=int, help="passes over the training items, to try the script quickly")
    parser.add_argument("--workspace", type=Path, help="keep datasets and judges here (default: thrown away)")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    options = parser.parse_args()
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)
    settings = {} if options.epochs is None else {"epochs": options.epochs}
    rows: list[dict[str, Any]] = []
    if not options.json:
        print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        for name in options.only or SETS:
            if not (options.folder / SETS[name].train).is_file():
                print(f"{name}: there is no {options.folder / SETS[name].train}, left out", file=sys.stderr)
                continue
            for row in measure(name, options.folder, options.workspace or Path(temporary), settings):
                rows.append(row)
                if not options.json:
                    print(f"| {' | '.join(as_cells(row))} |", flush=True)
    if options.json:
        print(json.dumps({"settings": settings, "rows": rows}))


if __name__ == "__main__":
    main()
