"""`icp amend`: move a cut, change an action or a rule: a new version of the same model, and what is different.

Reads the clock once, for when the new version was made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from icp_ml.errors import ConfigError

if TYPE_CHECKING:
    from icp_ml.serve.amending import Amendment, Change
    from icp_ml.serve.loading import AnyBundle, AnyStored

_VERSION = re.compile(r"^v(\d+)$")


def amend(
    model: Annotated[
        str | None,
        typer.Argument(help="A bundle folder or the name of a model. Default: what is live, else the newest."),
    ] = None,
    *,
    reason: Annotated[str, typer.Option(help="Why, for the card and the provenance.")],
    changes: Annotated[
        Path | None,
        typer.Option(
            help="A YAML file: any of cuts, actions, exclusions, boundary, known, criteria, approve, base_rate."
        ),
    ] = None,
    cuts: Annotated[
        list[str] | None,
        typer.Option(
            "--cut", help='"TIER=PROBABILITY" from which a prospect is in the tier; of a scorecard TIER=SCORE.'
        ),
    ] = None,
    approve: Annotated[
        list[str] | None, typer.Option(help="A proposed rule, by its name, that is in force from now on.")
    ] = None,
    ban: Annotated[
        list[str] | None, typer.Option(help="A factor that gets no criterion, such as tools:HubSpot.")
    ] = None,
    base_rate: Annotated[
        float | None, typer.Option(help="A base rate to state, such as 0.02: moves the probability and nothing else.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON and nothing else.")] = False,
) -> None:
    """Change tiers, actions or rules without training: a new version of the same model."""
    from icp_ml.cli.places import find_model
    from icp_ml.cli.promote import check_reason
    from icp_ml.serve.amending import amended, differences
    from icp_ml.serve.loading import open_any, write_any

    check_reason(reason)
    named: dict[str, object] = {} if base_rate is None else {"base_rate": base_rate}
    if approve:
        named["approve"] = approve
    if ban:
        named["criteria"] = {"ban": [{"factor": factor, "reason": reason} for factor in ban]}
    wanted = _wanted(changes, cuts or [], named)
    folder = find_model(model)
    before = open_any(folder)
    versions = _versions_folder(folder, before.bundle)
    version = _next_version(versions)
    now = datetime.now(UTC).isoformat(timespec="seconds")
    after = amended(before.bundle, wanted, version, now, reason)
    target = versions / f"v{version}"
    if not folder.is_dir():  # a share that is lost leaves an empty folder, and the new version would go into that
        raise ConfigError(f"the bundle in {folder} was read, and the folder is gone; bring it back, and try again")
    content_hash = write_any(after, target)
    found = differences(before.bundle, after)
    if as_json:
        typer.echo(json.dumps(_document(before, after, target, content_hash, found), indent=2, ensure_ascii=False))
    else:
        _print(before, after, target, content_hash, found)


def _wanted(path: Path | None, cuts: Sequence[str], named: Mapping[str, object]) -> Amendment:
    """What the file asks for, and over it what the command line does."""
    from icp_ml.deals.settings import parse_settings
    from icp_ml.deals.yaml_files import read_yaml
    from icp_ml.serve.amending import Amendment

    if path is None and not cuts and not named:
        raise ConfigError(
            "a change was expected, and none was given; name it with --cut, --base-rate, --approve, --ban or in a file "
            "with --changes"
        )
    written = {} if path is None else read_yaml(path, "a file of changes", "cuts, actions and exclusions")
    given = parse_settings(Amendment, written)
    moved = {"cuts": {**given.cuts, **dict(_cut(text) for text in cuts)}} if cuts else {}
    return parse_settings(Amendment, {**written, **moved, **named}) if moved or named else given


def _cut(text: str) -> tuple[str, float]:
    tier, _, probability = (part.strip() for part in text.partition("="))
    try:
        return tier.removeprefix("tier ").strip(), float(probability)
    except ValueError:
        raise ConfigError(f"--cut was expected as TIER=PROBABILITY such as 1=0.45, and '{text}' was found") from None


def _versions_folder(folder: Path, bundle: AnyBundle) -> Path:
    """Where the new version goes: beside the amended one, or below models/ where that is no version's folder."""
    from icp_ml.cli.places import project_root

    folder = folder.resolve()
    return folder.parent if _VERSION.match(folder.name) else project_root() / "models" / bundle.provenance.name


def _next_version(versions: Path) -> int:
    """One more than the highest there is, or ever was live."""
    from icp_ml.serve import ledger

    taken = [int(match[1]) for found in versions.glob("v*") if (match := _VERSION.match(found.name))]
    was_live = [entry.version for entry in ledger.entries(versions.parent) if entry.name == versions.name]
    return max([*taken, *was_live], default=0) + 1


def _document(
    before: AnyStored, after: AnyBundle, folder: Path, content_hash: str, found: Sequence[Change]
) -> dict[str, object]:
    return {
        "name": after.provenance.name,
        "version": after.provenance.version,
        "from_version": before.bundle.provenance.version,
        "bundle": str(folder),
        "content_hash": content_hash,
        "model_hash": before.model_hash,
        "changes": [asdict(change) for change in found],
    }


def _print(before: AnyStored, after: AnyBundle, folder: Path, content_hash: str, found: Sequence[Change]) -> None:
    from icp_ml.cli.pages import add_row, plain_table, print_page

    old, new = before.bundle.provenance, after.provenance
    title = f"{new.name}: version {new.version} is version {old.version} with"
    table = plain_table(title, "what", "was", "is")
    for change in found:
        add_row(table, change.what, change.before, change.after)
    print_page([table])
    typer.echo(f"The model is the same (model hash {before.model_hash[:12]}), the bundle is new ({content_hash[:12]}).")
    typer.echo(f"Bundle: {folder}")
    typer.echo(f"Nothing scores with it yet. Next: icp promote {new.name}/v{new.version}")
