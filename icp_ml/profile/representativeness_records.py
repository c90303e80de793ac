"""How far a prospect list is from the deals, as figures that a bundle keeps and people read."""

from __future__ import annotations

from typing import Literal

from icp_ml.profile.records import Record

Likeness = Literal["alike", "differs", "apart"]


class ColumnShift(Record):
    """One attribute, in the deals and on the list.

    share: of what tells their known values apart, 0 to 1. known_deals, known_list: share of rows in which it is known.
    unseen_rows: rows of the list with a value that no deal has (categories and sets); unseen: the most frequent of
    these values with their rows, none in a bundle.
    """

    attribute: str
    share: float
    known_deals: float
    known_list: float
    unseen_rows: int
    unseen: tuple[tuple[str, int], ...] = ()


class Representativeness(Record):
    """How far the list is from the deals.

    rows: prospects looked at. auc, low, high: of telling them apart by known values, with the 95 % interval.
    auc_of_gaps: by nothing but what is missing. columns: what tells them apart, the largest share first. absent:
    attributes that the list lacks altogether, which are left out of all this.
    """

    rows: int
    auc: float
    low: float
    high: float
    auc_of_gaps: float
    likeness: Likeness
    columns: tuple[ColumnShift, ...]
    absent: tuple[str, ...]
    sentences: tuple[str, ...]

    def without_values(self) -> Representativeness:
        """The same without a value of anybody's list, as a bundle keeps it."""
        bare = tuple(each.model_copy(update={"unseen": ()}) for each in self.columns)
        return self.model_copy(update={"columns": bare})
