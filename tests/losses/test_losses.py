from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points
from tests.cases import LossCase, kcl_cases, loss_cases

CASES = [*loss_cases(0.3), *kcl_cases()]
each_case = pytest.mark.parametrize("case", CASES, ids=repr)


@each_case
@pytest.mark.parametrize(("M", "d"), [(2, 2), (5, 3), (4, 7)])
def test_against_the_naive_loop(case: LossCase, M: int, d: int, draw) -> None:
    U, V = draw(2, 3, M, d), draw(2, 3, M, d)
    expected = [
        [case.oracle(u, v) for u, v in zip(us, vs, strict=True)] for us, vs in zip(U.tolist(), V.tolist(), strict=True)
    ]
    torch.testing.assert_close(case.loss(U, V), torch.tensor(expected, dtype=torch.float64), rtol=1e-12, atol=1e-13)


@each_case
def test_single_configurations_and_float32(case: LossCase, draw) -> None:
    U, V = draw(5, 3), draw(5, 3)
    value = case.loss(U, V)
    assert value.shape == () and value.dtype == torch.float64
    single = case.loss(he.normalize(U.float()), he.normalize(V.float()))
    assert single.dtype == torch.float32
    # Round-off 6e-8 in the points, amplified by 1/tau and by gamma and the steepest kernel: below 100 in all.
    assert float(single) == pytest.approx(float(value), rel=1e-5, abs=1e-5)


@each_case
def test_gradients_against_finite_differences(case: LossCase, draw) -> None:
    U, V = draw(4, 3).requires_grad_(True), draw(4, 3).requires_grad_(True)
    assert torch.autograd.gradcheck(case.loss.formula, (U, V), eps=1e-6, atol=1e-6)


SMOOTH = [case for case in CASES if not (case.loss.alignment_term and case.loss.alignment_term[1].cusp_slope)]


@pytest.mark.parametrize("case", SMOOTH, ids=repr)
def test_gradients_at_aligned_and_antipodal_points(case: LossCase) -> None:
    """Aligned pairs with an antipodal pair of anchors: the places where a formula by angles would give NaN."""
    U = torch.tensor([[1.0, 0, 0], [-1.0, 0, 0], [0, 0.6, 0.8]], dtype=torch.float64, requires_grad=True)
    V = U.detach().clone().requires_grad_(True)
    assert torch.autograd.gradcheck(case.loss.formula, (U, V), eps=1e-6, atol=1e-5)


FINITE = [case for case in CASES if not (isinstance(case.loss, he.KCL) and case.loss.kernel.singular)]


@pytest.mark.parametrize("case", FINITE, ids=repr)
def test_gradients_at_coincident_anchors_are_finite(case: LossCase) -> None:
    U = torch.tensor([[1.0, 0, 0], [1.0, 0, 0], [0, 0.6, 0.8]], dtype=torch.float64, requires_grad=True)
    V = U.detach().clone().requires_grad_(True)
    for gradient in torch.autograd.grad(case.loss(U, V), (U, V)):
        assert bool(gradient.isfinite().all())


@each_case
@given(seed=st.integers(0, 2**32 - 1), M=st.integers(2, 6), d=st.integers(1, 5))
def test_invariances(case: LossCase, seed: int, M: int, d: int) -> None:
    """A common orthogonal map and a common permutation of the pairs change nothing."""
    generator = torch.Generator().manual_seed(seed)
    U, V = random_points(2, M, d, generator=generator)
    if d == 1 and isinstance(case.loss, he.KCL) and case.loss.kernel.singular:
        return  # points of S^0 coincide
    value = case.loss(U, V)
    Q = torch.linalg.qr(torch.randn(d, d, generator=generator, dtype=torch.float64))[0]
    order = torch.randperm(M, generator=generator)
    torch.testing.assert_close(case.loss.formula(U @ Q, V @ Q), value, rtol=1e-8, atol=1e-9)
    torch.testing.assert_close(case.loss(U[order], V[order]), value, rtol=1e-11, atol=1e-12)


SYMMETRIC = {
    label
    for label in (c.loss.label for c in CASES)
    if "symmetric=True" in label
    or "two_view=True" in label
    or label.startswith(("NTXent", "Align", "Spectral", "SigLIP"))
}


@each_case
def test_swap_of_views(case: LossCase, draw) -> None:
    """The symmetrized and two-view losses do not change, the one-sided ones do."""
    U, V = draw(5, 3), draw(5, 3)
    difference = abs(float(case.loss(U, V) - case.loss(V, U)))
    if case.loss.label in SYMMETRIC:
        assert difference < 1e-13
    else:
        assert difference > 1e-3


@pytest.mark.parametrize("tau", [0.05, 1e-3, 50.0])
def test_small_and_large_temperatures_stay_finite_and_relatively_accurate(tau: float) -> None:
    """Aligned antipodal pair: InfoNCE is log(1 + e^{-2/tau}), 4e-18 at tau = 0.05, where 1 + x rounds to 1."""
    U = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    assert float(he.InfoNCE(tau)(U, U)) == pytest.approx(math.log1p(math.exp(-2 / tau)), rel=1e-14)
    # Anti-aligned: log(1 + e^{2/tau}) = 2/tau + log(1 + e^{-2/tau}), where e^{2/tau} may overflow.
    assert float(he.InfoNCE(tau)(U, -U)) == pytest.approx(2 / tau + math.log1p(math.exp(-2 / tau)), rel=1e-14)
    assert float(he.DHEL(tau)(U, U)) == pytest.approx(-2 / tau, rel=1e-14)


def test_no_linear_shortcut_of_softplus() -> None:
    """torch's softplus drops log(1 + e^-x) = 1e-9 beyond 20; the losses do not."""
    tau = 2 / 20.5
    U = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    assert float(he.InfoNCE(tau)(U, -U)) - 20.5 == pytest.approx(math.exp(-20.5), rel=1e-5)


def test_two_view_dhel_is_not_the_symmetrized_mean(draw) -> None:
    U, V = draw(5, 3), draw(5, 3)
    mean = (he.DHEL(0.3)(U, V) + he.DHEL(0.3)(V, U)) / 2
    assert abs(float(he.DHEL(0.3, two_view=True)(U, V) - mean)) > 0.1


def test_functional_forms_are_the_modules(draw) -> None:
    U, V = draw(4, 5, 3), draw(4, 5, 3)
    pairs = [
        (he.functional.info_nce(U, V, temperature=0.2, symmetric=True), he.InfoNCE(0.2, symmetric=True)),
        (he.functional.sim_clr(U, V, temperature=0.2), he.SimCLR(0.2)),
        (he.functional.nt_xent(U, V, temperature=0.2), he.NTXent(0.2)),
        (he.functional.dcl(U, V, temperature=0.2, within_view=False), he.DCL(0.2, within_view=False)),
        (he.functional.dhel(anchors=U, positives=V, temperature=0.2), he.DHEL(0.2)),
        (he.functional.kcl(U, V, kernel=he.Gaussian(1), gamma=2.0), he.KCL(he.Gaussian(1), gamma=2.0)),
        (he.functional.align_uniform(U, V, t=1.0), he.AlignUniform(t=1.0)),
        (he.functional.spectral_contrastive(U, V), he.SpectralContrastive()),
        (he.functional.sig_lip(U, V, scale=5, bias=-1), he.SigLIP(5, -1)),
        (he.functional.phi_psi(U, V, phi=torch.log, psi=torch.exp), he.PhiPsi(torch.log, torch.exp)),
    ]
    for value, module in pairs:
        module.normalize = False
        assert torch.equal(value, module(U, V))


def test_modules_say_what_they_are() -> None:
    assert he.KCL(he.Gaussian(2)).gamma == 16.0
    assert "temperature=0.2" in repr(he.DHEL(0.2, two_view=True))
    assert he.DCL(0.2, within_view=False).label == "DCL(temperature=0.2, within_view=False)"
    with pytest.raises(AttributeError):
        _ = he.DHEL(0.2).gamma


def test_training_step_lowers_the_loss(draw) -> None:
    U, V = draw(8, 4).requires_grad_(True), draw(8, 4)
    loss = he.DHEL(0.5)
    before = loss(U, V)
    before.backward()
    assert U.grad is not None
    after = loss(he.normalize(U.detach() - 0.05 * U.grad), V)
    assert float(after) < float(before.detach())


def test_hyperparameters_are_numbers_that_can_be_changed(draw) -> None:
    U, V = draw(4, 3), draw(4, 3)
    loss = he.InfoNCE("1/2")  # type: ignore[arg-type]
    assert loss.temperature == 0.5
    loss.temperature = 0.05
    assert torch.equal(loss(U, V), he.InfoNCE(0.05)(U, V))
    with pytest.raises(he.ArgumentError, match="temperature: got 0"):
        loss.temperature = 0
    assert loss.temperature == 0.05


def test_a_learnable_temperature_learns(draw) -> None:
    loss = he.InfoNCE(torch.nn.Parameter(torch.tensor(0.5, dtype=torch.float64)))
    assert len(list(loss.parameters())) == 1 and "temperature=0.5" in loss.label
    loss(draw(4, 3), draw(4, 3)).backward()
    assert loss.temperature.grad is not None and abs(float(loss.temperature.grad)) > 0.1


def test_uniformity_does_not_underflow() -> None:
    """log mean exp(-t r) of an antipodal pair is -4t, however large t."""
    X = torch.tensor([[1.0, 0.0], [-1.0, 0.0]], dtype=torch.float64)
    assert float(he.AlignUniform(t=1000)(X, X)) == pytest.approx(-4000, rel=1e-15)
    assert float(he.metrics.uniformity(X, t=1000)) == pytest.approx(-4000, rel=1e-15)
    prediction = he.predict(he.AlignUniform(t=1000), 2, 2)
    assert prediction is not None and prediction.value == pytest.approx(-4000, rel=1e-15)


GOOD = torch.eye(3, dtype=torch.float64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: he.InfoNCE(0.0), "temperature: got 0.0; must be a finite number > 0"),
        (lambda: he.DHEL(math.nan), "temperature: got nan"),
        (lambda: he.DCL(-1), "temperature: got -1"),
        (lambda: he.KCL(he.Gaussian(2), gamma=0), "gamma: got 0"),
        (lambda: he.KCL(he.Riesz(1)), r"kernel: got Riesz\(s=1\); diverges at u = v.*give an alignment_kernel"),
        (lambda: he.KCL(he.Gaussian(2), alignment_kernel=he.Riesz(1)), "alignment_kernel: got Riesz.*unbounded below"),
        (lambda: he.KCL(he.Logarithmic()), "kernel: got Logarithmic.*unbounded below"),
        (lambda: he.KCL("gaussian"), "kernel: got 'gaussian'"),  # type: ignore[arg-type]
        (lambda: he.AlignUniform(alpha=0), "alpha: got 0"),
        (lambda: he.SigLIP(scale=math.inf), "scale: got inf; must be a finite number"),
        (lambda: he.SigLIP(scale=-1), "scale: got -1"),
        (lambda: he.SigLIP(bias=math.nan), "bias: got nan; must be a finite number"),
        (lambda: he.functional.sig_lip(GOOD, GOOD, bias=-math.inf), "bias: got -inf"),
        (lambda: he.PhiPsi(1, torch.exp), "phi: got 1; must be a function"),  # type: ignore[arg-type]
        (lambda: he.PhiPsi(torch.log, torch.exp, convexity="yes"), "convexity: got 'yes'"),  # type: ignore[arg-type]
        (lambda: he.DCL(0.1, within_view="no"), "within_view: got 'no'; allowed: True, False"),  # type: ignore[arg-type]
        (lambda: he.functional.info_nce(0 * GOOD.half(), GOOD.half()), "anchors: got a row of norm 0"),
        (lambda: he.PhiPsi(torch.log, torch.exp, negatives="all"), "negatives: got 'all'"),  # type: ignore[arg-type]
        (lambda: he.InfoNCE(0.1)(GOOD[:0], GOOD[:0]), r"anchors: got shape \(0, 3\); at least one row"),
        (lambda: he.InfoNCE(0.1)(GOOD, GOOD[:2]), r"positives: got shape \(2, 3\).*must match the anchors' shape"),
        (lambda: he.InfoNCE(0.1)(GOOD, GOOD.float()), "positives: got .*float32.*must match"),
        (lambda: he.functional.info_nce(GOOD, 2 * GOOD), "positives: got a row of norm 2"),
        (lambda: he.functional.dhel(0 * GOOD, GOOD), "anchors: got a row of norm 0"),
        (lambda: he.functional.dhel(GOOD, GOOD, temperature=0), "temperature: got 0"),
        (lambda: he.functional.kcl(GOOD, GOOD, kernel=he.Riesz(1)), "kernel: got Riesz"),
        (lambda: he.functional.dhel(GOOD, GOOD * math.nan), "positives: got a row of norm nan"),
    ],
)
def test_bad_input(call, message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message):
        call()
