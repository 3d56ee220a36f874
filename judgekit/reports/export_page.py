"""The page of `export`: what was written, and how little it changed the judge."""

from __future__ import annotations

from rich.console import Group, RenderableType

from judgekit.judge.export import ExportResult
from judgekit.reports.blocks import Column, Rows, facts, heading


def export_page(result: ExportResult) -> RenderableType:
    """What `export` wrote."""
    rows = [
        ("folder", str(result.folder)),
        ("format", result.format),
        ("files", ", ".join(result.files)),
        ("size", f"{sum(result.files.values()) / 2**20:,.1f} MiB, weights in {result.dtype}"),
        *(
            [("without probe", f"{result.without_probe.mean:.3f} on average, up to {result.without_probe.largest:.3f}")]
            if result.without_probe
            else []
        ),
        ("checked on", f"{result.sample_items:,} {result.sample}"),
        ("tolerance", f"{result.tolerance:g}"),
    ]
    shifts = Rows(
        [Column("label", is_figure=False), Column("largest shift of its probability")],
        [(label, f"{shift:.2g}") for label, shift in result.shift.items()],
    )
    return Group(heading(f"Export of {result.judge}"), facts(rows), heading("Before and after"), shifts)
