"""The page: a table of all methods by set, the ablations, the summary, and every seed of the small sets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

import numpy as np

from benchmarks.bench_model.figures import Figures, Paired, figures_of, with_refusals
from benchmarks.bench_model.methods import BASE, METHODS, OURS, method_hash
from benchmarks.bench_model.results import Bench
from benchmarks.bench_model.sets import data_hash
from benchmarks.bench_model.summary import AgainstPeer, against, is_behind, strongest, worth_comparing
from icp_ml.model.metrics import Estimate

BEGINS = "<!-- what follows is written by make bench-model -->"
ENDS = "<!-- end of what is written by make bench-model -->"
REFUSING = "icp-ml, refusals as the base rate"
MANY_SEEDS = 5
WORSE_THAN_BASE = 0.002
LARGE = 5_000
"""Deals from which a slope is held to 0.9 to 1.1."""


def page_of(bench: Bench) -> list[str]:
    """All lines."""
    return [*_heading(bench), *_methods(bench), *_ablations(bench), *_summary(bench), *_every_seed(bench)]


def write_page(path: Path, lines: Sequence[str]) -> None:
    """Put the lines between their marks in the page; what stands around them stays."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGINS)
    _, _, after = rest.partition(ENDS)
    made = "\n".join([BEGINS, "", *lines, "", ENDS])
    path.write_text(before + made + after, encoding="utf-8")


def _heading(bench: Bench) -> Iterator[str]:
    size = "FULL=1" if bench.full else "the default size"
    yield f"Size of the run: {size}, {bench.trials} trials for a whole search, a fifth of them in each fold."
    codes = ", ".join(f"{name} {method_hash(name)[:8]}" for name in (OURS, *_peer_names()))
    yield (
        f"Its cells took {bench.minutes(alone=False):,.0f} minutes of one core each and "
        f"{bench.minutes(alone=True):,.0f} minutes of all cores."
    )
    yield f"Code by hash: sets and folds {data_hash()[:8]}, {codes}."
    yield ""


def _peer_names() -> list[str]:
    return [name for name, method in METHODS.items() if method.peer]


# --- by set ---------------------------------------------------------------------------------------------------------


def _methods(bench: Bench) -> Iterator[str]:
    yield "## All methods"
    yield ""
    yield "| set | method | seeds | log loss | skill | AUC | Brier | slope | seconds | icp-ml less this, log loss |"
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for name, found in bench.results.items():
        for method in METHODS:
            if method in found and not METHODS[method].ablation:
                yield _line(bench, name, method, method)
                if method == OURS and len(bench.accepted[name]) < len(found[OURS]):
                    yield _refusing_line(bench, name)
    yield ""
    yield from _described(bench)


def _line(bench: Bench, name: str, method: str, label: str) -> str:
    pair = None if method == OURS else bench.beside[name].get(method)
    return _row(name, label, bench.figures[name][method], pair, _base_loss(bench, name, method))


def _row(name: str, label: str, figures: Figures, pair: Paired | None, base: float) -> str:
    found = figures.slope
    slope = "" if found is None else f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]"
    difference = "" if pair is None else _signed(pair)
    ranked = f"{figures.auc:.3f}" if found is not None else ""
    return (
        f"| {name} | {label} | {len(figures.losses)} | {figures.loss:.4f} | {1 - figures.loss / base:.1%} | {ranked} "
        f"| {figures.brier:.4f} | {slope} | {figures.seconds:.1f} | {difference} |"
    )


def _signed(pair: Paired) -> str:
    found = pair.difference
    return f"{found.value:+.4f} [{found.low:+.4f}, {found.high:+.4f}]{' behind' if is_behind(pair) else ''}"


def _base_loss(bench: Bench, name: str, method: str) -> float:
    """The base rate's mean log loss over the seeds of a method."""
    found = bench.results[name]
    seeds = [seed for seed in found[method] if seed in found[BASE]]
    return float(np.mean([found[BASE][seed].losses.mean() for seed in seeds]))


def _refusing_line(bench: Bench, name: str) -> str:
    found = bench.results[name]
    accepted = bench.accepted[name]
    figures = figures_of(with_refusals(found[OURS], found[BASE], accepted))
    label = f"{REFUSING} (accepted on {len(accepted)} of {len(found[OURS])} seeds)"
    return _row(name, label, figures, None, _base_loss(bench, name, OURS))


def _described(bench: Bench) -> Iterator[str]:
    yield "| set | deals | accounts | base rate | judged | folds | deals learnt from in a fold |"
    yield "|---|---|---|---|---|---|---|"
    for name, found in bench.results.items():
        plan = bench.plans_of(name)[1]
        learnt = [fold.train for fold in plan.folds]
        rate = float(np.mean(np.concatenate([each.won for each in found[BASE].values()])))
        spread = f"{min(learnt):,} to {max(learnt):,}"
        yield f"| {name} | {plan.deals:,} | {plan.accounts:,} | {rate:.1%} | {plan.kind} | {len(learnt)} | {spread} |"
    yield ""


# --- parts of icp-ml ------------------------------------------------------------------------------------------------


def _ablations(bench: Bench) -> Iterator[str]:
    lines = list(chain.from_iterable(_ablation_lines(bench, name) for name in bench.results))
    if lines:
        yield "## icp-ml and parts of it"
        yield ""
        yield "| set | what | seeds | log loss | skill | AUC | Brier | slope | seconds | icp-ml less this, log loss |"
        yield "|---|---|---|---|---|---|---|---|---|---|"
        yield from lines
        yield ""


def _ablation_lines(bench: Bench, name: str) -> Iterator[str]:
    parts = [m for m in bench.results[name] if m not in METHODS or METHODS[m].ablation]
    if OURS in bench.results[name] and parts:
        yield _line(bench, name, OURS, OURS)
        for part in parts:
            yield _line(bench, name, part, part)


# --- all sets together ----------------------------------------------------------------------------------------------


def _summary(bench: Bench) -> Iterator[str]:
    compared = [found for peer in METHODS if METHODS[peer].is_peer and (found := against(peer, bench.peers))]
    if not compared:
        return
    yield "## Summary"
    yield ""
    yield f"Sets on which some peer reaches a skill of 2 %: {', '.join(worth_comparing(bench.peers))}."
    yield ""
    yield "| peer | sets | mean skill of icp-ml there | of the peer | times | sets won | clearly behind |"
    yield "|---|---|---|---|---|---|---|"
    yield from (_against_line(bench.peers, each) for each in compared)
    yield ""
    worst = strongest(compared)
    if worst is not None:
        yield (
            f"Against the peer that comes nearest, {worst.peer}: {_times(worst)} (target: 1.05). "
            f"{_won_of_all(bench.peers)}"
        )
    yield from _calibration(bench)
    yield from _against_base(bench)
    yield ""


def _against_line(peers: Mapping[str, Mapping[str, Paired]], each: AgainstPeer) -> str:
    judged = sum(each.peer in found for found in peers.values())
    behind = ", ".join(each.behind) or "none"
    return (
        f"| {each.peer} | {len(each.sets)} | {each.ours:.1%} | {each.other:.1%} | {_times(each)} "
        f"| {len(each.won)} of {judged} | {behind} |"
    )


def _times(each: AgainstPeer) -> str:
    return f"{each.ratio.value:.3f} [{each.ratio.low:.3f}, {each.ratio.high:.3f}]"


def _won_of_all(peers: Mapping[str, Mapping[str, Paired]]) -> str:
    won = [name for name, found in peers.items() if all(pair.difference.value < 0 for pair in found.values())]
    behind = [name for name, found in peers.items() if any(is_behind(pair) for pair in found.values())]
    return (
        f"Sets on which no peer has a smaller log loss: {len(won)} of {len(peers)} ({', '.join(won) or 'none'}). "
        f"Behind some peer by 1 % or more, beyond the paired interval: {', '.join(behind) or 'none'}."
    )


def _calibration(bench: Bench) -> Iterator[str]:
    """The slope is for sets where there is something to be calibrated: where icp-ml is accepted on some seed."""
    slopes = {
        name: slope
        for name, found in bench.results.items()
        if OURS in found and bench.accepted[name] and (slope := bench.figures[name][OURS].slope) is not None
    }
    if not slopes:
        return
    off = [name for name, slope in slopes.items() if not _is_calibrated(bench, name, slope)]
    mean = float(np.mean([slope.value for slope in slopes.values()]))
    yield (
        f"Calibration slope of icp-ml, mean over {len(slopes)} sets: {mean:.3f} (target: 0.95 to 1.08). Off target by "
        f"itself: {', '.join(off) or 'none'}."
    )


def _is_calibrated(bench: Bench, name: str, slope: Estimate) -> bool:
    if bench.plans_of(name)[1].deals >= LARGE:
        return 0.9 <= slope.value <= 1.1
    return slope.low <= 1.0 <= slope.high


def _against_base(bench: Bench) -> Iterator[str]:
    worse: dict[str, float] = {}
    for name, found in bench.results.items():
        accepted = bench.accepted[name]
        if accepted:
            ours, base = (float(np.mean([found[m][s].losses.mean() for s in accepted])) for m in (OURS, BASE))
            worse[name] = ours / base - 1.0
    if worse:
        name = max(worse, key=lambda each: worse[each])
        said = f"{worse[name]:+.2%} on {name}"
        yield f"Worst log loss of icp-ml against the base rate where it is accepted: {said} (target: at most +0.20%)."


# --- every seed -----------------------------------------------------------------------------------------------------


def _every_seed(bench: Bench) -> Iterator[str]:
    many = {
        (name, method): results
        for name, found in bench.results.items()
        for method, results in found.items()
        if len(results) >= MANY_SEEDS
    }
    if not many:
        return
    yield "## Every seed"
    yield ""
    yield f"Log loss by seed, where there are {MANY_SEEDS} or more; of a world each seed is a world of its own."
    yield ""
    yield "| set | method | log loss of seed 1, 2, ... |"
    yield "|---|---|---|"
    for (name, method), results in many.items():
        each = " ".join(f"{result.losses.mean():.4f}" for result in results.values())
        yield f"| {name} | {method} | {each} |"
