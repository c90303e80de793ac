"""What people change about a bundle without training: where tiers start, what is done, who is left out.

    cuts: {1: 0.45, 2: 0.25}                   # the probability from which a prospect is in the tier; of a
                                               # hand-weighted scorecard the score, such as {1: 75}; of a
                                               # model of resemblance the resemblance, such as {1: 95}
    actions: {2: automated nurture}            # as in a configuration; tiers not named keep their actions
    exclusions:                                # takes the place of all exclusions; [] for none
      - {name: public sector, attribute: industry, is: [Government], reason: policy}
    boundary: []
    base_rate: 0.02                            # states the level of the probability; null for that of the deals
    known: null                                # no customers and open deals are recognised any more
    approve: [small and settled]               # a proposed rule is in force from now on
    criteria: {pin: [...], ban: [...]}         # see `icp_ml.serve.amending_definition`

What is not named stays as it is, and so does the model: the result has the same model hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, Any, Final, TypeVar, cast

import numpy as np
from pydantic import BeforeValidator, Field, FiniteFloat
from scipy.special import logit

from icp_ml.deals.criteria_settings import CriteriaSettings
from icp_ml.deals.known_settings import KnownSettings
from icp_ml.deals.policy import TOP_SCORE, ActionsSettings, TierActions, TiersSettings
from icp_ml.deals.rule_settings import RuleSettings
from icp_ml.deals.rules import bind_rules
from icp_ml.deals.settings import Settings, parse_settings
from icp_ml.deals.sources import title_of
from icp_ml.deals.words import listed
from icp_ml.errors import ConfigError
from icp_ml.model.resemblance import MOST
from icp_ml.model.tiers import MARGIN, Cuts
from icp_ml.profile.condition_words import rule_words
from icp_ml.profile.tiering import Policy, Tiering
from icp_ml.serve.amending_definition import approved, definition_changes, with_criteria
from icp_ml.serve.bundle import Bundle, led_by_the_whole
from icp_ml.serve.loading import AnyBundle
from icp_ml.serve.lookalike_bundle import LookalikeBundle, LookalikeTiering
from icp_ml.serve.tier_book import QUADRANT_TEXTS
from icp_ml.serve.weighted_bundle import WeightedBundle

NONE: Final = "none"


def _text_keys(value: object) -> object:
    """YAML reads `1` as a number; a tier is named by a text."""
    return {str(key): item for key, item in value.items()} if isinstance(value, Mapping) else value


class Amendment(Settings):
    """What is to be changed; see the head of the file. What was not given stays as it is.

    cuts: by the label of a tier, the probability from which a prospect is in it, between 0 and 1, as `probability` of
    a scored list has it; of a hand-weighted scorecard the score, and of a model of resemblance the `resemblance`,
    between 0 and 100. actions: by tier a text, or texts by quadrant. exclusions, boundary: all of them. base_rate: the
    share of companies like the deals learned from that would be won, by which the probability alone is moved; cuts that
    are given with it are at its level. criteria, approve: of a model whose ICP is defined.
    """

    cuts: Annotated[dict[str, FiniteFloat], BeforeValidator(_text_keys)] = Field(default_factory=dict)
    actions: Annotated[dict[str, str | dict[str, str]], BeforeValidator(_text_keys)] = Field(default_factory=dict)
    exclusions: tuple[RuleSettings, ...] = ()
    boundary: tuple[RuleSettings, ...] = ()
    known: KnownSettings | None = None
    base_rate: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    criteria: CriteriaSettings = CriteriaSettings()
    approve: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """One thing that differs: what it is, what it was before and what it is after, in words."""

    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what}: {self.after} (before: {self.before})"


B = TypeVar("B", bound=AnyBundle)
T = TypeVar("T", Tiering, LookalikeTiering)


def amended(bundle: B, changes: Amendment, version: int, created: str, reason: str) -> B:
    """The same model as a new version, with `changes` made and written down in its provenance.

    version: of the new bundle. created: ISO date and time. reason: why, in words, not blank. `amended_from` is the
    version that was trained, and `changes` holds all that was changed since, in order.

    Raises `ConfigError` where nothing would change, no reason is given, a tier that is named has no cut, cuts would no
    longer fall, or a rule does not fit the attributes of the bundle.
    """
    if not reason.strip():
        raise ConfigError("a reason for the change was expected, and none was given; say why with --reason")
    result = replace(_with_cuts(_with_level(bundle, changes), changes.cuts), policy=_policy(bundle, changes))
    result = _with_definition(result, changes)
    found = differences(bundle, result)
    if not found:
        raise ConfigError(
            "at least one change was expected, and all that is named is so already; see it with `icp show`, and name "
            "what is to be different"
        )
    provenance = bundle.provenance
    said = tuple(f"v{version}: {change}. Reason: {reason.strip()}" for change in found)
    update = {
        "version": version,
        "created": created,
        "amended_from": provenance.version if provenance.amended_from is None else provenance.amended_from,
        "changes": (*provenance.changes, *said),
    }
    stamped: Any = provenance.model_copy(update=update)  # of the bundle's own kind, which a type cannot say
    made = replace(result, provenance=stamped)
    return cast("B", led_by_the_whole(made)) if isinstance(made, Bundle) else made


def _with_definition(bundle: B, changes: Amendment) -> B:
    """The same with criteria pinned and banned and proposals approved."""
    if not changes.approve and changes.criteria == CriteriaSettings():
        return bundle
    if not isinstance(bundle, Bundle) or bundle.definition is None:
        raise ConfigError(
            "criteria and approve change the definition of an ICP, and this bundle holds none; train it anew first"
        )
    definition, policy = approved(bundle.definition, bundle.policy, changes.approve)
    bind_rules((*policy.exclusions, *policy.boundary), bundle.attributes)
    definition = with_criteria(definition, changes.criteria, bundle.attributes)
    return replace(bundle, definition=definition, policy=policy)


def differences(before: AnyBundle, after: AnyBundle) -> tuple[Change, ...]:
    """What was amended between two bundles of one model: cuts, actions, rules, known accounts, level, the ICP."""
    old, new = before.policy, after.policy
    return (
        *_cut_changes(_cuts_of(before), _cuts_of(after)),
        *_action_changes(old.actions, new.actions),
        *_rule_changes("exclusion", old.exclusions, new.exclusions),
        *_rule_changes("boundary", old.boundary, new.boundary),
        *_known_changes(old.known, new.known),
        *_level_changes(before, after),
        *_definition_changes(before, after),
    )


def _definition_changes(before: AnyBundle, after: AnyBundle) -> Iterator[Change]:
    if isinstance(before, Bundle) and isinstance(after, Bundle) and before.definition and after.definition:
        for each in definition_changes(before.definition, after.definition):
            yield Change(each.what, each.before, each.after)


@dataclass(frozen=True)
class _NamedCuts:
    """Where tiers start, and how people say it. starts: falling, on the scale of the cuts, one for each label.

    unit: "probability", "score" or "resemblance". said: a start in words. start: of a figure that a
    person gives, under `most`.
    """

    labels: tuple[str, ...]
    starts: tuple[float, ...]
    unit: str
    most: float
    said: Callable[[float], str]
    start: Callable[[float], float]


def _cuts_of(bundle: AnyBundle) -> _NamedCuts:
    if isinstance(bundle, WeightedBundle):
        scores = bundle.tiers.scores
        return _NamedCuts(bundle.cuts.labels[:-1], scores, "score", TOP_SCORE, lambda at: f"{at:g}", float)
    model, cuts = bundle.model, bundle.tiering.cuts
    if isinstance(bundle, LookalikeBundle):
        scale = bundle.resemblance
        return _NamedCuts(
            labels=cuts.labels[:-1],
            starts=cuts.log_odds,
            unit="resemblance",
            most=MOST,
            said=lambda log_odds: f"{float(scale.percentile(np.array(log_odds))):.4g}",
            start=scale.log_odds,
        )
    return _NamedCuts(
        labels=cuts.labels[:-1],
        starts=cuts.log_odds,
        unit="probability",
        most=1.0,
        said=lambda log_odds: f"{float(model.probability(np.array(log_odds))):.4g}",
        start=lambda probability: float(logit(probability)) - model.shift,
    )


def _with_cuts(bundle: B, wanted: Mapping[str, float]) -> B:
    before = _cuts_of(bundle)
    starts = _starts(before, wanted)
    if starts == before.starts:
        return bundle
    if isinstance(bundle, WeightedBundle):
        return replace(bundle, tiers=TiersSettings(scores=starts))
    if isinstance(bundle, LookalikeBundle):
        return replace(bundle, tiering=_tiering(bundle.tiering, before, starts))
    return replace(bundle, tiering=_tiering(bundle.tiering, before, starts))


def _with_level(bundle: B, changes: Amendment) -> B:
    if "base_rate" not in changes.model_fields_set:
        return bundle
    if isinstance(bundle, WeightedBundle):
        raise ConfigError("a base rate was stated, and a hand-weighted scorecard has no probability; leave it out")
    if isinstance(bundle, LookalikeBundle):
        raise ConfigError("a base rate was stated, and a resemblance is no probability at any rate; leave it out")
    return cast(B, bundle.at_base_rate(changes.base_rate))


def _level_changes(before: AnyBundle, after: AnyBundle) -> Iterator[Change]:
    old, new = _base_rate(before), _base_rate(after)
    if old != new:
        yield Change("stated base rate", *(NONE if rate is None else f"{rate:.4g}" for rate in (old, new)))


def _base_rate(bundle: AnyBundle) -> float | None:
    calibration = bundle.calibration if isinstance(bundle, Bundle) else None
    return None if calibration is None else calibration.base_rate


def _tiering(tiering: T, before: _NamedCuts, starts: tuple[float, ...]) -> T:
    """Cuts at the new places, scores as they were. The table stays, with a note that it is of other cuts."""
    return replace(
        tiering,
        cuts=_moved(tiering.cuts, starts),
        table=tiering.table.model_copy(update={"notes": (*tiering.table.notes, *_notes_of_moving(before, starts))}),
    )


def _moved(cuts: Cuts, starts: tuple[float, ...]) -> Cuts:
    low, high = min(cuts.low, starts[-1] - MARGIN), max(cuts.high, starts[0] + MARGIN)
    return replace(cuts, log_odds=starts, low=low, high=high)


def _notes_of_moving(before: _NamedCuts, starts: tuple[float, ...]) -> Iterator[str]:
    for change in _cut_changes(before, replace(before, starts=starts)):
        yield (
            f"The cut of {change.what.partition(' starts')[0]} was moved by hand from {before.unit} {change.before} to "
            f"{change.after}; the table is of the cuts as they were fitted."
        )


def _starts(cuts: _NamedCuts, wanted: Mapping[str, float]) -> tuple[float, ...]:
    """Where each tier is to start. A cut that reads the same as before is not moved."""
    for label, figure in wanted.items():
        if label not in cuts.labels:
            there = (
                f"there are cuts for {listed(cuts.labels)}" if cuts.labels else "there is none: all tiers are merged"
            )
            raise ConfigError(f"cuts: expected a tier that starts at a cut, found '{label}'; {there}")
        if not 0 < figure < cuts.most:
            raise ConfigError(
                f"cuts.{label}: expected a {cuts.unit} between 0 and {cuts.most:g}, found {figure:g}; correct it"
            )
    starts = list(cuts.starts)
    for place, label in enumerate(cuts.labels):
        if label in wanted and cuts.said(cuts.start(wanted[label])) != cuts.said(starts[place]):
            starts[place] = cuts.start(wanted[label])
    for (upper, lower), labels in zip(pairwise(starts), pairwise(cuts.labels), strict=True):
        if not upper > lower:
            figures = f"{cuts.said(upper)} for tier {labels[0]} and {cuts.said(lower)} for tier {labels[1]}"
            plural = "probabilities" if cuts.unit == "probability" else f"{cuts.unit}s"
            raise ConfigError(
                f"cuts: expected {plural} that fall from tier to tier, found {figures}; correct one of them"
            )
    return tuple(starts)


def _policy(bundle: AnyBundle, changes: Amendment) -> Policy:
    given = changes.model_fields_set
    before = bundle.policy
    actions = {**before.actions.model_dump(by_alias=True)}
    for tier, wanted in changes.actions.items():
        texts = dict.fromkeys(TierActions.model_fields, wanted) if isinstance(wanted, str) else wanted
        actions[tier] = {**actions.get(tier, {}), **texts}
    settings = parse_settings(Policy, {"actions": actions})
    policy = Policy(
        actions=settings.actions,
        exclusions=changes.exclusions if "exclusions" in given else before.exclusions,
        boundary=changes.boundary if "boundary" in given else before.boundary,
        known=changes.known if "known" in given else before.known,
    )
    bind_rules((*policy.exclusions, *policy.boundary), bundle.attributes)
    return policy


def _cut_changes(before: _NamedCuts, after: _NamedCuts) -> Iterator[Change]:
    for label, old, new in zip(before.labels, before.starts, after.starts, strict=True):
        if old != new:
            yield Change(f"tier {label} starts at {before.unit}", before.said(old), before.said(new))


def _action_changes(before: ActionsSettings, after: ActionsSettings) -> Iterator[Change]:
    """One for each tier."""
    old, new = before.model_dump(by_alias=True), after.model_dump(by_alias=True)
    for tier, texts in new.items():
        changed = [key for key, text in texts.items() if text != old[tier][key]]
        if changed:
            what = f"action for tier {tier}" if tier.isdecimal() else f"action for {tier}"
            yield Change(what, _actions(old[tier], changed), _actions(texts, changed))


def _actions(texts: Mapping[str, str], keys: Sequence[str]) -> str:
    """The texts at these keys by quadrant, or the one text that all five have."""
    if len(set(texts.values())) == 1:
        return texts[keys[0]]
    names = {**{str(key): text for key, text in QUADRANT_TEXTS.items()}, "one_axis": "one axis"}
    return "; ".join(f"{names[key]}: {texts[key]}" for key in keys)


def _rule_changes(kind: str, before: Sequence[RuleSettings], after: Sequence[RuleSettings]) -> Iterator[Change]:
    old, new = ({rule.name: rule for rule in rules} for rules in (before, after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name) != new.get(name):
            yield Change(f"{kind} '{name}'", _rule(old.get(name)), _rule(new.get(name)))
    if set(old) == set(new) and list(old) != list(new):
        yield Change(f"order of the rules of kind {kind}", listed(list(old)), listed(list(new)))


def _rule(rule: RuleSettings | None) -> str:
    if rule is None:
        return NONE
    until = f", until {rule.until}" if rule.until else ""
    return f"{rule_words(rule)}{until}" + (f" ({rule.reason})" if rule.reason else "")


def _known_changes(before: KnownSettings | None, after: KnownSettings | None) -> Iterator[Change]:
    if before != after:
        yield Change("where customers and open deals are found", _known(before), _known(after))


def _known(settings: KnownSettings | None) -> str:
    if settings is None:
        return NONE
    outcome = settings.outcome
    won, still_open = listed(outcome.won) or NONE, listed(outcome.open) or NONE
    return f"{title_of(settings)}, account '{settings.account}', '{outcome.column}' won: {won}, open: {still_open}"
