"""A row for each respondent and a column for each item: asked about, and turned where the user says so."""

from __future__ import annotations

import random

import pytest

from judgekit.errors import DataError
from judgekit.schema.question import Question
from judgekit.verbs.ingest import ingest

LABELS = ("good", "bad", "fair")
TEXTS = [f"The {thing} was left near the old gate." for thing in ("lamp", "time machine", "model", "comment", "ladder")]


def form(tmp_path, headers, *, before=("Timestamp", "2026/01/{n:02} 9:00:00 AM GMT+1"), seed=1, rows=12):
    rng = random.Random(seed)
    said = [[rng.choice(LABELS) for _ in headers] for _ in range(rows)]
    path = tmp_path / "form.csv"
    lines = [",".join(f'"{cell}"' for cell in (before[0], *headers))]
    lines += [",".join((before[1].format(n=n + 1), *row)) for n, row in enumerate(said)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path, [[sum(row[k] == label for row in said) for label in LABELS] for k in range(len(headers))]


def counts(result):
    order = [result.items.labels.index(label) for label in LABELS]
    return [[row[k] for k in order] for row in result.items.counts.tolist()]


@pytest.mark.parametrize("before", [("Timestamp", "2026/01/{n:02} 9:00:00 AM GMT+1"), ("Your name", "Ida Berg {n}")])
def test_headers_are_the_texts(tmp_path, before):
    path, wanted = form(tmp_path, TEXTS, before=before)
    with pytest.raises(Question, match="respondent"):
        ingest(path, dry_run=True)
    result = ingest(path, layout="respondents", dry_run=True)
    assert counts(result) == wanted
    assert result.items.texts["text"].to_list() == TEXTS and result.report.annotators == 12


def test_question_that_all_headers_share_is_taken_away(tmp_path):
    path, wanted = form(tmp_path, [f"How is the tone? [{text}]" for text in TEXTS])
    result = ingest(path, layout="respondents", dry_run=True)
    assert (counts(result), result.items.texts["text"].to_list()) == (wanted, TEXTS)


def test_texts_of_codes_come_from_a_second_table(tmp_path):
    path, wanted = form(tmp_path, [f"Q{n}" for n in range(5)], before=("PROLIFIC_PID", "a5b{n}"))
    with pytest.raises(DataError, match="are codes, not the texts") as caught:
        ingest(path, layout="respondents", dry_run=True)
    assert "--item-texts texts.csv" in caught.value.hint
    texts = tmp_path / "texts.csv"
    texts.write_text("item,text\n" + "".join(f"Q{n},{text}\n" for n, text in enumerate(TEXTS)), encoding="utf-8")
    result = ingest(path, layout="respondents", item_texts=str(texts), dry_run=True)
    assert (counts(result), result.items.texts["text"].to_list()) == (wanted, TEXTS)
    texts.write_text("item,text\nQ0,one text\n", encoding="utf-8")
    with pytest.raises(DataError, match="has no text for 4 of the 5 items"):
        ingest(path, layout="respondents", item_texts=str(texts), dry_run=True)


@pytest.mark.parametrize("name", ["Name", "annotator", "PROLIFIC_PID", "Timestamp", "E-mail"])
def test_nothing_that_names_people_or_times_is_ever_the_text(tmp_path, name):
    cells = {"Timestamp": "2026-01-{n:02}", "E-mail": "a{n}@x.org"}.get(name, "Ida Berg {n}")
    path, _ = form(tmp_path, [f"item_{n}" for n in range(8)], before=(name, cells))
    with pytest.raises(DataError):
        ingest(path, dry_run=True)


@pytest.mark.parametrize("stamp", ["Timestamp", "Zeitstempel", "Date submitted", "Start time"])
def test_questions_of_any_length_are_headers_of_a_form(tmp_path, stamp):
    long = [f"{text} How would you rate what is said in this sentence, all things considered?" for text in TEXTS]
    path, _ = form(tmp_path, long, before=(stamp, "2026-01-{n:02} 9:00"))
    with pytest.raises(Question, match="an item or a respondent"):
        ingest(path, dry_run=True)
