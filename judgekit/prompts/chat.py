"""The chat template of a tokenizer, as what stands before and behind one prompt; and its special tokens in texts.

The frame is made once, when a judge is trained, and kept with it: a template that prints today's date would
otherwise give another prompt every day. This module must not know transformers: any object with these members will do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import jinja2

from judgekit.errors import TemplateError

_SENTINEL = "judgekit puts the prompt here"
_NO_CHAT = "Omit the chat template: --no-chat"
# Qwen3, SmolLM3 and others know the first, Granite and DeepSeek the second: without a thought the label comes next.
# Llama 3 prints today's date unless it is given one; this is the one it falls back to itself.
_OPTIONS: Mapping[str, Any] = {"enable_thinking": False, "thinking": False, "date_string": "26 Jul 2024"}
_OPEN_THOUGHT = re.compile(r"<(think|thinking|thought|reasoning)>\s*$", re.IGNORECASE)


class ChatTokenizer(Protocol):
    """The part of a Hugging Face tokenizer that is needed here."""

    @property
    def chat_template(self) -> Any:
        """The source of the template, several by name, or None."""
        ...

    @property
    def added_tokens_decoder(self) -> Mapping[int, Any]:
        """Token id -> what was added to the vocabulary by hand: `content`, and whether it is `special`."""
        ...

    def apply_chat_template(
        self, conversation: list[dict[str, str]], /, *, tokenize: bool, add_generation_prompt: bool, **options: Any
    ) -> Any:
        """The rendered conversation."""
        ...


class ChatFrame(NamedTuple):
    """What stands around a prompt. It holds BOS itself where the template writes it."""

    before: str
    after: str
    """Ends with the head of the assistant's message: the label comes right after."""


def chat_frame(tokenizer: ChatTokenizer) -> ChatFrame | None:
    """The frame of a message of a user to which the assistant is about to answer; None without a chat template.

    Prompts in a frame are tokenised without special tokens of the tokenizer's own: else BOS would stand there twice.

    Raises:
        TemplateError: the chat template refuses a single message of a user, shows it other than once and unchanged, or
            has the model think before it answers.
    """
    if not tokenizer.chat_template:
        return None
    if isinstance(tokenizer.chat_template, Mapping) and "default" not in tokenizer.chat_template:
        raise TemplateError(
            f"The tokenizer has several chat templates ({', '.join(tokenizer.chat_template)}), none of them default.",
            hint=f"{_NO_CHAT}   (or name one of them default in the tokenizer's files)",
        )
    parts = _rendered(tokenizer).split(_SENTINEL)
    if len(parts) != 2:
        found = "changes the text of the message" if len(parts) == 1 else f"repeats the message {len(parts) - 1} times"
        raise TemplateError(f"The tokenizer's chat template {found}; it must show it once, as it is.", hint=_NO_CHAT)
    frame = ChatFrame(*parts)
    if opened := _OPEN_THOUGHT.search(frame.after):
        raise TemplateError(
            f"The tokenizer's chat template begins the answer with {opened[0].strip()}, so a thought would follow and "
            "not the label.",
            hint=f"{_NO_CHAT}   (or take a backbone that answers at once)",
        )
    return frame


def opens_no_answer(tokenizer: ChatTokenizer) -> bool:
    """Whether the chat template puts nothing before an answer, so that a label is read behind the user's message."""
    return _rendered(tokenizer) == _rendered(tokenizer, add_generation_prompt=False)


def _rendered(tokenizer: ChatTokenizer, *, add_generation_prompt: bool = True) -> str:
    """A conversation of one message of a user, which is the sentinel."""
    said = [{"role": "user", "content": _SENTINEL}]
    try:
        return str(
            tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=add_generation_prompt, **_OPTIONS)
        )
    except (jinja2.TemplateError, TypeError, ValueError) as error:  # what a template runs into, as any program
        raise TemplateError(
            f"The tokenizer's chat template refuses a conversation of one message of the user: {error}.", hint=_NO_CHAT
        ) from error


class SpecialTokens:
    """Finds the special tokens of a tokenizer in a text, and splits them so that they are read as text.

    Args:
        tokenizer: its tokens that are marked as special count, and other added ones that the frame contains.
        frame: the chat frame, if there is one.
    """

    def __init__(self, tokenizer: ChatTokenizer, frame: ChatFrame | None) -> None:
        framed = "" if frame is None else frame.before + frame.after
        found = {
            token.content
            for token in tokenizer.added_tokens_decoder.values()
            if len(token.content.strip()) > 1 and (token.special or token.content in framed)
        }
        longest_first = sorted(found, key=len, reverse=True)
        self._pattern = re.compile("|".join(re.escape(one) for one in longest_first) or "(?!)")

    def occur_in(self, text: str) -> bool:
        """Whether the text holds a special token."""
        return self._pattern.search(text) is not None

    def parted(self, text: str) -> str:
        """The text with a space behind the first character of each special token; the text itself if it has none.

        `<|im_end|>` in what an annotator read is text, and would end the message. A BERT tokenizer makes of `[ SEP]`
        what it would make of `[SEP]` as plain text.
        """
        while self.occur_in(text):  # parting `<<s>s>` at its one token leaves none, but another vocabulary might
            text = self._pattern.sub(lambda found: f"{found[0][0]} {found[0][1:]}", text)
        return text
