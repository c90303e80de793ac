"""Views one upon the other: each takes the rows of the one before, looks things up, and adds columns to them.

No row is lost and none appears: look-ups are left joins on the key of a table. A view of many look-ups is several
views, so that no statement grows long.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from sqlglot import exp
from sqlglot.optimizer.normalize_identifiers import normalize_identifiers

from icp_ml.errors import ConfigError
from icp_ml.serve.exports.sql_conditions import Dialect
from icp_ml.serve.exports.sql_names import table_named

ROW: Final = "r"
"""What the rows of the view before are called."""
LOOKUPS_A_VIEW: Final = 30
"""We chose it: the planner of PostgreSQL takes them in their order, and a statement of them stays short."""
TARGET_BYTES: Final = 200_000
"""Expressions of one view are put into the next where they would be longer; warehouses refuse much longer ones."""

_TERMS: Final = 40


@dataclass(frozen=True)
class Objects:
    """Names of what is made in the warehouse. mark: what tells the tables of one version from those of another."""

    dialect: Dialect
    schema: str | None
    mark: str

    def named(self, name: str) -> exp.Table:
        """A table or view, spelled as its dialect spells names without quotes.

        Raises `ConfigError` for a schema that is no name.
        """
        whole = name if self.schema is None else f"{self.schema}.{name}"
        named = table_named(whole, self.dialect)
        if named is None:
            raise ConfigError(
                f"the name of a schema such as crm was expected, and '{self.schema}' was found; correct --schema"
            )
        return normalize_identifiers(named, dialect=self.dialect)

    def of_version(self, name: str) -> exp.Table:
        """The same for what belongs to one version of the model."""
        return self.named(f"icp_{self.mark}_{name}")


@dataclass(frozen=True)
class Lookup:
    """A row of a table. keys: what its columns have to be. adds: for columns of the view the table's column that is
    added to them. otherwise: by column of the table what is added where there is no such row;
    none where there always is.
    """

    table: str
    keys: Mapping[str, exp.Expr]
    adds: Mapping[str, str]
    otherwise: Mapping[str, exp.Expr] = field(default_factory=dict)


@dataclass(frozen=True)
class View:
    """A view. columns: the names of all its columns."""

    name: str
    columns: tuple[str, ...]
    select: exp.Select


@dataclass(frozen=True)
class Chain:
    """Views so far; the last one has the rows."""

    objects: Objects
    views: tuple[View, ...] = ()

    @property
    def last(self) -> View:
        """The view that has the rows."""
        return self.views[-1]

    def started(self, name: str, made: Mapping[str, exp.Expr], source: exp.Expr) -> Chain:
        """The first view, of the columns that are made of `source`."""
        select = exp.select(*_named(made)).from_(source)
        return replace(self, views=(View(name, tuple(made), self._fenced(select)),))

    def then(self, name: str, made: Mapping[str, exp.Expr], *, without: Iterable[str] = ()) -> Chain:
        """With these columns beside those of the last view but `without`, or in the place of those of their name.

        They are spread over several views where they are long; one may not use another.
        """
        chain = self
        parts = list(_short_parts(made, self.objects.dialect))
        for number, part in enumerate(parts):
            is_last = number == len(parts) - 1
            chain = chain._next(_numbered(name, number), part, (), set(without) if is_last else set())
        return chain

    def looked_up(self, name: str, lookups: Sequence[Lookup], *, without: Iterable[str] = ()) -> Chain:
        """With what look-ups add to columns; a column that is not there starts with what is added to it first."""
        chain = self
        for number, start in enumerate(range(0, len(lookups), LOOKUPS_A_VIEW)):
            some = lookups[start : start + LOOKUPS_A_VIEW]
            is_last = start + LOOKUPS_A_VIEW >= len(lookups)
            sums = _sums(some, chain.last.columns)
            chain = chain._next(_numbered(name, number), sums, some, set(without) if is_last else set())
        return chain

    def _next(self, name: str, made: Mapping[str, exp.Expr], lookups: Sequence[Lookup], without: set[str]) -> Chain:
        carried = {each: of_row(each) for each in self.last.columns if each not in without and each not in made}
        columns = {**carried, **made}
        before = self.objects.of_version(self.last.name)
        select = exp.select(*_named(columns)).from_(exp.alias_(before, ROW, table=True, quoted=True))
        for place, lookup in enumerate(lookups):
            alias = _alias(place)
            table = exp.alias_(self.objects.of_version(lookup.table), alias, table=True, quoted=True)
            select.join(table, on=_on(lookup, alias), join_type="left", copy=False)
        return replace(self, views=(*self.views, View(name, tuple(columns), self._fenced(select))))

    def _fenced(self, select: exp.Select) -> exp.Select:
        """PostgreSQL merges a view into the query that uses it, and then computes anew whatever is used twice; it does
        not where the view has an offset."""
        return select.offset(0) if self.objects.dialect == "postgres" else select


def of_row(name: str) -> exp.Column:
    """A column of the view before."""
    return exp.column(name, table=ROW, quoted=True)


def summed(terms: Sequence[exp.Expr]) -> exp.Expr:
    """Their sum; there is at least one. Long sums are sums of sums, so that nothing nests deeply."""
    if len(terms) > _TERMS:
        starts = range(0, len(terms), _TERMS)
        return summed([exp.paren(summed(terms[start : start + _TERMS])) for start in starts])
    total = terms[0]
    for term in terms[1:]:
        total = exp.Add(this=total, expression=term)
    return total


def _numbered(name: str, number: int) -> str:
    return f"{name}_{number + 1}" if number else name


def _alias(place: int) -> str:
    return f"t{place}"


def _named(made: Mapping[str, exp.Expr]) -> list[exp.Expr]:
    return [each.as_(name, quoted=True) for name, each in made.items()]


def _on(lookup: Lookup, alias: str) -> exp.Expr:
    return exp.and_(
        *(
            exp.EQ(this=exp.column(key, table=alias, quoted=True), expression=value)
            for key, value in lookup.keys.items()
        )
    )


def _sums(lookups: Sequence[Lookup], there: Sequence[str]) -> dict[str, exp.Expr]:
    terms: dict[str, list[exp.Expr]] = {}
    for place, lookup in enumerate(lookups):
        for column, added in lookup.adds.items():
            start: list[exp.Expr] = [of_row(column)] if column in there else []
            found = exp.column(added, table=_alias(place), quoted=True)
            instead = lookup.otherwise.get(added)
            terms.setdefault(column, start).append(
                found if instead is None else exp.Coalesce(this=found, expressions=[instead.copy()])
            )
    return {column: summed(each) for column, each in terms.items()}


def _short_parts(made: Mapping[str, exp.Expr], dialect: Dialect) -> Iterator[dict[str, exp.Expr]]:
    part: dict[str, exp.Expr] = {}
    size = 0
    for name, each in made.items():
        length = len(each.sql(dialect=dialect, identify=True).encode())
        if part and size + length > TARGET_BYTES:
            yield part
            part, size = {}, 0
        part[name] = each
        size += length
    yield part
