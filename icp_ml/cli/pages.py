"""What the terminal shows of a profile and a verdict: tables of plain text that fold where the window is narrow."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from icp_ml.profile.records import Condition, IcpAttribute, Interval, Profile, Verdict

_METHODS: Final = (
    "icp-ml",
    "icp-ml as empty as the list",
    "not adapted",
    "not adapted as empty as the list",
    "logistic regression",
    "base rate",
)


def print_page(parts: Iterable[RenderableType]) -> None:
    """Print the parts of a page. Sentences fold on a terminal, and stay whole in a pipe or a file."""
    from rich.console import Console
    from rich.text import Text

    console = Console()
    for part in parts:
        sentence = Text(part) if isinstance(part, str) else part
        console.print(sentence, soft_wrap=isinstance(sentence, Text) and not console.is_terminal)


def profile_page(profile: Profile) -> Iterator[RenderableType]:
    """The ICP with its evidence, what did not get into it and why, and what carries the explanation."""
    from rich.text import Text

    if profile.target != "won":
        yield Text(f"Where this page says won, it means: {profile.target}.")
    yield _icp_table(profile)
    yield from (Text(line) for line in _left_out(profile))
    yield _shares_table(profile)


def verdict_page(verdict: Verdict) -> Iterator[RenderableType]:
    """How the model was judged, its figures beside others', and what to beware of."""
    from rich.text import Text

    yield Text(verdict.sentence, style="bold")
    yield _figures_table(verdict)
    yield from (Text(line) for line in _levels(verdict))
    yield from (Text(f"Warning: {warning}", style="yellow") for warning in verdict.warnings)


def _icp_table(profile: Profile) -> Table:
    table = plain_table("The ICP", "attribute", "helps", "hurts", "share")
    for attribute in profile.presented():
        add_row(table, _name(attribute), _lines(attribute.helps), _lines(attribute.hurts), f"{attribute.share:.0%}")
    if not profile.presented():
        add_row(table, "no attribute passed the tests for the ICP", "", "", "")
    return table


def _name(attribute: IcpAttribute) -> str:
    asked = f"\n{attribute.asked}" if attribute.asked else ""
    return f"{attribute.factor}\n({attribute.layer}, {attribute.axis}){asked}"


def _lines(conditions: Sequence[Condition]) -> str:
    return "\n".join(
        f"{each.text}: {percent(each.win_rate)}, {each.won:,} of {each.deals:,} won" for each in conditions
    )


def _left_out(profile: Profile) -> Iterator[str]:
    others = [attribute for attribute in profile.attributes if not attribute.presented]
    if others:
        yield "Not in the ICP:"
    for each in others:
        asked = f"; {each.asked}" if each.asked else ""
        yield f"  {each.factor} (share {each.share:.0%}): {each.reason}{asked}"


def _shares_table(profile: Profile) -> Table:
    table = plain_table("What carries the explanation", "part", "share")
    for kind, shares in (("layer", profile.layer_shares), ("axis", profile.axis_shares)):
        for name, share in sorted(shares.items(), key=lambda entry: -entry[1]):
            add_row(table, f"{name} ({kind})", f"{share:.0%}")
    return table


def _figures_table(verdict: Verdict) -> Table:
    """Each figure of each method, and beside them what the search and a random split would have claimed."""
    from icp_ml.profile.honesty import METRIC_WORDS

    ordered = sorted(verdict.figures, key=_place_in(_METHODS))
    methods = {name: verdict.figures[name] for name in ordered}
    if verdict.not_nested is not None:
        methods["not nested"] = verdict.not_nested
    methods["by a random split"] = verdict.random_split
    if verdict.returning is not None:
        methods["on returning accounts"] = verdict.returning
    metrics = sorted({metric for figures in methods.values() for metric in figures}, key=_place_in(METRIC_WORDS))
    title = f"{verdict.deals:,} judged deals of {verdict.accounts:,} accounts, {verdict.kind}"
    table = plain_table(title, "figure", *methods)
    for metric in metrics:
        cells = [_figure(figures.get(metric)) for figures in methods.values()]
        add_row(table, METRIC_WORDS.get(metric, metric), *cells)
    return table


def _place_in(known: Collection[str]) -> Callable[[str], tuple[int, str]]:
    """A sort key: known names in their order, then the others by alphabet. JSON does not keep an order of keys."""
    places = {name: place for place, name in enumerate(known)}
    return lambda name: (places.get(name, len(places)), name)


def _levels(verdict: Verdict) -> Iterator[str]:
    yield (
        f"Skill: {verdict.skill:.1%} of the base rate's log loss removed; "
        f"{verdict.gain.value:.4f} [{verdict.gain.low:.4f}, {verdict.gain.high:.4f}] nats a deal."
    )
    yield (
        f"Ranking: of a won and a lost deal the won one is ranked higher in {verdict.ranking.value:.1%} of pairs "
        f"[{verdict.ranking.low:.1%}, {verdict.ranking.high:.1%}]; "
        + ("that is reliable." if verdict.reliable else "that may be chance.")
    )
    for level in verdict.levels:
        found = level.observed_over_expected
        off = ", which is off" if level.is_off else ""
        yield f"  {level.block}: {level.deals:,} deals, wins observed over expected {_figure(found)}{off}"
    if verdict.adapted is not None:
        yield verdict.adapted.sentence
    if verdict.ideal is not None:
        from icp_ml.profile.ideal_wins import ideal_sentence

        yield ideal_sentence(verdict.ideal)


def add_row(table: Table, *cells: str) -> None:
    """A row of plain text: brackets in somebody's data are no markup."""
    from rich.text import Text

    table.add_row(*(Text(cell) for cell in cells))


def plain_table(title: str, *columns: str) -> Table:
    """A table that folds on a narrow terminal."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(title), title_justify="left", box=box.SIMPLE, pad_edge=False)
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    return table


def percent(rate: Interval) -> str:
    """A rate with its interval."""
    return f"{rate.value:.0%} [{rate.low:.0%}, {rate.high:.0%}]"


def _figure(found: Interval | None) -> str:
    return "" if found is None else f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
