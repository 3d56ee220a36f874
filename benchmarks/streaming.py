"""Whether `judgekit score` holds as much of a long table as of a short one, and loses nothing where it is killed.

Usage: python benchmarks/streaming.py [--rows 1000000] [--kills 20] [--rows-killed 40000] [--json]

A quick judge is trained on a made file. Then as many made rows of five words as asked for are scored, and a tenth of
them before that, each by a command in a process of its own, whose peak memory is read. Memory over the model is that
beyond the peak of scoring ten rows. Last, a shorter table is scored to the end once, and once by a command that is
killed (SIGKILL) at random moments and started again each time: both files must hold the same bytes.
"""

import argparse
import csv
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
from side_by_side import Bar, report

WORDS = ("a", "the", "room", "bed", "tea", "host", "clean", "cold", "kind", "dirty", "noisy", "and", "was", "not")
BARS = [
    Bar("gib_over_the_model", most=1.5),
    Bar("memory_of_all_to_that_of_a_tenth", most=1.1),
    Bar("exponent_of_time", most=1.1),
    Bar("killed_runs_that_differ", most=0),
]
MEASURED = """
import json, os, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
unit = 1 if sys.platform == "darwin" else 1024
print(json.dumps([done.returncode, unit * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
"""


class Run(NamedTuple):
    """A command that ended."""

    seconds: float
    peak: int
    """Bytes."""


def write_rows(path: Path, rows: int, *, annotators: int = 0, seed: int = 0) -> None:
    """Made items, one row each or one per annotator, whose label follows from the words."""
    draw = random.Random(seed)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("item_id", "text", *(("annotator_id", "label") if annotators else ())))
        for n in range(rows):
            words = draw.choices(WORDS, k=5)
            for person in range(annotators):
                is_good = ("clean" in words) + ("kind" in words) + draw.random() > 0.8
                writer.writerow((f"i{n}", " ".join(words), f"a{person}", "good" if is_good else "bad"))
            if not annotators:
                writer.writerow((f"i{n}", f"{' '.join(words)} {n}"))  # texts that repeat are scored once


def judgekit(*arguments: str) -> list[str]:
    """The command."""
    return [sys.executable, "-m", "judgekit", *arguments]


def score(workspace: Path, table: Path, output: Path) -> Run:
    """Score a table in a process of its own."""
    command = judgekit("score", str(table), "-o", str(output), "--workspace", str(workspace))
    started = time.perf_counter()
    said = subprocess.run([sys.executable, "-c", MEASURED, *command], check=True, stdout=subprocess.PIPE, text=True)
    code, peak = map(int, said.stdout.strip("[]\n").split(","))
    if code:
        raise SystemExit(f"{' '.join(command)} ended with exit code {code}.")
    return Run(time.perf_counter() - started, peak)


def score_killed(workspace: Path, table: Path, output: Path, *, kills: int, longest: float, seed: int) -> int:
    """Score a table by a command that is killed again and again; how often it was."""
    draw, command = random.Random(seed), judgekit("score", str(table), "-o", str(output), "--workspace", str(workspace))
    for number in range(kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            process.wait(timeout=draw.uniform(0, longest))
            return number
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return kills


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--rows-killed", type=int, default=40_000)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workspace, annotations = folder / "workspace", folder / "annotations.csv"
        write_rows(annotations, 300, annotators=3)
        for arguments in (("init",), ("ingest", str(annotations)), ("train", "--quick")):
            subprocess.run(
                judgekit(*arguments, "--workspace", str(workspace)), check=True, stdout=subprocess.DEVNULL
            )  # init takes the folder as the others do
        runs = {}
        for size in (10, options.rows // 10, options.rows):
            table = folder / f"{size}.csv"
            write_rows(table, size)
            runs[size] = score(workspace, table, folder / f"{size}.scores.csv")
        few, tenth, whole = runs.values()
        table = folder / "killed.csv"
        write_rows(table, options.rows_killed, seed=1)
        alone = score(workspace, table, folder / "alone.csv")
        killed = score_killed(
            workspace, table, folder / "killed.scores.csv", kills=options.kills, longest=alone.seconds / 5, seed=2
        )
        is_same = (folder / "alone.csv").read_bytes() == (folder / "killed.scores.csv").read_bytes()
    growth = np.log((whole.seconds - few.seconds) / (tenth.seconds - few.seconds)) / np.log(10)
    figures = {
        "rows": options.rows,
        "seconds": whole.seconds,
        "rows_per_second": options.rows / (whole.seconds - few.seconds),
        "gib_of_ten_rows": few.peak / 2**30,
        "gib_of_a_tenth": tenth.peak / 2**30,
        "gib_of_all": whole.peak / 2**30,
        "gib_over_the_model": (whole.peak - few.peak) / 2**30,
        "memory_of_all_to_that_of_a_tenth": whole.peak / tenth.peak,
        "exponent_of_time": float(growth),
        "kills": killed,
        "killed_runs_that_differ": int(not is_same),
    }
    raise SystemExit(report(figures, BARS, as_json=options.json))


if __name__ == "__main__":
    main()
