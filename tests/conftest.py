"""Common fixtures."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
import torch
from hypothesis import settings
from torch import Tensor

from tests import shapes

shapes.install()  # before anything of the package is there

from hyperenergy.geometry.sphere import random_points  # noqa: E402

# Examples take milliseconds, but the first one loads libraries; the same examples are drawn in every run.
settings.register_profile("hyperenergy", deadline=None, max_examples=30, derandomize=True)
settings.load_profile("hyperenergy")


# Readline, which pytest loads, writes both behind Python's back, and commands in a pipe heed them.
for _name in ("COLUMNS", "LINES"):
    os.unsetenv(_name)


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """Small tensors are fastest on one thread."""
    torch.set_num_threads(1)


@pytest.fixture
def draw() -> Callable[..., Tensor]:
    """Uniform unit vectors of a shape (*batch, points, dim), the same in every run of a test."""
    generator = torch.Generator().manual_seed(12345)
    return lambda *shape: random_points(*shape, generator=generator)


@pytest.fixture
def generator() -> torch.Generator:
    return torch.Generator().manual_seed(0)


@pytest.fixture
def closed_figures() -> Iterator[None]:
    """Figures without a screen, closed after the test."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    yield
    pyplot.close("all")
