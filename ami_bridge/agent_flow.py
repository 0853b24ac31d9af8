"""A flow at an agent's key: the citizen hears it, the agent waits in a room, and has him back when it says so.

Where the flow leads is the dialplan's own (extensions_agent_flow.conf.j2); its steps come home as user events.
"""

from ami_bridge.handover import FLOWS, into_room, look
from ami_bridge.switch import SwitchConnection, SwitchRefused
from app.contract.commands import PlayFlow, StopFlow

STOPPED = "stopped"


async def play(switch: SwitchConnection, command: PlayFlow) -> None:
    """Move both, and the flow begins. Raises SwitchRefused, SwitchUnavailable; then nobody was moved."""
    question = f"DIALPLAN_EXISTS({FLOWS},{command.flow},1)"
    if (await switch.call("GetVar", {"Variable": question}))[0].get("Value") != "1":
        raise SwitchRefused(f"no way to play {command.flow}")
    await into_room(switch, command, FLOWS, command.flow)


async def stop(switch: SwitchConnection, command: StopFlow) -> None:
    """The citizen goes to the agent who waits. Refused when nothing is played, or the agent has gone."""
    conversation = await look(switch, command.call_id)
    if not conversation.hears_flow:
        raise SwitchRefused("no flow is being played")
    if not conversation.has_agent:
        raise SwitchRefused("the agent does not wait any more")
    where = {"Context": FLOWS, "Exten": STOPPED, "Priority": "1"}
    await switch.call("Redirect", {"Channel": conversation.citizen.channel, **where})
