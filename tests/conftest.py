"""Settings for all tests: generated examples are the same on every run, and none is judged by its time."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.cli_projects import icp
from tests.machine_code import MadeOnce
from tests.weighted_projects import write_weighted

settings.register_profile("repeatable", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """One more exception from "a warning is an error": MLflow's own use of SQLAlchemy cannot be mended here."""
    config.addinivalue_line("filterwarnings", "ignore:The ``noload`` loader strategy is deprecated:DeprecationWarning")
    gc.disable()


def pytest_collection_finish() -> None:
    """Thousands of tests and the libraries behind them stay to the end, so that looking for garbage passes them over.

    Going through them again and again took a twentieth of the suite's time.
    """
    gc.freeze()
    gc.enable()


def pytest_unconfigure() -> None:
    """What stayed to the end goes with it."""
    gc.unfreeze()


def pytest_sessionstart(session: pytest.Session) -> None:
    """The process that shares the tests out to others has made once what each of them needs."""
    plugins = session.config.pluginmanager
    if plugins.hasplugin("dsession"):
        plugins.register(MadeOnce())


AT_THE_END = "at the end"
"""The property of a test whose value is shown when all have run."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What a test has to say of the whole."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, sentence in report.user_properties:
            if name == AT_THE_END:
                terminalreporter.write_line(str(sentence))


@pytest.fixture(scope="session")
def new_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Path]]:
    """Makes a folder with an empty record of runs in it. MLflow takes seconds to make one, so that all are copies."""
    from icp_training.tracking import DATABASE, open_run  # noqa: PLC0415 - MLflow is loaded where it is asked for

    def make(name: str) -> Path:
        root = tmp_path_factory.mktemp(name)
        (root / "mlruns").mkdir()
        shutil.copy(empty, root / "mlruns" / DATABASE)
        return root

    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        first = tmp_path_factory.mktemp("first")
        open_run(first, "first", {}).end("FINISHED")
        empty = first / "mlruns" / DATABASE
        yield make


@pytest.fixture
def weighted_project(new_project: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a hand-weighted scorecard that was made, and a list; the terminal in it."""
    folder = write_weighted(new_project("weighted"))
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ICP_HOME", raising=False)
    assert icp("train", "start.yaml").code == 0
    return folder
