"""Searches for Thomson's problem with other packages, one start each: points (N, 3) -> energy reached.

SciPy is run with the pair loop as one writes it for Numba, with a tuned one, and with all of the objective in Numba, so that
what is compared there is the optimizer alone.  pymanopt and geoopt differentiate an energy in torch, as their documentation
does.  Each factory returns None where its package is not installed.
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


def coulomb(form: str, points: int) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """Energy over i < j and its gradient, as a function of the directions of free vectors, in one array (3 points).

    "plain": the pair loop as one writes it; "tuned": one that vectorizes; "whole": this and the rest in Numba.
    """
    from benchmarks import pair_loops

    X, G = np.empty((3, points)), np.empty((3, points))

    def whole(x: np.ndarray) -> tuple[float, np.ndarray]:
        gradient = np.empty_like(x)
        return pair_loops.tuned_of_directions(x, gradient, X, G), gradient

    pairs = pair_loops.tuned if form == "tuned" else pair_loops.plain

    def parts(x: np.ndarray) -> tuple[float, np.ndarray]:
        rows = x.reshape(points, 3)
        norm = np.linalg.norm(rows, axis=1, keepdims=True)
        u = rows / norm
        value = pairs(np.ascontiguousarray(u.T), G)
        return value, ((G.T - (G.T * u).sum(1, keepdims=True) * u) / norm).ravel()

    return whole if form == "whole" else parts


def scipy_lbfgs(form: str) -> Search | None:
    """SciPy's L-BFGS-B on free vectors whose directions are the points; see ``coulomb`` for the forms."""
    if not _installed("scipy", "numba"):
        return None
    from scipy.optimize import minimize

    options = {"maxiter": 10_000, "maxfun": 100_000, "ftol": 1e-15, "gtol": 1e-7}

    def search(x: np.ndarray) -> float:
        f = coulomb(form, len(x))
        return float(minimize(f, x.ravel(), jac=True, method="L-BFGS-B", options=options).fun)

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
    "SciPy L-BFGS-B + Numba": (lambda: scipy_lbfgs("plain"), 96),
    "SciPy + tuned Numba": (lambda: scipy_lbfgs("tuned"), 96),
    "SciPy + all in Numba": (lambda: scipy_lbfgs("whole"), 96),
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
