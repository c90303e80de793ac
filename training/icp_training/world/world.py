"""A whole synthetic company history, made from settings and a seed by one pure function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import pandas as pd

from icp_training.world.accounts import YEAR, Climate, Population, draw_climate, make_population
from icp_training.world.catalogue import ATTRIBUTES, CORE, NOISE, Attribute
from icp_training.world.customers import customer_frame, leaving_kind
from icp_training.world.deals import IN_PROCESS, Book, deal_frame, draw_book, plan_drafts
from icp_training.world.leaks import draw_leaks, leak_frame
from icp_training.world.observing import Gap, Rows, draw_gaps, seen_frame
from icp_training.world.planting import Term, draw_anti_icp, draw_attributes, draw_terms
from icp_training.world.prospects import (
    STATUSES,
    Listed,
    draw_listed,
    prospect_frame,
    prospect_truth,
    strangers_needed,
)
from icp_training.world.settings import WorldSettings
from icp_training.world.streams import stream
from icp_training.world.tables import (
    Customers,
    account_frame,
    campaign_frame,
    contact_frame,
    signal_frame,
    technology_frame,
)
from icp_training.world.truth import Truth, missing_shares, planted_of
from icp_training.world.winning import Turn, WinModel, auc_of, fitted

CALIBRATION_DEALS = 30_000
ON_DEAL_ROW = ("lead_source",)
_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class World:
    """The tables of one synthetic world. Dates are ISO text, missing values are empty.

    `deals` has one row per deal, `known_at_opening` the attributes of its account on the day it opened, row
    by row. `accounts` is what the CRM says today: the same attributes, with what became known since.
    `customers` has one row per deal that was won, with what became of it. `attributes` lists them in the order
    of the columns.
    """

    settings: WorldSettings
    attributes: tuple[Attribute, ...]
    deals: pd.DataFrame
    known_at_opening: pd.DataFrame
    accounts: pd.DataFrame
    technologies: pd.DataFrame
    signals: pd.DataFrame
    contacts: pd.DataFrame
    campaigns: pd.DataFrame
    customers: pd.DataFrame
    prospects: pd.DataFrame
    truth: Truth

    def deal_rows(self) -> pd.DataFrame:
        """The deals with their attributes as of the opening: one wide row per deal, leaks and all."""
        return pd.concat([self.deals, self.known_at_opening], axis=1)


@dataclass(frozen=True)
class Ground:
    """What is settled before there is a deal: the model of winning, the attributes kept, and their gaps."""

    climate: Climate
    attributes: tuple[Attribute, ...]
    gaps: dict[str, Gap]
    model: WinModel
    base_rate: float

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the attributes, in order."""
        return tuple(attribute.name for attribute in self.attributes)

    def tools_gap(self) -> Gap:
        """The gap of the tool lists; none where the world has no attribute of them."""
        return self.gaps.get("tools", Gap(never=0.0, late=0.0, cold=0.0))


def make_world(settings: WorldSettings) -> World:
    """The world of these settings: the same settings give the same bytes.

    Raises ValueError where the settings ask for more closed deals than the span can hold.
    """
    return _build(settings, _lay_ground(settings, silent=False))


def make_silent_world(settings: WorldSettings) -> World:
    """The world of these settings with the same attributes, none of which decides anything."""
    return _build(settings, _lay_ground(settings, silent=True))


def _lay_ground(settings: WorldSettings, *, silent: bool) -> Ground:
    seed, climate = settings.seed, draw_climate(settings.seed)
    planted = [one.name for one in draw_attributes(seed, (settings.strong, settings.weak))]
    sample = _calibration_sample(settings, climate)
    terms = () if silent else _drawn_terms(settings, sample)
    later = () if silent else _later_terms(settings, terms, sample)
    planted += [term.condition.attribute for term in later]
    attributes = _kept_attributes(settings, planted)
    rng = stream(seed, "level")
    base_rate = float(rng.uniform(*settings.base_rates))
    draft = WinModel(
        terms=terms,
        weights=(0.0,) * len(terms),
        shares=(0.0,) * len(terms),
        anti=draw_anti_icp(seed, terms) if settings.anti_icp else (),
        intercept=0.0,
        drift=float(rng.choice([-1.0, 1.0]) * rng.uniform(*settings.drift)),
        account_spread=float(rng.uniform(*settings.account_spread)),
    )
    model = fitted(draft, *sample, base_rate, None if silent else settings.oracle_auc)
    model = _turning(settings, model, later, sample, base_rate)
    missing = (settings.planted_missing, settings.noise_missing)
    names = [attribute.name for attribute in attributes]
    gaps = draw_gaps(seed, names, planted, missing, settings.aged_share)
    return Ground(climate, attributes, gaps, model, base_rate)


def _kept_attributes(settings: WorldSettings, planted: Sequence[str]) -> tuple[Attribute, ...]:
    """Planted, bystanding and noise attributes in the order of the catalogue; the widest category is always
    kept.
    """
    widest, *others = NOISE
    picked = stream(settings.seed, "noise attributes").permutation(len(others))[: max(0, settings.noise - 1)]
    noise = {widest.name} if settings.noise else set()
    noise |= {others[index].name for index in picked}
    core = tuple(one for one in CORE if settings.keep_proxies or one.name in planted)
    return (*core, *(one for one in NOISE if one.name in noise))


def _span(settings: WorldSettings) -> tuple[int, int]:
    """First and last day on which a deal opens, as days since 1970."""
    last = (settings.extracted - _EPOCH).days
    return last - round(settings.months * YEAR / 12), last


def _calibration_sample(settings: WorldSettings, climate: Climate) -> tuple[Population, Rows]:
    """One deal each for companies that are in no world, on days spread over the span."""
    span = _span(settings)
    population = make_population(settings.seed, "calibration", CALIBRATION_DEALS, climate, span)
    days = stream(settings.seed, "calibration days").integers(span[0], span[1] + 1, CALIBRATION_DEALS)
    return population, Rows(np.arange(CALIBRATION_DEALS), days)


def _drawn_terms(settings: WorldSettings, sample: tuple[Population, Rows]) -> tuple[Term, ...]:
    counts, odds = (settings.strong, settings.weak), (settings.strong_odds, settings.weak_odds)
    return draw_terms(settings.seed, counts, odds, settings.interactions, sample)


def _later_terms(settings: WorldSettings, terms: Sequence[Term], sample: tuple[Population, Rows]) -> tuple[Term, ...]:
    """What decides once the truth has changed: attributes of other clusters, drawn from a seed of their own."""
    if settings.truth_changes is None:
        return ()
    seed = int(stream(settings.seed, "turn").integers(2**31))
    counts, odds = (settings.strong, settings.weak), (settings.strong_odds, settings.weak_odds)
    without = {ATTRIBUTES[term.condition.attribute].cluster for term in terms}
    return draw_terms(seed, counts, odds, settings.interactions, sample, without=without)


def _turning(
    settings: WorldSettings,
    model: WinModel,
    later: tuple[Term, ...],
    sample: tuple[Population, Rows],
    base_rate: float,
) -> WinModel:
    """The model that gives way to another of the same difficulty and base rate; itself where nothing changes."""
    if settings.truth_changes is None or not later:
        return model
    draft = replace(model, terms=later, weights=(0.0,) * len(later), shares=(0.0,) * len(later), anti=())
    after = fitted(draft, *sample, base_rate, settings.oracle_auc)
    return replace(model, turn=Turn((settings.truth_changes - _EPOCH).days, after))


def _build(settings: WorldSettings, ground: Ground) -> World:
    with_deals = plan_drafts(settings).accounts
    size = with_deals + strangers_needed(settings)
    population = make_population(settings.seed, "world", size, ground.climate, _span(settings))
    book = draw_book(settings, population, ground.model)
    customers = Customers(np.unique(book.account))
    strangers = np.arange(with_deals, size)
    listed = draw_listed(settings, population, book, strangers)
    seen = seen_frame(population, ground.names, Rows(book.account, book.opened), ground.gaps, "crm")
    on_deal = [name for name in ground.names if name in ON_DEAL_ROW]
    on_account = [name for name in ground.names if name not in ON_DEAL_ROW]
    deals = _deals(settings, population, book, customers)
    accounts = account_frame(population, customers, on_account, ground.gaps)
    prospects = prospect_frame(population, listed, ground.names, ground.gaps)
    seed, model = settings.seed, ground.model
    return World(
        settings=settings,
        attributes=ground.attributes,
        deals=pd.concat([deals, seen[on_deal]], axis=1),
        known_at_opening=seen[on_account],
        accounts=accounts,
        technologies=technology_frame(population, customers, ground.tools_gap()),
        signals=signal_frame(seed, population, customers, book),
        contacts=contact_frame(seed, population, customers),
        campaigns=campaign_frame(seed, population, customers, model),
        customers=customer_frame(seed, population, book, deals["deal_id"], leaving_kind(seed, model.terms)),
        prospects=prospects,
        truth=_truth(settings, ground, seen, prospects, _oracle(population, book, deals, listed, model)),
    )


def _deals(settings: WorldSettings, population: Population, book: Book, customers: Customers) -> pd.DataFrame:
    deals = deal_frame(settings.seed, population, book, customers.ids_of(book.account))
    leaks = draw_leaks(settings.seed, settings.leaks)
    return pd.concat([deals, leak_frame(settings.seed, leaks, book, deals, population.today)], axis=1)


def _oracle(
    population: Population, book: Book, deals: pd.DataFrame, listed: Listed, model: WinModel
) -> tuple[pd.DataFrame, pd.DataFrame]:
    by_deal = pd.DataFrame(
        {
            "deal_id": deals["deal_id"],
            "probability": book.chance,
            "anti_icp": model.in_anti_icp(population, Rows(book.account, book.opened)),
            "closed": ~book.is_open & (book.state == 0),
        }
    )
    return by_deal, prospect_truth(population, listed, model)


def _truth(
    settings: WorldSettings,
    ground: Ground,
    seen: pd.DataFrame,
    prospects: pd.DataFrame,
    oracle: tuple[pd.DataFrame, pd.DataFrame],
) -> Truth:
    model, (by_deal, by_prospect) = ground.model, oracle
    planted = planted_of(model)
    leaving = leaving_kind(settings.seed, model.terms)
    core = [one.name for one in ground.attributes if not one.is_noise]
    return Truth(
        planted=planted,
        noise=tuple(one.name for one in ground.attributes if one.is_noise),
        bystanders=tuple(name for name in core if name not in {one.attribute for one in planted}),
        anti_icp=tuple(condition.describe() for condition in model.anti),
        leaks=draw_leaks(settings.seed, settings.leaks),
        in_process=IN_PROCESS,
        buys_and_leaves="" if leaving is None else leaving.describe(),
        base_rate=ground.base_rate,
        drift=model.drift,
        account_spread=model.account_spread,
        oracle_auc=auc_of(by_deal.loc[by_deal["closed"], "probability"].to_numpy()),
        missing_in_crm=missing_shares(seen, ground.names),
        missing_in_list=missing_shares(prospects, ground.names),
        prospect_counts={status: int((by_prospect["status"] == status).sum()) for status in STATUSES},
        deals=by_deal,
        prospects=by_prospect,
        later=() if model.turn is None else planted_of(model.turn.model),
        changes_on="" if settings.truth_changes is None else settings.truth_changes.isoformat(),
    )
