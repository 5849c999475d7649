"""E3: the expected kernel loss."""

from __future__ import annotations

from hyperenergy.kernels.base import Kernel
from hyperenergy.kernels.gaussian import Gaussian
from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric
from hyperenergy.kernels.laplace import Laplace
from hyperenergy.kernels.logarithmic import Logarithmic
from hyperenergy.kernels.regularized_logarithmic import RegularizedLogarithmic
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.kcl import KCL
from hyperenergy.theorems.instances import Grid, How, Instance, Instances
from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Theorem

_KERNELS: tuple[Kernel, ...] = (
    Gaussian(2),
    Laplace(1),
    InverseMultiquadric(1),
    Riesz(-1),
    RegularizedLogarithmic(1),
)


def _instances(grid: Grid) -> Instances:
    for dim in grid.pick_dims((2, 3, 8)):
        for kernel in (*_KERNELS, Riesz(1), Logarithmic()) if dim > 1 else ():
            alignment = Gaussian(2) if kernel.singular else None
            for two_view in (False, True):
                loss = KCL(kernel, alignment_kernel=alignment, two_view=two_view)
                yield How.BATCH_INDEPENDENCE, Instance("E3", loss, 3, dim, {"part": "batch size"})
            if not kernel.singular:
                yield How.ABOVE_LIMIT, Instance("E3", KCL(kernel), 8, dim, {"part": "empirical laws"})


THEOREM = Theorem(
    "E3",
    "The expected kernel loss does not depend on the batch size",
    "For every M >= 2 the expected KCL of M iid pairs is -E K_A + gamma E K_U over two independent anchors. At any M it is "
    "least for aligned pairs and the uniform law, alone if all Gegenbauer coefficients of K_U of degree >= 1 are positive, "
    "as they are for every kernel that is completely monotone on (0, infinity) up to a constant, and not constant.",
    Status.THEOREM,
    f"{PAPER}, expectation level; Schoenberg 1942",
    instances=_instances,
    formula=r"\mathbb{E} \, \mathrm{KCL}_M = -\mathbb{E} \, K_A(\left|u-v\right|^2) + \gamma \, \mathbb{E} \, "
    r"K_U(\left|u-u'\right|^2) \text{ for every } M \ge 2 \\ "
    r"\mathbb{E} \, \mathrm{KCL}_M \ge -K_A(0) + \gamma \iint K_U(\left|x-y\right|^2) \, d\sigma(x) \, "
    r"d\sigma(y)",
)
