"""Made-up tasks with known probabilities, and small Llamas that know the form of an answer and nothing of the task."""

import csv
import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.verbalized import target_text, verbalized_form
from judgekit.prompts.verdict import verdict_form
from judgekit.training.batches import TokenizedPrompts

LABELS = ("no", "yes")
KIND = ("clean", "fresh", "warm", "quiet", "sweet", "quick", "cheap", "sunny")
RUDE = ("dirty", "stale", "cold", "loud", "sour", "slow", "dear", "rainy")
WORDS, SIDE_WORDS = 6, 4
"""Of a text, and of each of a pair."""
BLIND = 0.45
"""Share of the pairs of which the teacher counts nothing."""
DECIMALS = 1
"""So that a model of this size learns in minutes that two probabilities sum to 1."""


def texts_of(count: int, rng: random.Random) -> list[str]:
    kind = [rng.randint(0, WORDS) for _ in range(count)]
    words = [[rng.choice(KIND) for _ in range(k)] + [rng.choice(RUDE) for _ in range(WORDS - k)] for k in kind]
    return [" ".join(rng.sample(one, WORDS)) for one in words]


def truth(text: str) -> float:
    """How likely an annotator is to choose `yes`."""
    return 0.05 + 0.9 * sum(word in KIND for word in text.split()) / WORDS


def write_votes(path: Path, texts: list[str], annotations: int, rng: random.Random) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["item_id", "annotator_id", "text", "label"])
        for number, text in enumerate(texts):
            for annotator in range(annotations):
                rows.writerow([number, f"p{annotator}", text, LABELS[rng.random() < truth(text)]])
    return path


def pairs_of(count: int, rng: random.Random) -> list[tuple[str, str]]:
    """Two texts of which one has more kind words."""
    found: list[tuple[str, str]] = []
    while len(found) < count:
        kind = rng.randint(0, SIDE_WORDS), rng.randint(0, SIDE_WORDS)
        if kind[0] != kind[1]:
            sides = (
                [rng.choice(KIND) for _ in range(k)] + [rng.choice(RUDE) for _ in range(SIDE_WORDS - k)] for k in kind
            )
            first, second = (" ".join(rng.sample(side, SIDE_WORDS)) for side in sides)
            found.append((first, second))
    return found


def kind_words(text: str) -> int:
    return sum(word in KIND for word in text.split())


def truth_of_pair(first: str, second: str) -> float:
    """How likely an annotator is to choose `A`, the first."""
    return min(0.95, max(0.05, 0.5 + 0.25 * (kind_words(first) - kind_words(second))))


def as_item(first: str, second: str) -> dict[str, str]:
    return {"answer_a": first, "answer_b": second}


def write_pair_votes(path: Path, pairs: list[tuple[str, str]], annotations: int, rng: random.Random) -> Path:
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["item_id", "annotator_id", "answer_a", "answer_b", "label"])
        for number, pair in enumerate(pairs):
            for annotator in range(annotations):
                rows.writerow([number, f"p{annotator}", *pair, "BA"[rng.random() < truth_of_pair(*pair)]])
    return path


def judgment(first: int, second: int, verdict: str) -> str:
    return f"The first has {first} kind words, the second {second}. <verdict>{verdict}</verdict>"


def write_judgments(folder: Path, workspace: Path, pairs: list[tuple[str, str]], rng: random.Random) -> None:
    """What a teacher says of the pairs in both orders; and, in a file of their own, of those that it can judge."""
    ids = set(open_dataset(open_workspace(workspace), "pairs").items.item_ids.to_list())
    every: list[str] = []
    agreeing: list[str] = []
    for number, pair in enumerate(pairs):
        assert str(number) in ids
        is_blind = rng.random() < BLIND
        for order in (0, 1):
            first, second = (kind_words(text) for text in (pair if order == 0 else pair[::-1]))
            if is_blind:
                first, second = sorted(rng.choices(range(SIDE_WORDS + 1), k=2), reverse=True)
            text = judgment(first, second, "A" if first >= second else "B")
            every.append(json.dumps({"item": str(number), "order": order, "sample": 0, "text": text}))
            agreeing += [] if is_blind else every[-1:]
    (folder / "samples.jsonl").write_text("\n".join(every) + "\n")
    (folder / "agreeing.jsonl").write_text("\n".join(agreeing) + "\n")


def make_backbone(folder: Path, workspace: Path, seed: int) -> Path:
    """A small Llama that knows the words of the texts and the form of written probabilities."""
    draw = np.random.default_rng(seed)
    form = verbalized_form(LABELS, decimals=DECIMALS)
    items = [{"text": text} for text in texts_of(2000, random.Random(seed + 1000))]
    answers = [target_text(form, np.array([1 - p, p])) for p in draw.random(len(items))]
    return _make(folder, workspace, "dense", items, form, answers, seed)


def make_pairs_backbone(folder: Path, workspace: Path, seed: int) -> Path:
    """The same for pairs: it knows judgments, in which it counts at random."""
    rng = random.Random(seed + 2000)
    items = [as_item(*pair) for pair in pairs_of(2000, rng)]
    counts = [rng.choices(range(SIDE_WORDS + 1), k=2) for _ in items]
    answers = [judgment(*both, "A" if both[0] > both[1] or (both[0] == both[1] and rng.random() < 0.5) else "B")
               for both in counts]  # fmt: skip
    return _make(folder, workspace, "pairs", items, verdict_form(("A", "B"), length=32), answers, seed)


def _make(
    folder: Path, workspace: Path, dataset: str, items: list[dict[str, str]], form: AnswerForm, answers: Sequence[str],
    seed: int,
) -> Path:  # fmt: skip
    found = open_dataset(open_workspace(workspace), dataset)
    labels = found.items.labels
    said = found.template.render_many(items, labels, ())
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=900, special_tokens=["<unk>", "<s>", "</s>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator([f"{one}{form.instruction}{two}" for one, two in zip(said, answers, strict=True)],
                                  trainer)  # fmt: skip
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(str(folder))
    made = AutoTokenizer.from_pretrained(folder)
    prompts = TokenizedPrompts(
        found.template, labels, made, for_encoder=False, max_length=500, closing=form.instruction
    )
    ids = [one.tolist() for one in prompts.encode(items).input_ids]
    ends = made(list(answers), add_special_tokens=False)["input_ids"]
    rows = [[*one, *two, 2] for one, two in zip(ids, ends, strict=True)]
    torch.manual_seed(seed)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(made), hidden_size=96, intermediate_size=256, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=4, max_position_embeddings=512, bos_token_id=1, eos_token_id=2,
        )
    )  # fmt: skip
    learn_language(model, rows, seed)
    model.save_pretrained(folder)
    return folder


def learn_language(model: Any, rows: list[list[int]], seed: int, *, steps: int = 450, size: int = 16) -> None:
    """Next-token prediction on whole prompts with their answers; most of it on the answers."""
    rng = np.random.default_rng(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(steps):
        chosen = [rows[n] for n in rng.integers(len(rows), size=size)]
        longest = max(map(len, chosen))
        ids = torch.tensor([one + [2] * (longest - len(one)) for one in chosen])
        mask = torch.tensor([[1] * len(one) + [0] * (longest - len(one)) for one in chosen])
        logits = model(input_ids=ids, attention_mask=mask).logits[:, :-1]
        losses = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")
        losses = losses.view(size, -1) * mask[:, 1:]
        behind = torch.zeros_like(losses)
        for place, one in enumerate(chosen):
            behind[place, len(one) - 30 : len(one)] = 1
        loss = 0.5 * losses.sum() / mask.sum() + 4 * (losses * behind).sum() / behind.sum()
        for group in optimizer.param_groups:
            group["lr"] = 3e-3 * min(1.0, (steps - step) / (steps / 2))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
