"""Where a causal LM's labels are read: of the ways that work, the one that the untrained model itself would take."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence

import torch

from judgekit.errors import LabelError, TemplateError
from judgekit.models.causal import CausalJudge
from judgekit.models.loading import Backbone, load_backbone
from judgekit.prompts.verbalizer import Verbalizer, percent
from judgekit.training.batches import EncodedItems, TokenizedPrompts
from judgekit.training.predict import predict
from judgekit.training.too_long import encode_fitting

# Sequences take a pass per label and codes change the prompt: by so much they must be likelier than a simpler reading.
CLEARLY_LIKELIER = 2.0
_NAMES = {"tokens": "as words of one token", "codes": "as codes", "sequences": "as whole sequences"}


def choose_reading(
    readings: Sequence[Verbalizer],
    prompts_for: Callable[[Verbalizer], TokenizedPrompts],
    items: Sequence[Mapping[str, str]],
    backbone: Backbone,
    *,
    device: torch.device,
    dtype: torch.dtype,
    load_in_4bit: bool = False,
) -> Verbalizer:
    """The reading with the most label mass on a few items, before training; loads weights where there is a choice.

    Args:
        readings: at least one, the simplest first: one is taken before a later one that is not clearly likelier.
        prompts_for: the prompts that belong to a reading.
        items: column name -> text of each.
        backbone: a causal LM.
        device: where to read it.
        dtype: number format of the matrix products.
        load_in_4bit: as at `new_judge`.

    Raises:
        LabelError: every reading needs tokens that the backbone has no embedding for.
        BackboneError: the backbone cannot be loaded, or an item needs such a token.
    """
    most = prompts_for(readings[0]).embeddings
    usable = [one for one in readings if most is None or max(max(word) for of in one.words for word in of) < most]
    if not usable:
        raise LabelError(
            f"The labels are tokens that the backbone, with {most:,} embeddings, does not know.",
            hint="Save it with embeddings for all of its tokens: model.resize_token_embeddings(len(tokenizer)).",
        )
    names = [str(place) for place in range(1, len(items) + 1)]
    fitting: list[tuple[Verbalizer, EncodedItems]] = []
    for reading in usable if len(usable) > 1 else []:
        try:
            fitting.append((reading, encode_fitting(prompts_for(reading), items, names, "cut").encoded))
        except TemplateError:  # codes make a prompt longer, and one that is too long is no choice
            continue
    if len(fitting) < 2:
        return fitting[0][0] if fitting else usable[0]  # a prompt that does not fit is refused where items are read
    model = load_backbone(backbone, device, dtype, load_in_4bit=load_in_4bit)
    masses: list[float] = []
    for reading, encoded in fitting:
        judge = CausalJudge(model, reading.words, dtype=dtype)
        judge.set_training(False)
        mass = predict(judge, encoded).mean_label_mass
        assert mass is not None
        masses.append(float(f"{mass:.6g}"))
    del model, judge
    gc.collect()
    best = 0
    for place, mass in enumerate(masses):
        best = place if mass > CLEARLY_LIKELIER * masses[best] else best
    chosen = fitting[best][0]._replace(mass=masses[best])
    if best == 0:
        return chosen
    first = fitting[0][0]
    spacing = " with the other spacing" if first.scoring == chosen.scoring else ""
    why = f"{_NAMES[first.scoring]}{spacing} they have {percent(masses[0])} of the probability before training"
    return chosen._replace(reason=why)
