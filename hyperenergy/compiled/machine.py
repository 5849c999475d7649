"""Machine code: made by Numba from a text, kept as object files, linked and called without compiling anything.

Numba's own cache takes 6 ms a function to load and 35 us to hand one to another; this takes 1 ms, and hands over addresses.
Functions take float64 arrays in C order, integers and floats, and return a float or nothing.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import itertools
import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from types import ModuleType
from typing import Any

import numpy as np

HEADER = """import math
import numba
import numpy as np
from numba.core import cgutils
from numba.extending import intrinsic

# Sums may be reordered, which lets them vectorize.  Infinities and NaN keep their meaning: coincident points of a
# singular kernel have infinite energy.
OPTIONS = dict(
    fastmath={"reassoc", "contract", "arcp", "nsz"}, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True
)
# Functions for others.
ENTRIES = []


def entry(signature):
    def compiled(function):
        ENTRIES.append(numba.njit(signature, **OPTIONS)(function))
        return ENTRIES[-1]

    return compiled


# Inner functions are compiled into those that call them; and where the views of arrays that a call counts would cost more
# than a short loop does, before that.
jit, inlined = numba.njit(**OPTIONS), numba.njit(inline="always", **OPTIONS)
MATRIX, VECTOR = numba.float64[:, ::1], numba.float64[::1]
# value = f(X, G, parameters, work): of a configuration X (dim, rows), its ambient gradient into G.
EVALUATOR = numba.types.FunctionType(numba.float64(MATRIX, MATRIX, VECTOR, VECTOR))
evaluator = entry(EVALUATOR.signature)
# h(X, V, H, parameters, work): the ambient Hessian's product with V into H, where f was called at X before.
PRODUCT = numba.types.FunctionType(numba.void(MATRIX, MATRIX, MATRIX, VECTOR, VECTOR))
product = entry(PRODUCT.signature)


def by_address(kind):
    @intrinsic
    def function_at(typing, address):
        def generate(context, builder, signature, arguments):
            function = cgutils.create_struct_proxy(kind)(context, builder)
            function.jit_addr = builder.inttoptr(arguments[0], cgutils.voidptr_t)
            function.c_addr = function.py_addr = cgutils.get_null_value(cgutils.voidptr_t)
            return function._getvalue()

        return kind(numba.int64), generate

    return function_at


evaluator_at, product_at = by_address(EVALUATOR), by_address(PRODUCT)
"""
_modules = itertools.count()


@dataclass(frozen=True)
class Code:
    """A compiled function: its name and its symbol in the object file; kinds of its arguments, "i", "f", or how many
    dimensions an array has; whether it returns a float; the object file."""

    name: str
    symbol: str
    kinds: tuple[str, ...]
    returns: bool
    data: bytes


def compile_text(name: str, source: str) -> list[Code]:
    """The entries of a text, compiled for this processor."""
    module = ModuleType(f"hyperenergy_compiled_{name}_{next(_modules)}")
    sys.modules[module.__name__] = module  # Numba looks its modules up by name
    exec(compile(HEADER + source, f"<compiled {name}>", "exec"), module.__dict__)
    return [_code(function) for function in module.ENTRIES]


def compile_elsewhere(name: str, source: str) -> Callable[[], list[Code]]:
    """The same in a process of its own, begun at once, for Numba compiles one thing at a time; ask for it later.  Where that
    fails, it is compiled here."""
    if not sys.executable:  # an interpreter inside of another program
        return lambda: compile_text(name, source)
    try:
        process = subprocess.Popen(
            [sys.executable, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except OSError:
        return lambda: compile_text(name, source)
    pipe, process.stdin = process.stdin, None
    assert pipe is not None
    for give in (lambda: pipe.write(pickle.dumps((name, source))), pipe.close):
        with contextlib.suppress(BrokenPipeError):  # it has ended already, which its exit status will say
            give()

    def finished() -> list[Code]:
        out = process.communicate()[0]
        if process.returncode:
            return compile_text(name, source)
        return [Code(*fields) for fields in pickle.loads(out)]  # of this file, run as a program

    return finished


def _code(function: Any) -> Code:
    from numba import types

    (compiled,) = function.overloads.values()
    letters = {types.int64: "i", types.float64: "f"}
    kinds = tuple(letters.get(kind) or str(kind.ndim) for kind in compiled.signature.args)
    data = compiled.library._get_compiled_object()
    return Code(
        function.__name__, compiled.fndesc.llvm_func_name, kinds, compiled.signature.return_type is not types.none, data
    )


def processor() -> str:
    """What machine code is made for."""
    import llvmlite.binding as llvm

    return f"{llvm.get_process_triple()} {llvm.get_host_cpu_name()} {llvm.get_host_cpu_features().flatten()}"


def versions() -> str:
    """Of what makes it."""
    import llvmlite
    import numba

    return f"numba {numba.__version__}, llvmlite {llvmlite.__version__}, numpy {np.__version__}"


@functools.cache
def _engine() -> Any:
    import llvmlite.binding as llvm
    from numba import _helperlib
    from numba.core.runtime import _nrt_python  # type: ignore[attr-defined]

    # What machine code calls of Numba's: memory and the shapes of arrays.  Its compiler, which takes a quarter of a second
    # to set up, makes them known, too.  (These are modules in C, of which mypy knows nothing.)
    for prefix, helpers in (("NRT_", _nrt_python.c_helpers), ("numba_", _helperlib.c_helpers)):  # type: ignore[attr-defined]
        for name, address in helpers.items():
            llvm.add_symbol(name if name.startswith("_") else prefix + name, address)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine(jit=True)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)


def link(codes: Sequence[Code]) -> dict[str, Function]:
    """The functions, by name."""
    import llvmlite.binding as llvm

    engine = _engine()
    for code in codes:
        engine.add_object_file(llvm.ObjectFileRef.from_data(code.data))
    engine.finalize_object()
    return {code.name: Function(code, engine.get_function_address(code.symbol)) for code in codes}


class Function:
    """A function in machine code; it runs without the interpreter's lock.  ``address``: for other functions.

    Calls follow Numba's convention: where the result goes, where an exception would, and each array as (owner, parent,
    size, size of an item, data, shape, strides).
    """

    def __init__(self, code: Code, address: int) -> None:
        self.name, self.address = code.name, address
        self._kinds, self._returns = code.kinds, code.returns
        types: list[Any] = [ctypes.c_void_p, ctypes.c_void_p]
        for kind in code.kinds:
            if kind in "if":
                types.append(ctypes.c_int64 if kind == "i" else ctypes.c_double)
            else:
                types += (
                    [ctypes.c_void_p] * 2
                    + [ctypes.c_int64] * 2
                    + [ctypes.c_void_p]
                    + [ctypes.c_int64] * (2 * int(kind))
                )
        self._call = ctypes.CFUNCTYPE(ctypes.c_int32, *types)(address)

    def __call__(self, *arguments: Any) -> float | None:
        flat: list[Any] = []
        for kind, argument in zip(self._kinds, arguments, strict=True):
            if kind in "if":
                flat.append(argument)
                continue
            # Machine code believes what it is told.
            if argument.dtype != np.float64 or str(argument.ndim) != kind or not argument.flags.c_contiguous:
                raise TypeError(f"{self.name} takes float64 arrays of {kind} dimensions in C order")
            flat += (None, None, argument.size, 8, argument.ctypes.data, *argument.shape, *argument.strides)
        result, exception = ctypes.c_double(), ctypes.c_void_p()
        if self._call(ctypes.addressof(result), ctypes.addressof(exception), *flat):
            raise RuntimeError(f"{self.name} failed in compiled code")
        return result.value if self._returns else None


if __name__ == "__main__":
    done = compile_text(*pickle.loads(sys.stdin.buffer.read()))
    sys.stdout.buffer.write(pickle.dumps([astuple(code) for code in done]))
