"""What a configuration says about the currency of an amount.

revenue: {kind: number, currency: USD}                                      # "$1,200" is read, "€1,200" is not
budget: {kind: number, currency: {column: CurrencyIsoCode, to: USD}}        # converted by the table of rates
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, model_validator


def _in_capitals(value: object) -> object:
    return value.strip().upper() if isinstance(value, str) else value


CurrencyCode = Annotated[str, BeforeValidator(_in_capitals), StringConstraints(pattern="^[A-Z]{3}$")]
"""Three letters, such as USD."""


class CurrencySettings(BaseModel):
    """to: the currency of the attribute. column: where the source says which currency each amount is in.

    Without a column an amount is in the currency that its text names, and where it names none, in `to`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    to: CurrencyCode
    column: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, data: object) -> object:
        return {"to": data} if isinstance(data, str) else data
