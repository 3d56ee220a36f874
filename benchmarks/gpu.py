"""What only a GPU shows: QLoRA on a model of the shape of Qwen2-7B, and how fast it scores.

Usage: python benchmarks/gpu.py [--shape seven-billion|half-billion|small] [--device cuda] [--steps 6] [--json]

The model has random weights, which take as long as trained ones; it is made on the spot (15 GB on the disk for seven
billion parameters) and removed afterwards. Measured, each in a process of its own:

- training in 4 bits (NF4), 16 items of 512 tokens a step, with gradient checkpointing: seconds per step with the
  adversary and without, in turns, and the peak of the memory;
- one step with the paged optimiser (CUDA alone);
- scoring: items/s of reading the labels alone, and of the same forward pass with the logits of the whole vocabulary.

Try it on a CPU first: `python benchmarks/gpu.py --shape small --device cpu --steps 2 --tokens 64`.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import torch
from causal import BATCH, SHAPES, build, most_held, new_model, open_items, train_epoch
from side_by_side import Bar, report

MOST_GIB, MOST_SLOWER = 40, 1.02
SCORED_BATCH, SCORED_BATCHES = 32, 4


def peak_gib(device: torch.device) -> float:
    """The most memory that was held at once."""
    return torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else most_held()


def training(folder: Path, device: torch.device, steps: int, tokens: int) -> dict[str, float]:
    """Seconds per step with and without the adversary."""
    opened, encoded, shares = open_items(folder, steps * BATCH, (tokens, tokens))
    model = new_model(opened, device, load_in_4bit=True, gradient_checkpointing=True)
    train_epoch(model, encoded.take(range(BATCH)), shares[:BATCH])  # kernels are chosen in the first step
    found: dict[str, list[float]] = {"search": [], "off": []}
    for turn in range(4):
        for adversary in list(found)[:: -1 if turn % 2 else 1]:
            found[adversary].append(train_epoch(model, encoded, shares, adversary=adversary) / steps)
    on, off = (median(found[name]) for name in found)
    return {"step_seconds": on, "step_seconds_without_adversary": off, "times_without_adversary": on / off,
            "training_items_per_second": BATCH / on, "training_peak_gib": peak_gib(device)}  # fmt: skip


def paged(folder: Path, device: torch.device, steps: int, tokens: int) -> dict[str, float]:
    """Seconds per step with the moments in paged memory."""
    if device.type != "cuda":
        return {}
    opened, encoded, shares = open_items(folder, steps * BATCH, (tokens, tokens))
    model = new_model(opened, device, load_in_4bit=True, gradient_checkpointing=True)
    seconds = train_epoch(model, encoded, shares, optimizer="paged") / steps
    return {"paged_step_seconds": seconds, "paged_peak_gib": peak_gib(device)}


def scoring(folder: Path, device: torch.device, steps: int, tokens: int) -> dict[str, float]:
    """Items per second of the labels' logits, and of those of all tokens."""
    from judgekit.training.predict import predict

    opened, encoded, _ = open_items(folder, SCORED_BATCH * SCORED_BATCHES, (tokens // 2, tokens))
    model = new_model(opened, device)
    model.set_training(False)
    order = sorted(range(len(encoded.input_ids)), key=lambda n: -len(encoded.input_ids[n]))

    @torch.no_grad()
    @torch.autocast(device.type, dtype=torch.bfloat16)
    def whole() -> None:
        for start in range(0, len(order), SCORED_BATCH):
            batch = encoded.take(order[start : start + SCORED_BATCH])
            longest = max(map(len, batch.input_ids))
            ids = torch.stack([torch.nn.functional.pad(torch.from_numpy(one), (longest - len(one), 0))
                               for one in batch.input_ids]).to(device)  # fmt: skip
            model.backbone(input_ids=ids, attention_mask=(ids != 0).long()).logits[:, -1].float().cpu()

    def labels() -> None:
        predict(model, encoded, batch_size=SCORED_BATCH)

    by_labels, by_all = (len(order) / _seconds(work) for work in (labels, whole))
    return {
        "scored_per_second": by_labels,
        "scored_per_second_by_whole_vocabulary": by_all,
        "times_the_whole_vocabulary": by_labels / by_all,
        "scoring_peak_gib": peak_gib(device),
    }


def _seconds(work: Callable[[], None]) -> float:
    work()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


PARTS: dict[str, Callable[[Path, torch.device, int, int], dict[str, float]]] = {
    "training": training, "paged": paged, "scoring": scoring,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shape", choices=list(SHAPES), default="seven-billion")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--tokens", type=int, default=512)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--part", choices=list(PARTS), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.part:
        print(json.dumps(PARTS[asked.part](asked.folder, torch.device(asked.device), asked.steps, asked.tokens)))
        return 0
    figures: dict[str, Any] = {"shape": asked.shape, "device": asked.device, "tokens": asked.tokens}
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        build(Path(folder), asked.shape, asked.device)
        for part in PARTS:
            options = ["--part", part, "--folder", folder, "--device", asked.device]
            sizes = ["--steps", str(asked.steps), "--tokens", str(asked.tokens)]
            command = [sys.executable, __file__, *options, *sizes]
            ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
            figures |= json.loads(ended.stdout.splitlines()[-1])
    figures["seconds_in_all"] = time.perf_counter() - started
    bars = [Bar("training_peak_gib", most=MOST_GIB), Bar("times_without_adversary", most=MOST_SLOWER)]
    return report(figures, bars, as_json=asked.json)


if __name__ == "__main__":
    sys.exit(main())
