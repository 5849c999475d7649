"""That wrong shapes would be seen."""

from __future__ import annotations

import pytest
import torch

import hyperenergy as he
from tests import shapes

MODULE = """
from __future__ import annotations
from jaxtyping import Float
from torch import Tensor

Points = Float[Tensor, "points dim"]

def right(x: Points, y: Points | None = None) -> tuple[Points, Float[Tensor, "points"]]:
    return x, x.sum(-1)

def wrong(x: Points) -> Float[Tensor, "points"]:
    return x.sum(0)

class A:
    @property
    def rows(self) -> Points:
        return __import__("torch").zeros(3)
"""


def test_a_function_that_breaks_its_word_is_seen() -> None:
    module = type(pytest)("mine")
    exec(MODULE, vars(module))
    for one in ("right", "wrong", "A"):
        vars(module)[one].__module__ = "mine"
    shapes.watch(module)
    x = torch.zeros(2, 3)
    assert len(module.right(x)) == len(module.right(x, y=x)) == 2
    with pytest.raises(shapes.WrongShape, match=r"mine.right: y is torch.Size\(\[3, 2\]\), not Points"):
        module.right(x, x.mT)
    with pytest.raises(shapes.WrongShape, match=r"mine.wrong: return is torch.Size\(\[3\]\)"):
        module.wrong(x)
    with pytest.raises(shapes.WrongShape, match="rows"):
        _ = module.A().rows


def test_the_package_is_watched() -> None:
    assert he.normalize.__module__ == "hyperenergy.geometry.sphere" and hasattr(he.normalize, "__wrapped__")
    assert hasattr(he.Energy.value, "__wrapped__")
