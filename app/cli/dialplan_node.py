"""What the `hotline dialplan` commands share: settings, the plan's text, refusals, checks beyond the dialplan's own."""

import io
import json
import os
import pwd
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import typer
from pydantic import BaseModel, ValidationError

from app.cli.console import StepFailed
from app.contract.changes import Fault, Refusal, Step, StepName, StepOutcome
from dialplan.changes.saying import Said, Saying, reason_zh, say, saying_of

if TYPE_CHECKING:
    from dialplan.changes.applying import Applying, ChangeRequest
    from dialplan.changes.steps import OnStep
    from dialplan.settings import DialplanSettings
    from dialplan.site_plan import SitePlan


def answer(document: BaseModel) -> None:
    """Print the one JSON document of a command."""
    typer.echo(document.model_dump_json())


def refuse(said: Saying, *, as_json: bool) -> NoReturn:
    """End with exit code 1: a Refusal for scripts, two lines for people."""
    if as_json:
        answer(
            Refusal(code=said.code, message=said.text, message_zh=said.zh, remedy=said.remedy, remedy_zh=said.remedy_zh)
        )
        raise typer.Exit(1)
    raise StepFailed(said.text, said.remedy)


@contextmanager
def refusing(*, as_json: bool) -> Iterator[None]:
    """What cannot be done within is refused in words; also what a full or closed disk says."""
    try:
        yield
    except (Said, OSError) as error:
        refuse(saying_of(error), as_json=as_json)


def node_settings(*, as_json: bool) -> "DialplanSettings":
    """Settings of this node. Refuses before set-up."""
    from dialplan.settings import DialplanSettings  # noqa: PLC0415 - help is instant

    try:
        return DialplanSettings()  # type: ignore[call-arg]  # the environment fills it
    except ValidationError as error:
        missing = ", ".join(f"HOTLINE_{str(part['loc'][0]).upper()}" for part in error.errors())
        refuse(say("settings_missing", names=missing), as_json=as_json)


def whoami() -> str:
    """The person at the terminal, also under sudo."""
    name = os.environ.get("SUDO_USER") or os.environ.get("USER")
    return name or pwd.getpwuid(os.getuid()).pw_name


def read_plan(plan: str | None, settings: "DialplanSettings", *, as_json: bool) -> tuple[str, str]:
    """Text and name of the plan that is meant: stdin for `-`, a file, or that of HOTLINE_SITE_PLAN."""
    from dialplan.changes.wanted import wanted_plan_file  # noqa: PLC0415

    if plan == "-":
        try:
            return io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8").read(), "stdin"
        except UnicodeDecodeError:
            refuse(say("file_not_utf8", file="stdin"), as_json=as_json)
    file = Path(plan) if plan else settings.site_plan
    if plan is None and wanted_plan_file(settings.home, file) != file:
        refuse(say("file_older", file=file, name=file.name), as_json=as_json)
    try:
        return file.read_text(encoding="utf-8"), file.name
    except OSError as error:
        refuse(say("file_unreadable", file=file, reason=error.strerror, reason_zh=reason_zh(error)), as_json=as_json)
    except UnicodeDecodeError:
        refuse(say("file_not_utf8", file=file), as_json=as_json)


def more_checks(plan: "SitePlan") -> Iterator[Fault]:
    """Flows that exist and fit the plan's queues, prompts with audio, and what the store's records forbid."""
    from app.cli.line_voices import find_problems  # noqa: PLC0415
    from app.cli.settings import StackSettings  # noqa: PLC0415
    from ivr_flows.loader import FLOWS  # noqa: PLC0415

    flows = {file.stem for file in FLOWS.glob("*.yaml")}
    doors = [(f"queues[{queue.name}].side_doors", queue.side_doors.flow) for queue in plan.queues if queue.side_doors]
    for where, flow in [*doors, *([("rating_flow", plan.rating_flow)] if plan.rating_flow else [])]:
        if flow not in flows:
            yield Fault(where=where, what=f"there is no flow {flow}", advice=f"Use one of {', '.join(sorted(flows))}")
    for trunk in plan.trunks:
        if trunk.flow not in flows:
            advice = f"Use one of {', '.join(sorted(flows))}"
            yield Fault(where=f"trunks[{trunk.name}].flow", what=f"there is no flow {trunk.flow}", advice=advice)
    for problem in find_problems(StackSettings(), queues={queue.name for queue in plan.queues}):
        yield Fault(where="flows", what=str(problem), advice="`hotline flows check`, `hotline flows build`")
    yield from _objections(plan)


def _objections(plan: "SitePlan") -> Iterator[Fault]:
    """Rules that look at lines known before (R12, R15). A store that does not answer objects to nothing."""
    from app.cli.line_store import objections_to_plan  # noqa: PLC0415

    try:
        found = objections_to_plan(plan)
    except StepFailed:
        return
    yield from (Fault(where="lines", what=text) for text in found)


def speak_line_prompts(plan: "SitePlan") -> int:
    """Audio of the plan's lines that is not there yet, e.g. what an agent hears of a new line; how many prompts."""
    from app.cli.line_voices import speak_lines  # noqa: PLC0415
    from app.cli.settings import StackSettings  # noqa: PLC0415

    settings = StackSettings()
    report = speak_lines(plan, settings.sounds, settings)
    return len(report.built) + len(report.copied)


def applying_here(
    settings: "DialplanSettings", request: "ChangeRequest", on_step: "OnStep" = lambda _: None
) -> "Applying":
    """A change of this node, with what only the whole product knows: flows, lines known before, voices."""
    from dialplan.changes.applying import Applying  # noqa: PLC0415

    return Applying(settings, request, on_step=on_step, more_checks=more_checks, speak_prompts=speak_line_prompts)


def take_over(plan_text: str) -> Step:
    """Copy the applied plan's lines into the store; a failure is told and undoes nothing."""
    from app.cli.line_store import describe, describe_zh, take_over_plan  # noqa: PLC0415
    from dialplan.plan_file import parse_plan  # noqa: PLC0415

    began = time.monotonic()
    try:
        taken = take_over_plan(parse_plan(plan_text, name="plan"))
        outcome = StepOutcome.DONE
        seen = say("lines_known")
        if not taken.is_nothing:
            seen = say("lines_taken", lines=describe(taken), lines_zh=describe_zh(taken))
    except StepFailed as failure:
        outcome, seen = StepOutcome.FAILED, say("lines_not_taken", reason=failure)
    took = round((time.monotonic() - began) * 1000)
    return Step(name=StepName.TAKE_OVER, outcome=outcome, detail=seen.text, detail_zh=seen.zh, duration_ms=took)


def progress_line(step: Step) -> None:
    """One JSON line for who follows."""
    typer.echo(json.dumps({"step": step.model_dump(mode="json")}, ensure_ascii=False))
    sys.stdout.flush()
