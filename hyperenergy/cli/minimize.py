"""`hyperenergy minimize`: one objective, from random starts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyperenergy import files
from hyperenergy.cli.console import interruptible, print_table
from hyperenergy.cli.options import Device, Hops, Kernel, Pairs, Restarts, Seed, Temperature

if TYPE_CHECKING:
    from hyperenergy.solvers.newton import Signature


def minimize(
    objective: Annotated[str, typer.Argument(help="A loss or kernel, e.g. dhel, nt-xent, riesz:s=1, kcl.")],
    points: Annotated[int, typer.Option(help="Number of points, or of pairs for a loss.")],
    dim: Annotated[int, typer.Option(help="Ambient dimension d; the sphere is S^(d-1).")],
    temperature: Temperature = None,
    kernel: Kernel = None,
    pairs: Pairs = "unordered",
    restarts: Restarts = 32,
    hops: Hops = 0,
    seed: Seed = 0,
    device: Device = "auto",
    out: Annotated[Path | None, typer.Option(help="Write the configuration as .json.")] = None,
) -> None:
    """Minimize one objective from random starts and compare with what is predicted there."""
    from hyperenergy import compare, predict, theorems
    from hyperenergy.minimize import minimize as search
    from hyperenergy.naming import parse_objective

    if out is not None:
        files.target("out", out, (".json",))  # before the search, not after it
    target = parse_objective(objective, pairs=pairs, temperature=temperature, kernel=kernel)
    with interruptible():
        best = search(target, points, dim, restarts=restarts, hops=hops, seed=seed, device=device)
    rows = [
        ("objective", target.label),
        ("value", f"{best.value:.15g}"),
        ("misalignment", f"{best.misalignment:.2e}"),
        ("relative gradient norm", f"{best.gradient_norm:.1e}"),
        ("status", best.status.value),
        ("starts that reached it", f"{best.hits} of {best.restarts}"),
        ("starts", "; ".join([best.origin.value, *(f"by way of {stage}" for stage in best.path)])),
        ("distinct minima", ", ".join(f"{m.value:.12g} ({m.count}x)" for m in best.minima[:6])),
        ("Hessian", _signature(best.minima[0].signature) if best.status.stationary else "not a local minimum"),
    ]
    prediction = predict(target, points, dim)
    if prediction is None:
        rows.append(("prediction", theorems.unpredicted(target, points, dim)))
    else:
        match = compare(best, prediction)
        rows += [
            ("prediction", f"{prediction.value:.15g} ({prediction.theorem}, {prediction.status})"),
            ("value gap", f"{match.value_gap:.1e}"),
            ("congruence residual", f"{match.congruence:.1e}"),
            ("verdict", f"{match.outcome.value}: {match.reason}"),
            ("statement", theorems.get(prediction.theorem).statement),
        ]
    print_table(f"{points} points in R^{dim}", ("", ""), rows)
    if out is not None:
        record = {
            "objective": target.label,
            "points": points,
            "dim": dim,
            "value": best.value,
            "seed": seed,
            "anchors": best.anchors.tolist(),
            "positives": best.positives.tolist(),
        }
        with files.replacing("out", out, (".json",)) as beside:
            beside.write_text(json.dumps(record), "utf-8")
        print(f"configuration: {out}")


def _signature(signature: Signature | None) -> str:
    if signature is None:
        return "not computed: a pair on a kink, S^0, or too many coordinates"
    return f"index {signature.index}, {signature.zero_modes} zero modes, {signature.orbit} of them rotations"
