"""A scored list as an import file of HubSpot or Salesforce: a row for each company, in the same order.

    the list            hubspot                  salesforce
    domain              Company Domain Name      Website                the id, by which the CRM finds the record
    score   71.238      ICP Score      71.24     ICP_Score__c           a number
    tier    (none)      ICP Tier       none      ICP_Tier__c            never empty: see `NONE`
    reason_for_1, 2     ICP Reasons For          ICP_Reasons_For__c     the reasons in one text
    score_intent -3.2   ICP Intent Points -3.2   ICP_Intent_Points__c   negative, and still a number
                        ICP Version    3 of icp  ICP_Version__c

Left out and counted are rows without an id, which would become new records, and repeated accounts, which have no tier
and would take it from the account's first row. No text begins as a formula of a spreadsheet (see `cells`); an id that
does is changed like any other text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from icp_ml.deals.reading import is_parquet, stream_batches
from icp_ml.errors import InputError
from icp_ml.serve.exports.cells import safe_texts
from icp_ml.serve.exports.crm_columns import Crm, CrmColumn, crm_columns, id_name
from icp_ml.serve.exports.points import cell_words
from icp_ml.serve.exports.stamp import Exported, stamp_lines
from icp_ml.serve.outgoing import ROW_NUMBER
from icp_ml.serve.writing import whole_file, write_batches

Batch: TypeAlias = Any
"""pa.RecordBatch; pyarrow ships no types."""
NONE: Final = "none"
"""What a text says where the list says nothing. An import leaves alone what is empty, and an account that is excluded
now would keep the tier that it had."""
NO_ID: Final = "not scored: no id"
REPEATED: Final = "repeated account"
"""The status of the rows that are left out."""
_NEEDED: Final = ("tier", "score", "status")
_HASH: Final = b"icp.content_hash"
_REASONS: Final[Mapping[str, str]] = {"reasons for": "reason_for_", "reasons against": "reason_against_"}
_VERSION: Final = "version"
_SEPARATOR: Final = "; "


@dataclass(frozen=True)
class CrmLedger:
    """Rows of a scored list: read = written + without_id + repeated."""

    read: int
    written: int
    without_id: int
    repeated: int


def scored_batches(path: Path) -> Iterator[Batch]:
    """A scored list from its file, batch by batch, each saying which model scored it as far as the file does."""
    metadata = pq.read_schema(path).metadata if path.is_file() and is_parquet(path) else None
    return (batch.replace_schema_metadata(metadata) for batch in stream_batches(path))


def crm_rows(batches: Iterable[Batch], crm: Crm, exported: Exported) -> Iterator[Batch]:
    """Each batch of a scored list with the CRM's columns; nothing is kept from one batch to the next.

    batches: what `icp score` writes, as Parquet or CSV, its id column first. Raises `InputError` for a list that is not
    scored, that has no ids, that another version scored (as far as its metadata say), or that has a text where a number
    should stand.
    """
    for batch in batches:
        _check(batch, exported)
        status = _text(batch.column("status"))
        yield _converted(batch.filter(pc.invert(_one_of(status, (NO_ID, REPEATED)))), crm, exported)


def write_crm_file(path: Path, batches: Iterable[Batch], crm: Crm, exported: Exported) -> CrmLedger:
    """Write the import file, CSV in UTF-8, all of it or nothing, and count its rows.

    Raises as `crm_rows`, `InputError` for a list without a single batch, and `ConfigError` where it cannot be written.
    """
    ledgers: list[CrmLedger] = []
    rows = crm_rows(_counted(batches, ledgers), crm, exported)
    first = next(rows, None)
    if first is None:
        raise InputError("expected a scored list with a header, found nothing in it; score the list again")
    with whole_file(path) as partial_path:
        written = write_batches(partial_path, chain([first], rows))
    read, without_id, repeated = (
        sum(getattr(each, name) for each in ledgers) for name in ("read", "without_id", "repeated")
    )
    return CrmLedger(read, written, without_id, repeated)


def _counted(batches: Iterable[Batch], ledgers: list[CrmLedger]) -> Iterator[Batch]:
    for batch in batches:
        yield batch
        status = _text(batch.column("status"))
        without_id, repeated = (pc.sum(_one_of(status, (text,))).as_py() or 0 for text in (NO_ID, REPEATED))
        ledgers.append(CrmLedger(batch.num_rows, batch.num_rows - without_id - repeated, without_id, repeated))


def _one_of(texts: Batch, wanted: tuple[str, ...]) -> Batch:
    return pc.is_in(texts, value_set=pa.array(wanted, pa.string()))


def _check(batch: Batch, exported: Exported) -> None:
    lacking = [name for name in _NEEDED if name not in batch.schema.names[1:]]
    if lacking:
        raise InputError(
            f"expected a list as `icp score` writes it, found no column {' and no column '.join(lacking)}; score the "
            "list first"
        )
    if batch.schema.names[0] == ROW_NUMBER:
        raise InputError(
            "expected a scored list with the ids by which the CRM finds its companies, found row numbers; name the id "
            "column when the list is scored (prospects.id, or --id)"
        )
    scored_by = (batch.schema.metadata or {}).get(_HASH, b"").decode()
    if scored_by and scored_by != exported.content_hash:
        raise InputError(
            f"expected a list scored by {exported.version} of {exported.name} (content hash "
            f"{exported.content_hash[:12]}), found one scored by another model ({scored_by[:12]}); score it again, or "
            "export that model"
        )


def _converted(batch: Batch, crm: Crm, exported: Exported) -> Batch:
    ids = batch.schema.names[0]
    arrays, names = [_id(batch.column(0))], [id_name(ids, crm)]
    for column in crm_columns():
        array = _array(batch, column, exported)
        if array is not None:
            arrays.append(array)
            names.append(column.name(crm))
    return pa.RecordBatch.from_arrays(arrays, names=names)


def _id(column: Batch) -> Batch:
    """Numbers stay numbers; texts are made safe, and an empty one stays empty."""
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    if pa.types.is_integer(plain.type) or pa.types.is_floating(plain.type):
        return plain
    return safe_texts(plain.cast(pa.string()))


def _array(batch: Batch, column: CrmColumn, exported: Exported) -> Batch | None:
    """The values of one column; None where the list has nothing for it."""
    if column.source == _VERSION:
        return pa.repeat(pa.scalar(f"{exported.version} of {exported.name}"), batch.num_rows)
    if column.source in _REASONS:
        start = _REASONS[column.source]
        named = [name for name in batch.schema.names if name.startswith(start) and name.removeprefix(start).isdecimal()]
        return _said(_joined([_text(batch.column(name)) for name in named])) if named else None
    if column.source not in batch.schema.names[1:]:
        return None
    found = batch.column(batch.schema.names.index(column.source, 1))
    return _number(found, column) if column.type == "number" else _said(_text(found))


def _text(column: Batch) -> Batch:
    """Texts, null where nothing is written."""
    plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
    spelled = plain.cast(pa.string())
    return pc.if_else(pc.equal(spelled, ""), pa.scalar(None, pa.string()), spelled)


def _joined(columns: list[Batch]) -> Batch:
    """Those of each row that are not null, with a separator between them; null where all are."""
    joined = columns[0]
    for column in columns[1:]:
        both = pc.binary_join_element_wise(joined, column, pa.scalar(_SEPARATOR))
        joined = pc.coalesce(both, joined, column)
    return joined


def _said(texts: Batch) -> Batch:
    return pc.fill_null(safe_texts(texts), NONE)


def _number(column: Batch, declared: CrmColumn) -> Batch:
    """Rounded, null where there is none; a zero is never written with a minus."""
    try:
        values = (_text(column) if not _is_numeric(column.type) else column).cast(pa.float64())
    except pa.ArrowInvalid:
        raise InputError(
            f"expected numbers in the column '{declared.source}' of the scored list, found a text; score the list again"
        ) from None
    return pc.add(pc.round(values, ndigits=declared.decimals), 0.0)


def _is_numeric(kind: Batch) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _fields(exported: Exported, crm: Crm) -> Mapping[str, bytes]:
    """The page that says which properties or fields to make before the first import."""
    what = "property" if crm == "hubspot" else "field"
    lines = [
        f"# {exported.name} in {'HubSpot' if crm == 'hubspot' else 'Salesforce'}",
        "",
        *(f"{line}  " for line in stamp_lines(exported)),
        "",
        f"Make each {what} once, on {'companies' if crm == 'hubspot' else 'Account'}, with exactly this name. A list "
        "has those of them that the model gives.",
        "",
        f"| {what} | type | holds |",
        "|---|---|---|",
        *(f"| {each.name(crm)} | {_type(each, crm)} | {cell_words(each.says)} |" for each in crm_columns()),
        "",
    ]
    return {f"{crm}.md": "\n".join(lines).encode("utf-8")}


def _type(column: CrmColumn, crm: Crm) -> str:
    if column.type == "number":
        return "Number" if crm == "hubspot" else f"Number({16 - column.decimals}, {column.decimals})"
    if column.type == "text":
        return "Single-line text" if crm == "hubspot" else "Text(255)"
    return "Multi-line text" if crm == "hubspot" else "Long Text Area(4000)"


hubspot = partial(_fields, crm="hubspot")
salesforce = partial(_fields, crm="salesforce")
