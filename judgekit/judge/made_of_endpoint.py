"""A chat model behind an endpoint made a judge of a dataset: asked about annotated items, weighed, and kept.

It is made anew only where the dataset, the model or its address have changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import numpy as np
import torch

from judgekit.config import EvaluateSettings, ScoreSettings, TrainSettings
from judgekit.dataset.manifest import DATASETS
from judgekit.dataset.opening import Dataset, open_dataset, open_workspace
from judgekit.judge.asked_endpoint import AnswersReader, ChatModel, WholePrompts
from judgekit.judge.asked_model import name_of_asked
from judgekit.judge.describing import describe_machine
from judgekit.judge.judge_files import hash_files
from judgekit.judge.kept_items import keep_items
from judgekit.judge.manifest import (
    JUDGES,
    LOG_FILE,
    TEMPLATE_FILE,
    JudgeManifest,
    PartSizes,
    ResolvedSettings,
    TrainedOn,
    TrainingMetrics,
)
from judgekit.models.identity import BackboneIdentity
from judgekit.prompts.answers import AnswerForm
from judgekit.prompts.verbalized import verbalized_form
from judgekit.training.notes import FEW_PARSED
from judgekit.training.predict import predict
from judgekit.training.reading_answers import some_items, weigh_predicted
from judgekit.training.reporter import Reporter
from judgekit.training.training_data import TrainingData, split_parts, training_data
from judgekit.training.weighing import Trained
from judgekit.workspace.atomic import write_text
from judgekit.workspace.layout import ANSWERS
from judgekit.workspace.manifest import now
from judgekit.workspace.store import Workspace

TOKENS_OF_ANSWER, TOKENS_PER_LABEL = 256, 64
"""An answer may begin with a sentence that nobody asked for, and its tags take some tokens each."""


def judge_of_endpoint(
    workspace: str | Path | None,
    address: str,
    dataset: str | None,
    settings: ScoreSettings | EvaluateSettings,
    *,
    offline: bool,
    reporter: Reporter,
) -> tuple[str, ChatModel]:
    """The name of the judge that asks a model at an endpoint for the labels of a dataset, and that model.

    Args:
        workspace: its folder; None finds one.
        address: of the endpoint.
        dataset: its name; None takes the newest.
        settings: how the endpoint is asked.
        offline: whether only this machine may be asked.
        reporter: is told how many calls there will be before the first, and of progress.

    Raises:
        SettingsError: the address may not be asked, no model is named, or there would be too many calls.
        DataError: the endpoint left questions without an answer; the others are kept.
    """
    place = open_workspace(workspace)
    entry = place.open(DATASETS, dataset)
    length = TOKENS_OF_ANSWER + TOKENS_PER_LABEL * len(entry.manifest.labels)
    model = ChatModel.at(address, settings, place.root / ANSWERS, length, offline=offline)
    name = name_of_asked(place, entry.name, model.chat.model)
    if place.exists(JUDGES, name):
        found = place.open(JUDGES, name).manifest
        is_same = found.dataset.content_hash == entry.manifest.content_hash
        if is_same and found.backbone.sha256 == model.sha256:
            return name, model
    data = open_dataset(place, entry.name)
    reporter.note(f"The judge {name!r} asks {model.chat.model} as it is; annotations of {data.name} calibrate it.")
    _make(place, name, data, model, reporter)
    return name, model


def _make(place: Workspace, name: str, dataset: Dataset, model: ChatModel, reporter: Reporter) -> None:
    items, settings = dataset.items, TrainSettings(
        method="verbalized", stage="none", backbone=model.chat.model, folds=0, probe=False
    )  # fmt: skip
    answer = verbalized_form(items.labels, decimals=settings.decimals, length=model.chat.answer_length)
    prompts = WholePrompts(dataset.template, items.labels, answer)
    data = training_data(dataset, prompts, settings)
    data = data._replace(validation=some_items(data.learning, settings.seed))
    trained = _weighed(data, model, prompts, answer, settings, reporter)
    for note in _doubts(trained):
        reporter.note(note)
    with place.staged(JUDGES, name, replace=True) as staged:
        write_text(staged.path / TEMPLATE_FILE, dataset.template.source)
        write_text(staged.path / LOG_FILE, "")
        keep_items(staged.path, items, split_parts(items, settings), dataset.template.fields)
        staged.commit(
            JudgeManifest(
                created=now(),
                dataset=TrainedOn(
                    name=dataset.name, content_hash=dataset.content_hash, annotations=int(items.counts.sum())
                ),
                labels=items.labels,
                scale=items.scale,
                values=items.values,
                fields=dataset.template.fields,
                columns=dataset.schema.as_roles(),
                max_length=prompts.max_length,
                class_prior=tuple(data.prior.tolist()),
                calibration=trained.calibration,
                alone=trained.alone,
                probe=None,
                method=settings.method,
                answer=answer,
                backbone=BackboneIdentity(model.chat.model, None, model.sha256, "endpoint"),
                settings=settings,
                resolved=ResolvedSettings(learning_rate=0.0, epochs=0),
                items=PartSizes.from_json(data.sizes),
                machine=describe_machine(torch.device("cpu"), torch.float32),
                metrics=TrainingMetrics(
                    validation_kl=trained.validation_kl,
                    validation_prior_kl=data.validation_prior_kl,
                    best_step=0,
                    parsed=trained.parsed,
                ),
                run=uuid4().hex,
                files=hash_files(staged.path, "endpoint", probe=False),
            )
        )


def _weighed(
    data: TrainingData,
    model: ChatModel,
    prompts: WholePrompts,
    answer: AnswerForm,
    settings: TrainSettings,
    reporter: Reporter,
) -> Trained:
    """What the model says of annotated items, and how much that counts."""
    held = data.held.encoded
    model.ask([prompts.rendered[int(ids[0])] for ids in held.input_ids], reporter)
    return weigh_predicted(data, settings, predict(AnswersReader(model, prompts, answer, np.log(data.prior)), held))


def _doubts(trained: Trained) -> Iterator[str]:
    """What a user should know of a model that helps little."""
    if trained.parsed is not None and trained.parsed < FEW_PARSED:
        yield (
            f"{100 * (1 - trained.parsed):.1f} % of its answers hold no probability for each label, and count as the "
            "label shares. Ask a larger model, or read what it wrote in the workspace's folder answers/."
        )
    if trained.calibration.is_shares:
        yield "What it says adds nothing to the label shares: the judge gives these for every item, and asks no more."
