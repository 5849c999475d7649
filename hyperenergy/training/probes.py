"""What features tell of classes: a linear probe, the nearest neighbors, and a few labels of each class.

Features have shape (N, d), labels (N,) are classes from 0.  Each gives the share of the test rows that it gets right.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from hyperenergy.checks import integer, positive
from hyperenergy.errors import ArgumentError
from hyperenergy.training.data.sources import library
from hyperenergy.training.data.stratify import chosen
from hyperenergy.training.settings import Probe

Features = Float[Tensor, "rows dim"]
Tests = Float[Tensor, "tests dim"]
Labels = Int[Tensor, "rows"]
Given = Int[Tensor, "tests"]

# Inverse L2 penalties, of the sum over rows, from which validation chooses; weak ones take long and gain nothing.
STRENGTHS = (0.01, 0.1, 1.0, 10.0)
_ITERATIONS = 1000
# Similarities of a block.
_BLOCK = 2**24
_MOMENTUM = 0.9


@dataclass(frozen=True)
class Probed:
    """accuracy: on the test part; validation: of the strength C that was chosen there."""

    accuracy: float
    validation: float
    strength: float


def linear_probe(
    train: Features, labels: Labels, test: Tests, test_labels: Given, *, validation: float = 0.2, seed: int = 0
) -> float:
    """Accuracy of multinomial logistic regression on standardized features, fitted to its minimum.

    The penalty is chosen on a part of the training rows, ``validation`` of each class, after fitting to the others; then
    it is fitted to all of them.  The test rows are read once.
    Raises ArgumentError for shapes that do not match, MissingExtra without scikit-learn.
    """
    _check(train, labels, test, test_labels)
    held = torch.from_numpy(chosen(labels.cpu().numpy(), round(validation * len(labels)), (seed, 2))).to(labels.device)
    parts = (train[~held], labels[~held]), (train[held], labels[held]), (test, test_labels)
    return probed(*parts).accuracy


Part = tuple[Tensor, Tensor]


def probed(fit: Part, validation: Part, test: Part, how: Probe | None = None, seed: int = 0) -> Probed:
    """The linear probe on three parts, each features and labels: fitted to ``fit`` with each of STRENGTHS, of which the
    best on ``validation`` is taken (of equal ones the strongest penalty), then to both, and read on ``test`` once.

    how: of solver "sgd" it has one penalty, that of its settings, strength is 1 / weight_decay, and ``seed`` its order.
    """
    how = Probe() if how is None else how
    both = torch.cat([fit[0], validation[0]]), torch.cat([fit[1], validation[1]])
    if how.solver == "sgd":
        accuracies = [_sgd(part, there, how, seed) for part, there in ((fit, validation), (both, test))]
        return Probed(accuracies[1], accuracies[0], 1 / how.weight_decay if how.weight_decay else float("inf"))
    models = [(c, _logistic(fit, c)) for c in STRENGTHS]
    accuracies = [_right(model, validation) for _, model in models]
    best = int(np.argmax(accuracies))
    return Probed(_right(_logistic(both, STRENGTHS[best]), test), accuracies[best], STRENGTHS[best])


def knn(
    train: Features, labels: Labels, test: Tests, test_labels: Given, k: int = 20, *, temperature: float = 0.07
) -> float:
    """Accuracy of a vote among the k nearest training rows by cosine similarity s, each with weight exp(s/temperature).

    k: at most as many as there are.  Source: Wu, Xiong, Yu, Lin 2018.  Raises ArgumentError as ``linear_probe``.
    """
    _check(train, labels, test, test_labels)
    k, tau = min(integer("k", k, 1), len(train)), positive("temperature", temperature)
    rows = functional.normalize(train.float(), dim=1)
    classes, right = int(labels.max()) + 1, 0
    size = max(1, _BLOCK // len(rows))
    for block, truth in zip(test.split(size), test_labels.split(size), strict=True):
        similarity, near = (functional.normalize(block.float(), dim=1) @ rows.T).topk(k, dim=1)
        votes = similarity.new_zeros(len(block), classes)
        # (Less 1, so that no weight is large.)
        votes.scatter_add_(1, labels[near], ((similarity - 1) / tau).exp())
        right += int((votes.argmax(1) == truth).sum())
    return right / len(test)


def few_labels(
    train: Features,
    labels: Labels,
    test: Tests,
    test_labels: Given,
    per_class: int,
    seed: int = 0,
    draws: int = 5,
) -> float:
    """Mean accuracy of the nearest centroid with ``per_class`` labels of each class, over so many draws of them.

    Features are standardized by all training rows, whose labels that does not take, and put on the sphere; a test row
    goes to the class whose mean it has the smallest angle with.  There is nothing to choose.
    Raises ArgumentError as ``linear_probe``, and where a class has fewer rows.
    """
    _check(train, labels, test, test_labels)
    per_class, draws = integer("per_class", per_class, 1), integer("draws", draws, 1)
    counts = torch.bincount(labels)
    least = int(counts[counts > 0].min())
    if least < per_class:
        raise ArgumentError("per_class", per_class, f"a class has {least} training rows; take at most so many")
    mean, scale = _moments(train)
    rows = functional.normalize((train.float() - mean) / scale, dim=1)
    tests = functional.normalize((test.float() - mean) / scale, dim=1)
    generator, found = torch.Generator().manual_seed(integer("seed", seed, 0)), []
    kinds = labels.unique()
    for _ in range(draws):
        order = torch.randperm(len(labels), generator=generator).to(labels.device)
        means = torch.stack([rows[order[labels[order] == kind][:per_class]].mean(0) for kind in kinds])
        guesses = kinds[(tests @ functional.normalize(means, dim=1).T).argmax(1)]
        found.append(float((guesses == test_labels).double().mean()))
    return sum(found) / draws


def _moments(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each feature; 1 for what is the same everywhere."""
    wide = x.double()
    mean, scale = wide.mean(0), wide.std(0, correction=0)
    scale = torch.where(scale > 1e-6 * wide.abs().amax(0), scale, 1.0)
    return mean.float(), scale.float()


def _logistic(part: Part, strength: float) -> Any:
    linear = library("sklearn.linear_model", "scikit-learn", "the linear probe")
    exceptions = library("sklearn.exceptions", "scikit-learn", "the linear probe")
    threads = library("threadpoolctl", "scikit-learn", "the linear probe")
    moments = _moments(part[0])
    model = linear.LogisticRegression(C=strength, max_iter=_ITERATIONS)
    # Matrices are so small that threads of BLAS wait for each other: where another process works, 25 times as long.
    with threads.threadpool_limits(1), warnings.catch_warnings():
        # What is not at its minimum after so many iterations is as good a classifier.
        warnings.simplefilter("ignore", exceptions.ConvergenceWarning)
        model.fit(_standard(part[0], moments), part[1].cpu().numpy())
    return model, moments


def _right(fitted: Any, part: Part) -> float:
    model, moments = fitted
    return float(model.score(_standard(part[0], moments), part[1].cpu().numpy()))


def _standard(x: Tensor, moments: tuple[Tensor, Tensor]) -> NDArray[np.float32]:
    return np.asarray(((x.float() - moments[0]) / moments[1]).cpu().numpy())


def _sgd(part: Part, test: Part, how: Probe, seed: int) -> float:
    """Of a linear classifier on standardized features, trained by SGD with momentum and half a cosine."""
    mean, scale = _moments(part[0])
    x, y = (part[0].float() - mean) / scale, part[1]
    weights = torch.zeros(int(y.max()) + 1, x.shape[1] + 1, device=x.device, requires_grad=True)
    moves = torch.optim.SGD([weights], how.lr, momentum=_MOMENTUM, weight_decay=how.weight_decay)
    slope = torch.optim.lr_scheduler.CosineAnnealingLR(moves, how.epochs)
    generator = torch.Generator().manual_seed(seed)
    x = nn.functional.pad(x, (0, 1), value=1.0)
    for _ in range(how.epochs):
        for index in torch.randperm(len(x), generator=generator).to(x.device).split(how.batch):
            moves.zero_grad()
            functional.cross_entropy(x[index] @ weights.T, y[index]).backward()
            moves.step()
        slope.step()
    tests = nn.functional.pad((test[0].float() - mean) / scale, (0, 1), value=1.0)
    return float(((tests @ weights.detach().T).argmax(1) == test[1]).double().mean())


def _check(train: Tensor, labels: Tensor, test: Tensor, test_labels: Tensor) -> None:
    for name, rows, classes in (("labels", train, labels), ("test_labels", test, test_labels)):
        if classes.shape != rows.shape[:1] or not len(classes):
            raise ArgumentError(
                name, f"shape {tuple(classes.shape)}", f"must be ({len(rows)},), one class a row, and some"
            )
    if train.shape[1] != test.shape[1]:
        raise ArgumentError("test", f"rows of {test.shape[1]}", f"must have {train.shape[1]} features, as train has")
