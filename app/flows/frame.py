"""What every page and operation of flows asks for: the node's commands, the builds of prompts, names in paths."""

from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request

from app.flows.builds import BuildFolder
from app.flows.commands import FlowCommands


async def get_commands(request: Request) -> FlowCommands:
    commands: FlowCommands = request.app.state.flows
    return commands


async def get_builds(request: Request) -> BuildFolder:
    builds: BuildFolder = request.app.state.prompt_builds
    return builds


Flows = Annotated[FlowCommands, Depends(get_commands)]
Builds = Annotated[BuildFolder, Depends(get_builds)]
FlowName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="the flow's name")]
PromptName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="the prompt's name")]
Language = Annotated[str, Path(pattern=r"^(zh|en)$", description="zh or en")]
SwitchName = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$", description="as flows name it: flag.NAME")]
BuildId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
VersionNumber = Annotated[int | None, Query(ge=0, le=1_000_000, description="as published; left out: the one in force")]
Days = Annotated[int, Query(ge=1, le=366, description="so many days up to today")]
ANSWERS: dict[int | str, dict[str, Any]] = {
    404: {"description": "`flow-not-found`: the node has none of this name"},
    409: {"description": "`flow-refused`: `detail` says why, Chinese; `reason` is its code"},
}
UNFIT: dict[int | str, dict[str, Any]] = {
    422: {"description": "`flow-unfit`: what was sent cannot be taken; `problems` of a flow, each with its row"}
}
