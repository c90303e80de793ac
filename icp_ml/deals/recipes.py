"""How an attribute is made from a table of dated rows, as a configuration says it under `from`.

    tools:            {kind: set,      from: technologies}                                  # in use on the day
    crm:              {kind: category, from: {table: technologies, category: CRM}}          # or "none known"
    competitor:       {kind: flag,     from: {table: technologies, tool: [One, Other]}}
    hiring 90 days:   {kind: number,   from: {table: signals, type: job_posting, measure: count, days: 90}}
    funding window:   {kind: flag,     from: {table: signals, type: funding_round, days: [60, 240]}}
    last round:       {kind: date,     from: {table: signals, type: funding_round}}

A recipe is a value: it stands in the configuration, travels in the bundle, and is followed alike for deals,
as of the day they opened, and for prospects, as of the day they are scored.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag, model_validator

from icp_ml.errors import ConfigError

Table = Literal["technologies", "signals", "contacts"]
Measure = Literal[
    "count",
    "total",
    "decay",
    "distinct",
    "days_since",
    "months_since",
    "latest",
    "highest",
    "days_to_contract_end",
]
Text = Literal["type", "value", "source", "tool", "category", "seniority", "title"]

OF_NUMBERS: Final = (
    "count", "total", "decay", "distinct", "days_since", "months_since", "latest", "days_to_contract_end",
)  # fmt: skip
FILTERS: Final[dict[str, tuple[str, ...]]] = {
    "technologies": ("tool", "category", "legacy", "event"),
    "signals": ("type", "source", "party", "role"),
    "contacts": ("seniority", "role"),
}
TEXTS: Final[dict[str, tuple[Text, ...]]] = {
    "technologies": ("tool", "category"),
    "signals": ("type", "value", "source"),
    "contacts": ("seniority", "title"),
}


def _words(value: object) -> object:
    if isinstance(value, list | tuple):
        return tuple(str(item) if isinstance(item, int | float) else item for item in value)
    return (str(value),) if isinstance(value, str | int | float) else value


def _ages(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _form_of_days(value: object) -> str:
    return "[from, to]" if isinstance(value, tuple) else "[days]"


Words = Annotated[tuple[str, ...], BeforeValidator(_words)]
Day = Annotated[int, Field(ge=0)]
LastDays = Annotated[int, Field(ge=1)]
Span = Annotated[
    Annotated[LastDays, Tag("[days]")] | Annotated[tuple[Day, Day], Tag("[from, to]")], Discriminator(_form_of_days)
]
Ages = Annotated[Span | None, BeforeValidator(_ages)]


class Recipe(BaseModel):
    """One attribute from one table. The day is that on which a deal opened or a prospect is scored.

    `measure`: what a number is, or how an `ordered` attribute chooses; other kinds need none.
    `of`: the column whose texts become members, levels or are counted as distinct.
    `days`: 90 is the ninety days that end with the day; [60, 240] is from 60 to 240 days before it, both included.
    `half_life`: days after which an event weighs half, for `decay`.
    `event`: rows of technologies as events, on the day a tool was adopted or dropped; without it the tools in use.
    `type`, `source`, `party`, `role`, `tool`, `category`, `seniority`: only rows that have one of these, whatever
    the case. `legacy`: only tools that the taxonomy marks as legacy, or only others.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    table: Table
    measure: Measure | None = None
    of: Text | None = None
    days: Ages = None
    half_life: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    event: Literal["adopted", "dropped"] | None = None
    type: Words = ()
    source: Words = ()
    party: Literal["first", "third"] | None = None
    role: Words = ()
    tool: Words = ()
    category: Words = ()
    legacy: bool | None = None
    seniority: Words = ()

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: Any) -> Any:
        return {"table": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _options_fit_the_table(self) -> Self:
        for name in ("type", "source", "party", "role", "tool", "category", "legacy", "seniority", "event"):
            if getattr(self, name) not in ((), None) and name not in FILTERS[self.table]:
                raise ValueError(f"expected '{name}' beside another table, found it beside '{self.table}'")
        if self.of is not None and self.of not in TEXTS[self.table]:
            choices = ", ".join(f"'{text}'" for text in TEXTS[self.table])
            raise ValueError(f"expected 'of' to be one of {choices} beside '{self.table}', found '{self.of}'")
        if (self.measure == "decay") != (self.half_life is not None):
            raise ValueError("expected 'half_life' and 'measure: decay' together, found one of them alone")
        if isinstance(self.days, tuple) and self.days[0] > self.days[1]:
            raise ValueError(f"expected 'days' as the fewer days and then the more, found {list(self.days)}")
        return self

    @property
    def is_state(self) -> bool:
        """Whether it looks at what is in force on the day, and not at what has happened by then."""
        return self.table == "technologies" and self.event is None

    @property
    def ages(self) -> tuple[int, int | None]:
        """The least and the greatest number of days before the day, both included; None is without end."""
        if isinstance(self.days, int):
            return 0, self.days - 1
        return (0, None) if self.days is None else self.days

    def text(self, kind: str) -> Text:
        """The column whose texts the attribute is made of."""
        if self.of is not None:
            return self.of
        if self.table == "signals":
            return "source" if self.measure == "distinct" else ("type" if kind == "set" else "value")
        return "tool" if self.table == "technologies" else "seniority"


def check_recipe(name: str, kind: str, recipe: Recipe, order: tuple[str, ...]) -> None:
    """Raises `ConfigError` where the recipe cannot make an attribute of that kind."""
    measure = recipe.measure
    if kind == "year":
        problem = "found 'kind: year', which no table gives; take 'kind: date', which becomes an age in years"
    elif kind == "number" and measure not in OF_NUMBERS:
        problem = f"found 'measure: {measure}' beside 'kind: number'; take one of {', '.join(OF_NUMBERS)}"
    elif kind == "ordered" and measure not in (None, "latest", "highest"):
        problem = f"found 'measure: {measure}' beside 'kind: ordered'; take latest or highest"
    elif kind == "ordered" and measure == "highest" and not order:
        problem = "found 'measure: highest' without 'order'; list the levels from lowest to highest"
    elif kind not in ("number", "ordered") and measure is not None:
        problem = f"found 'measure: {measure}' beside 'kind: {kind}', which needs none; remove it"
    elif recipe.is_state and (kind in ("date", "ordered") or _asks_when(recipe)):
        problem = "found a question about time asked of tools in use; add 'event: adopted' or 'event: dropped'"
    elif measure == "days_to_contract_end" and not recipe.is_state:
        problem = "found 'measure: days_to_contract_end', which only tools in use have; ask table technologies"
    elif measure in ("total", "latest") and recipe.table != "signals" and kind == "number":
        problem = f"found 'measure: {measure}', which needs a value; only signals have one"
    else:
        return
    raise ConfigError(f"attribute '{name}': expected a recipe under 'from' that fits, {problem}")


def _asks_when(recipe: Recipe) -> bool:
    return recipe.days is not None or recipe.measure in ("decay", "days_since", "months_since")
