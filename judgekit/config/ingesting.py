"""The settings of `judgekit ingest`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast, get_args

from judgekit.config.reading import ReadingSettings
from judgekit.config.roles import Layout, Roles
from judgekit.config.settings import setting

_OTHER_COLUMNS, _ANNOTATIONS = "Columns of certain tables", "Annotations and items"


@dataclass(frozen=True, kw_only=True)
class IngestSettings(ReadingSettings):
    """Settings of `judgekit ingest`: what the columns mean, where the guess is wrong.

    Examples:
        >>> ingest("votes.csv", settings=IngestSettings(labels="bad, fair, good"), name="scale").items.scale
        'ordinal'
    """

    item: str | None = setting(None, "Column that identifies the item.", metavar="COLUMN")
    annotator: str | None = setting(None, "Column that names the annotator (layout long).", metavar="COLUMN")
    label: tuple[str, ...] = setting(
        (), "Column that holds the label; repeat it to make a dataset of each column.", metavar="COLUMN"
    )
    text: tuple[str, ...] = setting((), "Column whose text the judge reads; repeat it for several.", metavar="COLUMN")
    counts: tuple[str, ...] = setting(
        (),
        "Column that counts one label (layout counts) or holds its share (layout probabilities); repeat it for each "
        "label.",
        metavar="COLUMN",
        panel=_OTHER_COLUMNS,
    )
    number: str | None = setting(
        None,
        "Column with the number of annotators of each row, or that number itself (layout probabilities).",
        metavar="COLUMN",
        panel=_OTHER_COLUMNS,
    )
    separator: str | None = setting(None, "What separates the labels in one cell (layout list).", panel=_OTHER_COLUMNS)
    annotator_columns: tuple[str, ...] = setting(
        (), "Column of one annotator (layout wide); repeat it for each.", metavar="COLUMN", panel=_OTHER_COLUMNS
    )
    group: str | None = setting(
        None, "Column whose equal values stay on one side of the split.", metavar="COLUMN", panel=_OTHER_COLUMNS
    )
    split: str | None = setting(
        None, "Column that says which part of the split an item belongs to.", metavar="COLUMN", panel=_OTHER_COLUMNS
    )
    layout: str | None = setting(
        None,
        "Read the table as this layout, whatever it looks like.",
        metavar="long|wide|counts|list|probabilities|respondents",
    )
    item_texts: str | None = setting(
        None,
        "Table with the columns item and text: the texts of items that a table of respondents names by codes.",
        metavar="FILE",
        panel=_OTHER_COLUMNS,
    )
    labels: str | None = setting(
        None, "All labels in their order, separated by commas; makes the scale ordinal.", metavar="LABEL,LABEL"
    )
    label_map: tuple[str, ...] = setting(
        (), "Read one label as another, as in Hate=hateful; repeat it for each.", metavar="OLD=NEW"
    )
    drop_label: tuple[str, ...] = setting(
        (),
        "Set annotations with this label aside, as skip or unclear; repeat it for each.",
        metavar="LABEL",
        panel=_ANNOTATIONS,
    )
    merge_spellings: bool = setting(
        False,
        "Read labels that differ only by case, spaces, dashes, apostrophes, full stops or leading zeros as one, in the "
        "spelling that is most frequent.",
        panel=_ANNOTATIONS,
    )
    keep_annotator_ids: bool = setting(
        False, "Keep annotator ids as they are in the file instead of pseudonyms.", panel=_ANNOTATIONS
    )
    near_duplicates: bool = setting(
        True, "Keep items with nearly the same text on one side of a split.", panel=_ANNOTATIONS
    )
    template: str | None = setting(
        None,
        "Start from this built-in template (default: by the columns).",
        metavar="single|pair|pairwise|rating|fields",
    )

    def cross_problems(self) -> list[str]:
        """The layout is one of six; every `--label-map` names two labels."""
        problems: list[str] = []
        if self.layout not in (None, "respondents", *get_args(Layout)):
            known = ", ".join(get_args(Layout))
            problems.append(f"--layout is {self.layout!r}; expected {known} or respondents")
        if self.item_texts and not self.is_of_respondents:
            problems.append("--item-texts is for --layout respondents")
        wrong = [pair for pair in self.label_map if not all(pair.partition("=")[::2])]
        problems += [f"--label-map is {pair!r}; expected OLD=NEW" for pair in wrong]
        return problems

    @property
    def is_of_respondents(self) -> bool:
        """Whether a row of the table is a respondent."""
        return self.layout == "respondents"

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
            layout=None if self.is_of_respondents else cast("Layout | None", self.layout),
            labels=tuple(label.strip() for label in (self.labels or "").split(",") if label.strip()),
            annotator_columns=self.annotator_columns,
        )
