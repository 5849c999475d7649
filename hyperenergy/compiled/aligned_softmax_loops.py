"""The softmax losses at positives equal to anchors: a text for ``store``, behind ``softmax_loops``."""

# mypy: ignore-errors

from __future__ import annotations


@evaluator
def aligned_softmax_loss(X, G, parameters, work):
    """The loss at positives equal to anchors, of X (dim, M).  work: that of ``softmax_loss``, then 4 M dim numbers."""
    dim, points = X.shape
    free = len(work) - 4 * dim * points
    both = work[free : free + 2 * dim * points].reshape((dim, 2 * points))
    gradient = work[free + 2 * dim * points :].reshape((dim, 2 * points))
    both[:, :points], both[:, points:] = X, X
    value = softmax_loss(both, gradient, parameters, work)
    for k in range(dim):
        for j in range(points):
            G[k, j] = gradient[k, j] + gradient[k, points + j]
    return value


@product
def aligned_softmax_product(X, D, H, parameters, work):
    dim, points = X.shape
    both = np.empty((3, dim, 2 * points))
    both[0, :, :points], both[0, :, points:] = X, X
    both[1, :, :points], both[1, :, points:] = D, D
    softmax_product(both[0], both[1], both[2], parameters, work)
    for k in range(dim):
        for j in range(points):
            H[k, j] = both[2, k, j] + both[2, k, points + j]
