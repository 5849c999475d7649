"""Which kernel?  One file each, which is found here; ``base`` says what a kernel is, and how to write one of one's own."""

import importlib
import pkgutil

from hyperenergy.kernels.base import Kernel

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

KERNELS: dict[str, type[Kernel]] = {kernel.__name__: kernel for kernel in Kernel.__subclasses__()}
