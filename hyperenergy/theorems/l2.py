"""L2: where aligned regular polygons are local minima of losses with a logarithm, and where they are not."""

from __future__ import annotations

from hyperenergy.losses.dcl import DCL
from hyperenergy.losses.dhel import DHEL
from hyperenergy.losses.info_nce import InfoNCE
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import Theorem
from hyperenergy.theorems.subjects import softmax_losses


def _instances(grid: Grid) -> Instances:
    """On both sides of where they cease to be local minima; in the full grid all losses."""
    if 2 not in grid.pick_dims((2,)):
        return
    for points in grid.pick_points((5, 6, 8) if not grid.full else (4, 5, 6, 7, 8, 9, 12, 20)):
        for tau in grid.pick_temperatures((0.15, 0.5), (0.05, 0.15, 0.3, 0.5, 2.0)):
            few = (InfoNCE(tau), DHEL(tau), DCL(tau, within_view=False))
            for loss in softmax_losses(tau) if grid.full else few:
                yield How.HESSIAN, Instance("L2", loss, points, 2)


THEOREM = Theorem(
    "L2",
    "Where polygons are local minima",
    "Let M >= 3 aligned points lie at a regular polygon, omega = 2 pi/M, and let, with sums over n = 1..M-1, p_n be "
    "proportional to e^{cos(n omega)/tau}, of sum 1, W_n = sin^2(n omega)/tau^2 - cos(n omega)/tau, W_0 = sum p_n W_n, "
    "W_p = sum p_n W_n cos(p n omega), S = sum p_n sin(n omega) sin(p n omega). Second derivatives split into modes p "
    "= 0..M-1, 2 x 2 blocks of anchors and positives. The polygon is a local minimizer, isolated up to rotation, if "
    "for p = 1..M-1 DHEL and symmetric cross-view DCL have W_0 - W_p > S^2/(2 tau^2), and one-sided cross-view DCL "
    "(1/tau + W_0)(1/tau + W_0 - S^2/tau^2) > (1/tau + W_p)^2; InfoNCE has the same with S^2 times 1 - p_ii, p_ii the "
    "weight of the positive. Where for some p it holds the other way, it is none. So cross-view DCL is not least at "
    "the hexagon for tau = .1, .2 and .3, nor DHEL at the octagon for tau = .15 (F3).",
    Status.THEOREM,
    "derived here",
    instances=_instances,
    formula=r"W_0 - W_p > \frac{S^2}{2\tau^2} \; (\mathrm{DHEL}), \quad \left(\frac{1}{\tau} + W_0\right) "
    r"\left(\frac{1}{\tau} + W_0 - \frac{S^2}{\tau^2}\right) > \left(\frac{1}{\tau} + W_p\right)^2 \; (\mathrm{DCL}) \\ "
    r"W_p = \sum\limits_n p_n W_n \cos(pn\omega), \quad S = \sum\limits_n p_n \sin(n\omega) \sin(pn\omega)",
)
