"""From cells to figures: the predictions of a method on a set, what they are worth, and how sure one can be of it.

Intervals resample accounts. The deals of one account on one seed stand together; where seeds are folds of the same
deals, an account is the same on all of them and is drawn once for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_model.cells import CellKey, fold_folder, path_of, read_cell
from benchmarks.bench_model.folds import Plan, read_judged
from icp_ml.model.metrics import Estimate, Judged, auc, brier, calibration, log_losses, resamples
from icp_ml.model.skill import measure_skill

Floats = NDArray[np.float64]

DRAWS = 500
SLOPE_DRAWS = 100
BOUNDS = (0.025, 0.975)
FLAT = 1e-3
"""Log-odds that differ by less have no slope to speak of."""


@dataclass(frozen=True)
class SeedResult:
    """One method on one seed of one set, all folds one after the other. seconds: of all folds."""

    log_odds: Floats
    won: NDArray[np.int8]
    groups: NDArray[np.int64]
    block: NDArray[np.intp]
    seconds: float

    @property
    def losses(self) -> Floats:
        """Of each deal, in nats."""
        return log_losses(self.log_odds, self.won)

    @property
    def is_constant(self) -> bool:
        """Whether it says the same of all deals of each fold: then there is no slope, and no ranking to speak of."""
        return all(np.ptp(self.log_odds[self.block == block]) < FLAT for block in np.unique(self.block))


Results = Mapping[int, SeedResult]
"""By seed."""


def result_of(keys: Sequence[CellKey], plan: Plan, prediction: str = "log_odds") -> SeedResult | None:
    """A method's predictions on one seed from its cells; None where one is missing or lacks that prediction."""
    paths = [path_of(key, plan) for key in keys]
    if not all(path.exists() for path in paths):
        return None
    cells = [read_cell(path) for path in paths]
    if any(prediction not in cell.predictions for cell in cells):
        return None
    judged = [read_judged(fold_folder(key)) for key in keys]
    sizes = [len(won) for won, _ in judged]
    return SeedResult(
        log_odds=np.concatenate([cell.predictions[prediction] for cell in cells]),
        won=np.concatenate([won for won, _ in judged]),
        groups=np.concatenate([groups for _, groups in judged]),
        block=np.repeat(np.arange(len(keys)), sizes),
        seconds=sum(cell.seconds for cell in cells),
    )


def predictions_in(keys: Sequence[CellKey], plan: Plan) -> tuple[str, ...]:
    """The names of what a method predicted, `log_odds` first; none where no cell is there."""
    paths = [path for key in keys if (path := path_of(key, plan)).exists()]
    return tuple(read_cell(paths[0]).predictions) if paths else ()


@dataclass(frozen=True)
class Figures:
    """Means over seeds. losses: log loss of each seed. slope: with its 95 % interval; None for a constant."""

    losses: dict[int, float]
    auc: float
    brier: float
    slope: Estimate | None
    seconds: float

    @property
    def loss(self) -> float:
        """Mean log loss over seeds."""
        return float(np.mean(list(self.losses.values())))


def figures_of(results: Results) -> Figures:
    """What a method is worth on a set."""
    each = list(results.values())
    once = [np.ones(len(r.won)) for r in each]
    return Figures(
        losses={seed: float(r.losses.mean()) for seed, r in results.items()},
        auc=float(np.mean([auc(r.log_odds, r.won, w) for r, w in zip(each, once, strict=True)])),
        brier=float(np.mean([brier(r.log_odds, r.won, w) for r, w in zip(each, once, strict=True)])),
        slope=None if any(r.is_constant for r in each) else _slope(each),
        seconds=float(np.mean([r.seconds for r in each])),
    )


def _slope(each: Sequence[SeedResult]) -> Estimate:
    """Mean slope over seeds; each draw resamples the accounts of every seed."""
    value = np.mean([calibration(r.log_odds, r.won, np.ones(len(r.won)))[1] for r in each])
    drawn = [
        [calibration(r.log_odds, r.won, w)[1] if 0 < w @ r.won < w.sum() else np.nan for w in draws]
        for r in each
        if (draws := list(resamples(r.groups, SLOPE_DRAWS, seed=1)))
    ]
    low, high = np.nanquantile(np.nanmean(drawn, axis=0), BOUNDS)
    return Estimate(float(value), float(low), float(high))


@dataclass(frozen=True)
class Paired:
    """Our method beside another on the same seeds, folds and accounts.

    ours, other, base: mean log losses. difference: ours minus other, with its 95 % interval. draws: (DRAWS, 3)
    resampled losses of ours, other and base.
    """

    ours: float
    other: float
    base: float
    difference: Estimate
    draws: Floats

    @property
    def behind(self) -> float:
        """By how much of the other's log loss ours is larger; negative where ours is smaller."""
        return self.difference.value / self.other

    @property
    def skills(self) -> tuple[float, float]:
        """Share of the base rate's log loss removed, by ours and by the other."""
        return 1.0 - self.ours / self.base, 1.0 - self.other / self.base


def paired(ours: Results, other: Results, base: Results, *, shared: bool) -> Paired | None:
    """Over the seeds that all three have; None where there is none. shared: an account is the same on all seeds."""
    seeds = [seed for seed in ours if seed in other and seed in base]
    if not seeds:
        return None
    strata = [_by_account([each[seed] for each in (ours, other, base)]) for seed in seeds]
    if shared:
        strata = [_added(strata)]
    totals = [np.concatenate([losses, counts[:, None]], axis=1) for _, losses, counts in strata]
    means = sum(part.sum(axis=0) for part in totals)
    rng = np.random.default_rng(1)
    draws = np.array([sum(_drawn(part, rng) for part in totals) for _ in range(DRAWS)])
    drawn = draws[:, :3] / draws[:, 3:]
    low, high = np.quantile(drawn[:, 0] - drawn[:, 1], BOUNDS)
    found = means[:3] / means[3]
    difference = Estimate(float(found[0] - found[1]), float(low), float(high))
    return Paired(float(found[0]), float(found[1]), float(found[2]), difference, drawn)


def _drawn(totals: Floats, rng: np.random.Generator) -> Floats:
    accounts = len(totals)
    times = np.bincount(rng.integers(0, accounts, accounts), minlength=accounts)
    return np.asarray(times @ totals, dtype=np.float64)


ByAccount = tuple[NDArray[np.int64], Floats, Floats]
"""Accounts; summed losses of each method, (accounts, methods); deals."""


def _by_account(each: Sequence[SeedResult]) -> ByAccount:
    names, member = np.unique(each[0].groups, return_inverse=True)
    losses = np.column_stack([np.bincount(member, weights=r.losses) for r in each]).astype(np.float64)
    return names, losses, np.bincount(member).astype(np.float64)


def _added(strata: Sequence[ByAccount]) -> ByAccount:
    names, member = np.unique(np.concatenate([s[0] for s in strata]), return_inverse=True)
    losses, counts = np.concatenate([s[1] for s in strata]), np.concatenate([s[2] for s in strata])
    added = np.column_stack([np.bincount(member, weights=column) for column in losses.T])
    return names, added.astype(np.float64), np.bincount(member, weights=counts).astype(np.float64)


def accepted_seeds(ours: Results, base: Results, plans: Mapping[int, Plan]) -> tuple[int, ...]:
    """Those on which `icp train` would not refuse: enough accounts, and a ranking that beats chance beyond noise."""
    return tuple(
        seed
        for seed, result in ours.items()
        if plans[seed].enough and measure_skill(_judged(result, base[seed]), seed, plans[seed].widening).is_reliable
    )


def _judged(ours: SeedResult, base: SeedResult) -> Judged:
    return Judged(ours.log_odds, base.log_odds, ours.won, ours.groups, ours.block)


def with_refusals(ours: Results, base: Results, accepted: Sequence[int]) -> Results:
    """Ours where it is accepted, the base rate elsewhere."""
    return {seed: result if seed in accepted else base[seed] for seed, result in ours.items()}
