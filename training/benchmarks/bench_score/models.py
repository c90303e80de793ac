"""Made-up models as bundles: a scorecard, exactly so many trees, a stack and tiers, learned from made-up deals.

Members, stack and cuts are fitted by the code that `icp train` uses; there is no search, no evaluation and no ICP, of
which scoring reads nothing: their places say that nothing was judged. Beside the bundle lie the recipe and the trees
for the peers.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from benchmarks.bench_score.made_up import blocks, outcomes
from benchmarks.bench_score.recipe import TREES, Recipe, RecipeColumn, write_recipe
from benchmarks.bench_score.sizes import AS_OF, ID, SIZES, Columns, Size
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.kinds import parse_attributes
from icp_ml.deals.policy import TiersSettings
from icp_ml.deals.settings import AXIS_OF_LAYER, Kind, Layer, ProspectsSettings
from icp_ml.deals.vocabulary import FIRST_VALUE_CODE, ModelColumn
from icp_ml.model.metrics import log_losses
from icp_ml.model.scorecard import ColumnPoints, ScorecardParams, fit_scorecard
from icp_ml.model.splits import complement, grouped_folds
from icp_ml.model.stack import fit_stack
from icp_ml.model.tier_cuts import fit_cuts
from icp_ml.model.trees import TreeParams, Trees, fit_trees
from icp_ml.model.win_model import TrainingRows, WinModel, cross_scorecard, training_rows
from icp_ml.profile.records import Interval, Profile, Provenance, Verdict
from icp_ml.profile.reference import draw_reference
from icp_ml.profile.tiering import Policy, Tiering
from icp_ml.profile.tiers import QUADRANTS, TieredDeals, measure_tiers, objective_sentence
from icp_ml.profile.wording import label_texts
from icp_ml.serve.bundle import Bundle, open_bundle, write_bundle
from icp_ml.serve.golden import make_golden
from icp_ml.serve.tier_book import QUADRANT_TEXTS, TierBook

SEED: Final = 7
FOLDS: Final = 2
"""Of the stack and the cuts: two are enough for a model that nobody will believe."""
LAYERS: Final[tuple[Layer, ...]] = ("firmographic", "technographic", "behavioural", "engagement")
KINDS: Final[dict[str, Kind]] = {"number": "number", "category": "category", "flag": "flag"}
BUNDLE: Final = "bundle"


def make(size: Size, folder: Path) -> None:
    """Write bundle, recipe and trees of a size into the new folder `folder`."""
    folder.mkdir(parents=True)
    deals = learn_from(size)
    made = bundle_of(size, deals)
    write_bundle(made, folder / BUNDLE)
    stored = open_bundle(folder / BUNDLE).bundle
    (folder / TREES).write_text(stored.model.trees.text, encoding="utf-8")
    write_recipe(recipe_of(stored), folder)


def attributes_of(columns: Columns) -> tuple[Attribute, ...]:
    """Its attributes, in turn over the layers."""
    return tuple(
        Attribute(name, name, KINDS[name.partition("_")[0]], layer, AXIS_OF_LAYER[layer])
        for name, layer in zip(columns.names, LAYERS * len(columns.names), strict=False)
    )


def learn_from(size: Size) -> TrainingRows:
    """Made-up deals, each of an account of its own."""
    table = pa.Table.from_batches(list(blocks(size.columns, size.deals, SEED))).unify_dictionaries()
    attributes = attributes_of(size.columns)
    parsed = parse_attributes(table, attributes, None)
    return training_rows(parsed, attributes, outcomes(table, size.columns, SEED), np.arange(size.deals))


@dataclass(frozen=True)
class _Learned:
    """A model, and the log-odds, (n,), that its members say of deals they had not seen."""

    model: WinModel
    log_odds: NDArray[np.float64]


def bundle_of(size: Size, deals: TrainingRows) -> Bundle:
    """The bundle: stack and tiers from members out of fold, then both members on all deals."""
    learned = _learned(size, deals)
    settings = TiersSettings()
    cuts = fit_cuts(learned.log_odds, deals.won, deals.groups, settings).cuts
    tiered = TieredDeals(cuts.tiers(learned.log_odds), deals.won, deals.groups)
    attributes = attributes_of(size.columns)
    return Bundle(
        provenance=_provenance(size),
        attributes=attributes,
        prospects=ProspectsSettings(id=ID),
        model=learned.model,
        tiering=Tiering(settings, cuts, measure_tiers(tiered, cuts, objective_sentence(settings))),
        policy=Policy(),
        profile=_profile(deals),
        reference=draw_reference(deals.rows, deals.vocabulary.columns, learned.log_odds),
        verdict=_verdict(deals, learned),
        golden=make_golden(learned.model, attributes, date.fromisoformat(AS_OF), SEED),
    )


def _learned(size: Size, deals: TrainingRows) -> _Learned:
    folds = grouped_folds(deals.groups, deals.won, FOLDS, SEED)
    on_card = cross_scorecard(deals, ScorecardParams(), folds)
    on_trees = np.empty(len(deals.won))
    for fold in folds:
        grown = _trees(size, deals.take(complement(fold, len(deals.won))))
        on_trees[fold] = grown.log_odds(deals.rows[fold])
    stack = fit_stack([on_card, on_trees], deals.won, folds)
    scorecard = fit_scorecard(deals.rows, deals.won, deals.vocabulary.columns, ScorecardParams())
    model = WinModel(deals.vocabulary, scorecard, _trees(size, deals), stack)
    return _Learned(model, stack.combine([on_card, on_trees]))


def _trees(size: Size, deals: TrainingRows) -> Trees:
    """As many and as deep as the size says."""
    params = TreeParams(num_leaves=2**size.depth, max_depth=size.depth, learning_rate=0.03)
    return fit_trees(deals.rows, deals.won, deals.vocabulary.columns, params, rounds=size.trees, seed=SEED)


def _provenance(size: Size) -> Provenance:
    return Provenance(
        name=f"made up {size.name}",
        version=1,
        created=f"{AS_OF}T00:00:00",
        code_version="0.1.0",
        target="won",
        config_hash="0" * 64,
        data_hash="0" * 64,
        run_id=None,
        extracted=AS_OF,
        ledger={"read": size.deals, "accepted": size.deals},
        params={},
        trials=0,
        seed=SEED,
    )


def _not_judged(value: float = float("nan")) -> Interval:
    return Interval(value=value, low=float("nan"), high=float("nan"))


def _profile(deals: TrainingRows) -> Profile:
    count = len(deals.won)
    return Profile(
        target="won",
        deals=count,
        accounts=count,
        win_rate=_not_judged(float(deals.won.mean())),
        attributes=(),
        layer_shares={},
        axis_shares={},
    )


def _verdict(deals: TrainingRows, learned: _Learned) -> Verdict:
    found = {"log_loss": _not_judged(float(log_losses(learned.log_odds, deals.won).mean()))}
    return Verdict(
        kind="grouped",
        sentence="A made-up model of made-up deals, to measure speed; it was not judged.",
        reliable=False,
        deals=len(deals.won),
        accounts=len(deals.won),
        skill=float("nan"),
        ranking=_not_judged(),
        gain=_not_judged(),
        levels=(),
        figures={"icp-ml": found},
        returning=None,
        random_split={},
        warnings=(),
    )


def recipe_of(bundle: Bundle) -> Recipe:
    """The same model as plain values."""
    model, cuts, actions = bundle.model, bundle.tiering.cuts, bundle.policy.actions
    by_name = {attribute.name: attribute for attribute in bundle.attributes}
    pairs = zip(model.vocabulary.columns, model.scorecard.columns, strict=True)
    book = TierBook(cuts, actions, model.base, model.vocabulary.columns)
    return Recipe(
        id=ID,
        columns=tuple(_column(column, points, by_name[column.attribute]) for column, points in pairs),
        weights=(model.stack.weights[0], model.stack.weights[1]),
        scorecard_base=model.scorecard.base,
        trees_base=model.trees.base,
        base_rate=model.stack.base_rate,
        shift=model.stack.shift,
        anchor=model.shift,
        knots=(cuts.low, *cuts.log_odds[::-1], cuts.high),
        scores=(0.0, *cuts.scores[::-1], 100.0),
        bounds=cuts.log_odds,
        tiers=cuts.labels,
        actions=tuple(tuple(actions.action(label, each) for each in QUADRANTS) for label in cuts.labels),
        quadrants=tuple(QUADRANT_TEXTS[each] for each in QUADRANTS),
        parts=book.parts,
    )


def _column(column: ModelColumn, points: ColumnPoints, attribute: Attribute) -> RecipeColumn:
    return RecipeColumn(
        name=column.name,
        kind=column.kind,
        layer=column.layer,
        axis=column.axis,
        levels=column.levels[FIRST_VALUE_CODE:],
        fill=column.fill,
        thresholds=tuple(points.thresholds.tolist()),
        points=tuple((points.points - points.mean).tolist()),
        labels=label_texts(attribute, column, points),
    )


def main() -> None:
    """Make the model that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("size", choices=list(SIZES))
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    make(SIZES[asked.size], asked.folder)


if __name__ == "__main__":
    main()
