"""A trained judge: the object that scoring, evaluation and export are built on."""

from __future__ import annotations

import os
from contextlib import nullcontext
from dataclasses import replace
from functools import cached_property, partial
from os import PathLike
from pathlib import Path
from typing import Self, Unpack

from judgekit.config import LoadSettings, PredictSettings, ScoreFileSettings
from judgekit.config.choices import Engine
from judgekit.config.keywords import LoadKeywords, PredictKeywords, ScoreFileKeywords
from judgekit.errors import BackboneError, WorkspaceError
from judgekit.judge.asked_endpoint import ChatModel, asked_judge
from judgekit.judge.engines import choose_engine
from judgekit.judge.finding import copy_judge, find_judge
from judgekit.judge.label_sets import require_label_sets
from judgekit.judge.loading import LoadedJudge, judge_backbone, load
from judgekit.judge.manifest import JUDGES, JudgeManifest
from judgekit.judge.orders import predict_both_orders
from judgekit.judge.rationales import check_rationale, rationales
from judgekit.judge.score_file import Window, score_file
from judgekit.judge.score_rows import score_rows
from judgekit.judge.score_table import check_output, output_beside
from judgekit.judge.scored_file import ScoredFile
from judgekit.judge.scores import Scores
from judgekit.models.backbones import Backbone
from judgekit.models.devices import choose_device, choose_dtype
from judgekit.prompts.mirror import Mirror, require_mirror
from judgekit.tables.frames import TableData
from judgekit.training.reporter import SILENT, Reporter
from judgekit.training.result import TrainResult
from judgekit.workspace.manifest import Document
from judgekit.workspace.store import Entry, Workspace
from judgekit.workspace.versions import OneVersion


class TrainedJudge:
    """A trained judge: it predicts how the labels of people would be distributed over items it has not seen.

    Users hold a `trust.judge.Judge`, which also says how far to believe it. The weights are loaded at the first
    prediction and stay in memory.

    Args:
        entry: the judge's folder and manifest.
        workspace: where its dataset is; None for a judge in a folder of its own.
        settings: how it is loaded.
        offline: never ask the hub for its backbone.
        training: how it was trained, if that has just been done.
    """

    def __init__(
        self,
        entry: Entry[JudgeManifest],
        *,
        workspace: Workspace | None = None,
        settings: LoadSettings | None = None,
        offline: bool = False,
        training: TrainResult | None = None,
    ) -> None:
        self.entry = entry
        self.training = training
        """How it was trained; None for a judge that was loaded."""
        self._workspace = workspace
        self._settings = settings or LoadSettings()
        self._offline = offline
        self._engine: Engine | None = None
        self.chat: ChatModel | None = None
        """What it asks, if that is behind an endpoint: no file says so, and each command must."""

    @classmethod
    def load(
        cls,
        judge: str | PathLike[str] | None = None,
        *,
        workspace: str | Path | None = None,
        offline: bool = False,
        settings: LoadSettings | None = None,
        **keywords: Unpack[LoadKeywords],
    ) -> Self:
        """Open a trained judge; its weights wait for the first prediction.

        Args:
            judge: its name in the workspace, or the folder of a judge; None takes the newest of the workspace.
            workspace: the workspace's folder; None finds one.
            offline: never ask the hub.
            settings: how it is loaded.
            keywords: fields of `LoadSettings`; they win over `settings`.

        Raises:
            WorkspaceError: there is no such judge, or it is damaged.

        Examples:
            >>> judge = Judge.load("comments", device="cpu")
            >>> judge.labels
            ('bad', 'fair', 'good')
        """
        entry, place = find_judge(judge, None if workspace is None else Path(workspace))
        return cls(entry, workspace=place, settings=LoadSettings.chosen(settings, keywords), offline=offline)

    def beside(self, judge: str, workspace: Path | None) -> TrainedJudge:
        """Another judge, loaded as this one is, but for the place of its backbone.

        Args:
            judge: its name, or its folder.
            workspace: the workspace's folder; None finds one.

        Raises:
            WorkspaceError: there is no such judge, or it is damaged.
        """
        entry, place = find_judge(judge, workspace)
        how = replace(self._settings, backbone=None)
        return TrainedJudge(entry, workspace=place, settings=how, offline=self._offline)

    @property
    def name(self) -> str:
        """Its name in the workspace, or that of its folder."""
        return self.entry.name

    @property
    def is_offline(self) -> bool:
        """Whether the network may not be used for it."""
        return self._offline

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self.entry.path

    @property
    def manifest(self) -> JudgeManifest:
        """What it says of itself: dataset, backbone, settings, figures of its training."""
        return self.entry.manifest

    @property
    def labels(self) -> tuple[str, ...]:
        """The K labels in their one order."""
        return self.manifest.labels

    @property
    def fields(self) -> tuple[str, ...]:
        """The columns that it reads of an item."""
        return self.manifest.fields

    @cached_property
    def backbone(self) -> Backbone:
        """What it was trained on, located and not loaded.

        Raises:
            BackboneError: it is not there, or brings code that the user does not ask for.
        """
        return judge_backbone(self.entry, self._settings, offline=self._offline)

    @cached_property
    def loaded(self) -> LoadedJudge:
        """The judge in memory.

        Raises:
            BackboneError: the backbone is not there, or its weights are not the ones the judge was trained on.
            WorkspaceError: the judge is damaged, too old, or was replaced since it was opened.
        """
        if self.chat is not None:
            return asked_judge(self.entry, self.chat)
        with OneVersion(self.entry, JUDGES.word):
            try:
                return load(self.entry, self.backbone, self._settings, engine=self.engine)
            except BackboneError:
                if self._settings.engine != "auto" or self.engine == "torch":
                    raise
                self._engine = "torch"  # OpenVINO does not compute every family
                return load(self.entry, self.backbone, self._settings)

    def predict(
        self,
        data: TableData,
        *,
        reporter: Reporter = SILENT,
        settings: PredictSettings | None = None,
        **keywords: Unpack[PredictKeywords],
    ) -> Scores:
        """Predict the distribution of human labels for items in memory.

        Args:
            data: a list of dicts, a polars or pandas frame, a dict of lists, or one dict; it has the columns `fields`.
            reporter: gets notes and progress.
            settings: how the items are read and shown.
            keywords: fields of `PredictSettings`; they win over `settings`.

        Returns:
            One score for every row, in order; `Scores.rows` says which rows are left out for having no text, or for
            being too long and dropped.

        Raises:
            DataError: a column is missing, or too many rows have no text.
            BackboneError: the judge's backbone is missing or has changed.
            LabelError: both orders are asked for and the judge compares no two sides.

        Examples:
            >>> scores = judge.predict([{"text": "clean room, kind host"}, {"text": "cold soup"}])
            >>> len(scores), scores.probabilities.shape
            (2, (2, 3))
            >>> scores[0].label in judge.labels
            True
            >>> scores.to_polars().columns
            ['row', 'prob_bad', 'prob_fair', 'prob_good', 'label', 'entropy', 'expected_score', 'truncated']
        """
        chosen = PredictSettings.chosen(settings, keywords)
        self._checked(chosen)
        return score_rows(self, data, chosen, reporter)

    def predict_file(
        self,
        path: str | PathLike[str],
        *,
        output: str | PathLike[str] | None = None,
        force: bool = False,
        fresh: bool = False,
        threshold: float | None = None,
        ray_workers: int | None = None,
        reporter: Reporter = SILENT,
        settings: ScoreFileSettings | None = None,
        **keywords: Unpack[ScoreFileKeywords],
    ) -> ScoredFile:
        """Predict the distribution of human labels for every item of a file of any size, and write them as a table.

        The columns of the file stand in front of the scores. A CSV, JSONL or Parquet file never is in memory as a
        whole; the scores of thousands of items are kept beside the output as they come, and a call that was killed is
        gone on with by the next one like it.

        Args:
            path: a table in a file; rows that repeat an item, as a long table does for each annotator, count once.
            output: where to write, as CSV, TSV, JSONL, Parquet or Excel by its ending, `-` for CSV on the standard
                output; None writes `new.scores.csv` beside `new.csv`.
            force: replace the output if it is there.
            fresh: begin anew, whatever a call that was killed has left.
            threshold: of a gate, which adds the column `decision`.
            ray_workers: score on Ray with so many workers, 0 for as many as suit the cluster; None: in this process.
            reporter: gets notes and progress.
            settings: how the file is read and its items are shown.
            keywords: fields of `ScoreFileSettings`; they win over `settings`.

        Raises:
            DataError: the file cannot be read, a column is missing, or the output is there already; nothing is written.
            BackboneError: the judge's backbone is missing or has changed.
            LabelError: both orders are asked for and the judge compares no two sides.

        Examples:
            >>> judge.predict_file("new.csv", output="labelled.csv").output.name
            'labelled.csv'
        """
        read, chosen = Path(path), ScoreFileSettings.chosen(settings, keywords)
        place = output_beside(read) if output is None else Path(output)
        check_output(place, read=read, force=force)
        self._checked(chosen)
        elsewhere = None
        if ray_workers is not None:
            from judgekit.judge.ray_workers import ray_answers

            elsewhere = partial(
                ray_answers, self.entry, self._settings, chosen, offline=self._offline, threshold=threshold,
                workers=ray_workers,
            )  # fmt: skip
        return score_file(
            self, read, place, chosen, fresh=fresh, force=force, threshold=threshold, reporter=reporter,
            elsewhere=elsewhere,
        )  # fmt: skip

    def save(self, folder: str | PathLike[str], *, force: bool = False) -> Path:
        """Copy the judge into a folder of its own, whole or not at all; `Judge.load` opens it there.

        Args:
            folder: where to; folders above it are made.
            force: replace a judge that is there.

        Returns:
            The folder.

        Raises:
            WorkspaceError: something else than a judge is there, or a judge and `force` is false, or there are files
                in it that judgekit did not write.

        Examples:
            >>> Judge.load(judge.save("shipped/comments")).labels
            ('bad', 'fair', 'good')
        """
        target = Path(folder).expanduser()
        copy_judge(self.entry, target, force=force)
        return target

    def keep(self, file: str, content: Document) -> str:
        """Write a file into the judge's folder, where the judge is still there; say why not in a sentence, or nothing.

        Args:
            file: its name.
            content: what is in it.
        """
        if not os.access(self.folder, os.W_OK):
            return f"{self.folder} cannot be written to"
        try:
            with self._workspace.commit_lock() if self._workspace else nullcontext():
                if not self.entry.is_current:
                    return f"the judge {self.name!r} was replaced meanwhile"
                content.write(self.folder / file)
        except (OSError, WorkspaceError) as error:
            return str(error).splitlines()[0].rstrip(".")
        return ""

    def __repr__(self) -> str:
        return f"Judge({self.name!r}, labels={self.labels!r}, fields={self.fields!r})"

    @property
    def computes_on(self) -> str:
        """Device, number format and engine, in words."""
        device = choose_device(self._settings.device)
        return f"{device}, {choose_dtype(self._settings.dtype, device)}, {self.engine}"

    @property
    def engine(self) -> Engine:
        """What computes its forward passes: torch or openvino.

        Raises:
            SettingsError: the one that is asked for does not compute such a judge.
        """
        if self._engine is None:
            self._engine = choose_engine(self._settings, self.manifest, items=0)
        return self._engine

    def expect(self, items: int, *, is_asked: bool = True) -> None:
        """Choose the engine for so many items, where it is not chosen yet.

        Args:
            items: how many.
            is_asked: whether they are read in this process.

        Raises:
            SettingsError: the one that is asked for does not compute such a judge.
            BackboneError: it cannot.
        """
        if self._engine is None:
            self._engine = choose_engine(self._settings, self.manifest, items=items)
        if self._engine != "torch" and is_asked:
            _ = self.loaded  # whether it can compute the judge decides on every byte that is written

    def ask(self, window: Window, settings: PredictSettings, reporter: Reporter) -> Scores:
        """What the judge says of some items, calibrated; `rows` counts within them."""
        mirror = self._checked(settings)
        items, names, gap = window.texts.to_dicts(), window.names, None
        if mirror is None:
            predictions = self.loaded.predict(items, names, settings, reporter)
        else:
            _, predictions, gap = predict_both_orders(self.loaded, mirror, items, names, settings, reporter)
        sets, review, q = None, None, predictions.q
        if settings.sets is not None:
            kept = require_label_sets(self.entry, option="--sets")
            sets = round(100 * settings.sets), kept.sets(q, settings.sets)
        if settings.review is not None:
            review = require_label_sets(self.entry, option="--review").for_review(q, settings.review)
        return Scores(
            judge=self.name,
            labels=self.labels,
            values=self.manifest.values,
            sets=sets,
            review=review,
            ids=window.front[predictions.rows],
            rows=predictions.rows,
            probabilities=predictions.q,
            is_truncated=predictions.is_truncated,
            label_mass=predictions.label_mass,
            order_gap=gap,
            is_parsed=predictions.is_parsed,
            reasons=rationales(self.loaded, self.manifest, items, names, predictions, settings),
        )

    def _checked(self, settings: PredictSettings) -> Mirror | None:
        """The other order where it is asked for, once it is clear that such a judge can be asked all of this."""
        check_rationale(self.name, self.manifest, settings)
        return require_mirror(self.fields, self.labels, option="--both-orders") if settings.both_orders else None
