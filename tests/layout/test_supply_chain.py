"""Everything that is installed may be used, is listed with its licence, and the list is that of the lock."""

from __future__ import annotations

import json
import re

import pytest

import supply_chain
from supply_chain import MAY_BE_RUN, MAY_BE_USED, PAGE, PARTS, ROOT, bill_of, declared_in, packages, page_of, parts

LOCK = """\
one==1.0 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
    # via icp-ml (pyproject.toml)
two==2.0 ; sys_platform == 'win32' \\
    --hash=sha256:{c}
    # via
    #   one
    #   three
three==3.0 \\
    --hash=sha256:{d}
    # via icp-ml (pyproject.toml)
""".format(a="a" * 64, b="b" * 64, c="c" * 64, d="d" * 64)


@pytest.fixture(scope="module")
def locked() -> tuple[supply_chain.Package, ...]:
    return packages((ROOT / "requirements.lock").read_text(encoding="utf-8"))


def test_a_lock_is_read_with_hashes_and_with_what_needs_each() -> None:
    one, two, three = packages(LOCK)
    assert (one.name, one.version, one.hashes) == ("one", "1.0", ("a" * 64, "b" * 64))
    assert two.needed_by == {"one", "three"}
    assert three.hashes == ("d" * 64,)


def test_what_scoring_needs_is_for_scoring_whoever_else_needs_it() -> None:
    declared = {"scoring": frozenset({"one"}), "learning": frozenset({"three"}), "developing": frozenset[str]()}
    assert parts(packages(LOCK), declared) == {"one": "scoring", "two": "scoring", "three": "learning"}


def test_every_licence_allows_the_use_that_is_made_of_the_package(locked: tuple[supply_chain.Package, ...]) -> None:
    belongs = parts(locked, declared_in((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    for each in locked:
        choices = [set(re.split(r" (?:AND|WITH) ", choice)) for choice in each.licence.split(" OR ")]
        allowed = MAY_BE_USED | (MAY_BE_RUN if belongs[each.name] == "developing" else frozenset())
        assert any(choice <= allowed for choice in choices), (each.name, each.licence)


def test_what_a_plain_installation_locks_is_what_scoring_needs(locked: tuple[supply_chain.Package, ...]) -> None:
    belongs = parts(locked, declared_in((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    plain = packages((ROOT / "requirements-plain.lock").read_text(encoding="utf-8"))
    assert {each.name for each in plain} == {name for name, part in belongs.items() if part == next(iter(PARTS))}


def test_the_page_is_that_of_the_lock(locked: tuple[supply_chain.Package, ...]) -> None:
    belongs = parts(locked, declared_in((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    assert PAGE.read_text(encoding="utf-8") == "\n".join(page_of(locked, belongs)) + "\n", "make bill writes it anew"


def test_the_bill_holds_every_package_with_its_hashes(locked: tuple[supply_chain.Package, ...]) -> None:
    bill = json.loads(bill_of(locked))
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    found = {each["bom-ref"]: {digest["content"] for digest in each["hashes"]} for each in bill["components"]}
    assert found == {f"{each.name}=={each.version}": set(each.hashes) for each in locked}


def test_a_package_whose_licence_nobody_knows_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.metadata.metadata", lambda _: _Silent())
    with pytest.raises(KeyError, match="read its licence file"):
        assert supply_chain.Package("silent", "1", (), frozenset()).licence


class _Silent(dict[str, str]):
    """Metadata that state nothing."""

    def get_all(self, _: str) -> None:
        return None
