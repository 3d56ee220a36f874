"""Does every form of a data folder ingest with no option, and to the counts that plain Python finds in the file?

    python benchmarks/forms.py DATA_FOLDER

Counts each released file with `csv` and `json` of the standard library, rewrites each long table in the other layouts
and formats, ingests them all (a dry run: nothing is written), and compares item by item. Ends with 1 if one differs.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import polars as pl

from judgekit import JudgekitError, ingest

Counts = dict[str, Counter[str]]
SUMMEVAL = ("coherence", "consistency", "fluency", "relevance")
csv.field_size_limit(10**9)


def tally(pairs: Iterable[tuple[str, str]]) -> Counts:
    found: Counts = defaultdict(Counter)
    for item, label in pairs:
        if label.strip():
            found[item][label] += 1
    return dict(found)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def of_long(path: Path, label: str = "label") -> Counts:
    return tally((row["item_id"], row[label]) for row in table(path))


def of_counts(path: Path, labels: list[str]) -> Counts:
    return {row["item_id"]: Counter({k: int(row[k]) for k in labels if int(row[k])}) for row in table(path)}


def records(path: Path) -> list[dict[str, Any]]:
    text = gzip.decompress(path.read_bytes()).decode()
    return json.loads(text) if text.lstrip().startswith("[") else [json.loads(line) for line in text.splitlines()]


def released(folder: Path) -> Iterator[tuple[list[Path], dict[str, Counts]]]:
    """The files as their authors released them: paths, and per dataset suffix the counts."""
    chaos = folder / "chaosnli" / "chaosNLI_snli.jsonl.gz"
    long_names = {"e": "entailment", "n": "neutral", "c": "contradiction"}
    yield (
        [chaos],
        {
            "": {
                r["uid"]: Counter({long_names[k]: n for k, n in r["label_counter"].items() if n})
                for r in records(chaos)
            }
        },
    )
    pandalm = folder / "pandalm" / "testset-v1.json.gz"
    names = ("tie", "response1", "response2")
    people = ("annotator1", "annotator2", "annotator3")
    yield [pandalm], {"": {str(r["idx"]): Counter(names[r[who]] for who in people) for r in records(pandalm)}}
    summeval = folder / "summeval" / "summeval_abstractive12_annotations.jsonl.gz"
    rows = records(summeval)
    yield (
        [summeval],
        {
            f"-{dimension}": {
                f"{r['id']}__{r['model_id']}": Counter(
                    str(said[dimension]) for said in (*r["expert_annotations"], *r["turker_annotations"])
                )
                for r in rows
            }
            for dimension in SUMMEVAL
        },
    )
    mt_bench = folder / "mt_bench_human"
    votes: dict[tuple[str, str], set[str]] = defaultdict(set)
    for r in records(mt_bench / "human.jsonl.gz"):
        one, other = sorted((r["model_a"], r["model_b"]))
        winner = r.get("winner", "")
        label = "A" if r.get(winner) == one else "B" if r.get(winner) == other else "tie"
        votes[f"q{r['question_id']}_t{r['turn']}_{one}_vs_{other}", r["judge"]].add(label)
    # who votes twice alike votes once; who votes twice differently is set aside
    said = ((item, next(iter(labels))) for (item, _), labels in votes.items() if len(labels) == 1)
    yield (
        [mt_bench / f"{name}.jsonl.gz" for name in ("human", "mt_bench_questions", "mt_bench_model_answers")],
        {"": tally(said)},
    )


def rewritten(path: Path, folder: Path) -> Iterator[Path]:
    """A long table in other formats and layouts."""
    frame = pl.read_csv(path, infer_schema=False).with_columns(pl.all().fill_null(""))
    per_item = frame.select(pl.all().n_unique().over("item_id")).max()
    texts = [name for name in frame.columns if name != "item_id" and per_item.get_column(name).item() == 1]
    frame = frame.select("item_id", "annotator_id", *texts, "label")
    by_item = frame.group_by("item_id", maintain_order=True)
    first = by_item.agg(pl.col(name).first() for name in texts)
    named = path.name.removesuffix(".csv")

    def place(kind: str, suffix: str) -> Path:
        return folder / f"{named}.{kind}{suffix}"

    made = place("semicolon_utf16", ".csv")
    made.write_text(frame.write_csv(separator=";"), encoding="utf-16")
    yield made
    made = place("zipped", ".csv.gz")
    made.write_bytes(gzip.compress(path.read_bytes()))
    yield made
    frame.write_parquet(made := place("typed", ".parquet"))
    yield made
    frame.write_ipc(made := place("typed", ".arrow"))
    yield made
    frame.write_ndjson(made := place("lines", ".jsonl"))
    yield made
    made = place("list", ".json")
    made.write_text(json.dumps(frame.to_dicts(), indent=1, ensure_ascii=False), encoding="utf-8")
    yield made
    if frame.get_column("label").str.contains("|", literal=True).any() is False:
        said = by_item.agg(labels=pl.col("label").str.join("|"))
        first.join(said, on="item_id").write_csv(made := place("lists", ".csv"))
        yield made
    wide = frame.pivot("annotator_id", index="item_id", values="label", maintain_order=True, aggregate_function="first")
    first.join(wide, on="item_id").write_csv(made := place("wide", ".csv"))
    yield made
    labels = frame.get_column("label").unique().to_list()
    if set(labels) & set(texts):  # a table has one column of a name
        first = first.rename({name: f"{name}_text" for name in labels if name in texts})
    counts = frame.pivot("label", index="item_id", values="annotator_id", aggregate_function="len", maintain_order=True)
    first.join(counts.with_columns(pl.exclude("item_id").fill_null(0)), on="item_id").write_csv(
        made := place("counts", ".csv")
    )
    yield made
    longest = frame.select(pl.col(name).str.len_chars().max() for name in texts).max_horizontal().item()
    if longest < 32_767:  # Excel's own limit of a cell
        frame.write_excel(made := place("sheet", ".xlsx"))
        yield made


def compare(paths: list[Path], wanted: dict[str, Counts]) -> bool:
    start = time.perf_counter()
    shown = paths[0].name + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
    try:
        made = ingest(*paths, name="x", dry_run=True).datasets
    except JudgekitError as error:
        print(f"REFUSED    {shown}: {str(error).splitlines()[0]}")
        return False
    good = len(made) == len(wanted)
    for result in made:
        items, report = result.items, result.report
        found = {
            item: Counter({label: n for label, n in zip(items.labels, row, strict=True) if n})
            for item, row in zip(items.item_ids, items.counts.tolist(), strict=True)
        }
        equal = found == wanted.get(result.dataset.removeprefix("x"))
        equal &= report.rows_read == report.rows_kept + sum(aside.rows for aside in report.set_aside)
        good &= equal
        print(
            f"{'equal' if equal else 'DIFFERENT':<10} {shown}{result.dataset.removeprefix('x')}: {len(items):,} items, "
            f"{int(items.counts.sum()):,} annotations, {report.rows_read - report.rows_kept:,} rows set aside, "
            f"{result.schema.layout}, {time.perf_counter() - start:.1f} s"
        )
    return good


def main(folder: Path) -> int:
    """Compare every form.

    Args:
        folder: the data.
    """
    good = [compare(paths, wanted) for paths, wanted in released(folder)]
    for path in sorted(folder.glob("*/*_counts.csv")):
        labels = {"dices350": ["safe", "unsafe", "unsure"]}.get(
            path.name[:8], ["entailment", "neutral", "contradiction"]
        )
        good.append(compare([path], {"": of_counts(path, labels)}))
    count: Callable[[Path], Counts] = of_long
    with tempfile.TemporaryDirectory() as made:
        for path in sorted(folder.glob("*/*_long.csv")):
            wanted = {"": count(path)}
            for form in (path, *rewritten(path, Path(made))):
                good.append(compare([form], wanted))
                if form != path:
                    form.unlink()
    print(f"{sum(good)} of {len(good)} forms ingest with no option to the counts in the file.")
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
