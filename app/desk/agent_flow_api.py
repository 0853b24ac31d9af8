"""JSON of the keys that play the citizen a text or a flow, and stop it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.contract.agent_flows import AgentFlow
from app.desk import agent_flow_service as service
from app.desk.schemas import Asked
from app.desk.steering import record_call
from app.platform.http import DatabaseDep, SwitchDep

router = APIRouter(tags=["desk"])

DeskUser = Annotated[Actor, Depends(require(Permission.DESK_USE))]
CallId = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="the agent's own call")]


class PlayFlowIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    flow: AgentFlow


@router.post("/calls/{call_id}/play-flow", status_code=202)
def play_flow(call_id: CallId, body: PlayFlowIn, actor: DeskUser, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """One key: the citizen hears what the hotline may not take, a warning, or whom he is put through to.

    The agent waits, and has the citizen back; of `nuisance` unheeded the supervisors have him, of `emergency-…` the
    service joins both. 404: no call of yours. 409: you do not talk, it has ended, or something is
    played or handed over already. 503: the switch is not reached.
    """
    switch.send(service.command_play(database, actor, call_id, body.flow))
    record_call(database, actor, "flow_played", call_id, {"flow": body.flow})
    return Asked()


@router.post("/calls/{call_id}/stop-flow", status_code=202)
def stop_flow(call_id: CallId, actor: DeskUser, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """The citizen hears no more of it and talks with the agent again. 409 when nothing is played."""
    switch.send(service.command_stop(database, actor, call_id))
    record_call(database, actor, "flow_stopped", call_id, {})
    return Asked()
