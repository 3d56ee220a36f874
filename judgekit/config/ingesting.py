"""The settings of `judgekit ingest`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from judgekit.config.reading import ReadingSettings
from judgekit.config.roles import Layout, Roles
from judgekit.config.settings import setting


@dataclass(frozen=True, kw_only=True)
class IngestSettings(ReadingSettings):
    """Settings of `judgekit ingest`: what the columns mean, where the guess is wrong."""

    item: str | None = setting(None, "Column that identifies the item.")
    annotator: str | None = setting(None, "Column that names the annotator (long layout).")
    label: tuple[str, ...] = setting((), "Column that holds the label; repeat to make a dataset of each column.")
    text: tuple[str, ...] = setting((), "Column whose text the judge reads; repeat for several.")
    counts: tuple[str, ...] = setting(
        (), "Column that counts one label (counts layout), or holds its share (probabilities); repeat for each label."
    )
    number: str | None = setting(
        None, "Column with the number of annotators of each row, or that number itself (probabilities layout)."
    )
    separator: str | None = setting(None, "What separates the labels that stand in one cell (list layout).")
    annotator_columns: tuple[str, ...] = setting((), "Column of one annotator (wide layout); repeat for each.")
    group: str | None = setting(None, "Column whose equal values must stay on one side of the split.")
    split: str | None = setting(None, "Column that says which part of a given split an item belongs to.")
    layout: str | None = setting(None, "long, wide, counts, list or probabilities, to insist.")
    labels: str | None = setting(None, "The labels in their order, separated by commas; makes the scale ordinal.")
    label_map: tuple[str, ...] = setting(
        (), "Read one label as another, as in Hate=hateful; repeat for each.", panel="Labels and annotators"
    )
    drop_label: tuple[str, ...] = setting(
        (), "Label that is no judgment, as skip; such annotations are set aside.", panel="Labels and annotators"
    )
    keep_annotator_ids: bool = setting(
        False, "Keep annotator ids as they stand in the file, instead of pseudonyms.", panel="Labels and annotators"
    )
    near_duplicates: bool = setting(
        True, "Keep items with nearly the same text on one side of a split.", panel="Labels and annotators"
    )
    template: str | None = setting(None, "Built-in template to start from (single, pair, pairwise, rating, fields).")

    def cross_problems(self) -> list[str]:
        """The layout is one of five; every `--label-map` names two labels."""
        problems: list[str] = []
        if self.layout not in (None, "long", "wide", "counts", "list", "probabilities"):
            problems.append(f"--layout is {self.layout!r}; expected long, wide, counts, list or probabilities")
        wrong = [pair for pair in self.label_map if not all(pair.partition("=")[::2])]
        problems += [f"--label-map is {pair!r}; expected OLD=NEW" for pair in wrong]
        return problems

    def roles(self) -> Roles:
        """What the settings say about columns and labels."""
        return Roles(
            item=self.item,
            annotator=self.annotator,
            label=self.label,
            text=self.text,
            counts=self.counts,
            number=self.number,
            separator=self.separator,
            split=self.split,
            label_map=tuple((old, new) for old, _, new in (pair.partition("=") for pair in self.label_map)),
            drop_labels=self.drop_label,
            group=self.group,
            layout=cast("Layout | None", self.layout),
            labels=tuple(label.strip() for label in (self.labels or "").split(",") if label.strip()),
            annotator_columns=self.annotator_columns,
        )
