"""Which wins are the ones to have more of: what they are measured by, how they are graded, and what the grade is for.

    ideal:
      source: customers.csv                 # where the measures stand; without it, in the deals themselves
      id: deal_id                           # what a row of it is about, by the id of the deal
      measures:
        acv: {column: ACV, better: higher, weight: 2}
        cycle: {kind: cycle, better: lower}                               # days from opening to closing
        churned: {column: Churned At, kind: left, kept_months: 12}        # known only 12 months after closing
        expansion: {column: Expansion, better: higher, after_months: 12}
        support cost: {column: Support Cost, better: lower}
      grades: {A: 0.3, B: 0.4}              # the best 30 % of wins are A, the next 40 % B, the rest C
      use: weight                           # or target, or report
      weights: {A: 2, B: 1, C: 0.5}

Every column named here is an outcome field: it can never be an attribute.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from icp_ml.deals.currency_settings import CurrencySettings
from icp_ml.deals.settings import ColumnName, DateOrder, Decimal, FileSettings, Settings, Words
from icp_ml.deals.source_settings import Source

MeasureKind = Literal["number", "flag", "left", "cycle"]
Better = Literal["higher", "lower"]
Grade = Literal["A", "B", "C"]
GradeUse = Literal["weight", "target", "report"]

GRADES: tuple[Grade, Grade, Grade] = ("A", "B", "C")
KEPT: Literal["kept"] = "kept"
WON = "won"
"""What is predicted where nothing else is said."""

Months = Annotated[int, Field(ge=1, le=120)]
Share = Annotated[float, Field(gt=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0, le=100.0)]


class MeasureSettings(Settings):
    """One thing by which a win is judged, known only after it was won.

    `column`: where it stands in the source; by default the measure's own name. A cycle has none.
    `kind`: `number`, `flag`, `left` (a date on which the customer left, empty where it has not) or `cycle` (days from
    opening to closing). `better`: which side is; a customer that was kept is always better.
    `currency`: for `number`, what its amounts are read in, at the rate of the opening; see `currency_settings`.
    `weight`: how much it counts beside the others. `after_months`: how long after closing its value stands; before that
    it counts as not known. `kept_months`, for `left`: a customer that stayed this long was kept, and before that nobody
    knows.
    """

    kind: MeasureKind = "number"
    column: ColumnName | None = None
    better: Better | None = None
    currency: CurrencySettings | None = None
    weight: Positive = 1.0
    after_months: Months | None = None
    kept_months: Months | None = None
    decimal: Decimal = "."
    date_order: DateOrder = "iso"
    missing: Words = ()

    @model_validator(mode="after")
    def _options_fit_the_kind(self) -> Self:
        if self.currency and self.kind != "number":
            raise ValueError(f"expected 'currency' only beside 'kind: number', found 'kind: {self.kind}'")
        if self.kind == "left":
            if self.kept_months is None or self.better or self.after_months:
                raise ValueError("expected 'kept_months' and neither 'better' nor 'after_months' beside 'kind: left'")
            return self
        if self.kept_months is not None:
            raise ValueError(f"expected 'kept_months' only beside 'kind: left', found 'kind: {self.kind}'")
        if self.better is None:
            raise ValueError("expected 'better: higher' or 'better: lower', found neither")
        if self.kind == "cycle" and (self.column or self.after_months):
            raise ValueError("expected neither 'column' nor 'after_months' beside 'kind: cycle', counted in days")
        return self

    @property
    def matures(self) -> int:
        """Months after closing from which the measure is known."""
        return self.kept_months or self.after_months or 0


class GradesSettings(Settings):
    """Where grades are cut: the share of wins that is A and the share that is B; the rest is C.

    With `by: score`, A and B are the lowest score of each grade instead, between 0 and 1.
    """

    A: Share = 0.3
    B: Share = 0.4
    by: Literal["share", "score"] = "share"

    @model_validator(mode="after")
    def _every_grade_has_room(self) -> Self:
        if self.by == "share" and self.A + self.B >= 1.0:
            raise ValueError(f"expected shares of A and B that leave some wins to C, found {self.A:g} and {self.B:g}")
        if self.by == "score" and self.A <= self.B:
            raise ValueError(f"expected A to start at a higher score than B, found {self.A:g} and {self.B:g}")
        return self


class GradeWeights(Settings):
    """How much a win of each grade counts in training; they are scaled to a mean of 1 over all wins."""

    A: Positive = 2.0
    B: Positive = 1.0
    C: Positive = 0.5


def _as_grades(value: object) -> object:
    if isinstance(value, str) and value not in (*GRADES, KEPT):
        raise ValueError(f"expected one or two of the grades A, B and C, or 'kept', found '{value}'")
    return (value,) if isinstance(value, str) and value != KEPT else value


def _form_of_target(value: object) -> str:
    return "[kept]" if value == KEPT else "[grades]"


Target = Annotated[
    Annotated[
        Annotated[tuple[Grade, ...], Tag("[grades]")] | Annotated[Literal["kept"], Tag("[kept]")],
        Discriminator(_form_of_target),
    ],
    BeforeValidator(_as_grades),
]


class IdealSettings(FileSettings):
    """How wins are graded, and what the grade does. `delimiter` and `encoding` are those of `source`.

    `source`: a table with the measures, one row for each `by`; None where they are columns of the deals.
    `id`: its column with the id of the deal, or of the account where `by` is account.
    `use`: `weight` makes wins count by grade in training, `target` makes the grade what is predicted, `report` does
    neither. `target`: the grades that count as ideal, or `kept`, for a customer that stayed its `kept_months`.
    """

    source: Source | None = None
    id: ColumnName | None = None
    by: Literal["deal", "account"] = "deal"
    measures: Annotated[dict[ColumnName, MeasureSettings], Field(min_length=1)]
    grades: GradesSettings = GradesSettings()
    use: GradeUse = "report"
    weights: GradeWeights = GradeWeights()
    target: Target = ("A", "B")

    @model_validator(mode="after")
    def _parts_fit_together(self) -> Self:
        if (self.source is None) != (self.id is None):
            raise ValueError("expected 'source' and 'id' together, found only one of them")
        lasting = [name for name, measure in self.measures.items() if measure.kind == "left"]
        if len(lasting) > 1:
            raise ValueError(f"expected at most one measure of 'kind: left', found {len(lasting)}")
        if self.target == KEPT and not lasting:
            raise ValueError("expected a measure of 'kind: left' for 'target: kept', found none")
        if self.target != KEPT and len(set(self.target)) not in (1, 2):
            raise ValueError("expected one or two of the grades A, B and C in 'target', or 'kept'")
        return self

    def columns(self) -> tuple[str, ...]:
        """The columns that the measures are read from, in their order."""
        named = [measure.column or name for name, measure in self.measures.items() if measure.kind != "cycle"]
        return tuple(dict.fromkeys(named))

    def all_columns(self) -> tuple[str, ...]:
        """The columns of the measures, and those that name the currency of their amounts."""
        beside = [measure.currency.column for measure in self.measures.values() if measure.currency is not None]
        return tuple(dict.fromkeys([*self.columns(), *(column for column in beside if column is not None)]))

    @property
    def kept_months(self) -> int | None:
        """How long a customer has to stay to count as kept; None where that is not asked."""
        return next((measure.kept_months for measure in self.measures.values() if measure.kind == "left"), None)

    @property
    def wait(self) -> int:
        """Months after closing from which it is known whether a deal is what is predicted; 0 where that is `won`."""
        if self.use != "target":
            return 0
        return (self.kept_months or 0) if self.target == KEPT else max(m.matures for m in self.measures.values())

    @property
    def predicted(self) -> str:
        """What the probability is of, in words."""
        if self.use != "target":
            return WON
        if self.target == KEPT:
            return f"won and kept {self.kept_months} months"
        return f"won, grade {' or '.join(sorted(set(self.target)))}"
