"""What the test calls say of the lines, for the terminal: `hotline status` and `hotline doctor`."""

from datetime import timedelta

from app.cli.settings import StackSettings
from app.probes.rules import Verdict
from app.probes.settings import ProbeSettings
from app.probes.watch import Watch, WatchedLine, watch_lines


def watch_now(settings: StackSettings) -> Watch:
    """Every line of the plan in force. StepFailed: the database does not answer."""
    from app.cli.seeding import open_database  # noqa: PLC0415 - only here the store is needed
    from app.platform.clock import utc_now  # noqa: PLC0415

    every = timedelta(minutes=ProbeSettings().probe_every_minutes)
    with open_database(settings) as database, database.reading() as session:
        return watch_lines(session, now=utc_now(), every=every)


def describe_trouble(one: WatchedLine) -> str:
    """What is wrong with a line, in a few words."""
    last = f"{one.heard_at:%Y-%m-%d %H:%M} UTC" if one.heard_at else "never"
    match one.verdict:
        case Verdict.FAILING if one.alarm:
            return f"{one.alarm.fault.replace('_', ' ')}, {one.alarm.failures} in a row"
        case Verdict.CANNOT_DIAL:
            return f"cannot be dialled, last heard {last}"
        case Verdict.OVERDUE:
            return f"last test call too old: {last}"
        case Verdict.NOT_PROBED:
            return "the plan has no trunk of kind probe"
        case _:
            return ""
