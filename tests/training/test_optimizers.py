"""Optimizers against naive steps, what they leave undecayed, and resuming bit for bit."""

from __future__ import annotations

import copy
import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from hyperenergy.errors import ArgumentError
from hyperenergy.training.optimizers import LARS, optimizer, schedule

NAMES = ["adamw", "lars", "sgd"]


def small() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))


def train(model: nn.Module, moves: torch.optim.Optimizer, first: int, steps: int) -> None:
    for step in range(first, first + steps):
        x = torch.randn(8, 4, generator=torch.Generator().manual_seed(step))
        moves.zero_grad()
        model(x).square().sum().backward()
        moves.step()


def test_lars_is_the_naive_rule() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = [
        torch.randn(shape, generator=generator, dtype=torch.float64) for shape in ((3, 4), (2, 3, 2, 2), (5,), ())
    ]
    given = [nn.Parameter(w.clone()) for w in weights]
    lr, momentum, decay, coefficient = 0.3, 0.8, 0.05, 0.02
    moves = LARS(given, lr, momentum=momentum, weight_decay=decay, coefficient=coefficient)
    naive, velocities = [w.numpy().copy() for w in weights], [np.zeros(w.shape) for w in weights]
    for _ in range(3):
        grads = [torch.randn(w.shape, generator=generator, dtype=torch.float64) for w in weights]
        for parameter, grad in zip(given, grads, strict=True):
            parameter.grad = grad.clone()
        moves.step()
        for i, grad in enumerate(grads):
            w, g = naive[i], grad.numpy()
            if w.ndim > 1:
                size, steepness = math.sqrt((w**2).sum()), math.sqrt((g**2).sum())
                rate = lr * coefficient * size / (steepness + decay * size)
                velocities[i] = momentum * velocities[i] + rate * (g + decay * w)
            else:
                velocities[i] = momentum * velocities[i] + lr * g
            naive[i] = w - velocities[i]
            np.testing.assert_allclose(given[i].detach().numpy(), naive[i], rtol=1e-13)


def test_lars_where_nothing_is() -> None:
    """A weight or a gradient that is 0 has no ratio, and nothing becomes nan; no gradient, no move."""
    zero, still, none = (nn.Parameter(x) for x in (torch.zeros(2, 2), torch.ones(2, 2), torch.ones(2, 2)))
    zero.grad, still.grad = torch.ones(2, 2), torch.zeros(2, 2)
    LARS([zero, still, none], 0.5, weight_decay=0.1).step()
    torch.testing.assert_close(zero.detach(), torch.full((2, 2), -0.5))
    torch.testing.assert_close(still.detach(), torch.full((2, 2), 1 - 0.5 * 0.1))
    assert torch.equal(none.detach(), torch.ones(2, 2))


def test_lars_takes_a_closure() -> None:
    weight = nn.Parameter(torch.ones(2, 2))
    moves = LARS([weight], 1.0)

    def loss() -> Tensor:
        moves.zero_grad()
        value = weight.square().sum()
        value.backward()
        return value

    assert moves.step(loss) == 4 and (weight < 1).all()


def test_the_step_of_lars_does_not_depend_on_the_scale_of_the_loss() -> None:
    """Which the ratio is for."""
    ends = []
    for scale in (1.0, 1000.0):
        weight = nn.Parameter(torch.arange(1.0, 5).view(2, 2))
        weight.grad = scale * torch.tensor([[1.0, -2.0], [0.5, 3.0]])
        LARS([weight], 0.1).step()
        ends.append(weight.detach())
    torch.testing.assert_close(*ends)


@pytest.mark.parametrize("name", NAMES)
def test_biases_and_norms_are_not_decayed(name: str) -> None:
    """Without a gradient to follow, weights shrink, and what has one axis stays."""
    model = small()
    before = copy.deepcopy(model.state_dict())
    temperature = nn.ParameterList([nn.Parameter(torch.tensor(0.5))])
    moves = optimizer(name, [model, temperature], 0.1, 0.01)
    for parameter in [*model.parameters(), *temperature.parameters()]:
        parameter.grad = torch.zeros_like(parameter)
    moves.step()
    for key, parameter in model.named_parameters():
        if parameter.ndim > 1:
            # (Of LARS's gradient that is 0, the ratio is 1.)
            torch.testing.assert_close(parameter.detach(), before[key] * (1 - 0.1 * 0.01))
        else:
            assert torch.equal(parameter.detach(), before[key])
    assert temperature[0].item() == 0.5


@pytest.mark.parametrize("name", NAMES)
def test_resumed_bit_for_bit(name: str) -> None:
    model = small()
    moves = optimizer(name, model, 0.01, 1e-3)
    train(model, moves, 0, 4)
    kept = copy.deepcopy((model.state_dict(), moves.state_dict()))
    train(model, moves, 4, 4)
    resumed = small()
    others = optimizer(name, resumed, 0.5)  # another rate and decay, which the state says
    resumed.load_state_dict(kept[0])
    others.load_state_dict(kept[1])
    train(resumed, others, 4, 4)
    wanted, found = model.state_dict(), resumed.state_dict()
    assert all(torch.equal(wanted[key], found[key]) for key in wanted)
    assert not torch.equal(wanted["0.weight"], kept[0]["0.weight"])
    forgotten = small()
    forgotten.load_state_dict(kept[0])
    train(forgotten, optimizer(name, forgotten, 0.01, 1e-3), 4, 4)  # negative control: without the state
    assert not torch.equal(forgotten.state_dict()["0.weight"], wanted["0.weight"])


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_moved_once(name: str) -> None:
    model = small()
    bias = model.get_parameter("0.bias").requires_grad_(False)
    moves = optimizer(name, (part for part in (model, model[3])), 0.1)
    held = [id(p) for group in moves.param_groups for p in group["params"]]
    assert sorted(held) == sorted(id(p) for p in model.parameters() if p is not bias)


def test_a_model_may_have_only_weights_or_only_biases() -> None:
    assert len(optimizer("sgd", nn.Linear(2, 2, bias=False), 0.1).param_groups) == 1
    assert len(optimizer("sgd", nn.BatchNorm1d(2), 0.1).param_groups) == 1


def test_schedule() -> None:
    assert [schedule(step, 4) for step in range(5)] == pytest.approx(
        [1, (1 + math.sqrt(0.5)) / 2, 0.5, (1 - math.sqrt(0.5)) / 2, 0]
    )
    assert [schedule(step, 7, 3) for step in range(8)] == pytest.approx(
        [0.25, 0.5, 0.75, *[schedule(step, 4) for step in range(5)]]
    )
    values = np.array([schedule(step, 1000, 100) for step in range(1001)])
    assert (values[:1000] > 0).all() and (values <= 1).all() and values[1000] == 0 and values[100] == 1
    assert (np.diff(values[:101]) > 0).all() and (np.diff(values[100:]) < 0).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((5, 4), r"step: got 5; must be an integer in 0\.\.4"),
        ((-1, 4), "step: "),
        ((0, 0), "steps: got 0"),
        ((0, 4, 4), r"warmup: got 4; must be an integer in 0\.\.3"),
    ],
)
def test_what_schedule_refuses(given: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        schedule(*given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("adam", small(), 0.1), r"optimizer: got 'adam'; did you mean adamw\? allowed: adamw, lars, sgd"),
        (("sgd", small(), 0), r"lr: got 0; must be a finite number > 0"),
        (("lars", small(), 0.1, -1), r"weight_decay: got -1; must be >= 0"),
        (("adamw", small(), 0.1, math.nan), "weight_decay: "),
        (("sgd", nn.ReLU(), 0.1), r"modules: got no parameters"),
    ],
)
def test_what_optimizer_refuses(given: Any, message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        optimizer(*given)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("momentum", {"momentum": 1}),
        ("coefficient", {"coefficient": 0}),
        ("lr", {"lr": -1}),
        ("weight_decay", {"weight_decay": -1}),
    ],
)
def test_what_lars_refuses(name: str, rule: dict[str, float]) -> None:
    with pytest.raises(ArgumentError, match=f"{name}: got "):
        LARS([nn.Parameter(torch.ones(2))], **{"lr": 0.1, **rule})
