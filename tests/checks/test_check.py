"""`check` as a function: its figures, its sentences, and what it says where a figure is undefined."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from made_up_votes import LABELS, text_of, votes_rows, write_csv
from rich.console import Console

from judgekit import JudgekitError, check, ingest
from judgekit.checks.result import CheckResult
from judgekit.core.agreement import NOTHING_TO_COMPARE, ONE_LABEL, krippendorff_alpha
from judgekit.reports.check_page import check_page

HEADER = ["item_id", "annotator_id", "text", "label"]


def checked(folder: Path, rows: list[list[str]], settings: dict[str, Any] | None = None, **columns: Any) -> CheckResult:
    """The check of a long table."""
    write_csv(folder / "votes.csv", rows)
    ingest(folder / "votes.csv", workspace=folder / "ws", force=True, keep_annotator_ids=True, **columns)
    return check(workspace=folder / "ws", resamples=50, **(settings or {}))


def rows_of(labels_of_items: list[str]) -> list[list[str]]:
    """A long table with one item per text of labels, `"aab"`: three annotators, two of whom say `a`."""
    return [HEADER] + [
        [f"i{n}", f"p{m}", text_of(n, n % 3), label]
        for n, labels in enumerate(labels_of_items)
        for m, label in enumerate(labels)
    ]


def page_of(result: CheckResult) -> str:
    stream = io.StringIO()
    Console(file=stream, width=80).print(check_page(result), crop=False)
    return stream.getvalue()


def words_of(result: CheckResult) -> str:
    return " ".join(result.advice)


def test_the_figures_are_those_of_the_counts(tmp_path: Path) -> None:
    result = checked(tmp_path, rows_of(["aab", "bbb", "abc", "aaa", "ccb"]))
    counts = np.array([[2, 1, 0], [0, 3, 0], [1, 1, 1], [3, 0, 0], [0, 1, 2]])
    facts = json.loads(json.dumps(result.to_json(), allow_nan=False))
    expected = krippendorff_alpha(counts, seed=0, resamples=50)
    assert facts["krippendorff_alpha"] == {**expected._asdict(), "value": pytest.approx(expected.value)}
    assert facts["raw_agreement"] == pytest.approx((1 / 3 + 1 + 0 + 1 + 1 / 3) / 5)
    assert (facts["items"], facts["annotations"], facts["pairs"]) == (5, 15, 15)
    assert facts["annotations_per_item"] == {"min": 3, "mean": 3, "max": 3}
    assert facts["label_shares"] == pytest.approx({"a": 6 / 15, "b": 6 / 15, "c": 3 / 15})
    assert facts["fleiss_kappa"]["value"] is not None
    assert facts["class_prior"]["kl"] > facts["noise_floor"]["kl"] > 0
    for row in ("one", "half", "perfect"):
        assert set(facts["ceiling"][row]) == {"kl", "floor", "accuracy"}
    assert facts["imbalance"]["least"] == "c"
    assert facts["confused_labels"][0]["labels"] in (["a", "b"], ["b", "c"])
    assert sum(pair["share"] for pair in facts["confused_labels"]) == pytest.approx(1)
    assert facts["disagreed_items"][0]["item_id"] == "i2"
    assert sorted(one["annotator"] for one in facts["annotators"]) == ["p0", "p1", "p2"]
    assert facts["leakage"] is None and facts["thresholds"] == {}


def test_neither_row_order_nor_the_names_of_annotators_change_anything_but_names(tmp_path: Path) -> None:
    header, *rows = votes_rows(60)
    one = checked(tmp_path, [header, *rows]).to_json()
    renamed = [[item, f"x{annotator}", text, label] for item, annotator, text, label in rows]
    random.Random(0).shuffle(renamed)
    two = checked(tmp_path, [header, *renamed]).to_json()
    for facts in (one, two):  # the bootstrap draws items by their position, so its ends move a little
        del facts["krippendorff_alpha"]["low"], facts["krippendorff_alpha"]["high"]
    for name in ("krippendorff_alpha", "raw_agreement", "noise_floor", "label_shares", "test_plan", "class_prior"):
        assert one[name] == pytest.approx(two[name]), name
    assert one["ceiling"]["one"] == pytest.approx(two["ceiling"]["one"])
    reliability = [sorted(annotator["reliability"] for annotator in facts["annotators"]) for facts in (one, two)]
    assert reliability[0] == pytest.approx(reliability[1], abs=1e-6)


@pytest.mark.parametrize(
    ("labels", "level"),
    [("abc", "nominal"), ("124", "interval"), (("low", "medium", "high"), "ordinal")],
)
def test_the_level_of_alpha_follows_the_labels(tmp_path: Path, labels: tuple[str, ...], level: str) -> None:
    result = checked(tmp_path, votes_rows(30, labels=tuple(labels)))
    assert result.krippendorff_alpha.level == level
    assert checked(tmp_path, votes_rows(30), {"level": "nominal"}).krippendorff_alpha.level == "nominal"


def test_labels_without_order_have_no_ordinal_alpha(tmp_path: Path) -> None:
    with pytest.raises(JudgekitError, match=r"(?s)no order: a, b, c.*--labels"):
        checked(tmp_path, votes_rows(30, labels="abc"), {"level": "ordinal"})


def test_single_annotations_get_sentences_instead_of_figures(tmp_path: Path) -> None:
    result = checked(tmp_path, votes_rows(30, annotators=1))
    assert (result.krippendorff_alpha.value, result.raw_agreement, result.ceiling) == (None, None, None)
    assert result.krippendorff_alpha.reason == NOTHING_TO_COMPARE
    assert "Nobody can tell" in result.advice[0] and "3 people" in result.advice[0]
    assert "For testing" not in words_of(result)
    json.dumps(result.to_json(), allow_nan=False)
    page = page_of(result)
    assert "nan" not in page.lower().split() and "None" not in page
    assert " ".join(NOTHING_TO_COMPARE.split()) in " ".join(page.split())


def test_one_label_wherever_people_can_be_compared_is_nothing_to_learn(tmp_path: Path) -> None:
    result = checked(tmp_path, rows_of(["aaa", "aa", "b", "aaa"]))
    assert result.krippendorff_alpha.reason == ONE_LABEL
    assert result.advice[0].startswith("Not worth training on")
    assert any("1 item has one annotation" in warning for warning in result.warnings)
    assert "nan" not in page_of(result).lower().split()


def test_too_few_items_are_said_before_anything_else(tmp_path: Path) -> None:
    few, more, enough = (checked(tmp_path, rows_of(["aaa", "bbb", "aab"] * n)).advice for n in (4, 30, 80))
    assert few[0].startswith("Too few items: 12.") and more[0].startswith("Few items: 90.")
    assert few[1].startswith("Worth training on once there are more") and enough[0].startswith("Worth training on:")


def test_on_a_scale_the_page_says_who_rates_above_the_others_and_counts_stand_behind_their_label(
    tmp_path: Path,
) -> None:
    result = checked(tmp_path, rows_of(["113", "224", "335", "244", "111", "555"] * 10))
    page = " ".join(page_of(result).split())
    assert "1.2 above the others" in page and "for 1 in" not in page
    assert "1: 2×, 3: 1×" in page


def test_the_page_says_how_to_see_who_a_pseudonym_is(tmp_path: Path) -> None:
    write_csv(tmp_path / "votes.csv", votes_rows(30))
    ingest(tmp_path / "votes.csv", workspace=tmp_path / "ws")
    hidden = page_of(check(workspace=tmp_path / "ws", resamples=50))
    assert "a-" in hidden and "with --names FILE" in " ".join(hidden.split())
    assert "pseudonym" not in page_of(checked(tmp_path, votes_rows(30)))


def test_agreement_by_chance_is_not_worth_training_on(tmp_path: Path) -> None:
    choose = random.Random(1)
    result = checked(tmp_path, rows_of(["".join(choose.choices("ab", k=4)) for _ in range(60)]))
    assert result.advice[0].startswith("Not worth training on as it is")
    assert "For training" not in words_of(result)


def test_the_advice_asks_for_annotators_where_few_disagree_much_and_not_where_many_agree(tmp_path: Path) -> None:
    choose = random.Random(2)
    few = ["".join(choose.choices("ab", weights=(9, 1) if n % 2 else (1, 4), k=3)) for n in range(200)]
    result = checked(tmp_path, rows_of(few))
    plan = result.test_plan
    assert plan.annotators > 3 and f"get about {plan.annotators} annotators on" in words_of(result)
    assert "Worth training on" in result.advice[0] and 2 <= len(result.advice) <= 6
    assert f"3 annotators on 200 items; a perfect judge would still show KL {result.noise_floor:.2f}" in words_of(
        result
    )
    many = ["".join(choose.choices("ab", weights=(99, 1) if n % 2 else (1, 99), k=9)) for n in range(200)]
    assert "of these items are enough" in words_of(checked(tmp_path, rows_of(many), {"precision": 0.2}))


def test_a_better_precision_asks_for_more(tmp_path: Path) -> None:
    rough = checked(tmp_path, votes_rows(60), {"precision": 0.2}).test_plan
    fine = check(workspace=tmp_path / "ws", precision=0.02).test_plan
    assert fine.annotators > rough.annotators and fine.items > rough.items
    assert fine.floor <= 0.02


def test_two_annotators_are_advised_a_third_and_a_rare_label_is_a_warning(tmp_path: Path) -> None:
    items = ["aa", "bb", "ab", "aa", "bb"] * 50 + ["cc"]
    result = checked(tmp_path, rows_of(items))
    assert "third annotator" in words_of(result)
    assert any(warning.startswith("Only 0.4% of the labels are c") for warning in result.warnings)


def test_counts_name_no_annotators_and_the_page_says_so(tmp_path: Path) -> None:
    choose = random.Random(3)
    rows = [["item_id", "text", "n_yes", "n_no"]]
    for n in range(40):
        yes = choose.choice((0, 1, 5, 6))
        rows.append([f"i{n}", text_of(n, n % 3), str(yes), str(6 - yes)])
    write_csv(tmp_path / "counts.csv", rows)
    ingest(tmp_path / "counts.csv", workspace=tmp_path / "ws")
    result = check(workspace=tmp_path / "ws", resamples=50, max_flagged=3)
    assert result.annotators is None and result.to_json()["annotators"] == []
    assert "does not name" in page_of(result)
    assert not result.thresholds["max_flagged"].met  # what cannot be told does not meet a limit


def test_thresholds_are_compared_and_none_is_met_by_what_is_undefined(tmp_path: Path) -> None:
    limits = {"min_alpha": 0.1, "min_items": 61, "max_noise_floor": 5.0, "min_annotations": 3, "max_leakage": 0}
    result = checked(tmp_path, votes_rows(60), limits)
    assert {name: found.met for name, found in result.thresholds.items()} == {
        "min_alpha": True, "min_items": False, "max_noise_floor": True, "min_annotations": True, "max_leakage": True,
    }  # fmt: skip
    assert result.missed() == ["The number of items is 60; --min-items requires at least 61."]
    single = checked(tmp_path, votes_rows(60, annotators=1), {"min_alpha": -1.0, "max_noise_floor": 5.0})
    assert len(single.missed()) == 2 and "undefined" in single.missed()[0]


def test_texts_longer_than_the_limit_are_counted(tmp_path: Path, bert: Path) -> None:
    rows = votes_rows(12)
    for row in rows[1:4]:
        row[2] += " tea" * 100
    result = checked(tmp_path, rows, {"max_length": 64, "backbone": str(bert)})
    assert result.long_texts is not None
    assert result.long_texts.items == 1 and (result.long_texts.longest or 0) > 100
    assert any("longer than 64 tokens" in warning for warning in result.warnings)
    assert check(workspace=tmp_path / "ws", backbone="nobody/nowhere", max_length=64).long_texts is None


def test_a_given_split_that_leaks_is_a_warning(tmp_path: Path) -> None:
    rows = [
        [*row, "split" if n == 0 else ("train", "test")[n % 2]] for n, row in enumerate(votes_rows(40, annotators=1))
    ]
    twins = [[f"{row[0]}-again", *row[1:4], "test" if row[4] == "train" else "train"] for row in rows[1:4]]
    result = checked(tmp_path, [*rows, *twins], {"max_leakage": 0}, split="split")
    assert result.leakage is not None and result.leakage.groups == 3
    assert not result.thresholds["max_leakage"].met
    assert any("3 groups of items that belong together cross the given split" in warning for warning in result.warnings)


def test_the_page_fits_80_columns_and_shows_a_users_text_as_it_is(tmp_path: Path) -> None:
    rows = [
        [item, "[bold]someone with a rather long name of her own" if who == "p0" else who, f"{text} [red] :tea:", label]
        for item, who, text, label in votes_rows(60, labels=("[b]no[/b]", "yes", "a label of several words"))
    ]
    result = checked(tmp_path, [HEADER, *rows[1:]], {"min_alpha": 0.99})
    page = page_of(result)
    assert max(map(len, page.splitlines())) <= 80
    assert page.startswith("Is votes worth training on?")
    for words in ("[b]no[/b]", "[red] :tea:", "[bold]someone", "MISSED: Krippendorff's alpha is", "a perfect judge"):
        assert words in page
    assert LABELS[0] not in page
