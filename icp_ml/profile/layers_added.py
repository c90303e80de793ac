"""What each layer of attributes adds, fit first: to the order of deals, to how many are worth a call, to their wins.

    up to firmographic      base + its contributions                       AUC 0.62   18 % above, 41 % of them won
    up to technographic     the same + the contributions of technology     AUC 0.68   24 %                48 %
    up to behavioural       ...

Every deal is asked about by a model that had not seen its account: that model's own contributions are added up layer
by layer, and its own cut of tier 1 is asked. The last step is the model itself.

Contributions share among correlated attributes what they say together. A step is therefore what the layers up to it
carry *in this model*, and not what a model of these layers alone would reach, which could be more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.settings import Layer
from icp_ml.deals.vocabulary import ModelColumn
from icp_ml.model.metrics import RESAMPLES, auc, log_loss, resamples
from icp_ml.profile.rates import win_rate
from icp_ml.profile.records import Interval, Record

Floats = NDArray[np.float64]

ORDER: Final[tuple[Layer, ...]] = ("firmographic", "technographic", "behavioural", "engagement")
"""Fit before intent, and on each axis what is known of more companies first."""
MOST_FIRMOGRAPHIC: Final = 0.80
"""Share of the explanation over which firmographic attributes carry too much: the field's working figure."""
CONFIDENCE: Final = 0.95
AUC, LOG_LOSS = 0, 1


class LayerStep(Record):
    """Judged deals, scored by the layers up to `layer`; intervals at 95 % over accounts.

    auc_gained, log_loss_saved: against the step before, on the same resamples; against the base rate for the first.
    above: deals at or above the cut of tier 1, by the log-odds so far. share_above: of all judged deals. win_rate: of
    those above, its bounds 0 and 1 where there are none. list_above: the share of a list, None where there is no list.
    """

    layer: Layer
    auc: Interval
    auc_gained: Interval
    log_loss: Interval
    log_loss_saved: Interval
    above: int
    share_above: Interval
    win_rate: Interval
    list_above: float | None = None


@dataclass(frozen=True)
class LayeredRows:
    """Rows of a list, or deals, as one model or several have them.

    by_layer: (n, 4), contributions summed within each layer of `ORDER`, in log-odds. base: (n,), what they add to.
    cut: (n,), log-odds at which tier 1 starts. used: layers that some model has a column of, in the order of `ORDER`.
    """

    by_layer: Floats
    base: Floats
    cut: Floats
    used: tuple[Layer, ...]

    def steps(self) -> Iterator[tuple[Layer, Floats]]:
        """Each used layer with the log-odds of all rows up to it, (n,)."""
        so_far = self.base
        for layer in self.used:
            so_far = so_far + self.by_layer[:, ORDER.index(layer)]
            yield layer, so_far


def layered(contributions: Floats, columns: Sequence[ModelColumn], base: float, cut: float) -> LayeredRows:
    """Rows by one model. contributions: (n, p), one column for each of `columns`."""
    by_layer = np.zeros((len(contributions), len(ORDER)))
    for j, column in enumerate(columns):
        by_layer[:, ORDER.index(column.layer)] += contributions[:, j]
    rows = len(contributions)
    used = tuple(layer for layer in ORDER if layer in {column.layer for column in columns})
    return LayeredRows(by_layer, np.full(rows, base), np.full(rows, cut), used)


def pooled_layers(several: Sequence[LayeredRows]) -> LayeredRows:
    """The rows of several models, one after the other; a layer that a model does not use adds nothing there."""
    used = {layer for each in several for layer in each.used}
    return LayeredRows(
        by_layer=np.concatenate([each.by_layer for each in several]),
        base=np.concatenate([each.base for each in several]),
        cut=np.concatenate([each.cut for each in several]),
        used=tuple(layer for layer in ORDER if layer in used),
    )


def layers_added(
    deals: LayeredRows,
    won: NDArray[np.int8],
    groups: NDArray[np.int64],
    seed: int,
    *,
    listed: LayeredRows | None = None,
    count: int = RESAMPLES,
) -> tuple[LayerStep, ...]:
    """A step for each layer that is used. deals: judged ones, by models that had not seen them.

    won, groups: (n,), both outcomes present. listed: rows of a list by the published model, for how many of them are
    above its cut. Resamples and figures are those of `metrics.estimate_all`.
    """
    steps = list(deals.steps())
    every = np.array([deals.base, *(log_odds for _, log_odds in steps)])
    found = _resampled(lambda weights: _figures(every, won, weights), won, groups, seed, count)
    of_list = {} if listed is None else dict(above_cut(listed))
    everyone = np.ones(len(won), dtype=bool)
    return tuple(
        LayerStep(
            layer=layer,
            auc=found.at(AUC, place),
            auc_gained=found.rise(AUC, place - 1, place),
            log_loss=found.at(LOG_LOSS, place),
            log_loss_saved=found.rise(LOG_LOSS, place, place - 1),
            above=int((log_odds >= deals.cut).sum()),
            share_above=win_rate((log_odds >= deals.cut).astype(np.int8), groups, everyone),
            win_rate=win_rate(won, groups, log_odds >= deals.cut),
            list_above=of_list.get(layer),
        )
        for place, (layer, log_odds) in enumerate(steps, start=1)
    )


def above_cut(rows: LayeredRows) -> Iterator[tuple[Layer, float]]:
    """Each layer with the share of the rows at or above the cut of tier 1 by the layers up to it; 0 of no rows."""
    for layer, log_odds in rows.steps():
        yield layer, float((log_odds >= rows.cut).mean()) if len(log_odds) else 0.0


def carried_by_firmographics(shares: Mapping[Layer, float]) -> str | None:
    """A warning where firmographic attributes carry over 80 % of the explanation. shares: adding to 1."""
    share = shares.get("firmographic", 0.0)
    if share <= MOST_FIRMOGRAPHIC:
        return None
    others = [layer for layer in ORDER[1:] if layer in shares]
    advice = (
        "the model has no attribute of any other kind; declare technologies and signals"
        if not others
        else f"what is {' and '.join(others)} says little beside it; look whether these attributes are filled in"
    )
    return (
        f"Firmographic attributes carry {share:.0%} of the explanation; over {MOST_FIRMOGRAPHIC:.0%} a model knows who "
        f"fits and little of who is ready to buy: {advice}."
    )


@dataclass(frozen=True)
class _Resampled:
    """AUC and log loss of the base rate, then of each step: found (2, steps), and in resamples, (draws, 2, steps)."""

    found: Floats
    draws: Floats

    def at(self, figure: int, step: int) -> Interval:
        return _interval(self.found[figure, step], self.draws[:, figure, step])

    def rise(self, figure: int, first: int, second: int) -> Interval:
        """By how much the second step's figure is above the first one's, on the same resamples."""
        risen = self.draws[:, figure, second] - self.draws[:, figure, first]
        return _interval(self.found[figure, second] - self.found[figure, first], risen)


def _figures(every: Floats, won: NDArray[np.int8], weights: Floats) -> Floats:
    """float64[2, steps]: AUC and log loss. every: (steps, n), log-odds."""
    return np.array([[measure(log_odds, won, weights) for log_odds in every] for measure in (auc, log_loss)])


def _resampled(
    measure: Callable[[Floats], Floats], won: NDArray[np.int8], groups: NDArray[np.int64], seed: int, count: int
) -> _Resampled:
    """The figures of all deals, and of each resample that holds both outcomes."""
    draws = [measure(weights) for weights in resamples(groups, count, seed) if 0 < weights @ won < weights.sum()]
    return _Resampled(measure(np.ones(len(won))), np.array(draws))


def _interval(value: float, draws: Floats) -> Interval:
    low, high = np.quantile(draws, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Interval(value=float(value), low=float(low), high=float(high))
