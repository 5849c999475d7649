"""B5s: symmetrized losses align, it seems."""

from __future__ import annotations

from hyperenergy.theorems.cases import MISALIGNED_CASES, off_optima
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem
from hyperenergy.theorems.subjects import symmetrized


def _instances(grid: Grid) -> Instances:
    for dim, points in off_optima(grid, MISALIGNED_CASES, tuple(range(5, 21))):
        for tau in grid.pick_temperatures((0.1, 0.25), (0.05, 0.1, 0.25, 0.5, 1.0)):
            for loss in symmetrized(tau):
                yield How.ALIGNMENT, Instance("B5s", loss, points, dim)


THEOREM = Theorem(
    "B5s",
    "Symmetrized losses align perfectly at every batch size",
    "The minimizers of symmetric InfoNCE, NT-Xent and symmetric DCL satisfy u_i = v_i at every M, d and tau. Proved is: at "
    "V = U the derivatives in U and V agree, so that critical points among aligned configurations are critical; and near "
    "the best aligned configurations nothing misaligned is as good, for NT-Xent and symmetric DCL always (L3).",
    Status.CONJECTURE,
    "numerical evidence; near aligned configurations L3",
    instances=_instances,
    by_objective=True,
    formula=r"(U,V) \text{ minimizes } L \; \implies \; u_i = v_i \text{ for all } i, \quad \text{at every } M, d, \tau",
)
