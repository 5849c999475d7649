"""What an encoder learned: accuracies of probes on its output h, and metrics of h and of the head's output z."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn import functional

from hyperenergy import metrics
from hyperenergy.metrics.spectrum import singular_values
from hyperenergy.training.augment import Augment
from hyperenergy.training.data import Split
from hyperenergy.training.probes import few_labels, knn, probed
from hyperenergy.training.settings import Settings
from hyperenergy.training.state import State, stream

FEW = (5, 20)
_BLOCK = 1000
_SMALL = 0.01
_PAIRS = 2  # the stream of views of the test images


@dataclass(frozen=True)
class Evaluation:
    """accuracy: of the linear probe on the test part, fitted to all others with the penalty that was best on the validation
    part; validation: what it had there.  knn: of 20 neighbors among the images that were trained on.

    metrics, of the test images: "z.NAME" and "h.NAME" with NAME effective_rank, rankme (of rows as they are, not centered),
    lidar (two views), small_singular_values (of the centered matrix, below 1 % of the largest), dimension, alignment (mean
    |u-v|^2 of two views), uniformity (t = 2); the last two, and all of z but lidar and its spectrum, of rows on the sphere.
    "accuracy.5" and "accuracy.20": of the nearest centroid, with so many labels a class, of h.
    spectra: singular values at z and h of the centered matrix, the largest first, over the largest.
    """

    accuracy: float
    validation: float
    knn: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    spectra: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Features:
    """h (N, features) of the encoder and z (N, out) of the head, of some images, in float32."""

    h: Tensor
    z: Tensor


def features(state: State, images: Tensor, augment: Augment, generator: torch.Generator) -> Features:
    """Of views of images (N, C, H, W), block by block in evaluation mode; what was in training goes on in it."""
    modes = [(module, module.training) for module in state.modules.modules()]
    state.modules.eval()
    found = []
    with torch.inference_mode():
        for block in images.split(_BLOCK):
            h = state.encoder(augment(block.to(state.device), generator))
            found.append((h, state.head(h)))
    for module, training in modes:
        module.training = training
    hs, zs = zip(*found, strict=True)
    return Features(torch.cat(hs).clone(), torch.cat(zs).clone())


def plain(settings: Settings) -> Augment:
    """Images as they are, in the size of views."""
    return Augment(size=settings.augment().size)


def two_views(state: State, images: Tensor, settings: Settings) -> tuple[Features, Features]:
    """Of random views of images, the same for the same seed."""
    generator = stream(settings.seed, _PAIRS, state.device)
    return features(state, images, settings.augment(), generator), features(
        state, images, settings.augment(), generator
    )


def evaluate(state: State, parts: Split, settings: Settings) -> tuple[Evaluation, tuple[Features, Features]]:
    """The evaluation, and two views of the test images.  The test part is read here alone."""
    generator = stream(settings.seed, _PAIRS, state.device)
    fit, validation, test = (
        features(state, x, plain(settings), generator) for x in (parts.fit, parts.validation, parts.test)
    )
    labels = [y.to(state.device) for y in (parts.fit_labels, parts.validation_labels, parts.test_labels)]
    rows = [x.h for x in (fit, validation, test)]
    one, two, three = zip(rows, labels, strict=True)
    linear = probed(one, two, three, settings.probe, settings.seed)
    views = two_views(state, parts.test, settings)
    found = {"accuracy." + str(n): few_labels(rows[0], labels[0], rows[2], labels[2], n, settings.seed)
             for n in FEW if n <= int(labels[0].bincount().min())}  # fmt: skip
    spectra = {}
    for layer in ("z", "h"):
        mine, spectrum = _metrics(*(getattr(x, layer) for x in (test, *views)), sphere=layer == "z")
        found |= {f"{layer}.{name}": value for name, value in mine.items()}
        spectra[layer] = spectrum
    nearest = knn(rows[0], labels[0], rows[2], labels[2])
    return Evaluation(linear.accuracy, linear.validation, nearest, found, spectra), views


def pixels(parts: Split) -> float:
    """Accuracy of the linear probe on flattened pixels: what there is without an encoder."""
    values = [x.flatten(1).float() / 255 for x in (parts.fit, parts.validation, parts.test)]
    labels = (parts.fit_labels, parts.validation_labels, parts.test_labels)
    fit, validation, test = zip(values, labels, strict=True)
    return probed(fit, validation, test).accuracy


def _metrics(x: Tensor, u: Tensor, v: Tensor, *, sphere: bool) -> tuple[dict[str, float], tuple[float, ...]]:
    rows = functional.normalize(x, dim=1) if sphere else x
    s = singular_values(rows, center=True)
    shares = s / s[0].clamp(min=torch.finfo(s.dtype).tiny)
    found = {
        "effective_rank": float(metrics.effective_rank(rows)),
        "rankme": float(metrics.rankme(rows)),
        "lidar": float(metrics.lidar(torch.stack([u, v]))),
        "small_singular_values": float((shares < _SMALL).sum()),
        "dimension": float(x.shape[1]),
        "alignment": float(metrics.alignment(u, v, normalize=True)),
        "uniformity": float(metrics.uniformity(x, normalize=True)),
    }
    return found, tuple(shares.tolist())
