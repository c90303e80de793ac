"""Bundles of which one file was changed, with every hash made to agree again as a forger would."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from benchmarks.fuzz.cases import Ready, RowsLostError
from benchmarks.fuzz.json_values import Node, spoilt_value, written
from benchmarks.fuzz.mutations import Rng, chosen, spoilt
from benchmarks.fuzz.project import AS_OF
from benchmarks.fuzz.tree_texts import spoilt_trees
from icp_ml.serve.documents import from_bytes
from icp_ml.serve.file_names import FORMAT, MANIFEST, NESTED, PROFILES
from icp_ml.serve.loading import load, open_any
from icp_ml.serve.manifests import KINDS, Kind, content_hash, hashes_of, model_hash, sha256

TREES_SHARE: Final = 0.3
"""Of the cases: LightGBM trusts its files, so that they are the most dangerous ones."""
LISTED: Final = 3


@dataclass(frozen=True)
class Stored:
    """A whole bundle as bytes. manifest: its document; content: every other file."""

    manifest: Mapping[str, Node]
    content: Mapping[str, bytes]


def stored_in(folder: Path) -> Stored:
    """The bundle in `folder`, which is whole."""
    content = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    manifest = from_bytes(content.pop(MANIFEST), MANIFEST)
    if not isinstance(manifest, dict):
        raise TypeError("a manifest is an object")
    return Stored(manifest, content)


def sealed(stored: Stored, content: Mapping[str, bytes]) -> bytes:
    """The manifest of the bundle with other content, its hashes made to agree."""
    files = hashes_of(content)
    kind = kind_in(stored)
    fields: dict[str, Node] = {
        **{name: value for name, value in stored.manifest.items() if name != "manifest_hash"},
        "format": FORMAT,
        "files": dict(files),
        "content_hash": content_hash(files, kind),
        "model_hash": model_hash(files, kind),
    }
    return signed(fields)


def signed(fields: Mapping[str, Node]) -> bytes:
    """A manifest with the hash of itself, whatever is in it."""
    others = {name: value for name, value in fields.items() if name != "manifest_hash"}
    return canonical({**others, "manifest_hash": sha256(canonical(others))})


def canonical(document: Node) -> bytes:
    """As a bundle has its JSON, with no care for what is not JSON."""
    text = json.dumps(document, sort_keys=True, indent=1, ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def agreeing(content: Mapping[str, bytes], name: str) -> dict[str, bytes]:
    """The files of which `name` was changed, with what the others say of it made right: the bundles of profiles have
    manifests of their own, and their hashes stand in a file of the whole."""
    made, found = dict(content), NESTED.fullmatch(name)
    if found is None or found[2] == MANIFEST or PROFILES not in content:
        return made
    own = {
        other.removeprefix(f"profiles/{found[1]}/"): data for other, data in content.items() if _is_beside(other, name)
    }
    manifest = json.loads(own.pop(MANIFEST))
    whole = sealed(Stored(manifest, own), own)
    told = json.loads(content[PROFILES])
    told["content_hashes"][found[1]] = json.loads(whole)["content_hash"]
    return {**made, f"profiles/{found[1]}/{MANIFEST}": whole, PROFILES: canonical(told)}


def _is_beside(other: str, name: str) -> bool:
    return other.rpartition("/")[0] == name.rpartition("/")[0]


def kind_in(stored: Stored) -> Kind:
    """The kind that the manifest states."""
    return next(kind for kind in KINDS if kind == stored.manifest["kind"])


def write_stored(folder: Path, manifest: bytes, content: Mapping[str, bytes]) -> Path:
    """A bundle folder with these bytes, whatever is there already and is another."""
    for name, data in {MANIFEST: manifest, **content}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def asked(folder: Path) -> str:
    """Open a bundle as `icp show` and as `icp score` do, then score a short list with it."""
    opened = open_any(folder)
    scorer = load(folder)
    names = list(dict.fromkeys(column for each in scorer.attributes for column in each.columns))
    texts = [["12", None, "Software", "2020-01-01", "yes", "a;b"][place % 6] for place in range(len(names))]
    rows = pa.table({name: pa.array([text, None, text], pa.string()) for name, text in zip(names, texts, strict=True)})
    scored = scorer.score(rows, as_of=AS_OF)
    if scored.num_rows != LISTED:
        raise RowsLostError(f"{LISTED} rows in, {scored.num_rows} out")
    return f"opened, {opened.content_hash[:8]}"


class SpoiltTexts:
    """The files of whole bundles spoilt one at a time. Unchanged files stay where they are from case to case."""

    def __init__(self, bundles: Mapping[str, Stored], room: Path) -> None:
        self._bundles, self._room = bundles, room
        for name, stored in bundles.items():
            write_stored(room / name, sealed(stored, stored.content), stored.content)
        self._spoilt: dict[Path, bytes] = {}

    def case(self, rng: Rng) -> Ready:
        """A bundle with one spoilt file."""
        for path, data in self._spoilt.items():
            path.write_bytes(data)
        self._spoilt = {}
        bundle = chosen(rng, list(self._bundles))
        stored = self._bundles[bundle]
        folder = self._room / bundle
        if rng.random() < 0.1:
            (folder / MANIFEST).write_bytes(spoilt_manifest(stored, rng))
            return lambda: asked(folder)
        name = chosen_name(stored, rng)
        content = agreeing({**stored.content, name: spoilt_file(name, stored.content[name], rng)}, name)
        for other, data in content.items():
            if data is not stored.content[other]:
                (folder / other).write_bytes(data)
                self._spoilt[folder / other] = stored.content[other]
        (folder / MANIFEST).write_bytes(sealed(stored, content))
        return lambda: asked(folder)


def chosen_name(stored: Stored, rng: Rng) -> str:
    """A file of the bundle; the trees more often than the others."""
    trees = [name for name in stored.content if name.endswith(".txt")]
    return chosen(rng, trees) if trees and rng.random() < TREES_SHARE else chosen(rng, list(stored.content))


def spoilt_file(name: str, data: bytes, rng: Rng) -> bytes:
    """The bytes of a file of a bundle, spoilt as befits what it is."""
    if name.endswith(".txt"):
        return spoilt_trees(data.decode(), rng)
    if name.endswith(f"/{MANIFEST}"):
        return _spoilt_document(data, rng)
    if name.endswith(".json") and rng.random() < 0.85 and _is_json(data):
        return written(spoilt_value(json.loads(data), rng), rng)
    return spoilt(data, rng)


def _is_json(data: bytes) -> bool:
    """What was spoilt once need not be."""
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def spoilt_manifest(stored: Stored, rng: Rng) -> bytes:
    """A manifest spoilt in its values and signed again, or in its bytes."""
    return _spoilt_document(sealed(stored, stored.content), rng)


def _spoilt_document(whole: bytes, rng: Rng) -> bytes:
    if rng.random() < 0.2:
        return spoilt(whole, rng)
    document = spoilt_value(json.loads(whole), rng)
    return signed(document) if isinstance(document, dict) else canonical(document)


def is_written_outside(canary: Path) -> bool:
    """Whether a payload in a file was run: each of them would make this file."""
    return os.path.lexists(canary)
