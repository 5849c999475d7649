"""Naive loops in Python floats: what the vectorized code is compared with.  They follow the table of the paper."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Vector = Sequence[float]
Configuration = Sequence[Vector]


def dot(x: Vector, y: Vector) -> float:
    return math.fsum(a * b for a, b in zip(x, y, strict=True))


def r(x: Vector, y: Vector) -> float:
    return math.fsum((a - b) ** 2 for a, b in zip(x, y, strict=True))


def mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def info_nce(U: Configuration, V: Configuration, tau: float) -> float:
    M = range(len(U))
    return mean([-dot(U[i], V[i]) / tau + math.log(sum(math.exp(dot(U[i], V[j]) / tau) for j in M)) for i in M])


def sim_clr(U: Configuration, V: Configuration, tau: float) -> float:
    M = range(len(U))
    terms = []
    for i in M:
        total = sum(math.exp(dot(U[i], V[j]) / tau) for j in M)
        total += sum(math.exp(dot(U[i], U[j]) / tau) for j in M if j != i)
        terms.append(-dot(U[i], V[i]) / tau + math.log(total))
    return mean(terms)


def nt_xent(U: Configuration, V: Configuration, tau: float) -> float:
    """As SimCLR's authors write it: 2M points, each against all others."""
    X = [*U, *V]
    n = len(X)
    terms = []
    for i in range(n):
        partner = (i + n // 2) % n
        total = sum(math.exp(dot(X[i], X[j]) / tau) for j in range(n) if j != i)
        terms.append(-dot(X[i], X[partner]) / tau + math.log(total))
    return mean(terms)


def dcl(U: Configuration, V: Configuration, tau: float, within_view: bool) -> float:
    M = range(len(U))
    terms = []
    for i in M:
        total = sum(math.exp(dot(U[i], V[j]) / tau) for j in M if j != i)
        if within_view:
            total += sum(math.exp(dot(U[i], U[j]) / tau) for j in M if j != i)
        terms.append(-dot(U[i], V[i]) / tau + math.log(total))
    return mean(terms)


def dhel(U: Configuration, V: Configuration, tau: float, two_view: bool) -> float:
    M = range(len(U))
    terms = []
    for i in M:
        term = -dot(U[i], V[i]) / tau + math.log(sum(math.exp(dot(U[i], U[j]) / tau) for j in M if j != i))
        if two_view:
            term += math.log(sum(math.exp(dot(V[i], V[j]) / tau) for j in M if j != i))
        terms.append(term)
    return mean(terms)


def mean_energy(X: Configuration, kappa: Callable[[float], float]) -> float:
    M = range(len(X))
    return mean([kappa(r(X[i], X[j])) for i in M for j in M if i != j])


def kcl(
    U: Configuration,
    V: Configuration,
    kernel: Callable[[float], float],
    alignment: Callable[[float], float],
    gamma: float,
    two_view: bool,
) -> float:
    a = mean([alignment(r(u, v)) for u, v in zip(U, V, strict=True)])
    if two_view:
        return -2 * a + gamma * (mean_energy(U, kernel) + mean_energy(V, kernel))
    return -a + gamma * mean_energy(U, kernel)


def phi_psi(
    U: Configuration,
    V: Configuration,
    phi: Callable[[float], float],
    psi: Callable[[float], float],
    negatives: str,
) -> float:
    M = range(len(U))
    X = U if negatives == "within" else V
    return mean([phi(sum(psi(dot(U[i], X[j]) - dot(U[i], V[i])) for j in M if j != i)) for i in M])


def align_uniform(U: Configuration, V: Configuration, alpha: float, t: float, weight: float) -> float:
    a = mean([r(u, v) ** (alpha / 2) for u, v in zip(U, V, strict=True)])
    parts = [math.log(mean_energy(X, lambda x: math.exp(-t * x))) for X in (U, V)]
    return a + weight * mean(parts)


def spectral_contrastive(U: Configuration, V: Configuration) -> float:
    M = range(len(U))
    return mean([dot(U[i], V[j]) ** 2 for i in M for j in M if i != j]) - 2 * mean([dot(U[i], V[i]) for i in M])


def sig_lip(U: Configuration, V: Configuration, scale: float, bias: float) -> float:
    """As the loss's authors write it: -log sigmoid(label * logit), the label 1 for a pair and -1 for any other two."""
    M = range(len(U))
    total = 0.0
    for i in M:
        for j in M:
            label = 1 if i == j else -1
            total += math.log1p(math.exp(-label * (scale * dot(U[i], V[j]) + bias)))
    return total / len(U)


def sup_con(Z: Configuration, labels: Sequence[int], tau: float) -> float:
    M = range(len(Z))
    terms = []
    for i in M:
        total = sum(math.exp(dot(Z[i], Z[a]) / tau) for a in M if a != i)
        positives = [p for p in M if p != i and labels[p] == labels[i]]
        terms.append(-mean([math.log(math.exp(dot(Z[i], Z[p]) / tau) / total) for p in positives]))
    return mean(terms)


def multi_view_info_nce(views: Sequence[Configuration], tau: float) -> float:
    K, M = range(len(views)), range(len(views[0]))

    def between(i: int, j: int) -> float:
        return sum(math.exp(dot(views[a][i], views[b][j]) / tau) for a in K for b in K if a != b)

    return mean([-math.log(between(i, i) / sum(between(i, j) for j in M)) for i in M])


def multi_view_dhel(views: Sequence[Configuration], tau: float) -> float:
    K, M = range(len(views)), range(len(views[0]))
    terms = []
    for i in M:
        near = sum(math.exp(dot(views[a][i], views[b][i]) / tau) for a in K for b in K if a < b)
        far = math.prod(sum(math.exp(dot(view[i], view[j]) / tau) for j in M if j != i) for view in views)
        terms.append(-math.log(near / far))
    return mean(terms)
