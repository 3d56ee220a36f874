"""From the folder of a judge to a judge in memory: backbone found and checked, prompts and weights loaded."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from judgekit.config import AskSettings, LoadSettings
from judgekit.config.choices import Engine
from judgekit.core.calibration import Calibration, Evidence
from judgekit.errors import BackboneError, WorkspaceError
from judgekit.judge.judge_files import check_files
from judgekit.judge.manifest import ADAPTER_FOLDER, TEMPLATE_FILE, JudgeManifest, ReadingManifest
from judgekit.judge.probe_file import LoadedProbe, load_probe
from judgekit.models import starter
from judgekit.models.backbones import Backbone, find_backbone, longest_input
from judgekit.models.devices import check_4bit, choose_device, choose_dtype
from judgekit.models.reader import LabelReader
from judgekit.models.readers import load_reader
from judgekit.models.saved_adapter import RESTORE, read_adapter
from judgekit.models.tokenizer import embeddings, has_segments, load_reading_tokenizer
from judgekit.prompts.template import PromptTemplate
from judgekit.prompts.verbalizer import Verbalizer
from judgekit.training.batches import TokenizedPrompts
from judgekit.training.predict import Predicted, predict
from judgekit.training.reporter import Reporter
from judgekit.training.too_long import encode_fitting
from judgekit.workspace.store import Entry

EXAMPLE = "It's 9 o'clock: the naïve café (№ 7) – 猫 & Ünïcödé!  judge_kit? 3.14"


class Predictions(NamedTuple):
    """What a judge says about the N items that are not dropped."""

    q: NDArray[np.float64]
    """Predicted distributions, calibrated, `[N, K]`."""
    is_truncated: NDArray[np.bool_]
    """Whether an item's texts were shortened, `[N]`."""
    label_mass: NDArray[np.float32] | None
    """Probability that a causal LM gives to the label set before it is renormalised, `[N]`; None for encoders."""
    rows: NDArray[np.int64]
    """Which of the given items these are, ascending, `[N]`."""
    is_parsed: NDArray[np.bool_] | None = None
    """Whether the answer that the judge wrote could be read, `[N]`; None where it writes none."""
    texts: tuple[tuple[str, ...], ...] | None = None
    """What the judge wrote of each item, `[N][S]`; None where it writes nothing."""


class LoadedJudge(NamedTuple):
    """A judge in memory: what reads, what it reads, and what becomes of its logits."""

    reader: LabelReader
    prompts: TokenizedPrompts
    calibration: Calibration
    log_prior: NDArray[np.float64]
    """Log of the label shares of the training items, `[K]`."""
    probe: LoadedProbe | None = None
    """Where it has a weight."""

    def predict(
        self, items: Sequence[Mapping[str, str]], ids: Sequence[str], settings: AskSettings, reporter: Reporter
    ) -> Predictions:
        """Predicted distributions of items, in their order.

        Args:
            items: column name -> text of each item.
            ids: of the items, for messages.
            settings: the size of the batches, and what becomes of items that are too long.
            reporter: gets progress.

        Raises:
            DataError: items are too long, and the settings say to stop then.
            BackboneError: some logits are not finite.
        """
        encoded, rows, _ = encode_fitting(self.prompts, items, ids, settings.on_too_long)
        texts = 0 if self.probe is None else self.probe.plan.readings(items)
        done, total = 0, len(rows) * (self.calibration.temperature is not None) + texts

        def on_batch(size: int) -> None:
            nonlocal done
            done += size
            reporter.items(done * len(rows) // total, len(rows))

        of_probe = None
        if self.probe is not None:
            of_probe = self.probe.log_q([items[row] for row in rows], self.prompts, on_batch=on_batch)
        if self.calibration.temperature is None:  # the fine-tuned judge is not asked
            labels = np.zeros((len(rows), len(self.log_prior)))
            q = self.calibration.weigh(Evidence(labels, of_probe, self.log_prior))
            Predicted(q.astype(np.float32), None).check_finite("the probe", [ids[int(row)] for row in rows])
            return Predictions(q, encoded.is_truncated, None, rows)
        found = predict(
            self.reader,
            encoded,
            batch_size=settings.batch_size,
            on_batch=on_batch,
            shares_beginnings=True,
            in_streams=True,
        )
        names = [ids[int(row)] for row in rows]
        found.check_finite("the judge", names)
        q = self.calibration.weigh(Evidence(found.logits, of_probe, self.log_prior))
        Predicted(q.astype(np.float32), None).check_finite("the probe", names)
        return Predictions(q, encoded.is_truncated, found.label_mass, rows, found.is_parsed, found.texts)

    def alone(self, calibration: Calibration) -> LoadedJudge:
        """The fine-tuned judge without its probe, with another calibration."""
        return self._replace(calibration=calibration, probe=None)


def judge_backbone(entry: Entry[JudgeManifest], settings: LoadSettings, *, offline: bool) -> Backbone:
    """The backbone a judge was trained on, located and not loaded.

    Raises:
        BackboneError: it is not there, or brings code that the user does not ask for.
    """
    stored = entry.manifest.backbone
    if stored.kind == "endpoint":
        raise BackboneError(
            f"The judge {entry.name!r} asks the model {stored.name!r} at an endpoint, whose address is kept nowhere.",
            hint=f"Name it: judgekit score FILE --judge-model ADDRESS --endpoint-model {shlex.quote(stored.name)}",
        )
    how: dict[str, Any] = {"kind": stored.kind, "offline": offline, "trust_remote_code": settings.trust_remote_code}
    if settings.backbone is not None:
        return find_backbone(settings.backbone, **how)
    if Path(stored.name).is_absolute() and not Path(stored.name).is_dir():
        raise BackboneError(
            f"The backbone of the judge {entry.name!r} is no longer at {stored.name}.",
            hint="Move it back, or say where it is now with --backbone FOLDER.",
        )
    # A hub model is asked for at the commit it was trained at, not at the branch that has moved since.
    return find_backbone(stored.name, None if stored.name == starter.NAME else stored.revision, **how)


def load(
    entry: Entry[JudgeManifest], backbone: Backbone, settings: LoadSettings, *, engine: Engine = "torch"
) -> LoadedJudge:
    """Load a judge from its folder; needs no dataset.

    Args:
        entry: the judge.
        backbone: of `judge_backbone`.
        settings: where to load it, and in which number format.
        engine: torch or openvino.

    Raises:
        BackboneError: the backbone's weights are not the ones the judge was trained on.
        WorkspaceError: the judge is damaged, or too old.
    """
    manifest = entry.manifest
    if backbone.sha256 != manifest.backbone.sha256:
        raise BackboneError(
            f"The weights of {backbone.name} in {backbone.folder} have changed since the judge {entry.name!r} was "
            f"trained (SHA-256 {backbone.sha256[:12]}…, then {manifest.backbone.sha256[:12]}…).",
            hint="Restore the backbone, or train the judge again.",
        )
    check_files(entry)
    adapter = read_adapter(entry.path / ADAPTER_FOLDER, labels=head_labels(manifest))
    verbalizer, device = judge_verbalizer(entry), choose_device(settings.device)
    dtype = choose_dtype(settings.dtype, device)
    of_torch = torch.float32 if engine == "openvino" else dtype  # what its graph is made of
    if manifest.settings.load_in_4bit:
        check_4bit(backbone, device)
    prompts = judge_prompts(entry.path, manifest, backbone)
    _check_tokens(entry, backbone, prompts)
    reader = load_reader(
        backbone,
        adapter,
        label_words=None if verbalizer is None else verbalizer.words,
        device=device,
        dtype=of_torch,
        load_in_4bit=manifest.settings.load_in_4bit,
    )
    if manifest.answer is not None:
        # With it come transformers' model classes, which a judge on BERT need not wait for.
        from judgekit.training.writing import as_causal, writing_reader

        reader = writing_reader(as_causal(reader), prompts.tokenizer, manifest.answer, manifest.method)
    probe = load_probe(entry.path, manifest, backbone, reader, dtype=of_torch)
    loaded = LoadedJudge(reader, prompts, manifest.calibration, log_shares(manifest), probe)
    if engine != "openvino":
        return loaded
    from judgekit.judge.openvino_judge import by_openvino  # who scores with torch need not wait for what exports

    return by_openvino(loaded, has_segments=has_segments(backbone), dtype=dtype)


def log_shares(manifest: ReadingManifest) -> NDArray[np.float64]:
    """Log of the label shares of the training items, `[K]`, finite."""
    return np.log(np.maximum(manifest.class_prior, np.finfo(np.float64).tiny))


def head_labels(manifest: ReadingManifest) -> int | None:
    """The labels K that a judge's label head has; None for a causal LM, which has no such head."""
    return len(manifest.labels) if manifest.backbone.kind == "encoder" else None


def _check_tokens(entry: Entry[JudgeManifest], backbone: Backbone, prompts: TokenizedPrompts) -> None:
    """Compare what the backbone's tokenizer makes of texts with what it made of them in training.

    Raises:
        BackboneError: it is another, or the judge reads more than the backbone.
    """
    manifest, size = entry.manifest, len(prompts.tokenizer)
    words = [] if manifest.verbalizer is None else manifest.verbalizer.words
    problems: list[str] = []
    if any(number >= size for of_label in words for word in of_label for number in word):
        problems.append(f"the judge reads its labels at tokens beyond the {size:,} of this tokenizer")
    most = manifest.max_length + (0 if manifest.answer is None else manifest.answer.length)
    if most > (longest := longest_input(backbone)):
        problems.append(f"the judge reads and writes up to {most:,} tokens, the backbone {longest:,}")
    if manifest.tokens not in (None, tokens_of_example(prompts)):
        problems.append("texts become other tokens than when the judge was trained")
    if problems:
        raise BackboneError(
            f"The judge {entry.name!r} in {entry.path} does not fit the tokenizer in {backbone.folder}:",
            problems=problems,
            hint="Restore the backbone's folder (or the versions of transformers and tokenizers), or train again.",
        )


def tokens_of_example(prompts: TokenizedPrompts) -> str:
    """SHA-256 of what a judge reads of a made-up item: template, chat frame and tokenizer all show in it."""
    encoded = prompts.encode([dict.fromkeys(prompts.template.fields, EXAMPLE)])
    parts = [encoded.input_ids[0], *(encoded.token_type_ids or [])]
    return hashlib.sha256(b"|".join(part.astype("<i8").tobytes() for part in parts)).hexdigest()


def judge_prompts(folder: Path, manifest: ReadingManifest, backbone: Backbone) -> TokenizedPrompts:
    """What a judge reads of an item, as it was in training: template, label set, codes and chat frame.

    Args:
        folder: with the template.
        manifest: of the judge, or of an export.
        backbone: whose tokenizer makes tokens of it.

    Raises:
        TemplateError: the template is wrong.
        WorkspaceError: it reads other columns than the manifest says.
    """
    template = PromptTemplate.from_file(folder / TEMPLATE_FILE)
    if set(template.fields) != set(manifest.fields):
        raise WorkspaceError(
            f"{folder / TEMPLATE_FILE} reads {', '.join(template.fields)}; the judge's manifest says "
            f"{', '.join(manifest.fields)}.",
            hint=RESTORE,
        )
    return TokenizedPrompts(
        template,
        manifest.labels,
        load_reading_tokenizer(backbone),
        for_encoder=manifest.backbone.kind == "encoder",
        max_length=manifest.max_length,
        frame=manifest.chat,
        codes=() if manifest.verbalizer is None else manifest.verbalizer.codes,
        embeddings=embeddings(backbone),
        closing="" if manifest.answer is None else manifest.answer.instruction,
    )


def judge_verbalizer(entry: Entry[JudgeManifest]) -> Verbalizer | None:
    """How a causal judge's labels are read; None for an encoder.

    Raises:
        WorkspaceError: a judgekit that did not keep this yet trained the judge.
    """
    if entry.manifest.backbone.kind == "encoder":
        return None
    if entry.manifest.verbalizer is None:
        raise WorkspaceError(
            f"The judge {entry.name!r} was trained by an older judgekit, which did not record how its labels are read.",
            hint=f"Train it again: judgekit train --judge {entry.name} --force",
        )
    return entry.manifest.verbalizer
