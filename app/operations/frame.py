"""What every page of operations asks for: who looks, the node's commands, the runs."""

from typing import Annotated

from fastapi import Depends, Request

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.operations.commands import DialplanCommands
from app.operations.runs import RunFolder

TABS = (
    ("lines", "线路"),
    ("trunks", "中继"),
    ("calendar", "变更日历"),
    ("changes", "方案变更"),
    ("history", "变更记录"),
    ("probes", "拨测"),
    ("flows", "语音流程"),
    ("prompts", "提示音"),
    ("parked", "搁置上报"),
)
"""Path below /operations, and name; the keys 1, 2, 3 … open them."""

Reader = Annotated[Actor, Depends(require(Permission.OPERATIONS_READ))]
Operator = Annotated[Actor, Depends(require(Permission.OPERATIONS_READ, Permission.OPERATIONS_WRITE))]


async def get_commands(request: Request) -> DialplanCommands:
    commands: DialplanCommands = request.app.state.dialplan
    return commands


async def get_runs(request: Request) -> RunFolder:
    runs: RunFolder = request.app.state.dialplan_runs
    return runs


Commands = Annotated[DialplanCommands, Depends(get_commands)]
Runs = Annotated[RunFolder, Depends(get_runs)]
