"""A row for each item and label with their number, and one-hot rows, are counted; a row of totals is no item."""

from __future__ import annotations

import pytest

from judgekit.errors import DataError

TALLIES = [{"neg": n % 4, "neu": (n * 3) % 5 + 1, "pos": n % 2} for n in range(20)]


def tidy(name, *, after=""):
    rows = [
        f"{n},words of item {n},{label},{number}{after}\n"
        for n, tally in enumerate(TALLIES)
        for label, number in tally.items()
        if number
    ]
    return f"id,text,label,{name}{',more' if after else ''}\n{''.join(rows)}"


@pytest.mark.parametrize("name", ["count", "votes", "n", "Anzahl", "size", "0", "freq", "n_votes", "num_annotators"])
def test_number_beside_the_label_counts_its_annotations(ingest, name):
    outcome = ingest(tidy(name))
    assert outcome.items.counts.tolist() == [list(tally.values()) for tally in TALLIES]


def test_number_of_another_name_is_a_question(ingest):
    with pytest.raises(DataError, match="the number of annotations is not clear") as caught:
        ingest(tidy("w"))
    assert "--number w" in caught.value.problems[0] and "--number" not in caught.value.problems[1]


@pytest.mark.parametrize("rows", [4, 20])
def test_number_beside_items_on_which_all_agree_is_a_question(ingest, rows):
    text = "id,text,label,count\n" + "".join(f"{n},words of item {n},{'xy'[n % 2]},2\n" for n in range(rows))
    with pytest.raises(DataError, match="the number of annotations is not clear") as caught:
        ingest(text)
    assert "--number count" in caught.value.problems[0]
    assert ingest(text.replace(",2\n", ",1\n")).report.annotations == rows


def test_count_that_is_no_number_is_reported(ingest):
    with pytest.raises(DataError, match="count must be a whole number from 0"):
        ingest(tidy("count") + "20,last item,pos,some\n")


def test_number_where_labels_return_within_items_is_no_count(ingest):
    rows = "".join(f"{n // 4},words of item {n // 4},{'xyx'[n % 3]},{n % 3 + 1}\n" for n in range(40))
    assert ingest("id,text,label,count\n" + rows).report.annotations == 40


@pytest.mark.parametrize("annotator", [True, False])
def test_one_hot_rows_are_one_annotation_each(ingest, annotator):
    labels = ["happy", "sad", "angry"]
    said = {(n, p): (n + p * (n % 2)) % 3 for n in range(20) for p in range(3)}
    rows = "".join(
        f"{n},words of item {n},{f'p{p},' if annotator else ''}{','.join(str(int(k == label)) for k in range(3))}\n"
        for (n, p), label in said.items()
    )
    outcome = ingest(f"id,text,{'rater_id,' if annotator else ''}{','.join(labels)}\n{rows}")
    wanted = [
        [sum(said[n, p] == labels.index(label) for p in range(3)) for label in outcome.items.labels] for n in range(20)
    ]
    assert outcome.items.counts.tolist() == wanted
    assert outcome.report.annotators == (3 if annotator else None)


def test_row_of_totals_is_no_item(ingest):
    rows = "".join(f"{n},words {n},{','.join(map(str, tally.values()))}\n" for n, tally in enumerate(TALLIES))
    total = ",".join(str(sum(tally[label] for tally in TALLIES)) for label in TALLIES[0])
    outcome = ingest(f"id,text,negative,neutral,positive\n{rows}99,All,{total}\n")
    assert len(outcome.items) == 20
    assert [aside.reason for aside in outcome.report.set_aside] == ["the row is the sum of all others"]
