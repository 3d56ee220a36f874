"""The choices that settings offer: what a user types is what is stored."""

from __future__ import annotations

from typing import Literal

ModelKind = Literal["auto", "encoder", "causal"]
"""How a backbone is read."""
JudgeKind = Literal["encoder", "causal", "endpoint", "auto"]
"""What a judge is made of: a backbone with weights here, or a chat model behind an endpoint; never auto."""
Method = Literal["label", "verbalized", "rise"]
"""How a judge gives its distribution: read at its labels, written as probabilities, or reasoned to verdicts."""
Stage = Literal["sft", "rl", "none"]
"""What a judge learns from: texts or targets with people's shares, rewards, or nothing."""
Reward = Literal["brier", "log"]
"""What reinforcement learning maximises; both are highest at the true distribution."""
Adversary = Literal["search", "paper", "off"]
"""How the worst-case target is found."""
Projection = Literal["exact", "cvxpy"]
"""Which solver projects onto simplex and ball in the paper's ascent."""
Targets = Literal["empirical", "bayes"]
"""What the loss aligns to before it is perturbed."""
Radius = Literal["fixed", "posterior"]
"""How far the worst-case target may be from an item's own."""
Split = Literal["auto", "random"]
"""Where training, validation and test part come from."""
Engine = Literal["auto", "torch", "openvino", "ray"]
"""What computes a judge's forward passes; ray: workers on one machine or many, each by its own auto."""
Dtype = Literal["auto", "float32", "bfloat16"]
"""Number format of the matrix products."""
LabelScoring = Literal["auto", "tokens", "codes", "sequences"]
"""What a causal LM is read at: one token per word, one code per label, or whole sequences of tokens."""
Rationale = Literal["majority", "minority"]
"""Of which verdict the reasons are shown: of the most probable label, or of the runner-up."""
OnTooLong = Literal["cut", "drop", "error"]
"""What becomes of an item that is longer than the backbone may read."""
Preset = Literal["default", "paper", "single-point"]
"""A set of defaults of training."""
Optimizer = Literal["adamw", "paged"]
"""What moves the weights; paged keeps its state in memory that the GPU may move to the CPU."""
Keep = Literal["best", "last"]
"""Which adapter a training ends with."""
Level = Literal["auto", "nominal", "ordinal", "interval"]
"""How far apart two labels are, for Krippendorff's alpha."""
Part = Literal["auto", "test", "folds", "validation", "train"]
"""What of its own dataset a judge is evaluated on: a part of the split, or all items by the judges of its folds."""
StudyPlan = Literal["table1", "ablation", "alpha", "epsilon", "robustness", "budget", "all"]
"""Which of the paper's questions a study asks."""
ExportFormat = Literal["merged", "cross-encoder", "onnx", "openvino"]
"""What an exported judge is read by: transformers, sentence-transformers, ONNX Runtime, OpenVINO."""
Tool = Literal["none", "label-studio", "argilla", "prodigy", "doccano"]
"""For which annotation tool drawn items are written."""
