"""Deal potential as files of a bundle, and back: one document, and LightGBM's text for each shape that is shown.

    potential.json         level, weight and bounds of each outcome; the evidence; the tiers in money; golden answers
    potential_acv.txt      the shape of what a win brings, where one is shown and not a constant
    potential_cycle.txt    the same of how long a win takes

A bundle without potential.json has no deal potential, as those written before there was any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, FiniteFloat, TypeAdapter

from icp_ml.deals.attributes import Attribute
from icp_ml.errors import BundleInvalid
from icp_ml.model.potential import OBJECTIVE, AmountModel, AmountTrees
from icp_ml.model.win_model import WinModel
from icp_ml.profile.potential import OutcomeRecord, Potential, PotentialRecord
from icp_ml.profile.records import Record
from icp_ml.serve.documents import document_in, to_bytes
from icp_ml.serve.file_names import ANEW, POTENTIAL, POTENTIAL_ACV, POTENTIAL_CYCLE, POTENTIAL_FILES
from icp_ml.serve.golden import GoldenRows, check_answers, read_rows, used_attributes
from icp_ml.serve.tree_text import check_tree_text

Floats = NDArray[np.float64]

_POSITIVE = Annotated[FiniteFloat, Field(gt=0.0)]


class _ModelDocument(Record):
    level: FiniteFloat
    weight: Annotated[FiniteFloat, Field(ge=0.0, le=1.0)]
    low: _POSITIVE
    high: _POSITIVE


class _Document(Record):
    """golden_log_*: the logarithm of the mean of each golden row, empty where there is no model."""

    acv: _ModelDocument | None
    cycle: _ModelDocument | None
    record: PotentialRecord
    golden_log_acv: tuple[FiniteFloat, ...]
    golden_log_cycle: tuple[FiniteFloat, ...]


_DOCUMENT: Final = TypeAdapter(_Document)


def potential_to_files(
    potential: Potential | None, model: WinModel, attributes: Sequence[Attribute], golden: GoldenRows
) -> dict[str, bytes]:
    """The files of deal potential by name; none where there is none. golden: the rows that it is to answer too."""
    if potential is None:
        return {}
    answers = _answers(potential, model, attributes, golden)
    document = {
        "acv": _model_document(potential.acv),
        "cycle": _model_document(potential.cycle),
        "record": potential.record.model_dump(),
        "golden_log_acv": answers[0].tolist(),
        "golden_log_cycle": answers[1].tolist(),
    }
    texts = {
        name: fitted.trees.text.encode()
        for name, fitted in ((POTENTIAL_ACV, potential.acv), (POTENTIAL_CYCLE, potential.cycle))
        if fitted is not None and fitted.trees is not None
    }
    return {POTENTIAL: to_bytes(document), **texts}


def potential_from_files(
    content: Mapping[str, bytes], model: WinModel, attributes: Sequence[Attribute], golden: GoldenRows
) -> Potential | None:
    """Deal potential of a bundle, None where it has none.

    Raises `BundleInvalid`, naming the file, where a part is missing or too many, does not fit, or does not reproduce
    the golden rows.
    """
    if POTENTIAL not in content:
        _require_no(content, POTENTIAL_FILES)
        return None
    document = document_in(content, POTENTIAL, _DOCUMENT)
    columns = len(model.vocabulary.columns)
    potential = Potential(
        acv=_read_model(document.acv, document.record.acv, content, POTENTIAL_ACV, columns),
        cycle=_read_model(document.cycle, document.record.cycle, content, POTENTIAL_CYCLE, columns),
        record=document.record,
    )
    ours = _answers(potential, model, attributes, golden)
    for theirs, found, name in zip(
        (document.golden_log_acv, document.golden_log_cycle), ours, ("log ACV", "log cycle"), strict=True
    ):
        check_answers(found, np.array(theirs, dtype=np.float64), name, POTENTIAL)
    return potential


def _model_document(model: AmountModel | None) -> dict[str, float] | None:
    if model is None:
        return None
    return {"level": model.level, "weight": model.weight, "low": model.low, "high": model.high}


def _read_model(
    document: _ModelDocument | None, record: OutcomeRecord | None, content: Mapping[str, bytes], file: str, columns: int
) -> AmountModel | None:
    shown = "nothing" if record is None else record.shown
    if (document is None) != (shown == "nothing"):
        raise BundleInvalid(f"{POTENTIAL} of the bundle shows '{shown}' and its model says otherwise; {ANEW}")
    if document is None or shown == "constant":
        _require_no(content, (file,))
    if document is None:
        return None
    return AmountModel(
        level=document.level,
        weight=document.weight,
        trees=None if shown == "constant" else _read_trees(content, file, columns),
        low=document.low,
        high=document.high,
    )


def _read_trees(content: Mapping[str, bytes], file: str, columns: int) -> AmountTrees:
    if file not in content:
        raise BundleInvalid(f"{file} of the bundle was expected, because {POTENTIAL} shows a model, and is not; {ANEW}")
    try:
        text = content[file].decode("utf-8")
    except UnicodeDecodeError:
        raise BundleInvalid(f"{file} of the bundle was expected to be UTF-8 text, and it is not; {ANEW}") from None
    check_tree_text(text, columns, file, OBJECTIVE)
    return AmountTrees(text)


def _require_no(content: Mapping[str, bytes], files: Sequence[str]) -> None:
    for file in files:
        if file in content:
            raise BundleInvalid(f"{file} of the bundle belongs to nothing that {POTENTIAL} shows; {ANEW}")


def _answers(
    potential: Potential, model: WinModel, attributes: Sequence[Attribute], golden: GoldenRows
) -> tuple[Floats, Floats]:
    """Logarithms of the means of the golden rows, so that one tolerance fits any unit."""
    used = used_attributes(model, attributes)
    encoded = model.vocabulary.encode(read_rows(golden.rows, used, golden.as_of))
    of_acv, of_cycle = (
        np.empty(0) if each is None else np.log(each.mean(encoded)) for each in (potential.acv, potential.cycle)
    )
    return of_acv, of_cycle
