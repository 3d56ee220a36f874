"""Are tables whose counts are known read with these counts, or asked about? Never anything else.

    python benchmarks/known_counts.py [--tables 20000] [--first 0] [--show 3]

Makes the tables of `tests/tables_of_known_counts.py`, one for each seed, and reads each without an option. Ends with 1
if a table is read wrongly in silence, or if more than a tenth of them end with a question.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter, defaultdict
from pathlib import Path

from judgekit.dataset.building import build_items
from judgekit.errors import DataError
from judgekit.schema.inference import infer_schemas
from judgekit.schema.question import Question
from judgekit.tables.delimited.table import read_table

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from tables_of_known_counts import KnownTable, make_table

MOST_QUESTIONS_SHARE = 0.1


def outcome_of(known: KnownTable) -> tuple[str, str]:
    """What became of a table: `right`, `question`, `refused` or what is wrong about it; and how it was read."""
    try:
        source = read_table(Path("votes.csv"), known.content.encode())
        schema, *others = infer_schemas(source)
        made = build_items(source, schema)
    except DataError as error:
        return ("question" if isinstance(error, Question) else "refused"), error.message
    totals = dict(zip(made.items.labels, made.items.counts.sum(axis=0).tolist(), strict=True))
    totals = {label: total for label, total in totals.items() if total}
    detail = f"{schema.layout}: {totals}, not {known.counts}; the prompt reads {made.items.fields}"
    if others:
        return "wrong: several datasets", detail
    if totals != known.counts:
        return "wrong: counts", detail
    if len(made.items) != known.items:
        return "wrong: items", f"{detail}; {len(made.items)} items, not {known.items}"
    return ("right" if made.items.fields == (known.text,) else "wrong: fields"), detail


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--show", type=int, default=3, help="wrong tables to show of each kind")
    options = parser.parse_args()
    found: Counter[tuple[str, str]] = Counter()
    shown: dict[tuple[str, str], list[str]] = defaultdict(list)
    for seed in range(options.first, options.first + options.tables):
        known = make_table(seed)
        outcome, detail = outcome_of(known)
        found[known.layout, outcome] += 1
        if outcome != "right" and len(shown[known.layout, outcome]) < options.show:
            shown[known.layout, outcome].append(f"  seed {seed}: {', '.join(known.header)}\n    {detail}")
    for (layout, outcome), number in sorted(found.items()):
        print(f"{number:7,}  {layout}  {outcome}")
        print("\n".join(shown[layout, outcome]), end="\n" if shown[layout, outcome] else "")
    wrong = sum(number for (_, outcome), number in found.items() if outcome.startswith("wrong"))
    asked = sum(number for (_, outcome), number in found.items() if outcome in ("question", "refused"))
    print(f"{options.tables:,} tables: {wrong:,} wrong, {asked / options.tables:.1%} questions")
    raise SystemExit(int(wrong > 0 or asked > MOST_QUESTIONS_SHARE * options.tables))


if __name__ == "__main__":
    main()
