"""A table with two readings is a question, and every command that it shows leads to a dataset or a further question."""

from __future__ import annotations

import random
import shlex

import pytest
from typer.testing import CliRunner

from judgekit.cli import app
from judgekit.schema.question import Question
from judgekit.verbs.ingest import ingest

TEXTS = [f"some words of item number {n}" for n in range(24)]


def table(*columns, rows=24):
    """CSV of columns given as (header, cell of a row)."""
    lines = [[str(cell(n)) for _, cell in columns] for n in range(rows)]
    quoted = [
        ",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in [[h for h, _ in columns], *lines]
    ]
    return "\n".join(quoted) + "\n"


def column(name, values, seed):
    draw = random.Random(seed)
    cells = [draw.choice(values) for _ in range(60)]
    return name, lambda n: cells[n]


ID, TEXT, PROMPT = (("id", lambda n: n), *((name, lambda n: TEXTS[n]) for name in ("text", "prompt")))
ANSWERS = [(f"answer_{side}", lambda n, side=side: f"answer {side} of number {n}") for side in "ab"]
CAMEL = [(f"answer{side}", lambda n, side=side: f"answer {side} of number {n}") for side in "12"]
KINDS = random.Random(1).choices(range(3), k=60)
DUMMIES = [(name, lambda n, k=k: int(KINDS[n] == k)) for k, name in enumerate(("gpt35", "llama", "mammoth"))]
TIME = ("Timestamp", lambda n: f"2026/01/{n + 1:02} 9:00:00 AM GMT+1")
TABLES = {
    "dummies beside judgments": table(column("solvable", "01", 1), column("accurate", "01", 2), *DUMMIES, TEXT),
    "ratings of two answers": table(ID, PROMPT, *ANSWERS, column("score_a", "12345", 6), column("score_b", "12345", 7)),
    "sides in camel case": table(ID, *CAMEL, *(column(f"rating{side}", "123", int(side)) for side in "12")),
    "small numbers of names": table(ID, TEXT, ("anna", lambda n: "0102"[n]), ("bert", lambda n: "2212"[n]), rows=4),
    "numbered votes": table(ID, TEXT, *(column(f"votes_{n}", "0123", n) for n in range(3))),
    "numbers beside labels": table(
        ("id", lambda n: n // 3), ("text", lambda n: TEXTS[n // 3]), ("label", lambda n: "xyz"[n % 3]),
        column("weight", "123", 3),
    ),
    "respondents and texts": table(TIME, *(column(TEXTS[n], ["good", "bad"], n) for n in range(8)), rows=12),
    "respondents and codes": table(
        ("Name", lambda n: f"Ida Berg{chr(97 + n)}"), *(column(f"Q{n}", "12345", n) for n in range(1, 9)),
        ("Any comments?", lambda n: f"number {n} was hard to rate, honestly"), rows=12,
    ),
    "two label columns": table(
        ID, ("annotator", lambda n: n % 3), TEXT, column("rating", "xy", 1), column("vote", "nm", 2)
    ),
    "structured annotations beside a label": table(
        ID, TEXT, column("label", "ab", 1), ("said", lambda n: f'[{{"by": "i", "it": {n}}}, {{"by": "j", "it": 1}}]'),
    ),
}  # fmt: skip


@pytest.fixture(params=TABLES)
def path(request, tmp_path):
    path = tmp_path / "a table.csv"
    path.write_text(TABLES[request.param], encoding="utf-8")
    return path


def answers_of(path):
    with pytest.raises(Question) as caught:
        ingest(path, dry_run=True)
    return caught.value


def test_every_shown_command_leads_to_a_dataset_or_a_further_question(path, monkeypatch):
    question = answers_of(path)
    monkeypatch.chdir(path.parent)
    (path.parent / "texts.csv").write_text("item,text\n" + "".join(f"Q{n},{TEXTS[n]}\n" for n in range(1, 9)))
    assert len(question.problems) == len(question.answers) >= 1
    for problem, whole in zip(question.problems, question.commands, strict=True):
        command = shlex.split(whole.removeprefix("judgekit "))
        result = CliRunner().invoke(app, [*command, "--dry-run"])
        assert result.exit_code == 0 or isinstance(result.exception, Question), (problem, result.output)


def test_dummies_are_offered_as_counts_and_each_judgment_beside_them_as_the_label(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(TABLES["dummies beside judgments"], encoding="utf-8")
    options = [dict(answer.options) for answer in answers_of(path).answers]
    assert options[0] == {"layout": "counts", "counts": ("gpt35", "llama", "mammoth")}
    assert [one["label"] for one in options[1:]] == [("solvable",), ("accurate",)]
