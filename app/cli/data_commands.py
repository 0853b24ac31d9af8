"""`hotline user`, `db`, `seat`: what an installation holds."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table

from app.accounts.models import Role
from app.cli.console import JsonOption, StepFailed, console, report_done
from app.cli.settings import StackSettings

users = typer.Typer(help="People who may log in.", no_args_is_help=True)
database = typer.Typer(help="The case store's database.", no_args_is_help=True)
seats = typer.Typer(help="Desks with a phone.", no_args_is_help=True)


@users.command("add")
def add_user(  # noqa: PLR0917 - Typer fills them by name
    username: str,
    role: Annotated[Role, typer.Option(help="What this person may do.")],
    name: Annotated[str, typer.Option(help="Display name; empty: the username.")] = "",
    seat: Annotated[str, typer.Option(help="SIP endpoint this agent usually sits at.")] = "",
    unit: Annotated[str, typer.Option(help="Code of the unit that unit staff and unit leaders work for.")] = "",
    region: Annotated[str, typer.Option(help="Code of the region that people of the hotline are bound to.")] = "",
    queue: Annotated[list[str] | None, typer.Option(help="QUEUE or QUEUE=PENALTY; may be repeated.")] = None,
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, confirmation_prompt=True, envvar="HOTLINE_NEW_PASSWORD")
    ] = "",
) -> None:
    """Create a user. The password is asked for, or read from HOTLINE_NEW_PASSWORD."""
    from app.accounts import service  # noqa: PLC0415
    from app.catalogue.editing import get_entry  # noqa: PLC0415
    from app.catalogue.models import Region, Unit  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.errors import HotlineError  # noqa: PLC0415

    try:
        with open_database(StackSettings()) as store, store.transaction() as session:
            if unit:
                get_entry(session, Unit, unit)
            if region and session.get(Region, region) is None:
                raise StepFailed(f"there is no region {region}", "codes stand in sql/reference/regions.csv")
            service.create_user(
                session, username, display_name=name or username, role=role, password=password, now=utc_now(),
                seat=seat, queues=parse_queues(queue or []), unit_code=unit,
                region_code=region,
            )  # fmt: skip
    except HotlineError as error:
        raise StepFailed(f"{error.code}: {error.detail}") from error
    report_done("user", f"{username} ({role})")


def parse_queues(words: list[str]) -> dict[str, int]:
    """`general` or `general=2` → penalty by queue. Raises StepFailed."""
    queues = {}
    for word in words:
        name, _, penalty = word.partition("=")
        if not name or (penalty and not penalty.isdecimal()):
            raise StepFailed(f"`{word}` is no queue", "write QUEUE or QUEUE=PENALTY, for example common=1")
        queues[name] = int(penalty or 0)
    return queues


@database.command("upgrade")
def upgrade_database() -> None:
    """Run the migrations that are missing, and load changed reference data."""
    from app.cli.seeding import ensure_database  # noqa: PLC0415

    ensure_database()


@database.command("seed")
def seed_database(
    tickets: Annotated[
        int, typer.Option(min=0, max=20_000_000, help="Write so many synthetic tickets as well, e.g. 1000000.")
    ] = 0,
    seed: Annotated[int, typer.Option(help="The same seed, --until and --days: the same tickets.")] = 1,
    days: Annotated[int | None, typer.Option(min=2, max=2000, help="Spread them over so many days.")] = None,
    until: Annotated[str, typer.Option(help="The moment they are told up to, e.g. 2026-11-23T10:00; empty: now.")] = "",
    is_sure: Annotated[bool, typer.Option("--yes", help="Also into a store that may hold real tickets.")] = False,
) -> None:
    """Load the reference data of sql/reference where a file changed; with --tickets synthetic tickets, too.

    Synthetic tickets stand in every state, with history, clocks, assignments, replies and follow-up, as if people
    had worked on them. All of them are written, or none.
    """
    from app.cli.seeding import seed_reference_data  # noqa: PLC0415

    seed_reference_data()
    if tickets:
        from app.cli.seed_command import seed_many  # noqa: PLC0415

        seed_many(tickets, seed=seed, days=days, until=until, is_sure=is_sure)


@seats.command("list")
def list_seats(as_json: JsonOption = False) -> None:
    """Show what a softphone needs to register as each seat of the site plan."""
    from dialplan.plan_file import SitePlanFault  # noqa: PLC0415
    from dialplan.seats import list_seats as list_credentials  # noqa: PLC0415
    from dialplan.settings import DialplanSettings  # noqa: PLC0415

    try:
        credentials = list_credentials(DialplanSettings())  # type: ignore[call-arg]  # the environment fills it
    except ValidationError as error:
        raise StepFailed("there are no secrets yet", "run `hotline setup`") from error
    except SitePlanFault as fault:
        raise StepFailed(str(fault), "correct the site plan") from fault
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in credentials]))
        return
    table = Table("seat", "server", "transport", "password", "agent", box=None)
    for row in credentials:
        table.add_row(row.seat, f"{row.server}:{row.port}", row.transport, row.password, row.agent)
    console.print(table)
