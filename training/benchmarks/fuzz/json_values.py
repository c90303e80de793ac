"""JSON spoilt value by value: what is written stays JSON, or nearly."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Final, TypeAlias

from benchmarks.fuzz.mutations import TOKENS, Rng, chosen

Node: TypeAlias = "dict[str, Node] | list[Node] | str | int | float | bool | None"
Place: TypeAlias = tuple[str | int, ...]

VALUES: Final[Sequence[Node]] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    7,
    1e308,
    -1e308,
    5e-324,
    1e-320,
    -0.0,
    0.5,
    2**31,
    2**63,
    2**64,
    -(2**63) - 1,
    10**400,
    1e16,
    1e9,
    float("nan"),
    float("inf"),
    -float("inf"),
    "NaN",
    "Infinity",
    "-Infinity",
    "",
    "x",
    "0",
    "1",
    "yes",
    "-1",
    "\x00",
    "\x1b[2J",
    "\u202e",
    "\ud800",
    "x" * 100_000,
    [],
    {},
    [[]],
    [None],
    {"": None},
    [0] * 1_000,
    {"a": {"b": {}}},
    "../../etc/passwd",
    "2025-02-30",
    "9999-12-31",
    "0001-01-01",
    "=1+1",
    "<script>alert(1)</script>",
    "!!python/object/apply:os.system [id]",
    "cos\nsystem\n(S'id'\ntR.",
    "missing",
    "(other)",
    "number",
    "category",
)

LARGEST_NEAR: Final = 1e300
"""Numbers beyond it have no float next to them."""


def spoilt_value(document: Node, rng: Rng) -> Node:
    """A copy of the document with one to three of its values changed."""
    found = copy.deepcopy(document)
    for _ in range(int(rng.integers(1, 4))):
        places = list(_places(found, ()))
        if not places:
            return chosen(rng, VALUES)
        _spoil(found, chosen(rng, places), rng)
    return found


def written(document: Node, rng: Rng) -> bytes:
    """The document as text: canonical as a rule, with what Python writes of numbers that JSON has not."""
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=bool(rng.random() < 0.05))
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _places(node: Node, before: Place) -> Iterator[Place]:
    if before:
        yield before
    items: Sequence[tuple[str | int, Node]] = ()
    if isinstance(node, dict):
        items = list(node.items())
    elif isinstance(node, list):
        items = list(enumerate(node))
    for key, inner in items:
        yield from _places(inner, (*before, key))


def _spoil(document: Node, place: Place, rng: Rng) -> None:
    holder: Node = document
    for key in place[:-1]:
        holder = holder[key]  # type: ignore[index]  # a place leads through dicts and lists alone
    key, draw = place[-1], rng.random()
    if isinstance(holder, dict) and isinstance(key, str):
        _spoil_key(holder, key, draw, rng)
    elif isinstance(holder, list) and isinstance(key, int):
        _spoil_item(holder, key, draw, rng)


def _spoil_key(holder: dict[str, Node], key: str, draw: float, rng: Rng) -> None:
    if draw < 0.1:
        del holder[key]
    elif draw < 0.2:
        name = chosen(rng, ("", "x", "a\u202eb", "__class__", "\x00", chosen(rng, list(holder))))
        holder[name] = holder.pop(key)
    else:
        holder[key] = _other(holder[key], rng)


def _spoil_item(holder: list[Node], key: int, draw: float, rng: Rng) -> None:
    if draw < 0.1:
        del holder[key]
    elif draw < 0.2:
        holder.insert(key, copy.deepcopy(holder[key]))
    elif draw < 0.25:
        holder.reverse()
    else:
        holder[key] = _other(holder[key], rng)


def _other(value: Node, rng: Rng) -> Node:
    """Half the time something near the value, else something from the list."""
    draw = rng.random()
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < LARGEST_NEAR and draw < 0.4:
        return chosen(rng, (value + 1, -value, value * 2, value - 1, float(value), str(value), value + 1e-6))
    if isinstance(value, str) and draw < 0.4:
        token = chosen(rng, TOKENS).decode("utf-8", "replace")
        near: tuple[Node, ...] = (value + "x", value.upper(), value[:-1], value * 2, [value], token)
        return chosen(rng, near)
    return copy.deepcopy(chosen(rng, VALUES))
