"""The list to annotate again: the items of which one more annotation would tell most stand first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from made_up_votes import write_csv

from judgekit.checks.item_list import expected_gain


def test_the_gain_is_what_one_more_annotation_takes_from_the_variance_of_the_posterior() -> None:
    from scipy.stats import dirichlet

    counts, prior, strength = np.array([[2, 1, 0], [0, 0, 9], [0, 0, 0]]), np.array([0.5, 0.3, 0.2]), 2.5
    for one, found in zip(counts, expected_gain(counts, prior, strength), strict=True):
        before = one + strength * prior
        after = sum(
            share * dirichlet(before + label).var().sum()
            for share, label in zip(before / before.sum(), np.eye(3), strict=True)
        )
        assert found == pytest.approx(dirichlet(before).var().sum() - after)


def test_check_writes_every_item_in_the_order_of_its_gain(run: Callable[..., Any], votes_csv: Path) -> None:
    assert run("init").code == 0 and run("ingest", votes_csv).code == 0
    made = run("check", "-o", "items.csv")
    assert made.code == 0 and "Written: items.csv" in made.err
    table = pl.read_csv("items.csv")
    assert table.height == 60 and table.columns[:3] == ["item_id", "text", "annotations"]
    assert table["expected_gain"].is_sorted(descending=True)
    assert table["people_entropy"][0] > table["people_entropy"][-1]
    assert run("check", "-o", "items.csv").code == 3
    assert run("check", "-o", "items.csv", "--force").code == 0


def test_check_warns_of_a_column_that_gives_the_label_away(run: Callable[..., Any], tmp_path: Path) -> None:
    rows = [["id", "text", "topic", "annotator", "label"]]
    for n in range(60):
        topic = ("praise", "complaint", "question")[n % 3]
        rows += [[f"i{n}", f"some words of item {n}", topic, f"p{a}", ["good", "bad", "fair"][n % 3]] for a in range(3)]
    write_csv(tmp_path / "votes.csv", rows)
    assert run("init").code == 0
    assert run("ingest", "votes.csv", "--text", "text", "--text", "topic").code == 0
    found = run("check", "--json").json["warnings"]
    assert any("'topic' determines the label" in warning for warning in found)
