"""Objectives as data, and back."""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import pytest
import torch
from torch import Tensor

import hyperenergy as he
from hyperenergy.geometry.sameness import same
from hyperenergy.objectives.base import BatchLoss
from hyperenergy.objectives.free_bias import FreeBias
from hyperenergy.objectives.logarithm import Logarithm

SIX = torch.eye(3, dtype=torch.float64).repeat(2, 1)
OBJECTIVES: list[he.Objective] = [
    he.Energy(he.Riesz(Fraction(1, 3)), "ordered"),
    he.Energy(he.Polynomial(3, c=2), "mean"),
    *(he.Energy(kernel) for kernel in (he.Gaussian(2), he.Laplace(0.5), he.InverseMultiquadric(1), he.Logarithmic())),
    he.Energy(he.Projective(he.Riesz(2), sine=True)),
    he.Energy(he.FramePotential(), "ordered"),
    he.Energy(he.Riesz(1), weights=[1, 2, 3, 1, 1, 0.5], fixed=SIX[:2]),
    Logarithm(he.Energy(he.Riesz(2000))),
    *(
        BatchLoss(loss)
        for loss in (he.InfoNCE(0.3, symmetric=True), he.SimCLR(), he.NTXent(), he.SpectralContrastive())
    ),
    *(
        BatchLoss(loss)
        for loss in (he.DCLW(), he.DCL(0.2, within_view=False), he.AlignUniform(alpha=1), he.SigLIP(5, 1))
    ),
    he.Aligned(he.KCL(he.Gaussian(2), gamma=1.0, alignment_kernel=he.Riesz(Fraction(-1, 2)))),
    he.FixedAnchors(he.DHEL(0.5), SIX),
    he.Expected(he.DHEL(0.5), batch=3, weights=torch.tensor([0.5, 0.1, 0.1, 0.1, 0.1, 0.1], dtype=torch.float64)),
    he.Expected(he.InfoNCE(0.5), batch=2, replace=False, aligned=True),
    he.Expected(he.InfoNCE(0.5), batch=2, partition=[[0, 3], [1, 2], [4, 5]]),
    he.Supervised(he.SupCon(0.5), [0, 0, 1, 1, 2, 2]),
    he.MultiView(he.MultiViewInfoNCE(0.5), 3),
    FreeBias(5.0),
    he.Packing(),
    he.SoftmaxCode(),
]


@pytest.mark.parametrize("objective", OBJECTIVES, ids=lambda objective: objective.label)
def test_an_objective_comes_back_through_json(objective: he.Objective, draw: Callable[..., Tensor]) -> None:
    back = he.from_spec(json.loads(json.dumps(objective.spec())))
    assert same(back, objective) and back.label == objective.label and back is not objective
    z = draw(2, objective.rows(6), 3)
    assert torch.equal(back.value(z), objective.value(z))


def test_every_class_is_among_these() -> None:
    """So that none is left out: the classes that objectives, losses and kernels of the tests above are of."""
    from hyperenergy.objectives import recall

    used = json.dumps([objective.spec() for objective in OBJECTIVES]) + json.dumps(
        [BatchLoss(loss).spec() for loss in (he.DHEL(), he.KCL(he.RegularizedLogarithmic(1)))]
    )
    missing = {name for name in recall._classes() if f'"type": "{name}"' not in used}
    assert missing == {"PhiPsi", "MultiViewDHEL"}


def test_a_learnable_temperature_is_written_as_its_number() -> None:
    loss = he.InfoNCE(torch.nn.Parameter(torch.tensor(0.25, dtype=torch.float64)))
    back = he.from_spec(BatchLoss(loss).spec())
    assert isinstance(back, BatchLoss) and back.loss.temperature == 0.25


class Own(he.Kernel):
    def profile(self, r: Any, m: Any) -> Any:
        return -r


@pytest.mark.parametrize(
    "objective",
    [
        BatchLoss(he.PhiPsi(torch.log, torch.exp)),
        he.Energy(Own()),
        BatchLoss(he.KCL(he.Gaussian(2), alignment_kernel=Own())),
    ],
)
def test_what_only_a_program_can_make_is_refused(objective: he.Objective) -> None:
    with pytest.raises(he.ArgumentError, match=r"objective: got .*; cannot be written: it is none of this package"):
        objective.spec()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (3, "spec: got 3; must be that of an objective"),
        ({}, "spec: got 'None'; allowed: "),
        ({"type": "os.system"}, "spec: got 'os.system'; allowed: "),
        ({"type": "Riesz", "s": 1}, "must be that of an objective"),
        ({"type": "Energy"}, "is no Energy"),
        ({"type": "Energy", "kernel": {"type": "Riesz", "s": 0}}, "s: got 0; must be non-zero"),
        ({"type": "Energy", "kernel": {"type": "Riesz", "x": 0}}, "spec: got Riesz with x; its parameters are: s"),
        ({"type": "Energy", "kernel": 3}, "kernel: got"),
        (
            {"type": "Energy", "kernel": {"type": "Riesz", "s": {"type": "Fraction", "of": [1, 0]}}},
            "must be a fraction",
        ),
        (
            {"type": "FixedAnchors", "loss": {"type": "DHEL"}, "anchors": {"type": "Tensor", "rows": [[1], 2]}},
            "a tensor",
        ),
        ({"type": "BatchLoss", "loss": {"type": "DHEL", "temperature": -1}}, "temperature: got -1"),
        ({"type": "BatchLoss", "loss": {"type": ["DHEL"]}}, "spec: got "),
    ],
)
def test_other_data_are_refused(spec: object, message: str) -> None:
    with pytest.raises(he.ArgumentError) as error:
        he.from_spec(spec)
    assert message in str(error.value)
