"""Which rows and columns of a scored list are written: all, or the tiers and columns that somebody wants."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from icp_ml.deals.policy import OUT_OF_SCOPE
from icp_ml.deals.words import suggestion
from icp_ml.errors import ConfigError

Records: TypeAlias = Any


@dataclass(frozen=True)
class OutputRows:
    """What is written. least: the number of the last tier, None for all rows. columns: beside the id, None for all.

    A tier that could not be told apart from a better one, such as "2-3", counts as the better one. With `least` only
    rows that are given a tier are written.
    """

    least: int | None = None
    columns: tuple[str, ...] | None = None

    def of(self, records: Records) -> Records:
        """The rows and columns that are written. Raises `ConfigError` for a column that the output does not have."""
        kept = records if self.least is None else records.filter(pa.array(self._in_tier(records.column("tier"))))
        if self.columns is None:
            return kept
        names = kept.schema.names
        for name in self.columns:
            if name not in names:
                raise ConfigError(
                    f"--columns names '{name}', and the output has no such column; {suggestion(name, names)}"
                )
        chosen = list(dict.fromkeys([names[0], *self.columns]))
        return kept.select(chosen).replace_schema_metadata(kept.schema.metadata)

    def _in_tier(self, tiers: Records) -> np.ndarray[Any, np.dtype[np.bool_]]:
        labels = tiers.dictionary.to_pylist()
        wanted = np.array([*(number_of(label) <= (self.least or 0) for label in labels), False], dtype=bool)
        codes = np.asarray(tiers.indices.fill_null(len(labels)))
        return np.asarray(wanted[codes], dtype=bool)


def number_of(label: str) -> float:
    """The number of a tier, of several the best; what is out of scope comes after all of them."""
    found = re.match(r"\d+", label)
    return float("inf") if label == OUT_OF_SCOPE or found is None else int(found[0])


def least_tier(text: str | None, labels: Sequence[str]) -> int | None:
    """The number of the tier that a person names. labels: the model's tiers. Raises `ConfigError` for another one."""
    if text is None:
        return None
    numbers: Mapping[str, float] = {part: int(part) for label in labels for part in re.findall(r"\d+", label)}
    if text not in numbers:
        raise ConfigError(
            f"--min-tier names '{text}', and the model has no such tier; {suggestion(text, list(numbers))}"
        )
    return int(numbers[text])
