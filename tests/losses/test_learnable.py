"""Learnable hyperparameters: derivatives against differences of the naive loops, where every value is computed anew."""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.losses.align_uniform import align_uniform
from hyperenergy.losses.dcl import dcl
from hyperenergy.losses.dhel import dhel
from hyperenergy.losses.info_nce import info_nce
from hyperenergy.losses.kcl import kcl
from hyperenergy.losses.multi_view_dhel import multi_view_dhel
from hyperenergy.losses.multi_view_info_nce import multi_view_info_nce
from hyperenergy.losses.nt_xent import nt_xent
from hyperenergy.losses.phi_psi import phi_psi
from hyperenergy.losses.sig_lip import sig_lip
from hyperenergy.losses.sim_clr import sim_clr
from hyperenergy.losses.spectral_contrastive import spectral_contrastive
from hyperenergy.losses.sup_con import sup_con
from hyperenergy.objectives.base import as_objective
from tests import oracles

TAU = 0.3


class Learnable(NamedTuple):
    """A loss as a function of one hyperparameter, built and by the naive loop on the nested lists of its arguments."""

    name: str
    start: float
    build: Callable[[float], torch.nn.Module]
    oracle: Callable[..., float]

    def __repr__(self) -> str:
        return f"{self.build(self.start)}:{self.name}"  # the module's repr


def gaussian(t: float) -> Callable[[float], float]:
    return lambda r: math.exp(-t * r)


PAIRS = [
    Learnable("temperature", TAU, lambda x: he.InfoNCE(x), lambda U, V, x: oracles.info_nce(U, V, x)),
    Learnable(
        "temperature",
        TAU,
        lambda x: he.InfoNCE(x, symmetric=True),
        lambda U, V, x: (oracles.info_nce(U, V, x) + oracles.info_nce(V, U, x)) / 2,
    ),
    Learnable("temperature", TAU, lambda x: he.SimCLR(x), lambda U, V, x: oracles.sim_clr(U, V, x)),
    Learnable("temperature", TAU, lambda x: he.NTXent(x), lambda U, V, x: oracles.nt_xent(U, V, x)),
    Learnable("temperature", TAU, lambda x: he.DCL(x), lambda U, V, x: oracles.dcl(U, V, x, True)),
    Learnable("temperature", TAU, lambda x: he.DCL(x, within_view=False), lambda U, V, x: oracles.dcl(U, V, x, False)),
    Learnable("temperature", TAU, lambda x: he.DHEL(x), lambda U, V, x: oracles.dhel(U, V, x, False)),
    Learnable("temperature", TAU, lambda x: he.DHEL(x, two_view=True), lambda U, V, x: oracles.dhel(U, V, x, True)),
    Learnable(
        "gamma",
        3.0,
        lambda x: he.KCL(he.Gaussian(2), gamma=x),
        lambda U, V, x: oracles.kcl(U, V, gaussian(2), gaussian(2), x, False),
    ),
    Learnable("alpha", 1.0, lambda x: he.AlignUniform(alpha=x), lambda U, V, x: oracles.align_uniform(U, V, x, 2, 1)),
    Learnable("alpha", 2.0, lambda x: he.AlignUniform(alpha=x), lambda U, V, x: oracles.align_uniform(U, V, x, 2, 1)),
    Learnable("t", 2.0, lambda x: he.AlignUniform(t=x), lambda U, V, x: oracles.align_uniform(U, V, 2, x, 1)),
    Learnable("weight", 0.5, lambda x: he.AlignUniform(weight=x), lambda U, V, x: oracles.align_uniform(U, V, 2, 2, x)),
    Learnable("scale", 5.0, lambda x: he.SigLIP(scale=x, bias=-1), lambda U, V, x: oracles.sig_lip(U, V, x, -1)),
    Learnable("bias", -1.0, lambda x: he.SigLIP(scale=5, bias=x), lambda U, V, x: oracles.sig_lip(U, V, 5, x)),
]
LABELS = torch.tensor([0, 1, 0, 1, 1, 0])
VIEWS = [
    Learnable("temperature", TAU, lambda x: he.MultiViewInfoNCE(x), lambda W, x: oracles.multi_view_info_nce(W, x)),
    Learnable("temperature", TAU, lambda x: he.MultiViewDHEL(x), lambda W, x: oracles.multi_view_dhel(W, x)),
]

# Places where a formula that fills in infinities or takes angles is not a number: antipodes, coincidences, two points.
PLACES = {
    "generic": lambda draw: (draw(5, 3), draw(5, 3)),
    "two pairs": lambda draw: (draw(2, 3), draw(2, 3)),
    "aligned": lambda draw: (x := draw(4, 3), x.clone()),
    "antipodal": lambda draw: (torch.cat([x := draw(2, 3), -x]), torch.cat([-x, x])),
    "coincident": lambda draw: (torch.cat([x := draw(2, 3), x]), torch.cat([x, x])),
}


def slope(case: Learnable, *lists: object) -> float:
    """Of the naive loop, by central differences of fourth order."""
    h, x = 1e-3 * abs(case.start), case.start

    def f(k: int) -> float:
        return case.oracle(*lists, x + k * h)

    return (8 * (f(1) - f(-1)) - (f(2) - f(-2))) / (12 * h)


def check(case: Learnable, call: Callable[[torch.nn.Module], Tensor], *lists: object) -> None:
    parameter = torch.nn.Parameter(torch.tensor(case.start, dtype=torch.float64))
    loss = case.build(parameter)  # type: ignore[arg-type]
    assert [name for name, _ in loss.named_parameters()] == [case.name]
    value = call(loss)
    assert value.item() == pytest.approx(case.oracle(*lists, case.start), rel=1e-12, abs=1e-13)
    value.backward()
    assert parameter.grad is not None
    assert parameter.grad.item() == pytest.approx(slope(case, *lists), rel=1e-8, abs=1e-9)


@pytest.mark.parametrize("case", PAIRS, ids=repr)
@pytest.mark.parametrize("place", PLACES)
def test_derivatives_in_hyperparameters(case: Learnable, place: str, draw) -> None:
    U, V = PLACES[place](draw)
    check(case, lambda loss: loss(U, V), U.tolist(), V.tolist())


@pytest.mark.parametrize("case", VIEWS, ids=repr)
@pytest.mark.parametrize("shape", [(3, 4, 3), (2, 2, 3)])
def test_derivatives_of_losses_of_views(case: Learnable, shape: tuple[int, ...], draw) -> None:
    W = draw(*shape)
    check(case, lambda loss: loss(W), W.tolist())


@pytest.mark.parametrize("labels", [LABELS, LABELS[:2] * 0], ids=["two classes", "a single class of two"])
def test_derivatives_of_a_loss_of_labels(labels: Tensor, draw) -> None:
    Z = draw(len(labels), 3)
    case = Learnable("temperature", TAU, lambda x: he.SupCon(x), lambda Z, c, x: oracles.sup_con(Z, c, x))
    check(case, lambda loss: loss(Z, labels), Z.tolist(), labels.tolist())


FORMULAS: dict[str, Callable[..., Tensor]] = {
    "info_nce": lambda U, V, x: info_nce(U, V, temperature=x),
    "sim_clr": lambda U, V, x: sim_clr(U, V, temperature=x),
    "nt_xent": lambda U, V, x: nt_xent(U, V, temperature=x),
    "dcl": lambda U, V, x: dcl(U, V, temperature=x),
    "dhel": lambda U, V, x: dhel(U, V, temperature=x, two_view=True),
    "phi_psi": lambda U, V, x: phi_psi(U, V, phi=torch.log1p, psi=lambda s: (s / x).exp()),
    "align_uniform": lambda U, V, x: align_uniform(U, V, alpha=2.0, t=x, weight=x),
    "sig_lip": lambda U, V, x: sig_lip(U, V, scale=x, bias=-x),
    "spectral_contrastive": lambda U, V, x: x * spectral_contrastive(U, V),
    "kcl": lambda U, V, x: kcl(U, V, kernel=he.Gaussian(2), gamma=x),
    "sup_con": lambda U, V, x: sup_con(torch.cat([U, V]), torch.arange(len(U)).repeat(2), temperature=x),
    "multi_view_info_nce": lambda U, V, x: multi_view_info_nce(torch.stack([U, V]), temperature=x),
    "multi_view_dhel": lambda U, V, x: multi_view_dhel(torch.stack([U, V]), temperature=x),
}


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("place", PLACES)
def test_first_and_second_derivatives_in_everything(name: str, place: str, draw) -> None:
    """Jointly in anchors, positives and hyperparameter, against differences of values and of gradients."""
    U, V = (x.requires_grad_(True) for x in PLACES[place](draw))
    x = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(FORMULAS[name], (U, V, x), atol=1e-6)
    assert torch.autograd.gradgradcheck(FORMULAS[name], (U, V, x), atol=1e-5)


def test_a_diagonal_of_minus_infinity_is_seen(draw) -> None:
    """The control of the two tests above: filled in first and divided afterwards, it has no derivative."""

    def filled(U: Tensor, x: Tensor) -> Tensor:
        return torch.logsumexp((U @ U.mT).masked_fill(torch.eye(len(U), dtype=torch.bool), -math.inf) / x, -1).mean()

    U, x = draw(4, 3).requires_grad_(True), torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    assert not torch.autograd.gradcheck(filled, (U, x), raise_exception=False)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "loss", [he.InfoNCE(0.5), he.NTXent(0.5), he.DHEL(0.5), he.AlignUniform(), he.SigLIP()], ids=lambda x: x.label
)
def test_hessians_as_newtons_method_takes_them(loss: he.PairLoss, place: str, draw) -> None:
    """jacrev of grad, against central differences of gradients."""
    U, V = PLACES[place](draw)
    target = as_objective(loss)
    z = torch.cat([U, V])
    _, hessian = target.gradient_and_hessian(z)
    h = 1e-5
    columns = []
    for step in h * torch.eye(z.numel(), dtype=torch.float64).reshape(-1, *z.shape):
        up, down = (target.gradient_and_hessian(z + sign * step)[0] for sign in (1, -1))
        columns.append(((up - down) / (2 * h)).reshape(-1))
    torch.testing.assert_close(hessian, torch.stack(columns), rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("make", [he.InfoNCE, he.SimCLR, he.NTXent, he.DCL, he.DHEL], ids=lambda x: x.__name__)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_training_with_a_learnable_temperature(make: type, dtype: torch.dtype, draw) -> None:
    """Features and temperature descend together; every value on the way is finite, and lower than the one before."""
    loss = make(torch.nn.Parameter(torch.ones(1, dtype=dtype) / 2))
    features = torch.nn.Parameter(draw(2, 8, 4).to(dtype))
    optimizer = torch.optim.SGD([features, *loss.parameters()], lr=0.02)
    values = []
    for _ in range(30):
        optimizer.zero_grad()
        value = loss(*he.normalize(features))
        assert value.shape == () and bool(value.isfinite())
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert all(after < before for before, after in itertools.pairwise(values))
    assert values[-1] < values[0] - 0.1


def test_derivatives_keep_their_relative_accuracy() -> None:
    """log(1 + e^{-2/tau}) = 4e-18 at tau = 0.05; its derivative is 2/tau^2 / (1 + e^{2/tau})."""
    tau = torch.nn.Parameter(torch.tensor(0.05, dtype=torch.float64))
    U = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    value = he.InfoNCE(tau)(U, U)
    value.backward()
    assert tau.grad is not None
    assert value.item() == pytest.approx(math.log1p(math.exp(-40)), rel=1e-14)
    assert tau.grad.item() == pytest.approx(800 / (1 + math.exp(40)), rel=1e-13)


def test_a_parameter_is_torchs_own(draw) -> None:
    """State, copies and functional calls reach the formula, and an attribute can become learnable, or cease to be."""
    U, V = draw(4, 3), draw(4, 3)
    loss = he.InfoNCE(torch.nn.Parameter(torch.tensor([0.5], dtype=torch.float64)))
    assert "temperature=0.5" in loss.label and loss.temperature.shape == (1,)
    moved = {"temperature": torch.tensor([0.2], dtype=torch.float64)}
    assert torch.equal(torch.func.functional_call(loss, moved, (U, V)), he.InfoNCE(0.2)(U, V))
    twin = copy.deepcopy(loss)
    twin.load_state_dict(moved, assign=True)
    assert torch.equal(twin(U, V), he.InfoNCE(0.2)(U, V)) and torch.equal(loss(U, V), he.InfoNCE(0.5)(U, V))
    loss.temperature = 0.2
    assert list(loss.parameters()) == [] and torch.equal(loss(U, V), he.InfoNCE(0.2)(U, V))
    loss.temperature = torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64))
    assert [name for name, _ in loss.named_parameters()] == ["temperature"]
    with pytest.raises(he.ArgumentError, match=r"temperature: got a tensor of shape \(2,\); must be one number"):
        he.InfoNCE(torch.nn.Parameter(torch.ones(2)))


@pytest.mark.parametrize("alpha", [0.5, 1.0, 2.0, 3.0])
def test_alignment_of_coincident_pairs_has_a_gradient(alpha: float, draw) -> None:
    """0 is the least of the subdifferential at coincidence, and the derivative elsewhere."""
    U = draw(3, 3)
    V = torch.cat([U[:2], draw(1, 3)]).requires_grad_(True)
    (gradient,) = torch.autograd.grad(he.metrics.alignment(U, V, alpha=alpha), V)
    difference = V.detach()[2] - U[2]
    expected = torch.zeros_like(U)
    expected[2] = alpha * difference * difference.norm() ** (alpha - 2) / 3
    torch.testing.assert_close(gradient, expected)


def test_effective_rank_has_a_gradient_where_rank_is_lost() -> None:
    X = torch.eye(3, dtype=torch.float64)[[0, 1, 1]].requires_grad_(True)
    (gradient,) = torch.autograd.grad(he.metrics.effective_rank(X), X)
    assert bool(gradient.isfinite().all())
