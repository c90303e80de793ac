"""Is this text a LightGBM model that can be walked? Asked before LightGBM sees it.

LightGBM trusts its model files: a tree whose child points nowhere, or a wrong length in the header, ends
the process instead of raising. So the shape is checked here, number by number, and what passes is a set of
binary trees over the columns of the vocabulary.

    tree                        the header, up to an empty line
    max_feature_idx=39          one less than the number of columns
    tree_sizes=545 562          bytes of each tree, which the reader uses to jump
    Tree=0 ...                  split_feature, left_child (a leaf k is written as -k - 1), leaf_value, ...
    end of trees                what follows is information for people, which LightGBM reads all the same

A number is one as LightGBM writes it: Python reads `1_0` and the digits of other scripts too, at which LightGBM ends
the process.
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
_HEADER_KEYS = {*_HEADER, "objective", "max_feature_idx", "feature_names", "feature_infos", "tree_sizes"}
_TREE_KEYS = {*_BY_SPLIT, *_BY_SPLIT_REAL, *_BY_LEAF, "Tree", "num_leaves", "num_cat", "is_linear", "shrinkage"}
_CATEGORY_KEYS = {"cat_boundaries", "cat_threshold"}
_CONSTRAINTS = "monotone_constraints"
BINARY = "binary sigmoid:1"
"""The loss of a model of winning."""
_AFTER_HEADER, _AFTER_TREE = "\n\n", "\n\n\n"
_CATEGORIES = "pandas_categorical:"
"""LightGBM reads JSON from there to the end of the text."""
_CATEGORY_BIT = 1
_WORD_BITS = 32
_LARGEST = 2**31 - 1
_KIND_BITS = 16
"""Of a split's decision type: whether it is a category, where missing goes, and what counts as missing."""
_WHOLE = re.compile(r"-?[0-9]{1,10}", re.ASCII)
_DIGITS = r"[0-9]{1,25}(\.[0-9]{0,25})?(e[-+]?[0-9]{1,3})?"
_REAL = re.compile(rf"-?({_DIGITS}|inf|nan)", re.ASCII)
_TAIL = re.compile(
    r"|feature_importances:|parameters:|end of parameters|pandas_categorical:(null|\[\])"
    r"|[!-<>-~]+=[0-9]+"
    rf"|\[[a-z0-9_]+: (-?{_DIGITS}(,-?{_DIGITS})*)?\]"
    r"|\[(boosting|objective|metric|tree_learner|device_type|data_sample_strategy|monotone_constraints_method)"
    r": [a-z0-9_,.:]*\]",
    re.ASCII,
)
"""A line after the trees. LightGBM makes JSON of the parameters and of what pandas called categories."""


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
    body, end, tail = text.partition("\nend of trees\n")
    _require(bool(end), "it does not say 'end of trees'")
    _require(all(_TAIL.fullmatch(line) for line in tail.split("\n")), "a line after its trees is not LightGBM's")
    _require(not tail.partition(_CATEGORIES)[2].partition("\n")[2].strip(), f"{_CATEGORIES} is not its last line")
    head, *trees = re.split(r"(?=^Tree=\d+\n)", body + "\n", flags=re.MULTILINE)
    header = _fields(head.removeprefix("tree\n"), _AFTER_HEADER)
    for key, value in {**_HEADER, "objective": objective}.items():
        _require(header[key] == value, f"{key} is {header[key]!r} and not {value!r}")
    _require(header.keys() <= {*_HEADER_KEYS, _CONSTRAINTS}, "its header has a line of another key")
    (last,) = _integers(header["max_feature_idx"], "max_feature_idx")
    found = last + 1
    _require(found == columns, f"it has {found} columns and the vocabulary {columns}")
    _require(len(header["feature_names"].split()) == columns, "feature_names does not name every column")
    _require(len(header["feature_infos"].split()) == columns, "feature_infos does not describe every column")
    directions = _integers(header.get(_CONSTRAINTS, ""), _CONSTRAINTS)
    _require(len(directions) in (0, columns) and set(directions) <= {-1, 0, 1}, f"{_CONSTRAINTS} is wrong")
    _require(
        _integers(header["tree_sizes"], "tree_sizes") == [len(tree.encode()) for tree in trees], "tree_sizes is wrong"
    )
    _require(bool(trees), "it holds no tree")
    for number, tree in enumerate(trees):
        _check_tree(_fields(tree, _AFTER_TREE), number, columns)


def _check_tree(tree: Mapping[str, str], number: int, columns: int) -> None:
    where = f"tree {number}"
    _require(tree["Tree"] == str(number), f"{where} is numbered {tree['Tree']}")
    _require(tree["is_linear"] == "0", f"{where} has linear leaves")
    _require(tree.keys() <= _TREE_KEYS | _CATEGORY_KEYS, f"{where} has a line of another key")
    (leaves,) = _integers(tree["num_leaves"], f"num_leaves of {where}")
    _finite(tree["shrinkage"], f"shrinkage of {where}")
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
    counts = [n for key in ("leaf_count", "internal_count") for n in _integers(tree[key], f"{key} of {where}")]
    _require(all(count >= 0 for count in counts), f"{where} has a negative count")
    features = _integers(tree["split_feature"], f"split_feature of {where}")
    _require(all(0 <= j < columns for j in features), f"{where} splits on a column that does not exist")
    _check_children(tree, where, leaves)
    _check_categories(tree, where)


def _check_children(tree: Mapping[str, str], where: str, leaves: int) -> None:
    """Every split but the first, and every leaf, hangs under exactly one split that comes before it."""
    seen: list[int] = []
    for key in ("left_child", "right_child"):
        for parent, child in enumerate(_integers(tree[key], f"{key} of {where}")):
            _require(child < 0 or child > parent, f"{key} of {where} leads back")
            seen.append(child)
    expected = [*range(-leaves, 0), *range(1, leaves - 1)]
    _require(sorted(seen) == expected, f"the children in {where} do not make a tree")


def _check_categories(tree: Mapping[str, str], where: str) -> None:
    """A categorical split's threshold is the number of its bit set; boundaries say where each set begins."""
    # A split that sends every known value one way and the missing ones the other has an infinite threshold.
    thresholds = _reals(tree["threshold"], f"threshold of {where}")
    _require(not any(math.isnan(t) for t in thresholds), f"threshold of {where} holds a value that is not a number")
    kinds = _integers(tree["decision_type"], f"decision_type of {where}")
    _require(all(0 <= kind < _KIND_BITS for kind in kinds), f"decision_type of {where} is wrong")
    (sets,) = _integers(tree["num_cat"], f"num_cat of {where}")
    chosen = [t for t, kind in zip(thresholds, kinds, strict=True) if kind & _CATEGORY_BIT]
    _require(
        all(math.isfinite(t) and t == int(t) and 0 <= t < sets for t in chosen),
        f"{where} splits on a category set that is not there",
    )
    if sets == 0:
        return
    boundaries = _integers(tree["cat_boundaries"], f"cat_boundaries of {where}")
    words = _integers(tree["cat_threshold"], f"cat_threshold of {where}", 2**_WORD_BITS - 1)
    rising = all(a < b for a, b in itertools.pairwise(boundaries))
    whole = len(boundaries) == sets + 1 and boundaries[0] == 0 and boundaries[-1] == len(words)
    _require(rising and whole, f"cat_boundaries of {where} is wrong")
    _require(all(word >= 0 for word in words), f"cat_threshold of {where} is wrong")


def _fields(block: str, closing: str) -> dict[str, str]:
    """The lines "key=value" of a block that ends with `closing`: the reader counts on both."""
    lines = block.removesuffix(closing).split("\n")
    _require(block.endswith(closing) and all("=" in line for line in lines), "its lines are not keys and values")
    pairs = [line.partition("=") for line in lines]
    found = {key: value for key, _, value in pairs}
    _require(len(found) == len(pairs), "a key stands twice")
    return found


def _integers(text: str, what: str, largest: int = _LARGEST) -> list[int]:
    """Whole numbers that LightGBM can hold; most of them in 32 bits with a sign."""
    found = [int(word) for word in _written_as(_WHOLE, text, what)]
    _require(all(-_LARGEST <= number <= largest for number in found), f"{what} holds a number that is too large")
    return found


def _reals(text: str, what: str) -> list[float]:
    return [float(word) for word in _written_as(_REAL, text, what)]


def _written_as(form: re.Pattern[str], text: str, what: str) -> list[str]:
    """The words of a line; nothing but blanks is between them."""
    words = [word for word in text.split(" ") if word]
    for word in words:
        _require(form.fullmatch(word), f"{what} holds {word!r}, which is no number as LightGBM writes one")
    return words


def _finite(text: str, what: str) -> Sequence[float]:
    values = _reals(text, what)
    _require(all(math.isfinite(value) for value in values), f"{what} holds a number that is not finite")
    return values


def _require(holds: object, otherwise: str) -> None:
    if not holds:
        raise _Malformed(otherwise)
