"""Certified lower bounds: below what is known, exact at universal optima, refused where nothing is proved."""

from __future__ import annotations

import itertools
import json
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import flint
import numpy as np
import pytest
from flint import arb

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.arithmetic.gegenbauer import gegenbauer
from hyperenergy.bounds import certificates, checking, interpolation
from hyperenergy.bounds.bound import rounded_down
from hyperenergy.bounds.certificates import NoBoundError
from hyperenergy.bounds.checking import CertificateError, proved
from hyperenergy.errors import ArgumentError

# Thomson's problem: the best known energies, nine digits, as tables have them.
THOMSON = {
    2: 0.5,
    5: 6.474691495,
    7: 14.452977414,
    8: 19.675287861,
    9: 25.759986531,
    11: 40.596450508,
    20: 150.881568334,
}
# Published lower bounds, certified by Delsarte and Yudin's method.
PUBLISHED = {25: "243.638659", 50: "1054.849188"}


@pytest.mark.parametrize("points", THOMSON)
def test_thomson(points: int) -> None:
    found = he.lower_bound(he.Riesz(1), points, 3)
    assert found.value <= THOMSON[points] + 1e-9 and found.gap(THOMSON[points]) < 6e-3
    assert he.check_certificate(found.certificate) == found.value
    assert found.value >= he.lower_bound(he.Riesz(1), points, 3, method="universal").value


@pytest.mark.parametrize("points", PUBLISHED)
def test_published_bounds(points: int) -> None:
    found = he.lower_bound(he.Riesz(1), points, 3, degree=60)
    assert proved(found.certificate) >= Fraction(PUBLISHED[points])


@pytest.mark.slow
@pytest.mark.parametrize(("points", "published"), [(100, "4447.479965"), (200, "18436.477818")])
def test_published_bounds_of_many(points: int, published: str) -> None:
    assert proved(he.lower_bound(he.Riesz(1), points, 3, degree=60).certificate) >= Fraction(published)


def exact_energy(code: codes.Code, kernel: he.Kernel) -> arb:
    """The sum over i < j from the exact inner products."""
    f, total = certificates.value(kernel), arb(0)
    for x, count in code.distribution.items():
        total += count * f(certificates.product(x))[0]
    return total * code.size / 2


UNIVERSAL = (
    "icosahedron",
    "24-cell",
    "600-cell",
    "clebsch",
    "schlaefli",
    "e8-roots",
    "e7-56",
    "mclaughlin",
    "simplex-5",
    "cross-polytope-8",
)


def _relative_gap(name: str, kernel: he.Kernel) -> float:
    code = codes.get(name)
    found = he.lower_bound(kernel, code.size, code.dim)
    assert found.method == "code"
    with flint.ctx.workprec(interpolation.BITS):
        energy = exact_energy(code, kernel)
        gap = (energy - checking.ball(proved(found.certificate))) / abs(energy)
        assert gap > -1e-60
        return float(gap)


@pytest.mark.parametrize("name", [x for x in UNIVERSAL if x != "24-cell"])
def test_universal_optima_are_attained(name: str) -> None:
    for kernel in (he.Riesz(1), he.Riesz(2), he.Gaussian(20), he.Logarithmic()):
        assert _relative_gap(name, kernel) < 1e-18


@pytest.mark.slow
@pytest.mark.parametrize("name", codes.names())
def test_all_universal_optima_are_attained(name: str) -> None:
    if not name.endswith("-N") and codes.get(name).optimality == "theorem":
        dim = codes.get(name).dim
        kernels = [he.Riesz(1), he.Riesz(2), he.Riesz(3), he.Riesz(max(1, dim - 2)), *map(he.Gaussian, (0.5, 1, 4, 20))]
        for kernel in kernels:
            assert _relative_gap(name, kernel) < 1e-15


def test_levenshtein_nodes_of_sharp_codes_are_their_inner_products() -> None:
    with flint.ctx.workprec(interpolation.BITS):
        for name in ("icosahedron", "clebsch", "e8-roots", "leech"):
            code = codes.get(name)
            nodes = interpolation.levenshtein_nodes(code.size, code.dim) or []
            expected = sorted(float(x.a) + float(x.b) * math.sqrt(x.D) for x in code.distribution)
            assert [float(x) for x in nodes] == pytest.approx(expected, abs=1e-14)


def test_pair_conventions() -> None:
    values = {
        pairs: he.lower_bound(he.Energy(he.Riesz(1), pairs), 6, 3).value for pairs in ("unordered", "ordered", "mean")
    }
    assert values["ordered"] == pytest.approx(2 * values["unordered"], rel=1e-15)
    assert values["mean"] == pytest.approx(values["unordered"] / 15, rel=1e-15)
    assert he.lower_bound(he.Riesz(1), 6, 3).value == values["unordered"]


@pytest.mark.parametrize(
    "loss",
    [
        he.KCL(kernel=he.Gaussian(2), gamma=16),
        he.KCL(kernel=he.Laplace(1), gamma=3, two_view=True),
        he.KCL(kernel=he.Logarithmic(), alignment_kernel=he.Riesz(-2), gamma=2),
        he.AlignUniform(),
        he.InfoNCE(0.5),
        he.InfoNCE(0.5, symmetric=True),
        he.SimCLR(0.5),
        he.NTXent(0.5),
        he.DCL(0.5),
        he.DHEL(0.5),
        he.DHEL(0.5, two_view=True),
    ],
    ids=lambda loss: loss.label,
)
def test_losses(loss: Any) -> None:
    """At four pairs in R^3 the simplex attains them; at seven nothing falls below."""
    found = he.lower_bound(loss, 4, 3)
    prediction = he.predict(loss, 4, 3)
    assert prediction is not None and found.value == pytest.approx(prediction.value, rel=1e-13, abs=1e-13)
    best = he.minimize(loss, points=7, dim=3, restarts=4, seed=0)
    assert best.bound is not None and best.bound < best.value
    assert best.gap is not None and best.gap > 1e-6


def test_gaps_of_minima() -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), points=12, dim=3, restarts=2, seed=0)
    assert best.gap == 0 and best.certified is not None and best.certified.method == "code"
    other = he.minimize(he.Energy(he.Riesz(1)), points=7, dim=3, restarts=2, seed=0)
    assert other.gap is not None and 1e-3 < other.gap < 5e-3
    assert he.minimize(he.SoftmaxCode(), points=3, dim=2, restarts=2).bound is None  # nothing is certified there


def test_a_search_ends_at_a_certified_bound() -> None:
    best = he.minimize(he.Energy(he.Riesz(1)), points=12, dim=3, lower_bound="certified", seed=0)
    assert best.stop is he.search.minimum.Stop.BOUND
    with pytest.raises(ArgumentError, match='must be a number or "certified"'):
        he.minimize(he.Energy(he.Riesz(1)), points=12, dim=3, lower_bound="proved")  # type: ignore[arg-type]


def test_files(tmp_path: Path) -> None:
    found = he.lower_bound(he.Riesz("1/2"), 9, 4)
    found.save(tmp_path / "nine.json")
    assert he.check_certificate(tmp_path / "nine.json") == found.value
    changed = json.loads((tmp_path / "nine.json").read_text())
    changed["bound"] = str(Fraction(changed["bound"]) + Fraction(1, 1000))
    (tmp_path / "nine.json").write_text(json.dumps(changed))
    with pytest.raises(CertificateError, match="and no more"):
        he.check_certificate(tmp_path / "nine.json")
    (tmp_path / "none.json").write_text("{")
    with pytest.raises(CertificateError, match="is no JSON"):
        he.check_certificate(tmp_path / "none.json")
    with pytest.raises(ArgumentError, match="cannot be read"):
        he.check_certificate(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((he.Riesz(1), 1, 3), {}, "points: got 1"),
        ((he.Riesz(1), 5, 1), {}, "dim: got 1"),
        ((he.Riesz(-3), 5, 3), {}, "it is not completely monotone"),
        ((he.Projective(he.Riesz(1)), 5, 3), {}, "has no rigorous evaluation"),
        ((he.SoftmaxCode(), 5, 3), {}, "has no certified bounds"),
        ((he.SigLIP(), 5, 3), {}, "has no certified bounds"),
        ((he.Energy(he.Riesz(1), weights=[1, 2, 1]), 3, 3), {}, "has no certified bounds"),
        ((he.Riesz(1), 5, 3), {"method": "sdp"}, "method: got 'sdp'"),
        ((he.Riesz(1), 5, 3), {"degree": 0}, "degree: got 0"),
        ((he.Riesz(1), 5, 3), {"tolerance": 0}, "tolerance: got 0"),
    ],
)
def test_what_has_no_bound(arguments: tuple[Any, int, int], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        he.lower_bound(*arguments, **options)
    assert message in str(error.value)


def test_rounding_down() -> None:
    for x in (Fraction(1, 3), Fraction(-1, 3), Fraction(1, 10), Fraction(2**60 + 1), Fraction(1, 2)):
        found = rounded_down(x)
        assert Fraction(found) <= x < Fraction(math.nextafter(found, math.inf))


@pytest.mark.parametrize(("points", "dim", "tau"), [(12, 3, 1.0), (6, 3, 2.0), (120, 4, 1.0)])
def test_logarithms_at_universal_optima(points: int, dim: int, tau: float) -> None:
    """B21: where the temperature is high enough DHEL's minimum is the code's, and the bound reaches it."""
    code = codes.universal_optimum(points, dim)
    assert code is not None
    for loss in (he.DHEL(tau), he.DHEL(tau, two_view=True)):
        value = float(loss(code.points, code.points))
        found = he.lower_bound(loss, points, dim)
        assert found.method == "logarithm" and 0 <= value - found.value < 1e-7
        assert he.check_certificate(found.certificate) == found.value


def test_logarithms_elsewhere() -> None:
    """Seven pairs in R^3, a gap; and at low temperatures convexity says more."""
    best = he.minimize(he.DHEL(1.0), points=7, dim=3, restarts=4, seed=0)
    assert best.certified is not None and best.certified.method == "logarithm"
    assert best.bound is not None and 1e-4 < best.value - best.bound < 1e-2
    assert he.lower_bound(he.DHEL(0.1), 7, 3).method == "convexity"


def test_an_energy_whose_coefficients_vary_too_much_says_nothing_of_the_logarithm() -> None:
    """Its bound log E would be false: it lies above what a search finds."""
    energy = he.lower_bound(he.Gaussian(5), 7, 3, method="linear").certificate
    false = {
        "format": checking.FORMAT,
        "kind": "logarithm",
        "temperature": "0.1",
        "views": 1,
        "energy": energy,
        "bound": "-100",
    }
    with pytest.raises(CertificateError, match="vary too much"):
        proved(false)
    with pytest.raises(CertificateError, match="must be a two-point certificate of Gaussian"):
        proved({**false, "temperature": "0.2"})


@pytest.mark.parametrize("kernel", [he.Riesz(300), he.Riesz(3000), he.Gaussian(300), he.Laplace(50), he.Riesz(0.001)])
def test_extreme_kernels_have_a_bound_or_none(kernel: he.Kernel) -> None:
    best = he.minimize(he.Energy(kernel), points=7, dim=3, restarts=2, throw=False)
    if best.bound is None:
        with pytest.raises(NoBoundError, match="leaves the range of float64"):
            he.lower_bound(kernel, 7, 3)
    else:
        assert best.bound <= best.value * (1 + 1e-12)


def test_stored_three_point_certificates_are_checked_by_the_same_call() -> None:
    """Five charges: within 1e-6 of the bipyramid's energy; the linear program leaves 4.8e-3."""
    stored = json.loads((Path(__file__).parent / "three_point.json").read_text("utf-8"))
    five = stored["5 3"]
    assert 0 < 1 - he.check_certificate(five) / 6.474691495 < 1e-6
    with pytest.raises(CertificateError):
        he.check_certificate({**five, "bound": "6.4747"})


def test_three_points_are_for_energies() -> None:
    with pytest.raises(ArgumentError, match="goes with energies alone"):
        he.lower_bound(he.KCL(kernel=he.Gaussian(2)), 5, 3, method="three-point")


@pytest.mark.parametrize(("points", "dim"), [(5000, 3), (2000, 2), (3, 4096), (600, 48)])
def test_sizes_of_every_kind(points: int, dim: int) -> None:
    """Where Levenshtein's interpolant has too high a degree, the linear program is there alone."""
    found = he.lower_bound(he.Riesz(1), points, dim, tolerance=1e-5)
    assert 0 < found.value < he.uniform_energy(he.Riesz(1), dim) * points**2 / 2 if dim > 2 else found.value > 0
    if points > 1000:
        assert found.method == "linear"
        with pytest.raises(NoBoundError, match="too high a degree"):
            he.lower_bound(he.Riesz(1), points, dim, method="universal")


@pytest.mark.parametrize("dim", [2, 3, 4, 8])
def test_nodes_are_those_of_a_quadrature(dim: int) -> None:
    """With the weight 1/N at 1 the rule gives the uniform mean of each power that it should; 31 nodes at N = 1000, d = 3."""
    for points in (*range(dim + 1, 40), *((200, 1000) if dim > 2 else ())):
        with flint.ctx.workprec(interpolation.BITS):
            nodes = interpolation.levenshtein_nodes(points, dim)
        assert nodes is not None
        x = np.array([float(t) for t in nodes])
        degree = 2 * len(x) - 1 - int(x[0] == -1)
        assert bool((np.diff(x) > 1e-3).all()) and -1 <= x[0] and x[-1] < 1
        values = np.stack(list(itertools.islice(gegenbauer(x, dim), degree + 1)))
        means = np.eye(degree + 1)[0] - 1 / points  # of P_k: 1 at k = 0, else 0, less what lies at t = 1
        weights = np.linalg.lstsq(values, means, rcond=None)[0]
        assert bool((weights > -1e-13).all()) and bool((abs(values @ weights - means) < 1e-11).all())


def test_a_value_below_what_is_proved_is_no_minimum() -> None:
    """The control: it would be a proof that the bound is false, and is not told as a gap of zero."""
    found = he.lower_bound(he.Riesz(1), 12, 3)
    assert found.gap(found.value * (1 + 1e-15)) == 0
    assert found.gap(found.value * 0.99) < -0.009 and math.isnan(found.gap(math.nan))


def test_alignment_kernels_need_only_decrease() -> None:
    """-|x-y|^3 is not completely monotone, and largest at coincidence all the same."""
    loss = he.AlignUniform(alpha=3)
    prediction = he.predict(loss, 4, 3)
    assert prediction is not None
    assert he.lower_bound(loss, 4, 3).value == pytest.approx(prediction.value, rel=1e-13)


@pytest.mark.parametrize(("points", "below", "above"), [(6, "0.93", "0.94"), (12, "0.91", "0.92")])
def test_the_condition_of_the_logarithm_holds_from_its_threshold_on(points: int, below: str, above: str) -> None:
    """B21's, by intervals: .934 for the octahedron and .918 for the icosahedron, with the code's own interpolant."""
    code = codes.universal_optimum(points, 3)
    assert code is not None
    for tau in (below, above):
        energy = certificates.of_code(he.Gaussian(str(1 / (2 * Fraction(tau)))), code, 0.0)
        whole = {"format": checking.FORMAT, "kind": "logarithm", "temperature": tau, "views": 1, "energy": energy}
        if tau == below:
            with pytest.raises(CertificateError, match="vary too much"):
                checking.proves(whole)
        else:
            loss = he.DHEL(float(tau))
            assert float(checking.proves(whole)) == pytest.approx(float(loss(code.points, code.points)), rel=1e-12)
