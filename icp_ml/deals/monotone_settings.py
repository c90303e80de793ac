"""Asking an attribute to work in one direction: more of it never counts against a prospect, or never for it.

    employees: {kind: number, monotone: up}                       # larger is never worse
    support tickets: {kind: number, monotone: down}               # more is never better
    seniority: {kind: ordered, order: [staff, lead, head], monotone: up}

It is for what people know and few deals cannot show. Dates and years are left out, because "up" could be read as later
or as longer ago.
"""

from __future__ import annotations

from typing import Final, Literal

Monotone = Literal["up", "down"]
Direction = Literal[-1, 0, 1]

HAVE_A_DIRECTION: Final = ("number", "ordered", "flag")
"""The kinds of which there can be more or less."""


def check_monotone(kind: str, monotone: Monotone | None) -> None:
    """Raise `ValueError` where a kind without more or less is asked to be monotone."""
    if monotone is not None and kind not in HAVE_A_DIRECTION:
        raise ValueError(f"expected 'monotone' only beside 'kind: number', 'ordered' or 'flag', found 'kind: {kind}'")


def direction_of(monotone: Monotone | None) -> Direction:
    """1 for up, -1 for down, 0 where nothing is asked."""
    if monotone is None:
        return 0
    return 1 if monotone == "up" else -1


def words_of(monotone: Monotone | None) -> str:
    """What was asked, in words; empty where nothing was."""
    if monotone is None:
        return ""
    return f"asked to be monotone: more never {'hurts' if monotone == 'up' else 'helps'}"
