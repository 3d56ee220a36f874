"""The README's two commands, and the pins that they install with; tests/docs tries everything else that it says."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

from judgekit.version import __version__

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SETUP = (
    "pip install -c constraints.txt -e '.[starter]' && judgekit demo",
    "pip install -c constraints.txt -e '.[dev,docs]' && pytest",
)


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
    assert lines[place + 1].split("#")[0].strip().split()[0] == test


def test_the_readme_fits_on_a_few_screens() -> None:
    assert len(README.splitlines()) <= 160


def test_links_of_the_readme_lead_to_files() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)[^)]*\)", README):
        assert (ROOT / target).is_file(), target


def test_pins_of_the_constraints_are_exact_and_cover_every_dependency() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    named = [*PROJECT["dependencies"], *(name for extra in PROJECT["optional-dependencies"].values() for name in extra)]
    assert {re.split(r"[\s<>=;\[]", requirement)[0] for requirement in named} - set(pins) == set()


def test_citation_is_of_this_version_and_licence() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == __version__
    assert citation["license"] == PROJECT["license"]
    papers = {reference["url"].removeprefix("https://arxiv.org/abs/") for reference in citation["references"]}
    assert papers == {"2505.12301", "2502.11689", "2510.00263"}
