"""A teacher on this machine: a causal LM as it is, asked in batches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np

from judgekit.endpoints.chat import Answer
from judgekit.errors import BackboneError
from judgekit.models.backbones import find_backbone, longest_input
from judgekit.models.base_model import load_backbone
from judgekit.models.devices import choose_device, choose_dtype
from judgekit.models.generating import Writer, Writing, generate
from judgekit.models.tokenizer import load_tokenizer
from judgekit.prompts.chat import SpecialTokens, chat_frame
from judgekit.prompts.verdict import END_OF_VERDICT
from judgekit.synthesis.questions import Question

QUESTIONS_AT_ONCE = 64
"""Between two looks at what is there: memory of their prompts."""
FEWEST_TOKENS = 64
"""Of a prompt: with less room nothing is asked."""


class LocalTeacher:
    """Asks a causal LM; the weights are loaded when it is made.

    Args:
        model: a local folder, or an id on the hub.
        temperature: of the draws; 0 takes the likeliest.
        length: most tokens of a judgment.
        offline: never ask the hub.

    Raises:
        BackboneError: it is not there, cannot be loaded, or is no causal LM.
    """

    def __init__(self, model: str, *, temperature: float, length: int, offline: bool) -> None:
        backbone = find_backbone(model, offline=offline)
        if backbone.kind != "causal":
            raise BackboneError(f"--teacher {model} is an encoder, which writes nothing.", hint="Name a causal LM.")
        device = choose_device("auto")
        self.tokenizer = load_tokenizer(backbone)
        self.frame = chat_frame(self.tokenizer)
        self.special = SpecialTokens(self.tokenizer, self.frame)
        self.longest = longest_input(backbone) - length
        self.temperature, self.length = temperature, length
        self.shortened = 0
        """Prompts of which the middle, where the texts stand, was cut for want of room."""
        self.writer = Writer(
            load_backbone(backbone, device, choose_dtype("auto", device)),
            partial(self.tokenizer.decode, skip_special_tokens=True),
            self.tokenizer.eos_token_id,
            device,
        )

    def ask(self, questions: Sequence[Question], on_answer: Callable[[Question, Answer], None]) -> list[str]:
        """Ask every question; `on_answer` gets each answer as its batch is written.

        Returns:
            Why the questions that got no answer got none, one sentence each.
        """
        before, after = self.frame or ("", "")
        failures: list[str] = []
        for start in range(0, len(questions), QUESTIONS_AT_ONCE):
            part = questions[start : start + QUESTIONS_AT_ONCE]
            texts = [f"{before}{self.special.parted(one.prompt)}{after}" for one in part]
            ids = self.tokenizer(texts, add_special_tokens=self.frame is None, verbose=False)["input_ids"]
            ids = [self._shortened(one) for one in ids]
            fitting = [place for place, one in enumerate(ids) if len(one) <= self.longest]
            failures += [f"its prompt and a judgment have more than {self.longest + self.length:,} tokens"] * (
                len(part) - len(fitting)
            )

            def told(place: int, _: int, text: str, part: Sequence[Question] = part, ids: list[list[int]] = ids,
                     fitting: Sequence[int] = fitting) -> None:  # fmt: skip
                at = fitting[place]
                length = len(self.tokenizer(text, add_special_tokens=False)["input_ids"])
                on_answer(part[at], Answer(text, len(ids[at]), length))

            how = Writing(self.length, self.temperature, stop=END_OF_VERDICT)
            prompts = [np.array(ids[place], dtype=np.int64) for place in fitting]
            generate(self.writer, prompts, how, names=[part[place].seed for place in fitting], on_text=told)
        return failures

    def _shortened(self, ids: list[int]) -> list[int]:
        """A prompt that fits, without its middle where it is too long; as it is where there is next to no room."""
        if len(ids) <= self.longest or self.longest < FEWEST_TOKENS:
            return ids
        self.shortened += 1
        behind = self.longest // 2
        return ids[: self.longest - behind] + ids[-behind:]
