"""The locks install the same everywhere: exact versions, hashes, no trace of the machine that made them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-plain.lock")
PEERS = "training/benchmarks/peers/requirements.lock"
"""The lock of the environment that the bench for accuracy compares with; it shares no version with the others."""
# `name==1.2.3`, perhaps a marker, then at least one hash
PINNED = re.compile(r"^[a-z0-9][a-z0-9.-]*==[^\s;]+( ; [^\\]+)?( --hash=sha256:[0-9a-f]{64})+$")


def requirements(text: str) -> list[str]:
    """The requirements of a lock file, each on one line, comments removed."""
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    return [line for line in joined.splitlines() if line and not line.lstrip().startswith("#")]


def names(lines: list[str]) -> set[str]:
    """Project names, in the one spelling in which `Foo_Bar` and `foo-bar` are the same."""
    return {re.sub(r"[-_.]+", "-", re.split(r"[=<>~!;\[ ]", line)[0]).lower() for line in lines}


def not_pinned(text: str) -> list[str]:
    """Every line that is not an exact version with its hashes: an option, a path, an address."""
    return [line for line in requirements(text) if not PINNED.match(line)]


@pytest.mark.parametrize("lock", [*LOCKS, PEERS])
def test_every_line_is_an_exact_version_with_hashes(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert requirements(text)
    assert not_pinned(text) == []


@pytest.mark.parametrize("lock", [*LOCKS, PEERS])
def test_no_address_and_no_folder_of_the_machine_that_made_it(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert re.findall(r"\w+://|file:|^\s*-\S*|(?<![\w.])/\w+|[A-Z]:\\", re.sub(r"--hash=sha256:", "", text), re.M) == []


def test_the_locks_hold_what_pyproject_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    full, plain = (names(requirements((ROOT / lock).read_text(encoding="utf-8"))) for lock in LOCKS)
    assert names(project["dependencies"] + extras["train"] + extras["sql"] + extras["sign"] + extras["dev"]) <= full
    assert names(project["dependencies"]) <= plain
    # scikit-learn brings it to a plain installation too.
    assert names(extras["train"] + extras["dev"]) & plain == {"threadpoolctl"}


def test_both_locks_agree_on_every_version() -> None:
    full, plain = ((ROOT / lock).read_text(encoding="utf-8") for lock in LOCKS)
    versions = {line.split(" ")[0] for line in requirements(full)}
    assert {line.split(" ")[0] for line in requirements(plain)} <= versions


@pytest.mark.parametrize(
    "line",
    ["numpy", "numpy==2.4.6", "numpy>=2 --hash=sha256:" + "0" * 64, "--find-links wheels", "./numpy.whl"],
)
def test_a_line_that_could_install_something_else_is_found(line: str) -> None:
    assert not_pinned(line + "\n") == [line]
