"""How many prospects would change tier if bought figures are as wrong as they usually are.

Each value is multiplied by exp(error x z) with z normal: two values in three end within the declared error of what they
were, as an enrichment provider's do around the truth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from icp_ml.deals.kinds import NumberColumn, ParsedTable
from icp_ml.serve.bundle import Bundle

MOST_ROWS = 5_000
DRAWS = 10
Z95 = 1.959964


@dataclass(frozen=True)
class TierFlips:
    """share: of the rows looked at that change tier in one draw of errors, with its 95 % interval over rows.

    errors: the relative error of each attribute. rows: prospects looked at.
    """

    errors: dict[str, float]
    rows: int
    share: float
    low: float
    high: float

    @property
    def sentence(self) -> str:
        """What to tell of it."""
        named = ", ".join(f"{name} (off by {error:.0%})" for name, error in self.errors.items())
        return (
            f"{self.share:.1%} of {self.rows:,} prospects [{self.low:.1%}, {self.high:.1%}] change tier by the error "
            f"of {named} alone."
        )


def tier_flips(bundle: Bundle, listed: ParsedTable, errors: Mapping[str, float], seed: int) -> TierFlips | None:
    """Score the rows as they are and with errors drawn anew, and count tiers that change.

    listed: the first rows of a list, read as they would be scored. errors: relative errors of number attributes. None
    where the model uses none of them or there is no row.
    """
    used = {column.attribute for column in bundle.model.vocabulary.columns}
    shaken = {name: error for name, error in sorted(errors.items()) if name in used}
    rng = np.random.default_rng(seed)
    rows = listed.take(np.sort(rng.permutation(listed.n_rows)[:MOST_ROWS]))
    if not shaken or not rows.n_rows:
        return None
    now = _tiers(bundle, rows)
    changed = np.zeros(rows.n_rows)
    for _ in range(DRAWS):
        columns = dict(rows.columns)
        for name, error in shaken.items():
            column = columns[name]
            if isinstance(column, NumberColumn):
                columns[name] = NumberColumn(column.values * np.exp(error * rng.standard_normal(rows.n_rows)))
        changed += _tiers(bundle, replace(rows, columns=columns)) != now
    often = changed / DRAWS
    share, within = float(often.mean()), Z95 * float(often.std()) / np.sqrt(rows.n_rows)
    return TierFlips(shaken, rows.n_rows, share, max(share - within, 0.0), min(share + within, 1.0))


def _tiers(bundle: Bundle, rows: ParsedTable) -> NDArray[np.int8]:
    return bundle.tiering.cuts.tiers(bundle.model.log_odds(bundle.model.vocabulary.encode(rows)))
