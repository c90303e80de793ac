"""A synthetic company history in which companies are founded all the time, so that nothing drifts unasked.

In a world of `icp_training.world` the companies are there from the first day to the last: they grow older and larger,
raise money and take up tools, and so the deals of its third year are with other companies than those of its first.
Here each deal is with a company of its own, which on the day of the deal looks like any other on the day of theirs:

    drawn as of 2025-06-30           founded 2017, raised 2025-02-10, 120 employees, 3 visits in 90 days
    its deal opened on 2023-06-30    founded 2015, raised 2023-02-10, 120 employees, 3 visits in 90 days

What changes is the truth, on one day and only where that is asked: other attributes decide, or one more does. The
companies, their gaps and the conditions that decide are those of `icp_training.world`, made by its own functions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from icp_training.world.accounts import YEAR, Population, draw_climate, make_population
from icp_training.world.catalogue import ATTRIBUTES, CORE, LAYERS, NOISE, Attribute
from icp_training.world.deals import LOST, OPEN_STAGES, WON
from icp_training.world.observing import Rows, draw_gaps, seen_frame
from icp_training.world.planting import Condition, Term, draw_terms
from icp_training.world.settings import WorldSettings
from icp_training.world.streams import stream
from icp_training.world.winning import WinModel, fitted

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

ID, ACCOUNT, OPENED, CLOSED, STAGE = "deal_id", "account_id", "opened_at", "closed_at", "stage"
CYCLE_SPREAD: Final = 0.6
"""Standard deviation of the logarithm of the days from opening to closing, as in the world."""
_EPOCH: Final = date(1970, 1, 1)

Turn = Literal["others decide", "one more decides"]


@dataclass(frozen=True)
class Change:
    """From the day `on`, other attributes decide, of other clusters; or one more does: a flag that about half of the
    companies have and that had nothing to do with winning, by this odds ratio.
    """

    on: date
    what: Turn
    odds_ratio: float = 4.0


@dataclass(frozen=True)
class FoundingWorld:
    """n deals, each with another company, in the order of opening. Days are int64[n], since 1970.

    attributes: in the order of the columns of `seen`, which is what the CRM knows on the day of the deal, with its
    dates as of the extract. won: int8[n], of all, however late they close. deciding: attributes that decide at first.
    changed: those that do from the change on and did not before.
    """

    settings: WorldSettings
    attributes: tuple[Attribute, ...]
    seen: pd.DataFrame
    opened: Ints
    closed: Ints
    won: npt.NDArray[np.int8]
    chance: Floats
    deciding: tuple[str, ...]
    changed: tuple[str, ...]

    def export_on(self, day: date) -> pd.DataFrame:
        """The deals as the CRM shows them on that day: those opened by then, with an outcome where they have closed."""
        rows = np.flatnonzero(self.opened <= day_number(day))
        is_open = self.closed[rows] > day_number(day)
        outcome = np.where(self.won[rows] == 1, WON, LOST)
        keys = self._keys(rows).assign(
            **{
                OPENED: _iso(self.opened[rows]),
                CLOSED: np.where(is_open, "", _iso(self.closed[rows])),
                STAGE: np.where(is_open, OPEN_STAGES[0], outcome),
            }
        )
        return pd.concat([keys, self._known(rows, self.opened[rows])], axis=1)

    def list_on(self, day: date, until: date) -> pd.DataFrame:
        """The companies whose deals open after `day` and by `until`, as the CRM knows them on `day`."""
        rows = self.opening(day, until)
        as_of = np.full(len(rows), day_number(day), dtype=np.int64)
        return pd.concat([self._keys(rows)[[ACCOUNT]], self._known(rows, as_of)], axis=1)

    def opening(self, day: date, until: date) -> npt.NDArray[np.intp]:
        """The places of the deals that open after `day` and by `until`."""
        return np.flatnonzero((self.opened > day_number(day)) & (self.opened <= day_number(until)))

    def _keys(self, rows: npt.NDArray[np.intp]) -> pd.DataFrame:
        return pd.DataFrame({ID: [f"D{row + 1:07d}" for row in rows], ACCOUNT: [f"A{row + 1:07d}" for row in rows]})

    def _known(self, rows: npt.NDArray[np.intp], as_of: Ints) -> pd.DataFrame:
        """What is known of companies on a day of each: the history of the extract, so much earlier."""
        known = self.seen.iloc[rows].reset_index(drop=True)
        back = day_number(self.settings.extracted) - as_of
        for each in self.attributes:
            if each.kind == "date":
                known[each.name] = _earlier(known[each.name], back)
            if each.kind == "year":
                years = self.settings.extracted.year - _years(as_of)
                known[each.name] = known[each.name] - years
        return known


def make_founding_world(settings: WorldSettings, change: Change | None = None) -> FoundingWorld:
    """The world of these settings, with as many deals opening as `settings.deals`; the same settings, the same world.

    Not used of the settings: what is about accounts with several deals, drift, proxies, the anti-ICP, leaks, ignored
    rows, and the list.
    """
    companies, rows = _companies(settings)
    truth = _truth(settings, companies, rows, change)
    attributes = _kept(settings, {*truth.deciding, *truth.changed})
    rng = stream(settings.seed, "founding deals")
    opened = np.sort(rng.integers(companies.start, companies.today + 1, settings.deals))
    chance = truth.before.probability(companies, rows)
    if change is not None:
        chance = np.where(opened < day_number(change.on), chance, truth.after.probability(companies, rows))
    days = np.exp(np.log(settings.median_cycle_days) + CYCLE_SPREAD * rng.normal(size=settings.deals))
    return FoundingWorld(
        settings=settings,
        attributes=attributes,
        seen=_seen(settings, attributes, truth, companies, rows),
        opened=opened,
        closed=opened + np.maximum(1, np.round(days)).astype(np.int64),
        won=(rng.random(settings.deals) < chance).astype(np.int8),
        chance=chance,
        deciding=truth.deciding,
        changed=truth.changed,
    )


def founding_config(world: FoundingWorld, window_months: int) -> dict[str, object]:
    """The configuration that reads `export_on` from deals.csv, and lists by their account."""
    layers = {layer: {each.name: _entry(each) for each in world.attributes if each.layer == layer} for layer in LAYERS}
    return {
        "name": world.settings.name,
        "deals": {
            "source": "deals.csv",
            "id": ID,
            "account": ACCOUNT,
            "opened": OPENED,
            "closed": CLOSED,
            "outcome": {"column": STAGE, "won": [WON], "lost": [LOST], "open": list(OPEN_STAGES)},
            "window": {"months": window_months},
        },
        "attributes": {layer: of for layer, of in layers.items() if of},
        "prospects": {"id": ACCOUNT},
        "seed": world.settings.seed,
    }


def day_number(day: date) -> int:
    """Days since 1970."""
    return (day - _EPOCH).days


def _entry(attribute: Attribute) -> str | dict[str, str | list[str]]:
    return {"kind": "ordered", "order": list(attribute.levels)} if attribute.kind == "ordered" else attribute.kind


@dataclass(frozen=True)
class _Truth:
    """What decides at first, and from the change on; twice the same where nothing changes."""

    before: WinModel
    after: WinModel

    @property
    def deciding(self) -> tuple[str, ...]:
        return tuple(term.condition.attribute for term in self.before.terms)

    @property
    def changed(self) -> tuple[str, ...]:
        names = [term.condition.attribute for term in self.after.terms]
        return tuple(name for name in names if name not in self.deciding)


def _companies(settings: WorldSettings) -> tuple[Population, Rows]:
    """A company for each deal, as it is on the day of the extract."""
    last = day_number(settings.extracted)
    span = (last - round(settings.months * YEAR / 12), last)
    companies = make_population(settings.seed, "founding", settings.deals, draw_climate(settings.seed), span)
    return companies, Rows(np.arange(settings.deals), np.full(settings.deals, last))


def _truth(settings: WorldSettings, companies: Population, rows: Rows, change: Change | None) -> _Truth:
    counts, odds = (settings.strong, settings.weak), (settings.strong_odds, settings.weak_odds)
    terms = draw_terms(settings.seed, counts, odds, settings.interactions, (companies, rows))
    before = _fitted(settings, terms, companies, rows)
    if change is None:
        return _Truth(before, before)
    return _Truth(before, _fitted(settings, _after(settings, terms, companies, rows, change), companies, rows))


def _after(
    settings: WorldSettings, terms: tuple[Term, ...], companies: Population, rows: Rows, change: Change
) -> tuple[Term, ...]:
    """What decides from the change on."""
    clusters = {ATTRIBUTES[term.condition.attribute].cluster for term in terms}
    if change.what == "one more decides":
        return (*terms, Term(_half(clusters, companies, rows), "strong", change.odds_ratio))
    seed = int(stream(settings.seed, "turn").integers(2**31))
    counts, odds = (settings.strong, settings.weak), (settings.strong_odds, settings.weak_odds)
    return draw_terms(seed, counts, odds, settings.interactions, (companies, rows), without=clusters)


def _half(clusters: set[str], companies: Population, rows: Rows) -> Condition:
    """The flag, of no cluster that decides, that is yes for nearest to half of the companies."""
    flags = [each for each in (*CORE, *NOISE) if each.kind == "flag" and each.cluster not in clusters]
    conditions = [Condition(each.name, "yes") for each in flags]
    return min(conditions, key=lambda each: abs(float(each.holds(companies, rows).mean()) - 0.5))


def _fitted(settings: WorldSettings, terms: tuple[Term, ...], companies: Population, rows: Rows) -> WinModel:
    """Each term shows its odds ratio on these companies, at the world's base rate."""
    nothing = (0.0,) * len(terms)
    draft = WinModel(terms, nothing, nothing, anti=(), intercept=0.0, drift=0.0, account_spread=0.0)
    base_rate = float(stream(settings.seed, "level").uniform(*settings.base_rates))
    return fitted(draft, companies, rows, base_rate, settings.oracle_auc)


def _kept(settings: WorldSettings, wanted: set[str]) -> tuple[Attribute, ...]:
    """What decides at some time, and attributes of noise beside it, in the order of the catalogue."""
    others = [each.name for each in NOISE if each.name not in wanted]
    picked = stream(settings.seed, "noise attributes").permutation(len(others))[: settings.noise]
    kept = wanted | {others[place] for place in picked}
    return tuple(each for each in (*CORE, *NOISE) if each.name in kept)


def _seen(
    settings: WorldSettings, attributes: tuple[Attribute, ...], truth: _Truth, companies: Population, rows: Rows
) -> pd.DataFrame:
    """What the CRM knows of the companies, gaps included."""
    names = [each.name for each in attributes]
    missing = (settings.planted_missing, settings.noise_missing)
    gaps = draw_gaps(settings.seed, names, [*truth.deciding, *truth.changed], missing, 0.0)
    return seen_frame(companies, names, rows, gaps, "crm")


def _iso(days: Ints) -> npt.NDArray[np.str_]:
    return np.datetime_as_string(days.astype("datetime64[D]"))


def _years(days: Ints) -> Ints:
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int64) + 1970


def _earlier(dates: pd.Series[str], back: Ints) -> pd.Series[str]:
    """ISO dates so many days earlier; what is missing stays missing."""
    moved = pd.to_datetime(dates) - pd.Series([timedelta(days=int(each)) for each in back], index=dates.index)
    return moved.dt.strftime("%Y-%m-%d")
