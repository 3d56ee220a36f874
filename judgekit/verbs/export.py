"""`judgekit export`: a judge becomes one folder that other libraries read, with a model card; never uploads it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import ExportSettings
from judgekit.config.keywords import ExportKeywords
from judgekit.dataset.opening import open_workspace
from judgekit.errors import SettingsError
from judgekit.judge.export import ExportResult, Merger, plan_merger
from judgekit.judge.export_facts import CARD_FILE, card_facts, exported_facts
from judgekit.judge.export_folder import FACTS_FILE, check_folder, check_replaced, listed_files
from judgekit.judge.export_graph import GraphExporter, plan_graph
from judgekit.judge.export_sample import find_sample, probe_gap
from judgekit.judge.manifest import JUDGES, TEMPLATE_FILE, JudgeManifest
from judgekit.reports.export_page import export_page as export_page
from judgekit.reports.model_card import model_card
from judgekit.training.reporter import SILENT, Reporter
from judgekit.wording import visible
from judgekit.workspace.atomic import replaced_folder, write_text
from judgekit.workspace.store import Entry, Workspace
from judgekit.workspace.versions import OneVersion, of_one_version


def export(
    judge: str | None = None,
    *,
    merged: str | PathLike[str] | None = None,
    output: str | PathLike[str] | None = None,
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: ExportSettings | None = None,
    **keywords: Unpack[ExportKeywords],
) -> ExportResult:
    """Write a judge as one model that other libraries read, with tokenizer, template and model card.

    The folder is written whole or not at all. A sample of items is scored by the judge and through the written folder.

    Args:
        judge: its name; None takes the newest.
        merged: the folder to make, for plain transformers.
        output: the folder to make in any format; give one of the two.
        workspace: its folder; None finds one.
        force: replace the folder if it is an earlier export, and nothing of yours is in it.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how it is merged and checked.
        keywords: fields of `ExportSettings`; they win over `settings`.

    Raises:
        DataError: the folder is there already, cannot be made, or holds files that judgekit did not write.
        BackboneError: the backbone is missing, has changed, cannot be merged into or become what was asked for, or the
            written model predicts something else than the judge; nothing is left behind.
        SettingsError: not one folder is given, or what runs the format is not installed.
        WorkspaceError: there is no such judge.

    Examples:
        >>> exported = export("comments", merged="comments-merged", device="cpu")
        >>> max(exported.shift.values()) <= exported.tolerance
        True
    """
    chosen = ExportSettings.chosen(settings, keywords)
    folder = _folder(merged, output, chosen)
    check_folder(folder, force=force)
    place = open_workspace(workspace)
    return of_one_version(lambda: _export(place, place.open(JUDGES, judge), folder, force, chosen, offline, reporter))


def _export(
    place: Workspace,
    entry: Entry[JudgeManifest],
    folder: Path,
    force: bool,
    settings: ExportSettings,
    offline: bool,
    reporter: Reporter,
) -> ExportResult:
    if entry.manifest.method != "label":
        raise SettingsError(
            f"The judge {entry.name!r} writes its answers (method {entry.manifest.method}); an export is read at its "
            "labels, and would say something else.",
            hint="Share the judge itself: judge.save(folder), or export one of --method label.",
        )
    exporter = _exporter(entry, settings, offline)
    sample = find_sample(place, entry.manifest)
    before = exporter.before(sample, settings, reporter)
    gap = None if exporter.keeps_probe else probe_gap(exporter.judge.loaded, sample, before, settings, reporter)
    if gap is not None:
        reporter.note(
            "The judge weighs a probe beside its fine-tuned model, for which this format has no place: the fine-tuned "
            f"model is exported by itself. Its probabilities differ from the judge's by {gap.mean:.3f} on average and "
            f"up to {gap.largest:.3f}." + (" --format onnx and openvino hold both." if _is_encoder(entry) else "")
        )

    def check(there: Path) -> None:
        check_replaced(there, force=force, shown=folder)

    with replaced_folder(folder, check=check) as staged, OneVersion(entry, JUDGES.word):
        is_classifier = exporter.save(staged)
        facts = exported_facts(exporter.judge, exporter.dtype, settings.format, keeps_probe=exporter.keeps_probe)
        facts.write(staged / FACTS_FILE)
        write_text(staged / TEMPLATE_FILE, (entry.path / TEMPLATE_FILE).read_text(encoding="utf-8"))
        shift = exporter.shift(staged, sample, before, settings, reporter)
        card = card_facts(
            exporter.judge,
            facts,
            is_classifier=is_classifier,
            trust_remote_code=settings.trust_remote_code,
            sample_items=len(sample.texts),
            largest_shift=max(shift.values()),
            without_probe=gap,
        )
        write_text(staged / CARD_FILE, visible(model_card(card)))
        facts.model_copy(update={"files": listed_files(staged)}).write(staged / FACTS_FILE)
        sizes = {
            path.relative_to(staged).as_posix(): path.stat().st_size
            for path in sorted(staged.rglob("*"))
            if path.is_file()
        }
    return ExportResult(
        judge=entry.name,
        folder=folder,
        files=sizes,
        dtype=facts.dtype,
        sample=sample.source,
        sample_items=len(sample.texts),
        shift=shift,
        tolerance=exporter.tolerance,
        format=settings.format,
        without_probe=gap,
    )


def _folder(merged: str | PathLike[str] | None, output: str | PathLike[str] | None, settings: ExportSettings) -> Path:
    """The folder to make.

    Raises:
        SettingsError: not one is given, or another format than its option's.
    """
    folder = merged if output is None else output
    if folder is None or (merged is not None and (output is not None or settings.format != "merged")):
        raise SettingsError(
            "One folder is written: --merged FOLDER for transformers, or --output FOLDER with a --format.",
            hint=f"Give one of them: judgekit export --output FOLDER --format {settings.format}",
        )
    return Path(folder).expanduser()


def _exporter(entry: Entry[JudgeManifest], settings: ExportSettings, offline: bool) -> Merger | GraphExporter:
    if settings.format == "onnx" or settings.format == "openvino":
        return plan_graph(entry, settings, settings.format, offline=offline)
    return plan_merger(entry, settings, offline=offline)


def _is_encoder(entry: Entry[JudgeManifest]) -> bool:
    return entry.manifest.backbone.kind == "encoder"
