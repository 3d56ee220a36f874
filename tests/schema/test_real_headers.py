"""Plausible files of first-time users: no annotation vanishes without a word, and what two readings fit is refused."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable

import pytest

from judgekit.config.roles import Roles
from judgekit.errors import DataError

LABELS = ("polite", "neutral", "rude")
WEIGHTS = ((8, 1, 1), (1, 8, 1), (1, 1, 8), (3, 3, 1))


def label_of(generator: random.Random, item: int) -> str:
    return generator.choices(LABELS, WEIGHTS[item % 4])[0]


def counts_table(names, *, rows=50, low=3, high=5, cell: Callable[[int], object] = str, seed=0, extra=None) -> str:
    """Counts of `low` to `high` annotations per item; `extra(generator, counts)` gives more cells."""
    generator = random.Random(seed)
    lines = []
    for item in range(rows):
        found = Counter(label_of(generator, item) for _ in range(generator.randint(low, high)))
        counts = [found[label] for label in LABELS][: len(names)]
        cells = [*map(cell, counts), *(extra(generator, counts) if extra else [])]
        lines.append(",".join([f"i{item}", f"some words number {item}", *map(str, cells)]))
    return "\n".join(lines) + "\n"


def wide_table(people: int, *, rows=60, seed=0, extra=lambda item, votes: []) -> str:
    generator = random.Random(seed)
    lines = []
    for item in range(rows):
        votes = [label_of(generator, item) for _ in range(people)]
        lines.append(",".join([f"i{item}", f"some words number {item}", *votes, *extra(item, votes)]))
    return "\n".join(lines) + "\n"


def ratings_table(people: int, *, low=1, high=5, rows=60, spread=1, seed=0) -> str:
    """Whole numbers of persons who agree up to `spread`."""
    generator = random.Random(seed)
    lines = []
    for item in range(rows):
        middle = generator.randint(low, high)
        votes = [min(max(middle + generator.randint(-spread, spread), low), high) for _ in range(people)]
        lines.append(",".join([f"i{item}", f"some words number {item}", *map(str, votes)]))
    return "\n".join(lines) + "\n"


def long_table(header: str, row, *, items=30, per_item=3, people=6, seed=0) -> str:
    """Rows made by `row(item, person, label, generator)`, with `id` and `text` before them."""
    generator = random.Random(seed)
    lines = ["id,text," + header]
    for item in range(items):
        for person in generator.sample(range(people), per_item):
            cells = row(item, person, label_of(generator, item), generator)
            lines.append(",".join([f"i{item}", f"some words number {item}", *map(str, cells)]))
    return "\n".join(lines) + "\n"


# Counts and ratings


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("names", ["polite,neutral,rude", "class0,class1,class2", "Sehr gut,Geht so,Schlecht", "A,B,C"])
def test_counts_of_a_varying_number_of_annotators_are_counts(ingest, names, seed):
    outcome = ingest(f"id,text,{names}\n" + counts_table(LABELS, seed=seed))
    assert outcome.items.labels == tuple(names.split(",")) and outcome.report.annotators is None
    assert 150 <= outcome.report.annotations <= 250


@pytest.mark.parametrize(("low", "high"), [(1, 5), (2, 10), (10, 30), (3, 100)])
def test_counts_of_widely_varying_numbers_are_counts(ingest, low, high):
    outcome = ingest("id,text,polite,neutral,rude\n" + counts_table(LABELS, low=low, high=high))
    assert outcome.items.labels == LABELS and outcome.report.annotators is None


def test_a_few_rows_of_counts_are_counts(ingest):
    outcome = ingest("id,text,nett,fies\n1,some words,3,0\n2,more words,1,3\n3,last words,0,4\n4,and words,2,1\n")
    assert outcome.items.counts.tolist() == [[3, 0], [1, 3], [0, 4], [2, 1]]


def test_counts_with_decimals_of_a_pivot_are_counts(ingest):
    outcome = ingest("id,text,nett,soso,fies\n" + counts_table(LABELS, cell=lambda count: f"{count}.0"))
    assert outcome.items.labels == ("nett", "soso", "fies")


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("names", ["anna,bert,cleo", "p1,p2,p3", "rater_1,rater_2,rater_3", "a@x.org,b@y.org,c@z.org"])
@pytest.mark.parametrize("spread", [1, 3])
def test_ratings_from_one_stay_annotators(ingest, names, spread, seed):
    outcome = ingest(f"id,text,{names}\n" + ratings_table(3, spread=spread, seed=seed))
    assert outcome.report.annotators == 3 and outcome.items.labels == ("1", "2", "3", "4", "5")


@pytest.mark.parametrize("names", ["p1,p2,p3", "R1,R2,R3"])
def test_ratings_from_zero_below_numbered_headers_stay_annotators(ingest, names):
    outcome = ingest(f"id,text,{names}\n" + ratings_table(3, low=0, high=4))
    assert outcome.report.annotators == 3


@pytest.mark.parametrize("high", [1, 4])
def test_ratings_from_zero_below_first_names_are_never_counts(ingest, high):
    for seed in range(8):
        content = "id,text,anna,bert,cleo\n" + ratings_table(3, low=0, high=high, seed=seed)
        try:
            assert ingest(content).report.annotators == 3
        except DataError as error:
            assert "--layout" in str(error)


def test_mostly_zero_ratings_are_no_counts(ingest):
    rows = "".join(
        f"i{n},some words number {n},{int(n % 6 == 0)},{int(n % 6 == 0)},{int(n % 8 == 0)}\n" for n in range(60)
    )
    with pytest.raises(DataError, match="--layout"):
        ingest("id,text,anna,bert,cleo\n" + rows)


def test_refused_layout_names_the_words_and_a_command(ingest):
    with pytest.raises(DataError) as caught:
        ingest("id,text,anna,bert\n1,some words,0,2\n2,more words,1,2\n3,last words,0,1\n4,and words,2,2\n")
    assert [problem.rpartition("votes.csv ")[2] for problem in caught.value.problems] == [
        "--layout wide --annotator-columns anna --annotator-columns bert",
        "--layout counts --counts anna --counts bert",
    ]


@pytest.mark.parametrize("total", ["total", "n", "n_annotators", "everybody"])
def test_column_of_totals_is_no_label(ingest, total):
    content = counts_table(LABELS, extra=lambda _, counts: [sum(counts)])
    outcome = ingest(f"id,text,polite,neutral,rude,{total}\n" + content)
    assert outcome.items.labels == LABELS and outcome.report.warnings == ()


def test_total_with_the_prefix_of_the_counts_is_no_label(ingest):
    content = counts_table(LABELS, extra=lambda _, counts: [sum(counts)])
    assert ingest("id,text,n_polite,n_neutral,n_rude,n_total\n" + content).items.labels == LABELS


def test_counts_that_miss_their_total_are_warned_about(ingest):
    content = counts_table(LABELS, extra=lambda _, counts: [sum(counts) + 1])
    warnings = ingest("id,text,polite,neutral,rude,total\n" + content).report.warnings
    assert any("do not add up to 'total' in 50 of 50 rows" in warning for warning in warnings)


@pytest.mark.parametrize("extra", ["likes", "row"])
def test_known_numbers_of_an_item_are_no_label(ingest, extra):
    content = counts_table(LABELS, extra=lambda generator, _: [generator.randint(0, 500)])
    assert ingest(f"id,text,nett,soso,fies,{extra}\n" + content).items.labels == ("nett", "soso", "fies")


def test_unknown_numbers_beside_counts_are_refused(ingest):
    content = "id,text,nett,soso,fies,applause\n" + counts_table(
        LABELS, extra=lambda generator, _: [generator.randint(0, 500)]
    )
    with pytest.raises(DataError, match="--counts nett --counts soso --counts fies"):
        ingest(content)
    assert ingest(content, Roles(counts=("nett", "soso", "fies"))).items.labels == ("nett", "soso", "fies")


def test_counts_beside_an_index_column(ingest):
    lines = counts_table(LABELS).splitlines()
    content = "".join(f"{n},{line}\n" for n, line in enumerate(lines))
    for name in ("", "index", "laufnummer"):
        assert ingest(f"{name},id,text,nett,soso,fies\n" + content).items.labels == ("nett", "soso", "fies")


def test_trailing_empty_columns_change_nothing(ingest):
    content = counts_table(LABELS, extra=lambda *_: ["", ""])
    for ends in ("x,y", ","):
        try:
            assert ingest(f"id,text,polite,neutral,rude,{ends}\n" + content).items.labels == LABELS
        except DataError as error:  # the reader may refuse a header without names
            assert ends == "," and "name" in str(error)


@pytest.mark.parametrize(
    "rows",
    [
        ["0.2,0.3,0.5", "0.6,0.4,0.0"],
        ["20,30,50", "60,40,0"],
        ["20%,30%,50%", "60%,40%,0%"],
        ["33.3,33.3,33.4", "66.7,33.3,0"],
    ],
)
def test_shares_and_percentages_are_refused(ingest, rows):
    content = "".join(f"{n},some words number {n},{rows[n % 2]}\n" for n in range(20))
    with pytest.raises(DataError, match="probabilities or percentages"):
        ingest("id,text,polite,neutral,rude\n" + content)


def test_hundred_annotators_are_no_percentages(ingest):
    outcome = ingest("id,text,polite,neutral,rude\n" + counts_table(LABELS, low=100, high=100))
    assert outcome.report.annotations == 5000


def test_majority_label_beside_counts_is_left_out(ingest):
    content = counts_table(LABELS, extra=lambda _, counts: [LABELS[counts.index(max(counts))]])
    assert ingest("id,text,polite,neutral,rude,label\n" + content).report.annotations > 100


@pytest.mark.parametrize("names", ["n_words,n_chars", "zeilen,klicks"])
def test_numbers_beside_a_label_are_no_counts(ingest, names):
    rows = "".join(f"i{n},some words number {n},{LABELS[n % 3]},{n * 7 % 13},{n * 5 % 41}\n" for n in range(60))
    outcome = ingest(f"id,text,label,{names}\n" + rows)
    assert outcome.items.labels == tuple(sorted(LABELS)) and outcome.report.annotations == 60


@pytest.mark.parametrize("names", ["nett,soso,fies", "polite,neutral,rude"])
def test_counts_whose_zeros_were_left_out_are_never_ratings(ingest, names):
    content = f"id,text,{names}\n" + counts_table(LABELS, cell=lambda count: count or "")
    with pytest.raises(DataError, match="--layout"):
        ingest(content)


def test_sliders_of_first_names_are_never_counts(ingest):
    with pytest.raises(DataError, match="--layout"):
        ingest("id,text,anna,bert\n" + ratings_table(2, low=0, high=100, spread=9))


def test_counts_column_left_out_is_warned_about(ingest):
    content = counts_table(LABELS, extra=lambda *_: [3])
    report = ingest("id,text,nett,soso,fies,andere\n" + content).report
    assert any("'andere' holds whole numbers" in warning for warning in report.warnings)
    outcome = ingest("id,text,n_nett,n_soso,n_fies,n_andere\n" + content)
    assert len(outcome.items.labels) == 4 and outcome.report.warnings == ()


def test_long_table_without_item_ids_and_with_numbers_is_no_counts_table(ingest):
    rows = "".join(
        f"some words number {item},p{person},{LABELS[(item + person) % 3]},{item % 4},{person}\n"
        for item in range(20)
        for person in range(3)
    )
    outcome = ingest("text,annotator,urteil,klicks,platz\n" + rows, Roles(label=("urteil",)))
    assert outcome.report.annotators == 3
    found = ingest("text,annotator,urteil,klicks,platz\n" + rows)
    assert found.items.labels == outcome.items.labels and found.report.annotations == 60


# Wide


def test_annotator_of_few_items_and_one_label_is_kept(ingest):
    content = wide_table(2, rows=200, extra=lambda item, _: ["polite" if item % 10 == 0 else ""])
    outcome = ingest("id,text,ann,ben,eve\n" + content)
    assert outcome.report.annotators == 3 and outcome.report.annotations == 420


@pytest.mark.parametrize("name", ["gold", "majority", "consensus", "final_label", "adjudicated", "majority_label"])
@pytest.mark.parametrize("people", ["ann,ben,eve", "rater_1,rater_2,rater_3"])
def test_settled_label_is_no_annotator_and_said(ingest, name, people):
    content = wide_table(3, extra=lambda _, votes: [max(votes, key=votes.count)])
    outcome = ingest(f"id,text,{people},{name}\n" + content)
    assert outcome.report.annotators == 3
    assert any(repr(name) in warning and "settled" in warning for warning in outcome.report.warnings)


def test_first_names_beside_a_label_are_refused(ingest):
    content = "id,text,ann,ben,label\n" + wide_table(2, extra=lambda _, votes: [votes[0]])
    with pytest.raises(DataError, match="--layout wide"):
        ingest(content)
    outcome = ingest(content, Roles(layout="wide"))
    assert outcome.report.annotators == 2 and any("'label'" in warning for warning in outcome.report.warnings)


def test_split_and_source_are_no_annotators(ingest):
    content = wide_table(3, extra=lambda item, _: ["train" if item % 3 else "test", "forum", "1"])
    outcome = ingest("id,text,ann,ben,eve,split,source,batch\n" + content)
    assert outcome.report.annotators == 3 and outcome.items.fields == ("text",)


def test_columns_of_email_addresses_hold_together(ingest):
    content = wide_table(2, extra=lambda item, _: ["unsure" if item % 9 == 0 else ""])
    outcome = ingest("id,text,ann@x.org,ben@x.org,eve@x.org\n" + content)
    assert outcome.report.annotators == 3 and "unsure" in outcome.items.labels


def test_confidences_beside_ratings_are_no_annotators(ingest):
    rows = ratings_table(2).splitlines()
    content = "".join(f"{row},{n % 5 + 1},{n * 3 % 5 + 1}\n" for n, row in enumerate(rows))
    names = ("label_ann1,label_ann2,confidence_ann1,confidence_ann2", "rater1,rater2,rater1_conf,rater2_conf")
    outcome = ingest(f"id,text,{names[0]}\n" + content)
    assert outcome.report.annotators == 2
    try:
        assert ingest(f"id,text,{names[1]}\n" + content).report.annotators == 2
    except DataError as error:
        assert "--annotator-columns" in str(error)


def test_columns_a_join_numbered_are_annotators(ingest):
    assert ingest("id,text,label,label.1,label.2\n" + wide_table(3)).report.annotators == 3


def test_flags_of_the_item_are_no_annotators(ingest):
    content = wide_table(3, extra=lambda item, _: [str(item % 2 == 0), str(item % 3 == 0)])
    outcome = ingest("id,text,ann,ben,eve,is_reply,has_link\n" + content)
    assert outcome.report.annotators == 3 and outcome.items.labels == ("neutral", "polite", "rude")


def test_repeated_row_does_not_turn_a_wide_table_into_a_long_one(ingest):
    content = wide_table(3, extra=lambda _, votes: [votes[0]])
    outcome = ingest("id,text,rater_1,rater_2,rater_3,label\n" + content + content.splitlines()[0] + "\n")
    assert outcome.report.annotators == 3 and outcome.report.annotations == 180


def test_named_annotator_with_other_values_is_warned_about(ingest):
    content = wide_table(2, extra=lambda item, _: ["hm" if item % 9 == 0 else ""])
    outcome = ingest("id,text,rater one,rater two,coder three\n" + content)
    assert any("'coder three'" in warning for warning in outcome.report.warnings) or outcome.report.annotators == 3


# Long


@pytest.mark.parametrize(
    "name", ["who", "person", "coder_name", "turker", "evaluator_code", "kuerzel", "Email Address"]
)
def test_annotator_is_found_by_what_the_cells_do(ingest, name):
    content = long_table(f"{name},label", lambda item, person, label, _: (f"p{person}", label))
    outcome = ingest(content)
    assert outcome.report.annotators == 6 and outcome.report.warnings == ()


def test_annotator_is_found_without_item_ids(ingest):
    content = "text,kuerzel,label\n" + "".join(
        f"some words number {item},p{person},{LABELS[(item + person) % 3]}\n"
        for item in range(20)
        for person in range(3)
    )
    assert ingest(content).report.annotators == 3


def test_annotator_is_found_beside_a_label_of_another_name(ingest):
    content = long_table("kuerzel,urteil", lambda item, person, label, _: (f"p{person}", label))
    outcome = ingest(content)
    assert outcome.report.annotators == 6 and set(outcome.items.labels) == set(LABELS)


def test_name_and_address_of_one_person_are_one(ingest):
    content = long_table(
        "kuerzel,anschrift,label", lambda item, person, label, _: (f"p{person}", f"{person} a st", label)
    )
    assert ingest(content).report.annotators == 6


def test_two_equally_good_annotators_are_left_and_said(ingest):
    content = long_table(
        "kuerzel,platz,label", lambda item, person, label, _: (f"p{person}", f"s{(person + item) % 6}", label)
    )
    report = ingest(content).report
    assert report.annotators is None
    assert any("'kuerzel' and 'platz'" in warning and "--annotator kuerzel" in warning for warning in report.warnings)
    named = content.replace("kuerzel", "turker", 1)
    assert ingest(named).report.annotators == 6


def test_number_of_the_annotation_is_no_person(ingest):
    lines = ["id,text,nr,label"]
    lines += [f"i{item},some words {item},{n},{LABELS[(item + n) % 3]}" for item in range(20) for n in (1, 2, 3)]
    report = ingest("\n".join(lines) + "\n").report
    assert report.annotators is None and any("--annotator nr" in warning for warning in report.warnings)


def test_group_of_annotators_is_not_the_annotator(ingest):
    content = long_table("annotator_team,label", lambda item, person, label, _: (f"t{person % 2}", label))
    assert ingest(content).report.annotators is None


def test_survey_export_keeps_every_annotation(ingest):
    content = long_table(
        "Timestamp,Email Address,label,confidence,duration,notes",
        lambda item, person, label, generator: (
            f"2024-01-{item % 28 + 1:02} 10:{person:02}:{generator.randint(10, 59)}",
            f"p{person}@x.org",
            label,
            generator.randint(1, 5),
            generator.randint(5, 300),
            generator.choice(["", "I am not sure here", f"the tone of {item} is odd {person}"]),
        ),
    )
    outcome = ingest(content)
    assert outcome.report.annotations == 90 and outcome.report.annotators == 6
    assert outcome.items.fields == ("text",) and set(outcome.items.labels) == set(LABELS)


@pytest.mark.parametrize("header", ["label,label_id", "label_id,label", "label_id,label_name", "label_name,label_id"])
def test_label_and_its_code_are_one(ingest, header):
    words = header.replace("label_name", "label").split(",")
    content = long_table(
        "annotator," + header,
        lambda item, person, label, _: (
            f"p{person}",
            *(label if word == "label" else LABELS.index(label) for word in words),
        ),
    )
    assert set(ingest(content).items.labels) == set(LABELS)


@pytest.mark.parametrize("pair", [("true", "false"), ("0", "1"), ("TRUE", "FALSE")])
@pytest.mark.parametrize("name", ["label", "is_rude"])
def test_two_valued_labels_are_kept(ingest, pair, name):
    content = long_table(f"annotator,{name}", lambda item, person, label, _: (f"p{person}", pair[label == "rude"]))
    outcome = ingest(content)
    assert set(outcome.items.labels) == set(pair) and outcome.report.annotations == 90


def test_two_unnamed_ratings_of_a_long_table_ask_for_the_label(ingest):
    content = long_table(
        "annotator,toxicity,clarity",
        lambda item, person, label, generator: (f"p{person}", generator.randint(0, 4), generator.randint(0, 4)),
    )
    with pytest.raises(DataError, match="--label toxicity"):
        ingest(content)


def test_equal_texts_in_two_groups_are_warned_about(ingest):
    content = "id,text,label,doc\n1,One  text,x,d1\n2,one text,y,d2\n3,two texts,y,d2\n4,three,x,d3\n5,three,x,d3\n"
    report = ingest(content, Roles(group="doc")).report
    assert any("2 items have the text of an item in another group (doc)" in warning for warning in report.warnings)
    assert not any("keeps them together" in note for note in report.notes)
    assert not any("another group" in warning for warning in ingest(content).report.warnings)


def test_experts_and_turkers_with_the_same_labels_are_annotators_alike(ingest):
    names = "expert1,expert2,turker1,turker2,turker3"
    rows = "".join(f"i{n},some words {n},{','.join(str(1 + (n * k) % 5) for k in range(1, 6))}\n" for n in range(12))
    outcome = ingest(f"id,text,{names}\n" + rows)
    assert outcome.report.annotators == 5 and outcome.report.annotations == 60
    others = "".join(f"i{n},some words {n},{'xyx'[n % 3]},{'yyx'[n % 3]},{n % 4},{n % 3}\n" for n in range(12))
    with pytest.raises(DataError, match="the annotators' columns"):
        ingest("id,text,expert1,expert2,turker1,turker2\n" + others)
