"""Why a judge that writes says what it says: its reasons for the likeliest label and for the runner-up, as columns.

Of a judge that reasons to a verdict they come from the judgments that were drawn for the distribution, where one has
that verdict; else the judge is asked for the reasons of that label. They explain the distribution and not one draw of
it. A judge that thinks before it writes probabilities has one text about all labels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from judgekit.config import PredictSettings, ScoreFileSettings
from judgekit.config.choices import Rationale
from judgekit.errors import SettingsError
from judgekit.judge.loading import LoadedJudge, Predictions
from judgekit.judge.manifest import JudgeManifest
from judgekit.models.reader import ArguingReader
from judgekit.prompts.verbalized import thoughts_in
from judgekit.prompts.verdict import arguing, reasons_in
from judgekit.training.too_long import encode_fitting
from judgekit.wording import visible

RUNNER_UP = "runner_up"
MOST_CHARACTERS = 32_000
"""Of a text in the table: a cell of a spreadsheet holds little more."""
_RANKS: dict[Rationale, int] = {"majority": 0, "minority": 1}


def check_rationale(name: str, manifest: JudgeManifest, settings: PredictSettings) -> None:
    """Refuse to ask a judge for reasons that writes none.

    Args:
        name: of the judge.
        manifest: of the judge.
        settings: may ask for reasons.

    Raises:
        SettingsError: it writes none.
    """
    answer = manifest.answer
    if not _asked(settings) or (answer is not None and answer.rationale):
        return
    how = "is read at its labels" if answer is None else "writes probabilities and no thoughts before them"
    raise SettingsError(
        f"--rationale asks for reasons, and the judge {name!r} {how}.",
        hint="Omit it, or train a judge that reasons: judgekit train with --method rise, or with --method verbalized "
        "--rationale.",
    )


def rationales(
    judge: LoadedJudge,
    manifest: JudgeManifest,
    items: Sequence[Mapping[str, str]],
    names: Sequence[str],
    predictions: Predictions,
    settings: PredictSettings,
) -> pl.DataFrame | None:
    """The columns with reasons, `[N]` rows, an empty cell where the judge gave none; None where none are asked for.

    Args:
        judge: which `check_rationale` has allowed to ask.
        manifest: of the judge.
        items: column name -> text of each item that was asked about.
        names: of these items, for messages.
        predictions: what the judge says of those of them that are not dropped.
        settings: which may ask for reasons.
    """
    asked = _asked(settings)
    if not asked:
        return None
    texts = predictions.texts or ((),) * len(predictions.rows)  # a judge without a weight was not asked yet
    if not isinstance(judge.reader, ArguingReader):
        return pl.DataFrame(
            {"rationale": [_cell(thoughts_in(of[0])) if of else None for of in texts]}, schema={"rationale": pl.String}
        )
    order = np.argsort(-predictions.q, axis=1, kind="stable")
    rows: list[int] = predictions.rows.tolist()
    items, names = [items[row] for row in rows], [names[row] for row in rows]
    columns: list[pl.Series] = []
    for which, rank in _RANKS.items():
        if which not in asked:
            continue
        places: list[int] = order[:, rank].tolist()
        if which == "minority":
            columns.append(pl.Series(RUNNER_UP, [manifest.labels[place] for place in places], dtype=pl.String))
        found = _of_verdicts(judge, judge.reader, manifest, items, names, texts, places)
        columns.append(pl.Series(f"rationale_{which}", found, dtype=pl.String))
    return pl.DataFrame(columns)


def _asked(settings: PredictSettings) -> tuple[Rationale, ...]:
    return settings.rationale if isinstance(settings, ScoreFileSettings) else ()


def _of_verdicts(
    judge: LoadedJudge,
    reader: ArguingReader,
    manifest: JudgeManifest,
    items: Sequence[Mapping[str, str]],
    names: Sequence[str],
    texts: Sequence[Sequence[str]],
    places: Sequence[int],
) -> list[str | None]:
    """Reasons for one label of each item: of the first judgment that came to it, else of one that is asked for it."""
    found = [
        next((text for text in of_item if reader.parse(text) == place), None)
        for of_item, place in zip(texts, places, strict=True)
    ]
    assert manifest.answer is not None
    for place in sorted({place for place, text in zip(places, found, strict=True) if text is None}):
        rows = [row for row, text in enumerate(found) if text is None and places[row] == place]
        prompts = judge.prompts.closing_with(arguing(manifest.answer, place))
        encoded = encode_fitting(prompts, [items[row] for row in rows], [names[row] for row in rows], "cut").encoded
        for row, text in zip(rows, reader.argue(encoded.input_ids, place), strict=True):
            found[row] = text
    return [None if text is None else _cell(reasons_in(text)) for text in found]


def _cell(text: str) -> str:
    """A text of a model as a cell: nothing in it that cannot be seen, and no more than a cell holds."""
    plain = visible(text, lambda _: " ")
    return plain if len(plain) <= MOST_CHARACTERS else plain[:MOST_CHARACTERS] + " …"
