"""JSON of the desk: agents' states, what an agent asks of the switch, screen pops."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.calls import service as calls
from app.contract.commands import AnyCommand
from app.desk import service
from app.desk.schemas import AgentList, AgentOut, Asked, PauseIn, PopList, PopOut
from app.desk.steering import record_steering
from app.platform.database import Database
from app.platform.http import ClockDep, DatabaseDep, Reading, SwitchDep
from app.platform.switch import Switch

router = APIRouter(tags=["desk"])

Anybody = Annotated[Actor, Depends(require())]
DeskUser = Annotated[Actor, Depends(require(Permission.DESK_USE))]
Watcher = Annotated[Actor, Depends(require(Permission.AGENTS_READ))]
Username = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.-]{1,64}$", description="the agent's number (工号)")]


def _steer(
    switch: Switch, command: AnyCommand | None, database: Database, actor: Actor, username: str, *, name: str
) -> Asked:
    """Ask the switch, and note it where somebody else than the agent asks."""
    if command is not None:
        switch.send(command)
    record_steering(database, actor, username, name)
    return Asked()


@router.get("/agents")
def list_agents(actor: Watcher, session: Reading, clock: ClockDep) -> AgentList:
    """What every agent is doing now."""
    return AgentList(items=[AgentOut.of(agent) for agent in service.list_agents(session, clock(), actor)])


@router.get("/agents/me")
def read_own_state(actor: DeskUser, session: Reading, clock: ClockDep) -> AgentOut:
    """What the logged-in agent is doing now."""
    return AgentOut.of(service.get_agent(session, actor.name, clock()))


@router.post("/agents/{username}/sign-in", status_code=202)
def sign_in(username: Username, actor: Anybody, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """Put the agent's seat into the queues of the account. 503: the switch is not reached; 409: it refused."""
    return _steer(switch, service.command_sign_in(database, actor, username), database, actor, username, name="sign_in")


@router.post("/agents/{username}/sign-out", status_code=202)
def sign_out(username: Username, actor: Anybody, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """Take the agent out of every queue. A running conversation goes on."""
    return _steer(
        switch, service.command_sign_out(database, actor, username), database, actor, username, name="sign_out"
    )


@router.post("/agents/{username}/pause", status_code=202)
def pause(username: Username, body: PauseIn, actor: Anybody, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """No calls for a while (示忙), for a reason of the list."""
    command = service.command_pause(database, actor, username, body.reason)
    return _steer(switch, command, database, actor, username, name="pause")


@router.post("/agents/{username}/resume", status_code=202)
def resume(username: Username, actor: Anybody, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """Take calls again (就绪)."""
    return _steer(switch, service.command_resume(database, actor, username), database, actor, username, name="resume")


@router.post("/agents/{username}/finish-wrap-up", status_code=202)
def finish_wrap_up(
    username: Username, actor: Anybody, database: DatabaseDep, switch: SwitchDep, clock: ClockDep
) -> Asked:
    """The work after a call (话后整理) is done."""
    command = service.finish_wrap_up(database, actor, username, clock())
    return _steer(switch, command, database, actor, username, name="finish_wrap_up")


@router.post("/agents/{username}/extend-wrap-up", status_code=202)
def extend_wrap_up(username: Username, actor: Anybody, database: DatabaseDep, switch: SwitchDep) -> Asked:
    """More time for the work after a call: a pause with the reason wrap_up, until it is finished."""
    command = service.command_pause(database, actor, username, "wrap_up")
    return _steer(switch, command, database, actor, username, name="extend_wrap_up")


@router.get("/pops")
def read_pops(
    actor: DeskUser,
    session: Reading,
    clock: ClockDep,
    call_id: Annotated[str | None, Query(max_length=64, description="all of this call, acknowledged ones too")] = None,
) -> PopList:
    """The agent's own screen pops that are not acknowledged, or all of one call, oldest first."""
    if call_id is None:
        pending = calls.list_pending_pops(session, actor.name, now=clock())
        return PopList(items=[PopOut.model_validate(pop) for pop in pending])
    told = calls.list_pops_of_call(session, actor.name, call_id)
    return PopList(items=[PopOut.model_validate(pop) for pop in told])


@router.post("/pops/{pop_id}/acknowledge")
def acknowledge_pop(pop_id: int, actor: DeskUser, database: DatabaseDep, clock: ClockDep) -> PopOut:
    """The page has shown it: it is not sent again. Another agent's pop does not exist for the caller (404)."""
    with database.transaction() as session:  # once a call: over before this thread ends, so facts wait less (ADR 0382)
        return PopOut.model_validate(calls.acknowledge_pop(session, actor.name, pop_id, clock()))
