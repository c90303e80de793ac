"""MLflow's own tools give the probabilities of `icp score`, and refuse what they cannot read in words."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from icp_ml.errors import ConfigError, InputError
from icp_ml.serve.mlflow_loader import ServedModel, input_columns
from icp_training import promotion
from tests import serve_models
from tests.cli_projects import icp
from tests.registry_projects import NAME, NewProject, add_version, asker, registry

DAY = {"as_of": serve_models.AS_OF.isoformat()}
STARTS_WITHIN = 180.0  # seconds, on a machine that has other things to do
ROWS = 60


def rows() -> pd.DataFrame:
    """A list as MLflow takes it: numbers as floats, everything else as text, gaps in most columns."""
    made = serve_models.frame(ROWS, seed=9)
    for name in ("employees", "annual_revenue", "visits"):
        text = made[name].str.replace(r"[$,]", "", regex=True).str.replace("K", "000")
        made[name] = pd.to_numeric(text).astype(float)
    return made


@pytest.fixture(scope="module")
def project(new_project: NewProject) -> Path:
    root = new_project("tools")
    add_version(root, 1)
    promotion.promote(registry(root), "v1", asker())
    return root


@pytest.fixture(scope="module")
def model(project: Path) -> Any:
    """The champion as `mlflow.pyfunc` opens it."""
    import mlflow  # noqa: PLC0415 - it takes seconds

    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(database(project))
    try:
        return mlflow.pyfunc.load_model(f"models:/{NAME}@champion")
    finally:
        mlflow.set_tracking_uri(before)
        # MLflow writes the address into the environment too, where every later test would take it for a server.
        os.environ.pop("MLFLOW_TRACKING_URI", None)


def database(project: Path) -> str:
    return f"sqlite:///{project / 'mlruns' / 'mlflow.db'}"


def expected(frame: pd.DataFrame) -> pd.DataFrame:
    return serve_models.scorer().score(frame, as_of=serve_models.AS_OF)


def test_the_answer_is_that_of_the_scorer_with_the_probability_first(model: Any) -> None:
    told, own = model.predict(rows(), params=DAY), expected(rows())
    assert list(told.columns) == ["probability", *(name for name in own.columns if name != "probability")]
    assert told["probability"].dtype == np.float64
    pd.testing.assert_series_equal(told["probability"], own["probability"], check_exact=True)
    for name in own.columns:
        assert (
            told[name].where(told[name].notna(), None).tolist()
            == own[name].astype(object).where(own[name].notna(), None).tolist()
        )


def test_the_signature_asks_for_numbers_as_doubles_and_for_all_else_as_text(model: Any) -> None:
    asked = {spec.name: (spec.type.name, spec.required) for spec in model.metadata.signature.inputs.inputs}
    numbers = {"employees", "annual_revenue", "visits", "Headcount"}
    texts = {"domain", "industry", "founded", "funded", "size", "band", "tools", "demo"}
    assert asked == {name: ("double" if name in numbers else "string", False) for name in numbers | texts}
    assert set(input_columns(serve_models.scorer())) == numbers | texts


@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "Float64"])
def test_numbers_that_fit_into_a_double_are_answered(model: Any, dtype: Any) -> None:
    frame = rows().assign(visits=np.arange(ROWS).astype(float))
    told = model.predict(frame.assign(visits=frame["visits"].astype(dtype)), params=DAY)
    pd.testing.assert_series_equal(told["probability"], expected(frame)["probability"], check_exact=True)


@pytest.mark.parametrize(
    ("column", "dtype", "found"),
    [
        ("visits", "int64", "int64"),
        ("visits", "Int64", "Int64"),
        ("visits", "str", "str"),
        ("industry", "category", "category"),
    ],
)
def test_other_types_are_refused_by_name_and_answered_once_converted(
    model: Any, column: str, dtype: Any, found: str
) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

    frame = rows().assign(visits=np.arange(ROWS).astype(float))
    strange = frame.assign(**{column: frame[column].astype(dtype)})
    with pytest.raises(MlflowException, match=f"for column {column}.*Can not safely convert {found}"):
        model.predict(strange, params=DAY)
    mended = strange.assign(**{column: strange[column].astype(float if column == "visits" else object)})
    told = model.predict(mended, params=DAY)
    pd.testing.assert_series_equal(told["probability"], expected(frame)["probability"], check_exact=True)


@pytest.mark.parametrize(("column", "value"), [("founded", 1999), ("founded", 1999.0), ("demo", True), ("domain", 7)])
def test_what_is_no_number_of_the_model_is_asked_for_as_text(model: Any, column: str, value: Any) -> None:
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above

    frame = rows().assign(**{column: value})
    with pytest.raises(MlflowException, match=f"for column {column}.*Can not safely convert"):
        model.predict(frame, params=DAY)
    told = model.predict(frame.assign(**{column: frame[column].astype(str)}), params=DAY)
    pd.testing.assert_series_equal(told["probability"], expected(frame)["probability"], check_exact=True)


def test_columns_may_be_missing_and_others_are_ignored(model: Any) -> None:
    fewer = rows().drop(columns=["industry", "visits"])
    told = model.predict(fewer.assign(owner="ana"), params=DAY)
    pd.testing.assert_series_equal(told["probability"], expected(fewer)["probability"], check_exact=True)
    assert told["status"].str.contains("the list lacks industry, visits").all()


def test_a_mapped_name_is_the_column_that_it_stands_for(model: Any) -> None:
    told = model.predict(rows().rename(columns={"employees": "Headcount"}), params=DAY)
    pd.testing.assert_series_equal(told["probability"], expected(rows())["probability"], check_exact=True)


def test_what_is_not_there_is_null_in_a_reply_but_a_probability_is_always_a_number(model: Any) -> None:
    frame = rows().assign(visits=np.nan).iloc[:3]
    frame.loc[1, frame.columns[1:]] = None
    told = model.predict(frame, params={**DAY, "reasons": 9})
    assert told["probability"].isna().tolist() == [False, True, False]
    assert told["probability"].dtype == np.float64
    assert told.loc[1, "status"] == "not scored: no attribute known"
    others = told.drop(columns=["probability", "log_odds"])
    missing = others.isna()
    assert missing.to_numpy().any()
    assert {value for name in others for value in others.loc[missing[name], name]} == {None}


@pytest.mark.parametrize(
    ("frame", "params", "error", "sentence"),
    [
        (rows(), {}, ConfigError, "pass as_of"),
        (rows(), {"as_of": "30.6.2024"}, ConfigError, "a day such as 2025-06-30"),
        (rows(), {**DAY, "reasons": -1}, ConfigError, "from 0 to 1000"),
        (rows()[["domain"]], DAY, InputError, "expected columns such as"),
    ],
)
def test_what_cannot_be_answered_is_a_sentence(
    model: Any, frame: pd.DataFrame, params: dict[str, object], error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        model.predict(frame, params=params)


def test_how_many_reasons_is_a_whole_number_where_nobody_has_checked_the_types() -> None:
    """MLflow refuses another type itself; what loads the bundle without it gets a sentence too."""
    with pytest.raises(ConfigError, match="the parameter reasons was expected to be a whole number, and it is 'many'"):
        ServedModel(serve_models.scorer()).predict(rows(), {**DAY, "reasons": "many"})


@contextmanager
def served(project: Path, room: Path) -> Iterator[str]:
    """The address of `mlflow models serve` on the champion."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = ["models", "serve", "-m", f"models:/{NAME}@champion", "--env-manager", "local", "-p", str(port)]
    with (room / "server.log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "mlflow", *words], env=environment(project), cwd=room, stdout=log, stderr=log,
            start_new_session=True,
        )  # fmt: skip
        try:
            address = f"http://127.0.0.1:{port}"
            wait_for(address, server, room / "server.log")
            yield address
        finally:
            with suppress(ProcessLookupError):
                os.killpg(server.pid, signal.SIGTERM)
            server.wait(60)


def environment(project: Path) -> dict[str, str]:
    """As in an activated environment: MLflow looks for its web server on the path."""
    root = Path(__file__).resolve().parents[2]
    return {
        **os.environ,
        "MLFLOW_TRACKING_URI": database(project),
        "OMP_NUM_THREADS": "1",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(root), str(root / "training")]),
    }


def wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN
    while time.monotonic() < until:
        assert server.poll() is None, log.read_text()
        try:
            with urllib.request.urlopen(f"{address}/ping", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(log.read_text())


def post(address: str, body: bytes, kind: str = "application/json") -> tuple[int, Any]:
    request = urllib.request.Request(f"{address}/invocations", body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.loads(reply.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def in_split(frame: pd.DataFrame, **params: object) -> bytes:
    """A request. pandas writes None for a gap, as JSON has it."""
    split = json.loads(frame.to_json(orient="split", index=False, double_precision=15))
    return json.dumps({"dataframe_split": split, "params": params}).encode()


def of_icp_score(project: Path, room: Path, frame: pd.DataFrame) -> list[float]:
    """The probabilities in the file that `icp score` writes for the same list."""
    frame.to_csv(room / "list.csv", index=False)
    model = str(project / "models" / NAME / "v1")
    words = ("score", room / "list.csv", "-o", room / "scored.parquet", "--model", model, "--as-of", DAY["as_of"])
    done = icp(*words)
    assert done.code == 0, done.err
    scores: list[float] = pq.read_table(room / "scored.parquet")["probability"].to_pylist()
    return scores


def test_serve_gives_the_probabilities_of_icp_score(project: Path, tmp_path: Path) -> None:
    own = of_icp_score(project, tmp_path, rows())
    with served(project, tmp_path) as address:
        status, reply = post(address, in_split(rows(), **DAY))
        whole = rows().assign(visits=np.arange(ROWS))
        whole_status, whole_reply = post(address, in_split(whole, **DAY, reasons=1))
        refusals = [
            post(address, in_split(rows())),
            post(address, in_split(rows().assign(visits="many"), **DAY)),
            post(address, rows().to_csv(index=False).encode(), "text/csv"),
        ]
    assert status == whole_status == 200
    assert [row["probability"] for row in reply["predictions"]] == own
    assert [row["domain"] for row in reply["predictions"]] == rows()["domain"].tolist()
    told = [row["probability"] for row in whole_reply["predictions"]]
    assert told == expected(whole)["probability"].tolist()  # JSON's whole numbers become doubles on the way
    assert {"reason_for_1", "reason_for_2"} & set(whole_reply["predictions"][0]) == {"reason_for_1"}
    assert [code for code, _ in refusals] == [400, 400, 400]
    assert "pass as_of" in refusals[0][1]["stack_trace"]
    assert "many" in refusals[1][1]["message"]
    assert "pass as_of" in refusals[2][1]["stack_trace"]


def test_predict_gives_the_probabilities_of_icp_score(project: Path, tmp_path: Path) -> None:
    own = of_icp_score(project, tmp_path, rows())
    (tmp_path / "request.json").write_bytes(in_split(rows(), **DAY))
    words = ["models", "predict", "-m", f"models:/{NAME}@champion", "--env-manager", "local", "-t", "json"]
    words += ["-i", "request.json", "-o", "reply.json"]
    done = subprocess.run(
        [sys.executable, "-m", "mlflow", *words], env=environment(project), cwd=tmp_path, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reply = json.loads((tmp_path / "reply.json").read_text())
    assert [row["probability"] for row in reply["predictions"]] == own
