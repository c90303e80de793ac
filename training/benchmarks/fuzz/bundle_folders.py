"""Hostile bundles as folders: what may lie where a file is expected, and what may stand in it, by numbered cases."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.fuzz.bundle_texts import (
    Stored,
    agreeing,
    asked,
    chosen_name,
    sealed,
    signed,
    spoilt_file,
    spoilt_manifest,
    write_stored,
)
from benchmarks.fuzz.cases import Ready
from benchmarks.fuzz.mutations import TOKENS, Rng, chosen
from icp_ml.serve.file_names import MANIFEST

BOMB_SIZE: Final = 64 << 30
"""Bytes of a sparse file, which takes no room on the disk."""
DEEP: Final = (100, 1_000, 100_000)
LONG: Final = 5_000_000
"""Characters of a text, or a fifth as many numbers of a list, that are too many."""
NAMES: Final = (
    "../outside.txt",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/../../b",
    "profiles/../x.json",
    "profiles/a/manifest.json",
    "profiles/../../x/manifest.json",
    "stack.json/",
    "STACK.JSON",
    "stack.json\x00.txt",
    "con",
    "a\u202eb",
    "x" * 300,
    "model.pkl",
    "features.yaml",
    "./stack.json",
    "report.html",
    "potential.json",
    "neighbours.csv",
    "profiles.json",
    "\\\\server\\share",
    "~/x",
    "a\nb",
)


@dataclass(frozen=True)
class _Place:
    """Where a case is made. folder: the bundle's, written whole; outside: a file next to it that is none of its own."""

    folder: Path
    outside: Path
    stored: Stored
    canary: Path


class HostileFolders:
    """Whole bundles as a stranger may hand them over. Each case is a new folder."""

    def __init__(self, bundles: Mapping[str, Stored], room: Path, canary: Path) -> None:
        self._bundles, self._room, self._canary = bundles, room, canary

    def case(self, rng: Rng) -> Ready:
        """A folder that is hostile in one way."""
        shutil.rmtree(self._room)
        stored = self._bundles[chosen(rng, list(self._bundles))]
        folder = write_stored(self._room / "v1", sealed(stored, stored.content), stored.content)
        outside = self._room / "outside.json"
        outside.write_bytes(b"{}\n")
        made = _Place(folder, outside, stored, self._canary)
        found = chosen(rng, _WAYS)(made, rng)
        return lambda: asked(found or folder)


def _link(made: _Place, rng: Rng) -> None:
    """A link in the place of a file: to itself, to nowhere, to a device, to the same bytes elsewhere."""
    path = made.folder / chosen(rng, (MANIFEST, *made.stored.content))
    elsewhere = made.outside.with_name("same")
    shutil.copyfile(path, elsewhere)
    path.unlink()
    named = (path.name, "nowhere", "/dev/zero", "/dev/stdin", "/etc/passwd")
    path.symlink_to(chosen(rng, (*map(Path, named), elsewhere, made.folder, made.outside)))


def _hard_link(made: _Place, rng: Rng) -> None:
    path = made.folder / chosen(rng, (MANIFEST, *made.stored.content))
    path.unlink()
    os.link(made.outside, path)


def _linked_folder(made: _Place, rng: Rng) -> Path | None:
    """The bundle's folder is a link; or one in it is."""
    if rng.random() < 0.5:
        link = made.folder.with_name("link")
        link.symlink_to(chosen(rng, (made.folder, link, made.outside)))
        return link
    shutil.rmtree(made.folder / "profiles", ignore_errors=True)
    (made.folder / "profiles").symlink_to(chosen(rng, (made.folder, made.outside.parent, Path("/"))))
    return None


def _no_file(made: _Place, rng: Rng) -> None:
    """A folder, a pipe or a socket in the place of a file."""
    path = made.folder / chosen(rng, (MANIFEST, *made.stored.content))
    path.unlink()
    kind = int(rng.integers(3))
    if kind == 0:
        path.mkdir()
        (path / MANIFEST).write_bytes(b"{}")
    elif kind == 1:
        os.mkfifo(path)
    else:
        with socket.socket(socket.AF_UNIX) as made_socket:
            made_socket.bind(os.path.relpath(path))


def _extra(made: _Place, rng: Rng) -> None:
    """Something that does not belong."""
    name = chosen(
        rng,
        (
            ".hidden",
            "x",
            "sitecustomize.py",
            "conftest.py",
            "__init__.py",
            "model.pkl",
            "lib.so",
            "manifest.json~",
            "x\u202ey",
            "a\nb",
        ),
    )
    path = made.folder / name
    if rng.random() < 0.3:
        path.mkdir()
    else:
        path.write_bytes(payload(made.canary, rng))


def _many(made: _Place, rng: Rng) -> None:
    """Thousands of files, or of folders within one another."""
    if rng.random() < 0.5:
        for number in range(3_000):
            (made.folder / f"x{number}").touch()
    else:
        (made.folder / "profiles" / "/".join("d" for _ in range(500))).mkdir(parents=True)


def _missing(made: _Place, rng: Rng) -> None:
    (made.folder / chosen(rng, (MANIFEST, *made.stored.content))).unlink()


def _wrong_hash(made: _Place, rng: Rng) -> None:
    """A manifest, signed, that says another hash, or one that is none."""
    document = json.loads((made.folder / MANIFEST).read_bytes())
    said = chosen(rng, ("0" * 64, "", "A" * 64, "0" * 63 + "\n", "\u0661" * 64, None, 0, "0" * 64 + "\n"))
    if rng.random() < 0.5:
        document[chosen(rng, ("content_hash", "model_hash", "manifest_hash"))] = said
    else:
        document["files"][chosen(rng, list(document["files"]))] = said
    (made.folder / MANIFEST).write_bytes(signed(document))


def _listed(made: _Place, rng: Rng) -> None:
    """A manifest, signed, that lists a name which leads elsewhere."""
    document = json.loads((made.folder / MANIFEST).read_bytes())
    names = [chosen(rng, NAMES)] if rng.random() < 0.8 else [f"profiles/p{n}/x.json" for n in range(20_000)]
    for name in names:
        document["files"][name] = "0" * 64
    if rng.random() < 0.3:
        document["files"]["profiles.json"] = "0" * 64
    (made.folder / MANIFEST).write_bytes(signed(document))


def _named_profile(made: _Place, rng: Rng) -> None:
    """A part that names several ICPs by names which lead elsewhere."""
    name = chosen(rng, NAMES)
    content = {
        **made.stored.content,
        "profiles.json": json.dumps(
            {"record": {"profiles": [{"name": name}]}, "content_hashes": {name: "0" * 64}}
        ).encode(),
    }
    nested = f"profiles/{name}/manifest.json"
    if "\x00" not in name and ".." not in name and len(name) < 200 and name:
        content[nested] = made.folder.joinpath(MANIFEST).read_bytes()
        write_stored(made.folder, b"", {nested: content[nested]})
    write_stored(made.folder, sealed(made.stored, content), {"profiles.json": content["profiles.json"]})


def _sparse(made: _Place, rng: Rng) -> None:
    """A file of many gigabytes that takes no room."""
    os.truncate(
        made.folder / chosen(rng, (MANIFEST, *made.stored.content)), int(chosen(rng, (BOMB_SIZE, (64 << 20) + 1)))
    )


def _content(made: _Place, rng: Rng) -> None:
    """Anything in a file, its hash made right."""
    names = list(made.stored.content)
    name = chosen(rng, names)
    data = chosen(rng, (_deep, _long, _tokens, _payload, _shorter, _twice))(made, made.stored.content[name], rng)
    content = agreeing({**made.stored.content, name: data}, name)
    write_stored(made.folder, sealed(made.stored, content), content)


def _deep(_made: _Place, data: bytes, rng: Rng) -> bytes:
    depth = chosen(rng, DEEP)
    opening, closing = chosen(rng, ((b"[", b"]"), (b'{"a":', b"}"), (b"[", b"")))
    value = opening * depth + (b"1" if closing else b"") + closing * depth
    return value if rng.random() < 0.5 else data.replace(b": ", b": " + value + b', "x": ', 1)


def _long(_made: _Place, data: bytes, rng: Rng) -> bytes:
    """A text, a list, an object or a number without measure, in the place of a first value."""
    value = chosen(
        rng,
        (
            b'"' + b"x" * LONG + b'"',
            b"[" + b"1," * (LONG // 5) + b"1]",
            b"9" * 4_000,
            b"9" * LONG,
            b"1e400",
            b"-1e400",
            b"1e-400",
            b"-0.0",
            b"{" + b",".join(b'"k%d":1' % n for n in range(200_000)) + b"}",
            b"0" + b"." + b"0" * LONG + b"1",
        ),
    )
    return data.replace(b": ", b": " + value + b', "x": ', 1) if rng.random() < 0.5 else value


def _tokens(_made: _Place, data: bytes, rng: Rng) -> bytes:
    token = chosen(rng, TOKENS)
    return chosen(rng, (token, token + data, data + token, data[: len(data) // 2] + token + data[len(data) // 2 :]))


def _payload(made: _Place, data: bytes, rng: Rng) -> bytes:
    found = payload(made.canary, rng)
    return found if rng.random() < 0.5 else data + found


def _shorter(_made: _Place, data: bytes, rng: Rng) -> bytes:
    return data[: int(rng.integers(len(data) + 1))]


def _twice(_made: _Place, data: bytes, _rng: Rng) -> bytes:
    return data.replace(b"\n }", b',\n  "x": 1,\n  "x": 2\n }', 1)


def payload(canary: Path, rng: Rng) -> bytes:
    """What would make the file `canary` if anything ran it: a pickle by hand, YAML's tags, Python."""
    command = f"touch {canary}".encode()
    return chosen(
        rng,
        (
            b"cos\nsystem\n(S'" + command + b"'\ntR.",
            b"!!python/object/apply:os.system ['" + command + b"']\n",
            b"- !!python/object/new:subprocess.check_call [[touch, " + str(canary).encode() + b"]]\n",
            b"import os; os.system('" + command + b"')\n",
            b'{"__reduce__": ["os.system", "' + command + b'"], "py/object": "os.system"}',
        ),
    )


def _forged(made: _Place, rng: Rng) -> None:
    """A file spoilt in its values, its hash made right; two of them half the time."""
    content = dict(made.stored.content)
    for _ in range(int(rng.integers(1, 3))):
        name = chosen_name(made.stored, rng)
        content[name] = spoilt_file(name, content[name], rng) if content[name] else b"{}"
    write_stored(made.folder, sealed(made.stored, content), content)


def _forged_manifest(made: _Place, rng: Rng) -> None:
    (made.folder / MANIFEST).write_bytes(spoilt_manifest(made.stored, rng))


_WAYS: Final[Sequence[Callable[[_Place, Rng], Path | None]]] = (
    _link,
    _hard_link,
    _linked_folder,
    _no_file,
    _extra,
    _many,
    _missing,
    _wrong_hash,
    _listed,
    _named_profile,
    _sparse,
    _forged_manifest,
    _content,
    _content,
    _content,
    _content,
    _content,
    _forged,
    _forged,
    _forged,
    _forged,
    _forged,
)
