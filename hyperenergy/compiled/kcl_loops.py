"""KCL in compiled code, for one pair of smooth kernels: a text for ``store``.

X: (dim, 2M), anchors, then positives.  ``energy_profile(r, p)`` and ``alignment_profile(r, p)`` return kappa(r), 2 kappa'(r)
and 4 kappa''(r).  parameters: those of the two kernels, weight of -mean K_A, of the mean energy of the anchors, and of that
of the positives.  With e = x_i - x_j and direction d the gradient of kappa(|e|^2) in x_i is 2 kappa' e, and its
derivative 2 kappa' d + 4 kappa'' (e.d) e.

work: minus 2 kappa' and 4 kappa'' of the pairs of each view, times their weight, (M, M) filled up as in ``tiles``; sums of
weights for each point; views of X, G, D and H; rows of scratch.
"""

# mypy: ignore-errors

from __future__ import annotations


@jit
def parts(dim, points, work):
    """Slopes and curvatures (2, 2, wide, wide), their sums (2, 2, wide), views (4, 2, dim, wide), scratch (4, wide)."""
    wide, even = filled(points, 8), filled(dim, 2)
    square, sums, views = 4 * wide * wide, 4 * wide, 8 * even * wide
    pairs = work[:square].reshape((2, 2, wide, wide))
    rest = work[square + sums : square + sums + views].reshape((4, 2, even, wide))
    scratch = work[square + sums + views : square + sums + views + 4 * wide].reshape((4, wide))
    return pairs, work[square : square + sums].reshape((2, 2, wide)), rest, scratch


@jit
def square_distances(A, i, first, r):
    points = A.shape[1]
    for k in range(0, A.shape[0], 2):
        a0, a1, a2, a3 = A[k, i], A[k, i + 1], A[k, i + 2], A[k, i + 3]
        c0, c1, c2, c3 = A[k + 1, i], A[k + 1, i + 1], A[k + 1, i + 2], A[k + 1, i + 3]
        for j in span(first, points):
            b, d = A[k, j], A[k + 1, j]
            r[0, j] += (b - a0) ** 2 + (d - c0) ** 2
            r[1, j] += (b - a1) ** 2 + (d - c1) ** 2
            r[2, j] += (b - a2) ** 2 + (d - c2) ** 2
            r[3, j] += (b - a3) ** 2 + (d - c3) ** 2


@jit
def components(A, dA, i, first, r):
    """The products of the differences of points and of their directions."""
    points = A.shape[1]
    for k in range(A.shape[0]):
        a0, a1, a2, a3 = A[k, i], A[k, i + 1], A[k, i + 2], A[k, i + 3]
        c0, c1, c2, c3 = dA[k, i], dA[k, i + 1], dA[k, i + 2], dA[k, i + 3]
        for j in span(first, points):
            b, d = A[k, j], dA[k, j]
            r[0, j] += (b - a0) * (d - c0)
            r[1, j] += (b - a1) * (d - c1)
            r[2, j] += (b - a2) * (d - c2)
            r[3, j] += (b - a3) * (d - c3)


@jit
def outward(sums, A, GA):
    """Takes the own part of each point from sums over pairs of a weight times x_j - x_i."""
    for k in range(A.shape[0]):
        for j in range(A.shape[1]):
            GA[k, j] -= sums[j] * A[k, j]


@jit
def own_energy(A, GA, slopes, curvatures, sums, scratch, points, weight, p):
    """Slopes and curvatures are kept with the sign of the force, which points from x_i to x_j."""
    wide, total = A.shape[1], 0.0
    sums[:] = 0.0
    for i in range(0, points, 4):
        first = begin(i, True)
        scratch[:] = 0.0
        square_distances(A, i, first, scratch)
        for q in range(4):
            for j in span(first, wide):
                value, slope, curvature = energy_profile(scratch[q, j], p)
                scratch[q, j] = value
                slopes[i + q, j] = -weight * slope
                curvatures[i + q, j] = -weight * curvature
        mask(scratch, 0, i, points, True)
        mask(slopes, i, i, points, True)
        mask(curvatures, i, i, points, True)
        for q in range(4):
            for j in span(first, wide):
                total += scratch[q, j]
        add_sums(slopes, i, i, first, sums, sums)
        pull(slopes, i, i, A, A, GA, GA, first)
    outward(sums, A, GA)
    return weight * total


@jit
def own_product(A, dA, HA, slopes, curvatures, sums, changed, scratch, points):
    wide = A.shape[1]
    changed[:] = 0.0
    for i in range(0, points, 4):
        first = begin(i, True)
        scratch[:] = 0.0
        components(A, dA, i, first, scratch)
        for q in range(4):
            for j in span(first, wide):
                scratch[q, j] *= curvatures[i + q, j]
        add_sums(scratch, 0, i, first, changed, changed)
        pull(scratch, 0, i, A, A, HA, HA, first)
        pull(slopes, i, i, dA, dA, HA, HA, first)
    outward(changed, A, HA)
    outward(sums, dA, HA)


@evaluator
def kcl(X, G, parameters, work):
    """work: what ``_kcl`` of ``compiled_search`` says, which ``kcl_product`` reads."""
    dim, points = X.shape[0], X.shape[1] // 2
    pairs, sums, views, scratch = parts(dim, points, work)
    Z, F = views[0], views[1]
    load(X, Z)
    F[:] = 0.0
    # Each unordered pair counts twice in a mean over ordered ones.
    pair = 2.0 / (points * (points - 1))
    value = 0.0
    for a in range(2):
        if parameters[3 + a] != 0.0:
            weight = parameters[3 + a] * pair
            value += own_energy(
                Z[a], F[a], pairs[0, a], pairs[1, a], sums[0, a], scratch, points, weight, parameters[0]
            )  # fmt: skip
    weight = -parameters[2] / points
    U, V, GU, GV = Z[0], Z[1], F[0], F[1]
    for i in range(points):
        r = 0.0
        for k in range(dim):
            e = V[k, i] - U[k, i]
            r += e * e
        one, slope, _ = alignment_profile(r, parameters[1])
        value += weight * one
        for k in range(dim):
            force = weight * slope * (V[k, i] - U[k, i])
            GV[k, i] += force
            GU[k, i] -= force
    unload(F, G)
    return value


@product
def kcl_product(X, D, H, parameters, work):
    dim, points = X.shape[0], X.shape[1] // 2
    pairs, sums, views, scratch = parts(dim, points, work)
    Z, dZ, F = views[0], views[2], views[3]
    load(D, dZ)
    F[:] = 0.0
    for a in range(2):
        if parameters[3 + a] != 0.0:
            own_product(Z[a], dZ[a], F[a], pairs[0, a], pairs[1, a], sums[0, a], sums[1, a], scratch, points)
    weight = -parameters[2] / points
    U, V, dU, dV, HU, HV = Z[0], Z[1], dZ[0], dZ[1], F[0], F[1]
    for i in range(points):
        r, along = 0.0, 0.0
        for k in range(dim):
            e = V[k, i] - U[k, i]
            r += e * e
            along += e * (dV[k, i] - dU[k, i])
        _, slope, curvature = alignment_profile(r, parameters[1])
        slope *= weight
        curvature *= weight * along
        for k in range(dim):
            force = slope * (dV[k, i] - dU[k, i]) + curvature * (V[k, i] - U[k, i])
            HV[k, i] += force
            HU[k, i] -= force
    unload(F, H)
