"""How fast a long CSV becomes items, and in how much memory, beside a bare read and the crosstab of pandas.

Usage: python benchmarks/ingest.py [--rows 2000000] [--quoted] [--shuffled] [--rounds 5] [--json]

The file is made for the run: five annotations an item, texts of eight words, 84 bytes a row. `--quoted` puts commas
into all texts, quotes into a tenth and line breaks into a fiftieth; `--shuffled` parts the annotations of an item. The
peers, in turns, each in a fresh process that imports its library before the clock starts:

- polars: `polars.read_csv(FILE)`, and no more;
- judgekit: `read_files`, `infer_schema` and `build_items`: the file read and its dialect proved, its layout found out,
  contradictions looked for, and the label counts of every item;
- pandas: `read_csv(FILE)`, then `crosstab` of item and label;
- the command: all of `judgekit ingest FILE` into a new workspace, imports included.

Memory is the peak of the process, imports included, in sizes of the file.
"""

import argparse
import json
import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from uuid import uuid4

import numpy as np
import polars as pl
from side_by_side import Bar, report, take_turns

MOST_TIMES_THE_BARE_READ, MOST_TIMES_THE_FILE, LEAST_TIMES_PANDAS = 3, 4, 8
ANNOTATIONS_PER_ITEM, WORDS_PER_TEXT, ANNOTATORS = 5, 8, 500
PEERS = {
    "bare_read": ("import polars", "polars.read_csv(path)"),
    "read_infer_build": (
        "from pathlib import Path\n"
        "from judgekit.dataset.building import build_items\n"
        "from judgekit.schema.inference import infer_schema\n"
        "from judgekit.tables.files import read_files",
        "source = read_files([Path(path)])\nbuild_items(source, infer_schema(source))",
    ),
    "pandas_crosstab": (
        "import pandas",
        "frame = pandas.read_csv(path)\npandas.crosstab(frame['item_id'], frame['label'])",
    ),
    "ingest_command": ("", "from judgekit.cli import main\nassert main(['ingest', path, '--workspace', folder]) == 0"),
}
TIMED = """
import contextlib, json, os, resource, sys, time
path, folder = sys.argv[1:]
{imports}
unit = 1 if sys.platform == "darwin" else 1024
started = time.perf_counter()
with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere), contextlib.redirect_stderr(nowhere):
{work}
seconds = time.perf_counter() - started
print(json.dumps([seconds, unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


def make_file(path: Path, *, rows: int, quoted: bool, shuffled: bool, seed: int) -> None:
    """Write the table; no annotator labels an item twice."""
    rng = np.random.default_rng(seed)
    items = -(-rows // ANNOTATIONS_PER_ITEM)
    letters = rng.integers(ord("a"), ord("z") + 1, (5_000, 8)).astype(np.uint8)
    words = pl.Series([bytes(word[: 3 + n % 6]).decode() for n, word in enumerate(letters)])
    between = [pl.repeat(" ", items)] * (WORDS_PER_TEXT - 1)
    if quoted:
        kind = pl.Series(rng.random(items))
        between[0] = pl.repeat(",", items)
        between[1] = pl.when(kind < 0.1).then(pl.lit(' "')).when(kind < 0.12).then(pl.lit("\n")).otherwise(pl.lit(" "))
    parts = [words.gather(rng.integers(0, len(words), items)) for _ in range(WORDS_PER_TEXT)]
    texts = pl.select(pl.concat_str([*chain(*zip(parts, between, strict=False)), parts[-1]])).to_series()
    item = np.repeat(np.arange(items), ANNOTATIONS_PER_ITEM)[:rows]
    start, step = rng.integers(0, ANNOTATORS, items), rng.integers(1, ANNOTATORS // ANNOTATIONS_PER_ITEM, items)
    annotator = (start[item] + np.tile(np.arange(ANNOTATIONS_PER_ITEM), items)[:rows] * step[item]) % ANNOTATORS
    order = rng.permutation(rows) if shuffled else np.arange(rows)
    labels = pl.Series(["entailment", "neutral", "contradiction"])
    pl.DataFrame({"item": item[order], "annotator": annotator[order]}).select(
        item_id=pl.format("i{}", pl.col("item").cast(pl.String).str.zfill(7)),
        annotator_id=pl.format("worker{}", pl.col("annotator").cast(pl.String).str.zfill(4)),
        text=texts.gather(item[order]),
        label=labels.gather(rng.integers(0, len(labels), rows)),
    ).write_csv(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000, help="annotations in the file")
    parser.add_argument("--quoted", action="store_true", help="texts with commas, quotes and line breaks")
    parser.add_argument("--shuffled", action="store_true", help="rows in no order")
    parser.add_argument("--rounds", type=int, default=5, help="processes of each peer")
    parser.add_argument("--seed", type=int, default=0, help="of the drawn table")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    memory: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "votes.csv"
        table = {name: getattr(options, name) for name in ("rows", "quoted", "shuffled", "seed")}
        # In a process of its own: a process counts the memory of the one that started it as its own peak.
        maker = multiprocessing.get_context("spawn").Process(target=make_file, args=(path,), kwargs=table)
        maker.start()
        maker.join()
        size = path.stat().st_size

        def timed(peer: str) -> Callable[[], float]:
            imports, work = PEERS[peer]
            script = TIMED.format(imports=imports, work="\n".join(f"    {line}" for line in work.splitlines()))

            def run() -> float:
                arguments = [sys.executable, "-c", script, path, Path(folder) / uuid4().hex]
                done = subprocess.run(arguments, capture_output=True, text=True, check=False)
                if done.returncode:
                    raise SystemExit(f"{peer} failed:\n{done.stderr}")
                seconds, peak = json.loads(done.stdout)
                memory[peer] = max(memory.get(peer, 0), peak)
                return seconds

            return run

        seconds = take_turns({peer: timed(peer) for peer in PEERS}, rounds=options.rounds)
    figures = {
        "rows": options.rows,
        "file_megabytes": size / 1e6,
        **{f"{peer}_seconds": value for peer, value in seconds.items()},
        **{f"{peer}_memory_in_files": peak / size for peer, peak in memory.items()},
        "times_the_bare_read": seconds["read_infer_build"] / seconds["bare_read"],
        "times_faster_than_pandas": seconds["pandas_crosstab"] / seconds["read_infer_build"],
    }
    bars = [
        Bar("times_the_bare_read", most=MOST_TIMES_THE_BARE_READ),
        Bar("read_infer_build_memory_in_files", most=MOST_TIMES_THE_FILE),
        Bar("times_faster_than_pandas", least=LEAST_TIMES_PANDAS),
    ]
    raise SystemExit(report(figures, bars, as_json=options.json))


if __name__ == "__main__":
    main()
