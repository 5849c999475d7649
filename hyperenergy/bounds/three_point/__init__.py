"""Three-point bounds of energies and of codes: stronger than the linear program, by semidefinite programming.

Matrices (Bachoc and Vallentin 2008).  For unit vectors x, y, z of R^d, d >= 3, let (u, v, t) = (x.y, x.z, y.z), and

    Y_k(u,v,t)_ij = e_i(u) e_j(v) Q_k(u,v,t),   Q_k = ((1-u^2)(1-v^2))^{k/2} P_k((t-uv) / ((1-u^2)(1-v^2))^{1/2}),

P_k the Gegenbauer polynomial of R^{d-1}, P_k(1) = 1, and e_i those of R^{d+2k}; any polynomials would do.  Q_k is a
polynomial: with n = d-1, s = t-uv and w = (1-u^2)(1-v^2),

    Q_0 = 1,  Q_1 = s,  (k+n-2) Q_{k+1} = (2k+n-2) s Q_k - k w Q_{k-1}.

Write y = u x + (1-u^2)^{1/2} eta with eta a unit vector orthogonal to x, and z likewise: the quotient above is the
inner product of both etas.  P_k of it is sum_m phi_m(eta) phi_m(eta') by the addition theorem.  So for each x and
each finite set C the matrix sum_{y,z in C} Y_k = sum_m w_m w_m^T with (w_m)_i = sum_y e_i(u) (1-u^2)^{k/2}
phi_m(eta): positive semidefinite.

With F_k positive semidefinite and G(u,v,t) = sum_k <F_k, S_k(u,v,t)>, S_k the mean of Y_k over the six orders of
(u,v,t),

    sum_{x,y,z in C} G(x.y, x.z, y.z) >= 0.                                                                      (1)

Energy.  Let |C| = N.  The triples of (1) with x = y = z are N times G(1,1,1); those with exactly two alike are, three
times, the ordered pairs x != y with G(u,u,1).  So over ordered triples of distinct points

    sum G(u,v,t) >= -3 sum_{x != y} G(u,u,1) - N G(1,1,1).                                                       (2)

Let h = sum_k h_k P_k (P_k of R^d) with h_k >= 0 for k >= 1, so that sum_{x != y} h(u) >= N^2 h_0 - N h(1), and q(u) =
h(u) + 3 G(u,u,1).  If for all (u,v,t) with u, v, t < 1 and 1 + 2uvt - u^2 - v^2 - t^2 >= 0 (the Gram determinant)

    (f(u) + f(v) + f(t)) / (3(N-2)) >= p(u,v,t) = G(u,v,t) + (q(u) + q(v) + q(t)) / (3(N-2)),                    (3)

then the sum of (3) over the ordered triples of distinct points, in which each ordered pair is met 3(N-2) times, and
(2) give sum_{x != y} f >= sum_{x != y} q - 3 sum_{x != y} G(u,u,1) - N G(1,1,1) >= N^2 h_0 - N h(1) - N G(1,1,1).  As
each pair is met twice there,

    sum_{i<j} f(x_i.x_j) >= (N^2 h_0 - N h(1) - N G(1,1,1)) / 2.                                                 (4)

Lifting f by a constant costs as much: with h_0 less a, p is less a / (N-2), and (4) less N(N-1) a / 2.

Codes.  With f = 0 and (3) on [-1,s]^3 alone, a positive right side of (4) contradicts: no N points of R^d have all
inner products <= s.

Parts: ``program`` proposes h and F_k (clarabel, extra ``bounds``); ``proposal`` rounds h and L_k, F_k = L_k L_k^T,
and lowers h_0 until (3) holds; ``checking``, which knows neither, builds G and q exactly; ``boxes`` shows (3) by
branch and bound.

Sources: Bachoc and Vallentin, J. AMS 21 (2008); Cohn and Woo, J. AMS 25 (2012).
"""
