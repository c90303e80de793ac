"""What `icp check` shows of ideal wins: how many are of each grade, and what they measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from icp_ml.deals.contract import DealTable
from icp_ml.deals.grading import NOT_GRADED, Graded
from icp_ml.deals.ideal_settings import GRADES
from icp_ml.deals.measures import Measure
from icp_training.ideal import ideal_notes


@dataclass(frozen=True)
class GradeRow:
    """The wins of one grade. means: of what is known of each measure, in its unit; None where nothing is."""

    grade: str
    wins: int
    means: dict[str, float | None]


@dataclass(frozen=True)
class MeasureCheck:
    """What is known of one measure, in wins. too_young: its value will stand only later. unreadable: in all deals."""

    name: str
    kind: str
    known: int
    too_young: int
    unreadable: int
    examples: tuple[str, ...]


@dataclass(frozen=True)
class GradesReport:
    """use: what grades do. predicted: what the probability is of. unmatched: wins that the table of measures lacks."""

    use: str
    predicted: str
    notes: tuple[str, ...]
    grades: tuple[GradeRow, ...]
    measures: tuple[MeasureCheck, ...]
    unmatched: int


def grades_report(deals: DealTable) -> GradesReport | None:
    """The grades of the deals that are learned from; None where wins are not graded."""
    graded = deals.graded
    if graded is None:
        return None
    names = [*enumerate(GRADES), (NOT_GRADED, "not graded")]
    rows = [_row(graded, place, name) for place, name in names]
    return GradesReport(
        use=graded.settings.use,
        predicted=deals.predicted,
        notes=ideal_notes(deals),
        grades=tuple(row for row in rows if row.wins or row.grade in GRADES),
        measures=tuple(_measure(graded, measure) for measure in graded.measures),
        unmatched=deals.unmatched_wins,
    )


def _row(graded: Graded, place: int, name: str) -> GradeRow:
    here = (graded.won == 1) & (graded.grade == place)
    values = {measure.name: measure.values[here] for measure in graded.measures}
    means = {name: float(np.nanmean(v)) if (~np.isnan(v)).any() else None for name, v in values.items()}
    return GradeRow(name, int(here.sum()), means)


def _measure(graded: Graded, measure: Measure) -> MeasureCheck:
    wins = graded.won == 1
    return MeasureCheck(
        name=measure.name,
        kind=measure.settings.kind,
        known=int((~np.isnan(measure.values[wins])).sum()),
        too_young=int(measure.too_young[wins].sum()),
        unreadable=measure.trouble.rows,
        examples=measure.trouble.examples,
    )
