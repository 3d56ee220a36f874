"""The page of `report`: whole, alone, and harmless whatever the texts are."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from made_up_votes import LABELS, votes_rows, write_csv

from judgekit import report
from judgekit.errors import DataError

EXACT: dict[str, Any] = {"device": "cpu", "dtype": "float32", "resamples": 20}
HOSTILE = '</script><script>alert("x")</script> <img src=x onerror=alert(1)> & more'


class Outline(HTMLParser):
    """The elements of a page, their attributes, and the data of its items."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]


def items_of(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, flags=re.DOTALL)
    assert found is not None
    return json.loads(found[1])


@pytest.fixture
def hostile_csv(tmp_path: Path) -> Path:
    rows = votes_rows(8, first=7000)
    return write_csv(
        tmp_path / "hostile.csv", [rows[0], *([*row[:2], f"{row[2]} {HOSTILE}", row[3]] for row in rows[1:])]
    )


def test_texts_stay_texts_and_nothing_is_loaded(judged: Path, hostile_csv: Path) -> None:
    found = report("votes", hostile_csv, **EXACT)
    page = found.output.read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.tags.count("script") == 2 and "img" not in outline.tags and outline.addresses == []
    assert "default-src 'none'" in page and "http://" not in page and "https://" not in page
    data = items_of(page)
    assert all(HOSTILE in text for text in data["texts"]) and len(data["texts"]) == 8
    assert data["labels"] == list(LABELS)
    assert data["counts"] == found.evaluation.items.counts.tolist()
    assert data["kl"] == pytest.approx(found.evaluation.items.kl.tolist(), abs=1e-4)


def test_redacted_pages_hold_no_text(judged: Path, hostile_csv: Path) -> None:
    page = report("votes", hostile_csv, redact=True, output="a.html", **EXACT).output.read_text(encoding="utf-8")
    assert items_of(page)["texts"] == [] and "onerror" not in page
    assert len(items_of(page)["ids"]) == 8


def test_a_page_begins_with_the_verdict_and_has_the_strata(judged: Path, tmp_path: Path) -> None:
    held_out = write_csv(tmp_path / "held_out.csv", votes_rows(60, first=7000))
    found = report("votes", held_out, output="a.html", **EXACT)
    page = found.output.read_text(encoding="utf-8")
    assert page.index("On 60 unseen items it predicts people") < page.index("<table")
    names = [one.name for one in found.evaluation.strata]
    assert sum(one.items for one in found.evaluation.strata) == 60
    assert all(f'<th scope="row">{name}</th>' in page for name in names)


def test_a_page_that_is_there_is_not_replaced_unasked(judged: Path) -> None:
    assert report(**EXACT).output == Path("votes.report.html")
    with pytest.raises(DataError, match="already exists"):
        report(**EXACT)
    assert report(force=True, **EXACT).output.exists()


def test_the_command_shows_the_verdict_and_says_where_the_page_is(judged: Path, run: Callable[..., Any]) -> None:
    shown = run("report", "--resamples", 20)
    assert shown.code == 0
    assert "it predicts people" in shown.out and "Written: votes.report.html" in shown.err
    facts = run("report", "--resamples", 20, "--force", "--json").json
    assert (facts["output"], facts["evaluation"]["items"]) == ("votes.report.html", 6)
    assert run("report", "--resamples", 20, "--force", "--require", "kl<=0.0001").code == 3


def test_figures_stand_with_their_numbers_and_nothing_is_loaded(judged: Path, tmp_path: Path) -> None:
    held_out = write_csv(tmp_path / "held_out.csv", votes_rows(60, first=7000))
    found = report("votes", held_out, output="a.html", files="figures", **EXACT)
    page = found.output.read_text(encoding="utf-8")
    outline = Outline(page)
    assert outline.tags.count("svg") == outline.tags.count("figure") == 4
    assert outline.tags.count("details") == 5  # the numbers of each figure, and the settings
    assert "http" not in page.replace("http-equiv", "") and outline.addresses == []
    assert page.count('role="img" aria-label="') == 4
    assert "distribution-alignment loss [2]" in page and "arXiv:2505.12301" in page
    shares = found.evaluation.items.probabilities.mean(axis=0)
    assert f'<th scope="row">mean share of {LABELS[0]}</th>' in page and f"<td>{shares[0]:.3f}</td>" in page
    assert "lora_r" in page and found.evaluation.judge in page


def test_figures_and_tables_are_files_of_their_own(judged: Path, tmp_path: Path) -> None:
    held_out = write_csv(tmp_path / "held_out.csv", votes_rows(60, first=7000))
    found = report("votes", held_out, files="figures", **EXACT)
    names = {path.name for path in Path("figures").iterdir()}
    drawn = {
        f"{name}.{kind}"
        for name in ("reliability", "distributions", "strata", "training")
        for kind in ("svg", "pdf", "csv")
    }
    assert names == {path.name for path in found.files} == drawn | {"metrics.csv", "items.csv", "methods.txt"}
    assert Path("figures/strata.pdf").read_bytes().startswith(b"%PDF")
    assert Path("figures/strata.svg").read_text(encoding="utf-8").startswith("<?xml")
    metrics = pl.read_csv("figures/metrics.csv")
    kl = found.evaluation.metrics["kl"]
    assert kl is not None and metrics.filter(metric="kl")["value"].item() == pytest.approx(kl.value)
    assert pl.read_csv("figures/items.csv").columns[:2] == ["item_id", "text"]
    with pytest.raises(DataError, match="figures is not empty"):
        report("votes", held_out, output="b.html", files="figures", **EXACT)
    report("votes", held_out, output="b.html", files="figures", redact=True, force=True, **EXACT)
    assert "text" not in pl.read_csv("figures/items.csv").columns


def test_a_damaged_log_costs_a_figure_and_no_report(judged: Path) -> None:
    (judged / "judges" / "votes" / "log.jsonl").write_text("{")
    page = report(**EXACT).output.read_text(encoding="utf-8")
    assert Outline(page).tags.count("svg") == 3
