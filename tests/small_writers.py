"""A causal LM that has learned to write answers, in a few seconds: for judges that generate."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from made_up_votes import LABELS, WORDS
from tiny_backbones import build_causal

from judgekit.dataset.opening import open_dataset, open_workspace
from judgekit.prompts.verbalized import target_text, verbalized_form
from judgekit.training.batches import TokenizedPrompts


def build_writer(folder: Path, workspace: Path, *, steps: int = 400) -> Path:
    """A Llama of 2 layers x 32 that answers every prompt of a dataset of `made_up_votes` with the same probabilities.

    Args:
        folder: where to.
        workspace: with the dataset `votes`.
        steps: of its training at most.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    dataset = open_dataset(open_workspace(workspace), "votes")
    template, form = dataset.template, verbalized_form(LABELS)
    said = template.render_many([{"text": ""}], LABELS, ())[0] + form.instruction
    words = {*re.findall(r"[a-z]+", said.lower()), *re.findall(r"[A-Za-z]+", said), *WORDS, *LABELS}
    build_causal(folder, words=sorted(words))
    tokenizer = AutoTokenizer.from_pretrained(folder)
    prompts = TokenizedPrompts(template, LABELS, tokenizer, for_encoder=False, max_length=400, closing=form.instruction)
    texts = dataset.items.texts.head(4).to_dicts()
    answers = [target_text(form, np.array([0.15, 0.6, 0.25])) for _ in texts]
    ends = tokenizer(answers, add_special_tokens=False)["input_ids"]
    rows = [[*ids.tolist(), *end, 2] for ids, end in zip(prompts.encode(texts).input_ids, ends, strict=True)]
    longest, behind = max(map(len, rows)), max(map(len, ends)) + 1
    ids = torch.tensor([[0] * (longest - len(row)) + row for row in rows])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in rows])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = AutoModelForCausalLM.from_pretrained(folder)
        for parameter in model.parameters():
            if parameter.ndim > 1:
                parameter.data.mul_(0.3)
        optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
        for _ in range(steps):
            logits = model(input_ids=ids, attention_mask=mask).logits[:, -behind - 1 : -1]
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, -behind:].flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if loss.item() < 0.01:
                break
        model.eval().save_pretrained(folder)
    assert loss.item() < 0.1, loss.item()
    return folder
