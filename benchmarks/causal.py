"""How fast, and in how much memory, judgekit trains a causal LM, beside TRL's `SFTTrainer`.

Usage: python benchmarks/causal.py [--shape small|half-billion] [--items 96] [--rounds 1] [--trl-python PYTHON]

Both sides fine-tune the same Qwen2 with random weights, saved in bfloat16, on the same items in one epoch, in batches
of 16, with the same LoRA (rank 8, alpha 16, all linear layers, no dropout) on the CPU, each in a process of its own:

- judgekit: `training.loop.train_model` on label distributions, the adversary on (alpha 0.8, epsilon 0.25, search);
- TRL: `SFTTrainer` on the majority label as the completion of the prompt, with the loss on the completion, which is its
  default for such data; all else is its default too: gradient checkpointing and bf16. A second run is without gradient
  checkpointing, which is faster and takes more memory.

Prompts have 40 to 200 tokens, words of a tokenizer that is built here; the model's vocabulary is padded to 151,936.
A rate is all items over the seconds inside of optimiser steps. Memory is the most that the process ever held (VmHWM).
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from side_by_side import Bar, report, take_turns

VOCABULARY = 151_936
SYLLABLES = [a + b for a in "bdfgklmnprst" for b in "aeiou"]
WORDS = [a + b for a in SYLLABLES for b in SYLLABLES]
LABELS = ("disagree", "neutral", "agree")
SHORTEST, LONGEST = 40, 200
BATCH, RANK, ALPHA, SEED = 16, 8, 16, 0
SHAPES: dict[str, dict[str, Any]] = {
    "small": {
        "num_hidden_layers": 8, "hidden_size": 256, "intermediate_size": 1_024, "num_attention_heads": 4,
        "num_key_value_heads": 2,
    },
    # of Qwen2-7B, for benchmarks/gpu.py
    "seven-billion": {
        "num_hidden_layers": 28, "hidden_size": 3_584, "intermediate_size": 18_944, "num_attention_heads": 28,
        "num_key_value_heads": 4, "tie_word_embeddings": False,
    },
    # of Qwen2.5-0.5B
    "half-billion": {
        "num_hidden_layers": 24, "hidden_size": 896, "intermediate_size": 4_864, "num_attention_heads": 14,
        "num_key_value_heads": 2,
    },
}  # fmt: skip
BARS = {
    "small": [Bar("judgekit_over_trl", least=12), Bar("memory_over_trl", most=0.5)],
    "half-billion": [Bar("judgekit_over_trl", least=1.5)],
}


def build(folder: Path, shape: str, device: str = "cpu") -> None:
    """Write the model and its tokenizer, in which every word with the space before it is one token.

    Args:
        folder: where to.
        shape: one of `SHAPES`.
        device: where the weights are drawn.
    """
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

    vocabulary = {
        token: number for number, token in enumerate(("<pad>", "<eos>", *sorted(pre_tokenizers.ByteLevel.alphabet())))
    }
    merges: list[tuple[str, str]] = []
    for word in (*LABELS, *WORDS):
        token = "Ġ"
        for letter in word:
            if token + letter not in vocabulary:
                merges.append((token, letter))
                vocabulary[token + letter] = len(vocabulary)
            token += letter
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>").save_pretrained(
        str(folder)
    )
    torch.manual_seed(SEED)
    config = Qwen2Config(
        vocab_size=VOCABULARY, bos_token_id=None, eos_token_id=1, pad_token_id=0,
        **{"tie_word_embeddings": True} | SHAPES[shape],
    )  # fmt: skip
    with torch.device(device):
        model = Qwen2ForCausalLM._from_config(config, dtype=torch.bfloat16)
    model.save_pretrained(str(folder))


def make_items(count: int, lengths: tuple[int, int] = (SHORTEST, LONGEST)) -> tuple[list[str], list[list[int]]]:
    """Prompts of so many words, and how many of ten annotators chose each label."""
    chance = random.Random(SEED)
    prompts = ["".join(f" {chance.choice(WORDS)}" for _ in range(chance.randint(*lengths))) for _ in range(count)]
    counts: list[list[int]] = []
    for _ in range(count):
        first, second = sorted(chance.randint(0, 10) for _ in range(2))
        counts.append([first, second - first, 10 - second])
    return prompts, counts


def open_items(folder: Path, count: int, lengths: tuple[int, int] = (SHORTEST, LONGEST)) -> tuple[Any, Any, Any]:
    """The backbone with the tokens of its labels, the items as tokens, and their shares of the labels, `[count, 3]`."""
    import numpy as np

    from judgekit.models.loading import find_backbone, load_tokenizer
    from judgekit.training.batches import EncodedItems

    backbone = find_backbone(str(folder))
    tokenizer = load_tokenizer(backbone)
    prompts, counts = make_items(count, lengths)
    ids = [np.array(tokenizer(prompt)["input_ids"], dtype=np.int64) for prompt in prompts]
    words = [[tokenizer(f" {label}")["input_ids"]] for label in LABELS]
    encoded = EncodedItems(ids, None, np.zeros(count, dtype=np.bool_), tokenizer.pad_token_id)
    return (backbone, words), encoded, np.array(counts) / 10


def new_model(opened: tuple[Any, Any], device: Any, **memory: bool) -> Any:
    """A judge with a fresh adapter."""
    import torch

    from judgekit.models.loading import LoraSettings, choose_dtype, new_judge

    backbone, words = opened
    return new_judge(
        backbone, lora=LoraSettings(RANK, ALPHA, 0.0), label_bias=torch.zeros(3), label_words=words, device=device,
        dtype=choose_dtype("auto", device), seed=SEED, **memory,
    )  # fmt: skip


def train_epoch(model: Any, encoded: Any, shares: Any, *, adversary: str = "search", optimizer: str = "adamw") -> float:
    """The seconds of one epoch of judgekit's loop inside of optimiser steps."""
    import numpy as np

    from judgekit.training.loop import LoopSettings, ValidationItems, train_model
    from judgekit.training.objectives.alignment import Alignment, TrainingItems

    hard, radius = np.eye(3)[shares.argmax(1)], np.full(len(shares), 0.25, dtype=np.float32)
    items = TrainingItems(encoded, shares.astype(np.float32), hard.astype(np.float32), radius)
    result = train_model(
        model,
        Alignment(items, alpha=0.8, adversary=adversary),  # pyright: ignore[reportArgumentType]
        ValidationItems(encoded.take(np.arange(BATCH)), shares[:BATCH]),
        settings=LoopSettings(
            epochs=1, batch_size=BATCH, micro_batch_size=BATCH, learning_rate=2e-5, weight_decay=0.0, warmup=0.0,
            averaging=0.0, optimizer=optimizer, evaluations=1, patience=1, keep="last", seed=SEED,
        ),
    )  # fmt: skip
    return result.state.seconds


def judgekit(folder: Path, count: int) -> dict[str, float]:
    """One epoch of judgekit's loop; items per second and GiB."""
    import torch

    opened, encoded, shares = open_items(folder, count)
    model = new_model(opened, torch.device("cpu"))
    before = most_held()  # the loop counts its peak anew
    return {"rate": count / train_epoch(model, encoded, shares), "memory": max(before, most_held())}


def trl(folder: Path, count: int, *, gradient_checkpointing: bool) -> dict[str, float]:
    """One epoch of the SFTTrainer; items per second and GiB."""
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoTokenizer, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    class Clock(TrainerCallback):
        seconds = 0.0
        began = 0.0

        def on_step_begin(self, *unused: Any, **ignored: Any) -> None:
            self.began = time.perf_counter()

        def on_step_end(self, *unused: Any, **ignored: Any) -> None:
            self.seconds += time.perf_counter() - self.began

    prompts, counts = make_items(count)
    rows = [
        {"prompt": prompt, "completion": " " + LABELS[given.index(max(given))]}
        for prompt, given in zip(prompts, counts, strict=True)
    ]
    clock = Clock()
    with tempfile.TemporaryDirectory() as output:
        SFTTrainer(
            str(folder),
            args=SFTConfig(
                output_dir=output, per_device_train_batch_size=BATCH, num_train_epochs=1, use_cpu=True,
                save_strategy="no", report_to="none", disable_tqdm=True, seed=SEED,
                gradient_checkpointing=gradient_checkpointing,
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=AutoTokenizer.from_pretrained(str(folder)),
            peft_config=LoraConfig(
                task_type="CAUSAL_LM", r=RANK, lora_alpha=ALPHA, lora_dropout=0.0, target_modules="all-linear"
            ),
            callbacks=[clock],
        ).train()  # fmt: skip
    return {"rate": count / clock.seconds, "memory": most_held()}


def most_held() -> float:
    """The most memory this process held, GiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 2**20


SIDES: dict[str, Callable[[Path, int], dict[str, float]]] = {
    "judgekit": judgekit,
    "trl": lambda folder, count: trl(folder, count, gradient_checkpointing=True),
    "trl_without_checkpointing": lambda folder, count: trl(folder, count, gradient_checkpointing=False),
}


def in_own_process(side: str, folder: Path, count: int, python: str) -> dict[str, float]:
    """What a side measured."""
    command = [python, __file__, "--side", side, "--folder", str(folder), "--items", str(count)]
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(ended.stdout.splitlines()[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=list(BARS), default="small")
    parser.add_argument("--items", type=int, default=96)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--trl-python", default=sys.executable, help="a Python that has trl and datasets")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--side", choices=list(SIDES), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.side:
        print(json.dumps(SIDES[asked.side](asked.folder, asked.items)))
        return 0
    memory: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), asked.shape)

        def measured(side: str) -> Callable[[], float]:
            def run() -> float:
                python = sys.executable if side == "judgekit" else asked.trl_python
                found = in_own_process(side, Path(folder), asked.items, python)
                memory[side] = max(memory.get(side, 0.0), found["memory"])
                return found["rate"]

            return run

        rates = take_turns({side: measured(side) for side in SIDES}, rounds=asked.rounds)
    figures: dict[str, Any] = {f"{side}_items_per_second": rate for side, rate in rates.items()}
    figures |= {f"{side}_peak_gib": most for side, most in memory.items()}
    for side in list(SIDES)[1:]:
        figures[f"judgekit_over_{side}"] = rates["judgekit"] / rates[side]
        figures[f"memory_over_{side}"] = memory["judgekit"] / memory[side]
    return report(figures, BARS[asked.shape], as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
