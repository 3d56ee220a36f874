"""Made-up annotations: small tables in which the text says what most annotators choose."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from pathlib import Path

LABELS = ("bad", "fair", "good")
WORDS = [
    "the", "tea", "was", "cold", "warm", "late", "early", "soup", "bread", "kind", "rude", "slow", "quick", "room",
    "bed", "noise", "view", "clean", "dirty", "staff", "host", "price", "cheap", "dear", "town", "lake", "walk",
    "rain", "sun", "food", "meal", "plate", "glass", "door", "key", "lamp", "stair", "quiet", "loud", "fresh",
    "stale", "sweet", "sour",
]  # fmt: skip


def write_csv(path: Path, rows: Sequence[Sequence[object]], *, line_end: str = "\n") -> Path:
    """Write rows, header first, as a CSV of UTF-8 text."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator=line_end).writerows(rows)
    return path


def text_of(number: int, level: int) -> str:
    """A sentence, different for each number, whose first word tells its level."""
    choose = random.Random(number)
    return " ".join([("dirty", "slow", "clean")[level], *choose.choices(WORDS, k=5), WORDS[number % len(WORDS)]])


def votes_rows(items: int, *, labels: Sequence[str] = LABELS, annotators: int = 3, first: int = 0) -> list[list[str]]:
    """A long table in which the text's first word says which label most annotators choose."""
    rows = [["item_id", "annotator_id", "text", "label"]]
    choose = random.Random(first)
    for number in range(first, first + items):
        level = number % 3
        for annotator in range(annotators):
            label = labels[level % len(labels)] if choose.random() < 0.75 else choose.choice(labels)
            rows.append([f"i{number:04d}", f"p{annotator}", text_of(number, level), label])
    return rows
