"""Functions over arrays as machine code, by numba, kept on disk so that they are compiled once for each user.

Where they are kept. numba writes machine code beside the module where it may, and else into a folder of the user's;
`keep_machine_code_in` names a folder instead, before anything is compiled. numba reads what it wrote there by pickle:
whoever can write into the folder can run code as its reader. So it is one of the user's alone, never one that is
shared, and never part of a bundle.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeVar, cast

import numba

F = TypeVar("F", bound=Callable[..., object])

MODULES: Final = ("filling", "kernel", "leaves", "merging")
"""Where compiled functions are; all of them are loaded while the folder is set."""


def machine_code(function: F) -> F:
    """The same function compiled when first called, and callable without the lock of the interpreter.

    Sums keep the order that is written: nothing here lets the compiler trade exactness for speed.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy")(function)
    return cast(F, compiled)


def keep_machine_code_in(folder: Path) -> None:
    """Keep compiled code in `folder`, which is made where it is absent, for its owner alone.

    To be called once, before the kernels are imported; later the choice has been made, which is a mistake of the
    caller's and raises `RuntimeError`. Other users of numba in the process keep their own places.
    """
    package = __name__.rpartition(".")[0]
    early = [name for name in MODULES if f"{package}.{name}" in sys.modules]
    if early:
        raise RuntimeError(f"machine code has its place already: {', '.join(early)} of {package} was imported before")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings = vars(numba.config)
    before = settings["CACHE_DIR"]
    settings["CACHE_DIR"] = str(folder)
    try:
        for name in MODULES:
            importlib.import_module(f"{package}.{name}")
    finally:
        settings["CACHE_DIR"] = before
