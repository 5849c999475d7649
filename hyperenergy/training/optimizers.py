"""What moves the weights: LARS, the usual optimizers without decay of biases and norms, and the usual schedule."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from hyperenergy.checks import finite, integer, positive
from hyperenergy.errors import ArgumentError, unknown_name

_MOMENTUM = 0.9


class LARS(torch.optim.Optimizer):
    """Layer-wise adaptive rate scaling, for large batches.

    A weight w with gradient g and velocity v moves by v <- momentum v + lr q (g + weight_decay w), w <- w - v, with
    the trust ratio q = coefficient |w| / (|g| + weight_decay |w|), or 1 where w or g is 0.  Parameters of at most one
    axis (biases, norms, temperatures) have q = 1 and no decay.
    Law: ``state_dict`` resumes bit for bit.  Raises ArgumentError for parameters of the rule that are out of range.
    Source: You, Gitman, Ginsburg, Large batch training of convolutional networks (2017), algorithm 1.
    """

    def __init__(
        self,
        params: Any,
        lr: float,
        *,
        momentum: float = _MOMENTUM,
        weight_decay: float = 0.0,
        coefficient: float = 0.001,
    ) -> None:
        if not 0 <= finite("momentum", momentum) < 1:
            raise ArgumentError("momentum", repr(momentum), "must be in [0, 1)")
        rule = {"lr": positive("lr", lr), "momentum": momentum, "weight_decay": _decay(weight_decay)}
        super().__init__(params, {**rule, "coefficient": positive("coefficient", coefficient)})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """One step; closure: evaluates the loss again, which is returned."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.sub_(self._velocity(weight, weight.grad, group))
        return loss

    def _velocity(self, weight: Tensor, grad: Tensor, group: dict[str, Any]) -> Tensor:
        state = self.state[weight]
        if not state:
            state["velocity"] = torch.zeros_like(weight)
        velocity: Tensor = state["velocity"].mul_(group["momentum"])
        if weight.ndim <= 1:
            return velocity.add_(grad, alpha=group["lr"])
        decay, size = group["weight_decay"], weight.norm()
        resistance = grad.norm() + decay * size
        moves = (size > 0) & (grad.norm() > 0)
        trust = torch.where(moves, group["coefficient"] * size / torch.where(moves, resistance, 1.0), 1.0)
        return velocity.add_(grad.add(weight, alpha=decay) * (group["lr"] * trust))


def optimizer(
    name: str, modules: nn.Module | Iterable[nn.Module], lr: float, weight_decay: float = 0.0
) -> torch.optim.Optimizer:
    """adamw, sgd or lars for what the modules have to learn, the last two with momentum 0.9.

    Parameters of at most one axis are not decayed; one that modules share is moved once.
    Law: ``state_dict`` resumes bit for bit.
    Raises ArgumentError for unknown names, lr <= 0, weight_decay < 0, and modules that have nothing to learn.
    """
    if name not in _OPTIMIZERS:
        raise unknown_name("optimizer", name, _OPTIMIZERS)
    every = [modules] if isinstance(modules, nn.Module) else modules
    learned = dict.fromkeys(p for module in every for p in module.parameters() if p.requires_grad)
    if not learned:
        raise ArgumentError("modules", "no parameters that require gradients", "there must be something to learn")
    decayed, others = [p for p in learned if p.ndim > 1], [p for p in learned if p.ndim <= 1]
    groups = [
        {"params": decayed, "weight_decay": _decay(weight_decay)},
        {"params": others, "weight_decay": 0.0},
    ]
    return _OPTIMIZERS[name]([group for group in groups if group["params"]], positive("lr", lr))


def schedule(step: int, steps: int, warmup: int = 0) -> float:
    """The factor of the learning rate at a step of 0..steps: linear in so many first steps, then half a cosine to 0.

    Laws: in [0, 1], and 0 at ``steps`` alone; 1 at ``warmup``, before which it is (step + 1) / (warmup + 1).
    Raises ArgumentError for a step beyond ``steps`` and a warm-up that is not shorter.
    """
    steps = integer("steps", steps, 1)
    step, warmup = integer("step", step, 0, steps), integer("warmup", warmup, 0, steps - 1)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    return math.cos(math.pi / 2 * (step - warmup) / (steps - warmup)) ** 2 if step < steps else 0.0


def _decay(weight_decay: float) -> float:
    if finite("weight_decay", weight_decay) < 0:
        raise ArgumentError("weight_decay", repr(weight_decay), "must be >= 0")
    return float(weight_decay)


_OPTIMIZERS: dict[str, Callable[[Any, float], torch.optim.Optimizer]] = {
    "adamw": lambda groups, lr: torch.optim.AdamW(groups, lr),
    "sgd": lambda groups, lr: torch.optim.SGD(groups, lr, momentum=_MOMENTUM),
    "lars": LARS,
}
