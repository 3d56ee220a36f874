"""The bundled sample is what its generator writes, and what its README says."""

from __future__ import annotations

import csv
import importlib.util
from collections import defaultdict
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "judgekit" / "sample"


def without_carriage_returns(path: Path) -> bytes:
    """The bytes of a file whatever line ends git gave it on checkout."""
    return path.read_bytes().replace(b"\r\n", b"\n")


def read(name: str) -> list[dict[str, str]]:
    with (SAMPLE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make_sample", ROOT / "benchmarks" / "make_sample.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generator_writes_the_files_that_are_bundled(generator, tmp_path):
    generator.make_sample(tmp_path)
    for name in ("votes.csv", "new.csv"):
        assert (tmp_path / name).read_bytes() == without_carriage_returns(SAMPLE / name)
    assert (SAMPLE / "votes.csv").stat().st_size < 400_000


def test_every_item_has_one_text_and_three_to_seven_annotators():
    texts, annotators, labels = defaultdict(set), defaultdict(list), set()
    for row in read("votes.csv"):
        texts[row["item_id"]].add((row["message"], row["reply"]))
        annotators[row["item_id"]].append(row["annotator_id"])
        labels.add(row["label"])
    assert 600 <= len(texts) <= 800
    assert all(len(found) == 1 for found in texts.values())
    assert all(len(set(people)) == len(people) and 3 <= len(people) <= 7 for people in annotators.values())
    assert len({person for people in annotators.values() for person in people}) == 12
    assert labels == {"resolved", "partly", "unresolved"}


def test_no_text_is_empty_doubled_or_left_unfilled():
    labelled = {(row["item_id"], row["message"], row["reply"]) for row in read("votes.csv")}
    new = [(row["item_id"], row["message"], row["reply"]) for row in read("new.csv")]
    assert len(new) == 30
    pairs = [pair for _, *pair in [*labelled, *new]]
    assert len({tuple(pair) for pair in pairs}) == len(pairs)
    assert all(text.strip() == text and text and "{" not in text for pair in pairs for text in pair)


def test_disagreement_is_in_the_text_and_not_only_in_the_people(generator, tmp_path):
    items = generator.make_sample(tmp_path)
    true = [generator.true_distribution(item) for item, _ in items]
    observed = [[labels.count(label) / len(labels) for label in generator.LABELS] for _, labels in items]
    prior = [sum(p[k] for p in observed) / len(observed) for k in range(3)]
    to_prior = sum(generator.kl_divergence(p, prior) for p in observed) / len(items)
    floor = sum(generator.kl_divergence(p, q) for p, q in zip(observed, true, strict=True)) / len(items)
    assert floor < 0.4 * to_prior
    assert 0.25 < sum(max(p) < 0.7 for p in true) / len(items) < 0.75
