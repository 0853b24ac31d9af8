"""`hotline dialplan clock`: rehearse a coming day on a node without callers, e.g. one beside the demo."""

import math
import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated

import typer

from app.cli.console import StepFailed, say
from app.cli.dialplan_node import node_settings
from app.cli.proposal_commands import dialplan
from app.platform.clock import SHANGHAI, to_shanghai

GLOBAL = "HL_CLOCK_OFFSET_SECONDS"


def offset_to(day: date, now: datetime) -> int:
    """Seconds from `now` (aware) to 00:00:00 Asia/Shanghai of the day; negative for a day that has begun."""
    midnight = datetime.combine(day, time.min, SHANGHAI)
    return math.ceil((midnight - now).total_seconds())


def offset_in(answer: str) -> int:
    """The offset that Asterisk's list of globals tells; 0 when there is none."""
    found = re.search(rf"{GLOBAL}=(-?\d+)", answer)
    return int(found[1]) if found else 0


@dialplan.command("clock")
def move_clock(
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Go on from 00:00 of this day.")] = None,
    before: Annotated[int, typer.Option(min=0, max=86_400, help="Begin so many seconds before it.")] = 0,
    is_off: Annotated[bool, typer.Option("--off", help="Back to the real time.")] = False,
    is_sure: Annotated[
        bool, typer.Option("--yes", help="Needed to move it: real callers are handled so, too.")
    ] = False,
) -> None:
    """Show or move the clock by which lines change their modes. The next change of the dialplan ends a rehearsal."""
    from dialplan import asterisk  # noqa: PLC0415 - help is instant

    settings = node_settings(as_json=False)
    if day and not is_sure:
        raise StepFailed(
            "this node would handle every call, also of real callers, as on that day",
            "use a node without callers, and add --yes",
        )
    try:
        if day or is_off:
            offset = str(offset_to(day.date(), datetime.now(UTC)) - before) if day else '""'
            asterisk.cli(settings, f"dialplan set global {GLOBAL} {offset}")
        seconds = offset_in(asterisk.cli(settings, "dialplan show globals"))
    except OSError as error:
        raise StepFailed("Asterisk does not answer", "`hotline up` starts it") from error
    shown = to_shanghai(datetime.now(UTC) + timedelta(seconds=seconds)).strftime("%Y-%m-%d %H:%M:%S")
    say(
        f"lines are handled as at {shown} Asia/Shanghai"
        + (" [yellow](rehearsal)[/]" if seconds else " (the real time)")
    )
