"""LightGBM's text spoilt number by number, and in its structure; the sizes in the header are made to agree again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.fuzz.mutations import Rng, chosen, spoilt

NUMBERS: Final[Sequence[str]] = (
    "0",
    "1",
    "-1",
    "-2",
    "2",
    "3",
    "7",
    "31",
    "99",
    "255",
    "256",
    "1000",
    "65536",
    "2147483647",
    "2147483648",
    "-2147483648",
    "-2147483649",
    "4294967295",
    "4294967296",
    "9223372036854775808",
    "1e308",
    "-1e308",
    "1e309",
    "5e-324",
    "nan",
    "-nan",
    "inf",
    "-inf",
    "1_0",
    "0x10",
    "1.5",
    "-0",
    "+1",
    "\u0661",
    "\uff11",
    "1e5",
    "",
    "x",
    "1,5",
    "0b1",
    "1e",
    "1.",
    ".5",
    "infinity",
    "9" * 5_000,
    "1 2",
    "00",
    "007",
)
LINES: Final[Sequence[str]] = (
    "average_output",
    "average_output=1",
    "num_class=1",
    "is_linear=1",
    "leaf_const=1 1",
    "leaf_features=0 0",
    "leaf_coeff=1 1",
    "num_features=1 1",
    "x=y",
    "",
    "Tree=0",
    "end of trees",
    "linear_tree=1",
    "monotone_constraints=1 9 x",
    "num_tree_per_iteration=1",
    "cat_boundaries=0 1",
    "cat_threshold=1",
    "num_cat=1",
    "sigmoid=0",
    "objective=regression",
    "tree_sizes=1",
    "boost_from_average=1",
)
TAILS: Final[Sequence[str]] = (
    "",
    "\npandas_categorical:null\n",
    "\npandas_categorical:[[1\n",
    "\npandas_categorical:{}\n",
    '\npandas_categorical:[["a"]]\n',
    "\nparameters:\n",
    "\nparameters:\n[num_threads: -5]\n[objective: nonsense]\nend of parameters\n",
    "\nparameters:\n[x\nend of parameters\n",
    "\nparameters:\n[num_iterations: 99999999999999]\n[data: /dev/zero]\n[output_model: x.txt]\nend of parameters\n",
    "\nfeature_importances:\nc0=x\n",
    "\n\x00\n",
    "\n" + "x" * 100_000 + "\n",
)


def spoilt_trees(text: str, rng: Rng) -> bytes:
    """The text after some changes."""
    if rng.random() < 0.1:
        return spoilt(text.encode(), rng)
    for _ in range(int(rng.integers(1, 4))):
        text = chosen(rng, _CHANGES)(text, rng)
    if rng.random() < 0.9:
        text = with_sizes(text)
    return text.encode("utf-8", "surrogatepass")


def with_sizes(text: str) -> str:
    """The text with `tree_sizes` as it has to be."""
    body, end, tail = text.partition("\nend of trees\n")
    _, *trees = re.split(r"(?=^Tree=\d+\n)", body + "\n", flags=re.MULTILINE)
    sizes = " ".join(str(len(tree.encode("utf-8", "surrogatepass"))) for tree in trees)
    return re.sub(r"(?m)^tree_sizes=.*$", f"tree_sizes={sizes}", body, count=1) + end + tail


def _number(text: str, rng: Rng) -> str:
    """One number of one line is another."""
    lines = text.split("\n")
    place = _a_line(lines, rng)
    key, _, values = lines[place].partition("=")
    words = values.split(" ")
    at = int(rng.integers(len(words)))
    words[at] = chosen(rng, (*NUMBERS, words[int(rng.integers(len(words)))]))
    lines[place] = f"{key}={' '.join(words)}"
    return "\n".join(lines)


def _length(text: str, rng: Rng) -> str:
    """One line has a number too many, or too few, or none."""
    lines = text.split("\n")
    place = _a_line(lines, rng)
    key, _, values = lines[place].partition("=")
    words = values.split(" ")
    changed = chosen(rng, (words[:-1], [*words, words[-1]], [], words * 2, ["0"] * len(words), words[::-1]))
    lines[place] = f"{key}={' '.join(changed)}"
    return "\n".join(lines)


def _leaves(text: str, rng: Rng) -> str:
    """A tree that lies about how large it is."""
    said = chosen(rng, ("0", "1", "2", "-1", "3", "1000000000", "2147483648", "99999999999999999999"))
    found = [each.start() for each in re.finditer(r"num_leaves=", text)]
    if not found:
        return text
    start = chosen(rng, found)
    return text[:start] + re.sub(r"num_leaves=\S*", f"num_leaves={said}", text[start:], count=1)


def _other_line(text: str, rng: Rng) -> str:
    lines = text.split("\n")
    place = _a_line(lines, rng)
    return "\n".join(
        [
            *lines[:place],
            *chosen(rng, ([], [lines[place]] * 2, [chosen(rng, LINES), lines[place]])),
            *lines[place + 1 :],
        ]
    )


def _renamed(text: str, rng: Rng) -> str:
    lines = text.split("\n")
    place = _a_line(lines, rng)
    lines[place] = (
        chosen(rng, ("x", "", "num_cat", "leaf_value ", " leaf_value", "Tree", "threshold"))
        + "="
        + lines[place].partition("=")[2]
    )
    return "\n".join(lines)


def _fewer_trees(text: str, rng: Rng) -> str:
    body, end, tail = text.partition("\nend of trees\n")
    head, *trees = re.split(r"(?=^Tree=\d+\n)", body + "\n", flags=re.MULTILINE)
    kept = chosen(rng, (trees[:1], [], trees[::-1], trees[1:], trees + trees[:1]))
    return (head + "".join(kept)).removesuffix("\n") + end + tail


def _tail(text: str, rng: Rng) -> str:
    body, end, tail = text.partition("\nend of trees\n")
    return body + end + chosen(rng, (chosen(rng, TAILS), tail + chosen(rng, TAILS)))


def _a_line(lines: Sequence[str], rng: Rng) -> int:
    """A line with a key, more often near the beginning, where the header and the first trees are."""
    keyed = [place for place, line in enumerate(lines) if "=" in line] or [0]
    return chosen(rng, keyed[:20] if rng.random() < 0.3 else keyed)


_CHANGES: Final[Sequence[Callable[[str, Rng], str]]] = (
    _number,
    _number,
    _number,
    _number,
    _length,
    _leaves,
    _other_line,
    _renamed,
    _fewer_trees,
    _tail,
)
