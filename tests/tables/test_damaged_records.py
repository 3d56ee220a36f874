"""Records of a known format in which anything may stand anywhere: a table or a refusal, never a traceback."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from judgekit.errors import DataError
from judgekit.tables.json_records.records import Records
from judgekit.tables.tools.format import Format
from judgekit.tables.tools.lewidi import LEWIDI
from judgekit.tables.tools.mt_bench import MT_BENCH
from judgekit.tables.tools.nli import CHAOSNLI, SNLI
from judgekit.tables.tools.pandalm import PANDALM
from judgekit.tables.tools.summeval import SUMMEVAL

_CHAT = [{"role": "user", "content": "Hi."}, {"role": "assistant", "content": "Hello."}]
_GOOD: list[tuple[Format, dict[str, Any]]] = [
    (SNLI, {"annotator_labels": ["neutral", ""], "sentence1": "a", "sentence2": "b", "pairID": "1", "captionID": "1"}),
    (CHAOSNLI, {"uid": "1", "label_counter": {"e": "3"}, "example": {"premise": "a", "hypothesis": "b"}}),
    (LEWIDI, {"annotation task": "x", "text": "a", "annotators": "A,B", "annotations": {"A": "0"}, "split": "dev"}),
    (
        MT_BENCH,
        {
            "question_id": "1",
            "model_a": "x",
            "model_b": "y",
            "winner": "tie",
            "judge": "j",
            "turn": "1",
            "conversation_a": _CHAT,
            "conversation_b": _CHAT,
        },
    ),
    (
        PANDALM,
        {
            "idx": "1",
            "instruction": "a",
            "input": "",
            "response1": "b",
            "response2": "c",
            "annotator1": "0",
            "annotator2": "1",
            "annotator3": "2",
        },
    ),
    (SUMMEVAL, {"id": "1", "model_id": "M", "decoded": "a", "expert_annotations": [{"coherence": "1"}], "text": None}),
]
_TREES = st.recursive(
    st.none() | st.booleans() | st.sampled_from(["", "0", "{", '{"a": "\\ud83d"}', "1e999", "²", "A,B,C"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["e", "role", "A", "turns"]), inner),
    max_leaves=6,
)


@pytest.mark.parametrize(("known", "good"), [pytest.param(*pair, id=pair[0].name) for pair in _GOOD])
@given(data=st.data())
def test_a_damaged_record_is_read_set_aside_or_refused(known: Format, good: dict[str, Any], data: st.DataObject):
    assert known.matches([good])
    damage = st.dictionaries(st.sampled_from([*good]), _TREES)
    damaged = [{**good, **data.draw(damage)} for _ in range(2)]
    records = Records(Path("x.json"), [good, *damaged], np.array([1, 2, 3]), "record", ("k1", "k2", "k3"))
    try:
        source = known.read(records, [])
    except DataError:
        return
    assert source.rows_read >= 3
    assert source.frame.null_count().sum_horizontal().sum() == 0
