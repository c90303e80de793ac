"""What new deals say about the intent side of the live version: who fits stays as it was, signals count anew.

Signals age faster than companies do. Between two trainings the live version's fit side is kept to the last bit, and the
points of its intent attributes are corrected by the deals that opened since its extract, of accounts that it has not
met: steps on the scorecard's bins, as far as these deals ask for them (`icp_ml.model.correction`). What the correction
is worth is measured on deals that it did not see, beside the live version at the same level.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError, ModelNotFound, TooFewDeals
from icp_ml.model.correction import (
    Correction,
    NewDeals,
    can_be_corrected,
    cross_correction,
    fit_correction,
)
from icp_ml.model.win_model import WinModel
from icp_ml.profile.icp import Voices
from icp_ml.serve.bundle import StoredBundle
from icp_ml.watch.comparison import LEAST_COMPARED, Comparison, Rival, SharedDeals, figures_of, gap_of
from icp_training.comparing import as_champion_reads, asked_of, champion_rival, ground_of
from icp_training.config import Config
from icp_training.cores import one_core_each

Floats = NDArray[np.float64]

INTENT = "intent"


@dataclass(frozen=True)
class Ground:
    """What a refresh stands on. parsed: all `deals` as the live version reads them.

    rows: places among all of those that opened since its extract, `since`, and that it has not met; new: these.
    places: the intent columns of the vocabulary, but those of which a direction was asked. asked: the comparison of the
    two before anything is told.
    """

    config: Config
    root: Path
    live: StoredBundle
    deals: DealTable
    parsed: ParsedTable
    rows: NDArray[np.intp]
    new: NewDeals
    places: tuple[int, ...]
    since: np.datetime64
    asked: Comparison


@dataclass(frozen=True)
class Found:
    """What the new deals say.

    correction: by all of them. voices, log_odds: (n,), of each by a correction that had not seen it, without the level.
    comparison: beside the live version as it is, for the gates. sentence: the change of the log loss at the same level,
    of which `is_better` says whether it falls by a bound that is wrong one time in ten. level_is_off: whether the new
    deals were won more or less often than expected.
    """

    correction: Correction
    voices: Voices
    log_odds: Floats
    comparison: Comparison
    sentence: str
    is_better: bool
    level_is_off: bool


def intent_ground(config: Config, root: Path, deals: DealTable, live: StoredBundle | None) -> Ground:
    """Raises `ModelNotFound` where nothing that learned from deals is live, `ConfigError` where what is live cannot be
    refreshed by this configuration, and `TooFewDeals` where too few new deals have matured.
    """
    if live is None:
        raise ModelNotFound(
            f"a live version of {config.name} that learned from deals was expected, and there is none; icp quarter "
            "without --intent makes the first"
        )
    places = _places(config, deals, live)
    reading, everything, since = ground_of(config, root, deals, live)
    asked = asked_of(everything, live, since)
    rows = np.array([], dtype=np.intp) if since is None else since.fold.test
    if since is None or len(rows) < LEAST_COMPARED or not 0 < asked.won < asked.deals:
        raise TooFewDeals(_too_few(asked))
    parsed, lacking = as_champion_reads(reading, root, everything, live.bundle.attributes)
    if lacking:
        raise ConfigError(
            f"the attributes of the live version were expected in the deals, and {len(lacking)} of them cannot be read "
            f"({', '.join(lacking)}); train anew with icp quarter"
        )
    weights = None if everything.weights is None else everything.weights[rows]
    model = live.bundle.model
    encoded = model.vocabulary.encode(parsed.take(rows))
    new = NewDeals(encoded, model.log_odds(encoded), everything.won[rows], everything.groups()[rows], weights)
    return Ground(config, root, live, everything, parsed, rows, new, places, since.cut, asked)


def _places(config: Config, deals: DealTable, live: StoredBundle) -> tuple[int, ...]:
    bundle = live.bundle
    if bundle.profiles is not None:
        raise ConfigError("the live version has several ICPs, whose intent sides are not refreshed alone; train anew")
    if bundle.provenance.target != deals.predicted:
        raise ConfigError(
            f"the live version predicts '{bundle.provenance.target}', and this configuration '{deals.predicted}'; "
            "train anew"
        )
    columns = bundle.model.vocabulary.columns
    # A step that is added could break a direction that somebody asked for: such an attribute stays as it is.
    places = tuple(place for place, column in enumerate(columns) if column.axis == INTENT and not column.monotone)
    if not places:
        raise ConfigError(
            f"an attribute of the layers behavioural or engagement, without a direction asked of it, was expected in "
            f"the live version of {config.name}, and there is none; there is no intent side to refresh"
        )
    if not can_be_corrected(bundle.model):
        raise ConfigError("the live version's scorecard counts for nothing, and cannot carry a correction; train anew")
    return places


def _too_few(asked: Comparison) -> str:
    if asked.since is None:
        return "dates were expected, by which deals are known to be newer than the live version, and there are none"
    return (
        f"{LEAST_COMPARED} matured deals with both outcomes, opened after {asked.since} by accounts that the live "
        f"version has not met, were expected, and there are {asked.deals:,}, {asked.won:,} of them won; wait for more, "
        "or train anew with icp quarter"
    )


def learn_intent(ground: Ground) -> Found:
    """What the new deals say about the intent side."""
    model, new, seed = ground.live.bundle.model, ground.new, ground.config.seed
    shared = SharedDeals(new.won, new.groups)
    live = champion_rival(ground.live, ground.parsed.take(ground.rows))
    with one_core_each(0):
        crossed = cross_correction(model, ground.places, new, seed)
        correction = fit_correction(model, ground.places, new, seed)
    figures = figures_of(live, shared, seed)
    observed = figures.observed_over_expected
    is_off = not observed.low <= 1.0 <= observed.high
    plain = new.log_odds
    added = crossed.added.sum(axis=1)
    beside = Rival(plain + crossed.plain, live.tiers, live.labels)
    cuts = ground.live.bundle.tiering.cuts
    tiers = cuts.tiers(plain + added)
    alike = gap_of(beside, Rival(plain + added + crossed.level, tiers, live.labels), shared, seed).log_loss
    refreshed = Rival(plain + added + (crossed.level if is_off else model.anchor), tiers, live.labels)
    comparison = ground.asked.model_copy(
        update={
            "champion": figures,
            "challenger": figures_of(refreshed, shared, seed),
            "gap": gap_of(live, refreshed, shared, seed),
        }
    )
    change = [each / figures.log_loss for each in (alike.value, alike.low, alike.high)]
    return Found(
        correction=correction,
        voices=_voices(model, new.rows, crossed.added, crossed.fold),
        log_odds=plain + added,
        comparison=comparison,
        sentence=(
            f"on {len(new.won):,} deals opened since {ground.since}, by corrections that had not seen them, the log "
            f"loss changes by {change[0]:+.1%} [{change[1]:+.1%}, {change[2]:+.1%}]"
        ),
        is_better=alike.high < 0,
        level_is_off=is_off,
    )


def _voices(model: WinModel, rows: Floats, added: Floats, fold: NDArray[np.intp]) -> Voices:
    """The live version has not met these deals, and each correction not its own fold's."""
    said = model.contributions(rows)
    values = said.values + added
    return Voices(values, said.base + values.sum(axis=1), fold)
