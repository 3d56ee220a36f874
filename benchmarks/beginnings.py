"""How much faster prompts that begin alike are read when their beginning is read once.

Usage: python benchmarks/beginnings.py [--items 40] [--instruction 400] [--tokens 50] [--rounds 3] [--json]

A causal LM of 8 layers x 256 with random weights, whose labels are one token each, reads the same prompts with and
without sharing, in turns, in float32. The largest difference of a probability is printed as well.
"""

import argparse
from functools import partial

import numpy as np
import torch
from side_by_side import Bar, report, seconds_of, take_turns
from transformers import Qwen2Config, Qwen2ForCausalLM

from judgekit.models.causal import CausalJudge
from judgekit.training.batches import EncodedItems
from judgekit.training.predict import predict

LEAST_TIMES_UNSHARED, MOST_DIFFERENCE = 5, 1e-5


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--items", type=int, default=40)
    parser.add_argument("--instruction", type=int, default=400, help="tokens that all prompts begin with")
    parser.add_argument("--tokens", type=int, default=50, help="tokens of an item behind it")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of lines")
    options = parser.parse_args()
    torch.manual_seed(0)
    config = Qwen2Config(
        vocab_size=32_000, hidden_size=256, intermediate_size=1_024, num_hidden_layers=8, num_attention_heads=8,
        num_key_value_heads=4, max_position_embeddings=4_096, attn_implementation="eager",
    )  # fmt: skip
    judge = CausalJudge(Qwen2ForCausalLM(config).eval(), [[[5]], [[6]], [[7]]], dtype=torch.float32)
    draw = np.random.default_rng(0)
    beginning = draw.integers(8, 32_000, options.instruction)
    ids = [np.concatenate([beginning, draw.integers(8, 32_000, options.tokens)]) for _ in range(options.items)]
    items = EncodedItems(ids, None, np.zeros(len(ids), dtype=bool), 0)
    one, other = (predict(judge, items, shares_beginnings=shares).logits for shares in (True, False))
    peers = {name: seconds_of(partial(predict, judge, items, shares_beginnings=name == "shared"))
             for name in ("shared", "unshared")}  # fmt: skip
    seconds = take_turns(peers, rounds=options.rounds)
    shares = [np.exp(logits) / np.exp(logits).sum(1, keepdims=True) for logits in (one, other)]
    figures = {
        "items": options.items,
        **{f"{name}_items_per_second": options.items / spent for name, spent in seconds.items()},
        "times_unshared": seconds["unshared"] / seconds["shared"],
        "largest_difference": float(abs(shares[0] - shares[1]).max()),
        "threads": torch.get_num_threads(),
    }
    bars = [Bar("times_unshared", least=LEAST_TIMES_UNSHARED), Bar("largest_difference", most=MOST_DIFFERENCE)]
    raise SystemExit(report(figures, bars, as_json=options.json))


if __name__ == "__main__":
    main()
