"""Dense linear algebra by torch, whose threads users set: NumPy's own are many times slower where cores are shared."""

from __future__ import annotations

import numpy as np
import torch

from hyperenergy.search.packing.terms import Floats


def spectrum(symmetric: Floats) -> tuple[Floats, Floats]:
    """Eigenvalues, rising, and eigenvectors in columns."""
    eigenvalues, vectors = torch.linalg.eigh(torch.from_numpy(symmetric))
    return np.asarray(eigenvalues.numpy()), np.asarray(vectors.numpy())


def shortest_solution(matrix: Floats, right: Floats, flat: float) -> Floats:
    """The shortest of the least squares solutions; singular values below ``flat`` times the largest are zero."""
    of = torch.from_numpy(matrix), torch.from_numpy(right)[:, None]
    return np.asarray(torch.linalg.lstsq(*of, rcond=flat, driver="gelsd").solution[:, 0].numpy())


def kernel_of(matrix: Floats, flat: float) -> Floats:
    """Orthonormal columns that span what the matrix takes to zero; flat: what counts as that, of its singular values."""
    _, values, rows = torch.linalg.svd(torch.from_numpy(matrix), full_matrices=True)
    rank = int((values > flat).sum())
    return np.asarray(rows[rank:].T.numpy())
