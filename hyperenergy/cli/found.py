"""What a search found, as rows of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hyperenergy.search.ways import told

if TYPE_CHECKING:
    from hyperenergy.search.minimum import Minimum
    from hyperenergy.search.solvers.newton import Signature

# Beyond these, the value itself loses digits or leaves float64.
_NORMAL = (1e-300, 1e300)


def rows(best: Minimum) -> list[tuple[str, str]]:
    """Name and text of each quantity of a minimum."""
    table = [("objective", best.objective.label), ("value", f"{best.value:.15g}")]
    if best.log_value is not None and not _NORMAL[0] < abs(best.value) < _NORMAL[1]:
        table.append(("log of the value", f"{best.log_value:.15g}"))
    table += [
        ("misalignment", f"{best.misalignment:.2e}"),
        ("relative gradient norm", f"{best.gradient_norm:.1e}"),
        ("status", best.status.value),
        ("starts that reached it", f"{best.hits} of {best.restarts}"),
    ]
    if best.certified is not None:
        table.append(("certified bound", _bound(best)))
    table += [("starts", best.origin.value), ("ways", told(best.ways))]
    if best.unseen is not None:
        table.append(("not seen yet", str(best.unseen)))
    table += [
        ("search ended", best.stop.value),
        *_contacts(best),
        ("distinct minima", ", ".join(f"{m.value:.12g} ({m.count}x)" for m in best.minima[:6]) or "none"),
    ]
    if best.contacts is None:
        signed = best.minima[0].signature if best.status.stationary else None
        table.append(("Hessian", _signature(signed) if best.status.stationary else "not a local minimum"))
    return table


def _bound(best: Minimum) -> str:
    """How far the best there is can be from what was found."""
    assert best.bound is not None and best.gap is not None
    if best.gap == 0:
        return f"{best.bound:.15g}: proved to be the minimum, up to round-off"
    return f"{best.bound:.12g}: no configuration is lower by more than {best.gap:.1e} of the value"


def _contacts(best: Minimum) -> list[tuple[str, str]]:
    """Of a largest term what is largest, and the least angle of what is packed."""
    from hyperenergy.objectives.packing import Packing, least_angle

    angle = [("least angle", f"{least_angle(best.points):.10g} degrees")] if type(best.objective) is Packing else []
    if best.contacts is None:
        return angle
    equal = f"{best.contacts}; equal to {best.contacts.spread:.1e}"
    return [*angle, ("contacts", equal), ("isolation", best.contacts.isolation.value)]


def _signature(signature: Signature | None) -> str:
    if signature is None:
        return "not computed: a pair on a kink, S^0, or too many coordinates"
    return f"index {signature.index}, {signature.zero_modes} zero modes, {signature.orbit} of them rotations"
