"""Tables with known counts in every layout, below header words that real tables have, beside columns that distract."""

from __future__ import annotations

import random
import statistics
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

LABEL_SETS = [
    ("yes", "no"), ("positive", "neutral", "negative"), ("urgent", "normal", "can wait"), ("hateful", "not hateful"),
    ("A", "B", "tie"), ("1", "2", "3", "4", "5"), ("0", "1", "2", "3"), ("0", "1"), ("agree", "disagree", "unsure"),
    ("gut", "mittel", "schlecht"), ("toxic", "clean"), ("x", "y", "z"), ("low", "medium", "high"), ("1", "2", "3"),
]  # fmt: skip
ITEMS = [
    "item_id", "id", "ID", "uid", "example_id", "task_id", "Ticket #", "No.", "Case number", "doc_id", "tweet_id",
    "comment_id", "pair_id", "instance_id", "idx", "Nr.", "record_id", "post_id", "sample_id", "key",
]  # fmt: skip
TEXTS = [
    "text", "sentence", "tweet", "question", "prompt", "comment_text", "Customer message", "review", "post",
    "utterance", "statement", "headline", "document_text", "message", "body", "content", "premise", "Text",
    "Input.text", "query", "abstract", "claim", "caption", "Satz", "response_text",
]  # fmt: skip
PEOPLE = [
    "annotator", "annotator_id", "worker", "worker_id", "WorkerId", "rater", "rater_id", "coder", "labeler",
    "reviewer_id", "user_id", "participant_id", "evaluator", "judge_id", "annotated_by", "expert", "coder_name",
]  # fmt: skip
LABELS = [
    "label", "annotation", "vote", "rating", "judgment", "verdict", "choice", "preference", "Label", "score",
    "answer", "class", "category", "sentiment", "stance", "decision", "grade",
]  # fmt: skip
LISTS = [
    "labels", "annotations", "votes", "ratings", "judgments", "raw_labels", "annotator_labels",
]  # fmt: skip
COUNTS = [
    "count", "n", "votes", "n_votes", "Anzahl", "freq", "size", "num_annotators", "total", "frequency",
]  # fmt: skip
STEMS = [
    "annotator_{}", "rater{}", "A{}", "coder {}", "label_{}", "annotation_{}", "worker_{}", "R{}", "judge_{}",
    "vote_{}", "person{}", "ann{}", "expert_{}", "label.{}", "Rater {}", "user{}",
]  # fmt: skip
NAMES = [
    "Anna",
    "Ben",
    "Chloé",
    "David",
    "Eva",
    "Finn",
    "Ida",
    "Jon",
    "Mia",
    "Noor",
    "Olga",
    "Paul",
    "AK",
    "BM",
    "CL",
    "DP",
    "Zoe",
    "Sam",
    "Lena",
    "Omar",
    "Yuki",
    "Raj",
    "Maria",
    "Tom",
]
REMARKS = [
    "comments", "comment", "notes", "remark", "rationale", "reason", "explanation", "Bemerkung", "Kommentar",
    "justification", "Why?", "feedback", "observations", "commentaire", "reasoning", "annotator notes",
]  # fmt: skip
TIMES = [
    "timestamp",
    "created_at",
    "Received",
    "date",
    "submitted",
    "time",
    "updated",
    "Datum",
    "completed_at",
    "StartDate",
]
MODELS = [
    "gpt4_label",
    "GPT-4",
    "llm_label",
    "model_prediction",
    "predicted_label",
    "chatgpt",
    "model_label",
    "bert_pred",
    "Llama-3",
    "classifier",
]
SETTLED = [
    "gold", "majority", "final_label", "consensus", "adjudicated", "gold_label", "resolved", "final", "Curated",
    "ground_truth", "majority_vote", "agreed", "mode",
]  # fmt: skip
MEANS = [
    "avg",
    "average",
    "mean",
    "Mittelwert",
    "final score",
    "mean score",
    "Score gesamt",
    "overall",
    "Schnitt",
    "result",
    "Endwert",
    "Ø",
]
NUMBERS = [
    "year",
    "likes",
    "retweet_count",
    "length",
    "n_words",
    "turn",
    "page",
    "batch",
    "age",
    "views",
    "word_count",
    "upvotes",
    "rank",
    "version",
]
TOPICS = [
    "topic",
    "source",
    "domain",
    "language",
    "category_of_text",
    "platform",
    "split_name",
    "genre",
    "channel",
    "country",
]


class KnownTable(NamedTuple):
    """A table and what is right."""

    content: str
    layout: str
    header: list[str]
    counts: dict[str, int]
    """Annotations of each label."""
    items: int
    text: str
    """The header of the column that is judged."""


def make_table(seed: int) -> KnownTable:
    """The table of a seed."""
    rng = random.Random(seed)
    labels = rng.choice(LABEL_SETS)
    items, people = rng.choice((12, 20, 30, 60)), rng.randint(2, 5)
    clear = rng.choice((0.55, 0.7, 0.85))
    truth = [rng.choice(labels) for _ in range(items)]
    gaps = rng.choice((0.0, 0.0, 0.2))
    said: list[list[str | None]] = []
    for true in truth:
        row: list[str | None] = [true if rng.random() < clear else rng.choice(labels) for _ in range(people)]
        said.append([None if k and rng.random() < gaps else label for k, label in enumerate(row)])
    layout = rng.choice(tuple(WRITERS))
    header, rows = WRITERS[layout](rng, labels, said)
    text = next(name for name in header if name in TEXTS)
    counts = Counter(label for row in said for label in row if label is not None)
    return KnownTable(_csv(header, rows), layout, header, dict(counts), items, text)


def _csv(header: list[str], rows: list[list[object]]) -> str:
    lines = [[str(cell) for cell in line] for line in [header, *rows]]
    return "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) + "\n" for line in lines)


Cell = Callable[[int], object]
Columns = list[tuple[str, Cell]]


def _common(rng: random.Random, n: int) -> tuple[Columns, Columns]:
    """The columns of the item: before and behind the annotations."""
    things = [
        f"the {rng.choice(('lamp', 'gate', 'clock', 'tram'))} number {k} was left near the door" for k in range(n)
    ]
    start = rng.choice((1, 100, 4000))
    before: Columns = [(rng.choice(TEXTS), lambda k: things[k])]
    if rng.random() < 0.8:
        code = rng.choice(("{}", "T-{}", "{}"))
        before.insert(0, (rng.choice(ITEMS), lambda k: code.format(start + k)))
    behind: Columns = []
    for place in (before, behind):
        for _ in range(rng.choice((0, 0, 1, 2))):
            place.append(_of_the_item(rng))
    return before, behind


def _of_the_item(rng: random.Random) -> tuple[str, Cell]:
    draw = random.Random(rng.random())
    numbers, kinds = (
        [draw.randint(0, 300) for _ in range(400)],
        [draw.choice(("news", "sport", "arts")) for _ in range(400)],
    )
    days = [f"2026-0{draw.randint(1, 9)}-{draw.randint(10, 28)} 0{draw.randint(1, 9)}:15:00" for _ in range(400)]
    return rng.choice(
        (
            (rng.choice(NUMBERS), lambda k: numbers[k]),
            (rng.choice(TOPICS), lambda k: kinds[k]),
            (rng.choice(TIMES), lambda k: days[k]),
        )
    )


def _remark(rng: random.Random) -> tuple[str, Cell]:
    often = rng.choice((1, 3, 9))
    return rng.choice(REMARKS), lambda k: f"I found number {k} hard to say, honestly" if k % often == 0 else ""


def _unique(columns: Columns) -> Columns:
    return [one for n, one in enumerate(columns) if one[0] not in [name for name, _ in columns[:n]]]


def _write(columns: Columns, n: int) -> tuple[list[str], list[list[object]]]:
    columns = _unique(columns)
    return [name for name, _ in columns], [[cell(k) for _, cell in columns] for k in range(n)]


Said = list[list[str | None]]


def _long(rng: random.Random, labels: tuple[str, ...], said: Said) -> tuple[list[str], list[list[object]]]:
    before, behind = _common(rng, len(said))
    answers = [(i, p, label) for i, row in enumerate(said) for p, label in enumerate(row) if label is not None]
    names = rng.choice((NAMES, [f"w{n}" for n in range(9)], [f"a{n}@x.org" for n in range(9)], list("123456789")))
    item: Columns = [(name, lambda k, cell=cell: cell(answers[k][0])) for name, cell in (*before, *behind)]
    own: Columns = [(rng.choice(PEOPLE), lambda k: names[answers[k][1]])] if rng.random() < 0.8 else []
    own.append((rng.choice(LABELS[:8] if rng.random() < 0.8 else LABELS), lambda k: answers[k][2]))
    if rng.random() < 0.4:
        own.append(_remark(rng))
    if rng.random() < 0.3:
        own.append((rng.choice(TIMES), lambda k: f"2026-03-{k % 28 + 1:02} 10:{k % 60:02}:00"))
    if rng.random() < 0.3:
        own.append((rng.choice(SETTLED), lambda k: said[answers[k][0]][0] or labels[0]))
    return _write([*item, *own] if rng.random() < 0.7 else [*own, *item], len(answers))


def _wide(rng: random.Random, labels: tuple[str, ...], said: Said) -> tuple[list[str], list[list[object]]]:
    before, behind = _common(rng, len(said))
    people = len(said[0])
    if rng.random() < 0.5:
        names = rng.sample(NAMES, people)
    else:
        stem, first = rng.choice(STEMS), rng.randint(0, 1)
        names = [stem.format(n + first) for n in range(people)]
    as_floats = rng.random() < 0.2 and labels[0].isdigit()

    def cell(p: int) -> Cell:
        column = [row[p] for row in said]
        floats = as_floats and None in column
        return lambda k: "" if (label := column[k]) is None else f"{label}.0" if floats else label

    own: Columns = [(name, cell(p)) for p, name in enumerate(names)]
    extra: Columns = []
    if rng.random() < 0.3:
        extra.append((rng.choice(MODELS), lambda k: said[(k * 7) % len(said)][0] or labels[0]))
    if rng.random() < 0.3:
        extra.append((rng.choice(SETTLED), lambda k: _majority(said[k])))
    if rng.random() < 0.3 and labels[-1].isdigit() and len(labels) > 2:
        extra.append((rng.choice(MEANS), lambda k: _mean(said[k])))
    if rng.random() < 0.4:
        extra.append(_remark(rng))
    return _write([*before, *own, *extra, *behind], len(said))


def _majority(row: list[str | None]) -> str:
    given = sorted(label for label in row if label is not None)
    return Counter(given).most_common(1)[0][0]


def _mean(row: list[str | None]) -> str:
    return f"{statistics.mean(int(label) for label in row if label is not None):.2f}".rstrip("0").rstrip(".")


def _counts(rng: random.Random, labels: tuple[str, ...], said: Said) -> tuple[list[str], list[list[object]]]:
    before, behind = _common(rng, len(said))
    form = rng.choice(("{}", "n_{}", "{}_count", "votes_{}", "{} votes", "count_{}", "num_{}"))
    own: Columns = [(form.format(label), lambda k, label=label: said[k].count(label)) for label in labels]
    if rng.random() < 0.3:
        own.append((rng.choice(("total", "n_annotators", "sum")), lambda k: len(said[k]) - said[k].count(None)))
    if rng.random() < 0.3:
        own.append((rng.choice(SETTLED), lambda k: _majority(said[k])))
    if rng.random() < 0.2:
        own.append(_remark(rng))
    return _write([*before, *own, *behind], len(said))


def _list(rng: random.Random, labels: tuple[str, ...], said: Said) -> tuple[list[str], list[list[object]]]:
    before, behind = _common(rng, len(said))
    mark = rng.choice(("|", ";", ", "))
    own: Columns = [(rng.choice(LISTS), lambda k: mark.join(label for label in said[k] if label is not None))]
    if rng.random() < 0.3:
        own.append((rng.choice(SETTLED), lambda k: _majority(said[k])))
    return _write([*before, *own, *behind], len(said))


def _tidy(rng: random.Random, labels: tuple[str, ...], said: Said) -> tuple[list[str], list[list[object]]]:
    before, behind = _common(rng, len(said))
    rows = [(i, label, row.count(label)) for i, row in enumerate(said) for label in labels if label in row]
    item: Columns = [(name, lambda k, cell=cell: cell(rows[k][0])) for name, cell in (*before, *behind)]
    own: Columns = [(rng.choice(LABELS[:8]), lambda k: rows[k][1]), (rng.choice(COUNTS), lambda k: rows[k][2])]
    return _write([*item, *own], len(rows))


def _one_hot(rng: random.Random, labels: tuple[str, ...], said: Said) -> tuple[list[str], list[list[object]]]:
    before, behind = _common(rng, len(said))
    answers = [(i, p, label) for i, row in enumerate(said) for p, label in enumerate(row) if label is not None]
    item: Columns = [(name, lambda k, cell=cell: cell(answers[k][0])) for name, cell in (*before, *behind)]
    own: Columns = [(rng.choice(PEOPLE), lambda k: f"w{answers[k][1]}")] if rng.random() < 0.7 else []
    own += [(label, lambda k, label=label: int(answers[k][2] == label)) for label in labels]
    return _write([*item, *own], len(answers))


WRITERS = {"long": _long, "wide": _wide, "counts": _counts, "list": _list, "tidy": _tidy, "one-hot": _one_hot}
