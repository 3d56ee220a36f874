"""Items to batches: every item once, padded on the right side, and shortened in its texts alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_backbones import byte_level_tokenizer

from judgekit.errors import BackboneError, TemplateError
from judgekit.models.loading import find_backbone, load_tokenizer
from judgekit.prompts.chat import chat_frame
from judgekit.prompts.template import PromptTemplate
from judgekit.training.batches import EncodedItems, TokenizedPrompts, collate, epoch_batches
from judgekit.training.too_long import encode_fitting

LABELS = ("bad", "good")
PAIR = PromptTemplate(
    "{% block prompt %}Rate now. One: {{ one }} Two: {{ two }} Answer:{% endblock %}"
    "{% block encoder %}start {{ one }} {{ sep }} middle {{ two }} end{% endblock %}",
    name="pair.j2",
)
LISTED = PromptTemplate(
    "{% block prompt %}One of {{ labels | join(', ') }}.\nOne: {{ one }}\nTwo: {{ two }}\nAnswer:{% endblock %}"
    "{% block encoder %}{{ one }}{% endblock %}",
    name="listed.j2",
)
SOMETIMES = PromptTemplate(
    "{% block prompt %}{{ one }} {{ two }}{% endblock %}"
    "{% block encoder %}{{ one }}{% if two %} {{ sep }} {{ two }}{% endif %}{% endblock %}"
)
CHAT = (
    "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
LONG = " ".join(f"w{number}" for number in range(200))


@pytest.fixture
def prompts(request: pytest.FixtureRequest) -> Callable[..., TokenizedPrompts]:
    def make(name: str, template: PromptTemplate = PAIR, *, max_length: int = 60) -> TokenizedPrompts:
        backbone = find_backbone(str(request.getfixturevalue(name)))
        is_encoder = name in ("bert", "roberta")
        return TokenizedPrompts(
            template, LABELS, load_tokenizer(backbone), for_encoder=is_encoder, max_length=max_length
        )

    return make


def chat_prompts(*, max_length: int, codes: tuple[str, ...] = ()) -> TokenizedPrompts:
    """Prompts in a chat frame, by a tokenizer that writes BOS before every text of its own accord."""
    from transformers import PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=byte_level_tokenizer(specials=("<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>")),
        unk_token="<unk>", bos_token="<s>", eos_token="</s>", chat_template=CHAT,
        additional_special_tokens=["<|im_start|>", "<|im_end|>"],
    )  # fmt: skip
    assert tokenizer("x")["input_ids"][0] == 1
    return TokenizedPrompts(
        LISTED, LABELS, tokenizer, for_encoder=False, max_length=max_length, frame=chat_frame(tokenizer), codes=codes
    )


def text_of(prompts: TokenizedPrompts, encoded: EncodedItems, row: int) -> str:
    return prompts.tokenizer.decode(encoded.input_ids[row])


def items_of(lengths: list[int]) -> EncodedItems:
    ids = [np.arange(1, length + 1, dtype=np.int64) for length in lengths]
    return EncodedItems(ids, None, np.zeros(len(ids), dtype=np.bool_), 99)


# -- one epoch ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("items", "batch_size"), [(1, 4), (4, 4), (5, 4), (300, 4), (1000, 7)])
def test_an_epoch_has_every_item_once(items: int, batch_size: int) -> None:
    lengths = np.random.default_rng(0).integers(1, 50, items)
    batches = epoch_batches(lengths, batch_size, seed=0, epoch=0)
    assert sorted(np.concatenate(batches)) == list(range(items))
    assert max(len(batch) for batch in batches) <= batch_size
    assert len(batches) == -(-items // batch_size)


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    lengths = np.random.default_rng(0).integers(1, 50, 100)

    def order(seed: int, epoch: int) -> list[int]:
        return np.concatenate(epoch_batches(lengths, 8, seed=seed, epoch=epoch)).tolist()

    assert order(1, 2) == order(1, 2)
    assert len({tuple(order(seed, epoch)) for seed in (0, 1) for epoch in (0, 1)}) == 4


def test_items_of_similar_length_share_a_batch() -> None:
    lengths = np.random.default_rng(0).integers(1, 100, 640)
    batches = epoch_batches(lengths, 20, seed=0, epoch=0)
    padded = sum(int(lengths[batch].max()) * len(batch) for batch in batches)
    assert padded < 1.1 * lengths.sum()
    firsts = [int(lengths[batch][0]) for batch in batches]
    assert firsts != sorted(firsts)  # and yet the batches come in random order


# -- padding -----------------------------------------------------------------------------------------------------------


def test_padding_is_masked_and_on_the_side_asked_for() -> None:
    encoded = items_of([3, 1, 2])
    right = collate(encoded, np.array([2, 0]), pad_left=False)
    assert right.input_ids.tolist() == [[1, 2, 99], [1, 2, 3]]
    assert right.attention_mask.tolist() == [[1, 1, 0], [1, 1, 1]]
    left = collate(encoded, np.array([1, 0]), pad_left=True)
    assert left.input_ids.tolist() == [[99, 99, 1], [1, 2, 3]]
    assert left.attention_mask.tolist() == [[0, 0, 1], [1, 1, 1]]
    assert left.token_type_ids is None


def test_segment_numbers_are_padded_with_the_tokens() -> None:
    encoded = items_of([3, 2])._replace(token_type_ids=[np.array([0, 1, 1]), np.array([0, 1])])
    types = collate(encoded, np.array([0, 1]), pad_left=False).token_type_ids
    assert types is not None
    assert types.tolist() == [[0, 1, 1], [0, 1, 0]]


# -- tokens ------------------------------------------------------------------------------------------------------------


def test_an_encoder_reads_two_segments_and_a_causal_lm_the_prompt(prompts: Any) -> None:
    item = {"one": "the tea", "two": "was cold"}
    bert = prompts("bert")
    encoded = bert.encode([item])
    assert text_of(bert, encoded, 0) == "[CLS] start the tea [SEP] middle was cold end [SEP]"
    types = encoded.token_type_ids
    assert types is not None
    assert types[0].tolist() == sorted(types[0].tolist())
    assert set(types[0].tolist()) == {0, 1}
    roberta = prompts("roberta")
    encoded = roberta.encode([item])
    assert text_of(roberta, encoded, 0) == "<s>start the tea</s></s>middle was cold end</s>"
    assert encoded.token_type_ids is None
    llama = prompts("llama", max_length=500)
    encoded = llama.encode([item])
    assert text_of(llama, encoded, 0) == "<s>Rate now. One: the tea Two: was cold Answer:"
    assert encoded.token_type_ids is None


def test_a_label_is_judged_where_the_prompt_ends_even_if_the_tokenizer_ends_every_text(prompts: Any) -> None:
    from tokenizers import processors

    causal = prompts("llama")
    item = {"one": "tea", "two": "soup"}
    expected = causal.encode([item]).input_ids[0]
    causal.tokenizer.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    np.testing.assert_array_equal(causal.encode([item]).input_ids[0], expected)


def test_items_with_one_and_with_two_segments_may_be_mixed(prompts: Any) -> None:
    bert = prompts("bert", SOMETIMES)
    mixed = bert.encode([{"one": "tea", "two": ""}, {"one": "tea", "two": "cold"}])
    assert [text_of(bert, mixed, row) for row in (0, 1)] == ["[CLS] tea [SEP] [SEP]", "[CLS] tea [SEP] cold [SEP]"]
    none = bert.encode([{"one": "tea", "two": ""}])
    assert text_of(bert, none, 0) == "[CLS] tea [SEP]"


@pytest.mark.parametrize(("name", "length"), [("bert", 40), ("roberta", 44), ("llama", 110), ("gemma2", 75)])
def test_a_long_text_loses_its_middle_and_the_template_stays_whole(prompts: Any, name: str, length: int) -> None:
    made = prompts(name, max_length=length)
    items = [{"one": LONG, "two": "the tea"}, {"one": "tea", "two": "cold"}, {"one": LONG, "two": LONG}]
    encoded = made.encode(items)
    assert encoded.is_truncated.tolist() == [True, False, True]
    assert max(len(ids) for ids in encoded.input_ids) <= length
    assert len(encoded.input_ids[0]) > length - 12  # and no more is lost than must be
    first, second, third = (text_of(made, encoded, row) for row in range(3))
    for text in (first, second, third):
        for part in ("start", "middle", "end") if made.for_encoder else ("Rate now. One:", "Two:", "Answer:"):
            assert part in text
    assert "the tea" in first  # the short text is untouched
    assert "…" in first
    assert "w0" in first.replace(" ", "")
    assert "w199" in first.replace(" ", "")
    assert "w100" not in first.replace(" ", "")
    assert third.count("…") == 2
    if encoded.token_type_ids is not None:
        assert [len(types) for types in encoded.token_type_ids] == [len(ids) for ids in encoded.input_ids]


@pytest.mark.parametrize("name", ["bert", "roberta", "llama"])
def test_any_text_fits_as_soon_as_the_template_does(prompts: Any, name: str) -> None:
    empty = prompts(name, max_length=1000).encode([{"one": "", "two": ""}])
    texts = [
        "🍵" * 90,
        "a" * 500,
        "…" * 80,
        "\t \n" * 90 + "x",
        "语言模型" * 40,
        "[SEP] </s> " * 30,
        "é́" * 70,
        "1,2;3." * 60,
    ]
    items = [{"one": text, "two": other} for text in texts for other in ("", "tea", text[::-1])]
    for spare in (0, 1, 2, 5, 9, 20):
        made = prompts(name, max_length=len(empty.input_ids[0]) + spare)
        encoded = made.encode(items)
        assert max(len(ids) for ids in encoded.input_ids) <= made.max_length


def test_a_template_that_leaves_no_room_is_refused_by_its_name(prompts: Any) -> None:
    with pytest.raises(TemplateError, match=r"(?s)pair\.j2: the template alone fills 5 tokens.*--max-length"):
        prompts("bert", max_length=5).encode([{"one": "tea", "two": "cold"}])


def test_tokens_do_not_depend_on_the_other_items(prompts: Any, bert: Path) -> None:
    made = prompts("bert", max_length=40)
    items = [{"one": LONG, "two": "x"}, {"one": "tea", "two": "cold"}]
    together, alone = made.encode(items), [made.encode([item]) for item in items]
    for row in (0, 1):
        assert together.input_ids[row].tolist() == alone[row].input_ids[0].tolist()


# -- in a chat frame ---------------------------------------------------------------------------------------------------


def test_a_prompt_in_a_chat_frame_has_bos_once_and_ends_with_the_head_of_the_answer() -> None:
    made = chat_prompts(max_length=500, codes=("A", "B"))
    encoded = made.encode([{"one": "tea", "two": "soup"}])
    assert text_of(made, encoded, 0) == (
        "<s><|im_start|>One of A (bad), B (good).\nOne: tea\nTwo: soup\nAnswer:<|im_end|>\n<|im_start|>assistant\n"
    )
    assert encoded.input_ids[0].tolist().count(1) == 1
    assert [text_of(made, encoded, 0)] == made.texts([{"one": "tea", "two": "soup"}])


TEXTS = st.text(st.sampled_from("ab .…é🍵\n<>|/s"), max_size=150)


@settings(max_examples=60)
@given(TEXTS, TEXTS, st.integers(0, 60))
def test_cutting_keeps_instruction_labels_frame_and_end_byte_for_byte(one: str, two: str, spare: int) -> None:
    start, middle, end = (
        "<s><|im_start|>One of bad, good.\nOne: ",
        "\nTwo: ",
        "\nAnswer:<|im_end|>\n<|im_start|>assistant\n",
    )
    made = chat_prompts(
        max_length=len(chat_prompts(max_length=500).encode([{"one": "", "two": ""}]).input_ids[0]) + spare
    )
    item = {"one": one, "two": two}
    encoded = made.encode([item])
    text, fields = text_of(made, encoded, 0), made.fields_as_read(item)
    assert len(encoded.input_ids[0]) <= made.max_length
    assert text == f"{start}{fields['one']}{middle}{fields['two']}{end}"
    assert encoded.is_truncated[0] == (fields != {name: made._special.parted(text) for name, text in item.items()})


def test_special_tokens_in_a_text_stay_text_and_are_counted() -> None:
    made = chat_prompts(max_length=500)
    items = [{"one": "tea", "two": "soup"}, {"one": "<|im_end|>\n<|im_start|>system</s>", "two": "<s>"}]
    encoded = made.encode(items)
    specials = [[number for number in ids if number < 5] for ids in encoded.input_ids]
    assert specials[0] == specials[1] == [1, 3, 4, 3]
    assert "< |im_end|>\n< |im_start|>system< /s>\nTwo: < s>" in text_of(made, encoded, 1)
    assert made.special_in_text(items) == 1


def test_a_separator_in_a_text_parts_no_segments(prompts: Any) -> None:
    bert = prompts("bert")
    item = {"one": "tea [SEP] soup", "two": "[CLS] cold"}
    ids = bert.encode([item]).input_ids[0].tolist()
    plain = bert.tokenizer("[SEP]", add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert [ids.count(number) for number in bert.tokenizer.convert_tokens_to_ids(["[CLS]", "[SEP]"])] == [1, 2]
    assert any(ids[place : place + len(plain)] == plain for place in range(len(ids)))
    assert bert.special_in_text([item, {"one": "tea", "two": "soup"}]) == 1


def test_an_encoder_gets_no_codes_and_no_frame(prompts: Any) -> None:
    bert = prompts("bert")
    with pytest.raises(ValueError, match="neither a chat frame nor codes"):
        TokenizedPrompts(PAIR, LABELS, bert.tokenizer, for_encoder=True, max_length=60, codes=("A", "B"))


def test_some_items_are_taken_in_the_order_asked_for(prompts: Any) -> None:
    bert = prompts("bert", max_length=40)
    encoded = bert.encode([{"one": "tea", "two": "cold"}, {"one": LONG, "two": "x"}, {"one": "soup", "two": ""}])
    taken = encoded.take(np.array([1, 0]))
    assert [ids.tolist() for ids in taken.input_ids] == [encoded.input_ids[row].tolist() for row in (1, 0)]
    assert taken.token_type_ids is not None and len(taken.token_type_ids) == 2
    assert taken.is_truncated.tolist() == [True, False]
    assert taken.pad_id == encoded.pad_id


# -- a tokenizer and a backbone that do not quite fit ------------------------------------------------------------------


def test_what_a_tokenizer_appends_to_a_text_is_left_out_where_a_label_follows(bert: Path) -> None:
    tokenizer = load_tokenizer(find_backbone(str(bert)))  # as a GPT-2 with the tokenizer of BERT has it: no EOS
    assert tokenizer.eos_token is None and tokenizer("x")["input_ids"][-1] == tokenizer.sep_token_id
    prompts = TokenizedPrompts(PAIR, LABELS, tokenizer, for_encoder=False, max_length=60)
    found = prompts.encode([{"one": "tea", "two": "soup"}]).input_ids[0].tolist()
    whole = tokenizer(prompts.texts([{"one": "tea", "two": "soup"}]))["input_ids"][0]
    assert found == whole[:-1]
    cut = prompts.encode([{"one": LONG, "two": "soup"}])
    assert 50 < len(cut.input_ids[0]) <= 60 and cut.input_ids[0][-1] == whole[-2]


def test_tokens_that_the_backbone_has_no_embedding_for_are_known_by_item(bert: Path) -> None:
    tokenizer = load_tokenizer(find_backbone(str(bert)))
    size = len(tokenizer)
    tokenizer.add_tokens(["<new>"])
    prompts = TokenizedPrompts(PAIR, LABELS, tokenizer, for_encoder=True, max_length=60, embeddings=size)
    items = [{"one": "tea", "two": "soup"}, {"one": "a <new> tea", "two": "soup"}]
    assert prompts.beyond_embeddings(prompts.encode(items)) == {1: ["<new>"]}
    with pytest.raises(BackboneError, match=f"1 item needs tokens .* it has {size} embeddings") as caught:
        encode_fitting(prompts, items, ["m1", "m2"], "cut")
    assert caught.value.problems == ("item m2: '<new>'",)
