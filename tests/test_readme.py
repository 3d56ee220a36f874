"""The README against the program: every verb stands in it, and what it tells people to type can be typed."""

import re
import shlex
import tomllib
from pathlib import Path

import pytest
import typer

from judgekit import ingest
from judgekit.cli import app
from judgekit.cli.settings_file import VERBS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
GROUP = typer.main.get_command(app)
SETUP = (
    "pip install -c constraints.txt -e '.[starter]' && judgekit demo",
    "pip install -c constraints.txt -e '.[dev]' && pytest",
)


def typed_commands() -> list[str]:
    """Every `judgekit …` line of the code blocks, and every `judgekit …` between backticks."""
    blocks = re.findall(r"^ *```\w*\n(.*?)^ *```", README, flags=re.DOTALL | re.MULTILINE)
    blocks += re.findall(r"^    (\S.*)$", README, flags=re.MULTILINE)
    lines = [part.strip() for block in blocks for line in block.splitlines() for part in line.split("&&")]
    # A code span may be wrapped over two lines.
    prose = re.sub(r"^ *```.*?^ *```", "", README, flags=re.DOTALL | re.MULTILINE)
    lines += [" ".join(span.split()) for span in re.findall(r"`(judgekit [^`]+)`", prose)]
    return sorted({line for line in lines if re.match(r"judgekit [a-z]", line)})


def parse(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parse a command line as the program would, without running it; typer's usage error if it cannot be."""
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")  # restored afterwards, whatever --offline sets
    arguments = shlex.split(line, comments=True)[1:]
    group = GROUP.make_context("judgekit", arguments)
    name, command, rest = GROUP.resolve_command(group, [*group._protected_args, *group.args])
    command.make_context(name, rest, parent=group)


@pytest.mark.parametrize("command", SETUP)
def test_set_up_command_stands_in_the_readme_literally(command: str) -> None:
    assert f"\n    {command}\n" in README


@pytest.mark.parametrize("command", SETUP)
def test_set_up_commands_stand_before_the_first_section(command: str) -> None:
    assert command in README.split("\n## ")[0]


def test_ci_runs_the_readmes_test_command() -> None:
    install, test = SETUP[1].split(" && ")
    lines = (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    place = lines.index(install)
    assert lines[place + 1].split("#")[0].strip() == test


@pytest.mark.parametrize("verb", list(GROUP.commands))
def test_verb_has_help_and_stands_in_the_readme(verb: str) -> None:
    assert GROUP.commands[verb].help
    assert f"judgekit {verb}" in README


@pytest.mark.parametrize("verb", list(GROUP.commands))
def test_every_option_has_help(verb: str) -> None:
    assert [param.name for param in GROUP.commands[verb].params if not getattr(param, "help", None)] == []


@pytest.mark.parametrize("line", typed_commands())
def test_command_of_the_readme_parses(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if line != "judgekit VERB --help":
        parse(line, monkeypatch)


def test_the_search_for_commands_finds_them() -> None:
    found = typed_commands()
    assert len(found) >= 20
    assert {line.split()[1] for line in found} >= set(GROUP.commands)


def test_an_unknown_option_does_not_parse(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Exception, match="No such option"):
        parse("judgekit train --no-such-option", monkeypatch)


def test_options_named_in_prose_exist() -> None:
    known = {name for command in [GROUP, *GROUP.commands.values()] for param in command.params for name in param.opts}
    known |= {name for command in GROUP.commands.values() for param in command.params for name in param.secondary_opts}
    prose = re.sub("`accelerate launch [^`]+`", "", README.split("## Checks and benchmarks")[0])
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", prose)) - known == {"--help"}


def test_settings_file_of_the_readme_is_valid() -> None:
    block = re.search(r"```toml\n(.*?)```", README, flags=re.DOTALL)
    assert block is not None
    for verb, values in tomllib.loads(block[1]).items():
        VERBS[verb].from_json(values)


@pytest.mark.parametrize("layout", ["Long", "Wide", "Counts", "List", "Probabilities"])
def test_layout_example_is_read_as_the_layout_it_stands_for(layout: str, tmp_path: Path) -> None:
    block = re.search(rf"\*\*{layout}\*\*.*?```csv\n(.*?)```", README, flags=re.DOTALL)
    assert block is not None
    (tmp_path / "votes.csv").write_text(block[1], encoding="utf-8")
    found = ingest(tmp_path / "votes.csv", workspace=tmp_path / "workspace")
    assert found.schema.layout == layout.lower()
    assert set(found.items.labels) == {"polite", "neutral", "rude"}


def test_pins_of_the_constraints_are_exact_and_cover_every_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [*project["dependencies"], *(name for extra in project["optional-dependencies"].values() for name in extra)]
    assert {re.split(r"[\s<>=;\[]", requirement)[0] for requirement in named} - set(pins) == set()
