"""A loss of one's own that declares the facts of KCL or of DHEL is treated as they are, in compiled code and everywhere."""

from __future__ import annotations

import pytest
from torch import Tensor

import hyperenergy as he
from hyperenergy.losses.checks import declaration, positive_number
from hyperenergy.losses.facts import KernelFacts, SoftmaxFacts
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.search.solvers import compiled_search
from hyperenergy.search.ways import routes
from tests.cases import COMPILED


class Mine(he.PairLoss):
    """KCL of one kernel, two-view."""

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return he.KCL(he.Gaussian(2), gamma=3.0, two_view=True).formula(anchors, positives)

    def theory(self) -> KernelFacts:
        return KernelFacts(he.Gaussian(2), he.Gaussian(2), 3.0, views=2)


class Symmetrized(Mine):
    """What compiled code has no form for."""

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        one = he.KCL(he.Gaussian(2), gamma=3.0)
        return (one.formula(anchors, positives) + one.formula(positives, anchors)) / 2

    def theory(self) -> KernelFacts:
        return KernelFacts(he.Gaussian(2), he.Gaussian(2), 3.0, symmetrized=True)


class Cooled(he.PairLoss):
    """DHEL, with a temperature of another name."""

    hyperparameters = declaration(tau=positive_number)

    def __init__(self, tau: float) -> None:
        super().__init__(tau=tau)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return he.DHEL(self.tau).formula(anchors, positives)

    def theory(self) -> SoftmaxFacts:
        return SoftmaxFacts(float(self.tau), own=False, within=True, across=False)


@COMPILED
@pytest.mark.parametrize("loss", [Mine(), Symmetrized()])
def test_kernel_losses_of_ones_own(loss: he.PairLoss) -> None:
    assert (compiled_search._kind(BatchLoss(loss), 10) is not None) == (type(loss) is Mine)
    best = he.minimize(loss, 5, 4, restarts=4)
    prediction = he.predict(loss, 5, 4)
    assert prediction is not None and he.compare(best, prediction).outcome is he.Outcome.CONSISTENT


@COMPILED
def test_a_temperature_of_another_name_has_no_warmer_way() -> None:
    assert all("temperature" not in route.label for route in routes(BatchLoss(Cooled(0.5)), 5, 3, "auto"))
    best = he.minimize(Cooled(0.5), 5, 4, restarts=4)
    assert best.value == pytest.approx(he.minimize(he.DHEL(0.5), 5, 4, restarts=4).value, abs=1e-12)
