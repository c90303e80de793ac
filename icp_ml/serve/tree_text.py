"""Is this text a LightGBM model that can be walked? Asked before LightGBM sees it.

LightGBM trusts its model files: a tree whose child points nowhere, or a wrong length in the header, ends
the process instead of raising. So the shape is checked here, number by number, and what passes is a set of
binary trees over the columns of the vocabulary.

    tree                        the header, up to an empty line
    max_feature_idx=39          one less than the number of columns
    tree_sizes=545 562          bytes of each tree, which the reader uses to jump
    Tree=0 ...                  split_feature, left_child (a leaf k is written as -k - 1), leaf_value, ...
    end of trees                what follows is information for people
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Mapping, Sequence

from icp_ml.errors import BundleInvalid

_BY_SPLIT = ("split_feature", "decision_type", "left_child", "right_child", "internal_count", "threshold")
_BY_SPLIT_REAL = ("split_gain", "internal_value", "internal_weight")
_BY_LEAF = ("leaf_count", "leaf_weight", "leaf_value")
_HEADER = {
    "version": "v4",
    "num_class": "1",
    "num_tree_per_iteration": "1",
    "label_index": "0",
}
BINARY = "binary sigmoid:1"
"""The loss of a model of winning."""
_AFTER_HEADER, _AFTER_TREE = "\n\n", "\n\n\n"
_CATEGORY_BIT = 1
_WORD_BITS = 32


class _Malformed(Exception):
    """What is wrong with the text; turned into a `BundleInvalid` at the only way out."""


def check_tree_text(text: str, columns: int, file: str, objective: str = BINARY) -> None:
    """Raise `BundleInvalid`, naming `file`, unless `text` is a well-formed model over `columns` columns.

    objective: the loss that it was grown with, which says what its leaves add up to.
    """
    try:
        _check(text, columns, objective)
    except (_Malformed, KeyError, ValueError) as error:
        what = f"{error.args[0]} is missing" if isinstance(error, KeyError) else str(error)
        raise BundleInvalid(
            f"{file} of the bundle is not a tree model that can be used: {what}; export the bundle anew"
        ) from None


def _check(text: str, columns: int, objective: str) -> None:
    _require(text.startswith("tree\n"), "it does not start with the line 'tree'")
    body, end, _ = text.partition("\nend of trees\n")
    _require(bool(end), "it does not say 'end of trees'")
    head, *trees = re.split(r"(?=^Tree=\d+\n)", body + "\n", flags=re.MULTILINE)
    header = _fields(head.removeprefix("tree\n"), _AFTER_HEADER)
    for key, value in {**_HEADER, "objective": objective}.items():
        _require(header[key] == value, f"{key} is {header[key]!r} and not {value!r}")
    found = int(header["max_feature_idx"]) + 1
    _require(found == columns, f"it has {found} columns and the vocabulary {columns}")
    _require(len(header["feature_names"].split()) == columns, "feature_names does not name every column")
    _require(len(header["feature_infos"].split()) == columns, "feature_infos does not describe every column")
    _require(_integers(header["tree_sizes"]) == [len(tree.encode()) for tree in trees], "tree_sizes is wrong")
    _require(bool(trees), "it holds no tree")
    for number, tree in enumerate(trees):
        _check_tree(_fields(tree, _AFTER_TREE), number, columns)


def _check_tree(tree: Mapping[str, str], number: int, columns: int) -> None:
    where = f"tree {number}"
    _require(tree["Tree"] == str(number), f"{where} is numbered {tree['Tree']}")
    _require(tree["is_linear"] == "0", f"{where} has linear leaves")
    leaves = int(tree["num_leaves"])
    _require(leaves >= 1, f"{where} has no leaf")
    values = _finite(tree["leaf_value"], f"leaf_value of {where}")
    _require(len(values) == leaves, f"leaf_value of {where} has not {leaves} entries")
    if leaves > 1:
        _check_splits(tree, where, leaves, columns)


def _check_splits(tree: Mapping[str, str], where: str, leaves: int, columns: int) -> None:
    for keys, length in ((_BY_SPLIT + _BY_SPLIT_REAL, leaves - 1), (_BY_LEAF, leaves)):
        for key in keys:
            _require(len(tree[key].split()) == length, f"{key} of {where} has not {length} entries")
    for key in (*_BY_SPLIT_REAL, "leaf_weight"):
        _finite(tree[key], f"{key} of {where}")
    counts = _integers(tree["leaf_count"]) + _integers(tree["internal_count"])
    _require(all(count >= 0 for count in counts), f"{where} has a negative count")
    features = _integers(tree["split_feature"])
    _require(all(0 <= j < columns for j in features), f"{where} splits on a column that does not exist")
    _check_children(tree, where, leaves)
    _check_categories(tree, where)


def _check_children(tree: Mapping[str, str], where: str, leaves: int) -> None:
    """Every split but the first, and every leaf, hangs under exactly one split that comes before it."""
    seen: list[int] = []
    for key in ("left_child", "right_child"):
        for parent, child in enumerate(_integers(tree[key])):
            _require(child < 0 or child > parent, f"{key} of {where} leads back")
            seen.append(child)
    expected = [*range(-leaves, 0), *range(1, leaves - 1)]
    _require(sorted(seen) == expected, f"the children in {where} do not make a tree")


def _check_categories(tree: Mapping[str, str], where: str) -> None:
    """A categorical split's threshold is the number of its bit set; boundaries say where each set begins."""
    # A split that sends every known value one way and the missing ones the other has an infinite threshold.
    thresholds = [float(word) for word in tree["threshold"].split()]
    _require(not any(math.isnan(t) for t in thresholds), f"threshold of {where} holds a value that is not a number")
    kinds = _integers(tree["decision_type"])
    sets = int(tree["num_cat"])
    chosen = [t for t, kind in zip(thresholds, kinds, strict=True) if kind & _CATEGORY_BIT]
    _require(
        all(math.isfinite(t) and t == int(t) and 0 <= t < sets for t in chosen),
        f"{where} splits on a category set that is not there",
    )
    if sets == 0:
        return
    boundaries, words = _integers(tree["cat_boundaries"]), _integers(tree["cat_threshold"])
    rising = all(a < b for a, b in itertools.pairwise(boundaries))
    whole = len(boundaries) == sets + 1 and boundaries[0] == 0 and boundaries[-1] == len(words)
    _require(rising and whole, f"cat_boundaries of {where} is wrong")
    _require(all(0 <= word < 2**_WORD_BITS for word in words), f"cat_threshold of {where} is wrong")


def _fields(block: str, closing: str) -> dict[str, str]:
    """The lines "key=value" of a block that ends with `closing`: the reader counts on both."""
    lines = block.removesuffix(closing).split("\n")
    _require(block.endswith(closing) and all("=" in line for line in lines), "its lines are not keys and values")
    pairs = [line.partition("=") for line in lines]
    found = {key: value for key, _, value in pairs}
    _require(len(found) == len(pairs), "a key stands twice")
    return found


def _integers(text: str) -> list[int]:
    return [int(word) for word in text.split()]


def _finite(text: str, what: str) -> Sequence[float]:
    values = [float(word) for word in text.split()]
    _require(all(math.isfinite(value) for value in values), f"{what} holds a number that is not finite")
    return values


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise _Malformed(otherwise)
