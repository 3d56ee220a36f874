"""The settings of `judgekit score` and `judgekit evaluate`: how a judge is loaded, asked and measured."""

from __future__ import annotations

from dataclasses import dataclass

from judgekit.config.asking import ChatSettings, EndpointSettings
from judgekit.config.choices import Dtype, Engine, OnTooLong, Part, Rationale
from judgekit.config.reading import ReadingSettings
from judgekit.config.requirements import requirement_problem
from judgekit.config.settings import Settings, names_address, setting
from judgekit.errors import SettingsError


@dataclass(frozen=True, kw_only=True)
class LoadSettings(Settings):
    """How a judge is loaded.

    Examples:
        >>> Judge.load("comments", settings=LoadSettings(device="cpu", dtype="float32")).name
        'comments'
    """

    backbone: str | None = setting(None, "Where the judge's backbone is now, if it was moved.", metavar="FOLDER")
    trust_remote_code: bool = setting(False, "Run code that comes with the model.", runs_code=True)
    dtype: Dtype = setting("auto", "Compute in this number format; auto is bfloat16 where the hardware has it.")
    device: str = setting("auto", "Compute on auto, cpu, cuda, cuda:1, mps …", metavar="DEVICE")
    engine: Engine = setting(
        "auto",
        "Let torch or OpenVINO compute an encoder on a CPU; auto takes OpenVINO for 20,000 items or more where it is "
        "installed. For score alone: ray, workers on one machine or many.",
    )


@dataclass(frozen=True, kw_only=True)
class AskSettings(ReadingSettings):
    """How items are read from a table and shown to a judge."""

    batch_size: int = setting(128, "Items per forward pass.", ge=1)
    both_orders: bool = setting(False, "Show a pairwise comparison in both orders and average the predictions.")
    on_too_long: OnTooLong = setting(
        "cut", "Cut the middle of the longest text of an item that is too long, drop the item, or stop."
    )


@dataclass(frozen=True, kw_only=True)
class PredictSettings(AskSettings):
    """How a judge is asked, and what is said of each item.

    Examples:
        >>> len(judge.predict([{"text": "cold tea"}], settings=PredictSettings(batch_size=8)))
        1
    """

    sets: float | None = setting(
        None, "Add the smallest set of labels that holds a new person's label with this probability.", ge=0.01, le=0.99
    )
    review: float | None = setting(
        None, "Mark the items that are as doubtful as this share of the held-out ones.", ge=0.01, le=0.99
    )

    def cross_problems(self) -> list[str]:
        """Shares that are no whole percentage."""
        shares = {"sets": self.sets, "review": self.review}
        return [
            *super().cross_problems(),
            *(f"{name} is {one}; expected a whole percentage, such as 0.9" for name, one in shares.items()
              if one is not None and abs(one) <= 1 and abs(100 * one - round(100 * one)) > 1e-6),
        ]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ColumnSettings(Settings):
    """Which columns of a table hold the judge's fields."""

    column: tuple[str, ...] = setting(
        (), "Read one of the judge's fields from a column of another name.", metavar="FIELD=COLUMN"
    )

    def cross_problems(self) -> list[str]:
        """Columns that are not written as a field and its column."""
        wrong = [pair for pair in self.column if not all(pair.partition("=")[::2])]
        return [*super().cross_problems(), *(f"--column is {pair}; expected FIELD=COLUMN" for pair in wrong)]

    def column_of_field(self, fields: tuple[str, ...]) -> dict[str, str]:
        """The column that each field is read from, where it has another name.

        Raises:
            SettingsError: the judge reads no such field.
        """
        found = {field: column for field, _, column in (pair.partition("=") for pair in self.column)}
        if unknown := [field for field in found if field not in fields]:
            raise SettingsError(
                f"--column: the judge reads no field {', '.join(map(repr, unknown))}.",
                hint=f"Its fields are {', '.join(fields)}: --column {fields[0]}=COLUMN",
            )
        return found


@dataclass(frozen=True, kw_only=True)
class ScoreFileSettings(ColumnSettings, PredictSettings):
    """How the items of a file are read, shown to a judge and written.

    Examples:
        >>> settings = ScoreFileSettings(only_scores=True)
        >>> judge.predict_file("new.csv", settings=settings, output="labelled.csv").columns[:2]
        ('item_id', 'prob_bad')
    """

    only_scores: bool = setting(False, "Leave out the columns of the input, but for the one that names the items.")
    rationale: tuple[Rationale, ...] = setting(
        (),
        "Of a judge that reasons: add its reasons for the most probable label (majority), the runner-up (minority); "
        "one or two of these words.",
    )


@dataclass(frozen=True, kw_only=True)
class ScoreSettings(ScoreFileSettings, LoadSettings, ChatSettings):
    """Settings of `judgekit score`.

    Examples:
        >>> score("new.csv", settings=ScoreSettings(device="cpu", delimiter=",")).output.name
        'new.scores.csv'
    """

    workers: int | None = setting(
        None, "With --engine ray: how many, each with a model of its own (default: one for every 4 CPUs).", ge=1
    )

    def cross_problems(self) -> list[str]:
        """Workers without what they work for."""
        without = self.workers is not None and self.engine != "ray"
        return [*super().cross_problems(), *(["--workers needs --engine ray"] if without else [])]


@dataclass(frozen=True, kw_only=True)
class MeasureSettings(AskSettings, EndpointSettings):
    """How a judge is compared with human annotations.

    Examples:
        >>> judge.evaluate("held_out.csv", settings=MeasureSettings(confidence=0.9)).confidence
        0.9
    """

    part: Part = setting(
        "auto",
        "Evaluate on this part of the judge's own dataset where no file is given; folds: on all items, each predicted "
        "by a judge that has not seen it; auto: on the test part, or without one on the folds.",
    )
    confidence: float = setting(0.95, "Level of the bootstrap intervals.", gt=0, lt=1)
    resamples: int = setting(1000, "Resamples of the items by the bootstrap.", ge=10)
    seed: int = setting(0, "Seed of the bootstrap.", ge=0)
    by: str | None = setting(
        None, "Show the figures by this column of the table, numbers in four bins.", metavar="COLUMN"
    )
    against: str | None = setting(
        None,
        "Compare on the same items with another judge, a table of predictions, or a model at a System One endpoint.",
        metavar="JUDGE|FILE|systemone:URL",
        reaches_out=names_address,
    )
    names: str | None = setting(
        None, "Show annotators by their names, which this file has, instead of pseudonyms.", metavar="FILE"
    )
    advantage: float = setting(
        0.15,
        "Alt-test: how far ahead of the judge a person must be to be worth the effort (a lay person 0.1, an expert "
        "0.2).",
        ge=0,
        le=1,
    )
    require: tuple[str, ...] = setting(
        (),
        "Fail unless the judge is better than the class prior (beats-prior), or a figure is within a limit (kl<=0.35).",
        metavar="CONDITION",
        panel="Requirements, with exit code 3 where one is not met",
    )

    def cross_problems(self) -> list[str]:
        """Requirements that cannot be read."""
        return [*super().cross_problems(), *filter(None, map(requirement_problem, self.require))]


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings(MeasureSettings, LoadSettings, ChatSettings):
    """Settings of `judgekit evaluate`.

    Examples:
        >>> evaluate(settings=EvaluateSettings(device="cpu", part="validation")).source
        'validation part of votes'
    """
