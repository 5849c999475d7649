"""Points are named by what they are, and only then."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.stats import ortho_group

import hyperenergy as he
from hyperenergy import codes
from hyperenergy.errors import ArgumentError

NAMES = [name for name in codes.names() if name != "leech"] + [
    "simplex-5",
    "polygon-7",
    "cross-polytope-4",
    "isotropic-4",
]
# One configuration by two names: Schläfli's is the smallest of isotropic subspaces, and so on.
SAME = {"isotropic-2": "schlaefli", "isotropic-3": "mclaughlin-112"}


def moved(x: np.ndarray, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.permutation(x) @ ortho_group.rvs(x.shape[1], random_state=seed))


@pytest.mark.parametrize("name", [*(n for n in NAMES if n not in ("leech-4600", "leech-891", "kerdock-4224")), *SAME])
def test_every_code_is_itself(name: str) -> None:
    found = codes.identification(moved(codes.get(name).coordinates))
    assert found is not None and found.code.name == SAME.get(name, name) and found.residual < 1e-12


def test_points_of_few_digits_and_in_a_subspace() -> None:
    x = np.pad(codes.get("icosahedron").coordinates, ((0, 0), (0, 2)))
    found = codes.identify(moved(x))
    assert found is not None and found.name == "icosahedron"
    rounded = np.round(moved(codes.get("icosahedron").coordinates), 5)
    found = codes.identify(he.normalize(torch.from_numpy(rounded)))
    assert found is not None and found.name == "icosahedron"


def test_what_is_none_is_not_named() -> None:
    """Near to a code, as many points in as many dimensions, a mirror-image pair of halves: none of them is one."""
    x = codes.get("icosahedron").coordinates
    rng = np.random.default_rng(0)
    near = he.normalize(torch.from_numpy(x + 1e-3 * rng.standard_normal(x.shape)))
    assert codes.identify(near) is None
    loose = codes.identify(near, tolerance=1e-2)
    assert loose is not None and loose.name == "icosahedron"
    turned = np.concatenate([x[x[:, 2] > 0] @ ortho_group.rvs(3, random_state=1), x[x[:, 2] <= 0]])
    assert codes.identify(turned) is None
    assert codes.identify(he.normalize(torch.from_numpy(rng.standard_normal((13, 3))))) is None
    assert codes.identify(np.eye(3)) is None
    with pytest.raises(ArgumentError, match=r"X: got shape \(5001, 2\); must be .* at most 5000 points"):
        codes.identify(np.tile([1.0, 0.0], (5001, 1)))
