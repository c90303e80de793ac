"""The last view: a row for each company, with the id and what a scored list says of it.

    id, icp_tier, icp_score, icp_action, icp_quadrant, icp_probability, icp_log_odds, icp_score_LAYER, ...,
    icp_score_fit, icp_score_intent, icp_reason_for_1, icp_reason_for_1_effect, ..., icp_attributes_missing, icp_status

A row that is excluded or outside the market has its score, and no tier; one of which nothing is known, or without an
id, has neither. Customers, open deals and repeated accounts are not looked for: the view knows one row at a time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from sqlglot import exp

from icp_ml.deals.policy import EXCLUDED as EXCLUDED_TIER
from icp_ml.deals.policy import OUT_OF_SCOPE
from icp_ml.profile.tiers import QUADRANTS
from icp_ml.serve.exports.model_sql_answers import (
    LOG_ODDS,
    SCORE,
    SIDES,
    SLOPE,
    Answered,
    greatest,
    label_name,
    least,
    value_name,
)
from icp_ml.serve.exports.model_sql_rows import EXCLUDED, ID, MISSING, OUTSIDE
from icp_ml.serve.exports.model_sql_views import ROW, of_row
from icp_ml.serve.exports.sql_conditions import exact_number
from icp_ml.serve.exports.sql_texts import as_text, text, trimmed
from icp_ml.serve.list_scorer import REASONS
from icp_ml.serve.outgoing import LEVEL
from icp_ml.serve.reasons import SMALLEST_EFFECT
from icp_ml.serve.tier_book import QUADRANT_TEXTS, TierBook

PREFIX: Final = "icp_"
_WORDS: Final = "words"
_FURTHEST: Final = 700.0
"""Log-odds beyond it are no other probability; the exponential of more is refused by PostgreSQL."""


@dataclass(frozen=True)
class Scores:
    """What the last view says. attributes: how many the model uses. shift: added for the probability alone.

    level: what is said of the probability's level, None where it is what was learned.
    """

    answered: Answered
    book: TierBook
    attributes: int
    shift: float
    id: str
    level: str | None = None

    def select(self) -> exp.Select:
        """The query of the view."""
        objects = self.answered.chain.objects
        before = objects.of_version(self.answered.chain.last.name)
        rows = exp.select(*self._columns()).from_(exp.alias_(before, ROW, table=True, quoted=True))
        for side, rank in _reasons():
            alias = value_name(side, rank)
            table = exp.alias_(objects.of_version("labels"), alias, table=True, quoted=True)
            is_it = exp.EQ(
                this=exp.column("label", table=alias, quoted=True), expression=of_row(label_name(side, rank))
            )
            rows = rows.join(table, on=exp.and_(is_it, self._is_reason(side, rank)), join_type="left")
        return rows

    def _columns(self) -> Iterable[exp.Expr]:
        yield of_row(ID).as_(self.id, quoted=True)
        numbers = {f"score_{name}": self._points(column) for name, column in self.answered.parts.items()}
        said = {
            "tier": exp.Case().when(exp.and_(self._is_scored(), exp.not_(_is_marked())), self._tier()),
            "score": self._where_scored(of_row(SCORE)),
            "action": self._where_scored(self._action()),
            "quadrant": self._where_scored(self._quadrant()),
            "probability": self._where_scored(self._probability()),
            "log_odds": self._where_scored(of_row(LOG_ODDS)),
            **({} if self.level is None else {LEVEL: self._where_scored(text(self.level))}),
            **{name: self._where_scored(each) for name, each in numbers.items()},
        }
        for side, rank in _reasons():
            said[f"reason_{side}_{rank}"] = exp.column(_WORDS, table=value_name(side, rank), quoted=True)
            effect = exp.Case().when(self._is_reason(side, rank), of_row(value_name(side, rank)))
            said[f"reason_{side}_{rank}_effect"] = effect
        said["attributes_missing"] = of_row(MISSING)
        said["status"] = self._status()
        yield from (each.as_(f"{PREFIX}{name}", quoted=True) for name, each in said.items())

    def _is_scored(self) -> exp.Expr:
        return exp.and_(_has_id(), exp.LT(this=of_row(MISSING), expression=exp.Literal.number(self.attributes)))

    def _where_scored(self, value: exp.Expr) -> exp.Expr:
        return exp.Case().when(self._is_scored(), value)

    def _is_reason(self, side: str, rank: int) -> exp.Expr:
        value = of_row(value_name(side, rank))
        if side == "for":
            strong: exp.Expr = exp.GT(this=value, expression=exact_number(SMALLEST_EFFECT))
        else:
            strong = exp.LT(this=value, expression=exact_number(-SMALLEST_EFFECT))
        return exp.and_(strong, self._is_scored())

    def _points(self, column: str) -> exp.Expr:
        return exp.Mul(this=of_row(column), expression=of_row(SLOPE))

    def _probability(self) -> exp.Expr:
        moved = exp.Add(this=of_row(LOG_ODDS), expression=exact_number(self.shift))
        bounded = greatest([exact_number(-_FURTHEST), least([exact_number(_FURTHEST), moved])])
        against = exp.Exp(this=exp.Neg(this=exp.paren(bounded)))
        one = exp.Literal.number("1e0")
        return exp.Div(this=one, expression=exp.paren(exp.Add(this=one.copy(), expression=against)))

    def _tier(self) -> exp.Expr:
        return self._by_tier([text(each) for each in self.book.cuts.labels])

    def _by_tier(self, answers: Sequence[exp.Expr]) -> exp.Expr:
        """answers: one for each tier, best first."""
        found = exp.Case()
        for cut, answer in zip(self.book.cuts.log_odds, answers, strict=False):
            found = found.when(exp.GTE(this=of_row(LOG_ODDS), expression=exact_number(cut)), answer)
        return found.else_(answers[-1]) if len(answers) > 1 else answers[0]

    def _quadrant(self) -> exp.Expr:
        return self._by_quadrant([text(QUADRANT_TEXTS[each]) for each in QUADRANTS]) if self._has_both else _no_text()

    @property
    def _has_both(self) -> bool:
        return self.book.has_both_axes

    def _by_quadrant(self, answers: Sequence[exp.Expr]) -> exp.Expr:
        """answers: in the order of `QUADRANTS`: both, fit, intent, neither."""
        is_fit, is_intent = (
            exp.GTE(this=of_row(self.answered.parts[axis]), expression=exp.Literal.number(0))
            for axis in ("fit", "intent")
        )
        both, fit, intent, neither = answers
        found = exp.Case().when(exp.and_(is_fit, is_intent), both).when(is_fit.copy(), fit)
        return found.when(is_intent.copy(), intent).else_(neither)

    def _action(self) -> exp.Expr:
        actions = self.book.actions
        found = exp.Case().when(_is_there(EXCLUDED), text(actions.action(EXCLUDED_TIER, None)))
        found = found.when(_is_there(OUTSIDE), text(actions.action(OUT_OF_SCOPE, None)))
        return found.else_(self._by_tier([self._action_in(tier) for tier in self.book.cuts.labels]))

    def _action_in(self, tier: str) -> exp.Expr:
        if not self._has_both:
            return text(self.book.actions.action(tier, None))
        return self._by_quadrant([text(self.book.actions.action(tier, each)) for each in QUADRANTS])

    def _status(self) -> exp.Expr:
        missing, count = of_row(MISSING), exp.Literal.number(self.attributes)
        some = _joined(text("scored with "), as_text(missing), text(f" of {self.attributes} attributes missing"))
        found = exp.Case().when(exp.not_(_has_id()), text("not scored: no id"))
        found = found.when(exp.GTE(this=missing.copy(), expression=count), text("not scored: no attribute known"))
        found = found.when(_is_there(EXCLUDED), _joined(text("excluded: "), of_row(EXCLUDED)))
        found = found.when(_is_there(OUTSIDE), _joined(text("outside the market: "), of_row(OUTSIDE)))
        found = found.when(exp.EQ(this=missing.copy(), expression=exp.Literal.number(0)), text("scored"))
        return found.else_(some)


def _reasons() -> list[tuple[str, int]]:
    return [(side, rank) for side in SIDES for rank in range(1, REASONS + 1)]


def _has_id() -> exp.Expr:
    """Where an id is null the comparison is, which counts as false once it is asked for."""
    return exp.Coalesce(this=exp.NEQ(this=trimmed(of_row(ID)), expression=text("")), expressions=[exp.false()])


def _is_there(column: str) -> exp.Expr:
    return exp.not_(exp.Is(this=of_row(column), expression=exp.null()))


def _is_marked() -> exp.Expr:
    return exp.or_(_is_there(EXCLUDED), _is_there(OUTSIDE))


def _no_text() -> exp.Expr:
    return exp.cast(exp.null(), "text")


def _joined(*parts: exp.Expr) -> exp.Expr:
    whole = parts[0]
    for part in parts[1:]:
        whole = exp.DPipe(this=whole, expression=part)
    return whole
