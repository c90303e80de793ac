"""The cell of a list that an attribute is read from, and the column of formulas that holds its reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from icp_ml.deals.answers import NOT_ANSWERED
from icp_ml.deals.attributes import Attribute
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.serve.exports.clay_texts import reference, replaced, text_of, without

AS_OF: Final = "ICP as of"
"""The column with the day to which ages count."""


@dataclass(frozen=True)
class Column:
    """A column of a table: its name, the formula that fills it, and what it holds, in words."""

    name: str
    formula: str
    says: str


@dataclass(frozen=True)
class Cell:
    """Where a list holds an attribute. An answer inside a JSON object has to stand in a column of its own."""

    attribute: Attribute
    prospects: ProspectsSettings

    @property
    def column(self) -> str:
        """The name of the column in the list."""
        own = self.attribute
        return own.name if own.answer is not None else list_column(own.column, self.prospects)

    @property
    def value(self) -> str:
        """A reference to it. Raises `ConfigError` where the name cannot be written in a formula."""
        return reference(self.column)

    def text(self, words: tuple[str, ...] = ()) -> str:
        """Its text, empty where it means "not known". words: what means it beside the attribute's own `missing`."""
        return text_of(self.value) + without((*self.missing, *words), "i")

    def lower(self, words: tuple[str, ...] = ()) -> str:
        """The same in lower case."""
        return f"{text_of(self.value)}.toLowerCase()" + without((*self.missing, *words))

    @property
    def missing(self) -> tuple[str, ...]:
        """The texts that mean "not known" whatever the kind."""
        own = self.attribute
        return own.missing if own.answer is None else (*own.missing, *NOT_ANSWERED)

    def reading(self, formula: str, what: str) -> Column:
        """The column that holds what is read."""
        name = self.attribute.name
        return Column(reading_name(self.attribute), formula, f"{name} {what}; empty where it is not known")

    def step(self, part: str, formula: str) -> Column:
        """A column that the reading is made of."""
        return Column(
            f"{reading_name(self.attribute)} ({part})", formula, f"a step towards the next column: its {part}"
        )


def reading_name(attribute: Attribute) -> str:
    """The name of the column that holds the reading of an attribute."""
    return f"ICP reads {attribute.name}"


def list_column(column: str, prospects: ProspectsSettings) -> str:
    """What a list calls the column of an attribute: the name that the map leads from, or the column's own."""
    return next((theirs for theirs, ours in prospects.map.items() if ours == column), column)


def folded(text: str) -> str:
    """A text with its case folded as the library folds it, but for a few letters of old or rare spellings."""
    return f"{text}.toLowerCase()" + replaced("\u00df", "ss", "g") + replaced("\u03c2", "\u03c3", "g")
