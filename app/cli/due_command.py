"""`hotline clock`: when something is due and why, which rules and calendars there are, a new year's calendar."""

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table
from sqlalchemy.exc import SQLAlchemyError

from app.cli.console import JsonOption, StepFailed, console, errors, report_done, report_present, say
from app.cli.settings import StackSettings

if TYPE_CHECKING:
    from app.deadlines.calendar import WorkCalendar
    from app.deadlines.profile import Profile
    from app.deadlines.terms import Term

clocks = typer.Typer(help="Deadlines: due times, working-day calendars, rules of regions.", no_args_is_help=True)

MOST_HOURS = 87_600


@clocks.command("due")
def show_due(  # noqa: PLR0917 - Typer fills them by name
    start: Annotated[str, typer.Argument(help="e.g. 2026-02-13T10:00; Asia/Shanghai unless it says otherwise.")],
    working_days: Annotated[int | None, typer.Option(min=1, max=3660, help="The end of the Nth working day.")] = None,
    hours: Annotated[
        float | None, typer.Option(min=0.01, max=MOST_HOURS, help="Hours that run through nights and days off.")
    ] = None,
    working_hours: Annotated[
        float | None, typer.Option(min=0.01, max=MOST_HOURS, help="Hours that stand still on days off.")
    ] = None,
    profile: Annotated[str, typer.Option(help="Rules of this region, for --clock; empty: the platform's own.")] = "",
    clock: Annotated[str, typer.Option(help="A clock of the rules: dispatch, sign, reply, follow_up …")] = "",
    ticket_type: Annotated[str, typer.Option("--type", help="For --clock: consult, help, complaint …")] = "",
    urgency: Annotated[str, typer.Option(help="For --clock: normal, urgent or emergency.")] = "normal",
    as_json: JsonOption = False,
) -> None:
    """Say when a clock that begins at START ends, and why.

    Give --working-days, --hours or --working-hours (hours after days, where both are given), or --clock to take the
    time from the rules. The start day is not counted; a day's deadline is its end. Exit code 1 where the calendar of a
    needed year is missing: nothing is guessed.
    """
    from app.deadlines.arithmetic import due_after  # noqa: PLC0415 - help is instant
    from app.deadlines.calendar import CalendarMissing  # noqa: PLC0415
    from app.deadlines.explain import English, explain  # noqa: PLC0415

    moment = read_start(start)
    calendar, profiles, default = load_rules(StackSettings())
    terms = read_terms(working_days, hours, working_hours)
    rules = choose_profile(profiles, profile or default)
    if clock:
        if terms:
            raise typer.BadParameter("give a time or --clock, not both", param_hint="--clock")
        terms = [term_of_clock(rules, clock, ticket_type, urgency)]
    if not terms:
        raise typer.BadParameter("give --working-days, --hours, --working-hours or --clock", param_hint="time")
    explanation = (
        [f"rules: {rules.code} {rules.name}" + ("" if rules.is_verified else " (not verified)")] if clock else []
    )
    try:
        for term in terms:
            begins, moment = moment, due_after(calendar, moment, term)
            explanation += explain(calendar, begins, term, moment, words=English())
    except CalendarMissing as missing:
        raise StepFailed(
            f"the calendar of {missing.year} is missing: the due time cannot be told",
            f"`hotline clock import-year {missing.year} FILE.csv` once the State Council has published it",
        ) from missing
    except OverflowError:
        raise typer.BadParameter(f"{start!r} is beyond every calendar", param_hint="START") from None
    if as_json:
        typer.echo(json.dumps({"due_at": moment.isoformat(), "explanation": explanation}, ensure_ascii=False))
        return
    say(f"[bold]{moment:%Y-%m-%d %H:%M:%S}[/] Asia/Shanghai")
    for step in explanation:
        say(f"  {escape(step)}")


def read_start(text: str) -> datetime:
    """The moment; without a time zone, of Asia/Shanghai. typer.BadParameter."""
    from app.platform.clock import SHANGHAI  # noqa: PLC0415

    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).astimezone(SHANGHAI)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no moment: write e.g. 2026-02-13T10:00", param_hint="START") from None


def read_terms(working_days: int | None, hours: float | None, working_hours: float | None) -> list["Term"]:
    """What was asked for, in the order it is counted."""
    from app.deadlines.terms import Term, TimeUnit  # noqa: PLC0415

    asked = [
        (working_days, 1, TimeUnit.WORKING_DAYS),
        (working_hours, 60, TimeUnit.WORKING_MINUTES),
        (hours, 60, TimeUnit.NATURAL_MINUTES),
    ]
    return [Term(max(1, round(amount * factor)), unit) for amount, factor, unit in asked if amount is not None]


def choose_profile(profiles: Mapping[str, "Profile"], code: str) -> "Profile":
    """The rules of this code. typer.BadParameter."""
    if code not in profiles:
        raise typer.BadParameter(f"there is no profile {code!r}: {', '.join(sorted(profiles))}", param_hint="--profile")
    return profiles[code]


def term_of_clock(rules: "Profile", clock: str, ticket_type: str, urgency: str) -> "Term":
    """How long the rules give. typer.BadParameter names what there is."""
    from app.deadlines.profile import TICKET_TYPES, ClockKind, Urgency  # noqa: PLC0415

    if clock not in rules.clocks:
        raise typer.BadParameter(f"{clock!r} is no clock: {', '.join(rules.clocks)}", param_hint="--clock")
    if ticket_type and ticket_type not in TICKET_TYPES:
        raise typer.BadParameter(f"{ticket_type!r} is no type: {', '.join(TICKET_TYPES)}", param_hint="--type")
    if urgency not in set(Urgency):
        raise typer.BadParameter(f"{urgency!r} is no urgency: {', '.join(Urgency)}", param_hint="--urgency")
    term = rules.find_term(ClockKind(clock), ticket_type=ticket_type or None, urgency=urgency)
    if term is None:
        raise typer.BadParameter(f"{clock} does not run for such a ticket", param_hint="--clock")
    return term


def load_rules(settings: StackSettings) -> tuple["WorkCalendar", dict[str, "Profile"], str]:
    """Calendar, profiles, the code of the platform's own: of the case store; as shipped where there is none yet."""
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.deadlines import versions  # noqa: PLC0415

    url = settings.effective_database_url
    if not url.startswith("sqlite") or Path(url.removeprefix("sqlite:///")).exists():
        try:
            with open_database(settings) as database, database.reading() as session:
                rows = versions.list_profiles(session)
                calendar = versions.load_calendar(session)
            if rows and calendar.years:
                profiles = {row.code: versions.rules_of(row).profile for row in rows}
                return calendar, profiles, next((row.code for row in rows if row.is_default), versions.DEFAULT_PROFILE)
        except (StepFailed, SQLAlchemyError):
            errors.print("[yellow]the case store does not answer: calendars and rules as they were shipped[/]")
    return versions.shipped_calendar(), versions.shipped_profiles(), versions.DEFAULT_PROFILE


@clocks.command("profiles")
def show_profiles(
    default: Annotated[str, typer.Option(help="From now on the platform's own rules are these.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show the rules of regions, or choose the platform's own."""
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.deadlines import versions  # noqa: PLC0415
    from app.platform.errors import NotFound  # noqa: PLC0415

    with open_database(StackSettings()) as database, database.transaction() as session:
        if default:
            try:
                versions.choose_default(session, default)
            except NotFound:
                raise typer.BadParameter(f"there is no profile {default!r}", param_hint="--default") from None
        rows = versions.list_profiles(session)
    if as_json:
        names = ("code", "name", "version", "is_default", "is_verified")
        typer.echo(json.dumps([{name: getattr(row, name) for name in names} for row in rows], ensure_ascii=False))
        return
    table = Table("code", "name", "version", "own", "verified", box=None)
    for row in rows:
        table.add_row(
            row.code, row.name, str(row.version), "yes" if row.is_default else "", "yes" if row.is_verified else "no"
        )
    console.print(table)


@clocks.command("import-year")
def import_year(
    year: Annotated[int, typer.Argument(min=2000, max=2200)],
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="day,kind,name,english")],
    why: Annotated[str, typer.Option(help="Source or reason, for the history.")] = "",
) -> None:
    """Take a year's holidays and make-up days; clocks that waited for it are timed. Broken rows are named."""
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.deadlines import versions  # noqa: PLC0415
    from app.deadlines.retiming import retime  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415

    text = file.read_text(encoding="utf-8", errors="replace")
    with open_database(StackSettings()) as database:
        try:
            with database.transaction() as session:
                before = versions.find_year(session, year)
                row = versions.save_year(
                    session, year, text, by="hotline clock import-year", why=why or file.name, now=utc_now()
                )
        except versions.RulesRefused as refused:
            raise StepFailed(
                f"{file.name} is refused: " + "; ".join(refused.english), "correct it and run this again"
            ) from refused
        if before is not None and before.version == row.version:
            report_present("calendar", f"{year}, version {row.version}")
            return
        moved = retime(database, year)
    report_done("calendar", f"{year}, version {row.version}; {moved} tickets have a new due time")
