"""Slopes in closed form are those of automatic differentiation; widths can be learned."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

import hyperenergy as he

KERNELS: list[he.Kernel] = [
    he.Gaussian(2),
    he.Laplace(1.5),
    he.InverseMultiquadric(0.7),
    he.Riesz(1),
    he.Riesz(-1.5),
    he.Logarithmic(),
    he.RegularizedLogarithmic(3),
    he.Polynomial(3),
]


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.label)
def test_slopes(kernel: he.Kernel) -> None:
    r = torch.tensor([1e-9, 1e-3, 0.5, 1.0, 3.99, 4.0], dtype=torch.float64, requires_grad=True)
    value = kernel(r)
    (slope,) = torch.autograd.grad(value.sum(), r)
    found = kernel.with_slope(r.detach())
    if found is not None:
        torch.testing.assert_close(found[0], value.detach(), rtol=1e-14, atol=0)
        torch.testing.assert_close(found[1], slope, rtol=1e-13, atol=0)


def test_some_have_one_and_a_subclass_does_not_inherit_it() -> None:
    class Twice(he.Gaussian):
        def profile(self, r, m):
            return 2 * super().profile(r, m)

    r = torch.ones(2, dtype=torch.float64)
    assert he.Gaussian(2).with_slope(r) is not None and Twice(2).with_slope(r) is None
    zero = torch.zeros(1, dtype=torch.float64)
    (_, slope) = he.Laplace(1).with_slope(zero)
    assert float(slope) == 0


@pytest.mark.parametrize("kernel", KERNELS, ids=lambda kernel: kernel.label)
def test_widths_are_learned(kernel: he.Kernel) -> None:
    """Derivatives by a parameter against central differences."""
    for field in dataclasses.fields(kernel):
        start = getattr(kernel, field.name)
        if isinstance(kernel, he.Polynomial):  # whose parameters are a whole number and a bound
            continue
        x = torch.nn.Parameter(torch.tensor(float(start), dtype=torch.float64))
        learned = type(kernel)(**{**vars_of(kernel), field.name: x})
        r = torch.tensor([0.3, 1.7, 4.0], dtype=torch.float64)
        (slope,) = torch.autograd.grad(learned(r).sum(), x)
        h = 1e-6
        up, down = (type(kernel)(**{**vars_of(kernel), field.name: float(start) + s * h})(r).sum() for s in (1, -1))
        assert float(slope) == pytest.approx(float((up - down) / (2 * h)), rel=1e-7, abs=1e-8)


def vars_of(kernel: he.Kernel) -> dict[str, object]:
    return {field.name: getattr(kernel, field.name) for field in dataclasses.fields(kernel)}


def test_a_scalar_of_numpy_is_a_number() -> None:
    r = torch.tensor([0.5], dtype=torch.float64)
    kernel = he.Riesz(np.float32(1.5))  # type: ignore[arg-type]
    assert torch.equal(kernel(r), he.Riesz(1.5)(r)) and kernel.label == "Riesz(s=1.5)"
    assert torch.equal(he.Gaussian(np.float64(2))(r), he.Gaussian(2)(r))
