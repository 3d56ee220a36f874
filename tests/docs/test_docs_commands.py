"""What the README and docs/ tell people to type can be typed, and everything that can be typed stands in docs/."""

from __future__ import annotations

import re
import shlex
import tomllib
from contextlib import suppress
from typing import Any

import pytest
import typer
from documentation import LANGUAGES, PAGES, ROOT, blocks_of, commands_of, prose_of

from docs.option_tables import MARKER, option_tables, options_of
from judgekit import ingest
from judgekit.cli import app
from judgekit.cli.settings_file import VERBS

GROUP: Any = typer.main.get_command(app)
COMMANDS = sorted({(page, command) for page in PAGES for command in commands_of(page)})
LAYOUTS = "docs/layouts.md"


def parse(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse a command line as the program would, without running it; typer's usage error if it cannot be."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # restored afterwards, whatever --offline sets
    arguments = shlex.split(line, comments=True)[1:]
    group = GROUP.make_context("judgekit", arguments)
    name, command, rest = GROUP.resolve_command(group, [*group._protected_args, *group.args])
    with suppress(typer.Exit):  # of an option that prints something and exits, as --formats
        command.make_context(name, rest, parent=group)


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_command_of_a_page_parses(page: str, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    words = command.split()
    if len(words) == 2:  # names the verb, without the arguments it may need
        assert words[1] in GROUP.commands
    elif command != "judgekit VERB --help":
        parse(command, monkeypatch)


def test_the_search_for_commands_finds_them() -> None:
    assert {command.split()[1] for _, command in COMMANDS} >= set(GROUP.commands)
    assert len(COMMANDS) >= 60


def test_an_unknown_option_does_not_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception, match="No such option"):
        parse("judgekit train --no-such-option", monkeypatch)


@pytest.mark.parametrize("page", PAGES)
def test_options_that_a_page_names_exist(page: str) -> None:
    params = [param for command in [GROUP, *GROUP.commands.values()] for param in command.params]
    known = {name for param in params for name in (*param.opts, *param.secondary_opts)}
    spans = re.findall(r"`([^`]+)`", prose_of(page))
    others = ("accelerate launch", "pytest", "git ", "python -m", "pip ", "ruff ")
    named = {
        option
        for span in spans
        if not span.startswith(others)
        for option in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", span)
    }
    assert named - known - {"--help"} == set()


@pytest.mark.parametrize("verb", list(GROUP.commands))
def test_verb_has_help_and_a_page_with_its_options(verb: str) -> None:
    assert GROUP.commands[verb].help
    page = PAGES[f"docs/verbs/{verb}.md"]
    assert [marker[1] for marker in MARKER.finditer(page)] == [verb]
    assert f"judgekit {verb}" in PAGES["README.md"]
    assert f"verbs/{verb}.md" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", list(GROUP.commands))
def test_every_option_has_help_and_stands_in_the_table(verb: str) -> None:
    table = "\n".join(option_tables(verb))
    params = [param for param in GROUP.commands[verb].params if not param.hidden]
    for param, option in zip(params, options_of(verb), strict=True):
        assert option.help, param.name
        assert param.help.startswith(option.help)
        assert f"{option.help.replace('|', chr(92) + '|')} |" in table
        if param.param_type_name == "option":
            assert all(f"`{name}`" in table for name in (*param.opts, *param.secondary_opts))


def test_the_table_shows_ranges_choices_and_defaults_of_the_settings() -> None:
    rows = {option.names[0]: option for option in options_of("train")}
    settings = VERBS["train"]()
    assert rows["--alpha"].values == "`NUMBER`, at least 0, at most 1"
    assert rows["--alpha"].default == f"`{settings.to_json()['alpha']}`"
    assert rows["--learning-rate"].values == "`NUMBER`, above 0"
    assert rows["--adversary"].values == "`search`, `paper`, `off`"
    assert rows["--calibrate"].default == "`on`"


@pytest.mark.parametrize("page", PAGES)
def test_every_block_of_a_page_names_its_language(page: str) -> None:
    assert {block.language for block in blocks_of(page)} <= LANGUAGES


@pytest.mark.parametrize("page", PAGES)
def test_pictures_of_a_page_exist(page: str) -> None:
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", PAGES[page]):
        assert ((ROOT / page).parent / target).is_file(), target


def test_no_page_tells_to_install_another_tool_of_that_name() -> None:
    for page, text in PAGES.items():
        assert not re.search(r"pip install[^\n`&]*[ '\"]judgekit", text), page


@pytest.mark.parametrize("layout", ["Long", "Wide", "Counts", "List", "Probabilities"])
def test_layout_example_is_read_as_the_layout_it_stands_for(layout: str, tmp_path) -> None:
    block = re.search(rf"\*\*{layout}\*\*.*?```csv\n(.*?)```", PAGES[LAYOUTS], flags=re.DOTALL)
    assert block is not None
    (tmp_path / "votes.csv").write_text(block[1], encoding="utf-8")
    found = ingest(tmp_path / "votes.csv", workspace=tmp_path / "workspace")
    assert found.schema.layout == layout.lower()
    assert set(found.items.labels) == {"polite", "neutral", "rude"}


def test_example_of_a_comparison_is_read_as_one(tmp_path) -> None:
    block = next(block for block in blocks_of("docs/pairs.md") if block.language == "csv")
    (tmp_path / "pairs.csv").write_text(block.text, encoding="utf-8")
    found = ingest(tmp_path / "pairs.csv", workspace=tmp_path / "workspace").to_json()
    assert found["template"] == "pairwise"
    assert found["labels"] == ["A", "B", "tie"]


def test_settings_file_of_the_docs_is_valid() -> None:
    block = next(block for block in blocks_of("docs/workspace.md") if block.language == "toml")
    for verb, values in tomllib.loads(block.text).items():
        VERBS[verb].from_json(values)
