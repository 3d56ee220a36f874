"""The same judges on a real chat model and real items: `generative.py --starter-lm DATA_FOLDER`.

150 pairs of sentences of ChaosNLI with five annotations each: 60 to train on, 30 to calibrate and 60 to test on.
Everything is small, so that it ends on a CPU: what is shown is what the whole path comes to, not how good it can be.
"""

import csv
import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from judgekit import Judge, ingest, train
from judgekit.core.metrics import Interval
from judgekit.verbs.synthesize import synthesize

FILE = "chaosnli/chaosnli_snli_old5_long.csv"
ITEMS, SYNTHESIZED = 150, 20
COLUMNS = ("seed", "judge", "KL", "95 % interval", "class prior", "read %", "s")
_ALL: dict[str, Any] = {
    "backbone": "starter-lm", "device": "cpu", "train_share": 0.4, "validation_share": 0.2, "folds": 0, "probe": False,
    "max_length": 512, "epochs": 2, "batch_size": 8, "offline": True,
}  # fmt: skip
_VERBALIZED: dict[str, Any] = {"method": "verbalized", "decimals": 1}
_RISE: dict[str, Any] = {"method": "rise", "answer_length": 64, "judgments": 2}
SETTINGS: dict[str, dict[str, Any]] = {
    "label, as it is": {"stage": "none"},
    "verbalized, as it is": {**_VERBALIZED, "stage": "none"},
    "label": {},
    "verbalized SFT": _VERBALIZED,
    "rise, as it is": {**_RISE, "stage": "none"},
    "rise SFT + DPO": {**_RISE, "learn_from": "?", "epochs": 1},
    "RL from SFT": {
        **_VERBALIZED, "stage": "rl", "begin_with": "verbalized-sft", "epochs": 1, "generations": 4,
        "learning_rate": 1e-4,
    },
}  # fmt: skip


class StarterRow(NamedTuple):
    """What one judge came to on the test items."""

    seed: int
    judge: str
    kl: Interval
    prior_kl: float
    read: float | None
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """As texts."""
        read = "" if self.read is None else f"{100 * self.read:.1f}"
        interval = f"{self.kl.low:.3f} … {self.kl.high:.3f}"
        return (
            str(self.seed),
            self.judge,
            f"{self.kl.value:.3f}",
            interval,
            f"{self.prior_kl:.3f}",
            read,
            f"{self.seconds:.0f}",
        )


def write_some(source: Path, folder: Path, *, annotations: int | None) -> Path:
    """The first items of a long table, with all their annotations or so many."""
    with source.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    wanted = [*dict.fromkeys(row["item_id"] for row in rows)][:ITEMS]
    of_item: dict[str, list[dict[str, str]]] = {item: [] for item in wanted}
    for row in rows:
        if row["item_id"] in of_item:
            of_item[row["item_id"]].append(row)
    path = folder / ("dense.csv" if annotations is None else "sparse.csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, rows[0].keys())
        table.writeheader()
        table.writerows(row for one in of_item.values() for row in one[:annotations])
    return path


def starter_rows(seed: int, folder: Path, data: Path, only: list[str]) -> list[StarterRow]:
    workspace = folder / "ws"
    for annotations in (None, 1):
        ingest(write_some(data / FILE, folder, annotations=annotations), workspace=workspace)
    print(" | ".join(COLUMNS), flush=True)
    found: list[StarterRow] = []
    for name in (name for name in SETTINGS if not only or name in only):
        own, started = dict(SETTINGS[name]), time.perf_counter()
        if "learn_from" in own:
            written = synthesize(
                "dense", workspace=workspace, teacher="starter-lm", samples=2, items=SYNTHESIZED, answer_length=64,
                seed=seed, offline=True,
            )  # fmt: skip
            own["learn_from"] = str(written.file)
        judge: Judge = train(
            "sparse" if own.get("stage") == "rl" else "dense", judge=re.sub("[^a-z0-9]+", "-", name.lower()),
            workspace=workspace, seed=seed, split_seed=0, **{**_ALL, **own},
        )  # fmt: skip
        result = judge.evaluate(folder / "dense.csv") if own.get("stage") == "rl" else judge.evaluate(part="test")
        seconds = time.perf_counter() - started
        read = None if result.written is None else result.written.parsed
        found.append(StarterRow(seed, name, result.metrics["kl"], result.baselines["class_prior"]["kl"], read, seconds))
        print(" | ".join(found[-1].cells()), flush=True)
    return found
