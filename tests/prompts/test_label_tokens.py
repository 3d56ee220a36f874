from __future__ import annotations

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from judgekit.errors import LabelError
from judgekit.prompts.label_tokens import label_token_ids

PROMPTS = ["Text: the sky is blue\n\nLabel:", "Text: nothing is certain\n\nLabel:"]
SENTENCES = [
    "the answer is yes or no or not sure",
    "Text: the sky is blue",
    "Label: yes",
    "Label: not sure",
    "Label: no",
]


class FastTokenizer:
    """The members that are asked for, over a tokenizer of the tokenizers library."""

    unk_token_id = None
    added_tokens_decoder: ClassVar[dict[int, Any]] = {}

    def __init__(self, tokenizer: Tokenizer, eos_token_id: int | None = 0) -> None:
        self.tokenizer = tokenizer
        self.eos_token_id = eos_token_id

    def __call__(self, text: list[str], /, *, add_special_tokens: bool, verbose: bool) -> dict[str, Any]:
        assert not verbose  # a library's warning of long prompts, which judgekit cuts later, would mislead
        return {"input_ids": [self.tokenizer.encode(one, add_special_tokens=add_special_tokens).ids for one in text]}

    def convert_ids_to_tokens(self, ids: list[int], /) -> list[str | None]:
        return [self.tokenizer.id_to_token(number) for number in ids]


def word_level(*words: str) -> Tokenizer:
    vocabulary = {word: number for number, word in enumerate(["[END]", "[UNK]", *words])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return tokenizer


@pytest.fixture(scope="module")
def byte_level() -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=["[END]"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    return tokenizer


@pytest.fixture(scope="module")
def merging() -> Tokenizer:
    """Reads the colon, the space and the first letter as one token: there is no border before the label."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[^:]+(?=:)|: .|\s?\S+|\s"), "isolated")
    alphabet = sorted(set("".join(PROMPTS) + " yesno:.)a\n"))
    trainer = trainers.BpeTrainer(special_tokens=["[END]"], initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(["Label: yes", "Label: no", "a yes", "a no"] * 5, trainer)
    return tokenizer


def test_one_word_is_one_token_in_its_context():
    tokenizer = FastTokenizer(word_level("yes", "no", "Label", ":"))
    assert label_token_ids(tokenizer, PROMPTS, ["yes", "no"]) == [[2], [3]]


def test_byte_level_ids_carry_the_space_before_the_label(byte_level):
    tokenizer = FastTokenizer(byte_level)
    ids = label_token_ids(tokenizer, PROMPTS, ["yes", "no", "perhaps"])
    assert [byte_level.decode(label_ids) for label_ids in ids] == [" yes", " no", " perhaps"]
    assert len(ids[2]) > 1
    for prompt in PROMPTS:
        for label, label_ids in zip(["yes", "no", "perhaps"], ids, strict=True):
            assert byte_level.encode(prompt).ids + label_ids == byte_level.encode(f"{prompt} {label}").ids


def test_a_label_that_begins_another_ends_all_with_end_of_sequence(byte_level):
    ids = label_token_ids(FastTokenizer(byte_level), PROMPTS, ["not", "not sure", "yes"])
    assert all(label_ids[-1] == 0 for label_ids in ids)
    assert ids[1][: len(ids[0])] != ids[0]
    with pytest.raises(LabelError, match="no end-of-sequence token"):
        label_token_ids(FastTokenizer(byte_level, None), PROMPTS, ["not", "not sure", "yes"])


def test_labels_with_the_same_tokens_are_refused_and_shown():
    tokenizer = FastTokenizer(word_level("yes", "Label", ":"))
    with pytest.raises(LabelError) as caught:
        label_token_ids(tokenizer, PROMPTS, ["yes", "perhaps", "never"])
    assert caught.value.problems == ("'perhaps' -> ['[UNK]'] [1]", "'never' -> ['[UNK]'] [1]")


def test_case_is_seen_only_by_a_tokenizer_that_keeps_it():
    folding = word_level("a", "b", "label", ":")
    folding.normalizer = normalizers.Lowercase()
    with pytest.raises(LabelError, match="same tokens"):
        label_token_ids(FastTokenizer(folding), PROMPTS, ["A", "a"])
    keeping = FastTokenizer(word_level("a", "A", "Label", ":"))
    assert label_token_ids(keeping, PROMPTS, ["A", "a"]) == [[3], [2]]


def test_a_label_that_vanishes_is_refused():
    tokenizer = word_level("yes", "Label", ":")
    tokenizer.normalizer = normalizers.Replace(Regex("[^ -~]"), "")
    with pytest.raises(LabelError, match="leaves nothing of the label '✓'"):
        label_token_ids(FastTokenizer(tokenizer), PROMPTS, ["yes", "✓"])


def test_a_merge_across_the_border_falls_back_to_the_ids_after_other_ends(merging):
    prompt = merging.encode(PROMPTS[0]).ids
    assert merging.encode(f"{PROMPTS[0]} yes").ids[: len(prompt)] != prompt
    ids = label_token_ids(FastTokenizer(merging), PROMPTS, ["yes", "no"])
    assert ["".join(str(merging.id_to_token(number)) for number in label_ids) for label_ids in ids] == [" yes", " no"]


def test_ids_that_change_with_the_prompt_are_refused_and_shown():
    def encode(text: list[str], /, *, add_special_tokens: bool, verbose: bool) -> dict[str, Any]:
        # The id of a word depends on the length of what stands before it.
        return {"input_ids": [[len(" ".join(one.split()[:n])) for n in range(len(one.split()))] for one in text]}

    tokenizer: Any = SimpleNamespace(
        eos_token_id=None, added_tokens_decoder={}, convert_ids_to_tokens=lambda ids: [f"t{i}" for i in ids]
    )
    callable_tokenizer: Any = type("Unstable", (SimpleNamespace,), {"__call__": lambda self, *a, **k: encode(*a, **k)})
    with pytest.raises(LabelError) as caught:
        label_token_ids(callable_tokenizer(**vars(tokenizer)), PROMPTS, ["yes", "no"])
    assert "must be the same after every prompt" in str(caught.value)
    assert "'yes' -> ['t" in str(caught.value)


def test_no_prompt_is_a_mistake_of_the_caller(byte_level):
    with pytest.raises(ValueError, match="at least one prompt"):
        label_token_ids(FastTokenizer(byte_level), [], ["yes", "no"])
