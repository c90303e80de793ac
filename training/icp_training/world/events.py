"""Dated signals of companies, and what of them was known on a given day.

A fact has two dates: when it occurred and when it became known. Looking back from a day counts only facts
known by then: a posting of March that was found in May is not seen in April.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from icp_training.world.streams import stream
from icp_training.world.text import Floats, Ints

_DAY_RANGE = 1 << 20


@dataclass(frozen=True)
class Kind:
    """`rate` is events per company in 90 days; `lag` the median days until known; `growth` and `digital`
    loadings; `history` the days before the first deal from which on they are recorded.
    """

    rate: float
    lag: float
    party: str
    sources: tuple[str, ...]
    growth: float = 0.0
    digital: float = 0.0
    history: int = 180


KINDS: dict[str, Kind] = {
    "job_posting": Kind(0.6, 6.0, "third", ("job board", "company site"), growth=0.5),
    "research": Kind(0.5, 3.0, "third", ("research panel", "review site")),
    "new_executive": Kind(0.12, 12.0, "third", ("press",), history=5 * 365),
    "content_visit": Kind(0.6, 0.5, "first", ("website", "webinar"), digital=0.2),
    "news": Kind(0.1, 1.0, "third", ("press",)),
    "complaint": Kind(0.08, 2.0, "third", ("review site",)),
    "demo_request": Kind(0.05, 0.5, "first", ("website",)),
}


@dataclass(frozen=True)
class Events:
    """Events of one kind, sorted by account and then by the day on which they became known; `value` is
    positive.
    """

    account: npt.NDArray[np.int32]
    occurred: npt.NDArray[np.int32]
    known: npt.NDArray[np.int32]
    value: Floats
    source: npt.NDArray[np.int8]
    key: Ints

    def known_by(self, account: Ints, day: Ints) -> Ints:
        """The position after the account's last event that was known on or before the day."""
        return np.searchsorted(self.key, _keyed(account, day), side="right").astype(np.int64)


def _keyed(account: npt.NDArray[np.integer], day: npt.NDArray[np.integer]) -> Ints:
    return account.astype(np.int64) * _DAY_RANGE + day.astype(np.int64)


def draw_events(seed: int, label: str, growth: Floats, digital: Floats, span: tuple[int, int]) -> dict[str, Events]:
    """Events of every kind for companies with these traits, from before `span` to its end."""
    return {
        name: _draw_kind(stream(seed, label, "events", name), kind, growth, digital, span)
        for name, kind in KINDS.items()
    }


def _draw_kind(rng: np.random.Generator, kind: Kind, growth: Floats, digital: Floats, span: tuple[int, int]) -> Events:
    start = span[0] - kind.history
    periods = (span[1] - start) / 90
    spread = 0.5 * rng.normal(size=len(growth)) - 0.125
    rate = kind.rate * periods * np.exp(kind.growth * growth + kind.digital * digital + spread)
    counts = rng.poisson(np.minimum(rate, 20 * kind.rate * periods))
    account = np.repeat(np.arange(len(growth), dtype=np.int32), counts)
    occurred = rng.integers(start, span[1] + 1, len(account), dtype=np.int32)
    lag = np.floor(np.exp(np.log(kind.lag) + rng.normal(size=len(account)))).astype(np.int32)
    value = np.ceil(rng.gamma(2.0, 2.0, len(account)))
    source = rng.integers(0, len(kind.sources), len(account), dtype=np.int8)
    return _sorted(account, occurred, occurred + lag, value, source)


def _sorted(
    account: npt.NDArray[np.int32],
    occurred: npt.NDArray[np.int32],
    known: npt.NDArray[np.int32],
    value: Floats,
    source: npt.NDArray[np.int8],
) -> Events:
    order = np.argsort(_keyed(account, known), kind="stable")
    return Events(
        account=account[order],
        occurred=occurred[order],
        known=known[order],
        value=value[order],
        source=source[order],
        key=_keyed(account, known)[order],
    )


def total_known(events: Events, account: Ints, as_of: Ints, days: int) -> Floats:
    """Sum of the values of events that became known in the `days` up to and including `as_of`."""
    running = np.concatenate([[0.0], np.cumsum(events.value)])
    total: Floats = running[events.known_by(account, as_of)] - running[events.known_by(account, as_of - days)]
    return total


def latest_known(events: Events, account: Ints, as_of: Ints) -> tuple[Ints, Floats]:
    """Day of occurrence and value of the event known last by `as_of`; -1 and NaN where none is known."""
    end = events.known_by(account, as_of)
    none = end == events.known_by(account, np.full(len(account), -1))
    if none.all():
        return np.full(len(account), -1, dtype=np.int64), np.full(len(account), np.nan)
    at = np.where(none, 0, end - 1)
    day = np.where(none, -1, events.occurred[at]).astype(np.int64)
    return day, np.where(none, np.nan, events.value[at])
