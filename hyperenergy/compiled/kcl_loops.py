"""KCL in compiled code, for one pair of smooth kernels: a text for ``store``.

X: (dim, 2M), anchors, then positives.  ``energy_profile(r, p)`` and ``alignment_profile(r, p)`` return kappa(r), 2 kappa'(r)
and 4 kappa''(r).  parameters: those of the two kernels, weight of -mean K_A, of the mean energy of the anchors, and of that
of the positives.  With e = x_i - x_j and direction d the gradient of kappa(|e|^2) in x_i is 2 kappa' e, and its
derivative 2 kappa' d + 4 kappa'' (e.d) e.
"""

# mypy: ignore-errors

from __future__ import annotations


@jit
def own_energy(A, GA, weight, p):
    dim, points = A.shape
    total = 0.0
    for i in range(points):
        for j in range(i + 1, points):
            r = 0.0
            for k in range(dim):
                e = A[k, j] - A[k, i]
                r += e * e
            value, slope, _ = energy_profile(r, p)
            total += value
            slope *= weight
            for k in range(dim):
                force = slope * (A[k, j] - A[k, i])
                GA[k, j] += force
                GA[k, i] -= force
    return weight * total


@jit
def own_product(A, dA, HA, weight, p):
    dim, points = A.shape
    for i in range(points):
        for j in range(i + 1, points):
            r, along = 0.0, 0.0
            for k in range(dim):
                e = A[k, j] - A[k, i]
                r += e * e
                along += e * (dA[k, j] - dA[k, i])
            _, slope, curvature = energy_profile(r, p)
            slope *= weight
            curvature *= weight * along
            for k in range(dim):
                force = slope * (dA[k, j] - dA[k, i]) + curvature * (A[k, j] - A[k, i])
                HA[k, j] += force
                HA[k, i] -= force


@evaluator
def kcl(X, G, parameters, work):
    points, dim = X.shape[1] // 2, X.shape[0]
    U, V, GU, GV = X[:, :points], X[:, points:], G[:, :points], G[:, points:]
    G[:] = 0.0
    # Each unordered pair counts twice in a mean over ordered ones.
    pair = 2.0 / (points * (points - 1))
    value = own_energy(U, GU, parameters[3] * pair, parameters[0])
    if parameters[4] != 0.0:
        value += own_energy(V, GV, parameters[4] * pair, parameters[0])
    weight = -parameters[2] / points
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
    return value


@product
def kcl_product(X, D, H, parameters, work):
    points, dim = X.shape[1] // 2, X.shape[0]
    U, V, dU, dV = X[:, :points], X[:, points:], D[:, :points], D[:, points:]
    HU, HV = H[:, :points], H[:, points:]
    H[:] = 0.0
    pair = 2.0 / (points * (points - 1))
    own_product(U, dU, HU, parameters[3] * pair, parameters[0])
    if parameters[4] != 0.0:
        own_product(V, dV, HV, parameters[4] * pair, parameters[0])
    weight = -parameters[2] / points
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
