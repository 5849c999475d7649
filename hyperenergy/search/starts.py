"""Starting configurations, and the jumps of basin hopping."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.errors import ArgumentError, unknown_name
from hyperenergy.geometry.sphere import normalize, random_points

Configurations = Float[Tensor, "starts rows dim"]
Starts = Literal["random", "antipodal"]

# Configurations on S^0 are enumerated up to this many points: 65536 of them.
MOST_SIGNS = 16
# Root mean squares of the jumps, in turn, over the distance to the nearest neighbor.  Of 0.1 to 0.7, of mixed sizes, and
# of moves of single points, caps and hemispheres, 0.4 had about the shortest expected time to the best Thomson energies of
# 64 to 200 points: enough to change a basin, little enough to keep most of the order.  In many dimensions it is too
# little: of 64 points in R^14 it frees none of the starts that end beside the best, and 0.8 or more nearly all.
_JUMPS = (0.4, 0.8, 1.2)


def draw(starts: Starts, count: int, rows: int, dim: int, generator: torch.Generator) -> Configurations:
    """``count`` configurations: independent uniform points, or points with their antipodes (an even number of rows).

    On S^0 = {-1, 1}, where nothing can move, all configurations.
    """
    if dim == 1:
        if rows > MOST_SIGNS:
            raise ArgumentError(
                "dim", 1, f"S^0 is searched exhaustively, up to {MOST_SIGNS} unit vectors; here are {rows}"
            )
        bits = torch.arange(2**rows).unsqueeze(-1) >> torch.arange(rows)
        return (1.0 - 2.0 * (bits & 1)).double().unsqueeze(-1)
    if starts == "random":
        return random_points(count, rows, dim, generator=generator)
    if starts == "antipodal":
        if rows % 2:
            raise ArgumentError("starts", "'antipodal'", f"needs an even number of points; here are {rows}")
        half = random_points(count, rows // 2, dim, generator=generator)
        return torch.cat([half, -half], 1)
    raise unknown_name("starts", str(starts), ("random", "antipodal"))


def jump(z: Configurations, hop: int, scale: Float[Tensor, " starts"], generator: torch.Generator) -> Configurations:
    """Each point moved at random, by a part of the distance to its configuration's typical nearest neighbor that depends
    on the number of the hop, times the scale of its start.

    Drawn on the generator's device, so that the same seed jumps alike on every device.
    """
    distance = torch.cdist(z, z)
    distance.diagonal(dim1=-2, dim2=-1).fill_(torch.inf)
    nearest = distance.amin(-1).median(-1).values
    # Aligned pairs have no distance; then the spacing of the anchors, which is at most 2.
    nearest = torch.where(nearest > 1e-3, nearest, (2.0 / z.shape[1] ** (1 / max(z.shape[2] - 1, 1))))
    noise = torch.randn(z.shape, generator=generator, dtype=z.dtype, device=generator.device).to(z.device)
    length = _JUMPS[hop % len(_JUMPS)] * nearest * scale.to(z)
    return normalize(z + length[:, None, None] * noise / (z.shape[-1] - 1) ** 0.5)
