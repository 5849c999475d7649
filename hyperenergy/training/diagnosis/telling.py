"""A diagnosis as a text for the terminal, and as plain data."""

from __future__ import annotations

import dataclasses
import io
import math
from typing import Any

from hyperenergy.training.diagnosis.found import Findings
from hyperenergy.training.diagnosis.marks import Estimate
from hyperenergy.training.diagnosis.measures import EDGES, Measure, Measured

MEASURES = ("metric", "found", "best", "uniform law", "baseline")
TITLES = {
    "alignment": "alignment, mean |u-v|^2",
    "uniformity": "uniformity, t = 2",
    "wasserstein_uniformity": "Wasserstein-1 to the uniform law",
    "w2_uniformity": "squared Wasserstein-2 uniformity",
    "rank": "rank",
    "effective_rank": "effective rank",
    "rankme": "RankMe",
    "stable_rank": "stable rank",
    "alpha_req": "alpha-ReQ (centered)",
    "lidar": "LiDAR",
    "small_singular_values": "singular values below 1 % (centered)",
}


def losses(d: Findings) -> list[tuple[str, str, str]]:
    """Label, value and source of the loss and its marks; none without a loss."""
    if d.losses is None or d.attainable is None or d.baseline is None:
        return []
    batches = f"mean over {d.losses.batches} random batches of {d.losses.batch}"
    rows = [
        ("loss", str(d.losses.value), batches),
        ("aligned, L(U,U)", str(d.losses.aligned), "the same batches"),
        *([("least", str(d.least), d.least.source)] if d.least is not None else []),
        ("attainable", str(d.attainable), d.attainable.source),
        ("baseline", str(d.baseline), d.baseline.source),
    ]
    if d.gaps is None:
        return [*rows, ("gap", "none", "the baseline is no worse than what is attainable")]
    parts = zip(
        ("gap", "of alignment", "of energy"),
        (d.gaps.total, d.gaps.alignment, d.gaps.energy),
        d.gaps.errors,
        strict=True,
    )
    of = "share of the way from the baseline to what is attainable"
    return [*rows, *((name, f"{value:.3f} ± {error:.1g}", of) for name, value, error in parts)]


def measure_row(measure: Measure) -> tuple[str, ...]:
    best = "" if measure.best is None else f"{'' if measure.certain else _bound(measure)}{measure.best:.4g}"
    uniform = "" if measure.uniform is None else f"{measure.uniform:.4g}"
    baseline = "" if measure.baseline is None else f"{measure.baseline.value:.4g}"
    return TITLES.get(measure.name, measure.name), str(measure.found), best, uniform, baseline


def _bound(measure: Measure) -> str:
    """What is best is a bound that may not be attained."""
    return "\N{LESS-THAN OR EQUAL TO} " if measure.best and measure.best > 1 else "\N{GREATER-THAN OR EQUAL TO} "


def table(d: Findings) -> str:
    from rich.console import Console
    from rich.table import Table

    out = io.StringIO()
    console = Console(file=out, width=120)
    shape = f"{d.points} {'pairs' if d.paired else 'points'} in R^{d.dim}"
    console.print(f"{d.name}: {shape}" + (f", {d.classes} classes" if d.classes else ""), highlight=False)
    console.print(d.sentence, highlight=False, markup=False)
    if d.loss is not None:
        loss = Table(title=d.loss, title_justify="left")
        for name in ("", "value", "what it is"):
            loss.add_column(name)
        for row in losses(d):
            loss.add_row(*row)
        console.print(loss)
    found = Table(
        title=f"metrics; baseline: {d.baseline_name if d.loss is None else _reference(d)}", title_justify="left"
    )
    for name in MEASURES:
        found.add_column(name)
    for measure in d.measures:
        found.add_row(*measure_row(measure))
    console.print(found)
    for note in (*where(d), *d.notes):
        console.print(note, highlight=False, markup=False)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def _reference(d: Findings) -> str:
    given = "given" in d.baseline_name
    return d.baseline_name if given else f"iid uniform {'pairs' if d.paired else 'points'}"


def where(d: Findings) -> list[str]:
    """Where to look, a line each."""
    lines = []
    if d.furthest:
        pairs = ", ".join(f"{a.row} ({a.distance:.3f})" for a in d.furthest[:5])
        lines.append(f"Pairs furthest apart, by row and |u-v|: {pairs}")
    crowd = ", ".join(f"{c.row} ({c.density:.3g}x, nearest {c.nearest})" for c in d.crowded[:5])
    lines.append(f"Points that crowd, by row and density over the uniform law's: {crowd}")
    if d.overlaps:
        classes = ", ".join(f"{o.one} in {o.other} ({100 * o.share:.0f} %)" for o in d.overlaps[:5])
        lines.append(f"Classes that overlap, by the share of nearest points: {classes}")
    return lines


def record(d: Findings) -> dict[str, Any]:
    return {
        "name": d.name, "points": d.points, "dim": d.dim, "paired": d.paired, "classes": d.classes, "loss": d.loss,
        "sentence": d.sentence,
        "batch": None if d.losses is None else d.losses.batch,
        "batches": None if d.losses is None else d.losses.batches,
        "value": _estimate(None if d.losses is None else d.losses.value),
        "aligned": _estimate(None if d.losses is None else d.losses.aligned),
        "least": _estimate(d.least), "attainable": _estimate(d.attainable), "baseline": _estimate(d.baseline),
        "baseline_name": d.baseline_name,
        "gap": d.gap, "alignment_gap": d.alignment_gap, "energy_gap": d.energy_gap,
        "gap_errors": None if d.gaps is None else list(d.gaps.errors),
        "metrics": {m.name: _measure(m) for m in d.measures},
        "singular_values": d.found.singular.tolist(),
        "inner_products": {"edges": EDGES.tolist(), "shares": d.found.histogram.tolist()},
        "furthest": [dataclasses.asdict(a) for a in d.furthest],
        "crowded": [dataclasses.asdict(c) for c in d.crowded],
        "overlaps": [dataclasses.asdict(o) for o in d.overlaps],
        "notes": list(d.notes),
    }  # fmt: skip


def _estimate(given: Estimate | None) -> dict[str, Any] | None:
    return None if given is None else {"mean": given.mean, "error": given.error, "source": given.source}


def _measure(m: Measure) -> dict[str, Any]:
    return {
        "value": _plain(m.found), "error": m.found.error, "best": m.best, "attained": m.certain, "uniform": m.uniform,
        "baseline": None if m.baseline is None else _plain(m.baseline),
        "range": None if m.range is None else [None if math.isinf(x) else x for x in m.range],
    }  # fmt: skip


def _plain(m: Measured) -> float | None:
    return m.value if math.isfinite(m.value) else None
