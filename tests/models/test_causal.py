"""Causal LMs read at their label words equal what the whole model says, however the batch is padded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_backbones import build_causal

from judgekit.errors import BackboneError
from judgekit.models import lm_head
from judgekit.models.causal import CausalJudge
from judgekit.models.loading import LoraSettings, find_backbone, load_judge, load_tokenizer, new_judge, read_adapter
from judgekit.models.reader import Batch

WORDS = ("bad", "fair", "good", "poor", "awful")
ONE_TOKEN = ([" bad", " poor", " awful"], [" fair"], [" good"])  # three synonyms, then one word each
SEQUENCES = ([" bad"], [" fair", " quite fair"], [" a little too good"])
# Shorter and longer than the sliding window of 24 tokens of the Mistral and Gemma 2 shapes.
PROMPTS = [
    "Label:",
    "the tea was cold. Label:",
    "the room was clean and the view of the lake was very good. Label:",
    "x " * 60 + "Label:",
]
FAMILIES = ["qwen2", "llama", "gemma2", "mistral", "gpt2"]
# Two orders of the same float32 sums, of logits up to about 10.
CLOSE: dict[str, Any] = {"rtol": 1e-5, "atol": 2e-5}
AUTO, WITH_HEAD = ("auto",), ("auto", "lm_head")
Words = list[list[list[int]]]


@pytest.fixture(scope="module")
def folder_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """The small backbone of a family, built once."""
    built: dict[str, Path] = {}

    def build(family: str, **changes: Any) -> Path:
        key = repr((family, sorted(changes.items())))
        if key not in built:
            built[key] = build_causal(tmp_path_factory.mktemp(family), family, words=WORDS, **changes)
        return built[key]

    return build


def words_of(tokenizer: Any, labels: tuple[list[str], ...]) -> Words:
    return [[tokenizer(word, add_special_tokens=False)["input_ids"] for word in of_label] for of_label in labels]


def make(
    folder: Path,
    labels: tuple[list[str], ...],
    *,
    targets: tuple[str, ...] = AUTO,
    dropout: float = 0.1,
    **options: Any,
) -> tuple[CausalJudge, Any, Words]:
    """A judge whose adapter does something, its tokenizer and its label words."""
    backbone = find_backbone(str(folder))
    tokenizer = load_tokenizer(backbone)
    words = words_of(tokenizer, labels)
    judge = new_judge(
        backbone, lora=LoraSettings(4, 8, dropout, targets), label_bias=torch.zeros(len(labels)), label_words=words,
        device=torch.device("cpu"), dtype=torch.float32, seed=1, **options,
    )  # fmt: skip
    assert isinstance(judge, CausalJudge)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for parameter in judge.trainable().values():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    judge.set_training(False)
    return judge, tokenizer, words


def batch_of(tokenizer: Any, prompts: list[str]) -> Batch:
    ids = [tokenizer(prompt)["input_ids"] for prompt in prompts]
    longest = max(map(len, ids))
    rows = [[0] * (longest - len(one)) + one for one in ids]
    mask = [[0] * (longest - len(one)) + [1] * len(one) for one in ids]
    return Batch(torch.tensor(rows), torch.tensor(mask), None)


def whole_model_logits(judge: CausalJudge, ids: list[int]) -> torch.Tensor:
    """The logits of all positions and tokens, by the model's own forward on one unpadded row, `[T, V]`."""
    return judge.backbone(input_ids=torch.tensor([ids]), use_cache=False).logits[0]


def brute_force(judge: CausalJudge, prompt: list[int], words: Words) -> tuple[torch.Tensor, torch.Tensor]:
    """Label logits `[K]` and label mass of one prompt, from the logits of every token at every position."""
    is_of_one_token = all(len(word) == 1 for of_label in words for word in of_label)
    logits, mass = [], torch.zeros(())
    for of_label in words:
        raw: list[torch.Tensor] = []
        for word in of_label:
            whole = whole_model_logits(judge, [*prompt, *word])
            log_p = whole.log_softmax(-1)
            places = [(len(prompt) - 1 + n, token) for n, token in enumerate(word)]
            summed = torch.stack([log_p[place] for place in places]).sum()
            raw.append(whole[places[0]] if is_of_one_token else summed)
            mass = mass + summed.exp()
        logits.append(torch.stack(raw).logsumexp(0))
    return torch.stack(logits), mass


@pytest.mark.parametrize("targets", [AUTO, WITH_HEAD], ids=["auto", "head"])
@pytest.mark.parametrize("labels", [ONE_TOKEN, SEQUENCES], ids=["one-token", "sequences"])
@pytest.mark.parametrize("family", [*FAMILIES, "cohere", "granite"])
def test_logits_and_mass_are_those_of_the_whole_vocabulary(
    family: str, labels: tuple[list[str], ...], targets: tuple[str, ...], folder_of: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(lm_head, "BLOCK_ELEMENTS", 0)  # 256 rows at a time: these vocabularies take two blocks
    judge, tokenizer, words = make(folder_of(family), labels, targets=targets)
    with torch.no_grad():
        found = judge.read(batch_of(tokenizer, PROMPTS))
        alone = torch.cat([judge.label_logits(batch_of(tokenizer, [prompt])) for prompt in PROMPTS])
    assert found.logits.dtype == torch.float32 and found.label_mass is not None
    for row, mass, prompt in zip(found.logits, found.label_mass, PROMPTS, strict=True):
        with torch.no_grad():
            expected, expected_mass = brute_force(judge, tokenizer(prompt)["input_ids"], words)
        torch.testing.assert_close(row, expected, **CLOSE)
        torch.testing.assert_close(mass, expected_mass, **CLOSE)
    torch.testing.assert_close(alone, found.logits, **CLOSE)  # padding changes nothing


@pytest.mark.parametrize("family", FAMILIES)
def test_scores_from_the_shared_cache_are_those_without_it(family: str, folder_of: Any) -> None:
    judge, tokenizer, _ = make(folder_of(family), SEQUENCES)
    with torch.no_grad():
        shared = judge.read(batch_of(tokenizer, PROMPTS))
        assert judge.shares_prompt
        judge.shares_prompt = False
        apart = judge.read(batch_of(tokenizer, PROMPTS))
    torch.testing.assert_close(shared.logits, apart.logits, **CLOSE)
    torch.testing.assert_close(shared.label_mass, apart.label_mass, **CLOSE)


def test_a_family_whose_states_cannot_be_repeated_is_scored_without_a_cache(folder_of: Any) -> None:
    folder = folder_of("mamba", state_size=4)
    judge, tokenizer, words = make(folder, SEQUENCES, targets=("in_proj",))
    assert not judge.shares_prompt
    with torch.no_grad():
        found = judge.label_logits(batch_of(tokenizer, PROMPTS))
        for row, prompt in zip(found, PROMPTS, strict=True):
            torch.testing.assert_close(row, brute_force(judge, tokenizer(prompt)["input_ids"], words)[0], **CLOSE)


@pytest.mark.parametrize("labels", [ONE_TOKEN, SEQUENCES], ids=["one-token", "sequences"])
def test_a_family_that_makes_its_logits_otherwise_is_refused(
    labels: tuple[list[str], ...], folder_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = folder_of("cohere")
    make(folder, labels)
    monkeypatch.setattr(lm_head.LmHead, "scale", property(lambda self: 1.0, lambda self, value: None), raising=False)
    with pytest.raises(BackboneError, match="CohereForCausalLM makes its logits in a way"):
        make(folder, labels)


def test_the_gemma_shape_caps_its_logits(folder_of: Any) -> None:
    judge, tokenizer, _ = make(folder_of("gemma2"), ([" bad"], [" fair"], [" good"]))
    with torch.no_grad():
        found = judge.label_logits(batch_of(tokenizer, PROMPTS))
    assert float(found.abs().max()) <= 3.0
    assert float(found.abs().max()) > 0.5  # and far enough out for the cap to matter


@pytest.mark.parametrize("targets", [AUTO, WITH_HEAD], ids=["auto", "head"])
@pytest.mark.parametrize("labels", [ONE_TOKEN, SEQUENCES], ids=["one-token", "sequences"])
@pytest.mark.parametrize("family", ["llama", "qwen2"])
def test_gradients_reach_the_adapter_alone_and_are_those_of_the_whole_vocabulary(
    family: str, labels: tuple[list[str], ...], targets: tuple[str, ...], folder_of: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr(lm_head, "BLOCK_ELEMENTS", 0)
    judge, tokenizer, words = make(folder_of(family), labels, targets=targets)
    judge.label_logits(batch_of(tokenizer, PROMPTS[1:2])).log_softmax(-1)[0, 0].backward()
    found = {name: parameter.grad for name, parameter in judge.trainable().items()}
    assert all(("lora_" in name) == parameter.requires_grad for name, parameter in judge.named_parameters())
    assert any("lm_head" in name for name in found) == (targets == WITH_HEAD)
    judge.zero_grad()
    prompt = tokenizer(PROMPTS[1])["input_ids"]
    brute_force(judge, prompt, words)[0].log_softmax(-1)[0].backward()
    for name, parameter in judge.trainable().items():
        torch.testing.assert_close(found[name], parameter.grad, rtol=1e-4, atol=1e-5)
        assert parameter.grad is not None and float(parameter.grad.abs().sum()) > 0


@pytest.mark.parametrize("labels", [ONE_TOKEN, SEQUENCES], ids=["one-token", "sequences"])
@pytest.mark.parametrize("family", ["qwen2", "gemma2"])
def test_gradient_checkpointing_changes_no_gradient(
    family: str, labels: tuple[list[str], ...], folder_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gradients: list[dict[str, Any]] = []
    logits: list[torch.Tensor] = []
    forwards: list[int] = []
    for checkpointing in (False, True):
        # Without dropout: two runs over the prompt and over whole sequences would draw other numbers.
        judge, tokenizer, _ = make(folder_of(family), labels, dropout=0.0, gradient_checkpointing=checkpointing)
        judge.set_training(True)
        layer = judge.language_model.base_model.layers[0].mlp
        calls: list[int] = []
        layer.register_forward_pre_hook(lambda *_, calls=calls: calls.append(1))
        logits.append(judge.label_logits(batch_of(tokenizer, PROMPTS)))
        before = len(calls)
        logits[-1].log_softmax(-1)[:, 0].sum().backward()
        forwards.append(len(calls) - before)
        gradients.append({name: parameter.grad for name, parameter in judge.trainable().items()})
    assert forwards == [0, 1]  # computed again in the backward pass
    torch.testing.assert_close(logits[0], logits[1], **CLOSE)
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradient, gradients[1][name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("family", ["qwen2", "llama"])
def test_an_adapter_on_the_head_comes_back_from_its_folder(family: str, folder_of: Any, tmp_path: Path) -> None:
    judge, tokenizer, words = make(folder_of(family), ONE_TOKEN, targets=("q_proj", "lm_head"))
    assert {name.split(".")[-4] for name in judge.trainable()} == {"q_proj", "lm_head"}
    judge.save_adapter(tmp_path)
    again = load_judge(
        find_backbone(str(folder_of(family))), read_adapter(tmp_path), label_words=words, device=torch.device("cpu"),
        dtype=torch.float32,
    )  # fmt: skip
    with torch.no_grad():
        torch.testing.assert_close(
            again.label_logits(batch_of(tokenizer, PROMPTS)), judge.label_logits(batch_of(tokenizer, PROMPTS)), **CLOSE
        )


def test_training_never_computes_logits_of_the_whole_vocabulary_for_words_of_one_token(
    folder_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge, tokenizer, words = make(folder_of("qwen2"), ONE_TOKEN)
    monkeypatch.setattr(lm_head.HeadReading, "log_normaliser", None)
    rows = {token for of_label in words for word in of_label for token in word}
    assert judge.rows.tolist() == sorted(rows)
    judge.label_logits(batch_of(tokenizer, PROMPTS)).sum().backward()
