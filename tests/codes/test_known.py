"""Optimal spherical codes that no two-point bound proves, and what is said to be known of each code."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import hyperenergy as he
from hyperenergy import codes, theorems
from hyperenergy.codes import graphs, kerdock
from hyperenergy.theorems.instances import Grid

# (vertices, valency, common neighbors of neighbors, of others), Brouwer's tables.
PARAMETERS = {
    "petersen": (10, 3, 0, 1),
    "gewirtz": (56, 10, 0, 2),
    "hoffman-singleton": (50, 7, 0, 1),
    "m22": (77, 16, 0, 4),
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_graphs_are_strongly_regular(name: str) -> None:
    """A^2 = k I + lambda A + mu (J - I - A), the graph read off the float coordinates: the negative inner products."""
    v, k, a, c = PARAMETERS[name]
    x = codes.get(name).coordinates
    A = ((x @ x.T) < -0.2).astype(int)
    eye = np.eye(v, dtype=int)
    assert len(A) == v and (A.sum(0) == k).all()
    assert np.array_equal(A @ A, k * eye + a * A + c * (1 - eye - A))


def test_a_wrong_eigenvalue_gives_no_code_of_that_dimension() -> None:
    assert graphs.spectral(graphs.pentagons(), -3).frame_dimension() == 21
    with pytest.raises(Exception, match="no tight frame"):
        graphs.spectral(graphs.pentagons(), -4).frame_dimension()


def test_hexads_are_a_steiner_system() -> None:
    """S(3,6,22): any three points lie in one block."""
    from itertools import combinations

    triples = [frozenset(t) for block in graphs.hexads() for t in combinations(sorted(block), 3)]
    assert len(graphs.hexads()) == 77 and len(triples) == len(set(triples)) == 22 * 21 * 20 // 6


def test_lifted_polynomials_divide_x_to_the_order_minus_1_over_z4() -> None:
    """Hammons et al. 1994: x^3 + 2x^2 + x - 1 for m = 3 and x^5 + 2x^4 - x^3 + ... for the reciprocal; here by division."""
    for m in (1, 3, 5):
        h = kerdock.lifted(kerdock._PRIMITIVE[m])
        left = [3] + [0] * (2**m - 2) + [1]
        for k in range(len(left) - len(h), -1, -1):
            top = left[k + m]
            for j, c in enumerate(h):
                left[k + j] = (left[k + j] - top * c) % 4
        assert not any(left) and [c % 2 for c in h] == list(kerdock._PRIMITIVE[m])


@pytest.mark.parametrize("m", [1, 3, 5])
def test_bases_are_orthonormal_and_mutually_unbiased(m: int) -> None:
    """The 24-cell for m = 1; every word lies in one of n/2 cross-polytopes of 2n."""
    x = kerdock.bases(m).a
    n = x.shape[1]
    assert x.shape == (n * n + 2 * n, 2 ** (m + 1))
    gram = x[: 2 * n] @ x.T
    assert set(np.unique(gram)) <= {-n, n, 0, -(2 ** ((m + 1) // 2)), 2 ** ((m + 1) // 2)}
    assert ((gram == 0).sum(1) == 2 * n - 2).all() and ((gram == -n).sum(1) == 1).all()
    if m == 1:
        assert he.congruent(torch.from_numpy(kerdock.bases(1).floats()), codes.get("24-cell").points).congruent


def test_the_nordstrom_robinson_codes_agree() -> None:
    """From the octacode over Z/4, and from the Golay code: one distance distribution, 30 at 8, 112 at 6 and at 10, 1 at 16;
    the points with two equal entries in given places are the 64 of R^14."""
    words = kerdock.kerdock_words(3)
    distances = (16 - words @ words.T) // 2
    for row in distances:
        assert dict(zip(*np.unique(row, return_counts=True), strict=True)) == {0: 1, 6: 112, 8: 30, 10: 112, 16: 1}
    short = words[(words[:, :2] == 1).all(1)][:, 2:] / np.sqrt(14)
    assert he.congruent(torch.from_numpy(short), codes.get("nordstrom-robinson-64").points).congruent


@pytest.mark.parametrize("name", PARAMETERS)
def test_strongly_regular_codes_are_not_universally_optimal(name: str) -> None:
    """Antipodal tight frames are 3-designs and have less energy under (1+x.y)^3; so has what a search finds for 77."""
    code, kernel = codes.get(name), he.Polynomial(3)
    value = float(he.energy(code.points, kernel))
    assert code.optimality == "false" and not code.universally_optimal
    if code.size % 2:
        found = he.minimize(he.Energy(kernel), code.size, code.dim, restarts=1, seed=0, path="direct", compiled=False)
        less = found.value
    else:
        half = he.minimize(
            he.Energy(he.FramePotential()), code.size // 2, code.dim, restarts=1, seed=0, path="direct", compiled=False
        ).points
        less = float(he.energy(torch.cat([half, -half]), kernel))
    # Of a 3-design: the mean of (1+t)^3 over the sphere is 1 + 3/d.
    N = code.size
    assert less == pytest.approx((N**2 * (1 + 3 / code.dim) - 8 * N) / 2, rel=1e-9)
    assert less < value * (1 - 1e-3)
    assert he.predict(he.Energy(he.Gaussian(1)), N, code.dim) is None


def test_the_least_angle_of_optimal_codes_is_not_improved() -> None:
    """A control of what is cited: a steep energy from many starts leads to no larger least angle than Petersen's."""
    found = he.minimize(he.Energy(he.Riesz(40)), 10, 4, restarts=16, seed=0).points
    gram = (found @ found.T).fill_diagonal_(-1)
    assert float(gram.amax()) > 1 / 6 - 1e-9


def test_what_is_known_comes_with_a_citation() -> None:
    for name in codes.names():
        code = codes.get(name)
        known = code.known
        assert set(known) >= {"universally optimal", "optimal spherical code", "unique"}
        assert known["universally optimal"].startswith(
            {
                "theorem": "yes, proved",
                "cited": "yes, cited",
                "conjecture": "conj",
                "false": "no: ",
                "open": "not known",
            }[code.optimality]
        )
        assert code.unique == known["unique"].startswith("yes: ") and (code.uniqueness is None) != code.unique
    kissing = [name for name in codes.names() if codes.get(name).kissing]
    assert sorted(kissing) == ["24-cell", "e8-roots", "icosahedron", "leech"]
    for name in kissing:
        assert float(list(codes.get(name).distribution)[-1]) <= 0.5
    for name in ("kerdock-288", "kerdock-4224", "tetrahedra-40", "nordstrom-robinson-64"):
        assert not codes.get(name).unique
    assert codes.isotropic(3).unique and not codes.isotropic(4).unique
    assert codes.simplex(5).unique and codes.polygon(5).unique and codes.cross_polytope(3).unique
    assert codes.get("kerdock-4224").optimality == "open" and codes.get("kerdock-4224").spherical is not None


def test_none_is_unique_unless_it_is_said() -> None:
    from hyperenergy.codes.catalogue import Code

    code = codes.get("icosahedron")
    plain = Code("x", code.dim, code.coordinates, code.vectors, code.distribution, "open", "nobody")
    assert not plain.unique and plain.known["unique"] == plain.known["optimal spherical code"] == "not known"


def test_288_points_are_cited() -> None:
    """B2c speaks of them, and says that it is by citation; B4, of losses with logarithms, does not."""
    assert codes.universal_optimum(288, 16) is None
    code = codes.cited_optimum(288, 16)
    assert code is not None and code.universally_optimal and not code.proved_here and "2403.16874" in code.citation
    assert codes.cited_optimum(12, 3) is None
    for objective in (he.Energy(he.Gaussian(1)), he.KCL(he.Laplace(1))):
        prediction = he.predict(objective, 288, 16)
        assert prediction is not None and prediction.cited and not prediction.unique
        assert prediction.standing == "B2c, theorem, cited and not proved here"
    prediction = he.predict(he.Energy(he.Riesz(14)), 288, 16)
    assert prediction is not None
    assert prediction.value == pytest.approx(float(he.energy(code.points, he.Riesz(14))), rel=1e-12)
    assert he.predict(he.InfoNCE(0.5), 288, 16) is None
    assert theorems.get("B2c").predict(he.Energy(he.Riesz(-3)), 288, 16) is None  # not completely monotone
    assert theorems.get("B2c").predict(he.Energy(he.Gaussian(1)), 288, 17) is None
    icosahedron = he.predict(he.Energy(he.Riesz(1)), 12, 3)
    assert icosahedron is not None and icosahedron.standing == "B2c, theorem"
    statement = theorems.get("B2c")
    assert "cited" in statement.statement and "2403.16874" in statement.source
    assert {i.points for _, i in statement.instances(Grid(full=True, dims=(16,)))} == {288}
    assert not list(statement.instances(Grid(dims=(16,))))


def test_a_cited_optimum_is_never_proved_by_a_search() -> None:
    from hyperenergy.theorems.prediction import Outcome
    from hyperenergy.verify import checks

    (_, instance), *_ = theorems.get("B2c").instances(Grid(full=True, dims=(16,)))
    result = checks.check_universal_optimum(instance, Grid(restarts=1))
    assert result.outcome is Outcome.CONSISTENT and result.reason.startswith("universally optimal by what is cited")


def test_the_command_says_what_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    from hyperenergy.cli.commands.codes import codes as command

    command("kerdock-288", False, False, None)
    shown = " ".join(capsys.readouterr().out.split())
    for words in ("cited", "universally optimal: yes, cited: Cohn, de Laat", "unique: not known"):
        assert words in shown
    command("24-cell", False, False, None)
    shown = " ".join(capsys.readouterr().out.split())
    assert "kissing configuration: yes: Musin" in shown and "universally optimal: no: Cohn, Conway" in shown
