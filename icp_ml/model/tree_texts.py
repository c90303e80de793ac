"""LightGBM models as text: several made one, and their rows counted anew.

A model is a header, numbered trees, and a tail for people. The mean of several models over the same columns is the
model of all their trees, each leaf divided by how many models there are; nothing is approximated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_END = "\nend of trees"


@dataclass(frozen=True)
class _Parts:
    head: str
    trees: tuple[str, ...]
    tail: str


def mean_text(texts: Sequence[str]) -> str:
    """One model whose log-odds are the mean of the models' log-odds, at least one, all over the same columns."""
    parts = [_parts(text) for text in texts]
    scaled = [_scaled(tree, len(texts)) for each in parts for tree in each.trees]
    numbered = [re.sub(r"\ATree=\d+$", f"Tree={i}", tree, flags=re.MULTILINE) for i, tree in enumerate(scaled)]
    return _text(_Parts(parts[0].head, tuple(numbered), parts[0].tail))


def recounted(text: str, leaves: NDArray[np.int32]) -> str:
    """The model with leaf and node counts taken from `leaves`, shape (reference rows, trees): each row's leaf."""
    parts = _parts(text)
    counted = tuple(_recounted_tree(tree, leaves[:, i]) for i, tree in enumerate(parts.trees))
    return _text(_Parts(parts.head, counted, parts.tail))


def _parts(text: str) -> _Parts:
    """Every tree ends with two empty lines, the last one too."""
    head, *trees = re.split(r"(?=^Tree=\d+\n)", text, flags=re.MULTILINE)
    last, end, tail = trees[-1].partition(_END)
    return _Parts(head, (*trees[:-1], last + "\n"), end.removeprefix("\n") + tail)


def _text(parts: _Parts) -> str:
    sizes = " ".join(str(len(tree.encode())) for tree in parts.trees)
    head = re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", parts.head, flags=re.MULTILINE)
    return head + "".join(parts.trees) + parts.tail


def _scaled(tree: str, models: int) -> str:
    def shares(line: re.Match[str]) -> str:
        return line[1] + " ".join(f"{float(value) / models:.17g}" for value in line[2].split())

    return re.sub(r"^((?:leaf|internal)_value=)(.+)$", shares, tree, flags=re.MULTILINE)


def _recounted_tree(tree: str, leaf_of_row: NDArray[np.int32]) -> str:
    fields = dict(line.split("=", 1) for line in tree.splitlines() if "=" in line)
    leaves = int(fields["num_leaves"])
    if leaves == 1:
        return tree
    counts = np.bincount(leaf_of_row, minlength=leaves)
    left = [int(child) for child in fields["left_child"].split()]
    right = [int(child) for child in fields["right_child"].split()]
    tree = _with_line(tree, "leaf_count", counts.tolist())
    return _with_line(tree, "internal_count", _node_counts(counts, left, right))


def _with_line(tree: str, name: str, values: Sequence[int]) -> str:
    line = f"{name}=" + " ".join(map(str, values))
    return re.sub(rf"^{name}=.*$", line, tree, flags=re.MULTILINE)


def _node_counts(leaf_counts: NDArray[np.intp], left: Sequence[int], right: Sequence[int]) -> list[int]:
    """Rows through each split. LightGBM numbers children after their parent; a leaf k is written as -k - 1."""
    inner = [0] * len(left)
    for node in reversed(range(len(left))):
        children = (left[node], right[node])
        inner[node] = sum(inner[child] if child >= 0 else int(leaf_counts[-child - 1]) for child in children)
    return inner
