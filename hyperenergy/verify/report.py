"""From results to conclusions: a summary per claim, the table, and report.md."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from hyperenergy import theorems
from hyperenergy.theorems import Theorem
from hyperenergy.theorems.prediction import Outcome, Status
from hyperenergy.verify.grid import Result
from hyperenergy.verify.proofs import Proof


@dataclass(frozen=True)
class Summary:
    """One claim over all its instances.

    worst_gap: the largest |value - prediction| (relative to max(1, |prediction|)), worst_residual: the largest
    misalignment or congruence residual, both over the instances that agree.  proof: what is known of a proof, apart from
    what its instances show; in_words: its steps that are arguments in words.  as_stated: it came out as its status says,
    and no check of its proof fails.
    """

    theorem: Theorem
    results: tuple[Result, ...]
    proof: Proof = Proof.UNCHECKED
    in_words: tuple[str, ...] = ()

    @property
    def counts(self) -> Counter[Outcome]:
        return Counter(result.outcome for result in self.results)

    @property
    def agreeing(self) -> list[Result]:
        return [r for r in self.results if r.outcome in (Outcome.CONSISTENT, Outcome.PROVED)]

    @property
    def worst_gap(self) -> float | None:
        gaps = [
            abs(r.value_gap) / max(1.0, abs(r.prediction))
            for r in self.agreeing
            if r.value_gap is not None and r.prediction is not None
        ]
        return max(gaps, default=None)

    @property
    def worst_residual(self) -> float | None:
        found = (
            x for r in self.agreeing if r.unique is not False for x in (r.misalignment, r.congruence) if x is not None
        )
        return max(found, default=None)

    @property
    def as_stated(self) -> bool:
        """Theorems and conjectures: every instance agrees.  False claims: at least one counterexample was found."""
        if self.proof is Proof.FAILED:
            return False
        if self.theorem.status is Status.FALSE:
            return self.counts[Outcome.REFUTED] > 0
        return bool(self.results) and len(self.agreeing) == len(self.results)

    @property
    def conclusion(self) -> str:
        """A few words: what the instances show, and what is proved; a conjecture is supported at best."""
        said = self._shown
        if self.proof is Proof.FAILED:
            return f"{said}; NOT PROVED: a step of the proof fails"
        if not self.as_stated or self.theorem.status is Status.CONJECTURE or self.proof is Proof.UNCHECKED:
            return said
        if self.theorem.status is Status.FALSE:
            return f"{said}; {'the refutation is proved' if self.proof is Proof.PROVED else 'no proof here'}"
        return "proved, and consistent" if self.proof is Proof.PROVED else f"{said}; no proof here"

    @property
    def _shown(self) -> str:
        """What the instances show."""
        refuted, undecided = self.counts[Outcome.REFUTED], self.counts[Outcome.INCONCLUSIVE]
        if not self.results:
            return "no instance finished"
        if refuted:
            return f"refuted ({refuted} counterexample{'s' if refuted > 1 else ''})"
        if undecided:
            return f"inconclusive ({undecided} undecided)"
        match self.theorem.status:
            case Status.THEOREM:
                return "proved" if self.counts[Outcome.PROVED] == len(self.results) else "consistent"
            case Status.CONJECTURE:
                return "supported"
            case Status.FALSE:
                return "no counterexample found"


def summarize(
    ids: Sequence[str],
    results: Sequence[Result],
    proofs: Mapping[str, Proof] = MappingProxyType({}),
    in_words: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> list[Summary]:
    """One summary per claim, in the order of the ids."""
    return [
        Summary(
            theorems.get(id),
            tuple(r for r in results if r.claim == id),
            proofs.get(id, Proof.UNCHECKED),
            tuple(in_words.get(id, ())),
        )
        for id in ids
    ]


HEADER = (
    "claim",
    "status",
    "instances",
    "consistent",
    "refuted",
    "undecided",
    "worst gap",
    "worst residual",
    "conclusion",
)


def table(summaries: Sequence[Summary]) -> list[tuple[str, ...]]:
    """Rows of text under HEADER."""
    return [
        (
            s.theorem.id,
            s.theorem.status.value,
            str(len(s.results)),
            str(len(s.agreeing)),
            str(s.counts[Outcome.REFUTED]),
            str(s.counts[Outcome.INCONCLUSIVE]),
            _short(s.worst_gap),
            _short(s.worst_residual),
            s.conclusion,
        )
        for s in summaries
    ]


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.1e}"


def by_objective(summary: Summary) -> list[tuple[str, int, int, str]]:
    """Per loss without its temperature: instances, counterexamples, and the range of misalignments of the latter."""
    families: dict[str, list[Result]] = {}
    for result in summary.results:
        families.setdefault(_family(result.objective), []).append(result)
    rows = []
    for name, group in families.items():
        worse = [r.misalignment for r in group if r.outcome is Outcome.REFUTED and r.misalignment is not None]
        spread = f"{min(worse):.1e} to {max(worse):.1e}" if worse else "never"
        rows.append((name, len(group), len(worse), spread))
    return rows


def _family(objective: str) -> str:
    """The objective's label without its temperature."""
    name, _, rest = objective.partition("(")
    kept = [part for part in rest.removesuffix(")").split(", ") if part and not part.startswith("temperature=")]
    return f"{name}({', '.join(kept)})" if kept else name


def markdown(summaries: Sequence[Summary], command: str, seconds: float, complete: bool) -> str:
    """The report: the table, then each claim with its statement and its instances that matter."""
    import torch

    lines = [
        "# Verification report",
        "",
        f"`{command}`, {seconds:.0f} s, Python {platform.python_version()}, torch {torch.__version__}, "
        f"{platform.machine()} {platform.system()}.",
        "",
    ]
    if not complete:
        lines += ["**Interrupted: only the instances that were finished are counted.**", ""]
    lines += _markdown_table(HEADER, table(summaries))
    lines += [
        "",
        "Gaps are |value - prediction| / max(1, |prediction|) and residuals the largest misalignment or distance from the",
        "predicted configuration (up to rotation and permutation), each the worst over the instances that agree. Numbers",
        "alone prove nothing: theorems come out consistent, conjectures supported. What is called proved is so",
        "by a check of its own, of all steps of a proof in exact arithmetic.",
    ]
    for summary in summaries:
        lines += ["", *_section(summary)]
    return "\n".join(lines) + "\n"


def proof_of(summary: Summary) -> str:
    """A sentence on the proof of a theorem, or on that of the refutation of a false claim; one more on what is in words."""
    what = "Refutation" if summary.theorem.status is Status.FALSE else "Proof"
    words = f" Arguments in words: {', '.join(summary.in_words)}." if summary.in_words else ""
    return f"{what} in exact arithmetic: {summary.proof.value}.{words}"


def _section(summary: Summary) -> list[str]:
    theorem = summary.theorem
    lines = [
        f"## {theorem.id}: {theorem.title}",
        "",
        f"Status: {theorem.status.value}. Conclusion: **{summary.conclusion}**"
        + ("." if summary.as_stated else ", which is not what the status says."),
        "",
        theorem.statement,
        "",
        f"Source: {theorem.source}. {proof_of(summary)}",
    ]
    if theorem.by_objective:
        header = ("objective", "instances", "misaligned minimum is lower", "misalignment max abs(u_i-v_i)")
        rows = [(name, str(n), str(k), spread) for name, n, k, spread in by_objective(summary)]
        lines += ["", *_markdown_table(header, rows)]
    if theorem.fronts is not None:
        lines += ["", *_markdown_table(*theorem.fronts())]
    telling = [r for r in summary.results if r.outcome not in (Outcome.CONSISTENT, Outcome.PROVED)]
    if telling:
        telling.sort(key=lambda r: r.value_gap if r.value_gap is not None else 0.0)
        columns = ("objective", "M", "d", "outcome", "value", "claimed", "gap", "misalignment", "reason")
        cases = [
            (
                r.objective,
                str(r.points),
                str(r.dim),
                r.outcome.value,
                f"{r.value:.12g}",
                "" if r.prediction is None else f"{r.prediction:.12g}",
                _short(r.value_gap),
                _short(r.misalignment),
                r.reason,
            )
            for r in telling
        ]
        lines += ["", *_markdown_table(columns, cases)]
    return lines


def _markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    cells = [[cell.replace("|", "\\|") for cell in row] for row in (header, *rows)]
    return [
        f"| {' | '.join(cells[0])} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(row)} |" for row in cells[1:]),
    ]
