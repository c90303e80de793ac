"""The accounts that prospects are compared with, as two files of a bundle, and back.

    neighbours.csv     an account a line: its name, won or lost, the effect of each factor in ten-thousandths of
                       log-odds, and the number of the label that its value has
    neighbours.json    how many accounts these were drawn from, the distance beyond which a prospect resembles nothing,
                       and what all accounts had in each factor

They are the only files of a bundle that name accounts. A bundle without them compares with nobody.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import csv as arrow_csv
from pydantic import Field, FiniteFloat, TypeAdapter

from icp_ml.deals.attributes import Attribute
from icp_ml.errors import BundleInvalid
from icp_ml.model.win_model import WinModel
from icp_ml.profile.neighbours import Neighbours, SeenValues
from icp_ml.profile.records import Record
from icp_ml.profile.wording import label_texts
from icp_ml.serve.documents import document_in, to_bytes
from icp_ml.serve.file_names import ANEW, NEIGHBOUR_ACCOUNTS, NEIGHBOURS

NEIGHBOUR_FILES: Final = (NEIGHBOURS, NEIGHBOUR_ACCOUNTS)
"""What a bundle has where it was asked to name accounts (`neighbours: yes`)."""
ACCOUNT: Final = "account"
OUTCOME: Final = "outcome"
_OUTCOMES: Final = ("lost", "won")

Units = NDArray[np.int32]


class _Seen(Record):
    factor: str
    states: tuple[Annotated[int, Field(ge=0)], ...]
    low: FiniteFloat | None
    high: FiniteFloat | None


class _Document(Record):
    of_accounts: Annotated[int, Field(ge=1)]
    limit: Annotated[FiniteFloat, Field(ge=0.0)] | None
    seen: tuple[_Seen, ...]


_DOCUMENT: Final = TypeAdapter(_Document)


def neighbours_to_files(neighbours: Neighbours | None, model: WinModel) -> dict[str, bytes]:
    """The two files by name; none where no account is to be named."""
    if neighbours is None:
        return {}
    factors = [column.factor for column in model.vocabulary.columns]
    document = {
        "of_accounts": neighbours.of_accounts,
        "limit": neighbours.limit,
        "seen": [
            {"factor": factor, "states": seen.states, "low": seen.low, "high": seen.high}
            for factor, seen in zip(factors, neighbours.seen, strict=True)
        ],
    }
    return {NEIGHBOURS: to_bytes(document), NEIGHBOUR_ACCOUNTS: _accounts_to_bytes(neighbours, factors)}


def neighbours_from_files(
    content: Mapping[str, bytes], model: WinModel, attributes: Sequence[Attribute]
) -> Neighbours | None:
    """The accounts of a bundle, None where it names none.

    Raises `BundleInvalid`, naming the file, where one of the two is missing or they do not fit the model.
    """
    present = [name for name in NEIGHBOUR_FILES if name in content]
    if not present:
        return None
    if len(present) < len(NEIGHBOUR_FILES):
        raise BundleInvalid(f"{' and '.join(NEIGHBOUR_FILES)} were expected together, found {present[0]}; {ANEW}")
    document = document_in(content, NEIGHBOURS, _DOCUMENT)
    factors = [column.factor for column in model.vocabulary.columns]
    _require(tuple(each.factor for each in document.seen) == tuple(factors), NEIGHBOURS, "other factors than the model")
    neighbours = _read_accounts(content[NEIGHBOUR_ACCOUNTS], factors, document)
    _check_states(neighbours, model, attributes)
    return neighbours


def _headings(factors: Sequence[str]) -> list[str]:
    """The first line: a factor has an effect and a state, and their columns cannot have one name."""
    return [ACCOUNT, OUTCOME, *(f"effect of {name}" for name in factors), *(f"state of {name}" for name in factors)]


def _accounts_to_bytes(neighbours: Neighbours, factors: Sequence[str]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_headings(factors))
    rows = zip(neighbours.accounts, neighbours.won, neighbours.points, neighbours.states, strict=True)
    writer.writerows([name, _OUTCOMES[won], *points.tolist(), *states.tolist()] for name, won, points, states in rows)
    return text.getvalue().encode("utf-8")


def _read_accounts(content: bytes, factors: Sequence[str], document: _Document) -> Neighbours:
    names = _headings(factors)
    types = {name: pa.string() if name in (ACCOUNT, OUTCOME) else pa.int32() for name in names}
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            read_options=arrow_csv.ReadOptions(use_threads=False),
            parse_options=arrow_csv.ParseOptions(newlines_in_values=True),
            convert_options=arrow_csv.ConvertOptions(column_types=types, null_values=[], strings_can_be_null=False),
        )
        found = table.column_names  # which are decoded here, and not when the file is read
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise BundleInvalid(f"{NEIGHBOUR_ACCOUNTS} of the bundle cannot be read ({error}); {ANEW}") from None
    _require(found == names, NEIGHBOUR_ACCOUNTS, "other columns than the model")
    _require(
        0 < table.num_rows <= document.of_accounts,
        NEIGHBOUR_ACCOUNTS,
        f"another number of accounts than in {NEIGHBOURS}",
    )
    outcomes = table.column(OUTCOME).to_pylist()
    _require(set(outcomes) <= set(_OUTCOMES), NEIGHBOUR_ACCOUNTS, "an outcome that is neither won nor lost")
    matrix = np.column_stack([table.column(name).to_numpy() for name in names[2:]])
    return Neighbours(
        accounts=tuple(table.column(ACCOUNT).to_pylist()),
        won=np.array([_OUTCOMES.index(outcome) for outcome in outcomes], dtype=np.int8),
        points=np.ascontiguousarray(matrix[:, : len(factors)]),
        states=np.ascontiguousarray(matrix[:, len(factors) :]),
        seen=tuple(SeenValues(each.states, each.low, each.high) for each in document.seen),
        limit=document.limit,
        of_accounts=document.of_accounts,
    )


def _check_states(neighbours: Neighbours, model: WinModel, attributes: Sequence[Attribute]) -> None:
    """Every number of a label is that of one that the model has."""
    by_name = {attribute.name: attribute for attribute in attributes}
    pairs = zip(model.vocabulary.columns, model.scorecard.columns, strict=True)
    for j, (column, points) in enumerate(pairs):
        labels = len(label_texts(by_name[column.attribute], column, points))
        states = neighbours.states[:, j]
        fits = states.min() >= 0 and states.max() < labels and max(neighbours.seen[j].states, default=0) < labels
        _require(fits, NEIGHBOUR_ACCOUNTS, f"a value of '{column.factor}' for which the model has no label")


def _require(fits: object, file: str, found: str) -> None:
    if not fits:
        raise BundleInvalid(f"{file} of the bundle does not fit its model: {found} was found; {ANEW}")
