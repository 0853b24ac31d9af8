"""`hotline dialplan clock`: rehearse a coming day on a node without callers, e.g. one beside the demo."""

import math
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer

from app.cli.console import JsonOption
from app.cli.dialplan_commands import DryRunOption
from app.cli.dialplan_node import answer, node_settings, refuse
from app.cli.proposal_commands import dialplan
from app.contract.changes import ClockState
from app.platform.clock import SHANGHAI
from dialplan.changes.saying import say


def offset_to(day: date, now: datetime) -> int:
    """Seconds from `now` (aware) to 00:00:00 Asia/Shanghai of the day; negative for a day that has begun."""
    midnight = datetime.combine(day, time.min, SHANGHAI)
    return math.ceil((midnight - now).total_seconds())


@dialplan.command("clock")
def move_clock(  # noqa: PLR0917 - Typer fills them by name
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Go on from 00:00 of this day.")] = None,
    before: Annotated[int, typer.Option(min=0, max=86_400, help="Begin so many seconds before it.")] = 0,
    is_off: Annotated[bool, typer.Option("--off", help="Back to the real time.")] = False,
    is_sure: Annotated[
        bool, typer.Option("--yes", help="Needed to move it: real callers are handled so, too.")
    ] = False,
    is_dry_run: DryRunOption = False,
    as_json: JsonOption = False,
) -> None:
    """Show or move the clock by which lines change their modes. Every apply ends a rehearsal."""
    from app.cli import dialplan_display as display  # noqa: PLC0415 - help is instant
    from dialplan.changes import clock  # noqa: PLC0415

    settings = node_settings(as_json=as_json)
    if day and not is_sure and not is_dry_run:
        refuse(say("clock_unsure"), as_json=as_json)
    wanted = offset_to(day.date(), datetime.now(UTC)) - before if day else 0
    try:
        seconds = clock.read_offset(settings)
        if (day or is_off) and not is_dry_run:
            clock.move(settings, wanted)
            seconds = clock.read_offset(settings)
    except OSError:
        refuse(say("asterisk_down"), as_json=as_json)
    if is_dry_run and (day or is_off):
        seconds = wanted
    state = ClockState(offset_seconds=seconds, shown_at=datetime.now(UTC) + timedelta(seconds=seconds))
    if as_json:
        answer(state)
    else:
        display.show_clock(state)
