"""`judgekit export`: a judge becomes one folder that plain transformers reads, with a model card; never uploads it."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Unpack

from judgekit.config import ExportSettings
from judgekit.config.keywords import ExportKeywords
from judgekit.dataset.opening import open_workspace
from judgekit.judge.export import ExportResult, find_sample, plan_merger, predict_sample
from judgekit.judge.export_facts import CARD_FILE, card_facts, exported_facts
from judgekit.judge.export_folder import FACTS_FILE, check_folder, check_replaced, listed_files
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
    merged: str | PathLike[str],
    workspace: str | Path | None = None,
    force: bool = False,
    offline: bool = False,
    reporter: Reporter = SILENT,
    settings: ExportSettings | None = None,
    **keywords: Unpack[ExportKeywords],
) -> ExportResult:
    """Write a judge as one model in the Hugging Face layout, with tokenizer, template and model card.

    The folder is written whole or not at all. A sample of items is scored by the judge and through the written folder.

    Args:
        judge: its name; None takes the newest.
        merged: the folder to make.
        workspace: its folder; None finds one.
        force: replace the folder if it is an earlier export, and nothing of yours is in it.
        offline: never ask the hub.
        reporter: gets notes and progress.
        settings: how it is merged and checked.
        keywords: fields of `ExportSettings`; they win over `settings`.

    Raises:
        DataError: the folder is there already, cannot be made, or holds files that judgekit did not write.
        BackboneError: the backbone is missing, has changed or cannot be merged into, or the merged model predicts
            something else than the judge; nothing is left behind.
        WorkspaceError: there is no such judge.

    Examples:
        >>> exported = export("comments", merged="comments-merged", device="cpu")
        >>> max(exported.shift.values()) <= exported.tolerance
        True
    """
    chosen = ExportSettings.chosen(settings, keywords)
    folder = Path(merged).expanduser()
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
    merger = plan_merger(entry, settings, offline=offline)
    sample = find_sample(place, entry.manifest)
    before = predict_sample(merger.judge.loaded.alone(merger.judge.manifest.alone), sample, settings, reporter)

    def check(there: Path) -> None:
        check_replaced(there, force=force, shown=folder)

    with replaced_folder(folder, check=check) as staged, OneVersion(entry, JUDGES.word):
        is_classifier = merger.save(staged)
        facts = exported_facts(merger.judge, merger.dtype)
        facts.write(staged / FACTS_FILE)
        write_text(staged / TEMPLATE_FILE, (entry.path / TEMPLATE_FILE).read_text(encoding="utf-8"))
        shift = merger.shift(staged, sample, before, settings, reporter)
        card = card_facts(
            merger.judge,
            facts,
            is_classifier=is_classifier,
            trust_remote_code=settings.trust_remote_code,
            sample_items=len(sample.texts),
            largest_shift=max(shift.values()),
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
        tolerance=merger.tolerance,
    )
