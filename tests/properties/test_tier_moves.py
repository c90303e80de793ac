"""Moves between tiers add up, whatever the models, the lists, the cuts and the rules are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.errors import ConfigError
from icp_ml.model.tiers import Cuts
from icp_ml.profile.tiering import Policy
from icp_ml.serve.bundle import Bundle
from icp_ml.serve.incoming import Incoming, NamedBatch
from icp_ml.serve.scoring import Scorer
from icp_ml.watch.carried_cuts import carried, carried_cuts, spread_ratio
from icp_ml.watch.list_moves import list_moves
from icp_ml.watch.passages import Passage, pass_over
from icp_ml.watch.tier_moves import CAUSES, NO_TIER, count_moves, main_causes
from tests import serve_models, two_quarters

LABELS = ("1", "2", "3", NO_TIER)
paths = arrays(np.int64, st.tuples(st.integers(0, 60), st.just(5)), elements=st.integers(0, 3))
references = st.lists(st.floats(-8, 8), min_size=11, max_size=11, unique=True).map(sorted)


@given(path=paths)
def test_the_counts_of_the_causes_add_up_to_the_accounts_that_moved(path: np.ndarray) -> None:
    found = count_moves(path, LABELS)
    ends = Counter((LABELS[start], LABELS[end]) for start, end in path[:, [0, -1]].tolist() if start != end)
    assert found.accounts == len(path)
    assert sum(found.by_cause.values()) == found.moved == ends.total()
    assert found.by_path == dict(ends)
    for place, label in enumerate(LABELS):
        gained = sum(net.get(label, 0) for net in found.net.values())
        assert gained == (path[:, -1] == place).sum() - (path[:, 0] == place).sum()


@given(path=paths)
def test_what_moved_an_account_moved_it_where_it_went_and_no_step_did_so_more(path: np.ndarray) -> None:
    for row, cause in zip(path.tolist(), main_causes(path).tolist(), strict=True):
        total = row[-1] - row[0]
        if not total:
            assert cause == -1
            continue
        along = [(after - before) * (1 if total > 0 else -1) for before, after in pairwise(row)]
        assert along[cause] == max(along) > 0
        assert along.index(max(along)) == cause


@given(old=references, scale=st.floats(0.2, 5), shift=st.floats(-3, 3), at=st.lists(st.floats(-12, 12), min_size=1))
def test_a_model_that_is_the_other_shifted_and_stretched_has_its_cuts_shifted_and_stretched(
    old: list[float], scale: float, shift: float, at: list[float]
) -> None:
    new = [scale * each + shift for each in old]
    if np.diff(new).min() <= 0:  # a distance too small for the wider scale
        return
    log_odds = np.array(at)
    assert carried(log_odds, old, new) == pytest.approx(scale * log_odds + shift, abs=1e-6)
    assert spread_ratio(old, new) == pytest.approx(scale, rel=1e-6)


@given(old=references, new=references, at=st.lists(st.floats(-12, 12), min_size=2))
def test_cuts_are_carried_in_their_order(old: list[float], new: list[float], at: list[float]) -> None:
    moved = carried(np.sort(np.array(at)), old, new)
    assert (np.diff(moved) >= -1e-9).all()
    cuts = Cuts((1.5, 0.1, -1.0), (70.0, 50.0, 30.0), ("1", "2", "3", "out of scope"), -9.0, 9.0)
    assert carried_cuts(cuts, old, new).labels == cuts.labels
    assert carried_cuts(cuts, old, old) == cuts


def passage(bundle: Bundle, table: pa.Table) -> Passage:
    incoming = Incoming(Scorer(bundle).read_attributes, bundle.prospects)

    def batches() -> Iterator[NamedBatch]:
        for start in range(0, table.num_rows, 50):
            yield from incoming.batches(table.slice(start, 50))

    return Passage(Scorer(bundle), batches, serve_models.AS_OF)


def excluding(bundle: Bundle, industry: str) -> Bundle:
    if not industry:
        return bundle
    rule = RuleSettings.model_validate({"name": "policy", "attribute": "industry", "is": [industry]})
    return replace(bundle, policy=Policy(exclusions=(rule,)))


def shifted(bundle: Bundle, shift: float) -> Bundle:
    cuts = bundle.tiering.cuts
    moved = replace(cuts, log_odds=tuple(each + shift for each in cuts.log_odds), low=cuts.low - 9, high=cuts.high + 9)
    return replace(bundle, tiering=replace(bundle.tiering, cuts=moved))


def tiers_by_scoring(bundle: Bundle, table: pa.Table) -> pd.Series:
    scored = Scorer(bundle).score(table, as_of=serve_models.AS_OF, reasons=0).to_pandas()
    tiers: pd.Series = scored.set_index("domain")["tier"].astype(object)
    return tiers


@pytest.mark.parametrize("seed", range(6))
def test_moves_between_bundles_add_up_and_are_those_of_their_scores(seed: int) -> None:
    """Six pairs of models by chance: one in three of the same model with other cuts, with and without rules."""
    rng = np.random.default_rng(seed)
    shift, is_same = float(rng.uniform(-0.8, 0.8)), seed % 3 == 0
    then, now = (rng.choice(["", "Energy", "Software"]) for _ in range(2))
    old = excluding(serve_models.bundle(), then)
    new = excluding(shifted(serve_models.bundle() if is_same else two_quarters.later_bundle(), shift), now)
    before, after = serve_models.raw_list(110, seed).slice(0, 100), two_quarters.changed_list(110, seed)
    found = list_moves(passage(old, before), passage(old, after), passage(new, after))

    first, last = (tiers_by_scoring(old, before), tiers_by_scoring(new, after))
    tiers = pd.concat([first.rename("tier_then"), last.rename("tier")], axis=1, join="inner")
    if not found.notes:  # both have the same tiers
        tiers = tiers.fillna(NO_TIER)
        moved = tiers[tiers["tier_then"] != tiers["tier"]]
        assert {(each.id, each.before, each.after) for each in found.moves} == {
            (name, row["tier_then"], row["tier"]) for name, row in moved.iterrows()
        }
    assert found.counts.accounts == len(tiers) == 100
    assert (found.came, found.gone) == (10, 0)
    assert Counter(each.cause for each in found.moves) == +Counter(found.counts.by_cause)
    assert len(found.moves) == found.counts.moved == sum(found.counts.by_cause.values())
    assert all(each.steps[0] == each.before != each.after == each.steps[-1] for each in found.moves)
    if then == now:
        assert not found.counts.by_cause["rules"]
    if is_same:
        assert not found.counts.by_cause["model"]
    assert set(found.counts.by_cause) == set(CAUSES)


def test_the_spread_of_a_model_is_from_the_10_to_the_90_per_cent_quantile() -> None:
    old = [float(place**2) for place in range(11)]
    new = [float(place**3) for place in range(11)]
    assert spread_ratio(old, new) == (9**3 - 1) / (9**2 - 1)


@pytest.mark.parametrize("word", ["excluded", "outside"])
def test_an_account_that_a_new_rule_bars_is_told_with_what_barred_it(word: str) -> None:
    bundle = serve_models.bundle()
    named = {"name": "policy", "attribute": "industry", "is": ["Energy"]}
    if word == "excluded":
        policy = Policy(exclusions=(RuleSettings.model_validate(named),))
    else:
        policy = Policy(boundary=(RuleSettings.model_validate({**named, "is": ["Software", "Retail"]}),))
    table = serve_models.raw_list(100, 3)
    before, after = passage(bundle, table), passage(replace(bundle, policy=policy), table)
    barred = [each for each in list_moves(before, before, after).moves if each.cause == "rules"]
    assert barred
    assert all(each.because.startswith(word) for each in barred)


def test_one_tier_without_a_cut_is_carried_as_it_is() -> None:
    alone = Cuts((), (), ("1-3",), -9.0, 9.0)
    old = [float(each) for each in range(11)]
    assert carried_cuts(alone, old, [2 * each for each in old]) == alone


def test_a_list_without_ids_knows_nobody_again() -> None:
    bare = replace(serve_models.bundle(), prospects=ProspectsSettings())
    with pytest.raises(ConfigError, match="accounts are known again by their id, and the list has no id column; name"):
        pass_over(passage(bare, serve_models.raw_list(5, 1).drop_columns(["domain"])))


def test_a_list_without_rows_has_no_accounts() -> None:
    nobody = pass_over(passage(serve_models.bundle(), serve_models.raw_list(5, 1).slice(0, 0)))
    assert (len(nobody.hashes), len(nobody.log_odds), len(nobody.barred)) == (0, 0, 0)


def test_an_account_that_the_level_alone_moved_is_moved_because_of_no_attribute() -> None:
    old = serve_models.bundle()
    lifted = replace(old.model, stack=replace(old.model.stack, shift=old.model.stack.shift + 0.6))
    table = serve_models.raw_list(100, 3)
    found = list_moves(*(passage(each, table) for each in (old, old, replace(old, model=lifted))))
    assert found.moves
    assert {(each.because, each.by) for each in found.moves} == {("", None)}
