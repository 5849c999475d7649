"""What contrastive losses optimize: hyperspherical energies, their minimizers, and the theorems about them."""

from hyperenergy import codes, expectation, metrics, theorems
from hyperenergy.compare import Match, compare
from hyperenergy.congruence import Congruence, congruent
from hyperenergy.energy import energy
from hyperenergy.errors import ArgumentError, ConvergenceError, HyperenergyError
from hyperenergy.expectation import limit, uniform_energy
from hyperenergy.expected import Expected
from hyperenergy.kernels import (
    Gaussian,
    InverseMultiquadric,
    Kernel,
    Laplace,
    Logarithmic,
    Polynomial,
    RegularizedLogarithmic,
    Riesz,
)
from hyperenergy.laws import best_law
from hyperenergy.losses import functional
from hyperenergy.losses.modules import (
    DCL,
    DHEL,
    KCL,
    AlignUniform,
    InfoNCE,
    NTXent,
    PairLoss,
    PhiPsi,
    SigLIP,
    SimCLR,
    SpectralContrastive,
)
from hyperenergy.losses.structured_modules import MultiViewDHEL, MultiViewInfoNCE, SupCon
from hyperenergy.minimize import minimize
from hyperenergy.minimum import Minimum, Progress
from hyperenergy.objectives import Aligned, Energy, FixedAnchors, Objective
from hyperenergy.prediction import Outcome, Prediction
from hyperenergy.sphere import normalize
from hyperenergy.structured import MultiView, Supervised
from hyperenergy.symmetry import Symmetry, symmetry
from hyperenergy.theorems import predict
from hyperenergy.trajectory import Recorder, Trajectory

__all__ = [
    "DCL",
    "DHEL",
    "KCL",
    "AlignUniform",
    "Aligned",
    "ArgumentError",
    "Congruence",
    "ConvergenceError",
    "Energy",
    "Expected",
    "FixedAnchors",
    "Gaussian",
    "HyperenergyError",
    "InfoNCE",
    "InverseMultiquadric",
    "Kernel",
    "Laplace",
    "Logarithmic",
    "Match",
    "Minimum",
    "MultiView",
    "MultiViewDHEL",
    "MultiViewInfoNCE",
    "NTXent",
    "Objective",
    "Outcome",
    "PairLoss",
    "PhiPsi",
    "Polynomial",
    "Prediction",
    "Progress",
    "Recorder",
    "RegularizedLogarithmic",
    "Riesz",
    "SigLIP",
    "SimCLR",
    "SpectralContrastive",
    "SupCon",
    "Supervised",
    "Symmetry",
    "Trajectory",
    "best_law",
    "codes",
    "compare",
    "congruent",
    "energy",
    "expectation",
    "functional",
    "limit",
    "metrics",
    "minimize",
    "normalize",
    "predict",
    "symmetry",
    "theorems",
    "uniform_energy",
]
