"""Probes against naive loops, scikit-learn and chance."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from torch import Tensor

from hyperenergy.errors import ArgumentError
from hyperenergy.training.data import load, split
from hyperenergy.training.evaluate import features, pixels, plain
from hyperenergy.training.probes import STRENGTHS, Probed, few_labels, knn, linear_probe, probed
from hyperenergy.training.settings import Probe, Settings
from hyperenergy.training.state import begin

CLASSES = 4


def toy(rows: int, seed: int, spread: float = 1.0, dim: int = 6) -> tuple[Tensor, Tensor]:
    """Clouds around as many centers as classes."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(CLASSES, (rows,), generator=generator)
    return 2 * torch.eye(CLASSES, dim)[labels] + spread * torch.randn(rows, dim, generator=generator), labels


def test_knn_is_the_naive_vote(monkeypatch: pytest.MonkeyPatch) -> None:
    (x, y), (tests, truth) = toy(60, 0), toy(40, 1)
    right = 0
    for row, label in zip(tests.double().numpy(), truth.tolist(), strict=True):
        cosines = [float(row @ other / np.linalg.norm(row) / np.linalg.norm(other)) for other in x.double().numpy()]
        votes = [0.0] * CLASSES
        for place in sorted(range(60), key=lambda i: -cosines[i])[:7]:
            votes[int(y[place])] += math.exp(cosines[place] / 0.07)
        right += int(np.argmax(votes)) == label
    assert knn(x, y, tests, truth, k=7) == right / 40
    monkeypatch.setattr("hyperenergy.training.probes._BLOCK", 300)
    assert knn(x, y, tests, truth, k=7) == right / 40
    assert knn(x, y, tests, truth, k=1000) == knn(x, y, tests, truth, k=60)
    assert knn(x, y, x, y, k=1) == 1


def test_the_linear_probe_is_that_of_scikit_learn() -> None:
    fit, validation, test = toy(120, 0, 1.5), toy(80, 1, 1.5), toy(100, 2, 1.5)
    found = probed(fit, validation, test)
    scores = []
    for strength in STRENGTHS:
        scaler = StandardScaler().fit(fit[0])
        model = LogisticRegression(C=strength, max_iter=1000).fit(scaler.transform(fit[0]), fit[1])
        scores.append(model.score(scaler.transform(validation[0]), validation[1]))
    best = STRENGTHS[int(np.argmax(scores))]
    x, y = torch.cat([fit[0], validation[0]]), torch.cat([fit[1], validation[1]])
    scaler = StandardScaler().fit(x)
    model = LogisticRegression(C=best, max_iter=1000).fit(scaler.transform(x), y)
    assert found == Probed(model.score(scaler.transform(test[0]), test[1]), float(np.amax(scores)), best)


def test_what_is_the_same_everywhere_and_what_is_scaled_is_no_matter() -> None:
    (x, y), (tests, truth) = toy(200, 0), toy(200, 1)
    usual = linear_probe(x, y, tests, truth)
    wide = [torch.cat([100 * part + 7, torch.full((200, 2), 3.0)], 1) for part in (x, tests)]
    assert abs(linear_probe(wide[0], y, wide[1], truth) - usual) < 0.01 and usual > 0.75


def test_random_labels_are_at_chance() -> None:
    (x, y), (tests, truth) = toy(400, 0), toy(2000, 1)
    y = y[torch.randperm(400, generator=torch.Generator().manual_seed(2))]
    # Of 2000 tests with chance 1/4 five deviations are 0.05.
    assert abs(linear_probe(x, y, tests, truth) - 0.25) < 0.06
    assert abs(few_labels(x, y, tests, truth, 20, draws=20) - 0.25) < 0.06
    assert abs(knn(x, y, tests, truth, k=400, temperature=1e6) - 0.25) < 0.06


def test_a_few_labels_against_the_naive_loop() -> None:
    (x, y), (tests, truth) = toy(100, 0), toy(50, 1)
    mean, deviation = x.numpy().mean(0), x.numpy().std(0)
    rows, others = ((part.numpy() - mean) / deviation for part in (x, tests))
    rows, others = (part / np.linalg.norm(part, axis=1, keepdims=True) for part in (rows, others))
    generator, accuracies = torch.Generator().manual_seed(3), []
    for _ in range(4):
        kept: dict[int, list[int]] = {k: [] for k in range(CLASSES)}
        for i in torch.randperm(100, generator=generator).tolist():
            if len(kept[int(y[i])]) < 5:
                kept[int(y[i])].append(i)
        means = np.stack([rows[places].mean(0) for places in kept.values()])
        guesses = (others @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T).argmax(1)
        accuracies.append((guesses == truth.numpy()).mean())
    assert abs(few_labels(x, y, tests, truth, 5, seed=3, draws=4) - np.mean(accuracies)) < 1e-6
    assert few_labels(x, y, tests, truth, 15) > few_labels(x, y, tests, truth, 1)


def test_sgd_comes_to_the_same() -> None:
    fit, validation, test = toy(400, 0), toy(200, 1), toy(1000, 2)
    found = probed(fit, validation, test, Probe("sgd", batch=64, epochs=30), seed=1)
    assert found == probed(fit, validation, test, Probe("sgd", batch=64, epochs=30), seed=1)
    usual = probed(fit, validation, test)
    assert abs(found.accuracy - usual.accuracy) < 0.02 and abs(found.validation - usual.validation) < 0.03


def test_pixels_of_digits() -> None:
    assert 0.95 < pixels(split(load("digits"))) < 0.98


def test_features_do_not_touch_what_trains() -> None:
    images, settings = load("digits").test[:40], Settings(width=4)
    state = begin(settings, None, 1, 10, torch.device("cpu"))
    state.modules.train()
    before = {key: x.clone() for key, x in state.modules.state_dict().items()}
    found = features(state, images, plain(settings), torch.Generator())
    assert all(torch.equal(x, before[key]) for key, x in state.modules.state_dict().items())
    assert all(module.training for module in state.modules.modules())
    one = features(state, images[:1], plain(settings), torch.Generator())
    torch.testing.assert_close(one.h, found.h[:1])
    torch.testing.assert_close(one.z, found.z[:1])


def test_what_does_not_match() -> None:
    x, y = toy(40, 0)
    with pytest.raises(ArgumentError, match=r"test_labels: got shape \(39,\)"):
        linear_probe(x, y, x, y[1:])
    with pytest.raises(ArgumentError, match="test: got rows of 5; must have 6 features"):
        knn(x, y, x[:, :5], y)
    with pytest.raises(ArgumentError, match="per_class: got 40; a class has"):
        few_labels(x, y, x, y, 40)
    with pytest.raises(ArgumentError, match="k: got 0"):
        knn(x, y, x, y, k=0)
    with pytest.raises(ArgumentError, match="solver: got 'newton'"):
        Probe("newton")
