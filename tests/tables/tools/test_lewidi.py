import json

from judgekit.tables.tools.lewidi import LEWIDI


def _item(text: object, annotators: str, annotations: object, **more: object) -> dict[str, object]:
    return {
        "text": text,
        "annotation task": "irony detection",
        "annotators": annotators,
        "number of annotations": 3,
        "annotations": annotations,
        "soft_label": {"0": 0.67, "1": 0.33},
        "hard_label": "0",
        "split": "train",
        "lang": "en",
        "other_info": {"Ann1": "group1"},
        **more,
    }


def test_the_lists_of_2023_are_paired_and_the_part_stands_before_the_key(read_format):
    source = read_format(LEWIDI, {"1": _item("Nice day.", "Ann1,Ann2", "0,1")})
    assert source.frame.columns == ["item_id", "annotator_id", "text", "label", "split"]
    assert source.frame.rows() == [
        ("train-1", "Ann1", "Nice day.", "0", "train"),
        ("train-1", "Ann2", "Nice day.", "1", "train"),
    ]
    assert source.roles.split == "split"


def test_a_conversation_within_the_text_becomes_fields(read_format):
    turns = {"agent": "How are you?", "user": "Fine."}
    assert read_format(LEWIDI, {"1": _item(json.dumps(turns), "Ann1", "-3")}).roles.text == ("agent", "user")
    assert read_format(LEWIDI, {"1": _item("{not json", "Ann1", "-3")}).frame["text"].to_list() == ["{not json"]


def test_the_objects_of_2025_name_annotators_and_fields(read_format):
    item = _item({"post": "Rain.", "reply": "Great."}, "Ann7,Ann9", {"Ann7": "0", "Ann9": ["1"]}, split="dev")
    assert read_format(LEWIDI, {"3944": item}).frame.rows() == [
        ("dev-3944", "Ann7", "Rain.", "Great.", "0", "dev"),
        ("dev-3944", "Ann9", "Rain.", "Great.", "1", "dev"),
    ]


def test_several_labels_of_one_annotator_are_annotations_without_her_name(read_format):
    item = _item(
        {"context": "a", "statement": "b"}, "Ann1,Ann2,Ann2", {"Ann1": "neutral", "Ann2": "entailment,neutral"}
    )
    source = read_format(LEWIDI, {"5": item})
    assert source.frame.select("annotator_id", "label").rows() == [
        ("Ann1", "neutral"),
        ("", "entailment"),
        ("", "neutral"),
    ]
    assert not any("Ann2" in note for note in source.notes)


def test_hidden_labels_and_unequal_lists_are_set_aside(read_format):
    items = {
        "1": _item("a", "Ann1,Ann2", "0,1"),
        "2": _item("b", "Ann1,Ann2", ""),
        "3": _item("c", "Ann1,Ann2", {}),
        "4": _item("d", "Ann1", "0,1"),
        "5": _item("e", "Ann1,Ann2", {"Ann1": "1", "Ann2": ""}),
    }
    source = read_format(LEWIDI, items)
    assert source.frame["item_id"].to_list() == ["train-1", "train-1", "train-5"]
    assert [(aside.reason, aside.rows, aside.where, aside.is_fault) for aside in source.set_aside] == [
        ("nobody labelled the item", 2, "records 2, 3", False),
        ("annotators and annotations are not equally many", 2, "record 4", True),
        ("the label is empty", 1, "record 5", False),
    ]


def test_what_describes_the_annotators_may_stand_beside_it(read_format):
    about = [{"Gender": "Female", "Age": "33"}]
    assert read_format(LEWIDI, {"1": _item("a", "Ann1", "0")}, about).frame.height == 1
