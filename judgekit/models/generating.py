"""Texts written by a causal LM: many prompts at once, greedily or drawn with a seed of their own for each text.

A text depends on its prompt, its seed and its number, and not on what it is generated beside: each draws its own random
numbers, one vector per token, and takes the likeliest token of the logits with Gumbel noise, which is a draw from their
softmax. What is left of a batch is the rounding of its matrix products.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from transformers import LogitsProcessor, LogitsProcessorList, StoppingCriteria, StoppingCriteriaList

TOKENS_AT_ONCE = {"cpu": 8_192}
TOKENS_AT_ONCE_ELSEWHERE = 32_768
_TAIL = 24
"""Last tokens in which the text that ends an answer is looked for."""


class Writing(NamedTuple):
    """How texts are generated."""

    length: int
    """Most tokens of a text."""
    temperature: float = 0.0
    """Of the draws; 0 takes the likeliest token each time."""
    samples: int = 1
    """Texts per prompt; one where none is drawn."""
    seed: int = 0
    stop: str | None = None
    """A text behind which nothing is written any more."""


class Writer(NamedTuple):
    """A causal LM with what its token ids mean."""

    model: Any
    """With a method `generate`."""
    decode: Callable[[Sequence[int]], str]
    """Token ids -> text, without special tokens."""
    end: int | None
    """Token id that ends a text; None where the tokenizer has none."""
    device: torch.device
    autocast: torch.dtype | None = None
    """Number format of the matrix products where it is not that of the weights."""


def generate(
    writer: Writer,
    prompts: Sequence[NDArray[np.int64]],
    how: Writing,
    *,
    names: Sequence[int] | None = None,
    on_text: Callable[[int, int, str], None] = lambda prompt, sample, text: None,
) -> list[list[str]]:
    """Texts behind prompts, up to and with the text that ends them.

    Args:
        writer: whose model is in evaluation mode.
        prompts: token ids of each, `[N]`.
        how: length, temperature, seed.
        names: a number for each prompt, from which its random numbers come; None takes its place.
        on_text: told of each text as soon as its batch is written: the prompt's place, the sample's number, the text.

    Returns:
        Of each prompt its texts, `[N][samples]`.
    """
    samples = how.samples if how.temperature > 0 else 1
    named = list(range(len(prompts))) if names is None else list(names)
    texts = [[""] * samples for _ in prompts]
    wanted = [(place, sample) for place in range(len(prompts)) for sample in range(samples)]
    wanted.sort(key=lambda one: -len(prompts[one[0]]))  # the longest first: if memory does not suffice, it shows
    for batch in _batches(wanted, prompts, how.length, writer.device):
        seeds = [_seed(how.seed, named[place], sample) for place, sample in batch]
        written = _write(writer, [prompts[place] for place, _ in batch], seeds, how)
        for (place, sample), text in zip(batch, written, strict=True):
            texts[place][sample] = text
            on_text(place, sample, text)
    return texts


def _batches(
    wanted: Sequence[tuple[int, int]], prompts: Sequence[NDArray[np.int64]], length: int, device: torch.device
) -> list[list[tuple[int, int]]]:
    most, batches = TOKENS_AT_ONCE.get(device.type, TOKENS_AT_ONCE_ELSEWHERE), list[list[tuple[int, int]]]()
    for one in wanted:
        longest = len(prompts[batches[-1][0][0]]) + length if batches else most
        if not batches or (len(batches[-1]) + 1) * longest > most:
            batches.append([])
        batches[-1].append(one)
    return batches


def _seed(seed: int, name: int, sample: int) -> int:
    return int(np.random.SeedSequence([seed, name, sample]).generate_state(1, np.uint64)[0] >> 1)


@torch.no_grad()
def _write(writer: Writer, prompts: Sequence[NDArray[np.int64]], seeds: Sequence[int], how: Writing) -> list[str]:
    longest = max(map(len, prompts))
    ids = torch.zeros(len(prompts), longest, dtype=torch.int64)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.from_numpy(prompt)
        mask[row, longest - len(prompt) :] = 1
    draws = LogitsProcessorList([_Gumbel(seeds, how.temperature)] if how.temperature > 0 else [])
    stops = StoppingCriteriaList([] if how.stop is None else [_Behind(how.stop, writer.decode, longest)])
    kind, dtype = writer.device.type, writer.autocast
    with torch.autocast(kind, dtype=dtype, enabled=dtype is not None):
        whole: Tensor = writer.model.generate(
            input_ids=ids.to(writer.device),
            attention_mask=mask.to(writer.device),
            max_new_tokens=how.length,
            do_sample=False,  # the noise in the logits draws
            logits_processor=draws,
            stopping_criteria=stops,
            eos_token_id=writer.end,
            pad_token_id=0 if writer.end is None else writer.end,
            temperature=None,
            top_p=None,
            top_k=None,
        )
    return [_text(row, writer, how.stop) for row in whole[:, longest:].tolist()]


def _text(ids: list[int], writer: Writer, stop: str | None) -> str:
    with suppress(ValueError):
        ids = ids[: ids.index(writer.end)] if writer.end is not None else ids
    text = writer.decode(ids)
    if stop is None or stop not in text:
        return text
    return text[: text.index(stop) + len(stop)]


class _Gumbel(LogitsProcessor):
    """Adds Gumbel noise of each row's own to the logits over the temperature."""

    def __init__(self, seeds: Sequence[int], temperature: float) -> None:
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]  # on the CPU: alike on all devices
        self.temperature = temperature

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        """Logits `[B, V]` whose greatest is a draw."""
        size = scores.shape[-1]
        uniform = torch.stack([torch.rand(size, generator=one, dtype=torch.float64) for one in self.generators])
        noise = -torch.log(-torch.log(uniform.clamp(1e-300, 1 - 1e-16)))
        return scores.float() / self.temperature + noise.to(scores.device, torch.float32)


class _Behind(StoppingCriteria):
    """Ends each row behind a text."""

    def __init__(self, stop: str, decode: Callable[[Sequence[int]], str], start: int) -> None:
        self.stop, self.decode, self.start = stop, decode, start

    def __call__(self, input_ids: Tensor, scores: Any, **_: Any) -> Any:
        """Whether each row has the text among its last tokens, bool `[B]`."""
        tails = input_ids[:, max(self.start, input_ids.shape[1] - _TAIL) :].tolist()
        return torch.tensor([self.stop in self.decode(tail) for tail in tails], device=input_ids.device)
