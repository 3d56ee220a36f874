"""The benchmarks in one command: judgekit and what its users would pick instead, side by side.

Usage: python -m benchmarks [NAME …] [--list] [--file FILE] [--rounds N] [--json]

Without names all of them run, one after the other, each in a process of its own. FILE is a CSV that judgekit ingests
without options, for those that read one; without it one of 2,000 made items is written. What is printed are the
ratios beside their bars, with date, commit and machine; the exit code is 1 where a bar is missed.
"""

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).parent
ITEMS, ANNOTATORS = 2_000, 3
WORDS = ("a", "the", "room", "bed", "tea", "host", "clean", "cold", "kind", "dirty", "noisy", "and", "was", "not")


class Part(NamedTuple):
    """A script of this folder."""

    script: str
    about: str
    reads_file: bool = False
    arguments: tuple[str, ...] = ()
    takes_rounds: bool = True


PARTS = {
    "start": Part(
        "startup.py", "--help, ingest and a score of ten rows; an empty typer app, a bare read, importing torch", True
    ),
    "ingest": Part("ingest.py", "2 million annotations; polars.read_csv, pandas"),
    "growth": Part("ingest.py", "20 million annotations; polars.read_csv, pandas", arguments=("--rows", "20000000")),
    "adversary": Part("adversary.py", "projection and worst case; CVXPY, brute force", takes_rounds=False),
    "train": Part("training.py", "a training step of an encoder; transformers.Trainer", True, takes_rounds=False),
    "train-causal": Part("causal.py", "training of a causal LM; TRL's SFTTrainer (--trl-python)", takes_rounds=False),
    "score": Part("scoring.py", "an encoder by torch and OpenVINO; transformers.pipeline, CrossEncoder", True),
    "score-busy": Part("scoring.py", "the same with a core taken by another process", True, ("--busy", "1")),
    "score-long": Part("streaming.py", "1,000,000 rows: memory, growth, kills", takes_rounds=False),
    "beginnings": Part("beginnings.py", "a causal LM's shared instruction; the forward without sharing"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PARTS))
    parser.add_argument("--list", action="store_true", help="say what each compares, and end")
    parser.add_argument("--file", type=Path, help="a CSV that judgekit ingests without options")
    parser.add_argument("--rounds", type=int, help="how often each peer runs, where a part takes that")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in PARTS]:
        parser.error(f"there is no benchmark {', '.join(unknown)}; there are {', '.join(PARTS)}")
    if options.list:
        for name, part in PARTS.items():
            print(f"{name:13} {part.about}")
        return
    with tempfile.TemporaryDirectory() as folder:
        file = options.file or made_file(Path(folder) / "made.csv")
        found = {name: run(PARTS[name], file, options.rounds) for name in options.names or PARTS}
    where = {"date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC", "commit": commit(), **machine()}
    if options.json:
        print(json.dumps({**where, "benchmarks": found}))
    else:
        print(" · ".join(f"{name} {value}" for name, value in where.items()))
        for name, figures in found.items():
            print(f"\n{name}: {PARTS[name].about}")
            for line in lines(figures):
                print(f"  {line}")
    raise SystemExit(int(not all(figures.get("meets_the_bars", False) for figures in found.values())))


def run(part: Part, file: Path, rounds: int | None) -> dict[str, Any]:
    """The figures of a part; only what went wrong where it fails."""
    words = [sys.executable, str(FOLDER / part.script), *([str(file)] if part.reads_file else []), *part.arguments]
    if rounds is not None and part.takes_rounds:
        words += ["--rounds", str(rounds)]
    ended = subprocess.run([*words, "--json"], capture_output=True, text=True, check=False)
    try:
        return json.loads(ended.stdout.splitlines()[-1])
    except (IndexError, json.JSONDecodeError):
        return {"failed": (ended.stderr.splitlines() or [f"exit code {ended.returncode}"])[-1]}


def lines(figures: dict[str, Any]) -> list[str]:
    """Figures that are held to a bar first, and the others behind them."""
    bars = figures.get("bars", {})
    others = {name: one for name, one in figures.items() if name not in {"bars", "meets_the_bars", *bars}}
    shown = [f"{name} {figures[name]:.4g} (bar: {bar})" for name, bar in bars.items()]
    return shown + [
        f"{name} {value:.4g}" if isinstance(value, float) else f"{name} {value}" for name, value in others.items()
    ]


def commit() -> str:
    """The commit of the tree that is measured."""
    words = ["git", "-C", str(FOLDER), "describe", "--always", "--dirty"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def machine() -> dict[str, str]:
    """What computes, and how busy it is already."""
    cpuinfo = Path("/proc/cpuinfo")
    named = (
        [line.partition(":")[2].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        if cpuinfo.exists()
        else []
    )
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return {"cpu": named[0] if named else platform.processor(), "cores": str(os.cpu_count()), "load": load}


def made_file(path: Path) -> Path:
    """A long CSV of made items that three annotators judged."""
    chance = random.Random(0)
    rows = ["item_id,annotator_id,text,label"]
    for item in range(ITEMS):
        text = " ".join(chance.choices(WORDS, k=chance.randint(8, 60)))
        usual = chance.choice(("good", "bad"))
        rows += [
            f"i{item},a{annotator},{text},{usual if chance.random() < 0.8 else 'fair'}"
            for annotator in range(ANNOTATORS)
        ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    main()
