"""What contrastive losses optimize: hyperspherical energies, their minimizers, and the theorems about them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hyperenergy import codes, metrics, theorems
    from hyperenergy import laws as expectation
    from hyperenergy.energies.energy import energy
    from hyperenergy.errors import ArgumentError, ConvergenceError, HyperenergyError
    from hyperenergy.geometry.congruence import Congruence, congruent
    from hyperenergy.geometry.sphere import normalize
    from hyperenergy.geometry.symmetry import Symmetry, symmetry
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
    from hyperenergy.laws import limit, uniform_energy
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
    from hyperenergy.objectives.base import Aligned, Energy, FixedAnchors, Objective
    from hyperenergy.objectives.expected import Expected
    from hyperenergy.objectives.recall import from_spec
    from hyperenergy.objectives.structured import MultiView, Supervised
    from hyperenergy.search.best_law import best_law
    from hyperenergy.search.minimize import minimize
    from hyperenergy.search.minimum import Minimum, Progress
    from hyperenergy.search.trajectory import Recorder, Trajectory
    from hyperenergy.theorems import predict
    from hyperenergy.theorems.compare import Match, compare
    from hyperenergy.theorems.prediction import Outcome, Prediction

    __version__: str

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
    "from_spec",
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

# Public names are loaded when they are first asked for: torch, which most of them need, takes two seconds.
_MODULES = {
    "codes": "codes",
    "expectation": "laws",
    "functional": "losses.functional",
    "metrics": "metrics",
    "plot": "show.plot",
    "sphere": "geometry.sphere",
    "theorems": "theorems",
    "view": "show.view",
}
_OBJECTS = {
    name: module
    for module, names in {
        "theorems.compare": "Match compare",
        "geometry.congruence": "Congruence congruent",
        "energies.energy": "energy",
        "errors": "ArgumentError ConvergenceError HyperenergyError",
        "laws": "limit uniform_energy",
        "objectives.expected": "Expected",
        "objectives.recall": "from_spec",
        "kernels": "Gaussian InverseMultiquadric Kernel Laplace Logarithmic Polynomial RegularizedLogarithmic Riesz",
        "search.best_law": "best_law",
        "losses.modules": "DCL DHEL KCL AlignUniform InfoNCE NTXent PairLoss PhiPsi SigLIP SimCLR SpectralContrastive",
        "losses.structured_modules": "MultiViewDHEL MultiViewInfoNCE SupCon",
        "search.minimize": "minimize",
        "search.minimum": "Minimum Progress",
        "objectives.base": "Aligned Energy FixedAnchors Objective",
        "theorems.prediction": "Outcome Prediction",
        "geometry.sphere": "normalize",
        "objectives.structured": "MultiView Supervised",
        "geometry.symmetry": "Symmetry symmetry",
        "theorems": "predict",
        "search.trajectory": "Recorder Trajectory",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    """A public name, or else a submodule."""
    if name in _OBJECTS:
        value = getattr(import_module(f"{__name__}.{_OBJECTS[name]}"), name)
    elif name == "__version__":
        from importlib.metadata import version

        value = version(__name__)
    elif name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        whole = f"{__name__}.{_MODULES.get(name, name)}"
        try:
            value = import_module(whole)
        except ModuleNotFoundError as error:
            if error.name != whole:
                raise
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
