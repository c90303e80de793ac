"""What each won deal brought, read where the configuration says that it stands.

An amount counts where the deal was won and it is above zero: nothing is learned from a win that brought nothing, and
what is written on a lost deal was never paid.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from icp_ml.deals.measuring import DealRows, Measured, measure_wins
from icp_ml.deals.potential_settings import PotentialSettings, place_of_amount
from icp_ml.deals.settings import DealsSettings, RatesSettings
from icp_ml.deals.texts import Floats

SECTION = "potential"


def read_amounts(
    potential: PotentialSettings | None,
    ideal: Measured | None,
    deal_rows: DealRows,
    *,
    deals: DealsSettings,
    rates: RatesSettings | None,
    root: Path,
) -> Floats | None:
    """float64[n], above zero, NaN where a deal was not won or its amount is not known; None where none is declared.

    ideal: the measures by which wins are graded, already read. Raises as `measure_wins` does.
    """
    place = place_of_amount(potential, None if ideal is None else ideal.settings)
    if place is None:
        return None
    asked = replace(deal_rows, section=SECTION)
    measured = ideal if place.is_ideal else measure_wins(place.settings, asked, deals, rates, root)
    if measured is None:
        return None
    values = next(measure.values for measure in measured.measures if measure.name == place.measure)
    return np.where((deal_rows.won == 1) & (np.nan_to_num(values) > 0) & np.isfinite(values), values, np.nan)
