"""What contrastive losses optimize: hyperspherical energies, their minimizers, and the theorems about them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hyperenergy import codes as codes
    from hyperenergy import laws as _laws
    from hyperenergy import metrics as metrics
    from hyperenergy import theorems as theorems
    from hyperenergy.bounds.bound import Bound as Bound
    from hyperenergy.bounds.bound import check_certificate as check_certificate
    from hyperenergy.bounds.bound import lower_bound as lower_bound
    from hyperenergy.bounds.enclosure.enclose import Enclosure as Enclosure
    from hyperenergy.bounds.enclosure.enclose import enclose as enclose
    from hyperenergy.energies.energy import energy as energy
    from hyperenergy.errors import ArgumentError as ArgumentError
    from hyperenergy.errors import ConvergenceError as ConvergenceError
    from hyperenergy.errors import HyperenergyError as HyperenergyError
    from hyperenergy.geometry.congruence import Congruence as Congruence
    from hyperenergy.geometry.congruence import congruent as congruent
    from hyperenergy.geometry.reading.configuration import read_points as read_points
    from hyperenergy.geometry.reading.embeddings import read_embeddings as read_embeddings
    from hyperenergy.geometry.sphere import normalize as normalize
    from hyperenergy.geometry.symmetry import Symmetry as Symmetry
    from hyperenergy.geometry.symmetry import symmetry as symmetry
    from hyperenergy.kernels.base import Kernel as Kernel
    from hyperenergy.kernels.gaussian import Gaussian as Gaussian
    from hyperenergy.kernels.inverse_multiquadric import InverseMultiquadric as InverseMultiquadric
    from hyperenergy.kernels.laplace import Laplace as Laplace
    from hyperenergy.kernels.logarithmic import Logarithmic as Logarithmic
    from hyperenergy.kernels.polynomial import Polynomial as Polynomial
    from hyperenergy.kernels.projective import FramePotential as FramePotential
    from hyperenergy.kernels.projective import Projective as Projective
    from hyperenergy.kernels.regularized_logarithmic import RegularizedLogarithmic as RegularizedLogarithmic
    from hyperenergy.kernels.riesz import Riesz as Riesz
    from hyperenergy.laws import limit as limit
    from hyperenergy.laws import uniform_energy as uniform_energy
    from hyperenergy.losses import functional as functional
    from hyperenergy.losses.align_uniform import AlignUniform as AlignUniform
    from hyperenergy.losses.dcl import DCL as DCL
    from hyperenergy.losses.dclw import DCLW as DCLW
    from hyperenergy.losses.dhel import DHEL as DHEL
    from hyperenergy.losses.distributed import Distributed as Distributed
    from hyperenergy.losses.families import PairLoss as PairLoss
    from hyperenergy.losses.info_nce import InfoNCE as InfoNCE
    from hyperenergy.losses.kcl import KCL as KCL
    from hyperenergy.losses.learnable import Temperature as Temperature
    from hyperenergy.losses.multi_view_dhel import MultiViewDHEL as MultiViewDHEL
    from hyperenergy.losses.multi_view_info_nce import MultiViewInfoNCE as MultiViewInfoNCE
    from hyperenergy.losses.nt_xent import NTXent as NTXent
    from hyperenergy.losses.phi_psi import PhiPsi as PhiPsi
    from hyperenergy.losses.sig_lip import SigLIP as SigLIP
    from hyperenergy.losses.sim_clr import SimCLR as SimCLR
    from hyperenergy.losses.spectral_contrastive import SpectralContrastive as SpectralContrastive
    from hyperenergy.losses.sup_con import SupCon as SupCon
    from hyperenergy.objectives.base import Aligned as Aligned
    from hyperenergy.objectives.base import Energy as Energy
    from hyperenergy.objectives.base import FixedAnchors as FixedAnchors
    from hyperenergy.objectives.base import Objective as Objective
    from hyperenergy.objectives.expected import Expected as Expected
    from hyperenergy.objectives.packing import Packing as Packing
    from hyperenergy.objectives.packing import SoftmaxCode as SoftmaxCode
    from hyperenergy.objectives.recall import from_spec as from_spec
    from hyperenergy.objectives.structured import MultiView as MultiView
    from hyperenergy.objectives.structured import Supervised as Supervised
    from hyperenergy.search.best_law import best_law as best_law
    from hyperenergy.search.minimize import minimize as minimize
    from hyperenergy.search.minimum import Minimum as Minimum
    from hyperenergy.search.minimum import Progress as Progress
    from hyperenergy.search.trajectory import Recorder as Recorder
    from hyperenergy.search.trajectory import Trajectory as Trajectory
    from hyperenergy.theorems import predict as predict
    from hyperenergy.theorems.compare import Match as Match
    from hyperenergy.theorems.compare import compare as compare
    from hyperenergy.theorems.prediction import Outcome as Outcome
    from hyperenergy.theorems.prediction import Prediction as Prediction
    from hyperenergy.training.diagnosis import Diagnosis as Diagnosis
    from hyperenergy.training.diagnosis import diagnose as diagnose

    __version__: str
    expectation = _laws


# Public names are loaded when they are first asked for: torch, which most of them need, takes a second.  They are read off
# what stands above, which nobody carries out.  A kernel or a loss is public where it has a file; a line there types it.
_FOLDERS = {"adapters": "losses.adapters", "plot": "show.plot", "sphere": "geometry.sphere", "view": "show.view"}


def _declared() -> dict[str, tuple[str, str]]:
    """Public name -> module, and what it is there."""
    import ast

    source = __spec__.loader.get_source(__name__)  # type: ignore[union-attr]  # of files and of archives
    (block,) = (node for node in ast.parse(source).body if isinstance(node, ast.If))
    found: dict[str, tuple[str, str]] = {}
    for line in block.body:
        match line:
            case ast.ImportFrom(module=str(module), names=[ast.alias(name=name, asname=str(known))]):
                found[known] = module, name
            case ast.Assign(targets=[ast.Name(id=known)], value=ast.Name(id=name)):
                found[known] = found.pop(name)
    return found


def _found(name: str) -> Any:
    """A public object, or else a submodule."""
    if (declared := _declared().get(name)) is not None:
        module, own = declared
        if module != __name__ and hasattr(import_module(module), own):
            return getattr(import_module(module), own)
        return import_module(f"{module}.{own}")
    if name[0].isupper():
        gathered = {**import_module(f"{__name__}.kernels").KERNELS, **import_module(f"{__name__}.losses").LOSSES}
        if name in gathered:
            return gathered[name]
    return import_module(f"{__name__}.{_FOLDERS.get(name, name)}")


def __getattr__(name: str) -> Any:
    if name == "__all__":
        value: Any = sorted(_declared())
    elif name == "__version__":
        from importlib.metadata import version

        value = version(__name__)
    elif name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    else:
        try:
            value = _found(name)
        except ModuleNotFoundError as error:
            if error.name != f"{__name__}.{name}":
                raise
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_declared()})
