"""The slow and obvious meaning of every recipe: one company, one day, one row after the other, in plain Python.

Rows are dicts of texts as a CSV file has them; days are ISO texts, which stand in the order of the calendar.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from icp_ml.deals.recipes import Recipe

Row = Mapping[str, str]
Fact = Mapping[str, Any]
Answer = float | bool | str | tuple[str, ...] | date | None

LAPSE = 5
ROLES = {"sales": ("sales", "account executive"), "finance": ("finance",)}
LEGACY = ("Old One",)
CATEGORY_OF = {"Alpha": "crm", "Beta": "crm", "Gamma": "mail", "Old One": "mail"}
NAME_OF = {"alpha": "Alpha", "alpha crm": "Alpha", "beta": "Beta", "gamma": "Gamma", "old one": "Old One"}
ORDER = ("Staff", "Manager", "Director")


def answer(kind: str, recipe: Recipe, rows: Sequence[Row], day: date, *, complete: bool) -> Answer:
    """What a deal that opened on `day` says, given all rows of its account in the recipe's table."""
    facts = [_fact(recipe, row) for row in rows if row["begin"]]
    something_known = complete or any(fact["first_known"] <= day for fact in facts)
    if recipe.event == "dropped":
        facts = [fact for fact in facts if "gone" in fact]
        facts = [{**fact, "began": fact["gone"], "known": max(fact["gone"], fact["known"])} for fact in facts]
    facts = [fact for fact in facts if fact["known"] <= day and _passes(recipe, fact)]
    if recipe.is_state:
        facts = [fact for fact in facts if "gone" not in fact or day < fact["gone"]]
    youngest, oldest = recipe.ages
    facts = [fact for fact in facts if youngest <= (day - fact["began"]).days]
    facts = [fact for fact in facts if oldest is None or (day - fact["began"]).days <= oldest]
    return _said(kind, recipe, facts, day, known=something_known)


def _fact(recipe: Recipe, row: Row) -> Fact:
    began = date.fromisoformat(row["begin"])
    known = max(began, date.fromisoformat(row["known"])) if row.get("known") else began
    fact: dict[str, Any] = {**row, "began": began, "known": known, "first_known": known}
    if recipe.table == "technologies":
        name = NAME_OF.get(row["tool"].lower(), row["tool"])
        fact |= {"tool": name, "category": row["category"] or CATEGORY_OF.get(name, ""), "legacy": name in LEGACY}
        if row["last"]:
            fact["gone"] = date.fromisoformat(row["last"]) + timedelta(days=LAPSE + 1)
    return fact


def _passes(recipe: Recipe, fact: Fact) -> bool:
    for name in ("type", "source", "tool", "category", "seniority"):
        wanted = [word.lower() for word in getattr(recipe, name)]
        if wanted and fact[name].lower() not in wanted:
            return False
    if recipe.party and fact["party"] != recipe.party:
        return False
    if recipe.legacy is not None and fact["legacy"] != recipe.legacy:
        return False
    words = [word for role in recipe.role for word in ROLES[role]]
    return not words or any(f" {word} " in f" {fact['title'].lower()} " for word in words)


def _said(kind: str, recipe: Recipe, facts: list[Fact], day: date, *, known: bool) -> Answer:  # noqa: PLR0911 - a kind each
    text = recipe.text(kind)
    if kind == "set":
        return tuple(sorted({fact[text] for fact in facts if fact[text]})) if known else None
    if kind == "flag":
        return bool(facts) if known else None
    if kind == "date":
        return max((fact["began"] for fact in facts), default=None)
    if kind == "category":
        return (_latest_text(facts, text) or "none known") if known else None
    if kind == "ordered" and recipe.measure == "highest":
        return max((fact[text] for fact in facts if fact[text] in ORDER), key=ORDER.index, default=None)
    if kind == "ordered":
        return _latest_level(facts, text)
    return _number(recipe, facts, day, known=known)


def _latest_level(facts: list[Fact], text: str) -> str | None:
    """ORDER is that of seniorities; any other text is no level of it, and stands below by alphabet."""
    told = [fact for fact in facts if fact[text]]
    place = {level: rank for rank, level in enumerate(ORDER)}
    key = [(fact["began"], fact["known"], place.get(fact[text], -1), fact[text]) for fact in told]
    return str(max(key)[3]) if key else None


def _latest_text(facts: list[Fact], text: str) -> str | None:
    told = [fact for fact in facts if fact[text]]
    if not told:
        return None
    last = max((fact["began"], fact["known"]) for fact in told)
    return min(str(fact[text]) for fact in told if (fact["began"], fact["known"]) == last)


def _number(  # noqa: PLR0911 - one answer for each measure
    recipe: Recipe, facts: list[Fact], day: date, *, known: bool
) -> float | None:
    ages = [(day - fact["began"]).days for fact in facts]
    if recipe.measure == "days_since":
        return min(ages, default=None)
    if recipe.measure == "months_since":
        return min(ages) / (365.25 / 12) if ages else None
    if recipe.measure == "latest":
        valued = [(fact["began"], fact["known"], float(fact["value"])) for fact in facts if fact["value"]]
        return max(valued)[2] if valued else None
    if recipe.measure == "days_to_contract_end":
        ends = [(date.fromisoformat(fact["contract"]) - day).days for fact in facts if fact["contract"]]
        return min((days for days in ends if days >= 0), default=None)
    if not known:
        return None
    if recipe.measure == "count":
        return len({fact["tool"] for fact in facts}) if recipe.is_state else len(facts)
    if recipe.measure == "total":
        return sum(float(fact["value"] or 0) for fact in facts)
    if recipe.measure == "decay":
        assert recipe.half_life is not None
        return float(sum(0.5 ** (age / recipe.half_life) for age in ages))
    return len({fact[recipe.text("number")] for fact in facts} - {""})
