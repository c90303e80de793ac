"""How long attributes from dated tables take, and how much memory. Prints a table; asserts nothing.

    100,000 deals, 5,000,000 signals, 2,000,000 technology rows, twelve attributes     target: under 60 s and 4 GiB

The tables are Parquet files made for the run and removed afterwards; with --csv they are CSV. Reading them is part of
what is measured, making them is not: it happens in a process of its own. Seconds are wall time, processor time that of
all threads with starting up, MiB the peak of the process.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from icp_ml.deals.attributes import resolve_attributes
from icp_ml.deals.point_in_time import build_columns, open_tables
from icp_ml.deals.point_in_time_settings import DatedTables
from icp_ml.deals.settings import AttributesSettings, parse_settings

DEALS, SIGNALS, TECHNOLOGIES = 100_000, 5_000_000, 2_000_000
ACCOUNTS = 60_000
DAYS = 1_500
TYPES = ("job_posting", "funding_round", "research", "content_visit", "news")
SOURCES = ("board", "press", "panel", "website", "review site")
TOOLS = 200
BYTES_A_UNIT = 1 if sys.platform == "darwin" else 1024

ATTRIBUTES: dict[str, dict[str, object]] = {
    "technographic": {
        "tools": {"kind": "set", "from": "technologies"},
        "crm": {"kind": "category", "from": {"table": "technologies", "category": "category 1"}},
        "density": {"kind": "number", "from": {"table": "technologies", "measure": "count"}},
        "competitor": {"kind": "flag", "from": {"table": "technologies", "tool": ["tool 7", "tool 9"]}},
        "adopted": {
            "kind": "number",
            "from": {"table": "technologies", "event": "adopted", "measure": "count", "days": 180},
        },
    },
    "behavioural": {
        "hiring": {
            "kind": "number",
            "from": {"table": "signals", "type": "job_posting", "measure": "count", "days": 90},
        },
        "heat": {"kind": "number", "from": {"table": "signals", "measure": "decay", "half_life": 45}},
        "research": {
            "kind": "number",
            "from": {"table": "signals", "type": "research", "measure": "total", "days": 180},
        },
        "sources": {"kind": "number", "from": {"table": "signals", "measure": "distinct", "days": 30}},
        "funded": {"kind": "number", "from": {"table": "signals", "type": "funding_round", "measure": "months_since"}},
        "window": {"kind": "flag", "from": {"table": "signals", "type": "funding_round", "days": [60, 240]}},
        "kinds": {"kind": "set", "from": {"table": "signals", "days": 90}},
    },
}


def write_tables(folder: Path, *, as_csv: bool) -> None:
    """Signals and technologies as files; accounts differ in how much is known of them."""
    rng = np.random.default_rng(1)
    weights = rng.gamma(1.0, 1.0, ACCOUNTS)
    shares = np.cumsum(weights) / weights.sum()

    def accounts(rows: int) -> pa.Array:
        return _names("account-", ACCOUNTS).take(pa.array(np.searchsorted(shares, rng.random(rows))))

    def days(first: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Array:
        return pa.array((first + 19_000).astype(np.int32), pa.int32()).cast(pa.date32())

    occurred = rng.integers(0, DAYS, SIGNALS)
    signals = {
        "account": accounts(SIGNALS),
        "type": pa.array(TYPES).take(pa.array(rng.integers(0, len(TYPES), SIGNALS))),
        "occurred": days(occurred),
        "known": days(occurred + rng.geometric(0.15, SIGNALS)),
        "value": pa.array(rng.integers(1, 20, SIGNALS)),
        "source": pa.array(SOURCES).take(pa.array(rng.integers(0, len(SOURCES), SIGNALS))),
    }
    seen = rng.integers(0, DAYS, TECHNOLOGIES)
    tool = rng.integers(0, TOOLS, TECHNOLOGIES)
    technologies = {
        "account": accounts(TECHNOLOGIES),
        "tool": _names("tool ", TOOLS).take(pa.array(tool)),
        "category": _names("category ", 20).take(pa.array(tool % 20)),
        "first_seen": days(seen),
        "last_seen": days(seen + rng.integers(0, DAYS, TECHNOLOGIES)),
    }
    for name, columns in (("signals", signals), ("technologies", technologies)):
        if as_csv:
            csv.write_csv(pa.table(columns), folder / f"{name}.csv")
        else:
            parquet.write_table(pa.table(columns), folder / f"{name}.parquet")


def _names(prefix: str, count: int) -> pa.Array:
    return pa.array([f"{prefix}{number}" for number in range(count)])


def measure(folder: Path, suffix: str) -> None:
    """Read the tables, make the columns, say what it took."""
    same = {"account": "account", "complete": True}
    tables = {
        "signals": {
            "source": f"signals.{suffix}", **same, "type": "type", "occurred": "occurred", "known": "known",
            "value": "value", "source_of": "source",
        },
        "technologies": {
            "source": f"technologies.{suffix}", **same, "tool": "tool", "category": "category",
            "first_seen": "first_seen", "last_seen": "last_seen",
        },
    }  # fmt: skip
    rng = np.random.default_rng(2)
    attributes = resolve_attributes(parse_settings(AttributesSettings, ATTRIBUTES), ())
    accounts = _names("account-", ACCOUNTS).take(pa.array(rng.integers(0, ACCOUNTS, DEALS)))
    opened = np.datetime64("2022-01-08") + rng.integers(200, DAYS, DEALS)
    start = time.perf_counter()
    read = open_tables(parse_settings(DatedTables, tables), attributes, folder)
    reading = time.perf_counter() - start
    built = build_columns(accounts, opened, read, attributes)
    seconds = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    peak, cpu = used.ru_maxrss * BYTES_A_UNIT / 2**20, used.ru_utime + used.ru_stime
    rows = f"{built.num_rows:,} deals, {SIGNALS:,} signals, {TECHNOLOGIES:,} technology rows, {suffix}"
    took = f"{seconds:.1f} s ({reading:.1f} s of it reading; {cpu:.1f} s of processor time)"
    print(f"{rows}, {built.num_columns} attributes: {took}, {peak:,.0f} MiB")


def main() -> None:
    """Make the tables in one process, measure in another, so that neither weighs on the other."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--csv", action="store_true", help="tables as CSV, which takes longer to read")
    options.add_argument("--make", type=Path, help=argparse.SUPPRESS)
    options.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.make:
        write_tables(given.make, as_csv=given.csv)
    elif given.measure:
        measure(given.measure, "csv" if given.csv else "parquet")
    else:
        with tempfile.TemporaryDirectory() as folder:
            for part in ("--make", "--measure"):
                words = [sys.executable, __file__, part, folder, *(["--csv"] if given.csv else [])]
                subprocess.run(words, check=True)


if __name__ == "__main__":
    main()
