"""What is said of ideal wins wherever a model is told of: how they were graded, what grades do, what is predicted."""

from __future__ import annotations

from collections.abc import Iterator

from icp_ml.deals.contract import DealTable
from icp_ml.deals.grading import NOT_GRADED, Graded
from icp_ml.deals.ideal_settings import GRADES, KEPT, WON
from icp_ml.deals.words import listed


def ideal_notes(deals: DealTable) -> tuple[str, ...]:
    """Sentences for the bundle and its card; none where wins are not graded."""
    return () if deals.graded is None else tuple(_notes(deals, deals.graded))


def predicted_note(deals: DealTable) -> Iterator[str]:
    """What the verdict is about, where that is more than whether a deal is won."""
    if deals.predicted != WON:
        yield f"What is predicted, and what won means in every figure here: {deals.predicted}. All else is not won."
    if deals.weights is not None:
        yield "Wins count by grade in fitting; every figure here counts all deals alike."


def _notes(deals: DealTable, graded: Graded) -> Iterator[str]:
    settings = graded.settings
    wins = graded.grade[graded.won == 1]
    counts = ", ".join(f"{int((wins == place).sum()):,} of grade {name}" for place, name in enumerate(GRADES))
    without = int((wins == NOT_GRADED).sum())
    rest = f", and {without:,} without a grade because none of these is known" if without else ""
    yield f"{len(wins):,} wins were graded by {listed(list(settings.measures))}: {counts}{rest}."
    if settings.kept_months is not None:
        yield f"A customer that left within {settings.kept_months} months is of grade C, whatever else it brought."
    if settings.use == "weight":
        yield (
            f"In fitting, wins count by grade ({_scaled(graded)}; a mean of 1 over all wins). The probability is still "
            f"that of `{deals.predicted}`, and every figure about the model counts all deals alike."
        )
    if settings.use == "target":
        yield from _of_the_target(deals, graded)


def _scaled(graded: Graded) -> str:
    weights = graded.weights
    if weights is None:
        return ""
    of_grade = {name: weights[graded.grade == place] for place, name in enumerate(GRADES)}
    return ", ".join(f"{name} {values[0]:.2f}" for name, values in of_grade.items() if len(values))


def _of_the_target(deals: DealTable, graded: Graded) -> Iterator[str]:
    settings, wins = graded.settings, graded.won == 1
    not_ideal = int((wins & (deals.won == 0)).sum())
    what = "left before that" if settings.target == KEPT else "are of another grade"
    yield (
        f"What is predicted is `{deals.predicted}`: {int(deals.won.sum()):,} deals are it and "
        f"{int((deals.won == 0).sum()):,} are not, {not_ideal:,} of which were won and {what}."
    )
    if settings.wait:
        yield (
            f"That is known {settings.wait} months after closing, so {deals.ledger.too_recent:,} later deals, won and "
            f"lost, were left out."
        )
