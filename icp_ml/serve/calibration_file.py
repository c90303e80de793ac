"""`calibration.json`: the interval of each probability as a table, and the base rate that was stated, if any.

The file is optional: a bundle of an earlier version has none, gives no intervals, and takes no stated base rate.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Final

import numpy as np
from pydantic import Field, FiniteFloat, TypeAdapter

from icp_ml.errors import BundleInvalid, ConfigError
from icp_ml.model.intervals import Band
from icp_ml.model.levels import Calibration
from icp_ml.profile.records import Record
from icp_ml.serve.documents import checked, from_bytes, to_bytes
from icp_ml.serve.file_names import ANEW, CALIBRATION

Probability = Annotated[float, Field(ge=0.0, le=1.0)]
BaseRate = Annotated[float, Field(gt=0.0, lt=1.0)]

ASSUMED: Final = "the order is supported by data, the level is your assumption"
"""Said wherever a probability is shown whose level was stated."""


class _Document(Record):
    edges: tuple[FiniteFloat, ...]
    low: Annotated[tuple[Probability, ...], Field(min_length=1)]
    high: tuple[Probability, ...]
    reference: Annotated[tuple[FiniteFloat, ...], Field(min_length=1)]
    base_rate: BaseRate | None = None


_DOCUMENT: Final = TypeAdapter(_Document)


def calibration_to_bytes(calibration: Calibration) -> bytes:
    """The file."""
    band = calibration.band
    document = {
        "edges": band.edges.tolist(),
        "low": band.low.tolist(),
        "high": band.high.tolist(),
        "reference": calibration.reference.tolist(),
        "base_rate": calibration.base_rate,
    }
    return to_bytes(document)


def calibration_from_bytes(content: bytes | None) -> Calibration | None:
    """What the file says, None where there is no file. Raises `BundleInvalid` where it does not fit together."""
    if content is None:
        return None
    found = checked(_DOCUMENT, from_bytes(content, CALIBRATION), CALIBRATION)
    steps = len(found.low)
    fits = (
        len(found.high) == steps == len(found.edges) + 1
        and all(a < b for a, b in pairwise(found.edges))
        and all(a <= b for side in (found.low, found.high, found.reference) for a, b in pairwise(side))
        and all(a <= b for a, b in zip(found.low, found.high, strict=True))
    )
    if not fits:
        raise BundleInvalid(f"{CALIBRATION} of the bundle cannot be used: its steps do not fit together; {ANEW}")
    band = Band(np.array(found.edges, dtype=np.float64), np.array(found.low), np.array(found.high))
    return Calibration(band, np.array(found.reference), found.base_rate)


def needs(calibration: Calibration | None, what: str) -> Calibration:
    """The calibration. Raises `ConfigError`, naming `what` was asked for, where the bundle has none."""
    if calibration is None:
        raise ConfigError(
            f"{what} was asked for, and the bundle holds no {CALIBRATION}, because it was made before there was one; "
            "train anew"
        )
    return calibration


def at_base_rate(calibration: Calibration | None, base_rate: float | None) -> Calibration | None:
    """The same with this base rate stated, or with none. Raises `ConfigError` where it cannot be stated."""
    if base_rate is None and calibration is None:
        return None
    if base_rate is not None and not 0.0 < base_rate < 1.0:
        raise ConfigError(f"a base rate between 0 and 1 was expected, such as 0.02, and {base_rate:g} was found")
    return replace(needs(calibration, "a stated base rate"), base_rate=base_rate)


def level_sentence(base_rate: float) -> str:
    """What is said of a probability whose level was stated."""
    return f"The probability is at a stated base rate of {base_rate:.3g}: {ASSUMED}."
