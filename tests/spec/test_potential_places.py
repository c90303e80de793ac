"""Where the amount of a win is read, as a table."""

from __future__ import annotations

import pytest

from icp_ml.deals.ideal_settings import IdealSettings
from icp_ml.deals.potential_settings import PotentialSettings, is_wanted, place_of_amount
from icp_ml.deals.settings import parse_settings
from icp_ml.errors import ConfigError

GRADED = {"measures": {"acv": {"better": "higher"}, "nps": {"better": "higher"}}}
LASTING = {"measures": {"left": {"kind": "left", "kept_months": 12}}}
TABLE = {"source": "customers.csv", "id": "deal"}

CASES = [
    # potential                                  ideal      measure   column     of ideal   wanted
    (None,                                       None,      None,     None,      None,      False),
    (None,                                       LASTING,   None,     None,      None,      False),
    (None,                                       GRADED,    "acv",    "acv",     True,      True),
    ({"use": False},                             GRADED,    None,     None,      None,      False),
    ({},                                         None,      None,     None,      None,      True),
    ({},                                         GRADED,    "acv",    "acv",     True,      True),
    ({"amount": "nps"},                          GRADED,    "nps",    "nps",     True,      True),
    ({"amount": "Amount"},                       GRADED,    "Amount", "Amount",  False,     True),
    ({"amount": "Amount"},                       None,      "Amount", "Amount",  False,     True),
    ({**TABLE, "amount": "acv"},                 GRADED,    "acv",    "acv",     False,     True),
]  # fmt: skip


@pytest.mark.parametrize(("potential", "ideal", "measure", "column", "of_ideal", "wanted"), CASES)
def test_where_the_amount_stands(
    *, potential: object, ideal: object, measure: str | None, column: str | None, of_ideal: bool | None, wanted: bool
) -> None:
    declared = None if potential is None else parse_settings(PotentialSettings, potential)
    graded = None if ideal is None else parse_settings(IdealSettings, ideal)
    place = place_of_amount(declared, graded)
    found: tuple[str | None, str | None, bool | None] = (None, None, None)
    if place is not None:
        named = place.settings.measures[place.measure].column or place.measure
        found = (place.measure, named, place.is_ideal)
    assert found == (measure, column, of_ideal)
    assert is_wanted(declared, graded) == wanted


@pytest.mark.parametrize(
    ("potential", "ideal", "told"),
    [
        ({"amount": "left"}, LASTING, "kind: number"),
        ({"source": "customers.csv", "amount": "acv"}, None, "'source' and 'id'"),
        (TABLE, None, "'amount' beside 'source'"),
        ({"amounts": "acv"}, None, "amount"),
    ],
)
def test_what_cannot_be_meant_is_refused(potential: object, ideal: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        place_of_amount(
            parse_settings(PotentialSettings, potential),
            None if ideal is None else parse_settings(IdealSettings, ideal),
        )
