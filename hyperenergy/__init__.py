"""What contrastive losses optimize: hyperspherical energies, their minimizers, and the theorems about them."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

# Public names are loaded when they are first asked for: torch, which most of them need, takes two seconds.
_MODULES = {
    "codes": "codes",
    "expectation": "expectation",
    "functional": "losses.functional",
    "metrics": "metrics",
    "theorems": "theorems",
}
_OBJECTS = {
    name: module
    for module, names in {
        "compare": "Match compare",
        "congruence": "Congruence congruent",
        "energy": "energy",
        "errors": "ArgumentError ConvergenceError HyperenergyError",
        "expectation": "limit uniform_energy",
        "expected": "Expected",
        "kernels": "Gaussian InverseMultiquadric Kernel Laplace Logarithmic Polynomial RegularizedLogarithmic Riesz",
        "laws": "best_law",
        "losses.modules": "DCL DHEL KCL AlignUniform InfoNCE NTXent PairLoss PhiPsi SigLIP SimCLR SpectralContrastive",
        "losses.structured_modules": "MultiViewDHEL MultiViewInfoNCE SupCon",
        "minimize": "minimize",
        "minimum": "Minimum Progress",
        "objectives": "Aligned Energy FixedAnchors Objective",
        "prediction": "Outcome Prediction",
        "sphere": "normalize",
        "structured": "MultiView Supervised",
        "symmetry": "Symmetry symmetry",
        "theorems": "predict",
        "trajectory": "Recorder Trajectory",
    }.items()
    for name in names.split()
}


def __getattr__(name: str) -> Any:
    """A public name, or else a submodule."""
    if name in _OBJECTS:
        value = getattr(import_module(f"{__name__}.{_OBJECTS[name]}"), name)
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


class _Package(ModuleType):
    """A package whose functions are not hidden by modules of the same name.

    Importing ``hyperenergy.energy``, by whomever and whenever, has Python set that attribute of the package to the module.
    ``he.energy`` is the function.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _OBJECTS and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
