"""How long the report of 5000 instances takes to open in a headless Chromium."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import torch

from benchmarks.browser import chromium
from hyperenergy import theorems
from hyperenergy.geometry.sphere import random_points
from hyperenergy.show import report
from hyperenergy.theorems.prediction import Outcome, Status
from hyperenergy.verify.claims import select, tasks
from hyperenergy.verify.grid import Grid, Instance, Result
from hyperenergy.verify.report import Summary, summarize

INSTANCES, OPENINGS = 5000, 5
# From the start of the navigation to the frame after the one that shows the rows.
_SHOWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now()))))"
_ACTS = {
    "sort by value": "document.querySelectorAll('#table th button')[5].click()",
    "search": "at('search').value = 'dhel 0.05'; at('search').dispatchEvent(new Event('input'))",
    "show all rows": "at('search').value = ''; at('search').dispatchEvent(new Event('input')); at('all').click()",
}


def measure(say: Callable[[str], None]) -> None:
    say(f"\nreport of {INSTANCES} instances in a headless Chromium, ms, median of {OPENINGS}")
    say("  " + (", ".join(f"{name} {ms:.0f}" for name, ms in opening_times().items()) or "no browser"))


def _after(act: str) -> str:
    """From an event to the frame after the one that shows its effect."""
    return f"""() => new Promise(done => {{
        const at = id => document.getElementById(id), start = performance.now();
        {act};
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
    }})"""


def opening_times() -> dict[str, float]:
    """Medians in milliseconds; empty without a browser."""
    times: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        if browser is None:
            return {}
        path = report.write(Path(folder), _summaries(), "hyperenergy verify", 100.0, True)
        for _ in range(OPENINGS):
            context = browser.new_context()
            tab = context.new_page()
            tab.goto(path.as_uri())
            assert tab.locator("#table tbody tr").count() == 200
            times.setdefault("open", []).append(tab.evaluate(_SHOWN))
            for name, act in _ACTS.items():
                times.setdefault(name, []).append(tab.evaluate(_after(act)))
            assert tab.locator("#table tbody tr").count() == INSTANCES
            context.close()
    return {name: median(found) for name, found in times.items()}


def _summaries() -> list[Summary]:
    """The instances of the default grid, again and again, as if they had been run."""
    claims = select(None)
    instances = itertools.cycle(instance for _, instance in tasks(claims, Grid()))
    return summarize([c.id for c in claims], [_result(i) for i in itertools.islice(instances, INSTANCES)])


def _result(instance: Instance) -> Result:
    refuted = theorems.get(instance.claim).status is Status.FALSE
    # With a picture for every claim.
    generator = torch.Generator().manual_seed(0)
    rows = random_points(instance.points, instance.dim, generator=generator).tolist() if instance.points < 50 else None
    return Result(
        claim=instance.claim,
        objective=instance.subject.label,
        points=instance.points,
        dim=instance.dim,
        parameters=instance.parameters,
        outcome=Outcome.REFUTED if refuted else Outcome.CONSISTENT,
        reason="another configuration has the value: not the only minimizer, or too flat to tell",
        value=-1.2345678901 * instance.points,
        prediction=-1.2345678901 * instance.points,
        value_gap=1e-15 * instance.dim,
        misalignment=1e-12,
        congruence=1e-11,
        restarts=8,
        hits=8,
        seconds=0.1,
        anchors=rows,
        positives=rows,
    )
