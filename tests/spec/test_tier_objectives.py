"""Which tier a deal is in, and what is done there, as tables to argue over; the answers are worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
import yaml

from icp_ml.deals.policy import ActionsSettings, Quadrant, TiersSettings
from icp_ml.deals.settings import parse_settings
from icp_ml.model.tier_cuts import fit_cuts

# Ten deals by falling log-odds; those of one letter have the same. Tiers of each deal, "o" being out of scope.
LADDER = "a b c d e f g h i j"
OBJECTIVES = """
    {objective: capacity, capacity: {1: .1, 2: .3, 3: .6}}               | a b c d e f g h i j | 1 2 2 3 3 3 o o o o
    {objective: capacity, capacity: {1: .25, 2: .3, 3: .99}}             | a b c d e f g h i j | 1 1 2 3 3 3 3 3 3 o
    {objective: capacity, capacity: {1: .1, 2: .3, 3: .6}}               | a b b b c d e f g h | 1 3 3 3 3 3 o o o o
    {objective: capacity, capacity: {1: .1, 2: .3, 3: .6}}               | a a b c d e f g h i | 2 2 2 3 3 3 o o o o
    {1: 80, 2: 60, objective: capacity, capacity: {1: .2, 2: .5}}        | a b c d e f g h i j | 1 1 2 2 2 3 3 3 3 3
    {objective: fixed, fixed: {1: .9, 2: .5, 3: .05}}                    | a b c d e f g h i j | 1 1 1 2 2 2 3 3 o o
    {objective: cost, cost: {1: 90, 2: 50, 3: 5, value_of_win: 100}}     | a b c d e f g h i j | 1 1 1 2 2 2 3 3 o o
"""
# From a to j: 5, 4, 3, 2, 1, 0, -1, -2, -3, -4. As probabilities: .99 .98 .95 .88 .73 .5 .27 .12 .047 .018.


@pytest.mark.parametrize("line", OBJECTIVES.strip().splitlines())
def test_tiers_of_a_ladder(line: str) -> None:
    text, deals, wanted = (cell.strip() for cell in line.split("|"))
    settings = parse_settings(TiersSettings, yaml.safe_load(text))
    log_odds = np.array([5.0 - LADDER.split().index(deal) for deal in deals.split()])
    won = (log_odds > 1).astype(np.int8)
    cuts = fit_cuts(log_odds, won, np.arange(len(won)), settings).cuts
    # A tier that ties left no room for is merged into the next one: "1-2" is written as the worse of both.
    names = [cuts.labels[place].rpartition("-")[2].replace("out of scope", "o") for place in cuts.tiers(log_odds)]
    assert names == wanted.split()


ACTIONS = """
    tier          | both              | fit               | intent            | neither           | one axis
    1             | rep now           | standard sequence | standard sequence | rep now           | rep now
    2             | standard sequence | automated nurture | distraction       | automated nurture | standard sequence
    1-2           | standard sequence | automated nurture | distraction       | automated nurture | standard sequence
    3             | automated nurture | automated nurture | distraction       | automated nurture | automated nurture
    2-3           | automated nurture | automated nurture | distraction       | automated nurture | automated nurture
    out of scope  | not now           | not now           | not now           | not now           | not now
    excluded      | excluded          | excluded          | excluded          | excluded          | excluded
"""
COLUMNS: tuple[Quadrant | None, ...] = ("both", "fit", "intent", "neither", None)


@pytest.mark.parametrize("line", ACTIONS.strip().splitlines()[1:])
def test_the_default_action_of_each_tier_and_quadrant(line: str) -> None:
    tier, *wanted = (cell.strip() for cell in line.split("|"))
    found = [ActionsSettings().action(tier, quadrant) for quadrant in COLUMNS]
    assert all(action.startswith(text) for action, text in zip(found, wanted, strict=True)), found
