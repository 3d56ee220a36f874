"""How fast judgekit scores with each engine, beside transformers' pipeline and sentence-transformers' CrossEncoder.

Usage: python benchmarks/scoring.py FILE [--items 2000] [--rounds 3] [--busy N] [--json]

All read the same texts (or pairs of texts) of FILE with the starter backbone and give a distribution over the same
number of labels; tokenisation counts, loading the models does not. judgekit: `TokenizedPrompts.encode`, then
`predict` with its default batch size on a judge that was written and loaded as `judgekit score` loads one, then
softmax; by torch, and by OpenVINO where that is installed. The forward passes alone are the same `predict` of items
that are tokens already. The pipeline: batches of 32, truncation on, once in its default float32 and once in bfloat16.
The CrossEncoder: `predict` with its defaults. All start with an untrained head: speed does not depend on what the
weights say. `--busy 1` lets another process compute all the time beside them; compare with a run without. Other
people's work on the machine shows in the load, which is printed.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from copy import copy
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from side_by_side import Bar, report, seconds_of, take_turns
from starter_items import StarterItems, open_items
from transformers import AutoModelForSequenceClassification, pipeline

from judgekit.config import ScoreSettings
from judgekit.core.calibration import Calibration
from judgekit.models.encoder import EncoderJudge
from judgekit.models.loading import LoraSettings, choose_device, choose_dtype, new_judge, read_adapter
from judgekit.models.openvino_reader import OpenVinoReader
from judgekit.models.reader import LabelReader
from judgekit.models.readers import load_reader
from judgekit.models.tokenizer import load_reading_tokenizer
from judgekit.training.batches import EncodedItems
from judgekit.training.predict import predict
from judgekit.training.streams import streams_of

BARS = [
    Bar("times_the_pipeline_float32", least=5.5),
    Bar("times_the_pipeline_bfloat16", least=2.5),
    Bar("times_the_cross_encoder", least=4),
    Bar("share_of_the_forward_passes", least=0.9),
]
PEERS = ("pipeline_float32", "pipeline_bfloat16", "cross_encoder")
PIPELINE_BATCH_SIZE = 32
WARMUP_ITEMS = 128
Scorer = Callable[[int], None]
"""Scores the first so many items."""


def judgekit_scorers(found: StarterItems, device: torch.device) -> dict[str, Scorer]:
    """What scores items as `judgekit score` does between reading the table and writing it, by each engine."""
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
        adapter = read_adapter(Path(folder), labels=labels)
        by_torch, exact = (
            load_reader(found.backbone, adapter, label_words=None, device=device, dtype=one)
            for one in (dtype, torch.float32)
        )
    batch_size = ScoreSettings().batch_size
    prompts = copy(found.prompts)
    prompts.tokenizer = load_reading_tokenizer(found.backbone)
    texts = found.dataset.items.texts.to_dicts()
    encoded: dict[int, EncodedItems] = {}

    def score(items: int, model: LabelReader) -> None:
        tokens = prompts.encode(texts[:items])
        encoded.setdefault(items, tokens)
        q = Calibration().apply(predict(model, tokens, batch_size=batch_size, in_streams=True).logits)
        assert q.shape == (items, labels)

    def forward(items: int) -> None:
        predict(by_torch, encoded[items], batch_size=batch_size, in_streams=True)

    scorers: dict[str, Scorer] = {"judgekit": partial(score, model=by_torch), "forward_passes": forward}
    if device.type == "cpu" and find_spec("openvino"):
        assert isinstance(exact, EncoderJudge)
        streams = streams_of(device)
        by_openvino = OpenVinoReader(exact, has_segments=True, dtype=dtype, streams=streams)
        scorers["judgekit_openvino"] = partial(score, model=by_openvino)
    return scorers


def cross_encoder_scorer(found: StarterItems, device: torch.device) -> Scorer:
    """Scores the same texts through a CrossEncoder."""
    from sentence_transformers import CrossEncoder  # takes seconds to import, and may be missing

    labels = len(found.dataset.items.labels)
    model = CrossEncoder(str(found.backbone.folder), num_labels=labels, device=str(device), local_files_only=True)

    def score(items: int) -> None:
        inputs = [first if second is None else (first, second) for first, second in found.segments(slice(0, items))]
        assert model.predict(inputs, show_progress_bar=False).shape == (items, labels)

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
    parser.add_argument("--busy", type=int, default=0, help="other processes that compute all the time")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    found = open_items(options.file)
    items = min(options.items, len(found.dataset.items))
    device = choose_device("auto")
    peers = judgekit_scorers(found, device)
    peers |= {
        "pipeline_float32": pipeline_scorer(found, device, torch.float32),
        "pipeline_bfloat16": pipeline_scorer(found, device, torch.bfloat16),
    }
    if find_spec("sentence_transformers"):
        peers["cross_encoder"] = cross_encoder_scorer(found, device)
    for count in (min(items, WARMUP_ITEMS), items):  # the first forward of a shape is slower in some engines
        for name in ("judgekit", *(name for name in peers if name != "judgekit")):
            peers[name](count)
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(options.busy)]
    try:
        turns = {name: seconds_of(partial(score, items)) for name, score in peers.items()}
        seconds = take_turns(turns, rounds=options.rounds)
    finally:
        for other in others:
            other.kill()
    texts = found.dataset.items.texts.head(items).to_dicts()
    figures = {
        "items": items,
        "mean_tokens": float(np.mean(found.prompts.encode(texts).lengths)),
        **{f"{name}_items_per_second": items / spent for name, spent in seconds.items()},
        **{f"times_the_{name}": spent / seconds["judgekit"] for name, spent in seconds.items() if name in PEERS},
        "share_of_the_forward_passes": seconds["forward_passes"] / seconds["judgekit"],
        "threads": torch.get_num_threads(),
        "other_processes": options.busy,
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "device": str(device),
    }
    bars = [bar for bar in BARS if bar.figure in figures and not options.busy]
    raise SystemExit(report(figures, bars, as_json=options.json))


if __name__ == "__main__":
    main()
