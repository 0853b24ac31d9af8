"""Calendars and profiles in the database: versions that are added, never changed. Seeded from sql/reference."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.catalogue.models import ReferenceFile
from app.contract.env import PROJECT
from app.deadlines.calendar import CalendarUnreadable, DayKind, SpecialDay, WorkCalendar, missing_year, read_year
from app.deadlines.models import CalendarYear, SlaProfile
from app.deadlines.profile import Profile, ProfileUnreadable, check_profile, read_profile
from app.platform.clock import to_shanghai
from app.platform.errors import HotlineError, NotFound, PreconditionFailed

CALENDARS = PROJECT / "sql" / "reference" / "calendar"
PROFILES = PROJECT / "sql" / "reference" / "sla"
DEFAULT_PROFILE = "henan"
SHIPPED = "reference"
"""Who made a version that came with the software."""


class RulesRefused(HotlineError):
    """A calendar or a profile that cannot be taken; `errors` says what is wrong with each part."""

    status = 422
    code = "rules-refused"
    title = "内容有误，未保存"

    def __init__(self, problems: Sequence[str], english: Sequence[str] = ()) -> None:
        super().__init__("；".join(problems), errors=[{"field": "", "message": problem} for problem in problems])
        self.english = list(english)


@dataclass(frozen=True)
class Rules:
    """A profile as it is applied, with the id of its version."""

    id: int
    profile: Profile


def calendar_of(years: Sequence[CalendarYear]) -> WorkCalendar:
    """The calendar of these versions, one a year."""
    return WorkCalendar({row.year: [_day_of(day) for day in row.days] for row in years})


def _day_of(row: Sequence[str]) -> SpecialDay:
    day, kind, name, english = row
    return SpecialDay(date.fromisoformat(day), DayKind(kind), name, english)


def load_calendar(session: Session) -> WorkCalendar:
    """All current years."""
    return calendar_of(session.scalars(select(CalendarYear).where(CalendarYear.is_current)).all())


def shipped_calendar() -> WorkCalendar:
    """The years that came with the software: for commands on a machine without a case store."""
    return WorkCalendar(
        {
            int(file.stem): read_year(file.read_text(encoding="utf-8"), int(file.stem))
            for file in _files(CALENDARS, "csv")
        }
    )


def shipped_profiles() -> dict[str, Profile]:
    """The profiles that came with the software."""
    profiles = [read_profile(file.read_text(encoding="utf-8")) for file in _files(PROFILES, "yaml")]
    return {profile.code: profile for profile in profiles}


def _files(folder: Path, ending: str) -> list[Path]:
    return sorted(folder.glob(f"*.{ending}"))


def load_rules(session: Session, code: str | None = None) -> Rules:
    """The current version of this profile; None: the platform's own. Raises NotFound."""
    query = select(SlaProfile).where(SlaProfile.is_current)
    query = query.where(SlaProfile.is_default if code is None else SlaProfile.code == code)
    row = session.scalar(query)
    if row is None:
        raise NotFound(f"没有时限规则 {code or '（默认）'}")
    return rules_of(row)


def rules_of(row: SlaProfile) -> Rules:
    """A stored version as it is applied."""
    return Rules(row.id, check_profile(row.body))


def list_profiles(session: Session) -> list[SlaProfile]:
    """Current versions, the platform's own first."""
    query = select(SlaProfile).where(SlaProfile.is_current).order_by(SlaProfile.is_default.desc(), SlaProfile.code)
    return list(session.scalars(query))


def list_years(session: Session) -> list[CalendarYear]:
    """Current versions, the newest year first."""
    return list(session.scalars(select(CalendarYear).where(CalendarYear.is_current).order_by(CalendarYear.year.desc())))


def find_year(session: Session, year: int) -> CalendarYear | None:
    """The current version of a year."""
    return session.scalar(select(CalendarYear).where(CalendarYear.year == year, CalendarYear.is_current))


def year_history(session: Session, year: int) -> list[CalendarYear]:
    """Every version of a year, the newest first. Raises NotFound."""
    query = select(CalendarYear).where(CalendarYear.year == year).order_by(CalendarYear.version.desc())
    return _found(list(session.scalars(query)), f"没有{year}年工作日历")


def profile_history(session: Session, code: str) -> list[SlaProfile]:
    """Every version of a profile, the newest first. Raises NotFound."""
    query = select(SlaProfile).where(SlaProfile.code == code).order_by(SlaProfile.version.desc())
    return _found(list(session.scalars(query)), f"没有时限规则 {code}")


def _found(rows: list[Any], text: str) -> list[Any]:
    if not rows:
        raise NotFound(text)
    return rows


def find_missing_year(session: Session, now: datetime) -> int | None:
    """The year that somebody must import now; None: all is well."""
    return missing_year(
        session.scalars(select(CalendarYear.year).where(CalendarYear.is_current)), to_shanghai(now).date()
    )


def save_year(
    session: Session, year: int, text: str, *, by: str, why: str, now: datetime, version: int | None = None
) -> CalendarYear:
    """A new version of a year from its CSV text; the same days again change nothing.

    `version` is the one the change was made on (None: whatever it is; 0: there is none). Raises RulesRefused,
    PreconditionFailed. Who saves tells `service.recompute`, so that running clocks follow.
    """
    try:
        days = [[str(d.day), str(d.kind), d.name, d.english] for d in read_year(text, year)]
    except CalendarUnreadable as error:
        raise RulesRefused(error.chinese, error.problems) from error
    current = session.scalar(
        select(CalendarYear).where(CalendarYear.year == year, CalendarYear.is_current).with_for_update()
    )
    _check_version(current.version if current else 0, version)
    if current is not None and current.days == days:
        return current
    session.execute(update(CalendarYear).where(CalendarYear.year == year).values(is_current=False))
    row = CalendarYear(
        year=year, version=_next_version(session, CalendarYear.version, CalendarYear.year == year),
        days=days, why=why, created_by=by, created_at=now,
        is_current=True,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def save_profile(
    session: Session, content: dict[str, Any], *, by: str, why: str, now: datetime, version: int | None = None
) -> SlaProfile:
    """A new version of a profile; the same again changes nothing. Running clocks keep the rules they began with.

    Raises RulesRefused, PreconditionFailed.
    """
    try:
        profile = check_profile(content)
    except ProfileUnreadable as error:
        raise RulesRefused(error.chinese, error.problems) from error
    body = profile.model_dump(mode="json")
    current = session.scalar(
        select(SlaProfile).where(SlaProfile.code == profile.code, SlaProfile.is_current).with_for_update()
    )
    _check_version(current.version if current else 0, version)
    if current is not None and current.body == body:
        return current
    session.execute(update(SlaProfile).where(SlaProfile.code == profile.code).values(is_current=False))
    row = SlaProfile(
        code=profile.code, version=_next_version(session, SlaProfile.version, SlaProfile.code == profile.code),
        name=profile.name, body=body,
        is_verified=profile.is_verified, is_default=current.is_default if current else False, is_current=True,
        why=why, created_by=by, created_at=now,
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def read_text(text: str) -> dict[str, Any]:
    """The settings in this YAML, checked when they are saved. Raises RulesRefused."""
    try:
        return read_profile(text).model_dump(mode="json")
    except ProfileUnreadable as error:
        raise RulesRefused(error.chinese, error.problems) from error


def choose_default(session: Session, code: str) -> SlaProfile:
    """From now on new clocks run by this profile, unless told otherwise. Raises NotFound."""
    chosen = load_rules(session, code)
    session.execute(update(SlaProfile).values(is_default=SlaProfile.code == code))
    session.flush()
    return session.get_one(SlaProfile, chosen.id, populate_existing=True)


def _next_version(session: Session, column: InstrumentedAttribute[int], which: ColumnElement[bool]) -> int:
    return (session.scalar(select(func.max(column)).where(which)) or 0) + 1


def _check_version(current: int, version: int | None) -> None:
    if version is not None and version != current:
        raise PreconditionFailed(f"已有第{current}版，请在其基础上修改", current_version=current)


def seed(session: Session, now: datetime) -> list[str]:
    """Load shipped calendars and profiles that changed, except what somebody here has edited; the files loaded."""
    loaded = []
    for file in _files(CALENDARS, "csv"):
        if _is_news(session, file, find_year(session, int(file.stem)), now):
            save_year(session, int(file.stem), file.read_text(encoding="utf-8"), by=SHIPPED, why=file.name, now=now)
            loaded.append(file.name)
    for file in _files(PROFILES, "yaml"):
        profile = read_profile(file.read_text(encoding="utf-8"))
        stored = session.scalar(select(SlaProfile).where(SlaProfile.code == profile.code, SlaProfile.is_current))
        if _is_news(session, file, stored, now):
            save_profile(session, profile.model_dump(mode="json"), by=SHIPPED, why=file.name, now=now)
            loaded.append(file.name)
    if session.scalar(select(SlaProfile.id).where(SlaProfile.is_default)) is None:
        choose_default(session, DEFAULT_PROFILE)
    return loaded


def _is_news(session: Session, file: Path, current: CalendarYear | SlaProfile | None, now: datetime) -> bool:
    """Whether this version of the file was not loaded yet, and nobody here knows better."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    known = session.get(ReferenceFile, file.name)
    if known is not None and known.digest == digest:
        return False
    session.merge(ReferenceFile(name=file.name, digest=digest, row_count=1, loaded_at=now))
    return current is None or current.created_by == SHIPPED
