"""Cases with values from the literature."""

from __future__ import annotations

# Thomson problem (Riesz s=1, d=3, sum over unordered pairs): best known energies, nine digits.  For N = 11 tables have
# 40.596450510, which cannot be a minimum: the stationary point found here has 40.5964505082.
THOMSON = {
    2: 0.500000000,
    3: 1.732050808,
    4: 3.674234614,
    5: 6.474691495,
    6: 9.985281374,
    7: 14.452977414,
    8: 19.675287861,
    9: 25.759986531,
    10: 32.716949460,
    11: 40.596450508,
    12: 49.165253058,
    13: 58.853230612,
    14: 69.306363297,
    15: 80.670244114,
    16: 92.911655302,
    17: 106.050404829,
    18: 120.084467447,
    19: 135.089467557,
    20: 150.881568334,
    21: 167.641622399,
    22: 185.287536149,
    23: 203.930190663,
    24: 223.347074052,
    25: 243.812760299,
    26: 265.133326317,
    27: 287.302615033,
    28: 310.491542358,
    29: 334.634439920,
    30: 359.603945904,
    31: 385.530838063,
    32: 412.261274651,
    48: 968.713455344,
    64: 1765.802577927,
    72: 2255.001190975,
    100: 4448.350634331,
}

# Harmonic energies (Riesz s = d-2, unordered pairs) of codes, (name, dim, points): from their exact inner products.
HARMONIC = {
    ("clebsch", 5, 16): 46.516183182,
    ("schlaefli", 6, 27): 111.0,
    ("e7-56", 7, 56): 434.255147529,
    ("600-cell", 4, 120): 5395.0,
}
# (dim, points) where no code of the catalogue is behind the value.
HARMONIC_OTHER = {(4, 7): 9.5, (10, 40): 70.369832079, (14, 64): 55.348480422}
