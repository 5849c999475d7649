"""Best known energies of Thomson's problem, sum over i < j: Wales and Ulker 2006, as Wikipedia's table has them."""

THOMSON = {
    12: 49.165253058,
    20: 150.881568334,
    32: 412.261274651,
    47: 927.059270680,
    50: 1055.182314726,
    61: 1597.941830199,
    64: 1765.802577927,
    77: 2591.850152354,
    91: 3661.713699320,
    100: 4448.350634331,
    150: 10236.196436701,
    200: 18438.842717530,
}
# Values below the best known one by more than its last digits are the best, too.
ALLOWED = 1e-6
