"""`hotline broadcasts`: what callers hear before the queue, from the terminal of the duty officer."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, StepFailed, console, report_done
from app.cli.settings import StackSettings

if TYPE_CHECKING:
    from app.broadcasts.models import Broadcast

broadcasts = typer.Typer(help="Notices and known outages before the queue.", no_args_is_help=True)
TERMINAL = "terminal"

Moment = Annotated[
    datetime, typer.Option(formats=["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"], help="Asia/Shanghai, e.g. '2026-11-23 18:00'.")
]


@broadcasts.command("list")
def list_broadcasts(*, as_json: JsonOption = False) -> None:
    """List the broadcasts that hold, and how many follow them."""
    from app.broadcasts import service  # noqa: PLC0415
    from app.broadcasts.schemas import BroadcastList, BroadcastOut  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.pages import shanghai  # noqa: PLC0415

    now = utc_now()
    with open_database(StackSettings()) as store, store.reading() as session:
        counts = service.count_followers(session)
        rows = [
            BroadcastOut.of(row, now, counts.get(row.id, service.NOBODY))
            for row in service.list_broadcasts(session, is_open=True)
        ]
    if as_json:
        console.print_json(BroadcastList(items=rows).model_dump_json())
        return
    table = Table("id", "kind", "text", "line", "until", "on air", "followers")
    for row in rows:
        on_air = "yes" if row.is_on_air else "no"
        until = shanghai(row.expires_at, "%m-%d %H:%M")
        table.add_row(str(row.id), row.kind, row.text, row.line or "all", until, on_air, str(row.followers))
    console.print(table)


@broadcasts.command("announce")
def announce(
    text: Annotated[str, typer.Argument(help="As it is spoken; figures are read one by one.")],
    until: Moment,
    *,
    incident: Annotated[bool, typer.Option("--incident", help="A known outage: one key follows it.")] = False,
    line: Annotated[str, typer.Option(help="Callers of this line alone.")] = "",
    region: Annotated[str, typer.Option(help="Not for callers known to live elsewhere (GB/T 2260 code).")] = "",
) -> None:
    """Put a notice or a known outage before the queue, and speak it."""
    from pydantic import ValidationError  # noqa: PLC0415

    from app.accounts import audit  # noqa: PLC0415
    from app.accounts.auth import Actor  # noqa: PLC0415
    from app.broadcasts import service  # noqa: PLC0415
    from app.broadcasts.models import BroadcastKind  # noqa: PLC0415
    from app.broadcasts.schemas import BroadcastIn  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import SHANGHAI, utc_now  # noqa: PLC0415
    from app.platform.errors import HotlineError  # noqa: PLC0415

    kind, now = BroadcastKind.INCIDENT if incident else BroadcastKind.NOTICE, utc_now()
    try:
        body = BroadcastIn(
            kind=kind, text=text, expires_at=until.replace(tzinfo=SHANGHAI), line=line, region_code=region or None
        )
        with open_database(StackSettings()) as store, store.transaction() as session:
            row = service.announce(session, **body.model_dump(), by=TERMINAL, now=now)
            actor, detail = Actor(TERMINAL), {"kind": kind, "text": row.text}
            audit.record(
                session, actor, "broadcast_announced", at=now, object_type="broadcast", object_id=row.id, detail=detail
            )
    except ValidationError as error:
        raise StepFailed(f"{error.errors()[0]['loc'][0]}: {error.errors()[0]['msg']}") from error
    except HotlineError as error:
        raise StepFailed(f"{error.code}: {error.detail}") from error
    speak(row.id)


@broadcasts.command("end")
def end(
    broadcast_id: int,
    *,
    not_over: Annotated[
        bool, typer.Option("--not-over", help="The outage goes on: its followers are told nothing yet.")
    ] = False,
) -> None:
    """Stop a broadcast. Each follower of an outage is then told once that it is over."""
    from app.broadcasts import service  # noqa: PLC0415

    _close(broadcast_id, "broadcast_ended", partial(service.end_broadcast, is_over=not not_over))
    report_done("broadcast", f"{broadcast_id} has ended")


@broadcasts.command("over")
def over(broadcast_id: int) -> None:
    """Say that an outage is over whose broadcast has ended before; its followers are told."""
    from app.broadcasts import service  # noqa: PLC0415

    _close(broadcast_id, "incident_over", service.say_over)
    report_done("broadcast", f"the outage of {broadcast_id} is over")


def _close(broadcast_id: int, action: str, use_case: "Callable[..., Broadcast]") -> None:
    """The use case and its audit entry in one transaction; the worker's sweep tells the followers."""
    from app.accounts import audit  # noqa: PLC0415
    from app.accounts.auth import Actor  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.errors import HotlineError  # noqa: PLC0415

    now = utc_now()
    try:
        with open_database(StackSettings()) as store, store.transaction() as session:
            row = use_case(session, broadcast_id, by=TERMINAL, now=now)
            audit.record(
                session, Actor(TERMINAL), action, at=now, object_type="broadcast", object_id=broadcast_id,
                detail={"is_over": row.over_at is not None},
            )  # fmt: skip
    except HotlineError as error:
        raise StepFailed(f"{error.code}: {error.detail}") from error


@broadcasts.command("speak")
def speak(broadcast_id: int) -> None:
    """Make the audio of a broadcast; it is on the air from then on. The worker does this for those of the page."""
    from app.broadcasts import rules, service  # noqa: PLC0415
    from app.cli.seeding import open_database  # noqa: PLC0415
    from app.platform.clock import utc_now  # noqa: PLC0415
    from app.platform.errors import HotlineError  # noqa: PLC0415
    from ivr_flows.build import build_prompts  # noqa: PLC0415
    from ivr_flows.prompts import Prompt  # noqa: PLC0415
    from ivr_flows.voice import choose_voice  # noqa: PLC0415

    settings = StackSettings()
    try:
        with open_database(settings) as store:
            with store.reading() as session:
                row = service.get_broadcast(session, broadcast_id)
            prompt = Prompt(row.prompt, row.text, rules.spoken(row.text))
            report = build_prompts(settings.sounds, prompts=[prompt], voice=choose_voice(settings.voice_command))
            if report.failed:
                raise StepFailed(f"the voice failed: {next(iter(report.failed.values()))}", "run `hotline doctor`")
            with store.transaction() as session:
                service.mark_spoken(session, broadcast_id, utc_now())
    except HotlineError as error:
        raise StepFailed(f"{error.code}: {error.detail}") from error
    report_done("broadcast", f"{broadcast_id} is spoken, in {report.seconds:.1f} s")
