"""Where the model comes from, and what it must not be used for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from icp_ml.profile.lookalike_records import LookalikeProvenance
from icp_ml.profile.records import Provenance
from icp_ml.serve.bundle import StoredBundle
from icp_ml.serve.calibration_file import level_sentence
from icp_training.report.parts import Listed, Part, Section, Table, Words, rows_of

LIMITS = (
    "The probability is that of winning an opportunity that was opened and closes. For companies that nobody talks to "
    "yet the order is supported by the deals, and the level is an assumption.",
    "Reasons say what the model uses, not what causes a win: changing an attribute of a company need not change it.",
    "It learned from the companies that were sold to. Of kinds that were never tried it knows nothing.",
    "It ranks companies, not people. Do not use it to judge persons, or where a decision needs a reason of its own.",
)


def model_card(stored: StoredBundle) -> Section:
    """The card: limits, then provenance."""
    return Section("card", "Where it comes from", tuple(_parts(stored)), terms=("bundle", "content hash"))


def _parts(stored: StoredBundle) -> Iterator[Part]:
    bundle = stored.bundle
    yield Listed(LIMITS)
    if bundle.calibration is not None and bundle.calibration.base_rate is not None:
        yield Words(level_sentence(bundle.calibration.base_rate))
    if bundle.provenance.changes:
        yield Words(f"Changed since version {bundle.provenance.amended_from}, without training:")
        yield Listed(bundle.provenance.changes)
    if bundle.provenance.refreshed:
        yield Words(bundle.provenance.refreshed[0])
        yield Listed(bundle.provenance.refreshed[1:])
    yield _provenance(stored)


def _provenance(stored: StoredBundle) -> Table:
    made = stored.bundle.provenance
    return Table("Provenance", ("fact", "value"), rows_of(facts_of(made, stored.content_hash, stored.model_hash)))


def facts_of(made: Provenance | LookalikeProvenance, content_hash: str, model_hash: str) -> tuple[tuple[str, str], ...]:
    """Where a model comes from, as names and values."""
    return (
        ("name, version", f"{made.name}, version {made.version}"),
        ("created", made.created),
        ("what the score stands for", made.target),
        ("data reach to", made.extracted or "no dates"),
        *_since(made),
        ("trials, seed", f"{made.trials}, {made.seed}"),
        *((f"parameters of the {part}", _listing(values)) for part, values in made.params.items()),
        ("run", made.run_id or "none"),
        ("code version", made.code_version),
        ("configuration hash", made.config_hash),
        ("data hash", made.data_hash),
        ("content hash", content_hash),
        ("model hash", model_hash),
    )


def _since(made: Provenance | LookalikeProvenance) -> tuple[tuple[str, str], ...]:
    """What was left out because the world had turned, where it had."""
    if not isinstance(made, Provenance) or made.since is None:
        return ()
    return (("deals opened since", f"{made.since}: {made.turned}"),)


def _listing(values: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {value:.3g}" for name, value in sorted(values.items()))
