"""The prospect list that a configuration names, beside the deals that are learned from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError
from icp_ml.profile.representativeness_records import Representativeness
from icp_training.config import Config
from icp_training.cores import one_core_each
from icp_training.list_sample import ListSample, read_list_sample
from icp_training.representativeness import representativeness


@dataclass(frozen=True)
class ListBeside:
    """sample: the first rows of the list, None where none is named.

    found: how far they are from the deals, None where they have too little in common for that.
    """

    sample: ListSample | None = None
    found: Representativeness | None = None


def list_beside(config: Config, deals: DealTable, root: Path) -> ListBeside:
    """Read the list and hold it beside the deals, before anything is done to them.

    Raises what reading raises, and `ConfigError` where the configuration asks for what needs a list and names none.
    """
    asked = asks_for_patterns(config)
    if asked and config.prospects.source is None:
        raise ConfigError(f"{asked} is set, but prospects.source names no list; name one, or leave it out")
    sample = read_list_sample(config, deals, root)
    if sample is None:
        return ListBeside()
    with one_core_each(0):
        found = representativeness(deals, sample, config.seed)
    return ListBeside(sample, None if found is None else found.without_values())


def asks_for_patterns(config: Config) -> str:
    """The key by which the configuration asks how the list is empty; the empty text where it does not."""
    if config.train.adapt_to:
        return "train.adapt_to"
    return "evaluate.missing_as" if config.evaluate.missing_as else ""
