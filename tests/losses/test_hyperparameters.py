"""Hyperparameters are checked by what a class declares of them, whatever their names."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.losses.checks import declaration, number, positive_number, switch


class Hinge(he.PairLoss):
    hyperparameters = declaration(margin=positive_number, temperature=number, soft=switch)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def formula(self, anchors: Tensor, positives: Tensor) -> Tensor:
        return (self.options["margin"] - (anchors * positives).sum(-1)).relu().mean(-1)


class Undeclared(Hinge):
    hyperparameters = declaration(temperature=positive_number)


def test_a_declared_margin_is_checked() -> None:
    loss = Hinge(margin=1, temperature=-2, soft=True)
    assert loss.options == {"margin": 1.0, "temperature": -2.0, "soft": True}
    for bad in (-1.0, 0, float("nan"), "wide"):
        with pytest.raises(he.ArgumentError, match=r"^margin: got "):
            Hinge(margin=bad)
        with pytest.raises(he.ArgumentError, match=r"^margin: got "):
            loss.margin = bad
    with pytest.raises(he.ArgumentError, match=r"^margin: got a tensor of shape \(2,\); must be one number"):
        Hinge(margin=torch.ones(2))
    with pytest.raises(he.ArgumentError, match=r"^soft: got 1; allowed: True, False"):
        Hinge(soft=1)
    assert loss.margin == 1.0


def test_an_undeclared_one_is_refused_by_name() -> None:
    with pytest.raises(he.ArgumentError, match=r"^margin: got 1.0; is not declared: Undeclared\.hyperparameters"):
        Undeclared(margin=1.0)
    assert Undeclared(temperature=0.5).temperature == 0.5
