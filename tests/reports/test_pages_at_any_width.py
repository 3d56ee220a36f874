"""Every page at any width: figures whole, names whole where their parts are put together again."""

from __future__ import annotations

import dataclasses
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from rich.console import Console, RenderableType

from judgekit import check, ingest, show
from judgekit.core.calibration import Calibration
from judgekit.core.drift import LabelShift, Shift
from judgekit.core.floor import Signal
from judgekit.core.metrics import Interval
from judgekit.core.reliability import Calibrations, Reliability
from judgekit.core.stand_in import AgainstOne, AltTest
from judgekit.core.strata import Stratum
from judgekit.dataset.result import FilledTemplate
from judgekit.judge.export import ExportResult
from judgekit.judge.prompt_as_read import PromptAsRead, Token, Word
from judgekit.judge.scored_file import ScoredFile
from judgekit.reports.check_page import check_page
from judgekit.reports.evaluate_page import evaluate_page
from judgekit.reports.export_page import export_page
from judgekit.reports.ingest_page import ingest_page
from judgekit.reports.prompt_page import prompt_page
from judgekit.reports.score_page import score_page
from judgekit.reports.show_page import template_page, workspace_page
from judgekit.reports.train_page import train_page
from judgekit.training.result import TrainResult
from judgekit.trust.drift import Drift
from judgekit.trust.evaluated import Changed, Comparison, EvaluatedItems, EvaluateResult, Standing
from judgekit.trust.label_sets import Coverage
from judgekit.trust.probes import Probe
from judgekit.trust.stand_in import StandIn

WIDTHS = [40, 60, 80, 120]
NAME = "project-12-at-2026-10-02-08-15-7c3f0a11-exported-by-somebody"
LABEL = "a_label_whose_name_is_far_too_long_for_a_column_of_a_table_x"
LABELS = (LABEL, f"{LABEL[:-1]}y", "no")


def at(width: int, page: RenderableType) -> str:
    stream = io.StringIO()
    Console(file=stream, width=width, highlight=False).print(page, crop=False)
    return stream.getvalue()


def assert_whole(text: str, width: int, figures: Sequence[str], names: Sequence[str] = ()) -> None:
    """Figures stand in the text in one piece; names do, or in pieces one below the other."""
    assert max(map(len, text.splitlines())) <= width
    for figure in figures:
        assert re.search(rf"(?<![\d.,]){re.escape(figure)}(?![.,]?\d)", text), f"{figure} at {width}:\n{text}"
    starts = "".join(line.split()[0] for line in text.splitlines() if line.strip())
    for name in names:
        assert name in text or name in "".join(text.split()) or name in starts, f"{name} at {width}:\n{text}"


def interval(value: float) -> Interval:
    return Interval(value, value - 0.111, value + 0.222)


ONE = (0.5,)
ITEMS = EvaluatedItems(
    ids=["i"] * 1234, texts=pl.DataFrame({"text": ["x"] * 1234}), labels=LABELS,
    counts=np.ones((1234, 3), dtype=np.int64), probabilities=np.full((1234, 3), 1 / 3),
)  # fmt: skip
EVALUATED = EvaluateResult(
    judge=NAME, source=f"{NAME}.csv", items=ITEMS, annotations=5678, truncated=0, dropped=0, left_out=4321,
    trained_on=0, label_mass=0.5, both_orders=False,
    metrics={"kl": interval(0.345), "accuracy": interval(0.678), "rps": None, "order_gap": interval(0.456)},
    baselines={"class_prior": {"kl": 0.567, "accuracy": 0.432}, "uniform": {"kl": 1.089, "accuracy": 0.333}},
    floor=Interval(0.123, 0.101, 0.145), one_annotator=0.389, excess=interval(0.222), gain=interval(0.222),
    signal=Signal(0.444, Interval(0.5, 0.4, 0.6), Interval(1.22, 0.88, 2.66)), confidence=0.95, looks=17,
    calibrations=Calibrations((Reliability(LABEL, ONE, ONE, (1,), interval(0.131), 0.132),),
                              interval(0.133), 0.134,
                              Reliability("", ONE, ONE, (1,), interval(0.135), 0.136)),
    coverage=Coverage(0.9, interval(0.891), 1.87, 0.065, 432), by_column="size",
    stand_in=StandIn(0.15, AltTest((AgainstOne(0, 321, 0.861, 0.942, 0.0432, True),), 1.0, 0.861), (NAME,)),
    probes=(Probe("preference for a side follows the longer text", interval(0.351), is_correlation=True),),
    drift=Drift(LABELS, LabelShift(ONE * 3, ONE * 3, 0.253, 0.0071), Shift(0.811, 0.822, 0.833),
                Shift(0.344, 0.355, 0.366), 0.0091),
    by=(Stratum("1 to 3", 2345, interval(0.471), 0.482, Interval(-0.4, -0.5, -0.3), 0.493),),
    comparison=Comparison(NAME, 2222, 33, interval(0.511), 0.0123, interval(0.045),
                          (Changed("item-77", 0.611, 0.622, 0.633),), 0.124,
                          Standing(interval(0.345), interval(0.221), None),
                          Standing(interval(0.856), interval(0.732), None)),
)  # fmt: skip


@pytest.mark.parametrize("width", WIDTHS)
def test_evaluate(width: int) -> None:
    text = at(width, evaluate_page(EVALUATED))
    figures = ["0.345", "0.234 … 0.567", "0.567", "1.089", "0.678", "0.567 … 0.900", "0.432", "0.333", "0.345 … 0.678"]
    assert_whole(text, width, [*figures, "1,234", "5,678", "0.123", "0.222", "0.389", "4,321", "50"], [NAME])
    assert "undefined" in text
    further = ["17", "0.131", "0.132", "0.133", "0.134", "0.135", "0.136", "89.1%", "1.87", "6.5%", "432", "321", "86%",
               "94%", "0.0432", "+0.351", "25.3%", "0.007", "0.811", "0.822", "0.355", "2,345", "0.471", "0.482",
               "0.493", "2,222", "33", "0.511", "0.0123", "+0.045", "0.611", "0.622", "0.633"]  # fmt: skip
    assert_whole(text, width, further, [LABEL])
    said = " ".join(text.split())
    assert "Where size is 1 to 3 the judge is worse" in said and "differ from those of the judge's dataset" in said


def test_what_the_parts_say_follows_the_figures() -> None:
    assert EVALUATED.comparison is not None and EVALUATED.stand_in is not None and EVALUATED.drift is not None
    assert f"It is better than {NAME} on 2,222 items" in words_of()
    worse = EVALUATED.comparison._replace(kl=Interval(-0.4, -0.5, -0.3))
    assert "its KL is 0.400 nats higher" in words_of(comparison=worse)
    unsure = EVALUATED.comparison._replace(kl=Interval(0.1, -0.1, 0.3), p=np.nan)
    assert "cannot be told apart" in words_of(comparison=unsure)
    assert "Yes: it holds its own against 1 of 1" in words_of()
    assert "cannot be said: too few." in words_of(stand_in=StandIn(0.15, None, why_not="too few."))
    assert "no difference beyond chance was found" in words_of(drift=EVALUATED.drift._replace(least_p=0.2))
    assert "evaluation number 17" in words_of() and "evaluation number" not in words_of(looks=None)


def words_of(**changed: Any) -> str:
    return " ".join(at(200, evaluate_page(EVALUATED._replace(**changed))).split())


def test_the_verdict_says_in_a_sentence_how_well_people_are_predicted() -> None:
    def people(value: float, low: float, high: float) -> str:
        assert EVALUATED.signal is not None
        return words_of(signal=EVALUATED.signal._replace(annotators=Interval(value, low, high)))

    assert "On 1,234 unseen items it predicts people about as well as one colleague would (between 0.9" in words_of()
    assert "It learns 50% (40% to 60%) of what can be learned from these annotations." in words_of()
    assert "less well than one colleague" in people(0.4, 0.1, 0.6)
    assert "as well as 2.6 colleagues together would (between 1.8 and more than 100)" in people(2.6, 1.8, np.inf)
    assert "as well as more than 100 colleagues together would (more than 100)" in people(np.inf, np.inf, np.inf)
    worse = words_of(gain=Interval(-0.1, -0.2, 0.0))
    assert "no better than the label shares" in worse and "What may help:" in worse
    assert "not measurably better" in words_of(gain=Interval(0.1, -0.2, 0.3))
    assert "As good as" not in words_of()
    assert "as good as these items can tell" in words_of(metrics={**EVALUATED.metrics, "kl": interval(0.1)})


def test_what_makes_the_figures_doubtful_is_said_first() -> None:
    few = words_of(items=dataclasses.replace(ITEMS, ids=["i"], texts=ITEMS.texts[:1]))
    assert few.index("Too few items to tell: 1 item, where 50 are few.") < few.index("it predicts people")
    seen = words_of(trained_on=1234)
    assert seen.index("This is no test: the judge was trained or chosen on all of these items.") < seen.index(
        "predicts"
    )
    assert "unseen" not in seen
    assert "It is not known whether the judge was trained on these items" in words_of(trained_on=None)


def test_an_infinite_kl_is_said_so() -> None:
    infinite = Interval(np.inf, np.nan, np.nan)
    page = words_of(
        metrics={**EVALUATED.metrics, "kl": infinite}, excess=infinite, gain=Interval(-np.inf, np.nan, np.nan)
    )
    assert "infinite" in page and "no better than the label shares" in page


@pytest.mark.parametrize("width", WIDTHS)
def test_train(width: int) -> None:
    result = TrainResult(
        NAME, Path("x"), NAME, {"train": 12, "validation": 1, "test": 1}, 1234, 5678, 1111, 0.3456, 0.4567,
        Calibration(1.234), 0.987, 0, 0, 2345.0,
    )  # fmt: skip
    figures = ["1,234", "5,678", "1,111", "2345", "0.3456", "0.4567", "1.234", "98.7"]
    assert_whole(at(width, train_page(result)), width, figures, [NAME])


@pytest.mark.parametrize("width", WIDTHS)
def test_score(width: int) -> None:
    shares = dict(zip(LABELS, (0.5123, 0.3045, 0.1832), strict=True))
    result = ScoredFile(NAME, LABELS, Path(f"{NAME}.scores.csv"), 2, ("id", "label"), 1, shares, 1.016, 0.987, 0.321)
    figures = ["51.2%", "30.4%", "18.3%", "1.016", "98.7", "0.321", "1 item"]
    assert_whole(at(width, score_page(result)), width, figures, [*LABELS, NAME])


@pytest.mark.parametrize("width", WIDTHS)
def test_export(width: int) -> None:
    shift: dict[str, float] = dict(zip(LABELS, (1.2e-5, 0.00034, 0.0056), strict=True))
    result = ExportResult(NAME, Path(NAME), {"a.bin": 12345678}, "float32", "items of it", 64, shift, 0.0123)
    figures = ["1.2e-05", "0.00034", "0.0056", "11.8", "64", "0.0123"]
    assert_whole(at(width, export_page(result)), width, figures, [*LABELS, NAME])


@pytest.fixture(scope="module")
def long_named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with a dataset whose columns, labels, annotators and name are long."""
    folder, draw = tmp_path_factory.mktemp("long"), np.random.default_rng(0)
    rows = ["item_id,annotator_id,text,label"]
    for item in range(30):
        usual, text = draw.integers(3), f"text {item} of {' '.join(map(str, draw.random(3)))}"
        for who in range(4):
            label = LABELS[usual if draw.random() < 0.8 else draw.integers(3)]
            rows.append(f"item{item}-{NAME},{who}-{NAME},{text},{label}")
    (folder / f"{NAME}.csv").write_text("\n".join(rows))
    ingest(folder / f"{NAME}.csv", workspace=folder / "ws", keep_annotator_ids=True)
    return folder / "ws"


@pytest.mark.parametrize("width", WIDTHS)
def test_ingest(width: int, long_named: Path) -> None:
    made = ingest(long_named.parent / f"{NAME}.csv", workspace=long_named, force=True, keep_annotator_ids=True)
    found = made.figures()
    figures = ["30", "120", "4", "4.00", f"{found.raw_agreement:.1%}", f"{found.mean_entropy:.3f}"]
    figures += [f"{share:.1%}" for share in found.label_shares.values()]
    assert_whole(at(width, ingest_page(made)), width, [*figures, "120 rows"], [NAME, *LABELS])


@pytest.mark.parametrize("width", WIDTHS)
def test_check(width: int, long_named: Path) -> None:
    result = check(workspace=long_named, resamples=20)
    people, found = result.annotators_worst_first(), result.ceiling
    assert found is not None and result.krippendorff_alpha.value is not None
    figures = [f"{one.reliability:.3f}" for one in people] + [f"{one.agreement:.1%}" for one in people]
    figures += [f"{value:.3f}" for row in (found.one, found.half) for value in row]
    figures += [f"{result.krippendorff_alpha.value:.3f}", f"{result.raw_agreement:.1%}"]
    figures += [f"{share:.1%}" for share in result.label_shares.values()]
    figures += [f"{share:.1%}" for *_, share in result.confused_labels]
    assert_whole(at(width, check_page(result)), width, figures, [*LABELS, NAME])


@pytest.mark.parametrize("width", WIDTHS)
def test_show(width: int, long_named: Path, finished: Path) -> None:
    datasets = show(workspace=long_named)._replace(workspace=Path("ws"))
    assert_whole(at(width, workspace_page(datasets)), width, ["30", "120"], [NAME])
    contents = show(workspace=finished)
    judges = [judge._replace(name=NAME) for judge in contents.judges]
    metrics = judges[0].manifest.metrics
    figures = [f"{metrics.validation_kl:.4f}", f"{metrics.validation_prior_kl:.4f}", "60", "180"]
    text = at(width, workspace_page(contents._replace(judges=judges, workspace=Path("ws"))))
    assert_whole(text, width, figures, [NAME])


@pytest.mark.parametrize("width", WIDTHS)
def test_show_prompt_and_template(width: int) -> None:
    tokens = [Token(12345, "▁tea"), Token(67890, NAME)]
    words = {label: [Word("no", [Token(4321, "no")])] for label in LABELS}
    prompt = PromptAsRead(
        "judge x", NAME, NAME, "causal", "Is it?", None, tokens, 1, 512, True, True, "By tokens.", words
    )
    assert_whole(at(width, prompt_page(prompt)), width, ["·12345", "4321", "2 tokens", "512"], [NAME])
    filled = FilledTemplate("x", Path("t.j2"), NAME, "Is it?", ("a", "b [SEP] c"))
    assert "B: b [SEP] c" in at(width, template_page(filled))


def test_a_name_and_a_text_of_the_user_are_no_markup() -> None:
    shift = {"[bold]yes[/bold]": 0.5, ":tea:": 0.25}
    result = ExportResult("[red]x", Path("[b]"), {}, "float32", "[i]", 1, shift, 0.5)
    for width in WIDTHS:
        text = at(width, export_page(result))
        assert all(words in text for words in ("[bold]yes[/bold]", ":tea:", "[red]x", "[b]", "[i]"))
