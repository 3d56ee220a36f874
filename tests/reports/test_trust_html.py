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

from judgekit import Judge, report
from judgekit.errors import DataError
from judgekit.verbs.report import report_dataset, report_index

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


def test_redacted_pages_hold_no_text_in_figures_by_one_either(judged: Path, hostile_csv: Path) -> None:
    found = report("votes", hostile_csv, redact=True, by="text", output="a.html", **EXACT)
    page = found.output.read_text(encoding="utf-8")
    assert "onerror" not in page and '<th scope="row">value 8</th>' in page
    assert len(found.evaluation.by) == 8


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


# -- what was judged by whom -------------------------------------------------------------------------------------------


def test_annotators_are_pseudonyms_unless_a_file_has_their_names(judged: Path, tmp_path: Path) -> None:
    rows = votes_rows(60, first=7000)
    held_out = write_csv(
        tmp_path / "held_out.csv", [rows[0], *([row[0], row[1].replace("p", "person-"), *row[2:]] for row in rows[1:])]
    )
    page = report("votes", held_out, output="a.html", **EXACT).output.read_text(encoding="utf-8")
    assert "person-" not in page and len(set(re.findall(r">(a-[a-z2-7]{8})<", page))) == 3
    assert "3 annotators gave 180 annotations of 60 items" in page and "shown by pseudonyms" in page
    assert "one annotator → the others" in page and "Krippendorff&#x27;s alpha (ordinal)" in page
    named = report("votes", held_out, output="b.html", names=held_out, **EXACT)
    page = named.output.read_text(encoding="utf-8")
    assert all(f'<th scope="row">person-{n}</th>' in page for n in range(3)) and "personal data" in page
    assert named.evaluation.people is not None and named.evaluation.people.names == "as in held_out.csv"


def test_names_behind_the_pseudonyms_of_a_dataset_come_from_the_file_that_was_ingested(
    judged: Path, run: Callable[..., Any]
) -> None:
    write_csv(Path("votes.csv"), votes_rows(60))
    hidden = report(**EXACT).evaluation.people
    assert hidden is not None and all(one.annotator.startswith("a-") for one in hidden.annotators)
    shown = report(force=True, names="votes.csv", **EXACT).evaluation.people
    assert shown is not None and sorted(one.annotator for one in shown.annotators) == ["p0", "p1", "p2"]
    checked = run("check", "--names", "votes.csv", "--resamples", 20)
    assert "p0 " in checked.out and "stand by their names in votes.csv" in " ".join(checked.out.split())
    write_csv(Path("strange.csv"), [["annotator"], ["somebody"]])
    refused = run("check", "--names", "strange.csv")
    assert refused.code == 3 and "strange.csv has the name of none of these 3 annotators." in refused.err


def test_a_judge_in_a_folder_of_its_own_numbers_the_annotators_of_a_file(judged: Path, tmp_path: Path) -> None:
    held_out = write_csv(tmp_path / "held_out.csv", votes_rows(60, first=7000))
    folder = Judge.load("votes").save(tmp_path / "alone")
    (judged / "workspace.json").unlink()
    found = Judge.load(folder, device="cpu", dtype="float32").evaluate(held_out, resamples=20).people
    assert found is not None and [one.annotator for one in found.annotators] == [f"annotator {n}" for n in (1, 2, 3)]


# -- a dataset, all judges, and judges as objects ----------------------------------------------------------------------


def test_a_dataset_has_a_page_before_there_is_a_judge(judged: Path, run: Callable[..., Any]) -> None:
    ran = run("report", "--dataset", "votes", "--files", "figures", "--resamples", 20)
    page = Path("votes.dataset.html").read_text(encoding="utf-8")
    data, outline = items_of(page), Outline(page)
    assert ran.code == 0 and "Written: 8 files in figures" in ran.err
    assert data["q"] is None and len(data["ids"]) == 60 and len(data["expected_gain"]) == 60
    assert outline.tags.count("svg") == 2 and outline.addresses == [] and "is it worth training on?" in page
    assert pl.read_csv("figures/annotators.csv")["items"].to_list() == [60, 60, 60]
    redacted = report_dataset("votes", redact=True, force=True, resamples=20)
    assert items_of(redacted.output.read_text(encoding="utf-8"))["texts"] == []
    assert run("report", "--dataset", "votes").code == 3  # the page is there already


def test_all_judges_stand_on_one_page_with_what_is_known_of_them(judged: Path, run: Callable[..., Any]) -> None:
    assert run("report", "--index").code == 0
    assert "not tested yet" in Path("judges.html").read_text(encoding="utf-8")
    run("evaluate", "--resamples", 20)
    report(**EXACT)
    page = report_index(force=True).output.read_text(encoding="utf-8")
    assert "test part of votes, 6 items" in page and 'href="votes.report.html"' in page
    assert Outline(page).addresses == ["votes.report.html"]
    assert run("report", "votes", "--index").code == 2 and run("report", "--dataset", "votes", "--index").code == 2


def test_a_judge_reports_on_itself(judged: Path) -> None:
    rows = [dict(zip(votes_rows(1)[0], row, strict=True)) for row in votes_rows(20, first=7000)[1:]]
    judge = Judge.load("votes", device="cpu", dtype="float32")
    found = judge.report(rows, output="own.html", resamples=20)
    assert found.output.exists() and len(found.evaluation.items) == 20
