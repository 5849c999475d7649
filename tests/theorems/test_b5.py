"""B5: the force on positives that lie on their anchors, and where they go to."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy.optimize import minimize

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.codes.exact import ExactVectors
from hyperenergy.geometry.sphere import normalize, random_points
from hyperenergy.objectives.base import Aligned
from hyperenergy.theorems.b5 import THEOREM, balanced
from hyperenergy.theorems.balance import expansion, forces, largest_force, leading
from hyperenergy.theorems.balanced_codes import balance, shells_are_along
from hyperenergy.theorems.subjects import one_sided, phi_psi, symmetrized

torch.set_num_threads(1)
# Every code but the Leech vectors, which take seconds.
CODES = [
    name for name in (*codes.names(), "simplex-5", "cross-polytope-4", "polygon-7", "isotropic-4") if name != "leech"
]


def some(M: int, d: int, seed: int = 0) -> torch.Tensor:
    return random_points(M, d, generator=torch.Generator().manual_seed(seed))


def aligned(loss: he.PairLoss, M: int, d: int) -> torch.Tensor:
    return he.minimize(Aligned(loss), M, d, restarts=8, seed=0).anchors


class Mixed(he.PairLoss):
    """((1+share) L(U,V) + (1-share) L(V,U))/2: its force is ``share`` times that of L."""

    def __init__(self, loss: he.PairLoss, share: float) -> None:
        super().__init__()
        self.loss, self.share = loss, share

    def formula(self, anchors: torch.Tensor, positives: torch.Tensor) -> torch.Tensor:
        there, back = self.loss.formula(anchors, positives), self.loss.formula(positives, anchors)
        mixed: torch.Tensor = ((1 + self.share) * there + (1 - self.share) * back) / 2
        return mixed


def descended(loss: he.PairLoss, U: torch.Tensor, V: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Newton steps in all 2M points from there, modulo rotations; another way than that of the search."""
    M, d = U.shape
    z = torch.cat([U, V])

    def value(y: torch.Tensor) -> torch.Tensor:
        y = y.reshape(2 * M, d)
        y = y / y.norm(dim=-1, keepdim=True)
        return loss.formula(y[:M], y[M:])

    for _ in range(6):
        g, H = torch.func.grad(value)(z.flatten()), torch.func.hessian(value)(z.flatten())
        across = torch.block_diag(*(torch.eye(d, dtype=z.dtype) - torch.outer(x, x) for x in z))
        step = torch.linalg.pinv(across @ H @ across, rtol=1e-9, hermitian=True) @ g
        z = normalize(z - step.reshape(2 * M, d))
    return z[:M], z[M:]


# ---- the force ----


@pytest.mark.parametrize("tau", [0.2, 1.0])
@pytest.mark.parametrize(("k", "own", "copies"), [(0, 1, 1), (1, 1, 2), (2, 0, 2), (3, 0, 1)])
def test_the_force_is_that_of_the_formula(k: int, own: int, copies: int, tau: float) -> None:
    U = some(7, 3)
    e = np.exp(U.numpy() @ U.numpy().T / tau)
    np.fill_diagonal(e, 0)
    p = e / (own * math.exp(1 / tau) + copies * e.sum(1, keepdims=True))
    C = p.T @ U.numpy()
    C -= (C * U.numpy()).sum(1, keepdims=True) * U.numpy()
    assert np.allclose(forces(U, one_sided(tau)[k]).numpy(), -C / tau, rtol=0, atol=1e-14 / tau)


@pytest.mark.parametrize(
    "loss", [he.DHEL(0.2), he.KCL(he.Gaussian(2)), phi_psi(0.2)[0]], ids=lambda loss: type(loss).__name__
)
def test_without_negatives_of_the_other_view_there_is_none(loss: he.PairLoss) -> None:
    assert balanced(some(6, 3), loss) and largest_force(some(6, 3), loss) < 1e-15


@pytest.mark.parametrize("loss", [*one_sided(0.2), phi_psi(0.2)[1]], ids=lambda loss: loss.label)
def test_others_feel_one(loss: he.PairLoss) -> None:
    assert not balanced(some(6, 3), loss)


@pytest.mark.parametrize("loss", [*symmetrized(0.1), he.SigLIP(5.0, -1.0)], ids=lambda loss: loss.label)
def test_critical_points_of_symmetric_losses_are_balanced(loss: he.PairLoss) -> None:
    assert balanced(aligned(loss, 5, 3), loss)


@pytest.mark.parametrize(("M", "d", "tau", "expected"), [(5, 3, 0.25, True), (5, 3, 0.1, False), (9, 3, 0.1, False)])
@pytest.mark.parametrize("k", range(4))
def test_balanced_is_in_equilibrium_under_the_gaussian(k: int, M: int, d: int, tau: float, expected: bool) -> None:
    """The triangular bipyramid is, the square pyramid is not, whatever the normalizers."""
    loss = one_sided(tau)[k]
    U = aligned(loss, M, d)
    e = ((U @ U.mT - 1) / tau).exp().fill_diagonal_(0)
    pull = e @ U
    across = pull - (pull * U).sum(-1, keepdim=True) * U
    equilibrium = float(across.norm(dim=-1).max() / pull.norm(dim=-1).max()) <= 1e-10
    assert balanced(U, loss) is expected and equilibrium is expected


@pytest.mark.parametrize(
    ("points", "loss", "message"),
    [
        (torch.ones(4, 3, dtype=torch.float64), he.DCL(0.1), "points: got"),
        ("code", he.DCL(0.1), "points: got"),
        (some(4, 3)[None], he.DCL(0.1), r"points: got shape \(1, 4, 3\); must be one configuration"),
        (normalize(some(4, 1)), he.DCL(0.1), "on S.0 nothing can move"),
        (some(4, 3), he.SupCon(0.1), "loss: got .*; must be a loss of pairs"),
        (some(4, 3), "DCL", "loss: got str; must be a loss of pairs"),
    ],
)
def test_bad_input(points: torch.Tensor, loss: he.PairLoss, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        balanced(points, loss)


def test_bad_tolerance() -> None:
    with pytest.raises(he.ArgumentError, match=r"tolerance: got 0.0; must be a finite number > 0"):
        balanced(some(4, 3), he.DCL(0.1), tolerance=0.0)


# ---- codes ----


@pytest.mark.parametrize("name", CODES)
def test_codes_are_balanced(name: str) -> None:
    code = codes.get(name)
    assert balance(code)
    if code.vectors is not None and code.size <= 300:
        assert shells_are_along(code.vectors)  # whatever decides it
    if code.size <= 120:
        assert all(balanced(code.points, loss) for tau in (0.1, 1.0) for loss in one_sided(tau))


@pytest.mark.slow
def test_the_leech_vectors_are_balanced() -> None:
    assert balance(codes.get("leech")).by == "a 11-design with 5 inner products other than -1"


def test_what_is_none() -> None:
    """A pyramid over a square; and the icosahedron without a point."""
    square = np.array([[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, -1, 0]])
    assert shells_are_along(ExactVectors(square))
    assert not shells_are_along(ExactVectors(np.vstack([square, [[0, 0, 1]]])))
    whole = codes.get("icosahedron").vectors
    assert whole is not None and whole.b is not None
    assert not shells_are_along(ExactVectors(whole.a[1:], whole.b[1:], whole.D))


# ---- the expansion ----


@pytest.mark.parametrize(
    ("loss", "M", "d", "apart"),
    [
        (he.InfoNCE(0.1), 5, 3, 3.2936e-6),
        (he.InfoNCE(0.25), 9, 3, 3.2967e-3),
        (he.SimCLR(0.1), 9, 3, 1.0250e-4),
        (he.DCL(0.5), 9, 3, 1.2428e-3),
    ],
    ids=lambda x: getattr(x, "label", None),
)
def test_small_forces_are_followed(loss: he.PairLoss, M: int, d: int, apart: float) -> None:
    U = aligned(loss, M, d)
    to = expansion(U, loss)
    assert to is not None
    u, v = descended(loss, to.anchors, to.positives)
    found = float((u - v).norm(dim=-1).max())
    assert found == pytest.approx(apart, rel=1e-3)
    gain = float(loss.formula(U, U) - loss.formula(u, v))
    assert to.misalignment == pytest.approx(found, rel=2e-3)
    assert to.gain == pytest.approx(gain, rel=2e-3, abs=1e-15)


def test_the_error_falls_with_the_square_of_the_force() -> None:
    """Of a mean of both directions; here pairs of the whole loss come apart by 0.14."""
    loss = he.DCL(0.1, within_view=False)
    U = aligned(loss, 5, 3)
    errors = []
    for share in (0.2, 0.1, 0.05):
        mixed = Mixed(loss, share)
        assert torch.allclose(forces(U, mixed), share * forces(U, loss), atol=1e-12)
        to, step = leading(U, mixed), expansion(U, mixed)
        assert to is not None and step is not None
        u, v = descended(mixed, step.anchors, step.positives)
        found = float((u - v).norm(dim=-1).max())
        errors.append(abs(to.misalignment / found - 1))
        gain = float(mixed.formula(U, U) - mixed.formula(u, v))
        assert to.gain == pytest.approx(gain, rel=0.1 * share)
    assert errors[0] < 0.02
    assert errors[0] / errors[1] == pytest.approx(4, rel=0.1) and errors[1] / errors[2] == pytest.approx(4, rel=0.1)


def test_no_expansion_at_saddles() -> None:
    """The hexagon is balanced, and one-sided cross-view DCL leaves it below tau = .3226 (L2)."""
    hexagon = codes.polygon(6).points
    cold, warm = he.DCL(0.3, within_view=False), he.DCL(0.35, within_view=False)
    assert balanced(hexagon, cold) and expansion(hexagon, cold) is None
    there = expansion(hexagon, warm)
    assert there is not None and there.misalignment < 1e-13


@pytest.mark.slow
@pytest.mark.parametrize("d", [3, 4, 5])
def test_the_best_aligned_up_to_twenty(d: int) -> None:
    """Unbalanced ones come apart, by what is predicted where that is little; balanced ones stay or are saddles."""
    for M in range(d + 2, 21):
        for tau in (0.1, 0.25, 0.5):
            for loss in one_sided(tau):
                U = he.minimize(Aligned(loss), M, d, restarts=8, seed=0, throw=False).anchors
                to = expansion(U, loss)
                if to is None:
                    continue
                found = he.minimize(loss, M, d, start=torch.cat([to.anchors, to.positives]), throw=False)
                if balanced(U, loss):
                    assert found.misalignment < 1e-7, (M, tau, loss.label)
                elif to.misalignment < 1e-2:
                    assert found.misalignment == pytest.approx(to.misalignment, rel=0.05), (M, tau, loss.label)


# ---- counterexamples that are proved ----


def misaligned(M: int) -> tuple[torch.Tensor, torch.Tensor]:
    V = torch.tensor([[0.6, 0.8], [-1, 0], [0.6, -0.8], *[[1, 0]] * (M - 3)], dtype=torch.float64)
    U = torch.tensor([[0, 1], [-1, 0], [0, -1], *[[1, 0]] * (M - 3)], dtype=torch.float64)
    return U, V


@pytest.mark.parametrize("M", [13, 20, 40])
def test_the_misaligned_one_is_below_all_aligned(M: int) -> None:
    difference = 3 / 25 - 20 / M**2
    tau = 0.999 * difference / (M * math.log(M - 1))
    assert M * tau * float(he.DCL(tau, within_view=False).formula(*misaligned(M))) < -(77 / 25 + 20 / M**2)


@pytest.mark.parametrize("M", [13, 20])
def test_no_aligned_one_reaches_the_bound(M: int) -> None:
    """sum_i (1 - max_j u_i.u_j) by naive searches of steep means, from random gaps and from heaps on a square."""
    rng = np.random.default_rng(0)

    def value(angles: np.ndarray) -> float:
        x = np.cos(angles[:, None] - angles)
        np.fill_diagonal(x, -2)
        return float(1 - x.max(1).mean()) * M

    def steep(angles: np.ndarray) -> float:
        x = np.cos(angles[:, None] - angles)
        np.fill_diagonal(x, -np.inf)
        return float(np.log(np.exp(200 * (x - 1)).sum(1)).mean())

    starts = [rng.uniform(0, 2 * np.pi, M) for _ in range(5)]
    starts.append(np.concatenate([np.zeros(M - 3), np.pi / 2 * np.arange(1, 4)]))
    found = [value(minimize(steep, start, method="BFGS").x) for start in starts] + [value(starts[-1])]
    assert all(x < 77 / 25 + 20 / M**2 for x in found) and any(x > 2.99 for x in found)


def test_a_search_agrees() -> None:
    loss, M = he.DCL(0.01, within_view=False), 20
    best = he.minimize(Aligned(loss), M, 2, restarts=20, seed=0, throw=False)
    assert float(loss.formula(*misaligned(M))) < best.value


def test_the_statement_names_what_decides() -> None:
    assert THEOREM.status.value == "false" and "balanced" in THEOREM.statement
    assert THEOREM.predict(he.objectives.base.BatchLoss(he.DCL(0.1)), 5, 3) is None
