"""Text with coordinates in it that is no table: .xyz of chemists, .off of geometers, and angles."""

from __future__ import annotations

import math
import re

import numpy as np

from hyperenergy.geometry.reading.source import Floats, Source

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?", re.ASCII)
_SHOWN = 60


def read_xyz(source: Source) -> Floats:
    """(atoms, 3): the number of atoms, a line of comment, and a line an atom with or without an element's name in front.

    Without the two first lines, all lines are atoms.  Refused: another number of atoms than is said, more than one frame.
    """
    lines = _lines(source)
    while lines and not lines[-1]:
        lines.pop()
    if not lines:
        source.refuse("is empty")
    if len(lines[0].split()) == 1 and lines[0].isdecimal():
        said, lines, skipped = int(lines[0]), lines[2:], 2
        if len(lines) < said:
            source.refuse(f"says {said} points and holds {len(lines)}: it is cut off")
        if len(lines) > said:
            source.refuse(f"line {said + 3} is beyond the {said} points that it says; of several frames, keep one")
    else:
        skipped = 0
    rows = []
    for number, line in enumerate(lines, skipped + 1):
        cells = line.split()
        cells = cells[1:] if cells and not _NUMBER.fullmatch(cells[0]) else cells
        rows.append(_numbers(source, number, line, cells, 3))
    return np.array(rows, dtype=np.float64)


def read_off(source: Source) -> Floats:
    """(vertices, 3) of an OFF file: the word OFF, the numbers of vertices, faces and edges, and a line a vertex, of which
    the first three numbers count; faces are passed over."""
    full = [(number, line.partition("#")[0].strip()) for number, line in enumerate(_lines(source), 1)]
    lines = [(number, line) for number, line in full if line]
    if not lines or not re.match(r"(ST)?C?N?OFF\b", lines[0][1]):
        source.refuse("does not begin with OFF")
    rest = lines[0][1].partition("OFF")[2].strip()
    lines = [(lines[0][0], rest), *lines[1:]] if rest else lines[1:]
    sizes = lines[0][1].split() if lines else []
    if not 1 <= len(sizes) <= 3 or not all(size.isdecimal() for size in sizes):
        source.refuse("must have the numbers of vertices, faces and edges after OFF")
    vertices = lines[1 : 1 + int(sizes[0])]
    if len(vertices) < int(sizes[0]):
        source.refuse(f"says {sizes[0]} vertices and holds {len(vertices)}: it is cut off")
    return np.array([_numbers(source, number, line, line.split()[:3], 3) for number, line in vertices])


def from_angles(source: Source, angles: Floats) -> Floats:
    """Unit vectors of spherical coordinates in radians.

    A row (theta, phi) is (sin theta cos phi, sin theta sin phi, cos theta), theta in [0, pi] from the pole; a row of one
    angle (cos phi, sin phi); a row of k angles in R^{k+1} has all but the last in [0, pi], x_{k+1} = cos theta_1,
    x_k = sin theta_1 cos theta_2, and so on.
    """
    polar, azimuth = angles[:, :-1], angles[:, -1]
    outside = (polar < 0) | (polar > math.pi + 1e-9)
    if outside.any() or (abs(azimuth) > 2 * math.pi + 1e-9).any():
        row = int((outside.any(1) | (abs(azimuth) > 2 * math.pi + 1e-9)).argmax()) + 1
        source.refuse(
            f"row {row} has angles {np.array2string(angles[row - 1], precision=6)}; must be in radians, all but the last "
            "in [0, pi], measured from the pole; degrees are to be multiplied by pi/180"
        )
    sines = np.cumprod(np.concatenate([np.ones((len(angles), 1)), np.sin(polar)], axis=1), axis=1)
    heights = sines[:, :-1] * np.cos(polar)
    plane = sines[:, -1:] * np.stack([np.cos(azimuth), np.sin(azimuth)], axis=1)
    return np.concatenate([plane, heights[:, ::-1]], axis=1)


def _lines(source: Source) -> list[str]:
    try:
        text = source.path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        source.refuse("is not text in UTF-8")
    return [line.strip() for line in re.split(r"\r\n|\r|\n", text)]


def _numbers(source: Source, number: int, line: str, cells: list[str], count: int) -> list[float]:
    # Fortran writes exponents with a D.
    values = [float(re.sub("[dD]", "e", cell)) if _NUMBER.fullmatch(cell) else math.nan for cell in cells]
    if len(values) != count or not all(map(math.isfinite, values)):
        shown = line if len(line) <= _SHOWN else f"{line[:_SHOWN]}..."
        source.refuse(f"line {number}: {shown!r} must be {count} finite numbers, with or without a name in front")
    return values
