"""Spoilt requests, by the function that stands behind `POST /invocations` of MLflow's scoring server."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks.fuzz.cases import Ready, RefusedError, RowsLostError
from benchmarks.fuzz.json_values import Node, spoilt_value, written
from benchmarks.fuzz.mutations import Rng, chosen, spoilt
from benchmarks.fuzz.project import AS_OF, BUNDLE
from icp_ml.errors import IcpError
from icp_training.pyfunc import save_model

JSON: Final = "application/json"
TYPES: Final = (JSON,) * 12 + (
    "text/csv",
    "application/vnd.apache.parquet",
    "text/plain",
    "application/json; charset=utf-16",
    "",
    "text/csv; x=y",
)
ROWS: Final = 3
NOT_REACHED: Final = "MLflow refused it: "


@dataclass(frozen=True)
class Payloads:
    """model: the bundle as MLflow loads it. seeds: requests that are answered."""

    model: Any
    schema: Any
    seeds: Sequence[Node]
    csv: bytes

    def case(self, rng: Rng) -> Ready:
        """One request."""
        kind = chosen(rng, TYPES)
        if kind.startswith("text/csv"):
            body = spoilt(self.csv, rng)
        elif rng.random() < 0.3:
            body = spoilt(json.dumps(chosen(rng, self.seeds)).encode(), rng)
        else:
            body = written(spoilt_value(chosen(rng, self.seeds), rng), rng)
        return lambda: self._asked(body, kind)

    def _asked(self, body: bytes, kind: str) -> str:
        from mlflow.exceptions import MlflowException  # noqa: PLC0415 - MLflow takes seconds to load
        from mlflow.pyfunc.scoring_server import invocations  # noqa: PLC0415 - as above

        try:
            reply = invocations(body, kind, self.model, self.schema)  # type: ignore[no-untyped-call]  # MLflow's own
        except MlflowException as error:
            raise _told(error) from None
        except Exception as error:  # whatever MLflow makes of a body is its own; what passed our code goes on
            if _is_ours(error):
                raise
            raise RefusedError(f"{NOT_REACHED}{type(error).__name__}") from None
        if reply.status != 200:
            raise RefusedError(f"{NOT_REACHED}{reply.status}")
        rows = len(json.loads(reply.response)["predictions"])
        expected = rows_of(body, kind)
        if expected not in (None, rows):
            raise RowsLostError(f"{expected} rows in, {rows} out")
        return f"{rows} rows"


def payloads_for(project: Path, room: Path) -> Payloads:
    """The bundle of the project, loaded as the server does."""
    from mlflow import pyfunc  # noqa: PLC0415 - MLflow takes seconds to load

    save_model(project / BUNDLE, room / "model")
    model = pyfunc.load_model(str(room / "model"))
    header, *lines = (project / "prospects.csv").read_text(encoding="utf-8").splitlines()[: ROWS + 1]
    names = header.split(",")
    rows: list[list[Node]] = [[_typed(cell) for cell in line.split(",")] for line in lines]
    split: Node = {"columns": list(names), "index": [0, 1, 2], "data": list(rows)}
    records: Node = [dict(zip(names, row, strict=True)) for row in rows]
    columns: Node = {name: [row[place] for row in rows] for place, name in enumerate(names)}
    params: Node = {"as_of": AS_OF.isoformat(), "reasons": 2}
    seeds: list[Node] = [{form: body, "params": params} for form, body in _forms(split, records, columns)]
    return Payloads(model, model.metadata.get_input_schema(), seeds, "\n".join([header, *lines]).encode())


def _forms(split: Node, records: Node, columns: Node) -> Sequence[tuple[str, Node]]:
    return (("dataframe_split", split), ("dataframe_records", records), ("inputs", columns), ("instances", records))


def rows_of(body: bytes, kind: str) -> int | None:
    """Rows of a request that is plain JSON of one of the forms; None where that cannot be said.

    Among `instances` MLflow makes columns of the records, and one without any key is in none of them: no model hears
    of it.
    """
    if kind != JSON:
        return None
    document = json.loads(body)
    if "dataframe_split" in document:
        rows = document["dataframe_split"]["data"]
    else:
        rows = document.get("dataframe_records", document.get("instances"))
        if "dataframe_records" not in document and isinstance(rows, list) and {} in rows:
            return None
    return len(rows) if isinstance(rows, list) else None


def _typed(cell: str) -> Node:
    try:
        return float(cell)
    except ValueError:
        return cell or None


def _told(error: Exception) -> Exception:
    """What the model raised, where it was asked; else that MLflow refused."""
    before = error.__context__
    while before is not None:
        if isinstance(before, IcpError) or (isinstance(before, Exception) and _is_ours(before)):
            return before
        before = before.__context__
    return RefusedError(f"{NOT_REACHED}{str(error)[:200]}")


def _is_ours(error: BaseException) -> bool:
    """Whether the exception passed through our code on its way."""
    trace = error.__traceback__
    while trace is not None:
        if "/icp_ml/" in trace.tb_frame.f_code.co_filename:
            return True
        trace = trace.tb_next
    return False
