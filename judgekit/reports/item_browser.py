"""Every item of a report, to be searched, filtered, sorted and saved in the browser.

Texts of the data stand in a block of JSON and reach the page as text nodes, so that markup in them stays text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from judgekit.core.distributions import FloatArray, empirical_distribution, entropy
from judgekit.reports.html import text


def item_browser(
    ids: Sequence[str],
    texts: pl.DataFrame,
    labels: Sequence[str],
    counts: NDArray[np.int64],
    *,
    redact: bool,
    sorts: Mapping[str, tuple[str, FloatArray]],
    q: FloatArray | None = None,
) -> str:
    """The controls, and every item as data; the script shows those that are asked for.

    Args:
        ids: `[N]`.
        texts: `[N, F]`.
        labels: the K labels.
        counts: annotations, `[N, K]`.
        redact: whether the texts are left out.
        sorts: what the items can be sorted by, `[N]` each with its words, beside people's entropy; the first is in
            force.
        q: what a judge predicts, `[N, K]`; None where there is none.
    """
    measures = {name: values.clip(max=1e9).round(4).tolist() for name, (_, values) in sorts.items()}
    measures["entropy"] = entropy(empirical_distribution(counts)).round(4).tolist()
    data: dict[str, Any] = {
        "labels": list(labels),
        "ids": list(ids),
        "texts": [] if redact else [" | ".join(row) for row in texts.iter_rows()],
        "counts": counts.tolist(),
        "q": None if q is None else q.round(4).tolist(),
        **measures,
    }
    # A `</script>` in a text would end the block; as JSON the escape is the same text.
    block = json.dumps(data, ensure_ascii=True, allow_nan=False).replace("<", "\\u003c")
    options = "".join(f'<option value="{k}">{text(label)}</option>' for k, label in enumerate(labels))
    keys = "".join(f'<option value="{name}">{text(words)}</option>' for name, (words, _) in sorts.items())
    note = "<p>The texts are left out.</p>" if redact else ""
    return f"""<section aria-labelledby="items"><h2 id="items">Items</h2>{note}
<noscript><p>The list of items needs JavaScript.</p></noscript>
<form id="filter" class="controls"><label>Search <input id="search" type="search"></label>
<label>People's label <select id="label"><option value="">all</option>{options}</select></label>
<label>Agreement <select id="stratum"><option value="">all</option><option>unanimous</option><option>mixed</option>
<option>split</option></select></label>
<label>Sort by <select id="sort">{keys}<option value="entropy">people disagree most</option>
<option value="order">order of the data</option></select></label>
</form><p id="found" role="status"></p>
<button id="save" type="button">Save these items as CSV</button>
<ol id="list"></ol><button id="more" type="button">Show more</button>
<script type="application/json" id="data">{block}</script></section>"""
