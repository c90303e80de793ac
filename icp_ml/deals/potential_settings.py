"""What a win brings: where the amount stands from which deal potential is learned.

    potential: {amount: ACV}                     # a column of the deals; or a measure of `ideal` by its name
    potential:
      source: customers.csv                      # a table with a row for each won deal
      id: deal_id
      amount: {column: ACV, currency: USD}

Without this section, a measure of `ideal` that is called acv is the amount. How long a win takes is counted from the
deals' own dates. The column is an outcome field: it can never be an attribute.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, Self

from pydantic import model_validator

from icp_ml.deals.currency_settings import CurrencySettings
from icp_ml.deals.ideal_settings import IdealSettings, MeasureSettings
from icp_ml.deals.settings import ColumnName, Decimal, FileSettings, Settings, Words
from icp_ml.deals.source_settings import Source
from icp_ml.errors import ConfigError

USUAL_NAME: Final = "acv"
"""The measure of `ideal`, in any case of letters, that is the amount where nothing else is said."""


class AmountSettings(Settings):
    """What a won deal brought, in money. `column`: where it stands, or the name of a measure of `ideal`.

    The other keys are those of a measure, and are said there where the column is one.
    """

    column: ColumnName
    currency: CurrencySettings | None = None
    decimal: Decimal = "."
    missing: Words = ()

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: object) -> object:
        return {"column": data} if isinstance(data, str) else data


class PotentialSettings(FileSettings):
    """Where the amount of a win stands. `source`, `id`, `by`, `delimiter` and `encoding` are as in `ideal`.

    `source`: None where the amount is a column of the deals, or a measure of `ideal`. `use: no` leaves deal potential
    out, also where `ideal` has a measure for it.
    """

    source: Source | None = None
    id: ColumnName | None = None
    by: Literal["deal", "account"] = "deal"
    amount: AmountSettings | None = None
    use: bool = True

    @model_validator(mode="after")
    def _source_and_id_together(self) -> Self:
        if (self.source is None) != (self.id is None):
            raise ValueError("expected 'source' and 'id' together, found only one of them")
        if self.source is not None and self.amount is None:
            raise ValueError("expected 'amount' beside 'source', found none")
        return self


@dataclass(frozen=True)
class AmountPlace:
    """Where the amount is read: a measure by its name, and the settings that hold it.

    is_ideal: these are the settings of `ideal`, which is read anyhow.
    """

    settings: IdealSettings
    measure: str
    is_ideal: bool


def place_of_amount(potential: PotentialSettings | None, ideal: IdealSettings | None) -> AmountPlace | None:
    """Where the amount stands; None where nothing says so, or deal potential is not wanted.

    Raises `ConfigError` where the measure of `ideal` that is named holds no numbers.
    """
    if potential is not None and not potential.use:
        return None
    if potential is not None and potential.amount is not None:
        if potential.source is None and ideal is not None and potential.amount.column in ideal.measures:
            return _measure_of(ideal, potential.amount.column)
        return _own(potential, potential.amount)
    named = [name for name in (ideal.measures if ideal else ()) if name.casefold() == USUAL_NAME]
    numbers = [name for name in named if ideal is not None and ideal.measures[name].kind == "number"]
    return AmountPlace(ideal, numbers[0], is_ideal=True) if ideal is not None and numbers else None


def is_wanted(potential: PotentialSettings | None, ideal: IdealSettings | None) -> bool:
    """Whether anything is to be said of deal potential: it is declared, or `ideal` has what it is made of."""
    if potential is not None:
        return potential.use
    return place_of_amount(potential, ideal) is not None


def _measure_of(ideal: IdealSettings, name: str) -> AmountPlace:
    kind = ideal.measures[name].kind
    if kind != "number":
        raise ConfigError(
            f"potential.amount: expected a measure of 'kind: number', found '{name}' of 'kind: {kind}'; name another "
            "measure or a column"
        )
    return AmountPlace(ideal, name, is_ideal=True)


def _own(potential: PotentialSettings, amount: AmountSettings) -> AmountPlace:
    measure = MeasureSettings(
        better="higher", currency=amount.currency, decimal=amount.decimal, missing=amount.missing, column=amount.column
    )
    settings = IdealSettings(
        source=potential.source,
        id=potential.id,
        by=potential.by,
        delimiter=potential.delimiter,
        encoding=potential.encoding,
        sheet=potential.sheet,
        measures={amount.column: measure},
    )
    return AmountPlace(settings, amount.column, is_ideal=False)


def columns_of(potential: PotentialSettings | None) -> tuple[str, ...]:
    """The column that is part of the outcome; that of a measure of `ideal` is one already."""
    return () if potential is None or potential.amount is None else (potential.amount.column,)
