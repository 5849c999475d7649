"""Losses as training uses them: features of any length and type, one value or many, compiled, copied, and refused."""

from __future__ import annotations

import copy
import io
import itertools
import math
import pickle
import warnings
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.losses import LOSSES
from tests import oracles

TAU = 0.2
PAIRS: list[he.PairLoss] = [
    he.InfoNCE(TAU),
    he.InfoNCE(TAU, symmetric=True),
    he.SimCLR(TAU),
    he.NTXent(TAU),
    he.DCL(TAU),
    he.DCL(TAU, symmetric=True),
    he.DCL(TAU, within_view=False),
    he.DCLW(TAU),
    he.DHEL(TAU),
    he.DHEL(TAU, two_view=True),
    he.KCL(he.Gaussian(2)),
    he.KCL(he.Laplace(1), alignment_kernel=he.Gaussian(1)),
    he.KCL(he.RegularizedLogarithmic(1)),
    he.KCL(he.Riesz(-1)),
    he.KCL(he.Polynomial(3)),
    he.AlignUniform(),
    he.SigLIP(),
    he.SpectralContrastive(),
    he.PhiPsi(torch.log1p, torch.exp),
]
each = pytest.mark.parametrize("loss", PAIRS, ids=repr)
ALL_SIZES = {"one expression": 6, "blocks": 600}
SIZES = pytest.mark.parametrize("M", ALL_SIZES.values(), ids=ALL_SIZES)


def pair(draw, M: int = 6, d: int = 5) -> tuple[Tensor, Tensor]:
    """Features of any length."""
    U, V = draw(M, d), draw(M, d)
    return U * torch.linspace(0.5, 3, M, dtype=U.dtype).unsqueeze(-1), 2 * V


@each
@SIZES
def test_features_of_any_length_are_put_on_the_sphere(loss: he.PairLoss, M: int, draw) -> None:
    U, V = pair(draw, M)
    expected = loss.formula(he.normalize(U), he.normalize(V))
    torch.testing.assert_close(loss(U, V), expected, rtol=1e-12, atol=1e-13)
    torch.testing.assert_close(loss(torch.cat([U, V])), expected, rtol=1e-12, atol=1e-13)
    trusting = copy.deepcopy(loss)
    trusting.normalize = False
    torch.testing.assert_close(trusting(he.normalize(U), he.normalize(V)), expected, rtol=1e-12, atol=1e-13)


@each
def test_rows_of_zeros_stay_and_have_no_gradient(loss: he.PairLoss, draw) -> None:
    U, V = pair(draw)
    U[2] = 0
    u = U.clone().requires_grad_(True)
    value = loss(u, V)
    (gradient,) = torch.autograd.grad(value, u)
    assert bool(value.isfinite()) and bool(gradient.isfinite().all()) and float(gradient[2].abs().max()) == 0
    assert float(gradient[1].abs().max()) > 0


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_lengths_neither_overflow_nor_underflow(scale: float, draw) -> None:
    U, V = (x.float() for x in pair(draw))
    u = (U * scale).requires_grad_(True)
    (gradient,) = torch.autograd.grad(he.DHEL(TAU)(u, V), u)
    torch.testing.assert_close(he.DHEL(TAU)(u, V), he.DHEL(TAU)(U, V), rtol=1e-5, atol=0)
    assert bool(gradient.isfinite().all()) and float(gradient.abs().max()) > 0


@each
@SIZES
def test_reductions(loss: he.PairLoss, M: int, draw) -> None:
    """The mean of "none" is "mean", its sum "sum", and a permutation of the pairs permutes it."""
    U, V = pair(draw, M)
    found = {}
    for reduction in ("mean", "sum", "none"):
        one = copy.deepcopy(loss)
        one.reduction = reduction
        found[reduction] = one(U, V)
    each_value = found["none"]
    assert each_value.shape[0] in (M, 2 * M) and found["mean"].shape == ()
    torch.testing.assert_close(each_value.mean(), found["mean"], rtol=1e-11, atol=1e-12)
    torch.testing.assert_close(each_value.sum(), found["sum"], rtol=1e-11, atol=1e-11)
    order = torch.randperm(M, generator=torch.Generator().manual_seed(0))
    one.reduction = "none"
    expected = each_value.unflatten(0, (-1, M))[:, order].flatten()
    torch.testing.assert_close(one(U[order], V[order]), expected, rtol=1e-10, atol=1e-11)


def test_a_value_per_anchor_is_that_anchors_own(draw) -> None:
    U, V = draw(5, 3), draw(5, 3)
    values = he.InfoNCE(TAU, reduction="none")(U, V)
    x = (U @ V.T / TAU).tolist()
    for i, row in enumerate(x):
        assert float(values[i]) == pytest.approx(math.log(sum(map(math.exp, row))) - row[i], rel=1e-12)
    assert he.NTXent(TAU, reduction="none")(U, V).shape == (10,)


def naive(u: list[float], positive: list[float], negatives: list[list[float]], own: bool) -> float:
    """-s/tau + log( own e^{s/tau} + sum over the negatives )."""
    s = sum(a * b for a, b in zip(u, positive, strict=True)) / TAU
    total = sum(math.exp(sum(a * b for a, b in zip(u, y, strict=True)) / TAU) for y in negatives)
    total += math.exp(s) if own else 0.0
    return math.log(total) - s if total else -s


@SIZES
def test_ids_and_queues_against_loops(M: int, draw) -> None:
    """Pairs of equal id are no negatives of each other; a queue is of everyone; a row without any has its own term."""
    U, V, Q = draw(6, 5), draw(6, 5), draw(3, 5)
    ids = torch.tensor([0, 1, 0, 2, 1, 0])
    us, vs, qs = U.tolist(), V.tolist(), Q.tolist()
    others = [[j for j in range(6) if ids[j] != ids[i]] for i in range(6)]
    for loss, of, own in (
        (he.InfoNCE(TAU), lambda i: [vs[j] for j in others[i]], True),
        (he.SimCLR(TAU), lambda i: [y[j] for y in (us, vs) for j in others[i]], True),
        (he.DHEL(TAU), lambda i: [us[j] for j in others[i]], False),
        (he.DCL(TAU), lambda i: [y[j] for y in (us, vs) for j in others[i]], False),
    ):
        expected = [naive(us[i], vs[i], of(i) + qs, own) for i in range(6)]
        assert loss(U, V, ids=ids, negatives=Q).item() == pytest.approx(sum(expected) / 6, rel=1e-12)
        alike = [naive(us[i], vs[i], [], own) for i in range(6)]
        assert loss(U, V, ids=0 * ids).item() == pytest.approx(sum(alike) / 6, rel=1e-12, abs=1e-15)
        # Keys beyond the anchors are a queue.
        torch.testing.assert_close(loss(U, torch.cat([V, Q])), loss(U, V, negatives=Q))
        assert torch.equal(loss(U, V, negatives=Q[:0]), loss(U, V))
    pairs = [(i, j) for i in range(6) for j in others[i]]
    energy = sum(math.exp(-2 * float((U[i] - U[j]).square().sum())) for i, j in pairs) / len(pairs)
    aligned = sum(math.exp(-2 * float((u - v).square().sum())) for u, v in zip(U, V, strict=True)) / 6
    assert he.KCL(he.Gaussian(2))(U, V, ids=ids).item() == pytest.approx(16 * energy - aligned, rel=1e-12)
    squares = sum(float(U[i] @ V[j]) ** 2 for i, j in pairs) / len(pairs)
    expected_value = squares - 2 * float((U * V).sum(-1).mean())
    assert he.SpectralContrastive()(U, V, ids=ids).item() == pytest.approx(expected_value, rel=1e-12)
    spread = [
        math.log(sum(math.exp(-2 * float((X[i] - X[j]).square().sum())) for i, j in pairs) / len(pairs)) for X in (U, V)
    ]
    apart = float((U - V).square().sum(-1).mean())
    assert he.AlignUniform()(U, V, ids=ids).item() == pytest.approx(apart + sum(spread) / 2, rel=1e-12)


# A batch of one pair has no negatives: what is left is the alignment term, or 0 where that is log 1.
ALONE = {
    "InfoNCE": lambda s: 0.0,
    "SimCLR": lambda s: 0.0,
    "NTXent": lambda s: 0.0,
    "DCL": lambda s: -s / TAU,
    "DCLW": lambda s: -s / TAU,
    "DHEL": lambda s: -s / TAU,
    "AlignUniform": lambda s: 2 - 2 * s,
    "SpectralContrastive": lambda s: -2 * s,
    "SigLIP": lambda s: math.log1p(math.exp(-(10 * s - 10))),
    "PhiPsi": lambda s: 0.0,
}


@each
def test_a_batch_of_one_pair(loss: he.PairLoss, draw) -> None:
    U, V = draw(1, 5).requires_grad_(True), draw(1, 5)
    s = float((U * V).sum().detach())
    value = loss(U, V)
    value.backward()  # as a training loop does with its last batch
    assert U.grad is not None and bool(U.grad.isfinite().all())
    if isinstance(loss, he.KCL):
        expected = -float(loss.alignment(torch.tensor(2 - 2 * s, dtype=torch.float64)))
    else:
        expected = ALONE[type(loss).__name__](s)
    assert value.item() == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_sup_con_with_real_labels(draw) -> None:
    """Singletons are left out as anchors, labels are any integers, some are passed over."""
    X = draw(7, 5)
    labels = torch.tensor([3, 2**62, 3, -5, 2**62, 2**62 - 1, 3])
    kept = [0, 1, 2, 4, 6]

    def loop(rows: list[int], anchors: list[int]) -> float:
        total = 0.0
        for i in anchors:
            z = sum(math.exp(float(X[i] @ X[a]) / TAU) for a in rows if a != i)
            own = [p for p in rows if p != i and labels[p] == labels[i]]
            total += sum(math.log(z) - float(X[i] @ X[p]) / TAU for p in own) / len(own)
        return total / len(anchors)

    assert he.SupCon(TAU)(X, labels).item() == pytest.approx(loop(list(range(7)), kept), rel=1e-12)
    passing = he.SupCon(TAU, ignore=3)(X, labels)
    assert passing.item() == pytest.approx(loop([1, 3, 4, 5], [1, 4]), rel=1e-12)
    values = he.SupCon(TAU, reduction="none")(X, labels)
    assert [i for i in range(7) if abs(float(values[i])) > 0] == kept
    lonely = he.SupCon(TAU)(X.requires_grad_(True), torch.arange(7))
    lonely.backward()
    assert lonely.item() == 0
    with pytest.raises(he.ArgumentError, match=r"labels: got a single feature of class -5; .*leaves it out"):
        he.SupCon(TAU, "error")(X, labels)


def test_sup_con_of_a_large_batch_is_that_of_a_small_one(draw, monkeypatch) -> None:
    from hyperenergy.losses import batch

    X, labels = draw(40, 5), torch.arange(40) % 7 * (torch.arange(40) < 36) - (torch.arange(40) >= 36) * 9
    for options in ({}, {"ignore": 3}, {"ignore": -9}):
        loss = he.SupCon(TAU, **options)  # type: ignore[arg-type]
        monkeypatch.setattr(batch, "LARGE", 2**18)
        small = loss(X, labels)
        monkeypatch.setattr(batch, "LARGE", 0)
        torch.testing.assert_close(loss(X, labels), small, rtol=1e-12, atol=1e-12)


GOOD = torch.eye(3)
BAD: list[tuple[Callable[[], Any], str]] = [
    (lambda: he.DHEL()(GOOD[:0], GOOD[:0]), r"anchors: got shape \(0, 3\); at least one row"),
    (lambda: he.DHEL()(GOOD), "anchors: got 3 rows and no positives; a stacked batch has 2M"),
    (
        lambda: he.DHEL()(GOOD, GOOD[:2]),
        r"positives: got shape \(2, 3\); must match the anchors' shape \(3, 3\), or have",
    ),
    (lambda: he.DHEL()(GOOD, GOOD[:, :2]), r"positives: got shape \(3, 2\).*must match the anchors"),
    (lambda: he.DHEL()(GOOD, GOOD.double()), "positives: got .*float64.*must match"),
    (
        lambda: he.DHEL()(GOOD.long(), GOOD.long()),
        "anchors: got torch.int64; must be float16, bfloat16, float32 or float64",
    ),
    (lambda: he.DHEL()(GOOD.to(torch.complex64), GOOD), "anchors: got torch.complex64; must be"),
    (lambda: he.DHEL()(GOOD.to(torch.float8_e4m3fn), GOOD), "anchors: got torch.float8_e4m3fn; must be"),
    (lambda: he.DHEL()(GOOD.to("meta"), GOOD.to("meta")), "anchors: got a tensor on the device meta; has no values"),
    (lambda: he.DHEL()(GOOD.tolist(), GOOD), "anchors: got list; must be a tensor or NumPy array"),
    (lambda: he.DHEL()(GOOD[0], GOOD[0]), r"anchors: got shape \(3,\); must have shape \(\*batch, points, dim\)"),
    (lambda: he.DHEL()(GOOD * math.nan, GOOD), r"anchors: got \[nan, nan, nan\]... at row \[0\]; rows must be finite"),
    (lambda: he.DHEL()(GOOD, GOOD / torch.tensor([1.0, 0, 1])), "positives: got .*; rows must be finite"),
    (lambda: he.DHEL(torch.ones(2)), r"temperature: got a tensor of shape \(2,\); must be one number"),
    (lambda: he.DHEL([0.1, 0.2]), r"temperature: got \[0.1, 0.2\]; must be a finite number"),  # type: ignore[arg-type]
    (lambda: he.DHEL(reduction="avg"), "reduction: got 'avg'; allowed: 'mean', 'sum', 'none'"),  # type: ignore[arg-type]
    (lambda: he.DHEL(normalize=1), "normalize: got 1; allowed: True, False"),  # type: ignore[arg-type]
    (lambda: he.DHEL()(GOOD, GOOD, ids=torch.arange(2)), r"ids: got shape \(2,\); must be \(3,\): one per pair"),
    (lambda: he.DHEL()(GOOD, GOOD, ids=[0, 1, 2]), "ids: got list; must be a tensor of integers"),
    (lambda: he.DHEL()(GOOD, GOOD, ids=GOOD[0]), "ids: got torch.float32 tensor; must be a tensor of integers"),
    (lambda: he.DHEL()(GOOD, GOOD, negatives=GOOD[:, :2]), r"negatives: got shape \(3, 2\).*must match the anchors"),
    (lambda: he.DHEL()(GOOD, GOOD, negatives=GOOD.double()), "negatives: got .*float64.*must match the anchors"),
    (lambda: he.KCL(he.Gaussian(2))(GOOD, GOOD, negatives=GOOD), "negatives: got some; KCL is a mean over the pairs"),
    (lambda: he.SupCon()(GOOD, torch.arange(4)), r"labels: got shape \(4,\); must be \(3,\)"),
    (
        lambda: he.SupCon()(GOOD, torch.arange(3).unsqueeze(-1)),
        r"labels: got shape \(3, 1\).*take labels.squeeze\(-1\)",
    ),
    (
        lambda: he.SupCon()(GOOD, torch.ones(3, 5).long()),
        r"labels: got shape \(3, 5\).*one class each; masks of several",
    ),
    (lambda: he.SupCon()(GOOD, torch.ones(3)), "labels: got torch.float32 tensor; must be a tensor of integers"),
    (lambda: he.SupCon()(GOOD, [0, 0, 1]), "labels: got list; must be a tensor of integers"),
    (lambda: he.SupCon(ignore=0.5), "ignore: got 0.5; must be an integer"),  # type: ignore[arg-type]
    (lambda: he.SupCon(singletons="drop"), "singletons: got 'drop'; allowed: 'skip', 'error'"),  # type: ignore[arg-type]
    (lambda: he.MultiViewDHEL()(GOOD[None]), r"views: got shape \(1, 3, 3\); must be .* with >= 2 views"),
    (lambda: he.Temperature(0.01), "initial: got 0.01; must be greater than least, 0.01"),
    (lambda: he.Temperature(-1), "initial: got -1; must be a finite number > 0"),
]


@pytest.mark.parametrize(("call", "message"), BAD)
def test_bad_input_is_one_line(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(he.ArgumentError, match=message) as error:
        call()
    assert "\n" not in str(error.value)


def test_a_learned_temperature_below_zero_is_named(draw) -> None:
    loss = he.InfoNCE(torch.nn.Parameter(torch.tensor(0.1)))
    with torch.no_grad():
        loss.temperature.fill_(-0.01)
    with pytest.raises(he.ArgumentError, match=r"temperature: got -0.0.*must be a finite number > 0; he.Temperature"):
        loss(*pair(draw))


class Doubled(torch.nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * x


def test_a_temperature_is_learned_within_its_bound(draw) -> None:
    loss = he.InfoNCE(he.Temperature(0.07, least=0.05))
    assert float(loss.temperature) == pytest.approx(0.07, rel=1e-6)
    assert [name for name, _ in loss.named_parameters()] == ["temperature.log_excess"]
    U = draw(8, 5).float()
    optimizer = torch.optim.SGD(loss.parameters(), lr=10.0)
    for _ in range(50):  # pairs that coincide ask for a temperature of 0
        optimizer.zero_grad()
        loss(U, U).backward()
        optimizer.step()
    assert 0.05 < float(loss.temperature) < 0.055
    assert he.InfoNCE(0.07)(U, U.flip(0)).item() == pytest.approx(
        he.InfoNCE(he.Temperature(0.07))(U, U.flip(0)).item(), rel=1e-5
    )


def test_hyperparameters_are_torchs_own(draw) -> None:
    """Functional calls, states, meta devices, parametrizations and replaced parameters reach the formula; kernels, too."""
    U, V = pair(draw)
    for make, name, start, other in (
        (lambda x: he.InfoNCE(x), "temperature", 0.5, 0.2),
        (lambda x: he.KCL(he.Gaussian(x)), "kernel_t", 2.0, 3.0),
        (lambda x: he.KCL(he.Riesz(-1), alignment_kernel=he.Laplace(x)), "alignment_kernel_t", 2.0, 3.0),
        (lambda x: he.AlignUniform(alpha=x), "alpha", 2.0, 1.5),
        (lambda x: he.SigLIP(x, -10), "scale", 10.0, 5.0),
    ):
        loss = make(torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)))
        assert [key for key, _ in loss.named_parameters()] == [name]
        expected, moved = make(other)(U, V), {name: torch.tensor(other, dtype=torch.float64)}
        assert torch.func.functional_call(loss, moved, (U, V)).item() == pytest.approx(expected.item(), rel=1e-12)
        twin = copy.deepcopy(loss)
        twin.load_state_dict(moved, assign=True)
        assert twin(U, V).item() == pytest.approx(expected.item(), rel=1e-12)
        assert loss(U, V).item() == pytest.approx(make(start)(U, V).item(), rel=1e-12)
        setattr(twin, name, torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)))
        assert twin(U, V).item() == pytest.approx(loss(U, V).item(), rel=1e-12)
        with torch.device("meta"):
            shell = make(torch.nn.Parameter(torch.tensor(start, dtype=torch.float64)))
        shell.load_state_dict(moved, assign=True)
        assert shell(U, V).item() == pytest.approx(expected.item(), rel=1e-12)
        torch.nn.utils.parametrize.register_parametrization(loss, name, Doubled())
        assert loss(U, V).item() == pytest.approx(make(2 * start)(U, V).item(), rel=1e-12)


def test_a_parameter_set_over_a_number_is_registered(draw) -> None:
    loss = he.AlignUniform()
    loss.t = torch.nn.Parameter(torch.tensor(1.5, dtype=torch.float64))
    assert [name for name, _ in loss.named_parameters()] == ["t"]
    loss(*pair(draw)).backward()
    assert loss.t.grad is not None


@each
def test_copies_and_pickles(loss: he.PairLoss, draw) -> None:
    U, V = pair(draw)
    expected = loss(U, V)
    for twin in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert torch.equal(twin(U, V), expected) and twin.label == loss.label
    if not isinstance(loss, he.PhiPsi):
        buffer = io.BytesIO()
        torch.save(loss.state_dict(), buffer)
        buffer.seek(0)
        loss.load_state_dict(torch.load(buffer))


def test_an_average_of_models_takes_the_temperature_along(draw) -> None:
    loss = he.InfoNCE(he.Temperature(0.07))
    average = torch.optim.swa_utils.AveragedModel(loss, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.5))
    average.update_parameters(loss)
    with torch.no_grad():
        loss.temperature.log_excess.add_(1.0)
    average.update_parameters(loss)
    U, V = (x.float() for x in pair(draw))
    between = [he.InfoNCE(he.Temperature(0.07))(U, V), loss(U, V)]
    first, second = sorted(x.item() for x in between)
    assert first < average(U, V).item() < second


@each
def test_one_value_and_two_derivatives(loss: he.PairLoss, draw) -> None:
    """gradcheck and gradgradcheck of every loss on raw features."""
    U, V = (x.requires_grad_(True) for x in pair(draw, 4, 3))
    assert torch.autograd.gradcheck(loss, (U, V), atol=1e-6)
    assert torch.autograd.gradgradcheck(loss, (U, V), atol=1e-5)


def test_every_loss_says_what_it_is() -> None:
    for name, loss in LOSSES.items():
        text = " ".join(str(loss.__doc__).split())
        for word in ("Source", "none"):
            assert word in text or name == "PhiPsi", (name, word)
        assert "egatives" in text or name == "NTXent", name


def test_published_values() -> None:
    """SupCon of identical features is log(2N - 1); NT-Xent of identical ones log(2M - 1)."""
    X = torch.ones(10, 4)
    assert he.SupCon(0.07)(X, torch.arange(5).repeat(2)).item() == pytest.approx(math.log(9), rel=1e-6)
    assert he.NTXent(0.07)(X[:5], X[:5]).item() == pytest.approx(math.log(9), rel=1e-6)
    U = he.codes.simplex(4, 3).points
    assert he.DHEL(0.5)(U, U).item() == pytest.approx(math.log(3) - 4 / (3 * 0.5), rel=1e-12)
    assert he.DCLW(0.5)(U, U).item() == pytest.approx(he.DCL(0.5)(U, U).item(), rel=1e-12)


def test_dclw_against_a_loop(draw) -> None:
    U, V = draw(5, 3), draw(5, 3)
    s = [float(u @ v) for u, v in zip(U, V, strict=True)]
    mean = sum(math.exp(x / 0.5) for x in s) / 5
    weights = [2 - math.exp(x / 0.5) / mean for x in s]
    assert sum(weights) == pytest.approx(5, rel=1e-12)
    dcl = oracles.dcl(U.tolist(), V.tolist(), TAU, True)
    expected = dcl + sum((1 - w) * x for w, x in zip(weights, s, strict=True)) / 5 / TAU
    assert he.DCLW(TAU)(U, V).item() == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("loss", "M"),
    # Compiling takes seconds each: by default every fourth, all of them under slow.
    [
        pytest.param(loss, M, id=f"{loss!r}-{size}", marks=() if k % 4 == 0 else pytest.mark.slow)
        for k, (loss, (size, M)) in enumerate(itertools.product(PAIRS, ALL_SIZES.items()))
    ],
)
def test_compiled_and_exported(loss: he.PairLoss, M: int, draw) -> None:
    """torch.compile(fullgraph=True) and torch.export give the values and gradients of eager mode, large batches, too."""
    U, V = (x.float() for x in pair(draw, M, 8))

    def run(function: Callable[..., Tensor]) -> tuple[Tensor, ...]:
        u, v = U.clone().requires_grad_(True), V.clone().requires_grad_(True)
        value = function(u, v)
        return (value.detach(), *torch.autograd.grad(value, (u, v)))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's own, of its tracing
        torch._dynamo.reset()
        compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
        for one, other in zip(run(compiled), run(loss), strict=True):
            torch.testing.assert_close(one, other, rtol=2e-5, atol=2e-6)
        exported = torch.export.export(loss, (U, V)).module()
        torch.testing.assert_close(exported(U, V), loss(U, V), rtol=2e-5, atol=2e-6)


STRUCTURED: dict[str, tuple[Any, Callable[[Any], Callable[[Tensor], Tensor]]]] = {
    "sup_con": (he.SupCon(TAU), lambda loss: lambda x: loss(x, torch.arange(len(x)) % 5)),
    "ignore": (he.SupCon(TAU, ignore=2), lambda loss: lambda x: loss(x, torch.arange(len(x)) % 5)),
    "multi_view_info_nce": (he.MultiViewInfoNCE(TAU), lambda loss: lambda x: loss(x.unflatten(0, (3, -1)))),
    "multi_view_dhel": (he.MultiViewDHEL(TAU), lambda loss: lambda x: loss(x.unflatten(0, (3, -1)))),
}


@pytest.mark.parametrize("name", STRUCTURED)
@pytest.mark.parametrize("M", [12, 1200], ids=["one expression", "blocks"])
def test_transforms_of_labels_and_views(name: str, M: int, draw) -> None:
    """vmap, func.grad, jvp and torch.compile of losses of labels and of several views."""
    loss, calls = STRUCTURED[name]
    f = calls(loss)
    X, T = draw(2, M, 6), draw(M, 6)
    leaf = X[0].clone().requires_grad_(True)
    (expected,) = torch.autograd.grad(f(leaf), leaf)
    torch.testing.assert_close(torch.func.grad(f)(X[0]), expected, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(torch.func.jvp(f, (X[0],), (T,))[1], (expected * T).sum(), rtol=1e-9, atol=1e-11)
    torch.testing.assert_close(torch.func.vmap(f)(X), torch.stack([f(x) for x in X]), rtol=1e-11, atol=1e-12)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch._dynamo.reset()
        compiled = torch.compile(f, fullgraph=True, backend="aot_eager")
        again = X[0].clone().requires_grad_(True)
        (found,) = torch.autograd.grad(compiled(again), again)
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)


def test_vmap_over_labels_is_refused_where_it_is_not_right(draw) -> None:
    """Of a small batch it is right; of a large one it is an error, not a value of other labels."""
    for M in (12, 1200):
        X, labels = draw(M, 6), torch.stack([torch.arange(M) % 5, torch.arange(M) % 3])
        f = torch.func.vmap(he.SupCon(TAU), (None, 0))
        if M == 12:
            torch.testing.assert_close(f(X, labels), torch.stack([he.SupCon(TAU)(X, y) for y in labels]))
        else:
            with pytest.raises(NotImplementedError, match="vmap over ids or labels"):
                f(X, labels)
