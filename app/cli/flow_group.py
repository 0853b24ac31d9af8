"""`hotline flows`: the group, what is built and what is checked. Imports little, as pages start these commands."""

from typing import Annotated

import typer

from app.cli.console import JsonOption, StepFailed, console
from app.cli.settings import StackSettings

flows = typer.Typer(help="What callers are asked.", no_args_is_help=True)


@flows.command("build")
def build_flows(
    is_progress: Annotated[bool, typer.Option("--progress", help="With --json: a line for each prompt.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Speak the prompts whose text, voice or recording changed."""
    if as_json:
        _build_for_scripts(is_progress)
        return
    from app.cli.seeding import ensure_prompts  # noqa: PLC0415 - help is instant

    ensure_prompts()


def _build_for_scripts(is_progress: bool) -> None:
    """A BuildStep a line when asked for, and a BuildReport as the last line. Raises StepFailed."""
    from app.cli.line_voices import speak_lines  # noqa: PLC0415
    from app.contract.flows import BuildReport, BuildStep  # noqa: PLC0415
    from dialplan.changes.wanted import wanted_plan_file  # noqa: PLC0415
    from dialplan.plan_file import SitePlanFault, load_plan  # noqa: PLC0415
    from ivr_flows.build import Progress  # noqa: PLC0415
    from ivr_flows.prompts import PromptsInvalid  # noqa: PLC0415

    def show(one: Progress) -> None:
        if is_progress:
            typer.echo(BuildStep(done=one.done, total=one.total, key=one.name).model_dump_json())

    settings = StackSettings()
    try:
        plan = load_plan(wanted_plan_file(settings.home, settings.site_plan))
        report = speak_lines(plan, settings.sounds, settings, show)
    except (PromptsInvalid, SitePlanFault, OSError) as error:
        raise StepFailed(f"nothing was spoken: {error}", "`hotline flows check` shows what is wrong") from error
    told = BuildReport(
        built=report.built, copied=len(report.copied), kept=len(report.kept), failed=report.failed,
        seconds=round(report.seconds, 1),
    )  # fmt: skip
    typer.echo(told.model_dump_json())


@flows.command("check")
def check_flows() -> None:
    """Find invalid flows, and prompts that are missing, clipped or older than their text. Exit code 1: there are."""
    from app.cli.line_voices import find_problems, planned_lines  # noqa: PLC0415

    settings = StackSettings()
    problems = find_problems(settings, lines=planned_lines(settings))
    for problem in problems:
        typer.echo(str(problem))
    if problems:
        raise typer.Exit(1)
    console.print("every flow is valid and every prompt has its audio")
