"""The logarithm of a sum over pairs, in compiled code, for one kernel: a text for ``store``.

Where the kernel spans more than the range of float64, its logarithm does not: ``log_profile(r, p)`` returns
log kappa(r) and twice its derivative, and the sum is taken relative to its largest term.
"""

# mypy: ignore-errors

from __future__ import annotations


@evaluator
def log_energy(X, G, parameters, work):
    """log of the sum over i < j; work: points^2 numbers."""
    dim, points = X.shape
    pairs = points * (points - 1) // 2
    logs, slopes = work[:pairs], work[pairs : 2 * pairs]
    p = parameters[0]
    top = -math.inf
    at = 0
    for i in range(points):
        for j in range(i + 1, points):
            r = 0.0
            for k in range(dim):
                difference = X[k, j] - X[k, i]
                r += difference * difference
            logs[at], slopes[at] = log_profile(r, p)
            top = max(top, logs[at])
            at += 1
    G[:] = 0.0
    if not math.isfinite(top):
        return top
    total = 0.0
    for at in range(pairs):
        logs[at] = exp(logs[at] - top)
        total += logs[at]
    at = 0
    for i in range(points):
        for j in range(i + 1, points):
            weight = logs[at] * slopes[at] / total
            at += 1
            if weight != 0.0:
                for k in range(dim):
                    force = weight * (X[k, j] - X[k, i])
                    G[k, j] += force
                    G[k, i] -= force
    return top + math.log(total)
