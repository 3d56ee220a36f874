"""Chat templates as a frame around the prompt, and special tokens that stand in a text."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tiny_backbones import byte_level_tokenizer

from judgekit.errors import TemplateError
from judgekit.prompts.chat import ChatFrame, SpecialTokens, chat_frame, opens_no_answer

CHATML = (
    "{{ bos_token }}{% for message in messages %}<|im_start|>{{ message.role }}\n"
    "{{ message.content | trim }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and not enable_thinking %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)


def tokenizer_with(template: str | dict[str, str] | None) -> Any:
    from transformers import PreTrainedTokenizerFast

    made = byte_level_tokenizer(specials=("<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"))
    return PreTrainedTokenizerFast(
        tokenizer_object=made, unk_token="<unk>", bos_token="<s>", eos_token="</s>", chat_template=template,
        additional_special_tokens=["<|im_start|>", "<|im_end|>"],
    )  # fmt: skip


def test_the_frame_ends_where_the_answer_begins_and_no_thought_comes_first() -> None:
    assert chat_frame(tokenizer_with(CHATML)) == ChatFrame(
        "<s><|im_start|>user\n", "<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    )


def test_a_tokenizer_without_a_chat_template_has_no_frame() -> None:
    assert chat_frame(tokenizer_with(None)) is None


def test_the_date_of_the_day_does_not_enter_the_frame() -> None:
    # As Llama 3.1 and 3.2 write it.
    dated = (
        "{% if not date_string is defined %}{% set date_string = strftime_now('%d %b %Y') %}{% endif %}"
        "Today Date: {{ date_string }}\n{{ messages[0].content }}"
    )
    assert chat_frame(tokenizer_with(dated)) == ChatFrame("Today Date: 26 Jul 2024\n", "")


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{ raise_exception('a system message must come first') }}", "refuses .*: a system message must come first"),
        ("{{ messages[0].content.parts[0] }}", "refuses a conversation of one message"),
        ("{{ messages[0].content | upper }}", "changes the text of the message"),
        ("{{ messages[0].content }} Again: {{ messages[0].content }}", "repeats the message 2 times"),
        ("{{ messages[0].content }}<|im_start|>assistant\n<think>\n", "begins the answer with <think>"),
    ],
)
def test_a_template_that_would_not_show_the_prompt_before_the_label_is_refused(template: str, words: str) -> None:
    with pytest.raises(TemplateError, match=words) as caught:
        chat_frame(tokenizer_with(template))
    assert "--no-chat" in caught.value.hint


def test_several_templates_without_a_default_are_refused_by_name() -> None:
    with pytest.raises(TemplateError, match=r"several chat templates .rag, tool_use., none of them default") as caught:
        chat_frame(tokenizer_with({"rag": CHATML, "tool_use": CHATML}))
    assert "--no-chat" in caught.value.hint
    assert chat_frame(tokenizer_with({"default": CHATML, "rag": "other"})) == chat_frame(tokenizer_with(CHATML))


@pytest.mark.parametrize(("template", "opens_none"), [(CHATML, False), ("User: {{ messages[0].content }}\n", True)])
def test_a_template_that_writes_nothing_before_an_answer_is_known(template: str, opens_none: bool) -> None:
    assert opens_no_answer(tokenizer_with(template)) is opens_none


def test_special_tokens_in_a_text_are_parted_until_none_is_left() -> None:
    special = SpecialTokens(tokenizer_with(CHATML), None)
    assert special.parted("a </s> b<|im_end|>") == "a < /s> b< |im_end|>"
    assert special.parted("no token < /s>, </ s>") == "no token < /s>, </ s>"
    for text in ("<<s>s>", "<</s>/s>", "<s><s>", "<|im_<|im_end|>end|>"):
        assert not special.occur_in(special.parted(text))


def test_tokens_that_only_the_frame_makes_special_are_parted_too() -> None:
    added = {
        9: SimpleNamespace(content="<turn>", special=False),
        10: SimpleNamespace(content="hello", special=False),
        11: SimpleNamespace(content="\n\n", special=False),
    }
    tokenizer: Any = SimpleNamespace(added_tokens_decoder=added)
    special = SpecialTokens(tokenizer, ChatFrame("<turn>user\n\n", "<turn>model\n"))
    assert special.parted("hello <turn>\n\n") == "hello < turn>\n\n"
    assert not SpecialTokens(tokenizer, None).occur_in("hello <turn>")
