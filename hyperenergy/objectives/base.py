"""What can be minimized: functions of finitely many unit vectors, batched.

An objective reads configurations z of shape (batch, rows, dim) and returns (batch,) values.  A batch loss stacks its
anchors over its positives, so that every objective lives on one product of spheres.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from hyperenergy.arithmetic.numbers import to_float
from hyperenergy.checks import finite, integer, not_unit
from hyperenergy.energies import blockwise
from hyperenergy.energies.energy import (
    Pairs,
    charged_sum,
    check_energy_arguments,
    energy,
    pair_energy,
    pair_weight,
)
from hyperenergy.errors import ArgumentError
from hyperenergy.geometry.sphere import Points, check_points, normalize, project, squared_distance, tensor
from hyperenergy.kernels.base import Kernel
from hyperenergy.kernels.logarithmic import Logarithmic
from hyperenergy.kernels.riesz import Riesz
from hyperenergy.losses.base import Loss
from hyperenergy.losses.families import PairLoss
from hyperenergy.losses.hessians import closed_form
from hyperenergy.objectives.spec import Spec, written

Rows = Float[Tensor, "*batch rows dim"]

# Numbers in the largest temporary of many products with Hessians at once.
_AT_ONCE = 2**22


@dataclass(frozen=True)
class Objective(ABC):
    """A function of unit vectors, invariant under a common orthogonal map of all of them."""

    @abstractmethod
    def value(self, z: Rows) -> Float[Tensor, "*batch"]:
        """Values of the configurations, differentiable, without checks."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The objective as one would type it."""

    def spec(self) -> Spec:
        """The objective as plain data for JSON; ``he.from_spec`` makes it again.  ArgumentError where it holds functions or
        classes of one's own."""
        spec: Spec = written(self)
        return spec

    def rows(self, points: int) -> int:
        """How many unit vectors a configuration of ``points`` points (or pairs) has."""
        return points

    def views(self, z: Rows) -> tuple[Points, Points]:
        """Anchors and positives of a configuration; both are the points themselves where there are no pairs."""
        return z, z

    def assemble(self, anchors: Points, positives: Points) -> Rows:
        """A configuration with these anchors and positives.  Law: ``views(assemble(U, V)) == (U, V)``, where both are
        free."""
        return positives

    def misalignment(self, z: Rows) -> Float[Tensor, "*batch points"]:
        """Per anchor the largest distance from the points that belong to it: |u_i - v_i|, 0 where there are no pairs."""
        U, V = self.views(z)
        return (U - V).norm(dim=-1)

    def check(self, points: int, dim: int) -> None:
        """Raise ArgumentError for a size that the objective's own data exclude; none as a rule."""
        return

    @property
    def positive(self) -> bool:
        """Values lie in (0, inf) with full relative accuracy: compare them relatively, however small."""
        return False

    @property
    def of_lines(self) -> bool:
        """Whether x and -x are one to it."""
        return False

    @property
    def logarithmic(self) -> bool:
        """Values are logarithms of what is compared relatively: compare them absolutely."""
        return False

    @property
    def alignment_term(self) -> tuple[float, Kernel] | None:
        """(weight, K_A) where the value contains -weight mean_i K_A(|u_i-v_i|^2), else None."""
        return None

    @property
    def kinked(self) -> bool:
        """The value has no second derivative where a pair coincides, u_i = v_i."""
        return self.alignment_term is not None and self.alignment_term[1].kinked

    @property
    def cusp_slope(self) -> float:
        """Slope of the value in |u_i - v_i| at coincidence, times M; 0 where there is a derivative."""
        return self.alignment_term[0] * self.alignment_term[1].cusp_slope if self.alignment_term else 0.0

    def value_and_derivative(self, z: Rows) -> tuple[Tensor, Rows]:
        """Values, and derivatives by the coordinates in R^dim."""
        z = z.detach().requires_grad_(True)
        with torch.enable_grad():
            value = self.value(z)
            (ambient,) = torch.autograd.grad(value.sum(), z)
        return value.detach(), ambient

    def value_and_gradient(self, z: Rows) -> tuple[Tensor, Rows, Tensor]:
        """Values, Riemannian gradients, and the scale of the latter, in whatever unit the objective has.

        At a stationary point the ambient gradient is normal to the spheres and as a rule does not vanish.  Where it
        does (DHEL's forces cancel at a hexagon), the value is a scale, too: of a homogeneous energy the radial force
        on each of n points is of the order of value/n, which makes value/sqrt(n) for all.
        At pairs that coincide on a cusp the gradient is the element of least norm of the subdifferential.
        """
        z = z.detach()
        value, ambient = self.value_and_derivative(z)
        gradient = project(z, ambient)
        scale = torch.hypot(ambient.square().sum((-2, -1)).sqrt(), value.abs() / z.shape[-2] ** 0.5)
        if self.kinked:
            gradient = self._least_subgradient(z, gradient)
        return value, gradient, scale

    def linearize(self, z: Rows) -> tuple[Rows, Callable[[Rows], Rows]]:
        """Derivatives by the coordinates in R^dim at z, and the product of the Hessians there with a direction; for many
        products at one place."""
        z = z.detach().requires_grad_(True)
        with torch.enable_grad():
            (ambient,) = torch.autograd.grad(self.value(z).sum(), z, create_graph=True)

        def product(v: Rows) -> Rows:
            if not ambient.requires_grad:  # linear in the points
                return torch.zeros_like(v)
            (along,) = torch.autograd.grad(ambient, z, v, retain_graph=True, materialize_grads=True)
            return along

        return ambient.detach(), product

    def hessian_product(self, z: Rows, v: Rows) -> Rows:
        """Riemannian Hessians at z along tangent v: P(H v - (x.g) v) row by row, H and g the derivatives in R^dim, P the
        projection to the tangent space.  Law: the second derivative along geodesics is <v, product>."""
        ambient, product = self.linearize(z)
        return project(z, product(v) - (ambient * z).sum(-1, keepdim=True) * v)

    def hessians(self, z: Rows) -> Float[Tensor, "*batch rows dim rows dim"]:
        """Second derivatives by the coordinates in R^dim."""
        z = z.detach()
        batch, rows, dim = z.shape
        n = rows * dim
        # Configurations do not interact: one direction for all of them gives a row of each Hessian.
        product = torch.func.vjp(torch.func.grad(self._total), z)[1]
        basis = torch.eye(n, dtype=z.dtype, device=z.device).reshape(n, 1, rows, dim).expand(n, batch, rows, dim)
        views = self.rows(1)
        at_once = max(1, _AT_ONCE // (batch * self.temporaries(rows // views, dim) * views**2))
        columns = [torch.func.vmap(product)(some)[0] for some in basis.split(at_once)]
        return torch.cat(columns).movedim(0, 1).reshape(batch, rows, dim, rows, dim)

    def _total(self, z: Rows) -> Tensor:
        return self.value(z).sum()

    def gradient_and_hessian(self, z: Float[Tensor, "rows dim"]) -> tuple[Tensor, Float[Tensor, "n n"]]:
        """Ambient gradient (rows, dim) and Hessian over the rows * dim coordinates of one configuration."""
        n = z.numel()
        return self.value_and_derivative(z[None])[1][0], self.hessians(z[None])[0].reshape(n, n)

    def temporaries(self, points: int, dim: int) -> int:
        """Numbers in the largest temporary of one configuration's evaluation."""
        return self.rows(points) ** 2

    def easier(self, points: int, dim: int) -> tuple[Objective, ...]:
        """Objectives whose minimizers lead to this one's where its own landscape is hard; none as a rule."""
        return ()

    def _least_subgradient(self, z: Rows, smooth: Rows) -> Rows:
        """For u_i = v_i the subdifferential is {(g_u + c xi, g_v - c xi) : |xi| <= 1}, c the slope of one pair.

        With a = (g_u+g_v)/2 and b = (g_u-g_v)/2 its norm is 2|a|^2 + 2|b + c xi|^2, least where b shrinks by c.
        """
        U, V = self.views(z)
        gu, gv = self.views(smooth)
        tied = (squared_distance(U, V) == 0).unsqueeze(-1)
        a, b = (gu + gv) / 2, (gu - gv) / 2
        # With a kink in the second derivative alone, c = 0, but parting gains less than second order in b: then the
        # pair moves as one until what moves it as one is small beside what parts it.
        c = self.cusp_slope / U.shape[-2] or 10 * a.norm(dim=-1, keepdim=True)
        b = _shrunk(b, c)
        return torch.cat([torch.where(tied, a + b, gu), torch.where(tied, a - b, gv)], -2)


def relative_norm(gradient: Rows, scale: Float[Tensor, "*batch"]) -> Float[Tensor, "*batch"]:
    """Norm of the gradient over its scale (``Objective.value_and_gradient``): without unit; where both underflow, zero."""
    return gradient.square().sum((-2, -1)).sqrt() / scale.clamp(min=torch.finfo(scale.dtype).tiny)


def _shrunk(x: Tensor, length: Tensor | float) -> Tensor:
    """x shortened by ``length``, or zero where it is shorter."""
    norm = x.norm(dim=-1, keepdim=True)
    return x * ((norm - length).clamp(min=0) / norm.clamp(min=torch.finfo(x.dtype).tiny))


@dataclass(frozen=True)
class Energy(Objective):
    """The pair energy of a kernel as an objective; called on points (*batch, points, dim) it is ``energy``.

    ``pairs``: "unordered" sums i < j, "ordered" i != j, "mean" averages.  With ``weights`` or ``fixed`` it is a
    ``ChargedEnergy``, of which theorems and compiled code, which go by the exact type, know nothing.
    """

    kernel: Kernel
    pairs: Pairs = "unordered"
    # As given, anything that reads as numbers; as kept, tuples, so that energies stay values that compare.
    weights: Any = field(default=None, metadata={"omitted": True})
    fixed: Any = field(default=None, metadata={"omitted": True})

    def __new__(cls, kernel: Any = None, pairs: Any = "unordered", weights: Any = None, fixed: Any = None) -> Energy:
        return super().__new__(cls if weights is None and fixed is None else ChargedEnergy)

    def __post_init__(self) -> None:
        check_energy_arguments(self.kernel, self.pairs)

    def __call__(self, X: Points) -> Tensor:
        return energy(X, self.kernel, self.pairs)

    def value(self, z: Rows) -> Tensor:
        return pair_energy(z, self.kernel, self.pairs)

    def value_and_derivative(self, z: Rows) -> tuple[Tensor, Rows]:
        weight = pair_weight(self.pairs, z.shape[-2])
        sums, forces = blockwise.sums_and_forces(z, self.kernel)
        return weight * sums, weight * forces

    def value_and_gradient(self, z: Rows) -> tuple[Tensor, Rows, Tensor]:
        value, gradient, scale = super().value_and_gradient(z)
        points = z.shape[-2]
        unit = self.kernel.unit * pair_weight(self.pairs, points) * (points - 1) * points**0.5
        return value, gradient, scale.hypot(scale.new_full((), unit)) if unit else scale

    def linearize(self, z: Rows) -> tuple[Rows, Callable[[Rows], Rows]]:
        weight = pair_weight(self.pairs, z.shape[-2])
        product = blockwise.linearize(z, self.kernel)
        return weight * blockwise.sums_and_forces(z, self.kernel)[1], lambda v: weight * product(v)

    @property
    def positive(self) -> bool:
        return self.kernel.positive

    @property
    def of_lines(self) -> bool:
        return self.kernel.of_lines

    def hessians(self, z: Rows) -> Float[Tensor, "*batch rows dim rows dim"]:
        return pair_weight(self.pairs, z.shape[-2]) * blockwise.hessians(z.detach(), self.kernel)

    def temporaries(self, points: int, dim: int) -> int:
        return 10 * points * dim  # the pairs go block by block; what is left is the history of the search

    def easier(self, points: int, dim: int) -> tuple[Objective, ...]:
        """The harmonic Riesz kernel on the way to soft kernels and to very steep ones.

        E8 under a soft Gaussian is hardly ever reached from random points, and nearly always from where the harmonic
        energy leads.  Steep kernels overflow where random points are close, and see little but the closest pair.
        """
        kernel = self.kernel
        soft = kernel.completely_monotone and not kernel.singular and points > 2 * dim
        steep = isinstance(kernel, Riesz) and to_float(kernel.s) > 4 * dim
        if dim == 1 or not (soft or steep):
            return ()
        return (Energy(Riesz(dim - 2) if dim > 2 else Logarithmic()),)

    @property
    def label(self) -> str:
        return f"Energy({self.kernel.label}, pairs={self.pairs})"


@dataclass(frozen=True)
class ChargedEnergy(Energy):
    """What ``Energy`` makes of weights and fixed points: sum q_i q_j kappa(|x_i-x_j|^2) over the pairs of N free points and
    K fixed ones, in the pair convention of N + K points ("mean" divides by their number of pairs).

    weights: the charges of the free points, (N,), those of fixed ones being 1; or of the free and then the fixed ones,
    (N+K,).  fixed: unit rows (K, dim), which stay.
    Laws: weights of 1 and no fixed points are ``Energy``; the energy with fixed Y at X is that of X and Y together.
    Raises ArgumentError for weights that are not finite and nonzero, or of both signs under a singular kernel, where the
    energy has no lower bound.
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weights is not None:
            object.__setattr__(self, "weights", _checked_charges(self.weights, self.kernel))
        if self.fixed is not None:
            object.__setattr__(self, "fixed", _checked_fixed(self.fixed))

    @cached_property
    def _fixed(self) -> Tensor | None:
        return None if self.fixed is None else torch.tensor(self.fixed, dtype=torch.float64)

    def _whole(self, z: Rows) -> Float[Tensor, "*batch whole dim"]:
        """The free points, and the fixed ones after them."""
        if self._fixed is None:
            return z
        return torch.cat([z, self._fixed.to(z).expand(*z.shape[:-2], -1, -1)], -2)

    def _charges(self, free: int, like: Tensor) -> Tensor:
        given = torch.tensor(self.weights or (1.0,) * free, dtype=torch.float64)
        ones = torch.ones(free + len(self.fixed or ()) - len(given), dtype=torch.float64)
        return torch.cat([given, ones]).to(like)

    def check(self, points: int, dim: int) -> None:
        held = len(self.fixed or ())
        if self.weights is not None and len(self.weights) not in (points, points + held):
            also = f" (or {points + held}, with those of the fixed ones)" if held else ""
            raise ArgumentError("weights", f"{len(self.weights)} of them", f"must be {points}, one per point{also}")
        if self._fixed is not None and self._fixed.shape[1] != dim:
            raise ArgumentError(
                "fixed", f"points of R^{self._fixed.shape[1]}", f"must lie in R^{dim}, as the free ones do"
            )

    def __call__(self, X: Points) -> Tensor:
        X = tensor(X)
        check_points(X, "X", least=1 if self.fixed else 2)
        self.check(*X.shape[-2:])
        return self.value(X)

    def value(self, z: Rows) -> Tensor:
        whole = self._whole(z)
        return pair_weight(self.pairs, whole.shape[-2]) * charged_sum(whole, self.kernel, self._charges(z.shape[-2], z))

    def value_and_derivative(self, z: Rows) -> tuple[Tensor, Rows]:
        whole, free = self._whole(z.detach()), z.shape[-2]
        weight = pair_weight(self.pairs, whole.shape[-2])
        sums, forces = blockwise.sums_and_forces(whole, self.kernel, self._charges(free, z))
        return weight * sums, weight * forces[..., :free, :]

    def linearize(self, z: Rows) -> tuple[Rows, Callable[[Rows], Rows]]:
        whole, free = self._whole(z.detach()), z.shape[-2]
        weight, charges = pair_weight(self.pairs, whole.shape[-2]), self._charges(free, z)
        along = blockwise.linearize(whole, self.kernel, charges)
        forces = blockwise.sums_and_forces(whole, self.kernel, charges)[1]

        def product(v: Rows) -> Rows:
            still = v.new_zeros(*v.shape[:-2], whole.shape[-2] - free, v.shape[-1])
            return weight * along(torch.cat([v, still], -2))[..., :free, :]

        return weight * forces[..., :free, :], product

    def hessians(self, z: Rows) -> Float[Tensor, "*batch rows dim rows dim"]:
        whole, free = self._whole(z.detach()), z.shape[-2]
        found = blockwise.hessians(whole, self.kernel, self._charges(free, z))
        return pair_weight(self.pairs, whole.shape[-2]) * found[:, :free, :, :free]

    @property
    def positive(self) -> bool:
        return self.kernel.positive and (self.weights is None or min(self.weights) > 0 or max(self.weights) < 0)

    def temporaries(self, points: int, dim: int) -> int:
        return 10 * (points + len(self.fixed or ())) * dim

    def easier(self, points: int, dim: int) -> tuple[Objective, ...]:
        """As without charges, of the same ones."""
        if self.weights is not None and min(self.weights) < 0 < max(self.weights):
            return ()
        stages = Energy(self.kernel).easier(points, dim)
        return tuple(Energy(e.kernel, "unordered", self.weights, self.fixed) for e in stages if isinstance(e, Energy))

    @property
    def label(self) -> str:
        told = [self.kernel.label, f"pairs={self.pairs}"]
        told += [f"weights={_few(self.weights)}"] if self.weights is not None else []
        told += [f"{len(self.fixed)} fixed"] if self.fixed is not None else []
        return f"Energy({', '.join(told)})"


def _few(numbers: tuple[float, ...]) -> str:
    shown = ", ".join(f"{x:g}" for x in numbers[:6])
    return f"({shown}{', ...' if len(numbers) > 6 else ''})"


def _checked_charges(given: Any, kernel: Kernel) -> tuple[float, ...]:
    given = given.tolist() if hasattr(given, "tolist") else given
    if not isinstance(given, list | tuple) or not given:
        raise ArgumentError("weights", repr(given), "must be numbers, one charge per point")
    charges = tuple(finite("weights", x) for x in given)
    if 0 in charges:
        raise ArgumentError("weights", "a charge of 0", "leave out the points that nothing acts on")
    if kernel.singular and min(charges) < 0 < max(charges):
        raise ArgumentError(
            "weights",
            f"{min(charges):g} and {max(charges):g}",
            f"opposite charges have no least energy under {kernel.label}",
        )
    return charges


def _checked_fixed(given: Any) -> tuple[tuple[float, ...], ...]:
    try:
        given = tensor(given)
        rows = given.detach().cpu() if isinstance(given, Tensor) else torch.tensor(given, dtype=torch.float64)
        rows = rows if rows.is_floating_point() else rows.double()
    except (TypeError, ValueError, RuntimeError):
        raise ArgumentError("fixed", repr(given), "must be unit rows (K, dim)") from None
    if rows.ndim != 2:
        raise ArgumentError("fixed", f"shape {tuple(rows.shape)}", "must be unit rows (K, dim)")
    check_points(rows, "fixed", least=1)
    wide = rows.double()
    if not_unit(wide.norm(dim=-1), 1e-12) is not None:
        wide = normalize(wide, "fixed")
    return tuple(map(tuple, wide.tolist()))


@dataclass(frozen=True, eq=False)
class BatchLoss(Objective):
    """A loss of (anchors, positives), both free."""

    loss: PairLoss

    def rows(self, points: int) -> int:
        return 2 * points

    def views(self, z: Rows) -> tuple[Points, Points]:
        U, V = z.tensor_split(2, -2)
        return U, V

    def assemble(self, anchors: Points, positives: Points) -> Rows:
        return torch.cat([anchors, positives], -2)

    def value(self, z: Rows) -> Tensor:
        return self.loss.formula(*self.views(z))

    def hessians(self, z: Rows) -> Float[Tensor, "*batch rows dim rows dim"]:
        found = closed_form(self.loss, z.detach())
        return super().hessians(z) if found is None else found

    @property
    def positive(self) -> bool:
        return self.loss.positive

    @property
    def alignment_term(self) -> tuple[float, Kernel] | None:
        return self.loss.alignment_term

    @property
    def label(self) -> str:
        return self.loss.label


@dataclass(frozen=True, eq=False)
class Aligned(Objective):
    """A loss on the aligned configurations, positives = anchors: a function of M points."""

    loss: PairLoss

    def __post_init__(self) -> None:
        _check_loss(self.loss)

    def value(self, z: Rows) -> Tensor:
        return self.loss.formula(z, z)

    @property
    def positive(self) -> bool:
        return self.loss.positive

    @property
    def label(self) -> str:
        return f"Aligned({self.loss.label})"


@dataclass(frozen=True, eq=False)
class FixedAnchors(Objective):
    """A loss as a function of the positives alone, for given anchors (M, dim)."""

    loss: PairLoss
    anchors: Float[Tensor, "points dim"]

    def __post_init__(self) -> None:
        _check_loss(self.loss)
        object.__setattr__(self, "anchors", tensor(self.anchors))
        check_points(self.anchors, "anchors")
        if self.anchors.dtype != torch.float64:
            object.__setattr__(self, "anchors", normalize(self.anchors.detach().double(), "anchors"))

    def views(self, z: Rows) -> tuple[Points, Points]:
        return self.anchors.to(z).expand_as(z), z

    def check(self, points: int, dim: int) -> None:
        if self.anchors.shape != (points, dim):
            raise ArgumentError("anchors", f"shape {tuple(self.anchors.shape)}", f"must be {(points, dim)}")

    def value(self, z: Rows) -> Tensor:
        return self.loss.formula(*self.views(z))

    @property
    def positive(self) -> bool:
        return self.loss.positive

    @property
    def label(self) -> str:
        return f"FixedAnchors({self.loss.label})"

    @property
    def alignment_term(self) -> tuple[float, Kernel] | None:
        return self.loss.alignment_term

    def _least_subgradient(self, z: Rows, smooth: Rows) -> Rows:
        """Only v_i moves: {g_v + c xi : |xi| <= 1} is nearest to zero where g_v shrinks by c."""
        tied = (squared_distance(*self.views(z)) == 0).unsqueeze(-1)
        return torch.where(tied, _shrunk(smooth, self.cusp_slope / z.shape[-2]), smooth)


def as_objective(objective: object) -> Objective:
    """The objective that a user means: an Objective itself, or a loss with anchors and positives free."""
    if isinstance(objective, Objective):
        return objective
    if isinstance(objective, PairLoss):
        return BatchLoss(objective)
    if isinstance(objective, Loss):
        raise ArgumentError(
            "objective",
            objective.label,
            "is no loss of pairs; say of what, as in Supervised(SupCon(0.1), labels) or MultiView(MultiViewDHEL(0.1), 3)",
        )
    if isinstance(objective, Kernel):
        raise ArgumentError(
            "objective", objective.label, f"a kernel has no pair convention; use Energy({objective.label})"
        )
    raise ArgumentError(
        "objective", repr(objective), "must be a loss such as DHEL(0.5) or an energy such as Energy(Riesz(1))"
    )


def _check_loss(loss: object) -> None:
    if not isinstance(loss, PairLoss):
        raise ArgumentError("loss", repr(loss), "must be a loss such as DHEL(0.5)")


# Beyond it sizes leave 64 bits.
_MOST = 10**9


def check_configuration(objective: Objective, points: object, dim: object) -> tuple[int, int]:
    """points and dim as ints; ArgumentError for a number of points or a dimension that no configuration has."""
    points, dim = integer("points", points, 2, _MOST), integer("dim", dim, 1, _MOST)
    objective.check(points, dim)
    return points, dim
