"""A month's rates as people read them: groups with names, percentages, bands, and an order where a city wants one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor
from app.accounts.rules import Permission
from app.catalogue.models import Region, Unit
from app.evaluation.counting import NOBODY, Figures, Grouping, Question, count_rates
from app.evaluation.rates import BY_KEY, RATES, Rate
from app.evaluation.settings import RateSettings
from app.platform.errors import NotFound

TREND_MONTHS = 6


class Band(StrEnum):
    """良好, 一般, 待改进; NONE: nothing was counted."""

    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"
    NONE = "none"


BAND_WORDS: Mapping[Band, str] = {Band.GOOD: "良好", Band.FAIR: "一般", Band.POOR: "待改进", Band.NONE: "无数据"}


@dataclass(frozen=True)
class Cell:
    """One rate of one group. Percentages with one decimal; the band is that of the adjusted figure."""

    figures: Figures
    raw_percent: float | None
    percent: float | None
    band: Band
    rank: int | None = None


@dataclass(frozen=True)
class Row:
    """A unit, a county, a month, or all together."""

    code: str
    name: str
    cells: Mapping[str, Cell]


@dataclass(frozen=True)
class Terms:
    """How figures are judged: where bands begin (good, fair), what 基本满意 weighs, whether there is an order."""

    bands: Mapping[str, tuple[float, float]]
    fairly_weight: float = 1.0
    is_ranked: bool = False

    @classmethod
    def of(cls, settings: RateSettings) -> "Terms":
        """A rate that is not named in the settings keeps its own bands."""
        bands = {rate.key: (rate.good, rate.fair) for rate in RATES}
        for one in settings.rate_bands.split():
            key, _, limits = one.partition("=")
            good, _, fair = limits.partition("/")
            bands[key] = float(good), float(fair)
        return cls(bands, settings.fairly_weight, settings.is_ranked)

    def band(self, rate: Rate, percent: float | None) -> Band:
        """Which band this percentage lies in."""
        if percent is None:
            return Band.NONE
        good, fair = self.bands[rate.key]
        if rate.is_low_good:
            return Band.GOOD if percent <= good else Band.FAIR if percent <= fair else Band.POOR
        return Band.GOOD if percent >= good else Band.FAIR if percent >= fair else Band.POOR

    def cell(self, rate: Rate, figures: Figures) -> Cell:
        raw, adjusted = (figure.percent(self.fairly_weight) for figure in (figures.raw, figures.adjusted))
        return Cell(figures, raw, adjusted, self.band(rate, adjusted))


def rates_for(actor: Actor) -> tuple[Rate, ...]:
    """Rates of calls are for those who may see calls."""
    return tuple(rate for rate in RATES if rate.source.is_of_tickets or actor.may(Permission.CALLS_READ))


def get_rate(key: str, actor: Actor) -> Rate:
    """The rate of this key. Raises NotFound."""
    rate = BY_KEY.get(key)
    if rate is None or rate not in rates_for(actor):
        raise NotFound("没有这项指标")
    return rate


def month_report(session: Session, question: Question, terms: Terms, by: Grouping) -> list[Row]:
    """The month by group: by code, or the best first where units are put in order (by the rate of satisfaction)."""
    rates = rates_for(question.actor)
    found = count_rates(session, rates, question, by)
    if by is Grouping.TOTAL:
        found.setdefault(NOBODY, {})
    names = _names(session, by, list(found))
    rows = [_row(code, names.get(code, code), found[code], rates, terms) for code in sorted(found)]
    return _ranked(rows, rates) if terms.is_ranked and by is not Grouping.TOTAL else rows


def trend(session: Session, question: Question, terms: Terms) -> list[Row]:
    """This month and the five before it, the oldest first."""
    rates, rows = rates_for(question.actor), []
    for back in range(TREND_MONTHS - 1, -1, -1):
        month = question.month.after(-back)
        then = Question(month, question.actor, question.now, question.unit, question.county)
        found = count_rates(session, rates, then).get(NOBODY, {})
        rows.append(_row(str(month), str(month), found, rates, terms))
    return rows


def _row(code: str, name: str, found: Mapping[str, Figures], rates: Sequence[Rate], terms: Terms) -> Row:
    return Row(code, name, {rate.key: terms.cell(rate, found.get(rate.key, Figures())) for rate in rates})


def _ranked(rows: list[Row], rates: Sequence[Rate]) -> list[Row]:
    """Each rate has its own order; equals share a place, and the next one goes on after them."""
    places: dict[tuple[str, str], int] = {}
    for rate in rates:
        values = {row.code: percent for row in rows if (percent := row.cells[rate.key].percent) is not None}
        for code, value in values.items():
            better = sum((other < value) if rate.is_low_good else (other > value) for other in values.values())
            places[code, rate.key] = better + 1
    ranked = [
        Row(row.code, row.name, {k: _at(cell, places.get((row.code, k))) for k, cell in row.cells.items()})
        for row in rows
    ]
    return sorted(ranked, key=lambda row: row.cells["satisfied"].rank or len(rows) + 1)


def _at(cell: Cell, rank: int | None) -> Cell:
    return Cell(cell.figures, cell.raw_percent, cell.percent, cell.band, rank)


def _names(session: Session, by: Grouping, codes: list[str]) -> dict[str, str]:
    names = {NOBODY: "全部" if by is Grouping.TOTAL else "（未派单位）" if by is Grouping.UNIT else "（未填区域）"}
    if by is not Grouping.TOTAL:
        model = Unit if by is Grouping.UNIT else Region
        names |= dict(session.execute(select(model.code, model.name).where(model.code.in_(codes))).all())
    return names


async def get_terms(request: Request) -> Terms:
    """For handlers: the terms of this installation."""
    terms: Terms = request.app.state.rate_terms
    return terms


TermsDep = Annotated[Terms, Depends(get_terms)]
