"""Made-up company lists over the attributes of `tests/definitions.py`, and their size counted the slow way: by pandas,

row by row, from the values themselves. Nothing of the code under test is used for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from tests.definitions import AS_OF, STAGES

CRITERIA = ("size", "revenue", "industry", "stage", "fresh round", "uses Cartellux", "no Rivalo")
LEAST = 4
DAYS = 365.25


def company_list(rows: int, seed: int) -> pd.DataFrame:
    """Values as they are meant, None where one is not known; ages in years, tools as lists."""
    rng = np.random.default_rng(seed)
    columns: dict[str, Sequence[object]] = {
        "employees": rng.choice([5, 19, 20, 51, 120, 500, 501, 900, 2000], rows).tolist(),
        "revenue": rng.choice([500_000, 1_000_000, 5_000_000, 10_000_000, 40_000_000], rows).tolist(),
        "industry": rng.choice(["Software", "Retail", "Energy", "Government"], rows).tolist(),
        "stage": rng.choice(STAGES, rows).tolist(),
        "founded": rng.choice([1990, 2010, 2024], rows).tolist(),
        "raised": rng.choice([100, 540, 560, 1500], rows).tolist(),
        "tools": [[tool for tool in ("Cartellux", "Rivalo", "Mailo") if rng.random() < 0.5] for _ in range(rows)],
        "demo": rng.choice(["yes", "no"], rows).tolist(),
    }
    frame = pd.DataFrame(columns).astype(object)
    return frame.mask(rng.random(frame.shape) < 0.15, None)


def as_text(frame: pd.DataFrame) -> pa.Table:
    """The list as a file has it, its columns called as the attributes call them."""
    texts: dict[str, Iterable[object]] = {
        "Employees": frame["employees"],
        "Annual Revenue": frame["revenue"],
        "Industry": frame["industry"],
        "Funding Stage": frame["stage"],
        "Founded": frame["founded"],
        "Last Raised": [None if pd.isna(days) else AS_OF - timedelta(int(days)) for days in frame["raised"]],
        "Tools": [";".join(tools) or "none" if isinstance(tools, list) else None for tools in frame["tools"]],
        "Demo Requested": frame["demo"],
    }
    columns = {
        name: pa.array(
            [str(value) if known else None for value, known in zip(values, pd.notna(list(values)), strict=True)],
            pa.string(),
        )
        for name, values in texts.items()
    }
    return pa.table(columns)


def meets(row: pd.Series) -> list[bool]:
    """The seven criteria of the made-up definition, in its order."""
    employees, revenue, tools = row["employees"], row["revenue"], row["tools"]
    return [
        not pd.isna(employees) and 51 <= employees < 501,
        not pd.isna(revenue) and revenue >= 10_000_000,
        row["industry"] in ("Software", "Retail"),
        row["stage"] in STAGES[1:],
        not pd.isna(row["raised"]) and row["raised"] / DAYS < 1.5,
        isinstance(tools, list) and "Cartellux" in tools,
        isinstance(tools, list) and "Rivalo" not in tools,
    ]


def fate(row: pd.Series) -> str:
    """What the three exclusions and the boundary of the made-up definition do with a company, in their order."""
    if row["industry"] == "Government":
        return "public sector"
    if isinstance(row["tools"], list) and "Rivalo" in row["tools"]:
        return "locked in"
    settled = not pd.isna(row["raised"]) and row["raised"] / DAYS >= 3
    if settled and not pd.isna(row["employees"]) and row["employees"] < 20:
        return "small and settled"
    return "our sizes" if not pd.isna(row["revenue"]) and row["revenue"] < 1_000_000 else ""


def slow_size(frame: pd.DataFrame) -> dict[str, object]:
    """rules, in_market, met, not_known, together, at_least (7 to 1), matches and comes_in without each criterion."""
    fates = [fate(row) for _, row in frame.iterrows()]
    inside = frame[[not each for each in fates]]
    met = [meets(row) for _, row in inside.iterrows()]
    columns = ("employees", "revenue", "industry", "stage", "raised", "tools", "tools")
    few = [each for each in met if sum(each) == LEAST - 1]
    return {
        "rules": Counter(each for each in fates if each),
        "in_market": len(inside),
        "met": [sum(each[place] for each in met) for place in range(7)],
        "not_known": [int(inside[name].isna().sum()) for name in columns],
        "together": [sum(all(each[: place + 1]) for each in met) for place in range(7)],
        "at_least": [sum(sum(each) >= least for each in met) for least in range(7, 0, -1)],
        "matches": sum(sum(each) >= LEAST for each in met),
        "without": [sum(not each[place] for each in few) for place in range(7)],
    }
