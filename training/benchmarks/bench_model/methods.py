"""The methods: what each is called, what code it is, and how it is run.

Our own run in this environment (`ours`), the peers in theirs (training/benchmarks/peers), all of them in processes of
their own and on the same folds.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from benchmarks.bench_model.code import code_hash
from benchmarks.bench_model.places import PEERS_CODE, PEERS_LOCK

LEARNER = ("icp_training.search", "icp_ml.model.win_model")
WITHIN = ("icp_ml.model", "icp_training")


@dataclass(frozen=True)
class Method:
    """modules: the code it is, for our own; module and packages: for a peer. searches: whether its cells depend on
    the number of trials. alone: takes all cores whatever the size. ablation: belongs to the second table.
    """

    name: str
    modules: tuple[str, ...] = ()
    peer: str = ""
    packages: tuple[str, ...] = ()
    searches: bool = False
    alone: bool = False
    ablation: bool = False

    @property
    def is_peer(self) -> bool:
        """Whether somebody else made it: what the summary compares with."""
        return self.name not in (OURS, BASE) and not self.ablation


OURS, BASE = "icp-ml", "base rate"
AUTOGLUON = "AutoGluon"
HAND = "hand-weighted: "
SCORED = ("benchmarks.bench_model.hand_weighted",)

_ALL = (
    Method(OURS, LEARNER, searches=True),
    Method(BASE, ("icp_ml.model.stack",)),
    Method("logistic regression", ("icp_ml.model.baseline",)),
    Method("LightGBM defaults", peer="lightgbm_defaults", packages=("lightgbm",)),
    Method("LightGBM tuned", peer="lightgbm_tuned", packages=("lightgbm", "optuna"), searches=True),
    Method("CatBoost", peer="catboost_peer", packages=("catboost",)),
    Method("EBM", peer="ebm_peer", packages=("interpret-core",)),
    Method(AUTOGLUON, peer="autogluon_peer", packages=("autogluon-tabular",), alone=True),
    *(Method(f"{HAND}{name}", SCORED) for name in ("equal-weights", "factor-rules", "layers", "seven-criteria")),
    Method("inner folds not grouped", LEARNER, searches=True, ablation=True),
    Method("demographic attributes alone", LEARNER, searches=True, ablation=True),
)
METHODS: Mapping[str, Method] = {each.name: each for each in _ALL}


@cache
def method_hash(name: str) -> str:
    """Of the code of a method: of ours what it imports, of a peer its module and the locked versions behind it."""
    method = METHODS[name]
    if not method.peer:
        return code_hash(method.modules, WITHIN)
    digest = hashlib.sha256((PEERS_CODE / f"{method.peer}.py").read_bytes())
    for package in method.packages:
        found = re.search(rf"^{re.escape(package)}==(\S+)", PEERS_LOCK.read_text(encoding="utf-8"), re.M)
        digest.update(f"{package} {found[1] if found else 'unknown'}".encode())
    return digest.hexdigest()[:16]
