from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from scipy import stats

import hyperenergy as he
from hyperenergy.geometry.sphere import random_points


def test_alignment_and_uniformity(draw) -> None:
    U, V = draw(3, 5, 4), draw(3, 5, 4)
    expected = [(u - v).norm(dim=-1).square().mean() for u, v in zip(U, V, strict=True)]
    torch.testing.assert_close(he.metrics.alignment(U, V), torch.stack(expected))
    code = he.codes.simplex(4, 3)
    assert float(he.metrics.uniformity(code.points)) == pytest.approx(-2 * 8 / 3, rel=1e-14)


def test_uniformity_of_many_uniform_points_is_the_closed_form() -> None:
    """The optimum log[e^{-2t} 0F1(;d/2;t^2)]; the standard error of 4000 points is below 1e-3."""
    X = random_points(4000, 5, generator=torch.Generator().manual_seed(0))
    expected = math.log(he.uniform_energy(he.Gaussian(2), 5))
    assert float(he.metrics.uniformity(X)) == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("dim", [2, 3, 4, 9, 65])
def test_wasserstein_against_a_fine_quadrature(dim: int, draw) -> None:
    """The same integral by 200000 midpoints of the quantile function, whose error is below 1e-5."""
    X = draw(6, dim)
    i, j = np.triu_indices(6, 1)
    products = np.sort((X @ X.T).numpy()[i, j])
    q = (np.arange(200_000) + 0.5) / 200_000
    law = stats.beta((dim - 1) / 2, (dim - 1) / 2, loc=-1, scale=2)
    expected = np.abs(law.ppf(q) - products[(q * len(products)).astype(int)]).mean()
    assert float(he.metrics.wasserstein_uniformity(X)) == pytest.approx(expected, abs=2e-5)


def test_wasserstein_falls_for_uniform_points_and_not_for_collapsed_ones() -> None:
    generator = torch.Generator().manual_seed(0)
    few, many = (float(he.metrics.wasserstein_uniformity(random_points(n, 8, generator=generator))) for n in (20, 1000))
    assert many < few / 5
    collapsed = torch.zeros(20, 8, dtype=torch.float64)
    collapsed[:, 0] = 1
    assert float(he.metrics.wasserstein_uniformity(collapsed)) == pytest.approx(1.0, abs=1e-12)  # E[1 - x] = 1


def test_ranks() -> None:
    basis = torch.eye(4, dtype=torch.float64)
    assert int(he.metrics.rank(basis)) == 4 and float(he.metrics.effective_rank(basis)) == pytest.approx(4)
    line = basis[:1].repeat(5, 1)
    assert int(he.metrics.rank(line)) == 1 and float(he.metrics.effective_rank(line)) == pytest.approx(1)
    assert float(he.metrics.effective_rank(basis[:2], relative=True)) == pytest.approx(1)
    assert he.metrics.effective_rank(torch.stack([basis, basis])).shape == (2,)


def test_bad_input() -> None:
    with pytest.raises(he.ArgumentError, match="X: got dim 1; must have dim >= 2"):
        he.metrics.wasserstein_uniformity(torch.ones(3, 1, dtype=torch.float64))
    with pytest.raises(he.ArgumentError, match="must be a floating-point tensor"):
        he.metrics.rank(torch.ones(3, dtype=torch.float64))
    with pytest.raises(he.ArgumentError, match="not finite"):
        he.metrics.effective_rank(torch.full((2, 2), math.nan))
