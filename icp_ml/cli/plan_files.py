"""The files of a campaign: the scored list in, the assignment out, the outcomes back in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from icp_ml.errors import InputError

if TYPE_CHECKING:
    from icp_ml.cli.plan_sizes import Question
    from icp_ml.watch.campaign_lists import ScoredList
    from icp_ml.watch.campaign_record import CampaignPlan, LookTaken
    from icp_ml.watch.campaigns import Assignment


@dataclass(frozen=True)
class Drawing:
    """Who is drawn, from what, and where it goes: see the options of `icp plan`."""

    scored: Path
    arms: tuple[str, ...]
    by: str
    balance: tuple[str, ...]
    beside: Path | None
    hold_in: float
    low_tiers: tuple[str, ...]
    seed: int
    id_column: str | None
    output: Path | None

    @property
    def low_outside(self) -> tuple[str, ...]:
        """The low tiers that are no arm."""
        return tuple(tier for tier in self.low_tiers if self.by != "tier" or tier not in self.arms)


@dataclass(frozen=True)
class OutcomeFile:
    """Which outcomes are read, and of which assignment."""

    assignment: Path
    path: Path
    id_column: str | None
    column: str
    success: tuple[str, ...]
    is_final: bool


@dataclass(frozen=True)
class DrawnCampaign:
    """A campaign and who is in it."""

    plan: CampaignPlan
    assignment: Assignment


def draw(question: Question, drawing: Drawing, wanted: Sequence[int], day: date) -> DrawnCampaign:
    """Draw so many accounts an arm. Raises as `read_scored` and `assign` do."""
    from icp_ml.watch.campaign_lists import Asked, read_scored
    from icp_ml.watch.campaigns import Wanted, assign

    sizes = dict(zip(drawing.arms, wanted, strict=True))
    asked = Wanted(sizes, drawing.by, drawing.seed, drawing.hold_in, drawing.low_outside)
    scored = read_scored(
        drawing.scored, Asked(drawing.by, drawing.arms, drawing.balance, drawing.id_column, drawing.beside)
    )
    assignment = assign(scored.candidates, asked)
    return DrawnCampaign(_plan(question, drawing, scored, assignment, day), assignment)


def _plan(question: Question, drawing: Drawing, scored: ScoredList, assignment: Assignment, day: date) -> CampaignPlan:
    from icp_ml.watch.campaign_files import fingerprint
    from icp_ml.watch.campaign_record import CampaignPlan, PlannedArm

    promise = question.promise
    hold_in = assignment.hold_in
    return CampaignPlan(
        made=day.isoformat(),
        list=drawing.scored.name,
        rows=scored.rows,
        id_name=scored.id_name,
        content_hash=scored.content_hash,
        by=drawing.by,
        arms=tuple(PlannedArm(**asdict(arm)) for arm in assignment.arms),
        hold_in=None if hold_in is None else PlannedArm(**asdict(hold_in)),
        low_tiers=drawing.low_outside,
        balance=drawing.balance,
        seed=drawing.seed,
        rate=question.rate.value,
        rate_from=question.rate.source,
        difference=question.difference,
        level=promise.level,
        power=promise.power,
        looks=promise.looks,
        drawn=fingerprint(assignment),
    )


def look_at(asked: OutcomeFile, plan: CampaignPlan, day: date) -> LookTaken:
    """The outcomes by arm, today. Raises as `read_outcomes` does, and `InputError` where no outcome is of the plan."""
    from icp_ml.watch.campaign_files import arms_in
    from icp_ml.watch.campaign_lists import read_outcomes
    from icp_ml.watch.campaign_record import LookTaken
    from icp_ml.watch.campaign_result import counts_of

    arm_of = arms_in(asked.assignment, plan.id_name)
    _check_assigned(asked.assignment, arm_of, plan)
    outcomes = read_outcomes(asked.path, asked.id_column or plan.id_name, asked.column, asked.success)
    strangers = outcomes.keys() - arm_of.keys()
    if len(strangers) == len(outcomes):
        raise InputError(
            f"{asked.path.name}: expected outcomes of accounts in {asked.assignment.name}, found {len(outcomes):,} of "
            "none of them; check the id column, or name it with --id"
        )
    if strangers:
        typer.echo(f"Left out: outcomes of accounts that are not in the plan, {len(strangers):,} of them.", err=True)
    return LookTaken(day=day.isoformat(), counts=counts_of(arm_of, outcomes), is_final=asked.is_final)


def _check_assigned(path: Path, arm_of: Mapping[str, str], plan: CampaignPlan) -> None:
    from icp_ml.watch.campaign_record import fingerprint_of

    found = Counter(arm_of.values())
    for arm in (*plan.arms, *([plan.hold_in] if plan.hold_in else [])):
        if found[arm.name] != arm.accounts:
            raise InputError(
                f"{path.name}: expected the {arm.accounts:,} accounts of arm {arm.name} that were planned, found "
                f"{found[arm.name]:,}; bring back the file as icp plan wrote it"
            )
    if plan.drawn is not None and fingerprint_of(arm_of) != plan.drawn:
        raise InputError(
            f"{path.name}: expected the {len(arm_of):,} accounts that the plan beside it drew, found others, or the "
            "same in other arms; bring back both files as icp plan wrote them, or plan anew"
        )
