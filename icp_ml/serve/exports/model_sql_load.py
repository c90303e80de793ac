"""How each warehouse reads the files of the tables, as statements for its own client, run in the folder of the files.

duckdb      duckdb crm.duckdb < icp.model.duckdb.load.sql
postgres    psql -f icp.model.postgres.load.sql              \\copy, so that the files stay on this side
snowflake   snowsql -f icp.model.snowflake.load.sql          PUT to the stage of the table, then COPY INTO
bigquery    files are read from a bucket: put them there, and write its name in the place of BUCKET
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from sqlglot import exp

from icp_ml.serve.exports.model_sql_tables import DataTable
from icp_ml.serve.exports.model_sql_views import Objects
from icp_ml.serve.exports.sql_conditions import Dialect


def load_statements(objects: Objects, data: Mapping[str, DataTable]) -> list[str]:
    """One or a few for each table."""
    load = _LOADS[objects.dialect]
    return [load(_written(objects.of_version(name), objects.dialect), name) for name in data]


def _written(table: exp.Table, dialect: Dialect) -> str:
    return table.sql(dialect=dialect, identify=True)


def data_file(name: str) -> str:
    """The file of one of the model's tables."""
    return f"icp.model.{name}.csv"


def _duckdb(table: str, name: str) -> str:
    return f"COPY {table} FROM '{data_file(name)}' (FORMAT csv, HEADER true);"


def _postgres(table: str, name: str) -> str:
    return f"\\copy {table} from '{data_file(name)}' with (format csv, header true)\nANALYZE {table};"


def _snowflake(table: str, name: str) -> str:
    at = f"@~/{data_file(name)}"
    form = "TYPE = CSV SKIP_HEADER = 1 FIELD_OPTIONALLY_ENCLOSED_BY = '\"'"
    return f"PUT file://{data_file(name)} @~ OVERWRITE = TRUE;\nCOPY INTO {table} FROM {at} FILE_FORMAT = ({form});"


def _bigquery(table: str, name: str) -> str:
    form = "format = 'CSV', skip_leading_rows = 1, allow_quoted_newlines = true"
    return f"LOAD DATA INTO {table} FROM FILES ({form}, uris = ['gs://BUCKET/{data_file(name)}']);"


_LOADS: Final[Mapping[Dialect, Callable[[str, str], str]]] = {
    "duckdb": _duckdb,
    "postgres": _postgres,
    "snowflake": _snowflake,
    "bigquery": _bigquery,
}
