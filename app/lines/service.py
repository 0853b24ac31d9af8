"""Hotline numbers: load them, find the one a caller meant, and tell how it is handled when."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from app.catalogue import service as catalogue
from app.lines.models import Line, LineAlias, LinePeriod, LineProgramme, LineProgrammeStep, Trunk
from app.lines.rules import (
    PROBE_TRUNK,
    access_code,
    candidate_numbers,
    day_of,
    is_valid_on,
    mode_at,
    next_period,
    period_on,
)
from app.platform.clock import utc_now
from app.platform.database import Base, table_of
from app.platform.errors import NotFound

_FILES: tuple[tuple[str, type[Base]], ...] = (
    ("lines.csv", Line),
    ("line_aliases.csv", LineAlias),
    ("line_programmes.csv", LineProgramme),
    ("line_programme_steps.csv", LineProgrammeStep),
)
_TRUNKS = table_of(Trunk).c
_TRUNKS_OF_KIND = select(_TRUNKS.name).where(
    _TRUNKS.name.in_(bindparam("names", expanding=True)), _TRUNKS.kind == bindparam("wanted")
)


def seed(session: Session) -> list[str]:
    """Load all reference data (regions, subjects, lines) that changed; the names of the files loaded."""
    loaded = catalogue.seed(session)
    now = utc_now()
    lines = [catalogue.load_file(session, catalogue.REFERENCE / name, model, now=now) for name, model in _FILES]
    return [*loaded, *(name for name in lines if name)]


def find_line(session: Session, dnis: str, *, at: datetime | None = None) -> Line | None:
    """The hotline that a dialled number stands for at this moment (None: now).

    The number as it is goes first, then an access code before 12345, then the number without area code. An alias that
    is valid on that day comes before a line that no plan of ours serves: 12358 is 12315 since the ministries merged.
    """
    candidates = candidate_numbers(dnis)
    if not candidates:
        return None
    code = access_code(candidates[0])
    query = select(Line).where(
        or_(Line.number.in_(candidates), Line.access_code == code) if code else Line.number.in_(candidates)
    )
    lines = list(session.scalars(query))
    by_number = {line.number: line for line in lines}
    by_code = next((line for line in lines if code and line.access_code == code), None)
    found = by_number.get(candidates[0]) or by_code or _first(by_number, candidates)
    if found is not None and found.plan:
        return found
    return _find_by_alias(session, candidates, day_of(at or utc_now())) or found


def _first(lines: dict[str, Line], candidates: list[str]) -> Line | None:
    return next((lines[number] for number in candidates if number in lines), None)


def _find_by_alias(session: Session, candidates: list[str], day: date) -> Line | None:
    query = select(LineAlias, Line).join(Line).where(LineAlias.number.in_(candidates)).order_by(LineAlias.line_number)
    valid = {alias.number: line for alias, line in session.execute(query) if is_valid_on(alias, day)}
    return _first(valid, candidates)


def get_line(session: Session, number: str) -> Line:
    """The line of exactly this number. Raises NotFound."""
    line = session.get(Line, number)
    if line is None:
        raise NotFound(f"没有热线 {number}")
    return line


def list_lines(session: Session) -> list[Line]:
    """Every line, by number."""
    return list(session.scalars(select(Line).order_by(Line.number)))


def periods_of(session: Session, numbers: Collection[str] | None = None) -> dict[str, list[LinePeriod]]:
    """The periods of each line in order of their days; None: of every line that has any."""
    query = select(LinePeriod).order_by(LinePeriod.line_number, LinePeriod.begins_on)
    if numbers is not None:
        query = query.where(LinePeriod.line_number.in_(sorted(numbers)))
    found: dict[str, list[LinePeriod]] = {number: [] for number in numbers or ()}
    for period in session.scalars(query):
        found.setdefault(period.line_number, []).append(period)
    return found


def aliases_of(session: Session, number: str) -> list[LineAlias]:
    """The line's other numbers, valid or not, by number."""
    return list(session.scalars(select(LineAlias).where(LineAlias.line_number == number).order_by(LineAlias.number)))


def trunks_of(session: Session, number: str) -> list[Trunk]:
    """The trunks whose calls belong to this line, or where its department answers, by name."""
    named = select(LinePeriod.trunk).where(LinePeriod.line_number == number, LinePeriod.trunk != "")
    query = (
        select(Trunk).where(or_(Trunk.line_number == number, Trunk.name.in_(named))).order_by(Trunk.plan, Trunk.name)
    )
    return list(session.scalars(query))


def mode_of(session: Session, line: Line, moment: datetime) -> str:
    """How calls to this line are handled at a moment; empty for a line that no plan of ours serves."""
    return mode_at(periods_of(session, [line.number])[line.number], moment) if line.plan else ""


@dataclass(frozen=True)
class ComingChange:
    """A line that is handled otherwise from 00:00 Asia/Shanghai of a day on."""

    line: Line
    before: LinePeriod
    after: LinePeriod


def list_changes(session: Session, since: date, until: date) -> list[ComingChange]:
    """Changes of mode from one day to another, both included, by day and line. A line's first period is no change."""
    lines = {line.number: line for line in list_lines(session)}
    found = [
        ComingChange(lines[number], before, after)
        for number, periods in periods_of(session).items()
        for before, after in pairwise(periods)
        if since <= after.begins_on <= until
    ]
    return sorted(found, key=lambda change: (change.after.begins_on, change.line.number))


def outline(line: Line, periods: Sequence[LinePeriod], now: datetime) -> dict[str, Any]:
    """What lists show of a line: its columns, `mode` of today (None: not served by us) and `next_change`."""
    day = day_of(now)
    today = period_on(periods, day)
    names = ("number", "name", "unit_name", "category", "queue", "plan")
    return {
        **{name: getattr(line, name) for name in names},
        "mode": today.mode if today else ("direct_merge" if line.plan and line.category != "emergency" else None),
        "next_change": next_period(periods, day),
    }


def list_programmes(session: Session) -> list[tuple[LineProgramme, list[LineProgrammeStep]]]:
    """What the documents of state say of groups of lines, each with the lines it names, in order."""
    query = select(LineProgrammeStep).order_by(LineProgrammeStep.line_number, LineProgrammeStep.position)
    steps = list(session.scalars(query))
    programmes = session.scalars(select(LineProgramme).order_by(LineProgramme.code))
    return [(one, [step for step in steps if step.programme_code == one.code]) for one in programmes]


def probe_trunks(session: Session, names: Collection[str]) -> set[str]:
    """Which of these trunks carry the platform's own test calls only."""
    return trunks_of_kind(session, names, "probe") | ({PROBE_TRUNK} & set(names))


def trunks_of_kind(session: Session, names: Collection[str], kind: str) -> set[str]:
    """Which of these trunks are of this kind."""
    if not names:
        return set()
    return set(session.scalars(_TRUNKS_OF_KIND, {"names": sorted(names), "wanted": kind}))
