"""The chances with which items were drawn: recognised in any layout, kept by round, and what they undo."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from made_up_votes import text_of, votes_rows, write_csv
from numpy.typing import NDArray

from judgekit import ingest
from judgekit.core.distributions import entropy
from judgekit.core.metrics import evaluate_distributions
from judgekit.core.selecting import draw, inclusion_chances, order_by_likeness
from judgekit.dataset.chances import Drawn, drawn_of
from judgekit.dataset.opening import load_annotations, open_dataset, open_workspace
from judgekit.errors import DataError

WRITTEN = ["inclusion_probability", "expected_gain", "reason"]


def long_rows(items: int, first: int = 0, chance: float = 0.25) -> list[list[str]]:
    header, *rows = votes_rows(items, first=first)
    return [
        [*header, *WRITTEN],
        *([*row, str(chance), "0.125", "the judge expects people to disagree"] for row in rows),
    ]


def test_a_long_table_keeps_the_chances_beside_its_annotations(tmp_path: Path) -> None:
    made = ingest(write_csv(tmp_path / "votes.csv", long_rows(20)), dry_run=True)
    assert (made.schema.chance, made.items.fields) == ("inclusion_probability", ("text",))
    assert set(WRITTEN[1:]) <= set(made.schema.ignored)
    assert made.annotations.get_column("chance").unique().to_list() == [0.25]
    assert made.annotation_columns == ()


@pytest.mark.parametrize("chances", [[0.5, 1.0], [1.0, 1.0], [0.3, 0.6]])
def test_a_wide_table_takes_no_chance_for_a_person_or_a_rating(tmp_path: Path, chances: list[float]) -> None:
    rows = [
        [
            f"i{n}",
            text_of(n, n % 3),
            str(chances[n % 2]),
            str(1 + n % 2),
            "check",
            *(str(1 + (n + k) % 3) for k in (0, 0, 1)),
        ]
        for n in range(30)
    ]
    header = ["item_id", "text", "inclusion_probability", "cost", "reason", "anna", "ben", "chris"]
    made = ingest(write_csv(tmp_path / "wide.csv", [header, *rows]), dry_run=True)
    assert (made.schema.layout, made.schema.annotator_columns) == ("wide", ("anna", "ben", "chris"))
    assert made.items.fields == ("text",)
    drawn = drawn_of(made.annotations, made.items.item_ids)
    assert drawn is not None and drawn.chances.tolist() == chances * 15


def test_the_names_that_tools_make_of_the_column_are_known(tmp_path: Path) -> None:
    for name in ("meta.inclusion_probability", "Inclusion Probability", "metadata.inclusion-probability"):
        header, *rows = votes_rows(10)
        made = ingest(
            write_csv(tmp_path / "votes.csv", [[*header, name], *([*row, "0,5"] for row in rows)]), dry_run=True
        )
        assert made.schema.chance == name
        assert made.annotations.get_column("chance").unique().to_list() == [0.5]


def test_an_item_with_two_chances_is_refused(tmp_path: Path) -> None:
    rows = long_rows(10)
    rows[1][4] = "0.75"
    with pytest.raises(DataError) as raised:
        ingest(write_csv(tmp_path / "votes.csv", rows), dry_run=True, most_set_aside=0.0)
    assert "item 'i0000' has 2 chances to be drawn: '0.75', '0.25'" in raised.value.problems[0]


def test_rounds_keep_their_numbers_and_an_item_counts_by_its_first(tmp_path: Path) -> None:
    ingest(write_csv(tmp_path / "one.csv", votes_rows(12)), name="votes", workspace=tmp_path / "ws")
    again = [[*row[:1], f"q{row[1][1:]}", *row[2:]] for row in long_rows(3)[1:]]
    two = write_csv(tmp_path / "two.csv", [*long_rows(5, first=100), *again])
    ingest(two, name="votes", workspace=tmp_path / "ws", append=True)
    ingest(
        write_csv(tmp_path / "three.csv", long_rows(4, first=200, chance=0.5)), workspace=tmp_path / "ws", append=True
    )
    data = open_dataset(open_workspace(tmp_path / "ws"))
    drawn = drawn_of(load_annotations(data), data.items.item_ids)
    assert drawn is not None
    assert drawn.rounds.tolist() == [1] * 12 + [2] * 5 + [3] * 4
    np.testing.assert_array_equal(drawn.chances, [np.nan] * 12 + [0.25] * 5 + [0.5] * 4)
    assert data.content_hash == data.manifest.content_hash


def test_a_dataset_without_chances_has_no_drawn_items() -> None:
    annotations = pl.DataFrame({"item_id": ["a", "b"], "round": [1, 2]})
    assert drawn_of(annotations, annotations.get_column("item_id")) is None


def test_weights_of_a_round_stand_for_what_it_was_drawn_from() -> None:
    drawn = Drawn(np.array([np.nan, np.nan, 0.5, 0.25]), np.array([1, 1, 2, 2]))
    np.testing.assert_allclose(drawn.weights(), [1, 1, 2 / 3, 4 / 3])


def people(random: np.random.Generator, items: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What people say of items, and what a judge does that is sure of the rare label where it is wrong."""
    truth = np.where(random.random(items) < 0.2, 0.8, 0.05)
    said = np.clip(truth + random.normal(0, 0.15, items), 0.02, 0.98)
    return np.stack([truth, 1 - truth], axis=1), np.stack([said, 1 - said], axis=1)


def test_two_rounds_weighed_by_their_chances_are_unbiased_and_without_them_are_not() -> None:
    random = np.random.default_rng(0)
    p, q = people(random, 400)
    order, gain = order_by_likeness(q), entropy(q)
    with_chances, without = np.zeros(600), np.zeros(600)
    for run in range(600):
        chances = inclusion_chances(gain, 40, random_share=0.3)
        first = draw(chances, order, seed=run)
        rest = np.setdiff1d(order, first)
        rest = order[np.isin(order, rest)]
        later = inclusion_chances(gain[rest], 30, random_share=0.3)
        second = draw(later, np.arange(len(rest)), seed=10_000 + run)
        rows = np.concatenate([first, rest[second]])
        drawn = Drawn(np.concatenate([chances[first], later[second]]), np.repeat([1, 2], [40, 30]))
        weights = drawn.weights_of_one_table()
        with_chances[run] = weights @ p[rows, 0] / weights.sum()
        without[run] = p[rows, 0].mean()
    errors = [(one.mean() - p[:, 0].mean()) / (one.std() / np.sqrt(600)) for one in (with_chances, without)]
    assert abs(errors[0]) < 3, errors
    assert abs(with_chances.mean() - p[:, 0].mean()) < 0.003
    assert without.mean() - p[:, 0].mean() > 0.03, "without the chances the drawn items say too much of the rare label"


def test_figures_of_an_evaluation_weighed_by_chances_are_unbiased_and_without_them_are_not() -> None:
    random = np.random.default_rng(1)
    p, q = people(random, 300)
    counts = np.stack([random.binomial(3, row) for row in p])[:, :1]
    counts = np.concatenate([counts, 3 - counts], axis=1)
    order, gain = order_by_likeness(q), entropy(q)
    chances = inclusion_chances(gain, 60, random_share=0.3)
    names = ("kl", "accuracy", "total_variation")
    whole = {name: one.value for name, one in evaluate_distributions(q, counts, seed=0, resamples=10).items() if one}
    found = {name: np.zeros((300, 2)) for name in names}
    for run in range(300):
        rows = draw(chances, order, seed=run)
        weights = Drawn(chances[rows], np.ones(len(rows), dtype=np.int64)).weights()
        for k, given in enumerate((weights, None)):
            figures = evaluate_distributions(q[rows], counts[rows], seed=0, resamples=10, weights=given)
            for name in names:
                one = figures[name]
                assert one is not None
                found[name][run, k] = one.value
    off = {name: np.abs(found[name].mean(axis=0) / whole[name] - 1) for name in names}
    assert all(one[0] < 0.03 for one in off.values()), off
    assert off["total_variation"][1] > 0.08, off


def test_weights_that_are_all_equal_change_no_figure() -> None:
    random = np.random.default_rng(2)
    p, q = people(random, 50)
    counts = (np.round(p * 5)).astype(np.int64)
    one, other = (
        evaluate_distributions(q, counts, seed=0, resamples=50, weights=given) for given in (None, np.ones(50))
    )
    for name, found in one.items():
        same = other[name]
        assert found is not None and same is not None
        np.testing.assert_allclose(found, same)
