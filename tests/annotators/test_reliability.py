"""Annotators: crowd-kit's figures, flags for the careless and for nobody else, weights by what labels tell."""

from __future__ import annotations

import random
import subprocess
import sys
import warnings
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
import pytest

from judgekit.annotators.reliability import AnnotatorQuality, annotator_reliability, annotator_weights, weighted_counts
from judgekit.dataset.items import ItemTable

LABELS = ("bad", "fair", "good")
Habit = Callable[[random.Random, int, int], int]
"""From a random source, the true label and the number of labels to the label chosen."""


def right(share: float) -> Habit:
    return lambda choose, true, k: true if choose.random() < share else choose.randrange(k)


def always(label: int) -> Habit:
    return lambda choose, true, k: label


def at_random(choose: random.Random, true: int, k: int) -> int:
    return choose.randrange(k)


def reversed_scale(choose: random.Random, true: int, k: int) -> int:
    return k - 1 - true if choose.random() < 0.9 else true


def annotated(
    habits: dict[str, Habit], *, items: int, per_item: int = 5, shares: Sequence[float] = (1, 1, 1), seed: int = 0
) -> pl.DataFrame:
    """Annotations of items whose true labels have these shares, by annotators with these habits."""
    choose, rows = random.Random(seed), []
    for item in range(items):
        true = choose.choices(range(len(shares)), shares)[0]
        for name in choose.sample(sorted(habits), per_item):
            rows.append((f"i{item}", name, LABELS[habits[name](choose, true, len(shares))], 1))
    return pl.DataFrame(rows, schema=["item_id", "annotator", "label", "count"], orient="row")


def honest(people: int = 12, least: float = 0.6) -> dict[str, Habit]:
    """People of differing skill, from `least` to 0.95."""
    return {f"p{n:02d}": right(least + (0.95 - least) * n / (people - 1)) for n in range(people)}


def by_name(annotations: pl.DataFrame, labels: Sequence[str] = LABELS) -> dict[str, AnnotatorQuality]:
    report = annotator_reliability(annotations, labels)
    assert report is not None
    return {found.annotator: found for found in report.annotators}


def flagged(annotations: pl.DataFrame, labels: Sequence[str] = LABELS) -> dict[str, str]:
    found = by_name(annotations, labels)
    return {name: quality.flag.partition(": ")[0] for name, quality in found.items() if quality.flag}


def test_reliability_and_confusion_are_those_of_crowd_kit() -> None:
    from crowdkit.aggregation import DawidSkene

    annotations = annotated(honest(6), items=120, per_item=4, shares=(5, 3, 2))
    renamed = annotations.rename({"item_id": "task", "annotator": "worker"}).drop("count")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = DawidSkene(n_iter=100).fit(renamed.to_pandas())
    report = annotator_reliability(annotations, LABELS)
    assert report is not None and model.errors_ is not None and model.probas_ is not None
    assert report.iterations == len(model.loss_history_)
    for quality in report.annotators:
        errors = model.errors_.loc[quality.annotator]
        tasks = renamed.filter(pl.col("worker") == quality.annotator).get_column("task").to_list()
        occurs = model.probas_.loc[tasks].mean()
        expected = sum(occurs[label] * errors.loc[label, label] for label in LABELS)
        assert quality.reliability == pytest.approx(expected, abs=1e-9)
        for true, chosen, share in quality.confused:
            assert share == pytest.approx(errors.loc[chosen, true], abs=1e-9)


def test_agreement_is_the_share_of_others_with_the_same_label() -> None:
    given = {"i1": "ann:good ben:good eve:bad", "i2": "ann:good ben:bad", "i3": "eve:bad"}
    rows = [(item, *pair.split(":"), 1) for item, line in given.items() for pair in line.split()]
    rows.append(("i2", None, "good", 2))  # two unnamed people are others, too
    found = by_name(pl.DataFrame(rows, schema=["item_id", "annotator", "label", "count"], orient="row"))
    assert {name: quality.agreement for name, quality in found.items()} == {
        "ann": pytest.approx((1 / 2 + 2 / 3) / 2),
        "ben": pytest.approx((1 / 2 + 0) / 2),
        "eve": pytest.approx(0),
    }
    assert [(quality.items, quality.annotations) for quality in found.values()] == [(2, 2), (2, 2), (2, 2)]


def test_without_two_names_there_is_nothing_to_say() -> None:
    annotations = annotated({"ann": right(0.9)}, items=5, per_item=1)
    assert annotator_reliability(annotations, LABELS) is None
    assert annotator_weights(annotations, LABELS) == {"ann": 1.0}
    unnamed = annotations.with_columns(annotator=pl.lit(None, dtype=pl.String))
    assert annotator_reliability(unnamed, LABELS) is None
    assert annotator_weights(unnamed, LABELS) == {}


def test_row_order_and_names_change_nothing_but_names() -> None:
    annotations = annotated(honest(6) | {"x": always(2), "y": at_random}, items=150)
    found = by_name(annotations)
    assert by_name(annotations.sample(fraction=1, shuffle=True, seed=1)) == found
    other = annotations.with_columns(("z" + pl.col("annotator")).alias("annotator"))
    assert by_name(other) == {f"z{name}": quality._replace(annotator=f"z{name}") for name, quality in found.items()}


@pytest.mark.parametrize("seed", range(3))
def test_planted_spammers_are_flagged_and_honest_people_are_not(seed: int) -> None:
    habits = honest() | {"same": always(2), "dice": at_random}
    found = flagged(annotated(habits, items=800, shares=(5, 3, 4), seed=seed))
    assert found == {"same": "near-constant", "dice": "near-uniform"}


@pytest.mark.parametrize(("shares", "least"), [((95, 5), 0.75), ((98, 2), 0.9), ((1, 0), 0.9)])
def test_nobody_is_flagged_because_one_label_is_nearly_always_right(shares: tuple[int, int], least: float) -> None:
    for seed in range(3):
        annotations = annotated(honest(least=least), items=800, shares=shares, seed=seed)
        assert flagged(annotations, LABELS[:2]) == {}


def test_one_who_misses_the_rare_label_throughout_is_flagged_once_it_was_due_often_enough() -> None:
    habits = honest(least=0.85) | {"same": always(0)}
    assert flagged(annotated(habits, items=1200, shares=(95, 5)), LABELS[:2]) == {"same": "near-constant"}
    assert flagged(annotated(habits, items=60, shares=(95, 5)), LABELS[:2]) == {}


def test_a_reversed_scale_is_no_carelessness() -> None:
    found = by_name(annotated(honest() | {"back": reversed_scale}, items=600))
    assert found["back"].flag == ""
    assert {cell[:2] for cell in found["back"].confused[:2]} == {("bad", "good"), ("good", "bad")}
    assert found["back"].reliability < 0.5


def test_a_minority_that_agrees_with_itself_is_no_carelessness() -> None:
    """Two people judge something else than the other five: by the majority's labels theirs are noise."""
    choose, rows = random.Random(3), []
    for item in range(400):
        true, other = choose.randrange(3), choose.randrange(3)
        for n in range(7):
            label = right(0.85)(choose, other if n >= 5 else true, 3)
            rows.append((f"i{item}", f"p{n}", LABELS[label], 1))
    assert flagged(pl.DataFrame(rows, schema=["item_id", "annotator", "label", "count"], orient="row")) == {}


def test_weights_fall_with_what_labels_tell() -> None:
    habits: dict[str, Habit] = {f"p{n}": right(0.9) for n in range(5)}
    habits |= {"good": right(0.98), "poor": right(0.5), "dice": at_random, "same": always(1)}
    annotations = annotated(habits, items=900)
    weights = annotator_weights(annotations, LABELS)
    assert 1 >= weights["good"] > weights["p0"] > weights["poor"] > 0.15
    assert weights["poor"] > 2 * max(weights["dice"], weights["same"])
    assert min(weights.values()) >= 0.05
    # One annotation moves a newcomer's weight hardly from the average annotator's.
    newcomer = pl.DataFrame([("i0", "new", "bad", 1)], schema=annotations.schema, orient="row")
    both = [
        annotator_weights(annotations.vstack(newcomer.with_columns(label=pl.lit(label))), LABELS) for label in LABELS
    ]
    spread = [found["new"] for found in both]
    assert max(spread) - min(spread) < 0.2 and 0.4 < np.mean(spread) < 0.9


def test_where_all_labels_are_the_same_all_weigh_the_same() -> None:
    annotations = annotated({"ann": always(1), "ben": always(1)}, items=10, per_item=2)
    assert annotator_weights(annotations, LABELS) == {"ann": 1.0, "ben": 1.0}
    assert flagged(annotations) == {}


def test_unnamed_annotations_weigh_one_and_the_sum_stays() -> None:
    items = ItemTable(
        item_ids=pl.Series(["i1", "i2"]), texts=pl.DataFrame({"text": ["a", "b"]}), labels=LABELS,
        counts=np.array([[2, 0, 1], [0, 1, 0]]), groups=pl.Series(["g", "h"]),
    )  # fmt: skip
    rows = [("i2", "ann", "fair", 1), ("i1", None, "bad", 2), ("i1", "ben", "good", 1), ("other", "ben", "good", 5)]
    annotations = pl.DataFrame(rows, schema=["item_id", "annotator", "label", "count"], orient="row")
    weighted = weighted_counts(items, annotations, {"ann": 0.75, "ben": 0.25})
    assert weighted.tolist() == pytest.approx(np.array([[2, 0, 0.25], [0, 0.75, 0]]) * 4 / 3)


def test_nothing_is_warned_of_and_pandas_waits_until_it_is_asked_for() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        by_name(annotated(honest(4), items=30, per_item=3))
    words = "import judgekit.annotators.reliability, sys; print(*{'pandas', 'sklearn', 'torch'} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout.strip(), ended.stderr) == (0, "", "")
