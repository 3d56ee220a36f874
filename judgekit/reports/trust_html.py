"""`judgekit report` as one HTML file: the verdict, the figures, and a browser of every evaluated item.

Nothing is loaded from elsewhere, and the page forbids itself to. Texts of the data stand in a block of JSON and reach
the page as text nodes, so that markup in them stays text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from importlib.resources import files

from matplotlib import rc_context

from judgekit.core.distributions import entropy
from judgekit.reports.drawing import STYLE, as_svg, inline
from judgekit.reports.evaluate_page import METRIC_WORDS, context_rows, remarks, shown, strata_rows, strata_warnings
from judgekit.reports.trust_figures import Drawn, trust_figures
from judgekit.reports.trust_methods import methods
from judgekit.reports.trust_parts import Part, trust_parts
from judgekit.reports.verdict import next_step, verdict
from judgekit.trust.evaluated import EvaluatedItems
from judgekit.trust.report import ReportFacts
from judgekit.version import __version__
from judgekit.wording import visible

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def trust_html(facts: ReportFacts, *, redact: bool) -> str:
    """The page.

    Args:
        facts: what it says.
        redact: whether the texts of the items are left out.
    """
    result = facts.evaluation
    first, *others = verdict(result)
    advice = next_step(result)
    title = f"Judge {result.judge} on {result.source}"
    body = [
        f"<h1>{_text(title)}</h1>",
        f'<p class="headline">{_text(first)}</p>',
        *(f"<p>{_text(sentence)}</p>" for sentence in [*others, *([advice] if advice else [])]),
        _made(facts),
        "<h2>Its KL among others</h2>",
        _table(["", "KL, nats", "above the floor"], context_rows(result)),
        "<h2>Where people agree, and where not</h2>",
        _table(*strata_rows(result)) if result.strata else "<p>No item has two annotations.</p>",
        *(f'<p class="warning">{_text(sentence)}</p>' for sentence in strata_warnings(result)),
        *(html for part in trust_parts(result) for html in _part(part)),
        *(html for drawn in trust_figures(result, facts.curve) for html in _figure(drawn)),
        "<h2>All figures</h2>",
        _table(["", "judge", f"{result.confidence:.0%} interval", "class prior"], _metric_rows(facts)),
        *(f"<p>{_text(sentence)}</p>" for sentence in remarks(result)),
        *_methods(facts),
        *_settings(facts),
        _browser(result.items, redact=redact),
    ]
    style, script = ((files("judgekit") / "reports" / f"trust.{kind}").read_text("utf-8") for kind in ("css", "js"))
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>{_text(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" '
        f'content="light dark"><style>{style}</style></head>\n<body><main>\n'
        + "\n".join(body)
        + f"\n</main><script>{script}</script></body>\n</html>\n"
    )


def _part(part: Part) -> Iterator[str]:
    yield f"<h2>{_text(part.title)}</h2>"
    yield from (f"<p>{_text(sentence)}</p>" for sentence in part.sentences)
    if part.rows:
        yield _table(part.headings, part.rows)
    yield from (f'<p class="warning">{_text(sentence)}</p>' for sentence in part.warnings)


def _figure(drawn: Drawn) -> Iterator[str]:
    yield f"<h2>{_text(drawn.title)}</h2>"
    with rc_context(STYLE):
        svg = inline(as_svg(drawn.figure), _text(drawn.words))
    yield f"<figure>{svg}<figcaption>{_text(drawn.words)}</figcaption></figure>"
    yield f"<details><summary>The numbers</summary>{_table(drawn.headings, drawn.rows)}</details>"


def _methods(facts: ReportFacts) -> Iterator[str]:
    paragraph, sources = methods(facts)
    yield f"<h2>Methods, for a paper</h2><p>{_text(paragraph)}</p>"
    yield "<ol>" + "".join(f"<li>{_text(source)}</li>" for source in sources) + "</ol>"


def _made(facts: ReportFacts) -> str:
    result, manifest = facts.evaluation, facts.manifest
    rows = [
        ("items", f"{len(result.items):,}, with {result.annotations:,} annotations"),
        ("trained on", f"{manifest.dataset.name}: {manifest.items.train:,} items"),
        ("backbone", facts.backbone),
        ("made", f"{facts.created} by judgekit {__version__}"),
    ]
    return _table(["what", "value"], rows, is_text=True)


def _settings(facts: ReportFacts) -> Iterator[str]:
    manifest = facts.manifest
    backbone, machine, parts = manifest.backbone, manifest.machine, manifest.items
    rows = [
        ("judge made", manifest.created[:16].replace("T", " ")),
        ("dataset", f"{manifest.dataset.name}, SHA-256 {manifest.dataset.content_hash}"),
        ("items", f"{parts.train:,} to train on, {parts.validation:,} to choose by, {parts.test:,} to test on"),
        ("labels", f"{', '.join(manifest.labels)} ({manifest.scale})"),
        ("reads", f"{', '.join(manifest.fields)}, up to {manifest.max_length:,} tokens"),
        ("backbone", f"{facts.backbone}, {backbone.kind}, weights' SHA-256 {backbone.sha256}"),
        ("calibration", manifest.calibration.describe()),
        ("made with", f"judgekit {machine.judgekit}, Python {machine.python}, "
                      + ", ".join(f"{name} {one}" for name, one in machine.packages.items())),
        ("made on", f"{machine.system}, {machine.device}, {machine.dtype}"),
    ]  # fmt: skip
    settings = [(name, str(value)) for name, value in manifest.settings.to_json().items() if name != "backbone"]
    yield f"<h2>The judge</h2>{_table(['what', 'value'], rows, is_text=True)}"
    table = _table(["setting", "value"], settings, is_text=True)
    yield f"<details><summary>All settings of its training</summary>{table}</details>"


def _metric_rows(facts: ReportFacts) -> Iterable[Sequence[str]]:
    prior = facts.evaluation.baselines["class_prior"]
    for name, found in facts.evaluation.metrics.items():
        if found is None:
            yield METRIC_WORDS[name], "undefined", "", ""
        else:
            between = f"{shown(found.low)} to {shown(found.high)}" if shown(found.low) else ""
            yield METRIC_WORDS[name], shown(found.value), between, shown(prior.get(name))


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, is_text: bool = False) -> str:
    head = "".join(f'<th scope="col">{_text(words)}</th>' if words else "<td></td>" for words in headings)
    body = "".join(
        f'<tr><th scope="row">{_text(name)}</th>{"".join(f"<td>{_text(cell)}</td>" for cell in cells)}</tr>'
        for name, *cells in rows
    )
    kind = ' class="facts"' if is_text else ""
    # Wider than a phone it scrolls, and by the keyboard too.
    table = f"<table{kind}><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="wide" tabindex="0" role="group" aria-label="table">{table}</div>'


def _browser(items: EvaluatedItems, *, redact: bool) -> str:
    """The controls, and every item as data; the script shows those that are asked for."""
    texts = [] if redact else [" | ".join(row) for row in items.texts.iter_rows()]
    data = {
        "labels": items.labels,
        "ids": list(items.ids),
        "texts": texts,
        "counts": items.counts.tolist(),
        "q": items.probabilities.round(4).tolist(),
        "kl": items.kl.clip(max=1e9).round(4).tolist(),
        "entropy": entropy(items.shares).round(4).tolist(),
    }
    # A `</script>` in a text would end the block; as JSON the escape is the same text.
    block = json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    options = "".join(f'<option value="{k}">{_text(label)}</option>' for k, label in enumerate(items.labels))
    note = "<p>The texts are left out.</p>" if redact else ""
    return f"""<section aria-labelledby="items"><h2 id="items">Items</h2>{note}
<noscript><p>The list of items needs JavaScript.</p></noscript>
<form id="filter" class="controls"><label>Search <input id="search" type="search"></label>
<label>People's label <select id="label"><option value="">all</option>{options}</select></label>
<label>Agreement <select id="stratum"><option value="">all</option><option>unanimous</option><option>mixed</option>
<option>split</option></select></label>
<label>Sort by <select id="sort"><option value="kl">largest disagreement of people and judge</option>
<option value="entropy">people disagree most</option><option value="order">order of the data</option></select></label>
</form><p id="found" role="status"></p>
<button id="save" type="button">Save these items as CSV</button>
<ol id="list"></ol><button id="more" type="button">Show more</button>
<script type="application/json" id="data">{block}</script></section>"""


def _text(words: str) -> str:
    return escape(visible(words))
