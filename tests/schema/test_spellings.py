"""One label in several spellings: merged where no person means the difference, warned about elsewhere."""

from __future__ import annotations

import shlex

import pytest

from judgekit.config.roles import Roles
from judgekit.schema.spellings import label_warnings, no_answers, spelling_map, tidied
from judgekit.verbs.ingest import ingest as ingest_verb

HEADER = "id,annotator,text,label\n"


def long_table(labels):
    return HEADER + "".join(
        f"{n // 3},{'abc'[n % 3]},words number {n // 3},{label}\n" for n, label in enumerate(labels)
    )


@pytest.mark.parametrize(
    ("found", "read"),
    [
        (["yes", "yes ", "\u00a0yes", "yes\u200b"], {"yes"}),
        (["tre\u0300s bien", "très bien"], {"très bien"}),
        (["1", "1.0", "2.0", "2"], {"1", "2"}),
        (["1.0", "2.0"], {"1.0", "2.0"}),
        (["1", "2.0", "3"], {"1", "2", "3"}),  # of two columns, of which pandas took one for fractions
        (["A", "2.0", "3"], {"A", "2.0", "3"}),
        (["1", "01"], {"1", "01"}),
        (["a b", "a  b"], {"a b", "a  b"}),
    ],
)
def test_only_what_nobody_means_is_merged(found, read):
    assert set(tidied(found).values()) == read


def test_whole_number_follows_the_labels_that_are_there_already():
    assert tidied(["3.0"], ["3", "4"]) == {"3.0": "3"}
    assert tidied(["3.0"], ["3.0", "3"]) == {"3.0": "3.0"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("yes", "Yes"), ("can't say", "can’t say"), ("non-hateful", "non–hateful"), ("non-hateful", "non_hateful"),
        ("not sure", "not  sure"), ("not sure", "notsure"), ("ok", "ok."), ("3", "03"), ("1", "1.0"), ("ｙｅｓ", "yes"),
        ("a\u200bb", "ab"),
    ],
)  # fmt: skip
def test_spellings_of_one_label_are_found(one, other):
    assert spelling_map([one, other], [3, 2]) == [(other, one)]


@pytest.mark.parametrize("pair", [("1", "-1"), ("yes", "no"), ("1", "10"), ("+", "-"), ("A", "B"), ("1.5", "15")])
def test_different_labels_are_no_spellings(pair):
    assert spelling_map(pair, [1, 1]) == []


def test_one_warning_names_all_options_that_merge(ingest):
    content = long_table(["yes", "yes", "Yes", "YES", "no", "no.", "no", "yes", "no"])
    (warning,) = [one for one in ingest(content).report.warnings if "two spellings" in one]
    options = shlex.split(warning[warning.index("--label-map") : warning.index(" would merge")])
    pairs = tuple((old, new) for old, _, new in (pair.partition("=") for pair in options[1::2]))
    merged = ingest(content, Roles(label_map=pairs))
    assert merged.items.labels == ("no", "yes") and not any("spellings" in one for one in merged.report.warnings)


def test_merge_spellings_merges_them_all(tmp_path):
    path = tmp_path / "votes.csv"
    path.write_text(long_table(["yes", "yes", "Yes", "YES", "no", "no.", "no", "yes", "No"]), encoding="utf-8")
    assert ingest_verb(path, merge_spellings=True, dry_run=True).items.labels == ("no", "yes")


@pytest.mark.parametrize(
    ("labels", "missing"),
    [
        (["yes", "no", "nan"], ["nan"]), (["1.0", "2.0", "NaN"], ["NaN"]),
        (["a", "b", "<no annotation>"], ["<no annotation>"]),
        (["a", "b", "\\N", "#N/A", "<NA>", "NULL", "None"], ["\\N", "#N/A", "<NA>", "NULL", "None"]),
        (["0", "1", "2", "-1"], ["-1"]), (["1", "2", "3", "99"], ["99"]), (["-1", "0", "1"], ["-1"]),
        (["-2", "-1", "0", "1", "2"], []), (["0", "20", "99", "70"], []), (["yes", "no", "unclear"], []),
        (["skip", "a", "b"], ["skip"]),
    ],
)  # fmt: skip
def test_words_and_codes_for_no_answer_are_known(labels, missing):
    assert no_answers(labels) == missing


def test_no_answer_is_proposed_to_be_dropped_and_the_option_works(ingest):
    content = long_table(["0", "1", "-1", "2", "0", "1", "-1", "1", "2"])
    (warning,) = ingest(content).report.warnings
    option = shlex.split(warning[warning.index("--drop-label") : warning.index(" would set")])[0]
    assert option == "--drop-label=-1"
    assert ingest(content, Roles(drop_labels=(option.partition("=")[2],))).report.annotations == 7


def test_plain_labels_give_no_warning():
    assert label_warnings(["good", "bad", "fair"], [3, 2, 1]) == []
