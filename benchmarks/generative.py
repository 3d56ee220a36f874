"""Judges that write against the judge that is read at its labels, on a task whose true probabilities are known.

Usage: python benchmarks/generative.py [--seeds N] [--workspace FOLDER] [--only NAME …] [--json]

A text is six words; how many of them are kind says with which probability an annotator chooses `yes`. The backbone is
made on the spot: a small Llama from a config, which learns the words, the prompt and the form of an answer, with
probabilities drawn at random, so that it knows the form and nothing of the task. Then judges are trained as a user
would, without calibration, so that the figures are of what is written:

- label: read at its labels, on items with 20 annotations each;
- verbalized SFT: the same items, a probability written for each label;
- half-trained SFT: the same, stopped early, and RL from it on items with one annotation each.

Of new items: MSE between the probability of `yes` and the true one, with the 95 % interval of a bootstrap over the
items; the share of answers that could be read; how many different probabilities are used. `better by` is the fall of
the MSE against the judge that this one began with, on the same items.
"""

import argparse
import csv
import json
import logging
import random
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from judgekit import Judge, ingest, train
from judgekit.core.metrics import Interval, bootstrap_interval
from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.prompts.verbalized import target_text, verbalized_form
from judgekit.training.batches import TokenizedPrompts

LABELS = ("no", "yes")
KIND = ("clean", "fresh", "warm", "quiet", "sweet", "quick", "cheap", "sunny")
RUDE = ("dirty", "stale", "cold", "loud", "sour", "slow", "dear", "rainy")
WORDS = 6
DECIMALS = 1
"""So that a model of this size learns in minutes that two probabilities sum to 1."""
DENSE_ITEMS, SPARSE_ITEMS, TEST_ITEMS, ANNOTATIONS = 300, 600, 300, 20
COLUMNS = ("seed", "judge", "MSE", "95 % interval", "read %", "different", "better by", "95 % interval", "s")
_CAUSAL: dict[str, Any] = {
    "device": "cpu", "dtype": "float32", "calibrate": False, "probe": False, "label_scoring": "tokens", "lora_r": 16,
    "train_share": 0.9, "validation_share": 0.05, "batch_size": 16, "learning_rate": 4e-3,
}  # fmt: skip
SETTINGS: dict[str, dict[str, Any]] = {
    "label": {"epochs": 12},
    "verbalized SFT": {"method": "verbalized", "decimals": DECIMALS, "epochs": 24},
    "half-trained SFT": {"method": "verbalized", "decimals": DECIMALS, "epochs": 5},
    "RL from half-trained": {
        "method": "verbalized", "decimals": DECIMALS, "stage": "rl", "begin_with": "half-trained-SFT", "epochs": 2,
        "batch_size": 32, "generations": 8, "learning_rate": 1e-3,
    },
}  # fmt: skip


class Row(NamedTuple):
    """What one judge came to."""

    seed: int
    judge: str
    mse: Interval
    read: float | None
    different: int
    gain: Interval | None
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """As texts."""
        gain = self.gain
        return (
            str(self.seed), self.judge, f"{self.mse.value:.4f}", f"{self.mse.low:.4f} … {self.mse.high:.4f}",
            "" if self.read is None else f"{100 * self.read:.1f}", str(self.different),
            "" if gain is None else f"{gain.value:.4f}",
            "" if gain is None else f"{gain.low:.4f} … {gain.high:.4f}", f"{self.seconds:.0f}",
        )  # fmt: skip


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


def make_backbone(folder: Path, workspace: Path, seed: int) -> Path:
    """A small Llama that knows the words and the form of an answer."""
    rng, draw = random.Random(seed + 1000), np.random.default_rng(seed)
    template = open_dataset(open_workspace(workspace), "dense").template
    form = verbalized_form(LABELS, decimals=DECIMALS)
    texts = texts_of(2000, rng)
    said = template.render_many([{"text": text} for text in texts], LABELS, ())
    answers = [target_text(form, np.array([1 - p, p])) for p in draw.random(len(texts))]
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
    prompts = TokenizedPrompts(template, LABELS, made, for_encoder=False, max_length=500, closing=form.instruction)
    ids = [one.tolist() for one in prompts.encode([{"text": text} for text in texts]).input_ids]
    rows = [[*one, *two, 2] for one, two in zip(ids, made(answers, add_special_tokens=False)["input_ids"], strict=True)]
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


def squared_errors(judge: Judge, texts: list[str]) -> tuple[NDArray[np.float64], float | None, int]:
    scores = judge.predict([{"text": text} for text in texts])
    q = scores.probabilities[:, scores.labels.index("yes")]
    read = None if scores.is_parsed is None else float(scores.is_parsed.mean())
    return np.square(q - np.array([truth(text) for text in texts])), read, len(np.unique(q.round(4)))


def rows_of(seed: int, folder: Path, only: list[str]) -> list[Row]:
    rng, workspace = random.Random(seed), folder / "ws"
    dense, sparse, new = (texts_of(count, rng) for count in (DENSE_ITEMS, SPARSE_ITEMS, TEST_ITEMS))
    ingest(write_votes(folder / "dense.csv", dense, ANNOTATIONS, rng), workspace=workspace)
    ingest(write_votes(folder / "sparse.csv", sparse, 1, rng), workspace=workspace)
    backbone = make_backbone(folder / "backbone", workspace, seed)
    found: list[Row] = []
    errors: dict[str, NDArray[np.float64]] = {}
    for name, own in SETTINGS.items():
        if only and name not in only:
            continue
        started = time.perf_counter()
        judge = train(
            "sparse" if own.get("stage") == "rl" else "dense", judge=name.replace(" ", "-"), workspace=workspace,
            backbone=backbone, seed=seed, **{**_CAUSAL, **own},
        )  # fmt: skip
        seconds = time.perf_counter() - started
        errors[name], read, different = squared_errors(judge, new)
        before = errors.get("half-trained SFT") if own.get("stage") == "rl" else None
        gain = None if before is None else bootstrap_interval(before - errors[name], seed=0)
        found.append(Row(seed, name, bootstrap_interval(errors[name], seed=0), read, different, gain, seconds))
        print(" | ".join(found[-1].cells()), flush=True)
    return found


def main() -> None:
    logging.getLogger("transformers").setLevel(logging.ERROR)
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=2)
    options.add_argument("--workspace", type=Path, help="keep everything here (default: a temporary folder)")
    options.add_argument("--only", nargs="*", default=[], choices=list(SETTINGS))
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    print(" | ".join(COLUMNS))
    with tempfile.TemporaryDirectory() as scratch:
        rows: list[Row] = []
        for seed in range(chosen.seeds):
            folder = (chosen.workspace or Path(scratch)) / str(seed)
            folder.mkdir(parents=True)
            rows += rows_of(seed, folder, chosen.only)
    if chosen.json:
        print(json.dumps([row._asdict() for row in rows]))


if __name__ == "__main__":
    main()
