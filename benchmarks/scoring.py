"""How fast judgekit scores, beside `transformers.pipeline("text-classification")`.

Usage: python benchmarks/scoring.py FILE [--items 2000] [--rounds 3] [--json]

Both read the same texts (or pairs of texts) of FILE with the starter backbone and give a distribution over the same
number of labels; tokenisation counts, loading the models does not. judgekit: `TokenizedPrompts.encode`, then
`predict` with its default batch size on a judge that was written and loaded as `judgekit score` loads one, then
softmax. The pipeline: batches of 32, truncation on, once in its default float32 and once in bfloat16. The bar is for
its default. Both start with an untrained head: speed does not depend on what the weights say.
"""

import argparse
import tempfile
from collections.abc import Callable
from copy import copy
from functools import partial
from pathlib import Path

import numpy as np
import torch
from side_by_side import Bar, report, seconds_of, take_turns
from starter_items import StarterItems, open_items
from transformers import AutoModelForSequenceClassification, pipeline

from judgekit.config import ScoreSettings
from judgekit.core.calibration import Calibration
from judgekit.models.loading import LoraSettings, choose_device, choose_dtype, new_judge, read_adapter
from judgekit.models.readers import load_reader
from judgekit.models.tokenizer import load_reading_tokenizer
from judgekit.training.predict import predict

LEAST_TIMES_THE_PIPELINE = 5
PIPELINE_BATCH_SIZE = 32
WARMUP_ITEMS = 128
Scorer = Callable[[int], None]
"""Scores the first so many items."""


def judgekit_scorer(found: StarterItems, device: torch.device) -> Scorer:
    """Scores items as `judgekit score` does between reading the table and writing it."""
    labels = len(found.dataset.items.labels)
    dtype = choose_dtype("auto", device)
    fresh = new_judge(
        found.backbone,
        lora=LoraSettings(16, 32, 0.0),
        label_bias=torch.zeros(labels),
        label_words=None,
        device=device,
        dtype=dtype,
        seed=0,
    )
    with tempfile.TemporaryDirectory() as folder:
        fresh.save_adapter(Path(folder))
        model = load_reader(
            found.backbone, read_adapter(Path(folder), labels=labels), label_words=None, device=device, dtype=dtype
        )
    batch_size = ScoreSettings().batch_size
    prompts = copy(found.prompts)
    prompts.tokenizer = load_reading_tokenizer(found.backbone)

    def score(items: int) -> None:
        encoded = prompts.encode(found.dataset.items.texts.head(items).to_dicts())
        q = Calibration().apply(predict(model, encoded, batch_size=batch_size, in_streams=True).logits)
        assert q.shape == (items, labels)

    return score


def pipeline_scorer(found: StarterItems, device: torch.device, dtype: torch.dtype) -> Scorer:
    """Scores the same texts through the pipeline."""
    labels = len(found.dataset.items.labels)
    model = AutoModelForSequenceClassification.from_pretrained(
        str(found.backbone.folder), num_labels=labels, local_files_only=True, dtype=dtype
    )
    classify = pipeline("text-classification", model=model, tokenizer=found.prompts.tokenizer, device=device)

    def score(items: int) -> None:
        inputs = [
            {"text": first} if second is None else {"text": first, "text_pair": second}
            for first, second in found.segments(slice(0, items))
        ]
        answers = classify(inputs, batch_size=PIPELINE_BATCH_SIZE, top_k=None, truncation=True)
        assert len(answers) == items and len(answers[0]) == labels

    return score


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path, help="a CSV that judgekit ingests without options")
    parser.add_argument("--items", type=int, default=2000, help="items to score")
    parser.add_argument("--rounds", type=int, default=3, help="how often each peer scores them all")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    found = open_items(options.file)
    items = min(options.items, len(found.dataset.items))
    device = choose_device("auto")
    peers = {
        "judgekit": judgekit_scorer(found, device),
        "pipeline_float32": pipeline_scorer(found, device, torch.float32),
        "pipeline_bfloat16": pipeline_scorer(found, device, torch.bfloat16),
    }
    for score in peers.values():
        score(min(items, WARMUP_ITEMS))
    seconds = take_turns(
        {name: seconds_of(partial(score, items)) for name, score in peers.items()}, rounds=options.rounds
    )
    texts = found.dataset.items.texts.head(items).to_dicts()
    figures = {
        "items": items,
        "mean_tokens": float(np.mean(found.prompts.encode(texts).lengths)),
        **{f"{name}_items_per_second": items / spent for name, spent in seconds.items()},
        "times_the_pipeline_float32": seconds["pipeline_float32"] / seconds["judgekit"],
        "times_the_pipeline_bfloat16": seconds["pipeline_bfloat16"] / seconds["judgekit"],
        "threads": torch.get_num_threads(),
        "device": str(device),
    }
    bars = [Bar("times_the_pipeline_float32", least=LEAST_TIMES_THE_PIPELINE)]
    raise SystemExit(report(figures, bars, as_json=options.json))


if __name__ == "__main__":
    main()
