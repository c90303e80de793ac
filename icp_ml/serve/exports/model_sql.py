"""The whole model in SQL: probability, score, tier, sub-scores and reasons, computed where the companies are.

    icp.model.levels.csv, .bins.csv, .cells.csv, .labels.csv    the tables of the model, the same for every dialect
    icp.model.duckdb.tables.sql                                 makes them, empty
    icp.model.duckdb.load.sql                                   fills them from the files
    icp.model.duckdb.views.sql                                  the views; the last one, icp_scores, has the answers

The tables and the views between carry the first letters of the model's content hash in their names: those of two
versions stand beside each other, and `icp_scores` moves from one to the other when its views are made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from icp_ml.errors import ConfigError
from icp_ml.profile.observed import observed_words
from icp_ml.serve.bundle import Bundle
from icp_ml.serve.exports.model_sql_answers import answers_of_rows
from icp_ml.serve.exports.model_sql_load import data_file, load_statements
from icp_ml.serve.exports.model_sql_rows import Source, effects_of_rows
from icp_ml.serve.exports.model_sql_scores import Scores
from icp_ml.serve.exports.model_sql_tables import DataTable, ModelTables, model_tables
from icp_ml.serve.exports.model_sql_views import Objects
from icp_ml.serve.exports.sql import MOST_BYTES, SqlOptions, list_names, source_table
from icp_ml.serve.exports.sql_conditions import Dialect, Warehouse
from icp_ml.serve.exports.sql_head import column_lines
from icp_ml.serve.exports.stamp import Stamp, stamp_line
from icp_ml.serve.golden import used_attributes
from icp_ml.serve.loading import AnyStored
from icp_ml.serve.reasons import reason_book
from icp_ml.serve.tier_book import TierBook

SCORES: Final = "icp_scores"
"""The view with the answers."""
_MARK: Final = 8
"""Letters of the content hash in names."""


@dataclass(frozen=True)
class ModelSql:
    """A model for one warehouse. data: its tables by name. tables, views: statements, in the order in which they run.

    Running them again does no harm; tables are empty after theirs.
    """

    stamp: Stamp
    source: Source
    read: ModelTables
    objects: Objects
    data: Mapping[str, DataTable]
    tables: tuple[exp.Expr, ...]
    views: tuple[exp.Expr, ...]

    def files(self) -> dict[str, bytes]:
        """By file name, UTF-8. Raises `ConfigError` for a statement over `MOST_BYTES`."""
        dialect = self.objects.dialect
        head = "".join(f"-- {line}".rstrip() + "\n" for line in self._head())
        written = {
            "tables": [_written(each, dialect) for each in self.tables],
            "load": load_statements(self.objects, self.data),
            "views": [_written(each, dialect) for each in self.views],
        }
        sql = {
            f"icp.model.{dialect}.{name}.sql": (head + "".join(f"{each}\n\n" for each in statements)).encode()
            for name, statements in written.items()
        }
        return {**sql, **{data_file(name): table.csv() for name, table in self.data.items()}}

    def _head(self) -> Iterator[str]:
        yield stamp_line(self.stamp)
        yield f"{self.objects.dialect}: tables, load, views, in this order; then: select * from {SCORES}"
        yield f"ages count to {self.source.warehouse.as_of or 'the day on which the view is asked'}"
        yield ""
        yield "columns that are expected, and their types:"
        rules = (*self.source.policy.exclusions, *self.source.policy.boundary)
        asked = {name for rule in rules for name in rule.attributes}
        used = {each.name for each in self.read.attributes} | asked
        wanted = [each for each in self.source.declared if each.name in used]
        yield f"  {self.source.id}: the id"
        yield from (f"  {line}" for line in column_lines(wanted, self.source.warehouse))
        yield ""


def model_sql_files(stored: AnyStored, dialect: Dialect, options: SqlOptions) -> dict[str, bytes]:
    """All files for one warehouse, by name.

    Raises `ConfigError` as `model_sql` and `ModelSql.files` do, and for a model of another kind.
    """
    if not isinstance(stored.bundle, Bundle):
        about = stored.bundle.provenance
        raise ConfigError(
            f"a model that learned from deals was expected for SQL, and version {about.version} of {about.name} is of "
            "another kind; score with `icp score`"
        )
    return model_sql(stored.bundle, stored.content_hash, dialect, options).files()


def model_sql(bundle: Bundle, content_hash: str, dialect: Dialect, options: SqlOptions) -> ModelSql:
    """The model of a bundle, at the level that it states.

    Raises `ConfigError` where the bundle holds several ICPs, no id column is named, an attribute cannot be asked in
    SQL, or the model is too large for tables.
    """
    _check_one_icp(bundle)
    source = _source(bundle, dialect, options)
    tables = _tables(bundle)
    objects = Objects(dialect, options.schema, content_hash[:_MARK])
    model = bundle.model
    book = TierBook(bundle.tiering.cuts, bundle.policy.actions, model.base, model.vocabulary.columns)
    answered = answers_of_rows(effects_of_rows(tables, source, objects), tables, book)
    scores = Scores(answered, book, len(tables.attributes), model.shift, source.id, _level(bundle))
    between = {objects.of_version(view.name): view.select for view in answered.chain.views}
    data = tables.tables()
    about = bundle.provenance
    return ModelSql(
        stamp=Stamp(about.name, about.version, content_hash, about.created),
        source=source,
        read=tables,
        objects=objects,
        data=data,
        tables=tuple(statement for name, table in data.items() for statement in _made(objects.of_version(name), table)),
        views=tuple(_views({**between, objects.named(SCORES): scores.select()})),
    )


def _level(bundle: Bundle) -> str | None:
    stated = None if bundle.calibration is None else bundle.calibration.base_rate
    return None if stated is None else f"stated base rate {stated:.3g}"


def _check_one_icp(bundle: Bundle) -> None:
    if bundle.profiles is not None:
        raise ConfigError(
            f"a model with one ICP was expected for SQL, and version {bundle.provenance.version} of "
            f"{bundle.provenance.name} has {len(bundle.profiles.bundles)}; score with `icp score`, or export the "
            "bundle of one of them from its folder profiles"
        )


def _source(bundle: Bundle, dialect: Dialect, options: SqlOptions) -> Source:
    chosen = options.id or bundle.prospects.id
    if chosen is None:
        raise ConfigError("a column that says which row is which was expected, and none is named; add --id COLUMN")
    warehouse = Warehouse(dialect, options.as_of, options.sets, list_names(bundle.prospects))
    return Source(source_table(options.table, dialect), chosen, warehouse, bundle.policy, bundle.attributes)


def _tables(bundle: Bundle) -> ModelTables:
    used = used_attributes(bundle.model, bundle.attributes)
    book, definition = reason_book(bundle.model, used), bundle.definition
    words = {} if definition is None else observed_words(definition.observed, definition.win_rate.value)
    return model_tables(bundle.model, used, book, [words.get(each, each) for each in book.labels])


# --- statements ---------------------------------------------------------------------------------------------------


def _made(name: exp.Table, table: DataTable) -> Iterator[exp.Expr]:
    """The table where it is not there yet, and without rows where it is."""
    columns = [
        exp.ColumnDef(this=exp.to_identifier(column, quoted=True), kind=exp.DataType.build(kind))
        for column, kind in zip(table.names, table.types, strict=True)
    ]
    yield exp.Create(this=exp.Schema(this=name, expressions=columns), kind="TABLE", exists=True)
    yield exp.delete(name).where(exp.true())


def _views(selects: Mapping[exp.Table, exp.Select]) -> Iterator[exp.Expr]:
    """All views anew, each after those that it asks. What was there goes first, the last view before all."""
    for name in reversed(tuple(selects)):
        yield exp.Drop(tables=[name.copy()], kind="VIEW", exists=True)
    for name, select in selects.items():
        yield exp.Create(this=name, kind="VIEW", expression=select)


def _written(statement: exp.Expr, dialect: Dialect) -> str:
    written = f"{statement.sql(dialect=dialect, identify=True)};"
    if (size := len(written.encode())) > MOST_BYTES:
        raise ConfigError(
            f"statements of at most {MOST_BYTES:,} bytes were expected, and one of the {dialect} model has {size:,}; "
            "score with `icp score`, or train with fewer or smaller trees"
        )
    return written
