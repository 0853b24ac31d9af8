"""`hotline up | down | status`: the processes of the stack."""

import json
from dataclasses import asdict

import typer
from rich.markup import escape
from rich.table import Table

from app.cli import health
from app.cli.console import JsonOption, StepFailed, console, report_done, report_present, say
from app.cli.doctor.finding import Finding, Level
from app.cli.doctor.probes import check_audit, check_calendar, check_facts, check_ports, run_checks
from app.cli.process_control import ProcessControl, render_configuration
from app.cli.processes import list_programs
from app.cli.settings import StackSettings


def up() -> None:
    """Start every process and wait until each is healthy. A change that was cut short is mended before."""
    from app.cli.dialplan_setup import mend_dialplan  # noqa: PLC0415 - help is instant

    settings = StackSettings()
    if not settings.redis_password.get_secret_value():
        raise StepFailed(f"there are no secrets in {settings.home}", "run `hotline setup`")
    render_configuration(settings, list_programs(settings))
    mend_dialplan()
    control = ProcessControl(settings)
    if control.is_up():
        control.reread()
        report_present("supervisord", str(settings.supervisor_home))
    else:
        _refuse_left_overs(control)
        _refuse_taken_ports(settings)
        control.start_supervisor()
        report_done("supervisord", str(settings.supervisor_home))
    names = [state.name for state in control.list_states()]
    for name in names:
        control.start(name)
    health.wait_until_healthy(control, settings, names)
    console.print(f"The stack is up: {settings.page_url}")


def _refuse_left_overs(control: ProcessControl) -> None:
    if left := control.list_left_over():
        raise StepFailed(f"processes of an earlier run are still alive: {left}", "run `hotline down` first")


def _refuse_taken_ports(settings: StackSettings) -> None:
    """Say who is there already, before six processes fail one by one."""
    taken = [finding for finding in check_ports(settings) if finding.level is Level.FAIL]
    if taken:
        raise StepFailed("\n".join(finding.message for finding in taken), taken[0].remedy)


def down() -> None:
    """Stop every process of the stack; afterwards none is left."""
    settings = StackSettings()
    control = ProcessControl(settings)
    if not control.is_up() and not control.list_left_over():
        report_present("stopped", "nothing of this stack is running")
        return
    with console.status("stopping"):
        killed = control.shut_down()
    detail = f"had to be killed: {killed}" if killed else "no process of this stack is left"
    report_done("stopped", detail)


def status(as_json: JsonOption = False) -> None:
    """Show every process: is it running, is it healthy, since when; and what else needs a look.

    That is: lines whose test calls fail or are too old, a year without a working-day calendar, facts that could not be
    kept, and how the last nightly check of the audit log ended. Exit code 1 unless all processes are healthy: the rest
    is another matter.
    """
    settings = StackSettings()
    rows = [
        {
            "name": state.name,
            "state": state.state,
            "pid": state.pid or None,
            "up_for": state.description.partition("uptime ")[2],
            "problem": health.why_not_healthy(state.name, settings) if state.state == "RUNNING" else state.description,
        }
        for state in ProcessControl(settings).list_states()
    ]
    is_healthy = bool(rows) and all(row["state"] == "RUNNING" and not row["problem"] for row in rows)
    lines = _line_troubles(settings)
    warnings = _warnings(settings)
    if as_json:
        document = {"is_healthy": is_healthy, "url": settings.page_url, "processes": rows, "lines": lines}
        document["warnings"] = [asdict(finding) for finding in warnings]
        typer.echo(json.dumps(document))
    elif not rows:
        console.print("The stack is not running. Start it with `hotline up`.")
    else:
        table = Table("process", "state", "pid", "up for", "problem", box=None)
        for row in rows:
            table.add_row(*(str(row[key] or "") for key in ("name", "state", "pid", "up_for", "problem")))
        console.print(table)
        _show_lines(lines)
        for finding in warnings:
            say(f"[{'dim' if finding.level is Level.OK else 'yellow'}]{finding.check}[/]  {escape(finding.message)}")
            if finding.remedy:
                say(f"  [bold]→[/] {escape(finding.remedy)}")
    if not is_healthy:
        raise typer.Exit(1)


def _warnings(settings: StackSettings) -> list[Finding]:
    """What the people in charge should know though every process runs; how the audit log stands in any case."""
    found = run_checks(settings, (check_calendar, check_facts, check_audit))
    return [finding for finding in found if finding.level is not Level.OK or finding.check == "audit log"]


def _line_troubles(settings: StackSettings) -> dict[str, object]:
    """`watched`: lines of the plan in force; `waiting`: those not dialled yet; `troubled`: line → what is wrong.

    `problem`: why nobody can tell.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 - help is instant

    from app.cli.line_watch import describe_trouble, watch_now  # noqa: PLC0415

    try:
        watch = watch_now(settings)
    except (StepFailed, SQLAlchemyError) as failure:
        return {"watched": 0, "waiting": 0, "troubled": {}, "problem": str(failure).splitlines()[0]}
    troubled = {one.line.number: describe_trouble(one) for one in watch.troubled}
    return {"watched": len(watch.lines), "waiting": watch.waiting, "troubled": troubled, "problem": ""}


def _show_lines(lines: dict[str, object]) -> None:
    if lines["problem"]:
        say(f"[yellow]lines[/]    nobody can tell: {escape(str(lines['problem']))}")
        return
    troubled = lines["troubled"]
    if not isinstance(troubled, dict) or not troubled:
        say(f"lines    {lines['watched']}, none needs a look; {lines['waiting']} wait for their first test call")
        return
    for line, trouble in troubled.items():
        say(f"[yellow]line {line}[/]  {escape(trouble)}")
