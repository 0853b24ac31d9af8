"""What the `hotline flows` commands share: where flows are, what they may name, what prompts say."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import StepFailed
from app.cli.flow_refusal import FlowRefused
from app.cli.settings import StackSettings

if TYPE_CHECKING:
    from ivr_flows.flow import Flow
    from ivr_flows.validator import Known
    from ivr_flows.versions import FlowStore

FlowName = Annotated[str, typer.Argument(help="Name of a flow, or a flow file.")]
ByOption = Annotated[str, typer.Option("--by", help="Who does it; empty: you.")]
VersionOption = Annotated[int | None, typer.Option("--version", min=1, help="This version; else the one in force.")]
LineOption = Annotated[str, typer.Option("--line", help="For callers of this line alone.")]
NoteOption = Annotated[str, typer.Option("--note", help="Why; it stands in the history.")]


def store() -> "FlowStore":
    """The published flows of this node."""
    from ivr_flows.versions import FlowStore  # noqa: PLC0415 - help is instant

    return FlowStore(StackSettings().home / "flows")


def today() -> str:
    """The day of which publishing speaks."""
    from ivr_flows.versions import SHANGHAI  # noqa: PLC0415

    return datetime.now(SHANGHAI).date().isoformat()


def now() -> datetime:
    return datetime.now(UTC)


def files_in_force() -> dict[str, Path]:
    """The file of each flow: as published, or as shipped while nothing is."""
    from ivr_flows.loader import FLOWS  # noqa: PLC0415

    return store().files_in_force(today()) or {file.stem: file for file in sorted(FLOWS.glob("*.yaml"))}


def known() -> "Known":
    """Prompts, queues and numbers that a flow may name on this node. Raises StepFailed for a broken site plan."""
    from dialplan.changes.wanted import wanted_plan_file  # noqa: PLC0415
    from dialplan.handover_targets import handover_targets  # noqa: PLC0415
    from dialplan.plan_file import SitePlanFault, load_plan  # noqa: PLC0415
    from ivr_flows.validator import Known  # noqa: PLC0415

    settings = StackSettings()
    try:
        plan = load_plan(wanted_plan_file(settings.home, settings.site_plan))
    except SitePlanFault as fault:
        raise StepFailed(str(fault), "correct it, then run `hotline dialplan check`") from fault
    return Known(
        prompts={language: prompt_texts(language) for language in languages()},
        queues={queue.name for queue in plan.queues},
        targets={target["number"] for target in handover_targets(plan)},
    )


def find_flow(name: str, version: int | None = None) -> tuple[dict[str, "Flow"], str]:
    """The flows in force with this one among them, and its name; a file or another version stands beside them.

    Raises FlowRefused.
    """
    from ivr_flows.loader import read_flows  # noqa: PLC0415

    files = files_in_force()
    if name.endswith(".yaml"):
        file = Path(name)
        files, name = {**files, file.stem: file}, file.stem
    elif version is not None:
        files = {**files, name: store().file(name, version)}
    flows, problems = read_flows(files.values())
    if name not in files:
        there = ", ".join(sorted(files))
        raise FlowRefused("unknown-flow", f"there is no flow '{name}'", f"flows are {there}", flow=name)
    if name not in flows:
        own = [problem for problem in problems if problem.file == files[name].name]
        listed = "\n".join(map(str, own))
        raise FlowRefused("flow-invalid", f"flow '{name}' is not valid:\n{listed}", "correct the file", problems=own)
    return flows, name


def languages() -> tuple[str, ...]:
    from ivr_flows.say import LANGUAGES  # noqa: PLC0415

    return LANGUAGES


def prompt_texts(language: str) -> Mapping[str, str]:
    """What each prompt says in this language, the installation's own texts included. Raises StepFailed."""
    from ivr_flows.prompts import SHIPPED, PromptsInvalid, load_prompts, site_source  # noqa: PLC0415

    try:
        prompts = load_prompts(language, (SHIPPED, site_source(StackSettings().home)))
    except PromptsInvalid as error:
        raise StepFailed(str(error), "correct the prompt list") from error
    return {name: prompt.text for name, prompt in prompts.items()}


def myself() -> str:
    return os.environ.get("SUDO_USER") or os.environ.get("USER") or "root"
