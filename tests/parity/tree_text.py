"""Decision trees as LightGBM writes them in its text format, read and written without LightGBM.

Tree=0                     one block for each tree, up to a line "end of trees"
num_leaves=3
split_feature=0 1          one entry for each split, the root first
threshold=1.5 0            of a category: the number of its set of codes
decision_type=2 9          bit 0: category; bit 1: default left; bits 2-3: missing is 0 nothing, 1 zero, 2 NaN
left_child=1 -1            a split by its number, leaf k as -k - 1
cat_boundaries=0 1         set s occupies the 32-bit words cat_threshold[boundaries[s]:boundaries[s + 1]]
leaf_count, internal_count rows that passed
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

IS_CATEGORY, DEFAULT_LEFT = 1, 2
MISSING_SHIFT, MISSING_NONE, MISSING_ZERO, MISSING_NAN = 2, 0, 1, 2
WORD = 32


@dataclass(frozen=True)
class WrittenTree:
    """One tree; splits and leaves by number. A tree of one leaf has no splits, and says nothing of its count."""

    leaf_value: tuple[float, ...]
    leaf_count: tuple[int, ...] = ()
    feature: tuple[int, ...] = ()
    threshold: tuple[float, ...] = ()
    decision: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    right: tuple[int, ...] = ()
    internal_count: tuple[int, ...] = ()
    cat_boundaries: tuple[int, ...] = ()
    cat_words: tuple[int, ...] = ()

    def codes_to_the_left(self, split: int) -> frozenset[int]:
        """The codes that a categorical split sends left."""
        number = int(self.threshold[split])
        words = self.cat_words[self.cat_boundaries[number] : self.cat_boundaries[number + 1]]
        return frozenset(WORD * k + bit for k, word in enumerate(words) for bit in range(WORD) if word >> bit & 1)


def read_trees(text: str) -> tuple[WrittenTree, ...]:
    """All trees of a model's text."""
    body = text.partition("\nend of trees")[0]
    return tuple(_read_tree(block) for block in re.split(r"^Tree=\d+$", body, flags=re.MULTILINE)[1:])


def _read_tree(block: str) -> WrittenTree:
    fields = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)

    def whole(name: str) -> tuple[int, ...]:
        return tuple(int(part) for part in fields.get(name, "").split())

    def real(name: str) -> tuple[float, ...]:
        return tuple(float(part) for part in fields.get(name, "").split())

    if fields["num_leaves"] == "1":
        return WrittenTree(real("leaf_value"))
    return WrittenTree(
        leaf_value=real("leaf_value"),
        leaf_count=whole("leaf_count"),
        feature=whole("split_feature"),
        threshold=real("threshold"),
        decision=whole("decision_type"),
        left=whole("left_child"),
        right=whole("right_child"),
        internal_count=whole("internal_count"),
        cat_boundaries=whole("cat_boundaries"),
        cat_words=whole("cat_threshold"),
    )


def write_model(trees: Sequence[WrittenTree], attributes: int) -> str:
    """A model's text that LightGBM loads: a binary objective, `attributes` attributes named c0, c1, ..."""
    blocks = [f"Tree={number}\n{_tree_lines(tree)}\n\n\n" for number, tree in enumerate(trees)]
    head = [
        "tree",
        "version=v4",
        "num_class=1",
        "num_tree_per_iteration=1",
        "label_index=0",
        f"max_feature_idx={attributes - 1}",
        "objective=binary sigmoid:1",
        "feature_names=" + " ".join(f"c{j}" for j in range(attributes)),
        "feature_infos=" + " ".join(["[-9:9]"] * attributes),
        "tree_sizes=" + " ".join(str(len(block)) for block in blocks),
    ]
    return "\n".join(head) + "\n\n" + "".join(blocks) + "end of trees\n\nparameters:\nend of parameters\n"


def _tree_lines(tree: WrittenTree) -> str:
    sets = max(len(tree.cat_boundaries) - 1, 0)
    splits = len(tree.feature)
    lines: list[tuple[str, Sequence[float]]] = [
        ("num_leaves", [len(tree.leaf_value)]),
        ("num_cat", [sets]),
        ("split_feature", tree.feature),
        ("split_gain", [1] * splits),
        ("threshold", tree.threshold),
        ("decision_type", tree.decision),
        ("left_child", tree.left),
        ("right_child", tree.right),
        ("leaf_value", tree.leaf_value),
        ("leaf_weight", [1] * len(tree.leaf_value)),
        ("leaf_count", tree.leaf_count or [0]),
        ("internal_value", [0] * splits),
        ("internal_weight", [1] * splits),
        ("internal_count", tree.internal_count),
    ]
    if sets:
        lines += [("cat_boundaries", tree.cat_boundaries), ("cat_threshold", tree.cat_words)]
    lines += [("is_linear", [0]), ("shrinkage", [1])]
    return "\n".join(f"{name}={' '.join(repr(value) for value in values)}" for name, values in lines)
