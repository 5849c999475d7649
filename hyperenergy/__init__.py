"""What contrastive losses optimize: hyperspherical energies, their minimizers, and the theorems about them."""
from hyperenergy import sphere
from hyperenergy.kernels import *
from hyperenergy.objectives import *
from hyperenergy.losses.modules import *
from hyperenergy.minimize import minimize
