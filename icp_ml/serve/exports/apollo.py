"""The ICP as Apollo's filters, in the order in which they are set, with what Apollo cannot ask.

    set always      the boundary, and what is excluded
    then, in order  the criteria: industry, headcount, technologies, title and seniority, keywords, and the rest

Apollo asks for everything at once; the ICP asks for some of its criteria. So the filters are a way to a list that is
scored afterwards, and not the ICP itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date
from typing import Final

from icp_ml.deals.conditions import Condition
from icp_ml.deals.rules import Rule, bind_rules
from icp_ml.deals.settings import ProspectsSettings
from icp_ml.profile.condition_words import condition_words
from icp_ml.serve.documents import to_bytes
from icp_ml.serve.exports.apollo_filters import Filter, Inexpressible, Setting, Side, filter_of, filters, setting
from icp_ml.serve.exports.apollo_page import ApolloFilters, Line, Unasked, page
from icp_ml.serve.exports.points import bound_criteria
from icp_ml.serve.exports.stamp import Exported, stamp_lines

JSON_NAME, PAGE_NAME = "apollo.json", "apollo.md"
_NO_FILTER: Final = "Apollo has no filter for it, or its column has a name that apollo.yaml does not know"
_TOGETHER: Final = "Apollo cannot leave out what meets several conditions together"


def apollo(exported: Exported) -> Mapping[str, bytes]:
    """The format "apollo": the filters for a program, and as a page with what to do, step by step."""
    found = apollo_filters(exported)
    document = {"stamp": list(stamp_lines(exported)), **asdict(found)}
    return {JSON_NAME: to_bytes(document), PAGE_NAME: page(exported, found).encode("utf-8")}


def apollo_filters(exported: Exported) -> ApolloFilters:
    """Ages count to the day on which the export's model was made. Raises as `bind_condition` does."""
    as_of = date.fromisoformat(exported.created[:10])
    criteria = [
        _line(each.words, condition, exported.prospects, as_of, each.points)
        for each, condition in bound_criteria(exported.definition, exported.attributes)
    ]
    exclusions = bind_rules(exported.policy.exclusions, exported.attributes)
    boundary = bind_rules(exported.policy.boundary, exported.attributes)
    rules = [_excluded(rule, exported.prospects, as_of) for rule in exclusions if _in_force(rule, as_of)]
    for rule in boundary:
        if _in_force(rule, as_of):
            rules += [_within(rule, each, exported.prospects, as_of) for each in rule.conditions]
    every = [*rules, *criteria]
    person = {each.filter for each in filters() if each.about == "person"}
    return ApolloFilters(
        always=_ordered([line for line in rules if isinstance(line, Line)]),
        criteria=_ordered([line for line in criteria if isinstance(line, Line)]),
        unasked=tuple(line for line in every if isinstance(line, Unasked)),
        person=any(isinstance(line, Line) and line.setting.filter in person for line in every),
    )


def _in_force(rule: Rule, as_of: date) -> bool:
    return rule.settings.until is None or as_of < rule.settings.until


def _line(
    words: str, condition: Condition, prospects: ProspectsSettings, as_of: date, points: int | None = None
) -> Line | Unasked:
    preset = filter_of(condition.attribute, prospects)
    found = Inexpressible(_NO_FILTER) if preset is None else setting(condition, preset, as_of)
    return Unasked(words, found.why, points) if isinstance(found, Inexpressible) else Line(words, found, points)


def _within(rule: Rule, condition: Condition, prospects: ProspectsSettings, as_of: date) -> Line | Unasked:
    """A rule of the boundary is asked as it stands; Apollo also leaves out what it does not know, which it does not."""
    return _line(f"{rule.settings.name}: {_words(condition)}", condition, prospects, as_of)


def _excluded(rule: Rule, prospects: ProspectsSettings, as_of: date) -> Line | Unasked:
    """An exclusion by names is set on the other side; one by numbers or of several conditions cannot be asked."""
    until = rule.settings.until
    ends = "" if until is None else f" (until {until.isoformat()})"
    words = f"not {rule.settings.name}: {' and '.join(_words(each) for each in rule.conditions)}{ends}"
    if len(rule.conditions) > 1:
        return Unasked(words, _TOGETHER)
    line = _line(words, rule.conditions[0], prospects, as_of)
    if isinstance(line, Unasked):
        return line
    preset = next(each for each in filters() if each.filter == line.setting.filter)
    return _other_side(line, preset)


def _other_side(line: Line, preset: Filter) -> Line | Unasked:
    found = line.setting
    if preset.takes == "names":
        side: Side = "include" if found.side == "exclude" else "exclude"
        return Line(line.words, Setting(found.filter, side, found.values, found.note))
    return Unasked(line.words, f"'{found.filter}' can include and not exclude; leave these out when the list is scored")


def _words(condition: Condition) -> str:
    return condition_words(condition.settings, condition.attribute)


def _ordered(lines: Sequence[Line]) -> tuple[Line, ...]:
    place = {each.filter: rank for rank, each in enumerate(filters())}
    return tuple(sorted(lines, key=lambda line: place[line.setting.filter]))
