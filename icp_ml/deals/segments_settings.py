"""Where the bands of a number begin that deals are told apart by, where the field's own do not fit.

    segments:
      bands:
        employees: [11, 51, 201, 501, 1001]      # under 11, 11 to under 51, ... 1,001 or more

Attributes without an entry have the field's bands where there are any, and else bands near the quantiles.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, Field, FiniteFloat

from icp_ml.deals.settings import ColumnName, Settings


def _ascending(cuts: tuple[float, ...]) -> tuple[float, ...]:
    for low, high in pairwise(cuts):
        if low >= high:
            raise ValueError(f"expected the beginnings of bands in ascending order, found {low:g} before {high:g}")
    return cuts


Cuts = Annotated[tuple[FiniteFloat, ...], Field(min_length=1), AfterValidator(_ascending)]
"""Where each band but the first begins, ascending; a value on a cut is in the band that begins there."""


class SegmentsSettings(Settings):
    """Bands by the name of an attribute: a number, an age in years of a date or year, or range texts.

    Ages are in years, amounts in the currency that the attribute is read in.
    """

    bands: dict[ColumnName, Cuts] = Field(default_factory=dict)
