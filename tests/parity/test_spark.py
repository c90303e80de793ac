"""Spark answers as one process does: the same rows, in the same order, with the same values in every column."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from icp_ml.deals.reading import read_table
from icp_ml.errors import BundleInvalid, ConfigError, IcpError, InputError
from icp_ml.serve import trusted_keys
from icp_ml.serve.bundle import write_bundle
from icp_ml.serve.known import KnownAccounts
from icp_ml.serve.spark import score_frame
from icp_ml.serve.spark_tasks import Counted, Places
from icp_training import promotion
from tests import profiled_bundles, serve_models
from tests.cli_projects import icp, refusal
from tests.registry_projects import NAME, NewProject, add_version, asker, registry
from tests.serve_models import AS_OF
from tests.spark_sessions import PANDAS_WARNING, small_session

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.filterwarnings(f"ignore:{PANDAS_WARNING}:FutureWarning")

ROWS = 2400
FILES = {"a/2.parquet": 300, "a/10.parquet": 50, "b.parquet": 1500, "c/d.parquet": 550}
"""Rows of each file in the order of their names, which is not that of their sizes, nor of their numbers."""
DAY = ("--as-of", AS_OF.isoformat())


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    with small_session() as session:
        yield session


@cache
def prospects() -> pa.Table:
    """A list with ids that come again, near and far, in several spellings; blank ids; values that nobody foresaw."""
    rng, table = np.random.default_rng(4), serve_models.raw_list(ROWS, 4)
    ids = table.column("domain").to_pylist()
    for row in rng.choice(ROWS, 500, replace=False).tolist():
        other = ids[int(rng.integers(ROWS))]
        ids[row] = [other, f" {other} ".upper(), f"https://www.{other}/about", "", None][row % 5] if other else None
    odd = {"industry": "Alchemy", "employees": "a few", "funded": "2199-01-01", "demo": "perhaps", "visits": None}
    columns = {"domain": ids, **{name: table.column(name).to_pylist() for name in table.schema.names[1:]}}
    for name, value in odd.items():
        for row in rng.choice(ROWS, 60, replace=False).tolist():
            columns[name][row] = value
    for row in range(7, ROWS, 97):
        for name in table.schema.names[1:]:
            columns[name][row] = None
    return pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})


def write_list(folder: Path, files: dict[str, int], table: pa.Table) -> Path:
    """The table in files, in row groups of 200 rows."""
    start = 0
    for name, rows in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table.slice(start, rows), folder / name, row_group_size=200)
        start += rows
    return folder


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the planted model and the list, and the terminal in it."""
    serve_models.write(tmp_path / "models" / "planted" / "v1")
    write_list(tmp_path / "list", FILES, prospects())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ICP_HOME", raising=False)
    return tmp_path


def plain(table: pa.Table) -> pa.Table:
    """Without dictionaries and metadata, which Spark does not have."""
    kinds = [each.value_type if pa.types.is_dictionary(each) else each for each in table.schema.types]
    return table.cast(pa.schema(list(zip(table.schema.names, kinds, strict=True)))).combine_chunks()


def check_same(found: pa.Table, expected: pa.Table) -> None:
    found, expected = plain(found), plain(expected)
    assert found.schema.names == expected.schema.names
    for name in expected.schema.names:
        assert found.column(name).equals(expected.column(name)), name
    assert found.schema == expected.schema


def framed(spark: SparkSession, table: pa.Table, sizes: Sequence[int]) -> DataFrame:
    """The table as a frame with a partition for each size, in its order."""
    ends = np.cumsum([0, *sizes]).tolist()
    parts = [table.slice(start, end - start) for start, end in itertools.pairwise(ends)]
    frames = [spark.createDataFrame(part).coalesce(1) for part in parts]
    return reduce(lambda before, after: before.union(after), frames)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return serve_models.write(tmp_path_factory.mktemp("models") / "planted")


def test_a_list_of_files_is_answered_as_by_one_process(spark: SparkSession, home: Path) -> None:
    one = icp("score", "list", "-o", "one.parquet", *DAY, "--json")
    many = icp("score", "list", "-o", "many", *DAY, "--json", "--engine", "spark")
    assert (one.code, many.code) == (0, 0), many.err
    expected = read_table(home / "one.parquet")
    assert pc.sum(pc.equal(plain(expected).column("status"), "repeated account")).as_py() > 100
    check_same(read_table(home / "many"), expected)
    assert (home / "many" / "_SUCCESS").exists()
    assert not [path.name for path in home.iterdir() if path.name.startswith(".")]
    told = [json.loads(each.out) for each in (one, many)]
    measured = {"output", "seconds", "rows_per_second", "peak_memory_mib"}
    said = [{name: value for name, value in each.items() if name not in measured} for each in told]
    assert said[1]["mean_probability"] == pytest.approx(said[0].pop("mean_probability"), abs=1e-12)
    del said[1]["mean_probability"]
    assert said[0] == said[1]


def test_folders_of_keys_are_kept_and_are_no_columns_of_the_list(spark: SparkSession, home: Path) -> None:
    """A key is a text as it is written: 01 stays 01. The list's column of the same file is what is scored."""
    files = {"month=02/zone=a%2Fb/x.parquet": 700, "month=02/zone=c/x.parquet": 900}
    files |= {"month=01/zone=c/x.parquet": 500, "month=01/zone=__HIVE_DEFAULT_PARTITION__/x.parquet": 300}
    by_name = dict(sorted(files.items()))
    write_list(home / "keyed", by_name, prospects())
    done = icp("score", "keyed", "-o", "many", *DAY, "--engine", "spark", "--columns", "tier,score,status")
    assert done.code == 0, done.err
    assert icp("score", "keyed", "-o", "one.parquet", *DAY, "--columns", "tier,score,status").code == 0
    expected, start = plain(pq.read_table(home / "one.parquet")), 0
    for name, rows in by_name.items():
        folder = home / "many" / Path(name).parent
        assert folder.is_dir(), sorted((home / "many").rglob("*"))
        check_same(read_table(folder), expected.slice(start, rows))
        start += rows
    assert len([path for path in (home / "many").rglob("*") if path.is_dir()]) == 2 + len(files)


def test_a_list_without_ids_is_numbered_through(spark: SparkSession, home: Path) -> None:
    table = prospects().drop_columns(["domain"])
    unnamed = serve_models.bundle().prospects.model_copy(update={"id": None})
    write_bundle(replace(serve_models.bundle(), prospects=unnamed), home / "unnamed")
    write_list(home / "bare", FILES, table)
    done = icp("score", "bare", "-o", "many", *DAY, "--engine", "spark", "--model", "unnamed", "--min-tier", "1")
    assert done.code == 0, done.err
    assert icp("score", "bare", "-o", "one.parquet", *DAY, "--model", "unnamed", "--min-tier", "1").code == 0
    expected = pq.read_table(home / "one.parquet")
    assert 0 < expected.num_rows < ROWS
    check_same(read_table(home / "many"), expected)
    frame = score_frame(framed(spark, table, [1000, 0, 1, 1399]), home / "unnamed", as_of=AS_OF)
    assert frame.toArrow().column("row").to_pylist() == list(range(1, ROWS + 1))


def test_a_signature_that_is_demanded_is_asked_of_what_is_sent_and_changes_no_answer(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, table = serve_models.write(tmp_path / "v1"), prospects().slice(0, 400)
    private, public = tmp_path / "ana.pem", tmp_path / "ana.pub.pem"
    assert icp("sign", "--new-key", private).code == 0
    monkeypatch.setenv("ICP_TRUSTED_KEYS", str(public))
    monkeypatch.setattr(trusted_keys, "_OWN", set())  # what a process made itself it opens
    with pytest.raises(BundleInvalid, match=r"it has no signature\.json"):
        score_frame(framed(spark, table, [400]), folder, as_of=AS_OF)
    assert icp("sign", folder, "--key", private).code == 0
    monkeypatch.setattr(trusted_keys, "_OWN", set())
    found = score_frame(framed(spark, table, [150, 250]), folder, as_of=AS_OF).toArrow()
    check_same(found, serve_models.scorer().score(table, as_of=AS_OF))


def test_a_frame_is_answered_as_a_table_and_keeps_partitions_and_columns(spark: SparkSession, model: Path) -> None:
    table = prospects().append_column("country", pa.array([f"land {row % 7}" for row in range(ROWS)]))
    customers = frozenset(prospects().column("domain").drop_null().to_pylist()[10:40])
    known = KnownAccounts(customers, frozenset())
    frame = framed(spark, table, [900, 0, 1100, 400])
    scored = score_frame(frame, model, as_of=AS_OF, reasons=1, known=known, keep=["country"])
    expected = replace(serve_models.scorer(), known=known).score(table, as_of=AS_OF, reasons=1)
    assert pc.sum(pc.equal(plain(expected).column("status"), "already a customer")).as_py() >= 10
    check_same(scored.toArrow(), expected.append_column("country", table.column("country")))
    assert scored.rdd.getNumPartitions() == frame.rdd.getNumPartitions()
    # One task that does the work of all partitions must still know which is which.
    check_same(scored.coalesce(1).toArrow(), expected.append_column("country", table.column("country")))


def test_numbers_dates_lists_and_mapped_names_of_a_frame_are_read_as_those_of_a_table(
    spark: SparkSession, model: Path
) -> None:
    text = serve_models.raw_list(400, 8)
    number = pc.cast(pc.replace_substring(text.column("employees"), ",", ""), pa.int64())
    typed = {
        "domain": pa.array(np.arange(400) // 3, pa.int64()),
        "Headcount": number,
        "annual_revenue": pa.array(np.linspace(1e4, 5e6, 400)),
        "funded": pc.cast(text.column("funded"), pa.date32()),
        "founded": pc.cast(text.column("founded"), pa.int32()),
        "tools": pc.split_pattern(text.column("tools"), ";"),
        "demo": pc.equal(text.column("demo"), "yes"),
        "industry": text.column("industry"),
        "unread": pa.array([{"a": 1}] * 400),
    }
    table = pa.table(typed)
    scored = score_frame(framed(spark, table, [150, 250]), model, as_of=AS_OF).toArrow()
    check_same(scored, serve_models.scorer().score(table, as_of=AS_OF))


def test_several_profiles_answer_on_spark_too(spark: SparkSession, tmp_path: Path) -> None:
    write_bundle(profiled_bundles.bundle(), tmp_path / "several")
    scored = score_frame(framed(spark, prospects(), [1000, 1400]), tmp_path / "several", as_of=AS_OF)
    check_same(scored.toArrow(), profiled_bundles.scorer().score(prospects(), as_of=AS_OF))


def test_a_partition_that_holds_other_rows_than_before_is_refused() -> None:
    """Rows 1 and 2 with hashes 5 and 7: their order is of no matter, their number and what they are is."""
    places = Places({0: Counted(2, 12)}, np.empty(0, dtype=np.uint64), np.empty(0, dtype=np.int32))
    places.check(0, Counted(2, 7 + 5))
    for place, found in ((0, Counted(2, 13)), (0, Counted(1, 12)), (1, Counted(2, 12))):
        with pytest.raises(InputError, match="persist the frame"):
            places.check(place, found)


def test_a_frame_that_cannot_be_scored_is_refused_in_a_sentence(spark: SparkSession, model: Path) -> None:
    frame = spark.createDataFrame(prospects().slice(0, 5))
    refused: list[tuple[DataFrame, dict[str, object], type[IcpError], str]] = [
        (frame, {"id_column": "domian"}, InputError, "did you mean 'domain'"),
        (frame, {"keep": ["contry"]}, InputError, "expected the column 'contry'"),
        (frame.select("domain"), {}, InputError, "found none of them among 'domain'"),
        (
            frame.withColumnRenamed("demo", "tier"),
            {"keep": ["tier"]},
            ConfigError,
            "the output has columns called 'tier'",
        ),
        (frame, {"reasons": -1}, ConfigError, "the number of reasons was expected to be from 0 to 1000"),
        (frame, {"as_of": None}, ConfigError, "the day to which ages count was expected"),
    ]
    for rows, asked, kind, said in refused:
        with pytest.raises(kind, match=said):
            score_frame(rows, model, **{"as_of": AS_OF, **asked})  # type: ignore[arg-type]  # each is of its type


REFUSED = [
    (("list.csv", "-o", "many"), "--engine spark reads Parquet, and list.csv is none"),
    (("list", "-o", "many.parquet"), "--engine spark writes a folder"),
    (("list", "-o", "full"), "full exists already"),
    (("list", "-o", "full", "--force"), "a folder that Spark wrote was expected at full, and it holds 'notes.txt'"),
    (("list", "-o", "many", "--threads", "2"), "--threads was given, and --engine spark does not have it"),
    (("list", "-o", "many", "--part-rows", "10"), "--part-rows was given"),
    (("list", "-o", "many", "--resume"), "--resume was given"),
    (("list", "-o", "many", "--neighbours"), "--neighbours was given"),
    (("list", "-o", "many", "--unusable", "bad.csv"), "--unusable was given"),
    (("list", "-o", "many", "--table", "signals=s.csv"), "--table was given"),
    (("delta", "-o", "many"), "delta is a Delta table"),
]


@pytest.mark.parametrize(("words", "said"), REFUSED, ids=[words[-1] for words, _ in REFUSED])
def test_what_spark_does_not_do_is_refused(home: Path, words: tuple[str, ...], said: str) -> None:
    (home / "list.csv").write_text("domain,employees\na.example,5\n")
    (home / "full").mkdir()
    (home / "full" / "notes.txt").write_text("mine")
    (home / "delta" / "_delta_log").mkdir(parents=True)
    code, sentence = refusal("score", *words, *DAY, "--engine", "spark")
    assert (code, sentence[: len(said)]) == (2, said)
    assert (home / "full" / "notes.txt").read_text() == "mine"


def test_without_java_or_pyspark_it_is_said_what_to_install(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("score", "list", "-o", "many", *DAY, "--engine", "spark")
    monkeypatch.setenv("PATH", str(home))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    code, sentence = refusal(*words)
    assert (code, "install Java 17 or newer" in sentence) == (2, True)
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    code, sentence = refusal(*words)
    assert (code, "pip install 'icp-ml[spark]'" in sentence) == (2, True)


def test_nothing_is_left_of_a_list_that_could_not_be_scored(spark: SparkSession, home: Path) -> None:
    """A damaged file and too many rows without a score are told as by one process; an output is replaced if asked."""
    words = ("score", "list", "-o", "many", *DAY, "--engine", "spark")
    code, sentence = refusal(*words, "--max-unscored", "0.01")
    assert (code, sentence) == refusal(*words[:2], "-o", "one.parquet", *DAY, "--max-unscored", "0.01")
    assert (code, (home / "many").exists()) == (10, False)
    assert icp(*words).code == 0
    before = sorted(path.name for path in (home / "many").iterdir())
    assert icp(*words, "--force", "--min-tier", "1").code == 0
    assert sorted(path.name for path in (home / "many").iterdir()) != before
    last = home / "list" / "c" / "d.parquet"
    content = bytearray(last.read_bytes())
    content[4:400] = b"\xff" * 396
    last.write_bytes(content)
    code, sentence = refusal(*words, "--force")
    assert (code, sentence) == refusal(*words[:2], "-o", "one.parquet", *DAY)
    assert code == 3
    assert (home / "many" / "_SUCCESS").exists(), "what stood there before still does"
    assert not [path.name for path in home.iterdir() if path.name.startswith(".")]


def test_the_champion_answers_through_mlflows_function_for_spark(
    spark: SparkSession, new_project: NewProject, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """`mlflow.pyfunc.spark_udf`, asked for the columns that a person wants. The row goes in as a struct: columns that
    stand alone are taken for those of the signature by their order, and not by their names."""
    import mlflow  # noqa: PLC0415 - it takes seconds
    from pyspark.sql import functions as sql  # noqa: PLC0415

    root = new_project("served")
    add_version(root, 1)
    promotion.promote(registry(root), "v1", asker())
    address = f"sqlite:///{root / 'mlruns' / 'mlflow.db'}"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", address)
    # MLflow prefers the address that another test of this process once set to the environment's.
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(address)
    request.addfinalizer(lambda: mlflow.set_tracking_uri(before))
    table = serve_models.raw_list(60, 9)
    plain_numbers = {
        "employees": pc.cast(pc.replace_substring(table.column("employees"), ",", ""), pa.float64()),
        "visits": pc.cast(table.column("visits"), pa.float64()),
        "annual_revenue": pa.array(np.linspace(1e4, 5e6, 60)),
    }
    rows = pa.table({name: plain_numbers.get(name, table.column(name)) for name in table.schema.names})
    answer = mlflow.pyfunc.spark_udf(
        spark,
        f"models:/{NAME}@champion",
        result_type="probability double, tier string, reason_for_1 string, status string",
        env_manager="local",
        params={"as_of": AS_OF.isoformat()},
    )
    frame = spark.createDataFrame(rows)
    told = frame.select("domain", answer(sql.struct(*frame.columns)).alias("told")).select("domain", "told.*").toArrow()
    check_same(told, serve_models.scorer().score(rows, as_of=AS_OF).select(told.schema.names))
