"""How far this can be believed: what it was made of, how it was judged, whether its numbers are what happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from icp_ml.profile.honesty import METRIC_WORDS, calibration_told, which_to_believe
from icp_ml.profile.records import BaseRates, ColumnLeak, FactorSteadiness, Interval, LargerSample, Profile, Verdict
from icp_ml.profile.reference import DriftReference
from icp_ml.serve.bundle import Bundle
from icp_training.report import charts
from icp_training.report.list_shift import list_shift
from icp_training.report.numbers import count, figure, percent, points, rate, share, won_of
from icp_training.report.parts import Cell, Chart, Listed, Part, Row, Section, Table, Words, rows_of

METHODS: Final = ("icp-ml", "logistic regression", "base rate")
"""In this order, before any others."""
LONGEST: Final = 12
"""Rows of a table that is shown unfolded."""
MISSING_ENOUGH: Final = 0.05
"""An attribute that under a twentieth of the deals lack is as good as known."""


def trust(bundle: Bundle) -> Section:
    """The judgement, in full."""
    parts = (
        *_made_of(bundle),
        *judged(bundle.verdict),
        *_steadiness(bundle.profile),
        *missing(bundle.reference, "deals", bundle.profile.deals),
        *list_shift(bundle.representativeness, bundle.profile.deals),
    )
    return Section("trust", "Can it be trusted?", parts, terms=("forward in time", "calibration", "log loss", "AUC"))


def judged(verdict: Verdict) -> Iterator[Part]:
    """How it was judged and what came of it, for a model that was accepted or refused."""
    if verdict.leakage:
        yield from _leakage(verdict.leakage)
    yield Words(verdict.sentence)
    if verdict.reliability:
        yield _reliability(verdict)
    told = (calibration_told(verdict), which_to_believe(verdict))
    yield from (Words(each) for each in told if each)
    yield _figures(verdict)
    if verdict.levels:
        yield _levels(verdict)
    if verdict.base_rates is not None:
        yield _base_rates(verdict.base_rates)
    if verdict.sample is not None:
        yield from _sample(verdict.sample)


def _leakage(found: tuple[ColumnLeak, ...]) -> Iterator[Part]:
    """What was found about columns that may have been filled in too late, those learned from first."""
    accused = sorted((each for each in found if each.answer != "use"), key=lambda each: not each.is_learned_from)
    if not accused:
        yield Words(f"Of {len(found)} columns none gives the outcome away, as far as the deals can tell.")
        return
    learned = sum(each.is_learned_from for each in accused)
    yield Words(
        f"Of {len(found)} columns {len(accused)} may have been filled in after the outcome was known. Left out: "
        f"{len(accused) - learned}. Learned from, because somebody said that it was known before: {learned}.",
        "warning" if learned else "plain",
    )
    rows = rows_of([(each.column, _done(each), each.told) for each in accused])
    headers = ("column", "what was done", "what was found")
    yield Table(f"Columns that may give the outcome away ({len(accused)})", headers, rows, folded=len(rows) > LONGEST)


def _done(found: ColumnLeak) -> str:
    if found.is_learned_from:
        return "learned from"
    return "left out" if found.is_answered else "left out, and nobody has said when it is known"


def rows_made_of(ledger: Mapping[str, int]) -> Table:
    """What became of every row that was read."""
    rows = rows_of([(name, count(rows)) for name, rows in sorted(ledger.items(), key=lambda e: (-e[1], e[0]))])
    return Table("What became of every row of the export", ("step", "rows"), rows, frozenset({1}))


def _made_of(bundle: Bundle) -> Iterator[Part]:
    yield rows_made_of(bundle.provenance.ledger)
    if not bundle.verdict.leakage:
        yield Words(
            "Columns that may give the outcome away were looked for before anything was learned; training does not "
            "start while one of them has an unanswered question (icp check shows each verdict)."
        )


def _reliability(verdict: Verdict) -> Chart:
    rows = [(share(each.predicted), won_of(each.won, each.deals), rate(each.win_rate)) for each in verdict.reliability]
    numbers = Table(
        "Predicted and observed", ("predicted", "deals", "observed (95 %)"), rows_of(rows), frozenset({0, 2})
    )
    inside = sum(each.win_rate.low <= each.predicted <= each.win_rate.high for each in verdict.reliability)
    finding = (
        f"In {inside} of {len(verdict.reliability)} groups of judged deals the share won is what was predicted, within "
        "its interval."
    )
    return Chart("reliability", finding, charts.reliability(verdict.reliability), numbers, 380)


def _figures(verdict: Verdict) -> Table:
    """Each figure of each method, and beside them what other ways of judging would have claimed."""
    first = [name for name in METHODS if name in verdict.figures]
    names = dict.fromkeys([*first, *verdict.figures])
    methods: dict[str, Mapping[str, Interval]] = {name: verdict.figures[name] for name in names}
    others = (
        ("not nested", verdict.not_nested),
        ("by a random split", verdict.random_split),
        ("returning accounts", verdict.returning),
    )
    for name, found in others:
        if found:
            methods[name] = found
    metrics = [name for name in METRIC_WORDS if any(name in found for found in methods.values())]
    rows: list[Row] = [
        (METRIC_WORDS[m], *(figure(found[m]) if m in found else Cell("") for found in methods.values()))
        for m in metrics
    ]
    caption = f"{verdict.deals:,} judged deals of {verdict.accounts:,} accounts, {verdict.kind}"
    return Table(caption, ("figure (95 %)", *methods), rows_of(rows), frozenset(range(1, 1 + len(methods))))


def _levels(verdict: Verdict) -> Table:
    rows = [
        (each.block, count(each.deals), figure(each.observed_over_expected), "off" if each.is_off else "")
        for each in verdict.levels
    ]
    headers = ("judged deals", "deals", "wins observed over expected", "")
    return Table("The level, block by block", headers, rows_of(rows), frozenset({1, 2}), folded=True)


def _base_rates(found: BaseRates) -> Chart:
    periods = (*found.learned, found.recent)
    rows = [(each.period, won_of(each.won, each.deals), rate(each.win_rate)) for each in periods]
    numbers = Table("The base rate over time", ("opened in", "deals", "win rate (95 %)"), rows_of(rows), frozenset({2}))
    chart = charts.over_time(
        [each.period for each in periods], [each.win_rate for each in periods], "share of deals won"
    )
    return Chart("base-rates", found.sentence, chart, numbers, 340)


def _sample(found: LargerSample) -> Iterator[Part]:
    if len(found.curve) < 2:
        yield Listed(found.sentences)
        return
    rows = [(f"{accounts:,.0f}", Cell(f"{loss:.4f}", f"{loss!r}")) for accounts, loss in found.curve]
    numbers = Table(
        "The learning curve", ("accounts learned from", "log loss on others"), rows_of(rows), frozenset({0, 1})
    )
    finding = found.sentences[-1] if found.sentences else "What more accounts would buy."
    yield Chart("learning-curve", finding, charts.learning_curve(found.curve, found.rarer), numbers, 340)
    if found.sentences[:-1]:
        yield Listed(found.sentences[:-1])


def _steadiness(profile: Profile) -> Iterator[Part]:
    if not profile.steadiness:
        return
    presented = {each.factor for each in profile.presented()}
    ordered = sorted(profile.steadiness, key=lambda each: (each.factor not in presented, -each.share.value))
    headers = ("factor", "models that use it", "agreement", "direction held", "share (least to most)")
    rows = rows_of([_steady(each) for each in ordered])
    caption = "Each factor in models that learned from other deals"
    yield Table(caption, headers, rows, frozenset({1, 2, 3, 4}), folded=True)
    shown = [each for each in ordered if each.factor in presented and each.periods]
    if shown:
        yield _quarters(shown)


def _steady(each: FactorSteadiness) -> tuple[str, ...]:
    agreement = "" if each.agreement is None else f"{each.agreement:.2f}"
    of = f"of {each.judged_by}"
    shares = f"{percent(each.share.value)} ({percent(each.share.low)} to {percent(each.share.high)})"
    return each.factor, f"{each.models} {of}", agreement, f"{each.held} {of}", shares


def _quarters(shown: list[FactorSteadiness]) -> Table:
    names = list(dict.fromkeys(period.period for each in shown for period in each.periods))
    rows: list[Row] = []
    for each in shown:
        said: dict[str, Interval] = {period.period: period.gap for period in each.periods}
        rows.append((each.factor, *(points(said[name]) if name in said else Cell("") for name in names)))
    caption = "Quarter by quarter: win rate of deals that a factor speaks for, less that of deals it speaks against"
    return Table(caption, ("factor", *names), rows_of(rows), frozenset(range(1, 1 + len(names))), folded=True)


def missing(reference: DriftReference, of: str, whole: int | None = None) -> Iterator[Part]:
    """Which attributes are often not known. of: what was learned from. whole: how many there were."""
    lacking = [(each.column, each.missing) for each in reference.columns if each.missing >= MISSING_ENOUGH]
    if not lacking:
        yield Words(f"Every attribute is known of nearly all {of}.")
        return
    rows = rows_of([(name, share(gap, whole)) for name, gap in sorted(lacking, key=lambda e: -e[1])])
    caption = f"Attributes that some {of} lack ({len(lacking)})"
    yield Table(caption, ("attribute", "not known of"), rows, frozenset({1}), folded=True)
