"""Running the judgement: in each fold search, fit and predict on that fold's own training deals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.contract import DealTable
from icp_ml.deals.kinds import ParsedTable
from icp_ml.deals.policy import TiersSettings
from icp_ml.model.baseline import logistic_log_odds
from icp_ml.model.judgement import Judgement
from icp_ml.model.metrics import Estimate, Judged, estimate_all
from icp_ml.model.skill import Skill, measure_skill
from icp_ml.model.splits import Fold
from icp_ml.model.stack import base_rate_log_odds
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.tiers import Cuts
from icp_ml.model.win_model import ModelParams, TrainingRows, WinModel, fit_members, fit_win_model, training_rows
from icp_training.adapting import Adaptation, adaptation_of
from icp_training.cores import ROWS_IN_STEP, one_core_each
from icp_training.search import MOST_SEARCH_ROWS, Budget, sample_groups, search

Floats = NDArray[np.float64]

WORKERS = 2
USUAL_TIERS = TiersSettings()
RANDOM_FOLDS = 5
EMPTIED = "icp-ml as empty as the list"
"""What the model's figures are called on deals from which values were taken away."""
NOT_ADAPTED = "not adapted"
NOT_ADAPTED_EMPTIED = "not adapted as empty as the list"
"""The same of a model that learned from the deals alone, where the model itself learned from masked copies too."""
OF_A_CONSTANT = ("log_loss", "brier", "observed_over_expected")
"""The metrics that mean something for a guess that ranks nothing."""


@dataclass(frozen=True)
class FoldResult:
    """Predictions of one fold: log-odds for its test rows by the model, a logistic regression, and the base rate.

    returning: the model's for deals of accounts that it had learnt from. cuts: where tiers start, by the fold's own
    training deals. fitted: the model itself, with its parameters. unadapted: one that learned without the masked
    copies, with the same parameters; None where there are none.
    """

    fold: Fold
    model: Floats
    logistic: Floats
    base: float
    returning: Floats
    cuts: Cuts
    fitted: WinModel
    params: ModelParams = ModelParams()
    unadapted: WinModel | None = None


@dataclass(frozen=True)
class Evaluation:
    """What the deals say about the model.

    judged: predictions of all folds, one fold after the other. figures: metric by method ("icp-ml",
    "logistic regression", "base rate"). random_split: the metrics of a random split with fixed parameters, for the
    record of its optimism. returning: metrics on deals of accounts that were learnt from, or None if too few.
    adaptation: what masked copies brought, None where there are none.
    """

    judgement: Judgement
    results: tuple[FoldResult, ...]
    judged: Judged
    skill: Skill
    figures: dict[str, dict[str, Estimate]]
    returning: dict[str, Estimate] | None
    random_split: dict[str, Estimate]
    adaptation: Adaptation | None = None


OnFold = Callable[[int, int], None]


def evaluate(
    deals: DealTable,
    judgement: Judgement,
    budget: Budget,
    seed: int,
    on_fold: OnFold | None = None,
    *,
    tiers: TiersSettings = USUAL_TIERS,
    emptied: ParsedTable | None = None,
) -> Evaluation:
    """Judge the whole way of making a model, search and tiers included, on deals it did not see.

    emptied: the attributes of the deals with values taken away, on which the same models are judged once more.
    """
    results = tuple(run_folds(deals, judgement, budget, seed, on_fold, tiers=tiers))
    judged = pool(deals, results)
    methods = _methods(deals, judged, results, emptied)
    return Evaluation(
        judgement=judgement,
        results=results,
        judged=judged,
        skill=measure_skill(judged, seed, judgement.widening),
        figures=_figures(judged, methods, seed),
        returning=_returning(deals, results, seed),
        random_split=random_split(deals, seed),
        adaptation=_adaptation(judged, methods, seed),
    )


def run_folds(
    deals: DealTable,
    judgement: Judgement,
    budget: Budget,
    seed: int,
    on_fold: OnFold | None = None,
    *,
    workers: int = WORKERS,
    tiers: TiersSettings = USUAL_TIERS,
) -> Iterable[FoldResult]:
    """The judgement's folds in their order, `workers` at a time where there are few deals."""
    at_a_time = workers if len(deals.won) < ROWS_IN_STEP else 1
    with one_core_each(len(deals.won)), ThreadPoolExecutor(at_a_time) as pool:
        running = pool.map(lambda fold: judge_fold(deals, fold, budget, seed, tiers), judgement.folds)
        for done, result in enumerate(running, start=1):
            if on_fold is not None:
                on_fold(done, len(judgement.folds))
            yield result


def judge_fold(
    deals: DealTable, fold: Fold, budget: Budget, seed: int, tiers: TiersSettings = USUAL_TIERS
) -> FoldResult:
    """Search with a fifth of the trials on the fold's training deals, fit, cut tiers, and predict its test deals."""
    data = rows_to_learn_from(deals, fold.train)
    found = search(data, budget.fifth(), seed)
    model = fit_members(data, found.best, found.crossed, seed)
    test = model.vocabulary.encode(deals.parsed.take(fold.test))
    returning = model.vocabulary.encode(deals.parsed.take(fold.returning))
    columns = model.vocabulary.columns
    return FoldResult(
        fold=fold,
        model=model.log_odds(test),
        logistic=logistic_log_odds(data.rows, data.won, test, columns),
        base=base_rate_log_odds(data.won),
        returning=model.log_odds(returning) if len(fold.returning) else np.empty(0),
        cuts=fit_cuts(found.crossed.log_odds, data.won, data.groups, tiers).cuts,
        fitted=model,
        params=found.best,
        unadapted=_unadapted(deals, fold, found.best, seed),
    )


def _unadapted(deals: DealTable, fold: Fold, params: ModelParams, seed: int) -> WinModel | None:
    if not deals.copies:
        return None
    return fit_win_model(rows_to_learn_from(replace(deals, copies=()), fold.train), params, seed)


def rows_to_learn_from(deals: DealTable, rows: NDArray[np.intp]) -> TrainingRows:
    """These deals, graded among themselves and encoded by a vocabulary of their own."""
    chosen, groups = deals.take(rows).graded_anew(), deals.groups()[rows]
    return training_rows(chosen.parsed, chosen.attributes, chosen.won, groups, chosen.weights, copies=chosen.copies)


def judged_rows(results: Sequence[FoldResult]) -> NDArray[np.intp]:
    """The deals that were judged, all folds one after the other, as in `Judged`."""
    return np.concatenate([result.fold.test for result in results])


def pool(deals: DealTable, results: Sequence[FoldResult]) -> Judged:
    """The predictions of all folds, one after the other."""
    rows = judged_rows(results)
    sizes = [len(result.fold.test) for result in results]
    return Judged(
        log_odds=np.concatenate([result.model for result in results]),
        base=np.repeat([result.base for result in results], sizes),
        won=deals.won[rows],
        groups=deals.groups()[rows],
        block=np.repeat(np.arange(len(results)), sizes),
    )


def figures_of(
    deals: DealTable, judged: Judged, results: Sequence[FoldResult], seed: int
) -> dict[str, dict[str, Estimate]]:
    """Every metric on the judged deals, by method. judged: the pooled results."""
    return _figures(judged, _methods(deals, judged, results, None), seed)


def _methods(
    deals: DealTable, judged: Judged, results: Sequence[FoldResult], emptied: ParsedTable | None
) -> dict[str, Floats]:
    """Log-odds of the judged deals by each method."""
    logistic = np.concatenate([result.logistic for result in results])
    methods = {"icp-ml": judged.log_odds, "logistic regression": logistic, "base rate": judged.base}
    if emptied is not None:
        methods[EMPTIED] = np.concatenate([judged_again(result, emptied) for result in results])
    plain = [(result.unadapted, result.fold) for result in results if result.unadapted is not None]
    for name, parsed in ((NOT_ADAPTED, deals.parsed), (NOT_ADAPTED_EMPTIED, emptied)):
        if plain and parsed is not None:
            methods[name] = np.concatenate([_on_test_rows(model, fold, parsed) for model, fold in plain])
    return methods


def _adaptation(judged: Judged, methods: Mapping[str, Floats], seed: int) -> Adaptation | None:
    if NOT_ADAPTED_EMPTIED not in methods:
        return None
    own, plain = (
        [methods[name] for name in pair] for pair in (("icp-ml", EMPTIED), (NOT_ADAPTED, NOT_ADAPTED_EMPTIED))
    )
    return adaptation_of(judged, own, plain, seed)


def _figures(judged: Judged, methods: Mapping[str, Floats], seed: int) -> dict[str, dict[str, Estimate]]:
    figures = {name: estimate_all(z, judged.won, judged.groups, seed) for name, z in methods.items()}
    figures["base rate"] = {name: figures["base rate"][name] for name in OF_A_CONSTANT}
    return figures


def judged_again(result: FoldResult, emptied: ParsedTable) -> Floats:
    """Log-odds of a fold's test rows by its own model. emptied: the attributes of all deals, in part taken away."""
    return _on_test_rows(result.fitted, result.fold, emptied)


def _on_test_rows(model: WinModel, fold: Fold, parsed: ParsedTable) -> Floats:
    return model.log_odds(model.vocabulary.encode(parsed.take(fold.test)))


def _returning(deals: DealTable, results: tuple[FoldResult, ...], seed: int) -> dict[str, Estimate] | None:
    rows = np.concatenate([result.fold.returning for result in results])
    won = deals.won[rows]
    if not 0 < won.sum() < len(won):
        return None
    log_odds = np.concatenate([result.returning for result in results])
    return estimate_all(log_odds, won, deals.groups()[rows], seed)


def random_split(deals: DealTable, seed: int) -> dict[str, Estimate]:
    """What a random split would have claimed: accounts and dates ignored, parameters fixed, at most 20,000 deals.

    Few deals are each judged in one of five parts; of many, one part is enough to judge by.
    """
    kept = sample_groups(np.arange(len(deals.won)), MOST_SEARCH_ROWS, seed)
    parts = np.array_split(np.random.default_rng(seed).permutation(kept), RANDOM_FOLDS)
    judged = parts if len(kept) < ROWS_IN_STEP else parts[:1]
    log_odds = np.concatenate([_judged_blindly(deals, kept, held_out, seed) for held_out in judged])
    rows = np.concatenate(judged)
    return estimate_all(log_odds, deals.won[rows], rows.astype(np.int64), seed)


def _judged_blindly(deals: DealTable, kept: NDArray[np.intp], held_out: NDArray[np.intp], seed: int) -> Floats:
    """Log-odds of the rows held out, by a model of the others of those kept that takes each for an account."""
    rest = np.setdiff1d(kept, held_out)
    blind = replace(rows_to_learn_from(deals, rest), groups=np.arange(len(rest), dtype=np.int64))
    model = fit_win_model(blind, ModelParams(), seed)
    return model.log_odds(model.vocabulary.encode(deals.parsed.take(held_out)))
