"""`judgekit ingest`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from judgekit.cli.choosing import choose
from judgekit.cli.completion import dataset_names
from judgekit.cli.options import Force, Json, WorkspaceFolder
from judgekit.cli.output import emit, next_command, say, show
from judgekit.cli.settings_options import with_settings
from judgekit.config import IngestSettings
from judgekit.errors import JudgekitError


def _list_formats(value: bool) -> None:
    if value:
        from judgekit.verbs import ingest as verb

        titles = verb.format_titles()
        width = max(map(len, titles))
        for name, title in titles.items():
            typer.echo(f"{name:{width}}  {title}")
        raise typer.Exit


def _with_answers(verb: Any, paths: list[Path], own: dict[str, Any], settings: dict[str, Any], *, may_ask: bool) -> Any:
    """The result of the verb; where a table has two readings the person at the terminal says which.

    Raises:
        Question: there is nobody to ask; it names the whole command of each reading.
    """
    while True:
        try:
            return verb.ingest(*paths, **own, **settings)
        except verb.Question as question:
            answered = {option for answer in question.answers for option, _ in answer.options}
            explicit = {name: value for name, value in settings.items() if name not in answered}
            given = [(name, value) for name, value in (own | explicit).items() if value not in (None, False)]
            words = ["judgekit ingest", *(shlex.quote(str(path)) for path in paths), verb.in_words(given)]
            question = question.below(" ".join(filter(None, words)))
            if not (may_ask and _is_terminal()):
                raise question from None
            settings = explicit | _ask(verb, question, paths, explicit)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(verb: Any, question: Any, paths: list[Path], explicit: dict[str, Any]) -> dict[str, Any]:
    """The settings of the reading that the person chooses; each is shown with its first items."""
    say(question.message)
    for n, answer in enumerate(question.answers, 1):
        say(f"\n{n}. {answer.words}")
        try:
            show(verb.first_items(verb.ingest(*paths, dry_run=True, **explicit, **dict(answer.options))))
        except JudgekitError as error:
            say(f"   {error.message}")
    say(f"\n{question.more}" if question.more else "")
    chosen = choose("Which reading is right?", [answer.words for answer in question.answers])
    say(f"The next time: {question.commands[chosen]}")
    return dict(question.answers[chosen].options)


@with_settings(IngestSettings)
def ingest(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE",
            help="Files or folders: CSV, Excel, JSON, JSONL, Parquet, Arrow, tool exports; also gzipped or zipped.",
        ),
    ],
    settings: dict[str, Any],
    name: Annotated[
        str | None,
        typer.Option(
            help="Name of the dataset (default: from the first file).", metavar="NAME", autocompletion=dataset_names
        ),
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Add a further round to the dataset --name, or to the newest.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be made, and write nothing.")] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Show the first rows and the role of each column, and do nothing else.")
    ] = False,
    force: Force = False,
    formats: Annotated[
        bool,
        typer.Option("--formats", callback=_list_formats, is_eager=True, help="List what --format takes, and exit."),
    ] = False,
    workspace: WorkspaceFolder = None,
    json: Json = False,
) -> None:
    """Make a dataset from files: the counts of each label per item, and a prompt template."""
    from judgekit.verbs import ingest as verb

    if preview:
        emit(verb.preview(*paths, **settings), verb.preview_page, as_json=json)
        return
    own: dict[str, Any] = {"name": name, "workspace": workspace, "force": force, "append": append, "dry_run": dry_run}
    result = _with_answers(verb, paths, own, settings, may_ask=not json)
    emit(result, verb.ingest_page, as_json=json)
    for found in result.datasets:
        if found.folder is not None:
            say(f"Written: {found.folder}")
    if dry_run:
        next_command("the same without --dry-run")
    elif len(result.datasets) == 1:
        next_command("judgekit check   or   judgekit train")
    else:
        next_command(f"judgekit check {shlex.quote(result.datasets[0].dataset)}   or   judgekit train --dataset …")
