"""JSON of the keys 110, 119, 120, 122 and lines: hand over, leave it to them, take it back."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.desk import handover_service as service
from app.desk.schemas import Asked
from app.desk.steering import record_call
from app.handovers.schemas import HandoverOut
from app.platform.http import DatabaseDep, SwitchDep

router = APIRouter(tags=["handovers"])

DeskUser = Annotated[Actor, Depends(require(Permission.DESK_USE))]


class HandoverIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    target: str = Field(pattern=r"^[0-9]{3,20}$", description="110, 119, 120, 122 or a line's number")
    call_id: str | None = Field(default=None, max_length=64, description="the agent's own call; none: the present one")


class HandoverAsked(Asked):
    """The switch took the command. `id` names the attempt; null when its first step was not reported in time."""

    id: int | None = None
    handover: HandoverOut | None = None


@router.post("/handovers", status_code=202, summary="Hand a call over")
def create_handover(body: HandoverIn, actor: DeskUser, database: DatabaseDep, switch: SwitchDep) -> HandoverAsked:
    """One key: 110/119/120/122 or a line joins citizen and agent. Nobody else is asked, nobody is left alone.

    409: no call of yours, a hand-over is under way, or no way to the number. 503: the switch is not reached.
    """
    command = service.command_hand_over(database, actor, body.call_id, body.target)
    newest = service.last_handover_id(database, command.call_id)
    switch.send(command)
    record_call(database, actor, "handover_asked", command.call_id, {"target": command.target})
    row = service.wait_for_handover(database, command.call_id, after=newest)
    return HandoverAsked(id=row.id, handover=HandoverOut.of(row)) if row else HandoverAsked()


@router.post("/handovers/{handover_id}/leave", status_code=202, summary="Leave it to the other side")
def leave_handover(handover_id: int, actor: DeskUser, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """The other side has taken the matter: the agent goes, citizen and service talk on. 409 while it is not there."""
    command = service.command_leave(database, actor, handover_id)
    switch.send(command)
    record_call(database, actor, "handover_left", command.call_id, {})
    return Asked()


@router.post("/handovers/{handover_id}/take-back", status_code=202, summary="Take a hand-over back")
def take_back_handover(handover_id: int, actor: DeskUser, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """The other side goes, or is no longer rung; citizen and agent talk on. 409 when the agent has left."""
    command = service.command_take_back(database, actor, handover_id)
    switch.send(command)
    record_call(database, actor, "handover_taken_back", command.call_id, {})
    return Asked()
