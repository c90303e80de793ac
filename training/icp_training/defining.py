"""The step of the line that writes the ICP down: from what was fitted to the definition in the bundle."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from icp_ml.deals.conditions import bind_condition
from icp_ml.deals.measures import months_after
from icp_ml.profile.criteria import Ground
from icp_ml.profile.defining import Said, Tiered, define
from icp_ml.profile.definition import Definition
from icp_ml.profile.widening import AnsweredDeals, Widened, common_levels, widened_on_deals, widenings
from icp_training.closed_won import closed_won
from icp_training.config import Config
from icp_training.cores import one_core_each
from icp_training.pipeline import Fitted, Judged, OnStep, silent
from icp_training.potential import asked_of
from icp_training.proposing import suggested

MONTHS_TO_REVIEW = 3
"""An ICP is looked at again every quarter (the field's advice)."""


def with_definition(config: Config, judged: Judged, fitted: Fitted, on_step: OnStep = silent) -> Fitted:
    """The same with the ICP as a definition, and what people say of it.

    Raises `ConfigError` where a pinned, banned or assumed condition does not fit the attributes.
    """
    on_step("writing the ICP down", 0, 1)
    deals = judged.deals
    ground = Ground(fitted.evidence, deals.parsed, fitted.found.best.scorecard, config.seed)
    tiered = Tiered(fitted.tiering.cuts, fitted.found.crossed.log_odds)
    asked = asked_of(config)
    with one_core_each(len(deals.won)):
        closed = closed_won(deals, config.seed, unit="" if asked is None else asked.currency, settings=config.segments)
        found = suggested(deals, config.seed)
        closed = closed.model_copy(update={"clusters": found.clusters})
        proposals = (*found.exclusions, *closed.wins_minus_losses.boundary)
        definition = define(ground, fitted.profile, tiered, said_of(config, deals.extracted), proposals)
        definition = definition.model_copy(update={"widened": _widened(definition, fitted, ground)})
    on_step("writing the ICP down", 1, 1)
    return replace(fitted, definition=definition, closed_won=closed)


def _widened(definition: Definition, fitted: Fitted, ground: Ground) -> tuple[Widened, ...]:
    """What asking each criterion more widely would bring among the deals."""
    if definition.match is None:
        return ()
    by_name = {each.name: each for each in ground.evidence.attributes}
    bound = [bind_condition(each.condition, by_name, "the ICP") for each in definition.criteria]
    levels = common_levels(fitted.model.vocabulary.columns, fitted.reference)
    met = np.column_stack([each.holds(ground.parsed) for each in bound])
    return widened_on_deals(
        [each.name for each in definition.criteria],
        definition.match.least,
        widenings(bound, by_name, levels),
        AnsweredDeals(ground.parsed, met, ground.data.won, ground.data.groups),
    )


def said_of(config: Config, extracted: np.datetime64 | None) -> Said:
    """What people say about criteria, and until when these count without another look: a quarter from the extract."""
    review = None if extracted is None else months_after(np.array([extracted]), MONTHS_TO_REVIEW)[0].item()
    return Said(config.criteria, config.assumed_icp, review)
