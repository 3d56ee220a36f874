"""How long the command line takes to answer, beside an empty typer app, a bare read of the same file, and torch.

Usage: python benchmarks/startup.py [FILE] [--rounds 15] [--json]

Every call is a fresh process of this interpreter; the peers take turns, and medians are compared. Without FILE only
`--help` is measured. The peers: a script with one typer command that does nothing, asked for its `--help`;
`polars.read_csv(FILE)` in a process of its own, where judgekit reads the file, finds out its layout, checks it and
writes a dataset; and `import torch`, where judgekit scores the first ten rows of FILE with a judge on the starter that
was trained on it for one epoch.
"""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from uuid import uuid4

from side_by_side import Bar, report, seconds_of, take_turns

MOST_TIMES_THE_EMPTY_APP, MOST_TIMES_IMPORTING_TORCH = 1.3, 2
MOST_TIMES_THE_BARE_READ, MOST_SECONDS_ABOVE = 2, 1
EMPTY_APP = '''
import typer

app = typer.Typer()


@app.command()
def nothing() -> None:
    """Do nothing."""


app()
'''
BARE_READ = "import sys, polars; polars.read_csv(sys.argv[1])"


def run(*arguments: str | Path) -> None:
    """Run this interpreter with some arguments; its output is shown only if it fails."""
    done = subprocess.run([sys.executable, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))} failed:\n{done.stderr}")


def compare_help(folder: Path, rounds: int) -> dict[str, float]:
    """`judgekit --help` against the empty app."""
    script = folder / "empty_app.py"
    script.write_text(EMPTY_APP, encoding="utf-8")
    found = compare(
        {"help": lambda: run("-m", "judgekit", "--help"), "empty_typer_app": lambda: run(script, "--help")}, rounds
    )
    return {
        "help_seconds": found[0],
        "empty_typer_app_seconds": found[1],
        "help_times_the_empty_app": found[0] / found[1],
    }


def compare_ingest(folder: Path, path: Path, rounds: int) -> dict[str, float]:
    """`judgekit ingest FILE`, each time into a new workspace, against reading FILE."""
    peers = {
        "ingest": lambda: run("-m", "judgekit", "ingest", path, "--workspace", folder / uuid4().hex),
        "bare_read": lambda: run("-c", BARE_READ, path),
    }
    found = compare(peers, rounds)
    return {
        "ingest_seconds": found[0],
        "bare_read_seconds": found[1],
        "ingest_times_the_bare_read": found[0] / found[1],
        "ingest_seconds_above_twice_the_bare_read": found[0] - MOST_TIMES_THE_BARE_READ * found[1],
    }


def compare_score(folder: Path, path: Path, rounds: int) -> dict[str, float]:
    """`judgekit score` of ten rows against importing torch."""
    workspace = ("--workspace", folder / "ws")
    run("-m", "judgekit", *workspace, "ingest", path)
    run("-m", "judgekit", *workspace, "train", "--epochs", "1", "--keep", "last")
    new = folder / "ten.csv"
    new.write_text("".join(path.read_text(encoding="utf-8").splitlines(keepends=True)[:11]), encoding="utf-8")
    peers = {
        "score": lambda: run("-m", "judgekit", *workspace, "score", new, "--force"),
        "import_torch": lambda: run("-c", "import torch"),
    }
    found = compare(peers, rounds)
    return {
        "score_seconds": found[0],
        "import_torch_seconds": found[1],
        "score_times_importing_torch": found[0] / found[1],
    }


def compare(peers: Mapping[str, Callable[[], None]], rounds: int) -> list[float]:
    """Median seconds of each peer, after one call of each to fill the caches of the disk."""
    for peer in peers.values():
        peer()
    return list(take_turns({name: seconds_of(peer) for name, peer in peers.items()}, rounds=rounds).values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", nargs="?", type=Path, help="a CSV that judgekit ingests without options")
    parser.add_argument("--rounds", type=int, default=15, help="processes of each peer")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    bars = [Bar("help_times_the_empty_app", most=MOST_TIMES_THE_EMPTY_APP)]
    with tempfile.TemporaryDirectory() as folder:
        figures = compare_help(Path(folder), options.rounds)
        if options.file is not None:
            figures |= compare_ingest(Path(folder), options.file, options.rounds)
            figures |= compare_score(Path(folder), options.file, options.rounds)
            bars.append(Bar("ingest_seconds_above_twice_the_bare_read", most=MOST_SECONDS_ABOVE))
            bars.append(Bar("score_times_importing_torch", most=MOST_TIMES_IMPORTING_TORCH))
    raise SystemExit(report(figures, bars, as_json=options.json))


if __name__ == "__main__":
    main()
