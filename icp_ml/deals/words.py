"""Names that people type, and the nearest ones that exist."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import get_close_matches

_NEAR = 0.5  # similarity from which a name is worth offering; we chose it: "Empl." and "Employees" meet
_SHOWN = 8  # a sentence that lists more names than this is no longer read


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, whatever its case and spacing, or None where nothing is like it."""
    by_shape = {_shape(candidate): candidate for candidate in known}
    found = get_close_matches(_shape(name), list(by_shape), n=1, cutoff=_NEAR)
    return by_shape[found[0]] if found else None


def suggestion(name: str, known: Sequence[str]) -> str:
    """The end of a sentence about a name that does not exist: the nearest one, or those there are."""
    near = nearest(name, known)
    if near is not None:
        return f"did you mean '{near}'?"
    return f"there are: {listed(known)}" if known else "there are none"


def listed(names: Sequence[str]) -> str:
    """Names in quotes, the first few of them where there are many."""
    shown = ", ".join(f"'{name}'" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _shape(name: str) -> str:
    return "".join(name.casefold().replace("_", " ").split())
