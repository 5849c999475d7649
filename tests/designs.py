"""Strongly regular graphs from Latin squares and Steiner triple systems, as points of an eigenspace: configurations with two
inner products, alike in all that two or three points see, and yet congruent only where the designs are equivalent."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Integers = NDArray[np.int64]


def eigenspace(adjacency: Integers, value: int) -> Array:
    """The projections of the unit vectors to the eigenspace, in coordinates of it, normalized.  Two graphs on so many
    vertices with the same parameters are isomorphic exactly where these points are congruent."""
    values, vectors = np.linalg.eigh(adjacency.astype(np.float64))
    points = vectors[:, abs(values - value) < 1e-6]
    return np.asarray(points / np.linalg.norm(points, axis=1, keepdims=True))


def latin_points(square: Integers) -> Array:
    """n^2 points in R^(3n-3): the graph of the cells, adjacent if they share row, column or symbol (eigenvalue n - 3)."""
    n = len(square)
    i, j = np.divmod(np.arange(n * n), n)
    labels = np.stack([i, j, square.ravel()])
    adjacency = (labels[:, :, None] == labels[:, None, :]).any(0).astype(np.int64) - np.eye(n * n, dtype=np.int64)
    return eigenspace(adjacency, n - 3)


def cyclic(n: int) -> Integers:
    return np.asarray(np.add.outer(np.arange(n), np.arange(n)) % n)


def elementary(n: int) -> Integers:
    """The table of the group Z_2^k, n = 2^k."""
    return np.asarray(np.bitwise_xor.outer(np.arange(n), np.arange(n)))


def product(a: Integers, b: Integers) -> Integers:
    """The table of the direct product."""
    return np.kron(a, np.ones_like(b)) * len(b) + np.kron(np.ones_like(a), b)


def isotope(square: Integers, random: np.random.Generator) -> Integers:
    """Rows, columns and symbols renamed, and these three permuted: an equivalent square."""
    n = len(square)
    rows, columns, symbols = (random.permutation(n) for _ in range(3))
    cells = [(rows[i], columns[j], symbols[square[i, j]]) for i in range(n) for j in range(n)]
    a, b, c = random.permutation(3)
    result = np.empty_like(square)
    for cell in cells:
        result[cell[a], cell[b]] = cell[c]
    return result


def intercalates(square: Integers) -> int:
    """2 x 2 subsquares, a number that equivalent squares share."""
    n = len(square)
    return sum(
        bool(square[a, c] == square[b, d] and square[a, d] == square[b, c])
        for a, b in itertools.combinations(range(n), 2)
        for c, d in itertools.combinations(range(n), 2)
    )


def cycle_switched(square: Integers, random: np.random.Generator, times: int) -> Integers:
    """Two rows exchanged on the columns of a cycle of the permutation that takes one to the other."""
    square, n = square.copy(), len(square)
    for _ in range(times):
        a, b = random.choice(n, 2, replace=False)
        where = {int(square[a, c]): c for c in range(n)}
        column = int(random.integers(n))
        columns = [column]
        while (column := where[int(square[b, columns[-1]])]) != columns[0]:
            columns.append(column)
        square[np.ix_([a, b], columns)] = square[np.ix_([b, a], columns)]
        square = square if random.random() < 0.5 else square.T.copy()
    return square


Triples = frozenset[frozenset[int]]


def netto(p: int) -> Triples:
    """The Netto triple system on Z_p, p = 7 mod 12: {0, 1, e} with e a primitive sixth root of 1, under x -> s x + t for
    nonzero squares s."""
    root = next(e for e in range(2, p) if (e * e - e + 1) % p == 0)
    squares = {s * s % p for s in range(1, p)}
    return frozenset(frozenset(((t) % p, (s + t) % p, (s * root + t) % p)) for s in squares for t in range(p))


def differences(p: int, blocks: list[tuple[int, int, int]]) -> Triples:
    """The triple system that the base blocks generate under Z_p."""
    return frozenset(frozenset((x + t) % p for x in block) for block in blocks for t in range(p))


def pasches(triples: Triples) -> list[tuple[frozenset[int], ...]]:
    """Four triples {a,b,c}, {a,y,z}, {x,b,z}, {x,y,c} on six points, a number that isomorphic systems share."""
    pair = {frozenset(q): t for t in triples for q in itertools.combinations(t, 2)}
    found = set()
    for s, t in itertools.combinations(triples, 2):
        for a in s & t:
            (b, c), (y, z) = sorted(s - {a}), sorted(t - {a})
            for y_, z_ in ((y, z), (z, y)):
                one, two = pair[frozenset((b, z_))], pair[frozenset((c, y_))]
                if len(one & two) == 1 and not (one & two) & (s | t):
                    found.add(frozenset((s, t, one, two)))
    return [tuple(sorted(f, key=sorted)) for f in sorted(found, key=lambda f: sorted(map(sorted, f)))]


def switched(triples: Triples, random: np.random.Generator, times: int) -> Triples:
    """Pasch configurations turned into their opposites, on the same pairs of points."""
    for _ in range(times):
        found = pasches(triples)
        if not found:
            break
        four = found[int(random.integers(len(found)))]
        six = sorted(frozenset().union(*four))
        opposite = {p: next(q for q in six if q != p and not any({p, q} <= t for t in four)) for p in six}
        triples = (triples - set(four)) | {frozenset(opposite[p] for p in t) for t in four}
    return triples


def triple_points(triples: Triples) -> Array:
    """57 points in R^18 for 19 points: the graph of the triples, adjacent if they meet (eigenvalue (v - 9) / 2)."""
    points = len(frozenset().union(*triples))
    blocks = sorted(map(sorted, triples))
    incidence = np.zeros((len(blocks), points), dtype=np.int64)
    for k, block in enumerate(blocks):
        incidence[k, block] = 1
    return eigenspace(incidence @ incidence.T - 3 * np.eye(len(blocks), dtype=np.int64), (points - 9) // 2)
