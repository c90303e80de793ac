"""When it is time for a new version: a table of what is live and what is known beside the reasons."""

from __future__ import annotations

from datetime import date

import pytest

from icp_ml.watch.due import Live, Now, reasons_due

SINCE = date(2025, 4, 1)
LAUNCH = (date(2025, 5, 2), "launch of the starter plan")


@pytest.mark.parametrize(
    ("won", "day", "won_now", "new", "events", "words"),
    [
        pytest.param(80, date(2025, 6, 30), 84, 4, (), [], id="90 days"),
        pytest.param(80, date(2025, 7, 1), 84, 4, (), ["91 days ago"], id="91 days"),
        pytest.param(80, date(2025, 5, 1), 89, 9, (), [], id="nine customers"),
        pytest.param(80, date(2025, 5, 1), 90, 10, (), ["10 customers"], id="ten customers"),
        pytest.param(80, date(2025, 5, 1), 90, None, (), [], id="no dates"),
        pytest.param(49, date(2025, 5, 1), 50, 1, (), ["50 now"], id="fifty crossed"),
        pytest.param(50, date(2025, 5, 1), 51, 1, (), [], id="fifty before"),
        pytest.param(80, date(2025, 5, 1), 80, 0, (LAUNCH,), [], id="an event tomorrow"),
        pytest.param(80, date(2025, 5, 2), 80, 0, (LAUNCH,), ["starter plan"], id="an event today"),
        pytest.param(80, date(2025, 5, 2), 80, 0, ((SINCE, "before"),), [], id="an event before it was live"),
        pytest.param(45, date(2025, 8, 1), 60, 15, (LAUNCH,), ["122 days", "15 cust", "60 now", "starter"], id="all"),
    ],
)
def test_each_reason_stands_alone(
    won: int, day: date, won_now: int, new: int | None, events: tuple[tuple[date, str], ...], words: list[str]
) -> None:
    live = Live("icp version 2", SINCE, date(2025, 3, 31), won)
    found = reasons_due(live, Now(day, won_now, new), 91, events)
    assert len(found) == len(words)
    for sentence, word in zip(found, words, strict=True):
        assert word in sentence


def test_where_nothing_is_live_it_is_time() -> None:
    assert reasons_due(None, Now(SINCE, 3, None), 91, ()) == ("Nothing is live yet.",)
