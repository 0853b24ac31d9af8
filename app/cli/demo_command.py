"""`hotline demo`: set up, start, place one real call, show where to look. The stack stays up."""

import time

import typer
from rich.panel import Panel

from app.accounts.models import Role
from app.cli.console import StepFailed, console
from app.cli.settings import StackSettings
from app.cli.setup_command import setup
from app.cli.stack_commands import up

SCENARIO = "caller-reaches-agent"


def demo() -> None:
    """Set up, start the stack, place one real call through it, show its timeline; the stack stays up."""
    began = time.monotonic()
    setup()
    console.print()
    console.print("[bold]Starting the stack[/]")
    up()
    console.print()
    console.print("[bold]A citizen dials 12345[/]")
    _place_call()
    _show_door(time.monotonic() - began)


def _place_call() -> None:
    """One call with SIPp. Raises StepFailed when the stack is not fit for it, Exit when the call went wrong."""
    from sipp_scenarios.display import show_report, show_stage  # noqa: PLC0415 - needs the settings file
    from sipp_scenarios.runner import run  # noqa: PLC0415
    from sipp_scenarios.target import Target, TargetError  # noqa: PLC0415

    try:
        report = run(SCENARIO, Target(), watch=lambda stage: show_stage(console, stage))  # type: ignore[call-arg]
    except TargetError as error:
        raise StepFailed(str(error), "run `hotline doctor`") from error
    show_report(console, report)
    if not report.is_passed:
        console.print("The call did not go as it should. The stack is still up: `hotline doctor`, `hotline status`.")
        raise typer.Exit(1)
    for call in report.calls:
        console.print(f"Ticket [bold]{call.ticket_number}[/] was opened for this call.")


def _show_door(seconds: float) -> None:
    """Where the pages are, and who may log in."""
    from app.cli.seeding import read_demo_users  # noqa: PLC0415 - imports the whole store

    settings = StackSettings()
    path = settings.home / "demo-users.json"
    program = ".venv/bin/hotline"
    agent = next(user for user in read_demo_users(path) if user.role == Role.AGENT)
    console.print(
        Panel(
            f"[bold]{settings.page_url}[/]\nlog in as [bold]{agent.username}[/] ({agent.display_name}), password "
            f"[bold]{agent.password}[/]\nall demo users: {path}\n\n"
            f"{program} call --list   more scenarios\n{program} seat list     what a softphone needs\n"
            f"make stop                       ends the stack\n\nthis took {seconds:.0f} s",
            title="The stack is up",
            title_align="left",
            expand=False,
        )
    )
