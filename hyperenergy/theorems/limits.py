"""B6: minimal energies as the number of points grows.  B11: the limit of small temperature."""

from __future__ import annotations

from hyperenergy.theorems.prediction import Status
from hyperenergy.theorems.registry import PAPER, Theorem

B6 = Theorem(
    "B6",
    "Minimal mean energies increase to the energy of the uniform law",
    "With e_M the least mean energy of M points and I the energy of the uniform law, e_M <= e_{M+1} <= I; and for a "
    "bounded positive definite kernel I - e_M <= (kappa(0) - I)/(M-1).",
    Status.THEOREM,
    "averaging over sub-configurations (Fekete; see Borodachov, Hardin and Saff 2019, chapter 2); the upper bound by "
    "comparing the full double sum of a configuration, which is at least M^2 I, with its diagonal",
    formula=r"e_M \le e_{M+1} \le I, \quad I - e_M \le \frac{\kappa(0) - I}{M-1} \\ "
    r"e_M = \min\limits_{x_1,\dots,x_M} \frac{1}{M(M-1)} \sum_{i \ne j} \kappa(\left|x_i-x_j\right|^2), \quad I "
    r"= \iint \kappa(\left|x-y\right|^2) \, d\sigma(x) \, d\sigma(y)",
)
B11 = Theorem(
    "B11",
    "DHEL at small temperature is a best-packing-like problem",
    "tau DHEL decreases, as tau -> 0, to -mean s_i + mean_i max_{j!=i} u_i.u_j, and exceeds it by at most "
    "tau log(M-1). So do the minimal values.",
    Status.THEOREM,
    f"{PAPER}; bounds on log-sum-exp by the largest term",
    formula=r"G \le \tau \, \mathrm{DHEL} \le G + \tau \log(M-1), \quad \tau \, \mathrm{DHEL} \text{ decreases to } G "
    r"\text{ as } \tau \to 0 \\ "
    r"G(U,V) = -\frac{1}{M} \sum_i u_i \cdot v_i + \frac{1}{M} \sum_i \max\limits_{j \ne i} \, u_i \cdot u_j",
)
