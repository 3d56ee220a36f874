from judgekit.tables.tools.summeval import SUMMEVAL


def _ratings(*coherence: int) -> list[dict[str, int]]:
    return [{"coherence": value, "consistency": 5, "fluency": 4, "relevance": 3} for value in coherence]


def test_every_rater_is_a_row_with_four_labels(read_format):
    record = {
        "id": "doc-1",
        "model_id": "M2",
        "decoded": "The cat sat .",
        "expert_annotations": _ratings(1, 2),
        "turker_annotations": _ratings(5),
    }
    source = read_format(SUMMEVAL, [record, {**record, "model_id": "M3", "expert_annotations": _ratings(4)}])
    assert source.frame.select("item_id", "annotator_id", "summary", "coherence").rows() == [
        ("doc-1__M2", "expert1", "The cat sat .", "1"),
        ("doc-1__M2", "expert2", "The cat sat .", "2"),
        ("doc-1__M2", "crowd1", "The cat sat .", "5"),
        ("doc-1__M3", "expert1", "The cat sat .", "4"),
        ("doc-1__M3", "crowd1", "The cat sat .", "5"),
    ]
    assert source.roles.label == ("coherence", "consistency", "fluency", "relevance")
    assert source.where([3]) == "line 2"
    assert any("not hold the articles" in note for note in source.notes)


def test_the_article_is_a_field_where_the_file_has_it(read_format):
    record = {"id": "d", "model_id": "M0", "decoded": "Short.", "text": "Long.", "expert_annotations": _ratings(3)}
    source = read_format(SUMMEVAL, [record])
    assert source.roles.text == ("article", "summary")
    assert source.frame.select(source.roles.text).row(0) == ("Long.", "Short.")
