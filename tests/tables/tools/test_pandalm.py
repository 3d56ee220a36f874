from judgekit.tables.tools.pandalm import PANDALM


def test_the_codes_of_the_annotators_become_labels(read_format):
    record = {
        "idx": 4,
        "motivation_app": "Mail",
        "cmp_key": "x-7b_y-7b",
        "instruction": "Say hello.",
        "input": "",
        "response1": "Hello.",
        "response2": True,
        "annotator1": 2,
        "annotator2": 0,
        "annotator3": None,
    }
    source = read_format(PANDALM, [record])
    assert source.frame.row(0) == ("4", "Say hello.", "", "Hello.", "true", "response2", "tie", "")
    assert (source.roles.layout, source.roles.group) == ("wide", "instruction")
    assert source.roles.annotator_columns == ("annotator1", "annotator2", "annotator3")
