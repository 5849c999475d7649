"""The two codes that are conjectured to be universally optimal and are not sharp.

Source: Ballinger, Blekherman, Cohn, Giansiracusa, Kelly and Schuermann, Experimental study of energy-minimizing point
configurations on spheres, Experiment. Math. 18 (2009).  The coordinates below are this package's; tests compare their
distributions with the published ones.
"""

from __future__ import annotations

from itertools import combinations, product

import numpy as np

from hyperenergy.codes.exact import ExactVectors
from hyperenergy.codes.leech import golay
from hyperenergy.codes.sporadic import BALLINGER, sporadic


@sporadic("tetrahedra-40", 40, 10, "conjecture", BALLINGER)
def tetrahedra_40() -> ExactVectors:
    """40 points in R^10, ten regular tetrahedra, with the edges of the complete graph on Z/5 as coordinates.

    For each vertex i and each choice of signs of the other four vertices, up to a common sign: on the edge ab that avoids
    i the product of the signs of a and b, negative on the edge {i-2, i-1}.
    """
    edges = list(combinations(range(5), 2))
    rows = []
    for i in range(5):
        others = [(i + k) % 5 for k in (1, 2, 3, 4)]
        for signs in product((1, -1), repeat=3):
            sign = dict(zip(others, (1, *signs), strict=True))
            odd = {(i - 2) % 5, (i - 1) % 5}
            rows.append([0 if i in e else sign[e[0]] * sign[e[1]] * (-1 if set(e) == odd else 1) for e in edges])
    return ExactVectors(np.array(rows))


@sporadic("nordstrom-robinson-64", 64, 14, "conjecture", BALLINGER)
def nordstrom_robinson_64() -> ExactVectors:
    """64 points in R^14: the words of the Nordstrom-Robinson code with two zeros in given places, as vectors of signs.

    Of the words of the Golay code those count whose part on a given octad is empty or {i, 7}; the other 16 coordinates of
    these are the Nordstrom-Robinson code.
    """
    words = golay()
    octad = np.flatnonzero(words[np.argmax(words.sum(1) == 8)])
    inside, outside = words[:, octad], np.delete(words, octad, axis=1)
    chosen = (inside.sum(1) == 0) | ((inside.sum(1) == 2) & (inside[:, 7] == 1))
    code = outside[chosen]
    shortened = code[(code[:, :2] == 0).all(1)][:, 2:]
    return ExactVectors(1 - 2 * shortened)
