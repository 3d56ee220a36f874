"""Judges that are damaged or hostile: `python benchmarks/fuzz_judges.py [--tries 3000] [--first 0]`.

Makes small judges (encoders and causal LMs, each trained in folds and without), damages a copy of one in each try, and
reads it: what it says of new items, and what its folds said of its own. Counts refusals, and reports every try that
ends otherwise than it may: a traceback, more than 10 seconds, or other numbers although the manifest was not made to
fit. Then the same of settings, and a few of both through the command.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from hostile_judges import ODD_VALUES, make_hostile  # pyright: ignore[reportMissingImports]
from made_up_votes import LABELS, votes_rows, write_csv  # pyright: ignore[reportMissingImports]
from tiny_backbones import build_bert, build_causal  # pyright: ignore[reportMissingImports]

from judgekit import Judge, evaluate, ingest, train
from judgekit.cli import main
from judgekit.cli.settings_file import VERBS
from judgekit.errors import JudgekitError
from judgekit.judge.kept_items import kept_items

ITEMS = [{"text": "dirty tea"}, {"text": "clean bed, kind host"}, {"text": "slow soup"}]
MOST_SECONDS = 10.0


def make_judges(place: Path) -> list[Path]:
    ingest(write_csv(place / "votes.csv", votes_rows(60)), workspace=place / "ws")
    backbones = {"encoder": build_bert(place / "bert"), "causal": build_causal(place / "llama", words=LABELS)}
    how: dict[str, Any] = {"epochs": 1, "batch_size": 16, "device": "cpu", "learning_rate": 1e-2}
    made: list[Path] = []
    for name, folder in backbones.items():
        for folds in (0, 2):
            judge = train(workspace=place / "ws", judge=f"{name}-{folds}", backbone=folder, folds=folds, **how)
            made.append(judge.folder)
    return made


def read(folder: Path) -> np.ndarray:
    """What a judge says of new items, and of its own where it was trained in folds, `[n, K]`."""
    judge = Judge.load(folder, device="cpu", dtype="float32")
    said = [judge.predict(ITEMS).probabilities]
    kept = kept_items(judge.entry)
    said += [] if kept is None else [kept.counts / 1e3]
    if judge.manifest.settings.folds:
        place = folder.parents[1]
        found = evaluate(judge=folder.name, workspace=place, part="folds", device="cpu", resamples=10)
        said.append(found.items.probabilities)
    return np.concatenate(said)


def try_judge(whole: Path, expected: np.ndarray, folder: Path, seed: int) -> tuple[str, str]:
    """What was damaged, and how reading it ended."""
    what, sealed = make_hostile(whole, folder, seed)
    began = time.perf_counter()
    try:
        found = read(folder)
        same = found.shape == expected.shape and np.allclose(found, expected, atol=1e-6)
        sound = bool(np.isfinite(found).all() and np.allclose(found[: len(ITEMS)].sum(axis=1), 1))
        ended = "same numbers" if same else "another judge" if sealed and sound else "OTHER NUMBERS"
    except JudgekitError:
        ended = "refused"
    except Exception:  # noqa: BLE001 - to be counted and shown is what it is for
        ended = "TRACEBACK\n" + traceback.format_exc(limit=-4)
    return what, "SLOW" if time.perf_counter() - began > MOST_SECONDS else ended


def try_settings(place: Path, seed: int) -> tuple[str, str]:
    """The command with odd settings in the workspace's file or as options."""
    generator = random.Random(seed)
    verb = generator.choice((*VERBS, "score", "score", "score", "nothing"))
    keys = [field.name for field in fields(VERBS[verb])] if verb in VERBS else ["x"]
    lines = [f"[{verb}]", f"{generator.choice((*keys, *keys, 'x'))} = {_toml(generator.choice(ODD_VALUES))}"]
    text = "\n".join(lines)
    settings = place / "ws" / "judgekit.toml"
    settings.write_bytes(text.encode("utf-8", "replace")[: generator.choice((9999, 9999, 20))])
    began = time.perf_counter()
    code = main(["score", str(place / "new.csv"), "--judge", "encoder-0", "--workspace", str(place / "ws"), "--force"])
    settings.unlink()
    ended = {0: "done", 2: "usage", 3: "refused"}.get(code, f"TRACEBACK: code {code}")
    return repr(text[:200]), "SLOW" if time.perf_counter() - began > MOST_SECONDS else ended


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value) if isinstance(value, int | float | str | list) else "{}"


def report(name: str, ended: Counter[str], bad: list[str]) -> None:
    print(f"{name}: {sum(ended.values()):,} tries; " + ", ".join(f"{key} {n:,}" for key, n in ended.most_common()))
    print("\n".join(bad))


def run() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=3_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--settings", type=int, default=300)
    options = parser.parse_args()
    bad: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        judges = make_judges(place)
        expected = [read(judge) for judge in judges]
        write_csv(place / "new.csv", [["text"], *([item["text"]] for item in ITEMS)])
        counts: Counter[str] = Counter()
        for seed in range(options.first, options.first + options.tries):
            which = seed % len(judges)
            what, ended = try_judge(judges[which], expected[which], place / "ws" / "judges" / "hostile", seed)
            counts[ended.splitlines()[0]] += 1
            if ended[:4].isupper():
                bad.append(f"{seed} {judges[which].name} {what}: {ended}")
        shutil.rmtree(place / "ws" / "judges" / "hostile", ignore_errors=True)
        report("judges", counts, bad)
        counts, wrong = Counter(), list[str]()
        for seed in range(options.first, options.first + options.settings):
            what, ended = try_settings(place, seed)
            counts[ended] += 1
            wrong += [f"{seed} {what}: {ended}"] if ended[:4].isupper() else []
        report("settings", counts, wrong)
    return 1 if bad or wrong else 0


if __name__ == "__main__":
    sys.exit(run())
