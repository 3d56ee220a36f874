"""Does all that `ingest` proposes for the cases of a folder, commands and options, lead to a dataset or a question?

    python benchmarks/hints.py CASES_FOLDER [--verbose]

A case is a file, or a folder, that an `expected.json` beside it names (or `examples.json`, whose values do not matter).
What its refusal, its question or its warnings propose is run, and what these propose as well, three deep. Options that
leave a name open (`--label NAME`) are counted. Ends with 1 if a proposal ends with anything else.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from typer.testing import CliRunner

from judgekit.cli import app
from judgekit.errors import JudgekitError
from judgekit.schema.question import Question

VALUE = r"""(?:'[^']*'|"[^"]*"|(?:[^\s;,'")]|,(?=\S))+)+"""
OPTION = rf"--[a-z][a-z-]+(?:[= ](?!would\b|where\b|or\b|and\b|is\b|does\b){VALUE})?"
FLAGS = ("--merge-spellings", "--append", "--force", "--dry-run", "--strict", "--json")
OPEN = re.compile(r"=?(?:[A-Z]{3,}|NEW|.*=NEW|…|texts\.csv)$")
DEPTH = 3


def run(arguments: list[str]) -> tuple[str, object, str]:
    """What became of a command: `dataset`, `question`, `refused` or `crashed`; the error, and what it printed."""
    result = CliRunner().invoke(app, ["ingest", *arguments, "--dry-run"])
    error = result.exception
    if result.exit_code == 0:
        return "dataset", None, result.output
    if isinstance(error, Question):
        return "question", error, ""
    return ("refused" if isinstance(error, JudgekitError) else "crashed"), error, f"{result.output[-300:]} {error!r}"


def proposals(arguments: list[str], error: object, printed: str) -> Iterator[list[str]]:
    """The arguments of each command that a refusal, a question or a page proposes."""
    if isinstance(error, Question):
        for command in error.commands:
            yield shlex.split(command)[2:]
        return
    text = error.hint if isinstance(error, JudgekitError) else " ".join(printed.split())
    for found in re.findall(rf"{OPTION}(?: {OPTION})*", text):
        try:
            words = shlex.split(found)
        except ValueError:
            continue
        if words[0] not in FLAGS[1:]:
            yield [*arguments, *words]


def is_open(arguments: list[str]) -> bool:
    """Whether an option stands without its value, or with a word for it."""
    last = [word for word in arguments if word.startswith("--")][-1]
    alone = last == arguments[-1] and "=" not in last and last not in FLAGS
    return alone or any(OPEN.search(word) for word in arguments if not Path(word).exists())


def cases(folder: Path) -> Iterator[list[str]]:
    """The arguments of each case: its path, and its options."""
    for listed in sorted([*folder.rglob("expected.json"), *folder.rglob("examples.json")]):
        for case in json.loads(listed.read_text(encoding="utf-8")):
            name, *options = case.split(" ")
            yield [str(listed.parent / name), *options]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--verbose", action="store_true", help="print every proposal and what became of it")
    options = parser.parse_args()
    found: Counter[str] = Counter()
    for first in cases(options.folder):
        waiting, tried = [(first, 0)], {tuple(first)}
        while waiting:
            arguments, depth = waiting.pop(0)
            outcome, error, printed = run(arguments)
            if depth:
                found[outcome] += 1
            if outcome == "crashed" or (depth and outcome == "refused") or options.verbose:
                print(f"{'' if depth else '# '}{outcome}: {shlex.join(arguments)}")
                print(f"    {error}" if outcome in ("refused", "crashed") else "", end="\n" if error else "")
            for proposed in proposals(arguments, error, printed) if depth < DEPTH else ():
                if is_open(proposed):
                    found["open"] += 1
                elif tuple(proposed) not in tried:
                    tried.add(tuple(proposed))
                    waiting.append((proposed, depth + 1))
    print(", ".join(f"{number:,} {outcome}" for outcome, number in sorted(found.items())))
    raise SystemExit(int(found["refused"] + found["crashed"] > 0))


if __name__ == "__main__":
    main()
