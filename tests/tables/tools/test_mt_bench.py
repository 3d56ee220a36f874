import pytest

from judgekit.errors import DataError
from judgekit.tables.tools.mt_bench import MT_BENCH

QUESTIONS = [{"question_id": 81, "category": "writing", "turns": ["Write a poem.", "Make it shorter."]}]
ANSWERS = [
    {"model": "abc", "question_id": 81, "turns": ["Roses are red.", "Roses."]},
    {"model_id": "xyz", "question_id": 81, "choices": [{"index": 0, "turns": ["Violets are blue.", ""]}]},
]


def _vote(judge: str, model_a: str, model_b: str, winner: str, turn: int = 1) -> dict[str, object]:
    models = {"model_a": model_a, "model_b": model_b, "winner": winner}
    return {"question_id": 81, "judge": judge, "turn": turn, **models}


def _chat(*turns: str) -> list[dict[str, str]]:
    asked = QUESTIONS[0]["turns"]
    return [
        message
        for question, answer in zip(asked, turns, strict=True)
        for message in ({"role": "user", "content": question}, {"role": "assistant", "content": answer})
    ]


def test_votes_on_both_orders_are_votes_on_one_item(read_format):
    votes = [
        _vote("j1", "abc", "xyz", "model_a"),
        _vote("j2", "xyz", "abc", "model_a"),
        _vote("j3", "xyz", "abc", "tie"),
    ]
    source = read_format(MT_BENCH, votes, QUESTIONS, ANSWERS)
    assert source.frame["item_id"].unique().to_list() == ["q81_t1_abc_vs_xyz"]
    assert source.frame.select("annotator_id", "label").rows() == [("j1", "A"), ("j2", "B"), ("j3", "tie")]
    assert source.frame.select("question", "answer_a", "answer_b").unique().rows() == [
        ("Write a poem.", "Roses are red.", "Violets are blue.")
    ]
    assert "2 annotations of the other order were mirrored" in source.notes[0]


def test_the_second_turn_shows_the_conversation_up_to_it(read_format):
    source = read_format(MT_BENCH, [_vote("j1", "abc", "xyz", "model_b", turn=2)], QUESTIONS, ANSWERS)
    assert source.frame.select("question", "answer_a", "answer_b").row(0) == (
        "[turn 1] Write a poem.\n\n[turn 2] Make it shorter.",
        "[turn 1] Roses are red.\n\n[turn 2] Roses.",
        "[turn 1] Violets are blue.\n\n[turn 2] ",
    )


def test_conversations_inside_the_file_give_the_same_table(read_format):
    votes = [_vote(f"j{turn}", "xyz", "abc", "model_a", turn) for turn in (1, 2)]
    inside = {"conversation_a": _chat("Violets are blue.", ""), "conversation_b": _chat("Roses are red.", "Roses.")}
    alone = read_format(MT_BENCH, [{**vote, **inside} for vote in votes])
    assert alone.frame.equals(read_format(MT_BENCH, votes, QUESTIONS, ANSWERS).frame)


@pytest.mark.parametrize(
    ("beside", "missing"), [((), ["questions", "answers"]), ((QUESTIONS,), ["answers"]), ((ANSWERS,), ["questions"])]
)
def test_votes_without_their_texts_are_refused_with_what_is_missing(read_format, beside, missing):
    with pytest.raises(DataError, match=r"judgekit ingest votes\.jsonl questions\.jsonl") as refused:
        read_format(MT_BENCH, [_vote("j1", "abc", "xyz", "tie")], *beside)
    assert [
        word for word in ("questions", "answers") if any(word in line for line in refused.value.problems)
    ] == missing


def test_texts_that_differ_between_files_are_refused(read_format):
    with pytest.raises(DataError, match=r"beside1\.jsonl line 1: question 81 differs from one above"):
        read_format(MT_BENCH, [_vote("j1", "abc", "xyz", "tie")], QUESTIONS, [{**QUESTIONS[0], "turns": ["Sing."]}])


def test_votes_that_cannot_be_read_are_set_aside(read_format):
    votes = [
        _vote("j1", "abc", "xyz", "tie (inconsistent)"),
        _vote("j2", "abc", "xyz", "tie (bothbad)"),
        _vote("j3", "abc", "xyz", "abc"),
        _vote("j4", "abc", "other", "model_a"),
        _vote("j5", "abc", "xyz", "model_a", turn=3),
        _vote("j6", "abc", "xyz", ""),
    ]
    source = read_format(MT_BENCH, votes, QUESTIONS, ANSWERS)
    assert source.frame["label"].to_list() == ["tie", "tie (bothbad)"]
    assert [(aside.reason, aside.where, aside.is_fault) for aside in source.set_aside] == [
        ("the winner is neither model_a nor model_b nor a tie", "line 3", True),
        ("the files hold no such question or answer", "lines 4, 5", True),
        ("the label is empty", "line 6", False),
    ]
