"""The least value of the program of ``sup_con_program``: a barrier leads near it, and Newton's method on the conditions of
optimality, with the products of Q and its dual symmetrized (Alizadeh, Haeberly and Overton 1998), to round-off."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from hyperenergy.theorems.sup_con_program import Classes, Floats, Program, quotient

# Steps of the two methods, and of the second one without a smaller gap, after which round-off is reached.
_STEPS, _LAST_STEPS, _WAIT = 500, 60, 6


def solve(classes: Classes) -> Floats:
    """The products g_ab at the minimizer, by the different sizes."""
    program = Program(classes)
    x, mu = _barrier(program)
    return _finish(program, x, mu)


def _barrier(program: Program) -> tuple[Floats, float]:
    """Near the minimizer: f - mu (log det Q + sum log(1 - g_aa)), mu from the size of f's gradient down to 1e-5 of it."""
    # Beside the simplex of all classes: the minimizer at small tau, where f grows e-fold within tau.
    beside = min(0.1, program.classes.temperature)
    x = np.full(len(program.pairs), (beside - 1) / (sum(program.classes.counts) - 1))
    mu = min(1.0, 10 * beside)
    for _ in range(_STEPS):
        gradient, H, _ = program.derivatives(x)
        scale = float(np.abs(gradient).max())
        inverse = np.linalg.inv(quotient(program.classes, program.products(x)))
        room = 1 - x[: program.n_single]
        total = gradient / scale - mu * program.slopes(inverse)
        total[: program.n_single] += mu / room
        curvature = H / scale + mu * _barrier_curvature(program, inverse)
        curvature[np.arange(program.n_single), np.arange(program.n_single)] += mu / room**2
        dx = -np.linalg.solve(curvature, total)
        decrease = -float(total @ dx)
        if decrease < 1e-3 * mu:
            if mu < 1e-5 * beside:
                break
            mu /= 4
            continue
        length = 1.0
        while length > 1e-12 and not _falls(program, x, length * dx, mu, scale, 0.1 * length * decrease):
            length /= 2
        x = x + length * dx
    return x, mu


def _barrier_curvature(program: Program, inverse: Floats) -> Floats:
    """tr Q^-1 Q_k Q^-1 Q_l."""
    r, s, step = program.rows, program.columns, program.step
    same = np.where(r == s, 0.5, 1.0) * step
    both = inverse[np.ix_(s, r)] * inverse[np.ix_(s, r)].T + inverse[np.ix_(r, r)] * inverse[np.ix_(s, s)].T
    result: Floats = 2 * np.outer(same, same) * both
    return result


def _falls(program: Program, x: Floats, dx: Floats, mu: float, scale: float, least: float) -> bool:
    if not program.inside(x + dx):
        return False
    before, after = (np.linalg.slogdet(quotient(program.classes, program.products(z)))[1] for z in (x, x + dx))
    n = program.n_single
    barrier = after - before + np.log1p(-dx[:n] / (1 - x[:n])).sum()
    return bool(program.change(x, dx) / scale - mu * barrier <= -least)


def _finish(program: Program, x: Floats, mu: float) -> Floats:
    """Newton's method on the conditions of optimality, as long as the gap falls."""
    gradient, _, scale0 = program.derivatives(x)
    factor, p = float(np.abs(gradient).max()), len(x)
    duals = mu * np.linalg.inv(quotient(program.classes, program.products(x))), mu / (1 - x[: program.n_single])
    best, waited = program.products(x), 0
    least, _ = duality_gap(program.classes, best)
    for _ in range(_LAST_STEPS):
        gradient, H, scale = program.derivatives(x)
        unit = math.exp(min(scale - scale0, 500.0)) / factor
        try:
            step = np.linalg.solve(*_conditions(program, x, duals, gradient * unit, H * unit))
        except np.linalg.LinAlgError:
            break
        size = float(np.abs(step[:p]).max())
        step *= min(1.0, 0.5 / size) if size else 1.0
        x, duals = x + step[:p], _moved(duals, step[p:])
        gap, _ = duality_gap(program.classes, program.products(x))
        waited += 1
        if gap < least:
            best, least, waited = program.products(x), gap, 0
        if size < 1e-15 or waited == _WAIT:
            break
    return _feasible(program.classes, best)


def _conditions(
    program: Program, x: Floats, duals: tuple[Floats, Floats], gradient: Floats, H: Floats
) -> tuple[Floats, Floats]:
    """Derivatives by x, S, s, and what is left, of: the gradient of f is that of <S, Q> less s on the g_aa, QS + SQ = 2 mu
    and s (1 - g_aa) = mu, mu a tenth of what it is."""
    (S, s), m, p, n = duals, program.m, len(x), program.n_single
    rows, columns = np.triu_indices(m)
    q, single = len(rows), np.arange(n)
    Q, room = quotient(program.classes, program.products(x)), 1 - x[:n]
    mu = abs(float((Q * S).sum())) / m / 10
    first = gradient - program.slopes(S)
    first[:n] += s
    J = np.zeros((p + q + n, p + q + n))
    J[:p, :p] = H
    for k, D in enumerate(_basis(rows, columns, m)):
        J[:p, p + k] = -program.slopes(D)
        J[p : p + q, p + k] = ((Q @ D + D @ Q) / 2)[rows, columns]
    for k, D in enumerate(map(program.direction, np.eye(p))):
        J[p : p + q, k] = ((D @ S + S @ D) / 2)[rows, columns]
    J[single, p + q + single] = 1
    J[p + q + single, single] = -s
    J[p + q + single, p + q + single] = room
    return J, np.concatenate([-first, (mu * np.eye(m) - (Q @ S + S @ Q) / 2)[rows, columns], mu - s * room])


def _basis(rows: Floats, columns: Floats, m: int) -> Iterator[Floats]:
    for row, column in zip(rows, columns, strict=True):
        D = np.zeros((m, m))
        D[row, column] = D[column, row] = 1
        yield D


def _moved(duals: tuple[Floats, Floats], step: Floats) -> tuple[Floats, Floats]:
    S, s = duals
    rows, columns = np.triu_indices(len(S))
    D = np.zeros_like(S)
    D[rows, columns] = D[columns, rows] = step[: len(rows)]
    return S + D, s + step[len(rows) :]


def _feasible(classes: Classes, g: Floats) -> Floats:
    """Round-off above 1 on the diagonal is taken away."""
    g = g.copy()
    several = np.array(classes.counts) > 1
    np.fill_diagonal(g, np.where(several, np.minimum(np.diag(g), 1.0), 1.0))
    return g


def duality_gap(classes: Classes, g: Floats) -> tuple[float, float]:
    """How far the minimum can be from f(G), over the size of f's gradient, and the logarithm of that size.

    f(G') >= f(G) + <A, G' - G> for the gradient A, and <A, G'> >= sum y for every y with A - diag(y) positive
    semidefinite: y = diag(A G), lowered until it is.
    """
    h, _, scale = classes.weights(g)
    A = (h + h.T) / 2
    y = (A * classes.others * g).sum(1)
    k = np.sqrt(np.array(classes.counts, dtype=float))
    dual = np.outer(k, k) * A - np.diag(np.diag(A) + y)
    several = np.array(classes.counts) > 1
    least = min(0.0, float(np.linalg.eigvalsh(dual)[0]), *(-np.diag(A) - y)[several])
    # G itself is one only to round-off.
    size = -least * sum(classes.counts) + abs(float(A.max())) * _infeasible(classes, g)
    return abs(size), scale


def _infeasible(classes: Classes, g: Floats) -> float:
    """By how much the value can be too low because G has a negative eigenvalue: G is mixed with the identity."""
    least = float(np.linalg.eigvalsh(quotient(classes, g))[0])
    several = np.array(classes.counts) > 1
    least = min(0.0, least, *(1 - np.diag(g))[several])
    return -2 * least * sum(classes.counts) ** 2
