"""A champion beside what the same deals would make today: equal where nothing changed, worse where it learned noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit

from icp_ml.deals.admission import months_before
from icp_ml.deals.contract import read_deals
from icp_ml.deals.settings import WindowSettings, parse_settings
from icp_ml.deals.table import DealTable
from icp_ml.model.splits import Fold, maturity
from icp_ml.serve.bundle import StoredBundle
from icp_ml.watch.comparison import Comparison
from icp_training.comparing import champion_rival, compare
from icp_training.config import Config
from icp_training.evaluation import judge_fold
from icp_training.search import Budget
from icp_training.world import make_strong_world, world_config, write_world
from tests import serve_models

SEED = 3
LONG_AGO = np.datetime64("1970-01-01")


@dataclass(frozen=True)
class Quarter:
    """A world, its deals, and the day that parts them."""

    config: Config
    root: Path
    deals: DealTable
    cut: np.datetime64


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Quarter:
    root = tmp_path_factory.mktemp("quarter")
    world = make_strong_world(SEED, deals=700)
    write_world(world, root)
    config = parse_settings(Config, world_config(world))
    deals = read_deals(config.deals, config.tables, config.resolved(), root)
    assert deals.opened is not None
    return Quarter(config, root, deals, np.sort(deals.opened)[420])


@pytest.fixture(scope="module")
def live(quarter: Quarter) -> StoredBundle:
    return champion(quarter, quarter.deals)


@pytest.fixture(scope="module")
def compared(quarter: Quarter, live: StoredBundle) -> Comparison:
    return compare(quarter.config, quarter.root, quarter.deals, live, Budget(5))


def champion(quarter: Quarter, deals: DealTable, begin: np.datetime64 = LONG_AGO) -> StoredBundle:
    """What learned from the deals that had closed by the cut, and not before `begin`, as they are in `deals`."""
    assert deals.closed is not None
    learnt = np.flatnonzero((deals.closed >= begin) & (deals.closed <= quarter.cut))
    any_rows = np.arange(5)
    result = judge_fold(deals, Fold("then", learnt, any_rows, any_rows[:0]), Budget(5), SEED)
    made = serve_models.bundle()
    bundle = replace(
        made,
        attributes=deals.attributes,
        provenance=made.provenance.model_copy(update={"extracted": str(quarter.cut), "version": 4}),
        model=result.fitted,
        tiering=replace(made.tiering, cuts=result.cuts),
        calibration=None,
    )
    return StoredBundle(bundle, "content", "model")


def shuffled(deals: DealTable) -> DealTable:
    return replace(deals, won=np.random.default_rng(1).permutation(deals.won))


def test_the_same_way_of_making_a_model_is_not_worse_than_itself(compared: Comparison) -> None:
    """It is the same model: the same deals, parameters from the same search, the same cuts."""
    found = compared
    assert found.gap is not None
    assert found.gap.log_loss.model_dump() == pytest.approx({"value": 0.0, "low": 0.0, "high": 0.0}, abs=1e-12)
    assert (found.gap.moved, found.gap.moved_far) == (0.0, 0.0)
    assert found.champion == found.challenger
    assert found.champion is not None
    assert found.champion.auc.low > 0.5


def test_the_challenger_learns_from_the_window_of_the_day_of_the_cut(quarter: Quarter) -> None:
    """A champion of the ten months before the cut beside a challenger with a window of ten months: one model. Counted
    from today, the window has left no more than days of what it learned from.
    """
    ten = quarter.config.deals.model_copy(update={"window": WindowSettings(months=10)})
    config = quarter.config.model_copy(update={"deals": ten})
    closed, begin = quarter.deals.closed, months_before(quarter.cut, 10)
    assert closed is not None
    deals = read_deals(config.deals, config.tables, config.resolved(), quarter.root)
    assert deals.closed is not None
    assert closed.min() < begin < deals.closed.min()
    found = compare(config, quarter.root, deals, champion(quarter, quarter.deals, begin), Budget(5))
    assert found.gap is not None
    assert found.gap.log_loss.model_dump() == pytest.approx({"value": 0.0, "low": 0.0, "high": 0.0}, abs=1e-12)


def test_a_champion_that_learned_noise_is_beaten(quarter: Quarter) -> None:
    found = compare(quarter.config, quarter.root, quarter.deals, champion(quarter, shuffled(quarter.deals)), Budget(5))
    assert found.gap is not None
    assert found.champion is not None
    assert found.challenger is not None
    assert found.gap.log_loss.high < 0
    assert found.challenger.auc.value > found.champion.auc.value
    assert (found.champion_version, found.champion_hash, found.since) == (4, "content", str(quarter.cut))


def test_the_deals_are_those_that_neither_has_met(quarter: Quarter, compared: Comparison) -> None:
    """One by one, with the accounts by their names."""
    deals = quarter.deals
    assert deals.opened is not None
    assert deals.closed is not None
    horizon = deals.horizon()
    assert horizon is not None
    gap = maturity(deals.opened, deals.closed, horizon.open_since, horizon.until).gap
    met = {account for account, closed in zip(deals.accounts, deals.closed, strict=True) if closed <= quarter.cut}
    rows = [
        row
        for row, opened in enumerate(deals.opened)
        if quarter.cut < opened <= horizon.until - gap and deals.accounts[row] not in met
    ]
    found = compared
    assert (found.deals, found.won) == (len(rows), int(deals.won[rows].sum()))
    assert found.accounts == len({deals.accounts[row] for row in rows})
    assert found.deals >= 100


def test_a_moved_level_moves_what_is_told_and_no_tier(quarter: Quarter, live: StoredBundle) -> None:
    """A champion whose level was moved by its latest deals answers as `icp score` does: by tiers of the order alone."""
    moved = replace(live, bundle=replace(live.bundle, model=replace(live.bundle.model, anchor=0.7)))
    before, after = (champion_rival(each, quarter.deals.parsed) for each in (live, moved))
    assert np.array_equal(before.tiers, after.tiers)
    rows = live.bundle.model.vocabulary.encode(quarter.deals.parsed)
    said = moved.bundle.model.probability(moved.bundle.model.log_odds(rows))
    assert np.abs(expit(after.log_odds) - said).max() < 1e-12


def test_what_the_deals_have_no_more_is_missing_and_said(quarter: Quarter, live: StoredBundle) -> None:
    gone = replace(quarter.deals.attributes[0], name="gone", column="a column of last year")
    asks_for_it = replace(live.bundle, attributes=(*live.bundle.attributes, gone))
    found = compare(quarter.config, quarter.root, quarter.deals, replace(live, bundle=asks_for_it), Budget(5))
    assert found.lacking == ("gone",)
    assert found.gap is not None


@pytest.mark.parametrize("extracted", [None, "2999-01-01"])
def test_without_a_day_or_deals_after_it_nothing_is_told(
    quarter: Quarter, live: StoredBundle, extracted: str | None
) -> None:
    provenance = live.bundle.provenance.model_copy(update={"extracted": extracted})
    then = replace(live, bundle=replace(live.bundle, provenance=provenance))
    found = compare(quarter.config, quarter.root, quarter.deals, then, Budget(5))
    assert (found.deals, found.gap, found.since) == (0, None, extracted)
