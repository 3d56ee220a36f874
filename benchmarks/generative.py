"""Judges that write against the judge that is read at its labels, on tasks whose true probabilities are known.

Usage: python benchmarks/generative.py [--seeds N] [--workspace FOLDER] [--only NAME …] [--json]
       python benchmarks/generative.py --starter-lm DATA_FOLDER [--seeds N] [--workspace FOLDER]

A text is six words; how many of them are kind says with which probability an annotator chooses `yes`. The backbone is
made on the spot: a small Llama from a config, which learns the words, the prompt and the form of an answer, with
probabilities drawn at random, so that it knows the form and nothing of the task. Then judges are trained as a user
would, without calibration, so that the figures are of what is written:

- label: read at its labels, on items with 20 annotations each;
- verbalized SFT: the same items, a probability written for each label;
- half-trained SFT: the same, stopped early, and RL from it on items with one annotation each.

Of pairs of texts people say which is the kinder one. The backbone knows judgments that count at random. A teacher, made
up too, counts right or not at all and then prefers what it is shown first:

- pairs label: read at its labels;
- pairs rise SFT: from the teacher's judgments that agree with the majority in both orders;
- pairs rise DPO: the same, then preferences on the items that the teacher fails.

Of new items: MSE between the probability of `yes` (of `A`) and the true one; of pairs how often the likeliest label is
that of most people in both orders; the share of answers that could be read; how many different probabilities are used.
`better by` is the fall of the MSE, or the rise of the agreement, against the judge that this one began with, on the
same items. Intervals are 95 %, of a bootstrap over the items.

With --starter-lm the backbone is the chat model of the extra of that name, and the data 150 items of ChaosNLI: KL of
the test items, of the model as it is, read at its labels and asked for probabilities, and after short trainings.
"""

import argparse
import json
import logging
import random
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import writing_tasks as tasks
from numpy.typing import NDArray
from starter_lm import starter_rows

from judgekit import Judge, ingest, train
from judgekit.core.metrics import Interval, bootstrap_interval

DENSE_ITEMS, SPARSE_ITEMS, PAIRS, TEST_ITEMS, ANNOTATIONS = 300, 600, 240, 300, 20
COLUMNS = (
    "seed", "judge", "MSE", "95 % interval", "agrees %", "95 % interval", "read %", "different", "better by",
    "95 % interval", "s",
)  # fmt: skip
_CAUSAL: dict[str, Any] = {
    "device": "cpu", "dtype": "float32", "calibrate": False, "probe": False, "label_scoring": "tokens", "lora_r": 16,
    "train_share": 0.9, "validation_share": 0.05, "batch_size": 16, "learning_rate": 4e-3,
}  # fmt: skip
_VERBALIZED: dict[str, Any] = {"method": "verbalized", "decimals": tasks.DECIMALS}
_RISE: dict[str, Any] = {"method": "rise", "answer_length": 32, "judgments": 8, "epochs": 12}
SETTINGS: dict[str, dict[str, Any]] = {
    "label": {"epochs": 12},
    "verbalized SFT": {**_VERBALIZED, "epochs": 24},
    "half-trained SFT": {**_VERBALIZED, "epochs": 5},
    "RL from half-trained": {
        **_VERBALIZED, "stage": "rl", "begin_with": "half-trained-SFT", "epochs": 2, "batch_size": 32, "generations": 8,
        "learning_rate": 1e-3,
    },
    "pairs label": {"epochs": 12},
    "pairs rise SFT": {**_RISE, "learn_from": "agreeing.jsonl"},
    "pairs rise DPO": {**_RISE, "learn_from": "samples.jsonl"},
}  # fmt: skip
BEGAN_WITH = {"RL from half-trained": "half-trained SFT", "pairs rise DPO": "pairs rise SFT"}


class Row(NamedTuple):
    """What one judge came to."""

    seed: int
    judge: str
    mse: Interval
    agreement: Interval | None
    read: float | None
    different: int
    gain: Interval | None
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """As texts."""

        def shown(one: Interval | None, times: float, digits: int) -> tuple[str, str]:
            if one is None:
                return "", ""
            value, low, high = (f"{times * number:.{digits}f}" for number in (one.value, one.low, one.high))
            return value, f"{low} … {high}"

        return (
            str(self.seed), self.judge, *shown(self.mse, 1, 4), *shown(self.agreement, 100, 1),
            "" if self.read is None else f"{100 * self.read:.1f}", str(self.different),
            *(shown(self.gain, 1, 4) if self.agreement is None else shown(self.gain, 100, 1)), f"{self.seconds:.0f}",
        )  # fmt: skip


class Said(NamedTuple):
    """What a judge says of new items."""

    errors: NDArray[np.float64]
    agrees: NDArray[np.float64] | None
    read: float | None
    different: int


def said_of_texts(judge: Judge, texts: list[str]) -> Said:
    scores = judge.predict([{"text": text} for text in texts])
    q = scores.probabilities[:, scores.labels.index("yes")]
    read = None if scores.is_parsed is None else float(scores.is_parsed.mean())
    return Said(np.square(q - np.array([tasks.truth(text) for text in texts])), None, read, len(np.unique(q.round(4))))


def said_of_pairs(judge: Judge, pairs: list[tuple[str, str]]) -> Said:
    """Both orders; `agrees`: whether the likeliest label is that of most people in each."""
    p = np.array([tasks.truth_of_pair(*pair) for pair in pairs])
    both = [judge.predict([tasks.as_item(*pair[::step]) for pair in pairs]) for step in (1, -1)]
    q = [scores.probabilities[:, scores.labels.index(side)] for scores, side in zip(both, "AB", strict=True)]
    agrees = ((q[0] > 0.5) == (p > 0.5)) & ((q[1] > 0.5) == (p > 0.5))
    parsed = [scores.is_parsed for scores in both if scores.is_parsed is not None]
    read = float(np.concatenate(parsed).mean()) if parsed else None
    return Said(np.square(q[0] - p), agrees.astype(np.float64), read, len(np.unique(q[0].round(4))))


def rows_of(seed: int, folder: Path, only: list[str]) -> list[Row]:
    rng, workspace = random.Random(seed), folder / "ws"
    dense, sparse, new = (tasks.texts_of(count, rng) for count in (DENSE_ITEMS, SPARSE_ITEMS, TEST_ITEMS))
    ingest(tasks.write_votes(folder / "dense.csv", dense, ANNOTATIONS, rng), workspace=workspace)
    ingest(tasks.write_votes(folder / "sparse.csv", sparse, 1, rng), workspace=workspace)
    pairs, new_pairs = (tasks.pairs_of(count, rng) for count in (PAIRS, TEST_ITEMS))
    ingest(tasks.write_pair_votes(folder / "pairs.csv", pairs, ANNOTATIONS, rng), workspace=workspace)
    wanted = [name for name in SETTINGS if not only or name in only]
    backbones = {}
    if any(not name.startswith("pairs") for name in wanted):
        backbones["texts"] = tasks.make_backbone(folder / "texts", workspace, seed)
    if any(name.startswith("pairs") for name in wanted):
        backbones["pairs"] = tasks.make_pairs_backbone(folder / "backbone-pairs", workspace, seed)
        tasks.write_judgments(folder, workspace, pairs, rng)
    found: list[Row] = []
    said: dict[str, Said] = {}
    for name in wanted:
        own, is_pairs = dict(SETTINGS[name]), name.startswith("pairs")
        if "learn_from" in own:
            own["learn_from"] = str(folder / own["learn_from"])
        started = time.perf_counter()
        judge = train(
            "pairs" if is_pairs else "sparse" if own.get("stage") == "rl" else "dense", judge=name.replace(" ", "-"),
            workspace=workspace, backbone=backbones["pairs" if is_pairs else "texts"], seed=seed, **{**_CAUSAL, **own},
        )  # fmt: skip
        seconds = time.perf_counter() - started
        one = said[name] = said_of_pairs(judge, new_pairs) if is_pairs else said_of_texts(judge, new)
        found.append(
            Row(
                seed, name, bootstrap_interval(one.errors, seed=0),
                None if one.agrees is None else bootstrap_interval(one.agrees, seed=0), one.read, one.different,
                gain_of(one, said.get(BEGAN_WITH.get(name, ""))), seconds,
            )
        )  # fmt: skip
        print(" | ".join(found[-1].cells()), flush=True)
    return found


def gain_of(one: Said, before: Said | None) -> Interval | None:
    if before is None:
        return None
    if one.agrees is not None and before.agrees is not None:
        return bootstrap_interval(one.agrees - before.agrees, seed=0)
    return bootstrap_interval(before.errors - one.errors, seed=0)


def main() -> None:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--first-seed", type=int, default=0)
    options.add_argument("--workspace", type=Path, help="keep everything here (default: a temporary folder)")
    options.add_argument("--only", nargs="*", default=[], metavar="NAME")
    options.add_argument("--starter-lm", type=Path, metavar="DATA_FOLDER", help="the chat model on 150 real items")
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    rows: list[Any] = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(chosen.first_seed, chosen.first_seed + chosen.seeds):
            folder = (chosen.workspace or Path(scratch)) / str(seed)
            folder.mkdir(parents=True)
            if chosen.starter_lm is not None:
                rows += starter_rows(seed, folder, chosen.starter_lm, chosen.only)
                continue
            print(" | ".join(COLUMNS))
            rows += rows_of(seed, folder, chosen.only)
    if chosen.json:
        print(json.dumps([row._asdict() for row in rows]))


if __name__ == "__main__":
    main()
