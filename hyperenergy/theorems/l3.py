"""L3: symmetrized losses align locally."""

from __future__ import annotations

from hyperenergy.theorems.cases import off_optima
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem
from hyperenergy.theorems.subjects import symmetrized

# (dim, points) whose best aligned configurations are not balanced at the temperature 0.1.
_CASES = ((3, 5), (4, 6))


def _instances(grid: Grid) -> Instances:
    for dim, points in off_optima(grid, _CASES, tuple(range(5, 13))):
        for tau in grid.pick_temperatures((0.1,), (0.05, 0.1, 0.5)):
            for loss in symmetrized(tau):
                yield How.ALIGNMENT, Instance("L3", loss, points, dim)


THEOREM = Theorem(
    "L3",
    "Symmetrized losses align near their best aligned configurations",
    "Let L be NT-Xent or symmetric DCL, at any M, d and tau, and let U be a local minimizer among aligned configurations. "
    "Then (U, U) is a local minimizer among all pairs, and near it all others that are as good are aligned: along "
    "u_i = exp(e x_i), v_i = exp(-e x_i) the second derivative at e = 0 is at least (8/(M tau)) sum_i w_i |x_i|^2, w_i > 0 "
    "the softmax weight that anchor i gives to the positives of other pairs. Of symmetric InfoNCE and symmetric cross-view "
    "DCL the same holds, with another bound, where all anchors have one normalizer and not all points coincide, as in every "
    "distance-invariant code, and wherever c_i + r_i + g_i < 3 w_i for all i, with the sums over j of p_ji, p_ij x_ij and "
    "p_ji x_ij, x_ij = u_i.u_j; of symmetric InfoNCE so where (M-1) e^{-(1-x)/tau} < 2(1-x)/(1+x), x >= 0 the largest "
    "x_ij. Elsewhere that is open; that the best of all configurations is aligned is B5s.",
    Status.THEOREM,
    "found and proved by this package",
    instances=_instances,
    formula=r"\frac{d^2}{d\varepsilon^2} L\bigl(\exp_U \varepsilon\xi, \, \exp_U(-\varepsilon\xi)\bigr)"
    r"\Big|_{\varepsilon=0} \ge \frac{8}{M\tau} \sum\limits_i w_i |\xi_i|^2, \quad w_i = \sum\limits_{j \ne i} p_{ij} > 0",
)
