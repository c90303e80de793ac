"""What a configuration declares about deals, accounts and prospects.

Every settings class is frozen, is checked when it is built, and refuses a key that it does not know.
`parse_settings` is the way in from a file: it turns the first mistake into one sentence.

    deals:
      source: deals.csv
      id: Deal ID
      opened: Created
      closed: Closed
      outcome: {column: Stage, won: [Closed Won], lost: [Closed Lost], open: [Discovery, Proposal]}
    attributes:
      firmographic:
        employees: number                                  # the short form of {kind: number}
        revenue band: {kind: ordered, column: Revenue}      # range texts, ordered by their lower bound
      engagement:
        demo asked: {kind: flag, known: during, use: no}    # known too late to be learned from
"""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic import ValidationError as _ValidationError

from icp_ml.deals.answers import check_phrases
from icp_ml.deals.currency_settings import CurrencySettings
from icp_ml.deals.deal_type_settings import DealTypesSettings, LossReasonsSettings, TestDealsSettings
from icp_ml.deals.monotone_settings import Monotone, check_monotone
from icp_ml.deals.recipes import Recipe
from icp_ml.deals.refusals import config_error
from icp_ml.deals.source_settings import Source

Kind = Literal["number", "category", "ordered", "flag", "set", "date", "year"]
Layer = Literal["firmographic", "technographic", "behavioural", "engagement"]
Axis = Literal["fit", "intent"]
Known = Literal["before", "at_open", "during", "after"]
Ranges = Literal["midpoint"]
Decimal = Literal[".", ","]
DateOrder = Literal["iso", "mdy", "dmy"]
Rollup = Literal["naics2", "naics3", "naics4", "sic1", "sic2"]
RepeatedIds = Literal["refuse", "keep_first", "keep_all"]

AXIS_OF_LAYER: Final[Mapping[Layer, Axis]] = MappingProxyType(
    {"firmographic": "fit", "technographic": "fit", "behavioural": "intent", "engagement": "intent"}
)

AUTO: Final = "auto"
"""For a delimiter or an encoding: what the file itself shows beyond doubt, and otherwise a refusal."""

M = TypeVar("M", bound=BaseModel)


def parse_settings(model_class: type[M], data: object) -> M:
    """Check `data` (what a YAML file holds) against a settings class.

    Raises `ConfigError` with one sentence about the first mistake: its dotted key, what was expected, what
    was found, and what to do. Unknown keys come first: a misspelt key explains the missing one beside it.
    """
    try:
        return model_class.model_validate(data)
    except _ValidationError as error:
        raise config_error(model_class, error) from None


def _as_word(value: object) -> object:
    """YAML reads `12` and `2024-01-31` as other things than text; where a word is meant, they are words."""
    is_other = isinstance(value, int | float | date) and not isinstance(value, bool)
    return str(value) if is_other else value


def _as_words(value: object) -> object:
    items = value if isinstance(value, list | tuple) else (value,)
    return None if value is None else tuple(map(_as_word, items))


def _as_answers(value: object) -> object:
    """YAML reads `No` and `no` alike as false, so that either spelling is meant in the data."""
    items = value if isinstance(value, list | tuple) else (value,)
    return tuple(word for item in items for word in _answers_of(item))


def _as_name(value: object) -> object:
    """A name of white space alone is none."""
    if isinstance(word := _as_word(value), str) and not word.strip():
        raise ValueError("expected a name, found an empty one")
    return word


def _answers_of(item: object) -> tuple[object, ...]:
    if isinstance(item, bool):
        return ("true", "yes") if item else ("false", "no")
    return (_as_word(item),)


def _as_delimiter(value: object) -> object:
    return "\t" if value in ("tab", "\\t") else value


def _one_character(value: str) -> str:
    if value != AUTO and (len(value) != 1 or value in '"\r\n'):
        raise ValueError(f"expected a single character such as ',' or ';', 'tab' or 'auto', found '{value}'")
    return value


def _known_encoding(value: str) -> str:
    try:
        return AUTO if value == AUTO else codecs.lookup(value).name
    except LookupError:
        raise ValueError(f"expected an encoding such as 'utf-8' or 'cp1252', found '{value}'") from None


Word = Annotated[str, BeforeValidator(_as_word)]
Words = Annotated[tuple[str, ...], BeforeValidator(_as_words)]
ColumnName = Annotated[str, BeforeValidator(_as_name), StringConstraints(strip_whitespace=True, min_length=1)]
Delimiter = Annotated[str, BeforeValidator(_as_delimiter), AfterValidator(_one_character)]
Answers = Annotated[tuple[str, ...], BeforeValidator(_as_answers)]
Encoding = Annotated[str, AfterValidator(_known_encoding)]


class Settings(BaseModel):
    """Base of every settings class: frozen, and an unknown key is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FileSettings(Settings):
    """How the text of a CSV file is written, and which sheet of an Excel workbook is meant; Parquet needs neither."""

    delimiter: Delimiter = AUTO
    encoding: Encoding = AUTO
    sheet: ColumnName | None = None


class AttributeSettings(Settings):
    """One attribute of a company or a deal.

    `column`: where it stands in the source; by default the attribute's own name.
    `known`: when the value becomes known; only `before` and `at_open` are learned from by default.
    `order`: for `ordered`, the levels from lowest to highest; without it levels are range texts ("51-200").
    `ranges`: for `number`, read a range text as its midpoint; otherwise a range text is unreadable.
    `separator`: for `set`, what stands between members. `decimal`: the decimal mark of numbers.
    `date_order`: how dates are written; ISO dates are understood in any case.
    `missing`: further texts that mean "not known", such as "Select" or "-", whatever their case.
    `error`: for `number`, the relative error of a bought figure, 0.3 for 30 %; training then says how many rows of the
    list would change tier by it alone.
    `currency`: for `number`, what its amounts are read in; see `currency_settings`.
    `monotone`: `up` or `down`, the one direction in which it may work; see `monotone_settings`.
    `from`: how it is made from a table of dated rows (see `recipes`).
    `rollup`: for `category`, industry codes by their prefix (see `rollups`).
    `answer`: the path of the value in the JSON that the column holds, keys with a dot between them.
    `phrases`: for `category`, each category with the phrases that stand for it; others become "(other)".
    """

    kind: Kind
    column: ColumnName | None = None
    known: Known = "before"
    order: Words = ()
    ranges: Ranges | None = None
    separator: Annotated[str, StringConstraints(min_length=1)] = ";"
    decimal: Decimal = "."
    date_order: DateOrder = "iso"
    missing: Words = ()
    error: Annotated[float, Field(gt=0, lt=1)] | None = None
    currency: CurrencySettings | None = None
    monotone: Monotone | None = None
    answer: Annotated[str, StringConstraints(pattern=r"^[^.]+(\.[^.]+)*$")] | None = None
    phrases: dict[Word, Words] = {}
    use: bool = True
    recipe: Recipe | None = Field(default=None, alias="from")
    rollup: Rollup | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: object) -> object:
        return {"kind": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _options_fit_the_kind(self) -> Self:
        if self.order and self.kind != "ordered":
            raise ValueError(f"expected 'order' only beside 'kind: ordered', found 'kind: {self.kind}'")
        if self.currency and self.kind != "number":
            raise ValueError(f"expected 'currency' only beside 'kind: number', found 'kind: {self.kind}'")
        if self.ranges and self.kind != "number":
            raise ValueError(f"expected 'ranges' only beside 'kind: number', found 'kind: {self.kind}'")
        if self.error and self.kind != "number":
            raise ValueError(f"expected 'error' only beside 'kind: number', found 'kind: {self.kind}'")
        if self.rollup and self.kind != "category":
            raise ValueError(f"expected 'rollup' only beside 'kind: category', found 'kind: {self.kind}'")
        if self.recipe and self.known != "before":
            raise ValueError(f"expected no 'known' beside 'from', which is known before, found '{self.known}'")
        if self.phrases and self.kind != "category":
            raise ValueError(f"expected 'phrases' only beside 'kind: category', found 'kind: {self.kind}'")
        check_phrases(self.phrases)
        check_monotone(self.kind, self.monotone)
        if self.answer and self.decimal != ".":
            raise ValueError("expected no 'decimal' beside 'answer', because numbers in JSON have a decimal point")
        levels = [level.strip().casefold() for level in self.order]
        if len(set(levels)) < len(levels):
            raise ValueError("expected every level of 'order' once, found one twice")
        return self


class AttributesSettings(Settings):
    """The attributes of each layer, by name."""

    firmographic: dict[ColumnName, AttributeSettings] = {}
    technographic: dict[ColumnName, AttributeSettings] = {}
    behavioural: dict[ColumnName, AttributeSettings] = {}
    engagement: dict[ColumnName, AttributeSettings] = {}

    def layers(self) -> tuple[tuple[Layer, Mapping[str, AttributeSettings]], ...]:
        """The layers from firmographic to engagement, each with its attributes as written."""
        return (
            ("firmographic", self.firmographic),
            ("technographic", self.technographic),
            ("behavioural", self.behavioural),
            ("engagement", self.engagement),
        )


class OutcomeSettings(Settings):
    """What each value of the outcome column means.

    Values are compared without regard to case or outer space.
    """

    column: ColumnName
    won: Answers
    lost: Answers
    open: Answers = ()
    ignore: Answers = ()

    @model_validator(mode="after")
    def _each_value_means_one_thing(self) -> Self:
        if not self.won or not self.lost:
            raise ValueError("expected at least one value in 'won' and one in 'lost', found none")
        seen: dict[str, str] = {}
        for meaning in ("won", "lost", "open", "ignore"):
            for value in getattr(self, meaning):
                other = seen.setdefault(value.strip().casefold(), meaning)
                if other != meaning:
                    both = f"'{other}' and '{meaning}'"
                    raise ValueError(f"expected '{value}' to mean one thing, found it under {both}")
        return self


class WindowSettings(Settings):
    """How far back deals are learned from.

    `months`: calendar months before the extract, by the closing date; None is all. `since`: no deal that opened before
    that day, for what was learned from a time that is over; None is all.
    """

    months: Annotated[int, Field(ge=1)] | None = 24
    since: date | None = None


class DealsSettings(FileSettings):
    """Where the deals are and what their columns mean.

    `id` None: the row number. `account` None: each deal is its own account.
    `opened`/`closed` None: the export has no such date; then nothing is forward in time.
    `extracted`: the day of the export; by default the latest opening, or closing of a decided deal.
    `repeated_ids`: what to do where an id stands on several rows.
    `types`, `reasons`, `tests`: deals that are left out and counted (see `deal_type_settings`). `deleted`: a
    column of yes and no that marks deleted rows.
    """

    source: Source
    id: ColumnName | None = None
    account: ColumnName | None = None
    opened: ColumnName | None = None
    closed: ColumnName | None = None
    outcome: OutcomeSettings
    window: WindowSettings = WindowSettings()
    date_order: DateOrder = "iso"
    extracted: date | None = None
    repeated_ids: RepeatedIds = "refuse"
    types: DealTypesSettings | None = None
    reasons: LossReasonsSettings | None = None
    tests: TestDealsSettings | None = None
    deleted: ColumnName | None = None

    @model_validator(mode="after")
    def _since_needs_openings(self) -> Self:
        if self.window.since is not None and self.opened is None:
            raise ValueError("expected deals.opened beside deals.window.since, which is a day of opening, found none")
        return self


class AccountsSettings(FileSettings):
    """A table with one row an account; `id` is what `deals.account` refers to. `spelled`: as in `LookupSettings`."""

    source: Source
    id: ColumnName
    spelled: dict[Word, Word] = {}


class LookupSettings(FileSettings):
    """A table with one row for each value of a column of the deals, such as their products.

    `column`: that column. `id`: where its values stand in the table, by default a column of the same name.
    `spelled`: from a spelling in the deals to that of the table; all others are compared exactly.
    """

    source: Source
    column: ColumnName
    id: ColumnName | None = None
    spelled: dict[Word, Word] = {}


class RatesSettings(FileSettings):
    """What one unit of a currency was worth from a day on, in the currency that amounts are converted to."""

    source: Source
    currency: ColumnName = "currency"
    date: ColumnName = "date"
    rate: ColumnName = "rate"
    date_order: DateOrder = "iso"
    decimal: Decimal = "."


class TablesSettings(Settings):
    """Tables beside the deals. `lookups`: any number of them, with values that do not change."""

    accounts: AccountsSettings | None = None
    lookups: tuple[LookupSettings, ...] = ()
    rates: RatesSettings | None = None


class ProspectsSettings(FileSettings):
    """A list to be scored. `map` leads from a column of the list to the source column of an attribute."""

    source: Source | None = None
    id: ColumnName | None = None
    map: dict[ColumnName, ColumnName] = {}
