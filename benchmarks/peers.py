"""Searches for Thomson's problem with other packages, one start each: points (N, 3) -> energy reached.

SciPy is run twice: with the pair loop as one writes it for Numba, and with a tuned one, so that what is compared there
is the optimizer alone.  pymanopt and geoopt differentiate an energy in torch, as their documentation does.  Each factory
returns None where its package is not installed.
"""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from typing import Any

import numpy as np

Search = Callable[[np.ndarray], float]


def _installed(*packages: str) -> bool:
    return all(importlib.util.find_spec(package) is not None for package in packages)


def coulomb(tuned: bool) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Energy over i < j and its gradient at points (N, 3) of any norm > 0, as a function of their directions."""
    import numba

    def plain(X, G):
        N = X.shape[1]
        G[:] = 0.0
        total = 0.0
        for i in range(N):
            for j in range(i):
                x, y, z = X[0, i] - X[0, j], X[1, i] - X[1, j], X[2, i] - X[2, j]
                q = 1.0 / math.sqrt(x * x + y * y + z * z)
                total += q
                q = q * q * q
                G[0, i] -= q * x
                G[1, i] -= q * y
                G[2, i] -= q * z
                G[0, j] += q * x
                G[1, j] += q * y
                G[2, j] += q * z
        return total

    def vectorized(X, G):
        N = X.shape[1]
        total = 0.0
        for i in range(N):
            a, b, c = 0.0, 0.0, 0.0
            for j in range(N):
                if j != i:
                    x, y, z = X[0, i] - X[0, j], X[1, i] - X[1, j], X[2, i] - X[2, j]
                    q = 1.0 / math.sqrt(x * x + y * y + z * z)
                    total += q
                    q = q * q * q
                    a, b, c = a - q * x, b - q * y, c - q * z
            G[0, i], G[1, i], G[2, i] = a, b, c
        return total / 2

    flags = {"fastmath": True, "error_model": "numpy"}
    pairs = numba.njit(**flags)(vectorized) if tuned else numba.njit(plain)

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        norm = np.linalg.norm(x, axis=1, keepdims=True)
        u = x / norm
        G = np.empty((3, len(x)))
        value = pairs(np.ascontiguousarray(u.T), G)
        g = G.T
        return value, (g - (g * u).sum(1, keepdims=True) * u) / norm

    return value_and_gradient


def scipy_lbfgs(tuned: bool = False) -> Search | None:
    """SciPy's L-BFGS-B on free vectors whose directions are the points."""
    if not _installed("scipy", "numba"):
        return None
    from scipy.optimize import minimize

    f = coulomb(tuned)

    def search(x: np.ndarray) -> float:
        def flat(v: np.ndarray) -> tuple[float, np.ndarray]:
            value, gradient = f(v.reshape(x.shape))
            return value, gradient.ravel()

        options = {"maxiter": 10_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-7}
        return float(minimize(flat, x.ravel(), jac=True, method="L-BFGS-B", options=options).fun)

    return search


def _pymanopt(name: str) -> Search | None:
    if not _installed("pymanopt"):
        return None
    import pymanopt
    import torch
    from pymanopt.manifolds import Oblique
    from pymanopt.optimizers import ConjugateGradient, TrustRegions

    def search(x: np.ndarray) -> float:
        manifold = Oblique(3, len(x))

        @pymanopt.function.pytorch(manifold)
        def cost(X: torch.Tensor) -> torch.Tensor:
            i, j = torch.triu_indices(len(x), len(x), 1)
            return (1 / (X[:, i] - X[:, j]).norm(dim=0)).sum()

        kind = {"cg": ConjugateGradient, "tr": TrustRegions}[name]
        optimizer = kind(verbosity=0, max_iterations=2000, min_gradient_norm=1e-6, max_time=20)
        return float(optimizer.run(pymanopt.Problem(manifold, cost), initial_point=x.T.copy()).cost)

    return search


def pymanopt_cg() -> Search | None:
    """pymanopt's conjugate gradient on the oblique manifold."""
    return _pymanopt("cg")


def pymanopt_tr() -> Search | None:
    """pymanopt's trust regions there."""
    return _pymanopt("tr")


def geoopt_adam() -> Search | None:
    """geoopt's RiemannianAdam, 3000 steps, on an energy in torch operations."""
    if not _installed("geoopt"):
        return None
    import geoopt
    import torch

    def search(x: np.ndarray) -> float:
        point = geoopt.ManifoldParameter(torch.from_numpy(x.copy()), manifold=geoopt.Sphere())
        optimizer = geoopt.optim.RiemannianAdam([point], lr=1e-2)
        value = torch.tensor(math.inf)
        for _ in range(3000):
            optimizer.zero_grad()
            value = (1 / torch.pdist(point)).sum()
            value.backward()
            optimizer.step()
        return float(value.detach())

    return search


PEERS: dict[str, tuple[Callable[[], Search | None], int]] = {
    # name -> (factory, starts that fit into a minute or so at N = 100)
    "SciPy L-BFGS-B + Numba": (scipy_lbfgs, 96),
    "SciPy + tuned Numba": (lambda: scipy_lbfgs(tuned=True), 96),
    "pymanopt CG": (pymanopt_cg, 12),
    "pymanopt trust regions": (pymanopt_tr, 6),
    "geoopt RiemannianAdam": (geoopt_adam, 2),
}


def keops_evaluation(x: np.ndarray) -> Callable[[], Any] | None:
    """One energy and gradient of a batch (B, N, 3) by KeOps; None where it is not installed or does not compile."""
    if not _installed("pykeops"):
        return None
    import torch

    try:
        from pykeops.torch import LazyTensor

        points = torch.from_numpy(x).requires_grad_(True)

        def evaluate() -> Any:
            a, b = LazyTensor(points[:, :, None, :]), LazyTensor(points[:, None, :, :])
            r = ((a - b) ** 2).sum(-1)
            # The diagonal contributes the constant 1/sqrt(eps), and nothing to the gradient.
            value = (r + 1e-30).rsqrt().sum(2).sum()
            return torch.autograd.grad(value, points)

        evaluate()
        return evaluate
    except Exception as error:  # whatever its compiler says, the benchmark goes on without it
        print(f"KeOps does not run here: {str(error).splitlines()[0][:100]}")
        return None
