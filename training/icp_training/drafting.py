"""`icp init`: a first configuration from exports, with each guess explained in a comment.

What is not certain to have been known when the deal opened is written down with the safe answer, `use: no`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from icp_ml.deals.settings import AUTO, Layer
from icp_ml.deals.words import listed
from icp_ml.errors import InputError
from icp_training.account_tables import Join, join_of, joined_columns
from icp_training.columns_drafted import Drafted, Judge, account_columns, deal_columns
from icp_training.config import load_config
from icp_training.dated_tables import Dated, Key, dated_tables
from icp_training.exports import Export, only_deals, open_exports
from icp_training.leakage.sources import Parts, facts_of
from icp_training.left_out_rules import Rule, left_out_rules
from icp_training.presets.matching import meaning_of
from icp_training.presets.reading import vendors
from icp_training.prospect_mapping import Mapped, map_list
from icp_training.roles import Roles, names_an_account, roles_of
from icp_training.yaml_text import quoted, said

LAYERS: tuple[Layer, ...] = ("firmographic", "technographic", "behavioural", "engagement")

_TODAY = "  # what they say today: values that changed since a deal opened are not what was known then"
_WHY_DATED: Mapping[Key, str] = {
    "account_history": "  # accounts are read as they were when each deal opened",
    "deal_history": "  # so are the columns of the deal",
    "contacts": "  # for attributes made `from` them, which a person has to ask for: they are about people",
}


@dataclass(frozen=True)
class Draft:
    """text: the configuration as YAML. used, asked: attributes in use, and left out until somebody answers.

    files: what each file was taken for, in words. left_out: deals that a drafted rule leaves out.
    """

    text: str
    used: tuple[str, ...]
    asked: tuple[str, ...]
    files: tuple[str, ...] = ()
    left_out: int = 0


@dataclass(frozen=True)
class _Found:
    """What the exports hold."""

    deals: Export
    roles: Roles
    rules: tuple[Rule, ...]
    join: Join | None
    dated: tuple[Dated, ...]
    of_deals: tuple[Drafted, ...]
    of_accounts: tuple[Drafted, ...]
    files: tuple[str, ...]

    @property
    def columns(self) -> tuple[Drafted, ...]:
        return (*self.of_deals, *self.of_accounts)


def draft_config(
    exports: Path | Sequence[Path],
    root: Path,
    delimiter: str | None = None,
    encoding: str = AUTO,
    *,
    prospects: Path | None = None,
) -> Draft:
    """Draft a configuration for exports of deals, accounts, and what else there is, in any order; sources are written
    relative to `root`. prospects: a list, for which the map to the attributes is drafted too.

    Raises `InputError` where no file holds deals or several do, and where no outcome column can be found,
    `TooFewDeals` where it knows one outcome only, `ConfigError` for a delimiter or an encoding that is none, and what
    reading raises.
    """
    paths = [exports] if isinstance(exports, Path) else list(exports)
    found = _look(open_exports(paths, delimiter, encoding))
    offered = [column for column in found.columns if column.section == "attribute"]
    if not offered:
        names = [*found.deals.names, *(found.join.export.names if found.join else ())]
        raise InputError(f"expected columns to learn from beside the deal's own, found none among {listed(names)}")
    mapped = map_list(prospects, offered, delimiter, encoding) if prospects else None
    return Draft(
        "\n".join(_lines(found, root, mapped)) + "\n",
        used=tuple(column.name for column in offered if column.use),
        asked=tuple(column.name for column in offered if not column.use),
        files=(*found.files, *([mapped.taken_for] if mapped else [])),
        left_out=int(np.any([rule.rows for rule in found.rules], axis=0).sum()) if found.rules else 0,
    )


def draft_prospects(config_path: Path, prospects: Path, delimiter: str | None = None, encoding: str = AUTO) -> str:
    """The section on prospects for a configuration that exists, to be put into it by hand.

    Raises `ConfigError` where the configuration cannot be used, and what reading raises.
    """
    config = load_config(config_path)
    attributes = [
        Drafted(
            one.column, "attribute", "", one.kind, one.layer, use=True, means=meaning_of(one.column, vendors("crm"))
        )
        for one in config.resolved()
    ]
    mapped = map_list(prospects, attributes, delimiter, encoding)
    lines = [f"# {said(mapped.taken_for)}", *mapped.lines(config.project_root(config_path))]
    return "\n".join(lines) + "\n"


def _look(exports: Sequence[Export]) -> _Found:
    deals, roles = _deals(exports)
    rules = left_out_rules(deals.columns, deals.seen, roles.outcome, roles.taken())
    join = join_of(deals, [export for export in exports if export is not deals], roles.account)
    if join is not None:
        roles = roles.joined_by(join.deals)
    dated = dated_tables(exports, roles, join)
    judge = _judge(deals, roles, rules)
    taken = roles.taken() | {rule.column for rule in rules if rule.column}
    free = {name: texts for name, texts in deals.columns.items() if name not in taken}
    naming = {name for name, texts in deals.columns.items() if roles.account and names_an_account(name, texts)}
    return _Found(
        deals,
        roles,
        rules,
        join,
        dated,
        tuple(deal_columns(free, deals.seen, judge, naming)),
        tuple(_of_accounts(deals, join, judge, rewound=any(t.key == "account_history" for t in dated))) if join else (),
        tuple(_taken_for(exports, deals, join, dated)),
    )


def _deals(exports: Sequence[Export]) -> tuple[Export, Roles]:
    """The file of deals: the one that a vendor's preset says, else the one in which an outcome can be found."""
    told = only_deals(exports)
    if told is not None:
        return told, roles_of(told.columns, told.seen)
    unknown = [export for export in exports if export.seen is None] or list(exports)
    if len(unknown) == 1:
        return unknown[0], roles_of(unknown[0].columns, None)
    found: list[tuple[Export, Roles]] = []
    for export in unknown:
        try:
            found.append((export, roles_of(export.columns, None)))
        except InputError:
            continue
    if len(found) != 1:
        names = listed([export.path.name for export, _ in found] or [export.path.name for export in exports])
        raise InputError(
            f"expected one export with the outcome of each deal, found {len(found)} among {names}; give one of them"
        )
    return found[0]


def _judge(deals: Export, roles: Roles, rules: Sequence[Rule]) -> Judge:
    gone = np.zeros(len(roles.outcome.column.codes), dtype=bool)
    for rule in rules:
        gone |= rule.rows
    won = roles.outcome.rows(roles.outcome.won) & ~gone
    decided = won | (roles.outcome.rows(roles.outcome.lost) & ~gone)
    outcome = roles.outcome
    parts = Parts(outcome.column.name, outcome.open, roles.opened, roles.closed, roles.account, roles.order)
    return Judge(won, decided, facts_of(deals.columns, won, decided, parts))


def _of_accounts(deals: Export, join: Join, judge: Judge, *, rewound: bool) -> Iterator[Drafted]:
    columns = joined_columns(join, deals.columns[join.deals], deals.columns)
    naming = {name for name, texts in columns.items() if names_an_account(name, texts)}
    yield from account_columns(columns, join.export.seen, judge, naming, rewound=rewound)
    for name in join.export.columns:
        if name != join.id and name in deals.columns:
            yield Drafted(name, "left_out", "the deals have a column of that name, which is read instead")


def _taken_for(exports: Sequence[Export], deals: Export, join: Join | None, dated: Sequence[Dated]) -> Iterator[str]:
    """What each file was taken for, and what is done with it."""
    declared = {table.export.path: table.key for table in dated}
    for export in exports:
        what = export.seen.reason if export.seen else "no vendor's columns recognised"
        if export is deals:
            yield f"{export.path.name}: {what}; read as the deals"
        elif join is not None and export is join.export:
            yield (
                f"{export.path.name}: {what}; read as the accounts, '{join.id}' being the deals' '{join.deals}': "
                f"{join.matched:,} of {join.named:,} deals find theirs"
            )
        elif export.path in declared:
            yield f"{export.path.name}: {what}; declared as tables.{declared[export.path]}"
        elif export.seen is not None and export.seen.holds == "accounts":
            yield f"{export.path.name}: {what}; not used: too few deals find their account in it"
        else:
            shared = next((name for name in export.names if name in deals.columns), None)
            hint = f"; the deals have a column '{shared}' too, so that tables.lookups can join it" if shared else ""
            yield f"{export.path.name}: {what}; not used{hint}"


def _lines(found: _Found, root: Path, mapped: Mapped | None) -> Iterator[str]:
    names = ", ".join(name for name in [found.deals.path.name, *([found.join.export.path.name] if found.join else [])])
    yield f"# Drafted by icp init from {said(names)}. Read each line, correct it, then run: icp check"
    yield from (f"# {said(told)}" for told in found.files)
    yield "name: icp"
    yield "deals:"
    yield from _keys(found.deals.settings(_relative(found.deals.path, root)), indent=2)
    yield from _role_lines(found.roles)
    yield from _outcome_lines(found.roles)
    for rule in found.rules:
        yield from rule.lines
    yield from _table_lines(found, root)
    yield from _company_lines(found)
    yield from _attributes(found.columns)
    yield from _not_attributes(found)
    if mapped is not None:
        yield from mapped.lines(root)


def _table_lines(found: _Found, root: Path) -> Iterator[str]:
    if found.join is not None or found.dated:
        yield "tables:"
    if found.join is not None:
        today = "" if any(table.key == "account_history" for table in found.dated) else _TODAY
        yield f"  accounts:{today}"
        yield from _keys(found.join.export.settings(_relative(found.join.export.path, root)), indent=4)
        yield f"    id: {quoted(found.join.id)}"
    for table in found.dated:
        yield f"  {table.key}:{_WHY_DATED[table.key]}"
        yield from _keys(table.keys(_relative(table.export.path, root)), indent=4)


def _company_lines(found: _Found) -> Iterator[str]:
    """By what companies are recognised: columns of the accounts that no column of the deals hides, or of the deals."""
    deals, accounts = found.deals, found.join.export if found.join else None
    known: dict[str, str] = {}
    for key, part in (("domain", "domain"), ("name", "account_name")):
        there = accounts.seen.parts.get(part, ()) if accounts and accounts.seen else ()
        here = deals.seen.parts.get(part, ()) if deals.seen else ()
        names = [*(name for name in there if name not in deals.columns), *here]
        if names:
            known[key] = names[0]
    if known:
        yield "company:  # accounts that share a web domain stay on one side of a split"
        yield from _keys(known, indent=2)


def _relative(path: Path, root: Path) -> str:
    return os.path.relpath(path.resolve(), root.resolve())


def _keys(told: Mapping[str, str], *, indent: int) -> Iterator[str]:
    yield from (f"{' ' * indent}{key}: {quoted(value)}" for key, value in told.items())


def _role_lines(roles: Roles) -> Iterable[str]:
    yield f"  id: {quoted(roles.id)}" if roles.id else "  # id: no column was found that names each deal once"
    if roles.repeated:
        kept = "they are kept on one side" if roles.repeated_ids == "keep_all" else "the first of each is kept"
        yield f"  repeated_ids: {roles.repeated_ids}  # asked: {roles.repeated} rows repeat an id; {kept}"
    if roles.account:
        yield f"  account: {quoted(roles.account)}  # deals of one account are never on both sides of a split"
    else:
        yield "  # account: no column was found that names the company; each deal counts as an account of its own"
    if roles.several_accounts:
        yield (
            f"  # asked: {roles.several_accounts:,} deals name several accounts; such a list counts as one "
            f"account, so export the primary one"
        )
    if roles.opened and roles.closed:
        yield f"  opened: {quoted(roles.opened)}"
        yield f"  closed: {quoted(roles.closed)}"
        if roles.order != "iso" or roles.order_asked:
            yield f"  date_order: {roles.order}" + (f"  # {roles.order_asked}" if roles.order_asked else "")
    else:
        yield "  # opened, closed: no such dates were found, so nothing can be judged forward in time"
        yield "  window: {months: null}"


def _outcome_lines(roles: Roles) -> Iterator[str]:
    yield f"  outcome:  # {roles.outcome.evidence}" if roles.outcome.evidence else "  outcome:"
    yield f"    column: {quoted(roles.outcome.column.name)}"
    for name in ("won", "lost", "open", "ignore"):
        values: tuple[str, ...] = getattr(roles.outcome, name)
        if values:
            yield f"    {name}: [{', '.join(map(quoted, values))}]"


def _attributes(columns: Sequence[Drafted]) -> Iterator[str]:
    yield "attributes:"
    for layer in LAYERS:
        here = [column for column in columns if column.section == "attribute" and column.layer == layer]
        if here:
            yield f"  {layer}:"
            yield from map(_attribute_line, here)
    for column in columns:
        if column.section == "left_out":
            yield f"  # left out: {said(column.name)}: {said(column.why)}"
        if column.section == "seller":
            yield f"  # seller-side: {said(column.name)}: {said(column.why)}, so it is kept out of the ICP"


def _attribute_line(column: Drafted) -> str:
    parts = [f"kind: {column.kind}"]
    if column.order != "iso":
        parts.append(f"date_order: {column.order}")
    if column.known is not None:
        parts.append(f"known: {column.known}")
    if not column.use:
        parts.append("use: no")
    settings = column.kind if len(parts) == 1 else f"{{{', '.join(parts)}}}"
    return f"    {quoted(column.name)}: {settings}  # {'' if column.use else 'asked: '}{said(column.why)}"


def _not_attributes(found: _Found) -> Iterator[str]:
    exports = [found.deals, *([found.join.export] if found.join else [])]
    yield from (f"  # left out: {said(name)}: holds nested values" for export in exports for name in export.nested)
    outcomes = [column for column in found.columns if column.section == "outcome_field"]
    if outcomes:
        yield "outcome_fields:  # known only while a deal runs or when it is over, so never attributes"
        yield from (f"  - {quoted(column.name)}  # {said(column.why)}" for column in outcomes)
