"""How good is a representation?  Metrics of points on the sphere, each with what the best points and uniform ones have.

Points have shape (*batch, points, dim); results have shape (*batch,), in float64 for float64 and in float32 otherwise, whose
sums are taken in float64.  Alignment, uniformity and the two Wasserstein metrics are of unit rows, or of any with
normalize=True; ranks are of any matrix of rows, and not centered unless said.  All go block by block, and are
differentiable but for ``rank`` and ``wasserstein_uniformity``.
"""

from hyperenergy.metrics.lidar import lidar as lidar
from hyperenergy.metrics.optimum import Optimum as Optimum
from hyperenergy.metrics.optimum import optimum as optimum
from hyperenergy.metrics.pairs import alignment as alignment
from hyperenergy.metrics.pairs import uniformity as uniformity
from hyperenergy.metrics.similarities import wasserstein_uniformity as wasserstein_uniformity
from hyperenergy.metrics.spectrum import alpha_req as alpha_req
from hyperenergy.metrics.spectrum import effective_rank as effective_rank
from hyperenergy.metrics.spectrum import rank as rank
from hyperenergy.metrics.spectrum import rankme as rankme
from hyperenergy.metrics.spectrum import stable_rank as stable_rank
from hyperenergy.metrics.spectrum import w2_uniformity as w2_uniformity
from hyperenergy.metrics.streaming import Streaming as Streaming
