from judgekit.tables.tools.nli import CHAOSNLI, SNLI


def _pair(number: int, labels: list[str]) -> dict[str, object]:
    return {
        "annotator_labels": labels,
        "captionID": f"{number}.jpg#0",
        "gold_label": "-",
        "pairID": f"{number}.jpg#0r1n",
        "sentence1": "Two dogs run on a beach.",
        "sentence1_binary_parse": "( Two dogs )",
        "sentence2": f"Dog {number} is wet.",
    }


def test_every_annotator_label_is_an_annotation_and_an_empty_one_is_set_aside(read_format):
    source = read_format(SNLI, [_pair(1, ["neutral", "entailment", "neutral", "", ""]), _pair(2, ["", ""])])
    assert source.frame.select("item_id", "premise", "hypothesis", "label").rows() == [
        ("1.jpg#0r1n", "Two dogs run on a beach.", "Dog 1 is wet.", label)
        for label in ("neutral", "entailment", "neutral")
    ]
    assert [(aside.reason, aside.rows, aside.where, aside.is_fault) for aside in source.set_aside] == [
        ("the label is empty", 2, "line 1", False),
        ("nobody labelled the item", 1, "line 2", False),
    ]
    assert (source.roles.item, source.roles.annotator, source.roles.label) == ("item_id", None, ("label",))


def test_mnli_pairs_of_one_prompt_are_one_group(read_format):
    pair = {name: value for name, value in _pair(3, ["neutral", "neutral"]).items() if name != "captionID"}
    source = read_format(SNLI, [{**pair, "promptID": "77", "genre": "fiction"}])
    assert source.roles.group == "premise_id"
    assert source.frame["premise_id"].to_list() == ["77", "77"]


def test_chaosnli_counts_are_named_and_missing_labels_count_zero(read_format):
    record = {
        "uid": "7r1n",
        "label_counter": {"n": 70, "e": 30},
        "label_dist": [0.3, 0.7, 0.0],
        "example": {"uid": "7r1n", "premise": "Rain falls.", "hypothesis": "It is wet.", "source": "own"},
        "old_label": "n",
        "old_labels": ["neutral", "entailment"],
    }
    source = read_format(CHAOSNLI, [record])
    assert source.frame.row(0, named=True) == {
        "item_id": "7r1n",
        "premise": "Rain falls.",
        "hypothesis": "It is wet.",
        "entailment": "30",
        "neutral": "70",
        "contradiction": "0",
    }
    assert source.roles.counts == ("entailment", "neutral", "contradiction")


def test_the_stories_of_chaosnli_have_two_observations_and_two_hypotheses(read_format):
    story = {"obs1": "He left.", "obs2": "He came back.", "hyp1": "It rained.", "hyp2": "It was Monday."}
    record = {"uid": "s1", "label_counter": {"1": 60, "2": 40}, "example": {"uid": "s1", **story}, "old_label": 1}
    source = read_format(CHAOSNLI, [*[record] * 5, {**record, "uid": "s2", "label_counter": {"2": 100, "3": 1}}])
    assert source.frame.row(0) == ("s1", *story.values(), "60", "40")
    assert (source.set_aside[0].rows, source.set_aside[0].where, source.set_aside[0].is_fault) == (1, "line 6", True)
