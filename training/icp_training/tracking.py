"""What has been tried: each training is a run in MLflow, in mlruns/mlflow.db or on the server that is configured.

The environment's MLFLOW_TRACKING_URI wins over the local database. Nothing but figures, parameters and the bundle
is sent: no deal, no account, no row of data.
"""

from __future__ import annotations

import logging
import os
import textwrap
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from icp_ml.deals.table import DealTable
from icp_ml.errors import ConfigError, Locked
from icp_ml.profile.lookalike_records import LookalikeProvenance, LookalikeVerdict
from icp_ml.profile.potential import Potential, PotentialRecord
from icp_ml.profile.records import Interval, Profile, Provenance, Verdict
from icp_ml.profile.representativeness_records import Representativeness
from icp_ml.profile.tiers import TierTable
from icp_ml.serve.documents import as_json_value
from icp_ml.watch.comparison import Comparison
from icp_training.flips import TierFlips

if TYPE_CHECKING:
    from mlflow import MlflowClient

RETRIES = "2"
"""How often a server that does not answer is asked again, unless the environment says otherwise: MLflow's own seven
times take minutes, at the end of which the answer is the same."""

LONGEST_REASON = 120  # characters of another library's words that a sentence can carry
UNREACHABLE = ("TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR")
"""What MLflow calls it when its database or its server does not answer; other codes are of wrong questions."""
DATABASE = "mlflow.db"
ARTIFACTS = "artifacts"


@dataclass(frozen=True)
class Place:
    """Where runs and versions are recorded. uri: what MLflow calls it. artifacts: None where a server decides.

    shown, mend: what to call it, and what to do where it cannot be used.
    """

    uri: str
    artifacts: Path | None
    shown: str
    mend: str

    def holds(self, error: OSError) -> bool:
        """Whether what the system refused was a file of the record."""
        named = error.filename
        return self.artifacts is not None and isinstance(named, str) and Path(named).is_relative_to(self.shown)


@dataclass(frozen=True)
class Run:
    """An open run; it must be ended."""

    client: MlflowClient
    run_id: str
    place: Place

    def record(self, figures: Mapping[str, float]) -> None:
        """Record figures by name, all in one request: one by one, a server far away would be asked a hundred times."""
        from mlflow.entities import Metric  # noqa: PLC0415 - it takes seconds

        at = time.time_ns() // 10**6
        self.client.log_batch(self.run_id, [Metric(name, float(value), at, 0) for name, value in figures.items()])

    def end(self, status: str) -> None:
        """Close the run as FINISHED, FAILED or KILLED."""
        self.client.set_terminated(self.run_id, status)


def place_of(root: Path) -> Place:
    """The server of MLFLOW_TRACKING_URI, else the project's own database."""
    server = os.environ.get("MLFLOW_TRACKING_URI")
    if server:
        mend = "check MLFLOW_TRACKING_URI, or unset it to use the project's mlruns/"
        return Place(server, None, server, mend)
    folder = (root / "mlruns").resolve()
    return Place(f"sqlite:///{folder / DATABASE}", folder / ARTIFACTS, str(folder), "move away what is there")


def has_record(root: Path) -> bool:
    """Whether anything can have been recorded: a server is configured, or the project's database exists."""
    return bool(os.environ.get("MLFLOW_TRACKING_URI")) or (root / "mlruns" / DATABASE).is_file()


def connect(root: Path) -> MlflowClient:
    """A client for runs and versions. Raises `ConfigError` where the record cannot be used."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", RETRIES)
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # a bundle is a moment's work
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it would tell its makers what is called here
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # a job reads what stands there
    from mlflow import MlflowClient  # noqa: PLC0415 - it takes seconds, which `icp check` and `icp init` need not wait

    # MLflow sets its own levels when it is imported; what its database does at its first start is no news to a person.
    for noisy in ("mlflow", "alembic", "alembic.runtime.migration"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    # It writes a traceback of what it raises, and `reaching` makes a sentence of that.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)

    place = place_of(root)
    with reaching(place.shown, place.mend):
        if place.artifacts is not None:
            place.artifacts.parent.mkdir(parents=True, exist_ok=True)
        return MlflowClient(place.uri)


def open_run(root: Path, experiment: str, tags: dict[str, str]) -> Run:
    """Start a run in the experiment of this name, which is made where it does not exist."""
    client, place = connect(root), place_of(root)
    where = None if place.artifacts is None else (place.artifacts / experiment).as_uri()
    with reaching(place.shown, place.mend):
        found = client.get_experiment_by_name(experiment)
        experiment_id = found.experiment_id if found else client.create_experiment(experiment, artifact_location=where)
        return Run(client, client.create_run(experiment_id, tags=tags).info.run_id, place)


@contextmanager
def reaching(place: str, mend: str) -> Iterator[None]:
    """Raise `ConfigError` where the record of runs cannot be used: a server that is away, a file that is none.

    `Locked` where somebody else is writing into the database and does not come to an end.
    """
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - it comes with MLflow

    try:
        yield
    except (MlflowException, SQLAlchemyError, OSError) as error:
        raise _unusable(place, error, mend) from error


def _unusable(place: str, error: Exception, mend: str) -> ConfigError | Locked:
    """What a library says of a record of runs, as a sentence; of a database what the database said."""
    told = str(error)
    if "database is locked" in told:
        return Locked(f"the record of runs at {place} is being written by somebody else; try again later")
    lines = [line for line in told.splitlines() if not line.startswith("(raised as a result of")]
    reason = textwrap.shorten(lines[0] if lines else type(error).__name__, LONGEST_REASON)
    return ConfigError(f"a record of runs was expected at {place}, and it cannot be used ({reason}); {mend}")


@contextmanager
def closing_run(run: Run) -> Iterator[None]:
    """End the run whatever happens: as finished, as failed, or as killed by the person at the keyboard.

    Raises `ConfigError` where the record is lost meanwhile; then the run stays as it was.
    """
    try:
        with _losing(run.place):
            yield
            run.end("FINISHED")
    except Exception:  # whatever it was, the run is closed and the error goes on its way unchanged
        _end_if_possible(run, "FAILED")
        raise
    except BaseException:  # Ctrl-C and the like: nobody's error, and not a run still going on
        _end_if_possible(run, "KILLED")
        raise


@contextmanager
def _losing(place: Place) -> Iterator[None]:
    """Raise `ConfigError` where the record of runs was there and is no more: its disk is full, its share is gone."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415 - as above

    try:
        yield
    except (MlflowException, OperationalError, OSError) as error:
        is_other_file = isinstance(error, OSError) and not place.holds(error)
        if is_other_file or (isinstance(error, MlflowException) and error.error_code not in UNREACHABLE):
            raise
        mend = "see that it is there, can be written to and has room, then try again"
        raise _unusable(place.shown, error, mend) from error


def _end_if_possible(run: Run, status: str) -> None:
    """Close a run that came to nothing. Where its record is lost too, there is nowhere to say so."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415 - as above
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - as above

    with suppress(MlflowException, SQLAlchemyError, OSError):
        run.end(status)


def record_verdict(run: Run, verdict: Verdict) -> None:
    """Every figure of every method, by name "method.metric", the verdict as tags, and all of it as verdict.json."""
    found = {"skill": verdict.skill}
    beside = {"random_split": verdict.random_split, "not_nested": verdict.not_nested or {}}
    for method, figures in {**verdict.figures, **beside}.items():
        found |= {f"{method.replace(' ', '_')}.{metric}": figure.value for metric, figure in figures.items()}
    if verdict.base_rates is not None:
        found["base_rate.recent"] = verdict.base_rates.recent.win_rate.value
        found["base_rate.has_left"] = float(verdict.base_rates.has_left)
    if verdict.sample is not None:
        found |= {f"log_loss_bought_by_{more}_accounts": fall.value for more, fall in verdict.sample.more}
    run.record(found | {name: figure.value for name, figure in _beside(verdict)})
    run.client.set_tag(run.run_id, "verdict", "reliable" if verdict.reliable else "no reliable signal")
    run.client.set_tag(run.run_id, "judged", verdict.kind)
    run.client.set_tag(run.run_id, "target", verdict.predicted)
    run.client.log_dict(run.run_id, _document(verdict), "verdict.json")


def _beside(verdict: Verdict) -> Iterator[tuple[str, Interval]]:
    """Figures that only some verdicts have: of masked copies, and of wins of the best grade."""
    if verdict.adapted is not None:
        yield "adapted.saved_emptied", verdict.adapted.emptied
        yield "adapted.saved_as_they_are", verdict.adapted.as_they_are
    if verdict.ideal is not None:
        yield "ideal.above_all_others", verdict.ideal.above_all_others
        if verdict.ideal.above_other_wins is not None:
            yield "ideal.above_other_wins", verdict.ideal.above_other_wins


def record_ideal_tiers(run: Run, table: TierTable) -> None:
    """The share of the wins of the best grade that each tier holds, and how many of its deals are one."""
    shares = {f"tier_{row.label}.share_of_ideal": row.share for row in table.ideal}
    run.record(shares | {f"tier_{row.label}.ideal_rate": row.rate.value for row in table.ideal})


def record_likeness(run: Run, verdict: LookalikeVerdict, counts: Mapping[str, int]) -> None:
    """How a resemblance was judged, as metrics, tags and verdict.json; and what became of the rows, as rows.json."""
    run.record({"ranking": verdict.ranking.value, "top_fifth": verdict.top.value})
    run.client.set_tag(run.run_id, "verdict", "reliable" if verdict.reliable else "no reliable signal")
    run.client.log_dict(run.run_id, {n: as_json_value(v) for n, v in verdict.model_dump().items()}, "verdict.json")
    run.client.log_dict(run.run_id, {"rows": dict(counts)}, "rows.json")


def record_rows(run: Run, deals: DealTable) -> None:
    """What became of every row read: the deals' counts as metrics "rows.fate", and with the tables beside them, and the
    reasons of the rejected ones, as rows.json. No row of data."""
    run.record({f"rows.{step.name.replace(' ', '_')}": step.rows for step in deals.ledger.steps})
    reasons = dict(Counter(row.reason for row in deals.rejected).most_common())
    run.client.log_dict(run.run_id, {"rows": deals.counts(), "rejected": reasons}, "rows.json")


def record_flips(run: Run, flips: TierFlips | None) -> None:
    """How many prospects change tier by the error of bought figures, where that was asked."""
    if flips is not None:
        run.record({"tier_flips": flips.share})


def record_likeness_of_list(run: Run, found: Representativeness | None) -> None:
    """How well prospects are told from deals, by what is known and by gaps alone, where a list was named."""
    if found is not None:
        run.record({"list.auc": found.auc, "list.auc_of_gaps": found.auc_of_gaps})


def record_potential(run: Run, potential: Potential | None) -> None:
    """Figures of deal potential as metrics "potential.outcome.figure", and all of it as potential.json."""
    if potential is None:
        return
    for outcome in potential.record.outcomes():
        figures = {"wins": float(outcome.wins), **({"mean": outcome.mean} if outcome.wins else {})}
        figures |= {} if outcome.share is None else {"share": outcome.share.value, "share_low": outcome.share.low}
        figures |= {} if outcome.forward is None else {"forward_share": outcome.forward.value}
        run.record({f"potential.{outcome.name}.{figure}": value for figure, value in figures.items()})
    run.client.log_dict(run.run_id, _document(potential.record), "potential.json")


def record_comparison(run: Run, comparison: Comparison | None) -> None:
    """What the live version and this one made of the same deals, as comparison.json."""
    if comparison is None:
        return
    if comparison.gap is not None:
        run.record({"against_live.log_loss": comparison.gap.log_loss.value})
    run.client.log_dict(run.run_id, _document(comparison), "comparison.json")


def record_report(run: Run, page: str) -> None:
    """The page of a model that was refused, as report.html; an accepted one has its page in the bundle."""
    run.client.log_text(run.run_id, page, "report.html")


def record_profile(run: Run, profile: Profile) -> None:
    """The ICP as profile.json."""
    run.client.log_dict(run.run_id, _document(profile), "profile.json")


def _document(record: Verdict | Profile | PotentialRecord | Comparison) -> dict[str, object]:
    return {name: as_json_value(value) for name, value in record.model_dump().items()}


def record_bundle(run: Run, provenance: Provenance | LookalikeProvenance, content_hash: str, folder: Path) -> None:
    """The chosen parameters, the bundle's hash, and the bundle itself."""
    for member, params in provenance.params.items():
        for name, value in params.items():
            run.client.log_param(run.run_id, f"{member}.{name}", value)
    run.client.set_tag(run.run_id, "content_hash", content_hash)
    run.client.log_artifacts(run.run_id, str(folder), "bundle")
