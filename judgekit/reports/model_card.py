"""The model card of an exported judge: Markdown from the judge's manifest, with code that reads the folder it lies in.

Typed facts in, text out; what only the exporting machine knows, such as where a backbone lay, is not among them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from judgekit.judge.export_facts import CardFacts
from judgekit.judge.kept_evaluation import Figure
from judgekit.judge.manifest import ExportManifest, JudgeManifest
from judgekit.models.graph import LOGITS, OF_TEXTS, PROBABILITIES
from judgekit.reports.evaluate_page import METRIC_WORDS
from judgekit.reports.graph_code import graph_code
from judgekit.wording import listed

_LIBRARIES = {
    "merged": "transformers", "cross-encoder": "sentence-transformers", "onnx": "onnxruntime", "openvino": "openvino",
}  # fmt: skip
_READ_TEMPLATE = """\
import json
from pathlib import Path

import torch
from jinja2 import StrictUndefined
from jinja2.sandbox import SandboxedEnvironment
from transformers import {auto}, AutoTokenizer

folder = Path(".")  # where this card lies
facts = json.loads((folder / "judgekit.json").read_text(encoding="utf-8"))
tokenizer = AutoTokenizer.from_pretrained(folder{trust})
model = {auto}.from_pretrained(folder{trust}).eval()
environment = SandboxedEnvironment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
template = environment.from_string((folder / "template.j2").read_text(encoding="utf-8"))
"""
_ENCODER = (
    '''\
from safetensors.torch import load_file

head = load_file(folder / "2_Dense" / "model.safetensors")  # calibrated


@torch.inference_mode()
def distribution(item: dict[str, str]) -> dict[str, float]:
    values = {**item, "item": item, "labels": facts["shown_labels"], "codes": [], "sep": "\\ufdd0"}
    text = "".join(template.blocks["encoder"](template.new_context(values)))
    first, *rest = (part.strip() for part in text.split("\\ufdd0"))
    tokens = tokenizer(first, facts["separator"].join(rest) if rest else None, return_tensors="pt")
    hidden = model(**tokens).last_hidden_state.float()[0]  # one item, so every token counts
    logits = hidden.mean(0) @ head["linear.weight"].T + head["linear.bias"]
    return dict(zip(facts["labels"], logits.softmax(-1).tolist()))
''')  # fmt: skip
_CAUSAL = """\


@torch.inference_mode()
def distribution(item: dict[str, str]) -> dict[str, float]:
    values = {**item, "item": item, "labels": facts["shown_labels"], "codes": facts["verbalizer"]["codes"]}
    prompt = "".join(template.blocks["prompt"](template.new_context(values))).lstrip("\\r\\n").rstrip()
    chat = facts["chat"]  # what the chat template puts around a prompt, special tokens included
    text = prompt if chat is None else chat["before"] + prompt + chat["after"]
    tokens = tokenizer(text, add_special_tokens=chat is None, return_special_tokens_mask=True)
    ids, added = tokens["input_ids"], tokens["special_tokens_mask"]
    while chat is None and added[len(ids) - 1]:  # some tokenizers end every text with a token of their own
        ids.pop()

    def log_p(word: list[int]) -> torch.Tensor:
        logits = model(torch.tensor([ids + word])).logits[0, len(ids) - 1 : -1].float()
        return logits.log_softmax(-1)[range(len(word)), word].sum()

    words = facts["verbalizer"]["words"]  # of each label, as token ids; they are synonyms
    logits = torch.stack([torch.stack([log_p(word) for word in of_label]).logsumexp(0) for of_label in words])
    bias = torch.tensor(facts["bias"] or [0.0])
    return dict(zip(facts["labels"], (logits / facts["temperature"] + bias).softmax(-1).tolist()))
"""


def model_card(facts: CardFacts) -> str:
    """The card's text."""
    return "\n\n".join(
        [
            _front_matter(facts),
            f"# {facts.export.name}",
            _what_reads_it(facts),
            _what_it_is(facts),
            "## Training",
            _training(facts),
            "## How good it is",
            _figures(facts),
            "## How to read it",
            _how_to_read(facts),
            "## Limits",
            _limits(facts),
        ]
    )


def reading_code(facts: CardFacts) -> str:
    """Python that defines `distribution(item)` on what the format is made for, run in the exported folder."""
    if facts.export.is_graph:
        return graph_code(facts.export)
    is_encoder = facts.export.backbone.kind == "encoder"
    trust = ", trust_remote_code=True" if facts.trust_remote_code else ""
    head = _READ_TEMPLATE.format(auto="AutoModel" if is_encoder else "AutoModelForCausalLM", trust=trust)
    return head + (_ENCODER if is_encoder else _CAUSAL)


def _front_matter(facts: CardFacts) -> str:
    lines = [
        "---",
        f"base_model: {_quoted(facts.export.backbone.name)}",
        "base_model_relation: finetune",
        f"library_name: {_LIBRARIES[facts.export.format]}",
        f"license: {facts.licence}",
        *(["pipeline_tag: text-classification"] if facts.is_classifier else []),
        "tags:",
        *(f"- {tag}" for tag in ("judgekit", "llm-as-a-judge", "label-distribution")),
        "---",
    ]
    return "\n".join(lines)


def _what_reads_it(facts: CardFacts) -> str:
    """Whether the usual short ways of other libraries give the judge's probabilities."""
    labels = ", ".join(_code(label) for label in facts.export.labels)
    if facts.export.is_graph:
        return _of_graph(facts.export, labels)
    if facts.export.backbone.kind != "encoder":
        return (
            "`pipeline` of transformers and `CrossEncoder` of sentence-transformers do **not** give this judge's "
            "probabilities: it is a language model, whose probabilities of the words of the labels behind the prompt "
            "are renormalised and calibrated. The code under *How to read it* does exactly that."
        )
    segments = (
        "`first` and `second` are the segments that the encoder block of `template.j2` makes of an item, and where it "
        "makes one alone, `predict(first, apply_softmax=True)` reads that. The code under *How to read it* makes them."
    )
    cross_encoder = (
        "`CrossEncoder` of sentence-transformers (6 or newer; an older one draws a head at random) gives this judge's "
        f"probabilities, calibrated, in the order {labels}"
    )
    by_cross_encoder = "CrossEncoder(FOLDER).predict([(first, second)], apply_softmax=True)"
    if facts.is_classifier:
        return (
            f'`pipeline("text-classification")` of plain transformers and {cross_encoder}:\n\n'
            "```text\n"
            'pipeline("text-classification", FOLDER, top_k=None)({"text": first, "text_pair": second})\n'
            f"{by_cross_encoder}\n"
            f"```\n\n{segments}"
        )
    return (
        '`pipeline("text-classification")` of transformers does **not** give this judge\'s probabilities: this '
        "family's own head for sequence classification has another form, and transformers would draw one at random, "
        f"without labels. {cross_encoder}:\n\n```text\n{by_cross_encoder}\n```\n\n{segments}"
    )


def _of_graph(export: ExportManifest, labels: str) -> str:
    """What the graph takes and gives."""
    takes = "`input_ids`, `attention_mask` and, where it names them, `token_type_ids` of a batch of prompts"
    texts = (
        f" It also takes the same of the texts of {listed([_code(field) for field in export.probe_fields])} by "
        f"themselves, under names that begin with `{OF_TEXTS}`: one row for each column and item, all items of the "
        "first column before those of the next. They are for the judge's probe, which reads the backbone as it was "
        "pretrained; its weights are in the graph too."
        if export.probe_fields
        else ""
    )
    name = "OpenVINO" if export.format == "openvino" else "ONNX Runtime and what else reads ONNX"
    return (
        f"The whole judge is one graph for {name}, from token ids to calibrated probabilities. It takes {takes}, and "
        f"gives `{PROBABILITIES}` in the order {labels}, and their logarithms as `{LOGITS}`.{texts}"
    )


def _what_it_is(facts: CardFacts) -> str:
    export = facts.export
    labels = ", ".join(_code(label) for label in export.labels)
    how = (
        "an encoder with a label head"
        if export.is_graph
        else "an encoder with a label head (`2_Dense/model.safetensors`)"
        if export.backbone.kind == "encoder"
        else "a causal LM, read at the words of the labels behind the prompt"
    )
    revision = f", revision `{export.backbone.revision}`" if export.backbone.revision else ""
    return (
        f"A judge made by judgekit: it reads {listed([_code(field) for field in export.fields])} and predicts how "
        f"the annotations of people are distributed over the labels {labels}"
        + (" (an ordered scale)" if export.scale == "ordinal" else "")
        + f".\n\nIt is {how}; LoRA matrices were trained on {_code(export.backbone.name)}{revision} and are merged "
        f"into the weights (SHA-256 of the backbone's weights: `{export.backbone.sha256}`). Licence of the backbone: "
        + ("unknown; ask where it comes from." if facts.licence == "unknown" else f"{facts.licence}.")
    )


def _training(facts: CardFacts) -> str:
    judge = facts.judge
    items, settings, annotations = judge.items, judge.settings, judge.dataset.annotations
    in_all = "" if annotations is None else f" with {annotations:,} annotations in all"
    rows = {
        "dataset": f"{_code(judge.dataset.name)}: {items.train:,} items to train on, {_how_chosen(judge)}, "
        f"{items.test:,} held out{in_all}",
        "loss": f"alpha KL + (1 - alpha) CE, alpha {settings.alpha:g}; adversary {settings.adversary}, epsilon "
        f"{settings.epsilon:g} ({settings.radius} radius; arXiv 2505.12301)"
        + ("; both orders of every comparison" if settings.swap else ""),
        "optimisation": f"{judge.resolved.epochs} epochs at most, batch size {settings.batch_size}, learning "
        f"rate {judge.resolved.learning_rate:g}, seed {settings.seed}",
        "LoRA": f"rank {settings.lora_r}, lora_alpha {settings.lora_alpha or 2 * settings.lora_r}"
        + (", on weights of 4 bits (NF4), which were expanded for this export" if settings.load_in_4bit else ""),
        "trained with": _versions({"judgekit": judge.machine.judgekit, **judge.machine.packages})
        + f", on {judge.machine.device} in {judge.machine.dtype}",
        "exported with": _versions(facts.exported_with),
    }
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows.items())])


def _how_chosen(judge: JudgeManifest) -> str:
    """What its steps and its calibration were chosen on."""
    if judge.settings.folds:
        return f"in {judge.settings.folds} folds first, each predicted by a judge that had not seen it"
    return f"{judge.items.validation:,} to choose the checkpoint on"


def _figures(facts: CardFacts) -> str:
    found, export = facts.evaluation, facts.export
    if found is None:
        metrics = facts.judge.metrics
        where = "the items of its folds" if facts.judge.settings.folds else "the validation items"
        return (
            f"It was not evaluated on held-out items. On {where}, on which its steps and its calibration were "
            f"chosen, KL(p || q) was {metrics.validation_kl:.4f} nats; the class prior had "
            f"{metrics.validation_prior_kl:.4f}. Figures on new items will be worse."
        )
    probe = facts.judge.probe and not export.probe_fields and " The judge had its probe there, which is no part of it."
    head = [
        f"On {found.items:,} items with {found.annotations:,} annotations ({_code(found.source)}); a perfect "
        f"judge would show KL {found.noise_floor.kl:.3f} against these annotations.{probe or ''}",
        "",
        f"| | judge | {found.confidence:.0%} interval | class prior |",
        "|---|---|---|---|",
    ]
    prior = found.baselines["class_prior"]
    return "\n".join(head + [_figure(name, value, prior.get(name)) for name, value in found.metrics.items()])


def _figure(name: str, found: Figure | None, prior: float | None) -> str:
    words = METRIC_WORDS.get(name, name).replace("|", "\\|")
    if found is None:
        return f"| {words} | undefined | | |"
    value = "infinite" if found.value is None else f"{found.value:.3f}"
    interval = "" if found.low is None else f"{found.low:.3f} to {found.high:.3f}"
    return f"| {words} | {value} | {interval} | {'' if prior is None else f'{prior:.3f}'} |"


def _how_to_read(facts: CardFacts) -> str:
    item = "".join(f"    {_quoted(field)}: {_quoted('…')},\n" for field in facts.export.fields)
    libraries = (
        f"With {_LIBRARIES[facts.export.format]}, tokenizers, numpy and jinja2"
        if facts.export.is_graph
        else "With plain transformers (and jinja2, which its chat templates use too), one item at a time"
    )
    return (
        f"{libraries}:\n\n"
        f"```python\n{reading_code(facts)}\n\nprint(\n    distribution(\n        {{\n"
        + "".join(f"        {line}\n" for line in item.splitlines())
        + "        }\n    )\n)\n```"
    )


def _limits(facts: CardFacts) -> str:
    limits = [
        "It predicts what annotators like those of its dataset would say about items like those of its dataset; "
        "elsewhere it must be evaluated anew.",
        f"It was trained on at most {facts.export.max_length:,} tokens per item. judgekit cuts the middle of longer "
        "texts; the code above cuts nothing.",
        "judgekit splits special tokens of the tokenizer in a text, so that they are read as text; the code above "
        "reads them as special tokens.",
        f"Against the judge before the export, probabilities of {facts.sample_items:,} items moved by at most "
        f"{facts.largest_shift:.2g} (weights in {facts.export.dtype}, both computed in that "
        "format). `judgekit score` computes in bfloat16 where the hardware has it, which moves probabilities by a few "
        "hundredths; `--dtype float32` agrees with the code above.",
    ]
    if facts.without_probe is not None:
        limits.insert(
            0,
            "The judge it was made from also weighs a probe, which reads the backbone as it was pretrained and is no "
            f"part of this export. Over {facts.sample_items:,} items its probabilities differ from that judge's by "
            f"{facts.without_probe.mean:.3f} on average and up to {facts.without_probe.largest:.3f}.",
        )
    return "\n".join(f"- {limit}" for limit in limits) + "\n"


def _versions(packages: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {version}" for name, version in packages.items())


def _quoted(text: str) -> str:
    """A text as a string of YAML and of Python: JSON's strings are both."""
    return json.dumps(text, ensure_ascii=False)


def _code(text: str) -> str:
    """A text of the user as a code span of Markdown, in or out of a table."""
    flat = " ".join(text.split()).replace("|", "\\|")
    fence = "``" if "`" in flat else "`"
    space = " " if "`" in flat else ""
    return f"{fence}{space}{flat}{space}{fence}"
