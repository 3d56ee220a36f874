"""How labels are read: at words of one token, at codes, or as whole sequences; what would be misread is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tiny_backbones import byte_level_tokenizer

from judgekit.errors import LabelError, SettingsError
from judgekit.prompts.verbalizer import Verbalizer, readings, shown_labels

NLI = ("entailment", "neutral", "contradiction")
Build = Callable[..., Verbalizer]


def tokenizer_of(*words: str, specials: tuple[str, ...] = ()) -> Any:
    """A byte-level tokenizer in which each of the words, with a space before it, is one token."""
    from transformers import PreTrainedTokenizerFast

    made = byte_level_tokenizer(words, specials=("<unk>", "<s>", "</s>", *specials))
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token="</s>",
        additional_special_tokens=list(specials),
    )  # fmt: skip


def prompts(labels: tuple[str, ...], end: str = "Label:") -> Callable[[tuple[str, ...]], list[str]]:
    """Renders two items the way the templates do."""
    return lambda codes: [
        f"One of {', '.join(shown_labels(labels, codes))}.\n{text}\n{end}" for text in ("tea", "rain")
    ]


def build(tokenizer: Any, labels: tuple[str, ...], *, end: str = "Label:", **options: Any) -> Verbalizer:
    made = readings(tokenizer, prompts(labels, end), labels, **options)[0]
    # What is kept with the judge is what was built, and every word follows the prompt as the tokenizer would have it.
    assert Verbalizer.from_json(json.loads(json.dumps(made.to_json()))) == made
    for prompt in prompts(labels, end)(made.codes):
        before = tokenizer(prompt, add_special_tokens=False)["input_ids"]
        for texts, words in zip(made.texts, made.words, strict=True):
            for text, ids in zip(texts, words, strict=True):
                whole = tokenizer(prompt + text, add_special_tokens=False)["input_ids"]
                assert [*before, *ids] in (whole, [*whole, tokenizer.eos_token_id])
    return made


def test_labels_of_one_token_are_read_with_their_other_spellings() -> None:
    made = build(tokenizer_of("yes", "Yes", "YES", "no", "No", "NO"), ("yes", "no"))
    assert (made.scoring, made.codes, made.reason) == ("tokens", (), "")
    assert [set(texts) for texts in made.texts] == [{" yes", " Yes", " YES"}, {" no", " No", " NO"}]
    assert all(len(ids) == 1 for words in made.words for ids in words)
    assert made.describe(("yes", "no")).endswith("yes = ' yes', ' Yes', ' YES'; no = ' no', ' No', ' NO'.")


def test_a_form_is_read_for_all_labels_or_for_none() -> None:
    # " Yes" where " No" is two tokens would favour yes; so would "y" without a space where "no" has none.
    assert build(tokenizer_of("yes", "Yes", "no"), ("yes", "no")).texts == ((" yes",), (" no",))
    made = build(tokenizer_of("a", *"xy"), ("A", "a"))  # "A" and "a" are bytes, " a" is one token and " A" is two
    assert made.texts == (("A",), ("a",))


def test_after_white_space_and_after_a_special_token_a_label_needs_no_space() -> None:
    tokenizer = tokenizer_of(specials=("[/INST]",))
    labels = ("y", "n")  # bytes: one token each only without a space before them
    for end in ("answer\n", "[/INST]"):
        assert [texts[0] for texts in build(tokenizer, labels, end=end).texts] == ["y", "n"]
    made = build(tokenizer, ("yes", "no"), end="answer\n", scoring="sequences")
    assert made.texts == (("yes",), ("no",))


def test_a_spelling_that_could_stand_for_two_labels_stands_for_none() -> None:
    # "US" is a label: the upper-case form of "us" must not take it; "Us" could be either.
    made = build(tokenizer_of("us", "US", "Us"), ("us", "US"))
    assert made.texts == ((" us",), (" US",))


def test_a_letter_is_not_read_at_its_lower_case_which_may_be_a_word() -> None:
    assert build(tokenizer_of("A", "B", "a"), ("A", "B")).texts == ((" A", "A"), (" B", "B"))


def test_words_of_the_user_count_as_the_label() -> None:
    tokenizer = tokenizer_of("entailment", "neutral", "contra", "opposed")
    words = {"contradiction": ["contra", "opposed"]}
    made = build(tokenizer, NLI, label_words=words)
    assert made.texts == ((" entailment",), (" neutral",), (" contra", " opposed"))


def test_a_users_word_of_several_tokens_is_refused_with_its_tokens_and_the_first_of_them() -> None:
    tokenizer = tokenizer_of("yes", "no", "per")
    with pytest.raises(LabelError) as caught:
        build(tokenizer, ("yes", "no"), label_words={"no": ["per1"], "yes": ["per2"]})
    assert len(caught.value.problems) == 2
    assert "'per2' -> ['Ġper', '2']" in caught.value.problems[0]
    assert "its first token is 'Ġper'" in caught.value.problems[0]


def test_a_word_given_for_two_labels_is_refused_with_its_token() -> None:
    tokenizer = tokenizer_of("yes", "no", "maybe")
    with pytest.raises(LabelError) as caught:
        build(tokenizer, ("yes", "no"), label_words={"no": ["maybe"], "yes": ["maybe"]})
    assert [line.split(" stands for ")[1] for line in caught.value.problems] == [
        "'yes' and for another label",
        "'no' and for another label",
    ]
    assert "'Ġmaybe'" in caught.value.problems[0]
    with pytest.raises(LabelError, match="' no' -> "):
        build(tokenizer, ("yes", "no"), label_words={"yes": ["no"]})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"label_words": {"maybe": ["yes"]}}, "'maybe', which is not a label"),
        ({"label_words": {"no": ["yes"]}, "scoring": "codes"}, "--label-scoring codes does not read any"),
        ({"label_words": {"no": ["yes"]}, "scoring": "sequences"}, "--label-scoring sequences does not read any"),
    ],
)
def test_words_that_no_label_would_be_read_at_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        build(tokenizer_of("yes", "no"), ("yes", "no"), **options)


def test_words_for_some_labels_do_not_make_the_others_disappear() -> None:
    with pytest.raises(LabelError, match=r"'neutral' is 7 tokens \(Ġn e u t r a l\)") as caught:
        build(tokenizer_of("yes", "no"), NLI, label_words={"entailment": ["yes"], "contradiction": ["no"]})
    assert "--label-words" in caught.value.hint


def test_labels_of_several_tokens_get_letters() -> None:
    made = build(tokenizer_of(*"ABC", "neutral"), NLI)
    assert (made.scoring, made.codes) == ("codes", ("A", "B", "C"))
    assert made.shown(NLI) == ("A (entailment)", "B (neutral)", "C (contradiction)")
    assert all(texts[0] == f" {code}" for texts, code in zip(made.texts, made.codes, strict=True))
    assert made.describe(NLI).startswith(
        "Labels get codes, because 'entailment' is 11 tokens (Ġ e n t a i l m …): A = ent"
    )


def test_a_form_that_only_some_codes_have_favours_none() -> None:
    assert build(tokenizer_of("A", "C"), NLI).texts == (("A",), ("B",), ("C",))


@pytest.mark.parametrize(
    ("labels", "ordinal", "codes"),
    [
        (("very bad", "so so", "very good"), True, "123"),
        (("model_a", "model_b", "tie"), False, "123"),
        (("Answer A", "Answer B"), False, "12"),
        (("completionA", "completionB"), False, "12"),
        (("grade 1", "grade 2"), True, "AB"),
        (("more than XYZ", "less than XYZ"), False, "AB"),
        (tuple(f"step {word}" for word in "abcdefghij"), True, "ABCDEFGHIJ"),
    ],
)
def test_codes_are_not_mistaken_for_what_stands_in_a_label(labels: Any, ordinal: bool, codes: str) -> None:
    assert "".join(build(tokenizer_of(), labels, ordinal=ordinal, scoring="codes").codes) == codes


def test_codes_that_are_impossible_are_refused_with_the_reason() -> None:
    many = tuple(f"label {number}" for number in range(27))
    with pytest.raises(LabelError, match="27 labels and 26 letters"):
        build(tokenizer_of(), many, scoring="codes")
    with pytest.raises(LabelError, match="template shows neither"):
        readings(tokenizer_of(), lambda codes: ["tea. Label:"], NLI, scoring="codes")[0]
    made = readings(tokenizer_of(), lambda codes: ["tea. Label:"], NLI)[0]
    assert made.scoring == "sequences"
    assert "'entailment' is 11 tokens" in made.describe(NLI) and "template shows neither" in made.describe(NLI)


def words_alone(*words: str) -> Any:
    """A tokenizer that knows these words and nothing else."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({word: n for n, word in enumerate(["<unk>", *words])}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, unk_token="<unk>")


def test_where_no_code_is_a_token_labels_are_whole_sequences() -> None:
    made = build(words_alone("tea", "rain", "no", "Label", ":"), ("tea rain", "rain tea"))
    assert made.words == (((1, 2),), ((2, 1),))
    assert made.reason == "'tea rain' is 2 tokens (tea rain), and the codes A, B are not one token each"


def test_sequences_are_whole_labels_with_an_end_where_one_begins_another() -> None:
    made = build(tokenizer_of("not", "sure"), ("not", "not sure"), scoring="sequences")
    assert made.reason == "" and made.describe(("not", "not sure")) == (
        "Labels are scored as whole sequences of tokens behind a space."
    )
    assert [len(words[0]) for words in made.words] == [2, 3]
    assert all(words[0][-1] == 2 for words in made.words)


def test_all_that_works_is_offered_the_simplest_first() -> None:
    tokenizer = tokenizer_of("yes", "no", *"AB")
    found = readings(tokenizer, prompts(("yes", "no")), ("yes", "no"))
    assert [one.scoring for one in found] == ["tokens", "codes", "sequences", "sequences"]
    assert [one.texts[0][0] for one in found] == [" yes", " A", " yes", "yes"]
    given = readings(tokenizer, prompts(("yes", "no")), ("yes", "no"), label_words={"yes": ["A"]})
    assert [one.scoring for one in given] == ["tokens"]


def test_a_label_with_a_token_that_is_unknown_is_no_sequence() -> None:
    tokenizer = words_alone("One", "of", "tea", "Label", ":")
    with pytest.raises(LabelError, match=r"(?s)does not know some labels.*'tea häßlich'"):
        readings(tokenizer, prompts(("tea", "tea häßlich")), ("tea", "tea häßlich"), scoring="sequences")


def test_labels_that_the_tokenizer_cannot_tell_apart_are_refused_unless_they_get_codes() -> None:
    tokenizer = words_alone("One", "of", "A", "B", "Label", ":")
    labels = ("schön", "häßlich")
    with pytest.raises(LabelError, match=r"(?s)same tokens.*'schön' -> \['<unk>'\] \[0\].*--label-scoring codes"):
        readings(tokenizer, prompts(labels), labels)[0]
    assert readings(tokenizer, prompts(labels), labels, scoring="codes")[0].words == (((3,),), ((4,),))


def test_long_prompts_are_read_a_few_times_and_not_once_for_every_word() -> None:
    class Counting:
        """A tokenizer that counts the characters it is given."""

        def __init__(self, tokenizer: Any) -> None:
            self.tokenizer, self.characters = tokenizer, 0

        def __call__(self, text: list[str], /, **options: Any) -> Any:
            self.characters += sum(map(len, text))
            return self.tokenizer(text, **options)

        def __getattr__(self, name: str) -> Any:
            return getattr(self.tokenizer, name)

    def render(codes: tuple[str, ...]) -> list[str]:
        return [prompt.replace("tea", "tea " * 5_000) for prompt in prompts(NLI)(codes)]

    counting: Any = Counting(tokenizer_of(*"ABC"))
    assert readings(counting, render, NLI)[0] == build(tokenizer_of(*"ABC"), NLI)
    assert counting.characters < 5 * sum(map(len, render(())))


def test_a_label_with_a_comma_is_listed_in_quotes() -> None:
    assert shown_labels(["yes, always", "no"]) == ('"yes, always"', "no")
    assert shown_labels(["yes, always", "no"], ["A", "B"]) == ('A ("yes, always")', "B (no)")
