"""What a training decides where its settings leave it open."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from judgekit.config import TrainSettings
from judgekit.config.choices import ModelKind
from judgekit.dataset.items import ItemTable
from judgekit.training import decisions
from judgekit.training.decisions import folds_for


def items(number: int, groups: int | None = None) -> ItemTable:
    """Items without anything to learn from."""
    names = [f"i{n}" for n in range(number)]
    return ItemTable(
        item_ids=pl.Series("item_id", names),
        texts=pl.DataFrame({"text": names}),
        labels=("bad", "good"),
        counts=np.ones((number, 2), dtype=np.int64),
        groups=pl.Series("group", [f"g{n % (groups or number)}" for n in range(number)]),
    )


@pytest.fixture(autouse=True)
def as_users_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound that other tests do without."""
    monkeypatch.setattr(decisions, "MOST_ITEMS_TO_FOLD", 20_000)


@pytest.mark.parametrize(
    ("number", "groups", "kind", "folds"),
    [
        (1_999, None, "encoder", 5),
        (2_000, None, "encoder", 2),
        (19_999, None, "encoder", 2),
        (20_000, None, "encoder", 0),
        (500, None, "causal", 0),
        (500, 9, "encoder", 0),
    ],
)
def test_the_number_of_folds_follows_from_the_items(
    number: int, groups: int | None, kind: ModelKind, folds: int
) -> None:
    assert folds_for(TrainSettings(), items(number, groups), kind) == folds


@pytest.mark.parametrize("given", [0, 3])
def test_the_users_word_on_folds_holds(given: int) -> None:
    assert folds_for(TrainSettings(folds=given), items(30_000), "causal") == given
