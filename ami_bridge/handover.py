"""Rooms at the switch: move a conversation into its room, leave it to the other side, or take it back.

The room and the third leg are the dialplan's own (extensions_handover.conf.j2); its steps come home as user events.
"""

from dataclasses import dataclass
from secrets import token_hex

from ami_bridge.switch import Headers, SwitchConnection, SwitchRefused
from app.contract.commands import HandOver, LeaveHandOver, PlayFlow, TakeBack

NORMAL_CLEARING = "16"
ROOM = "ConfBridge"
TARGETS, AGENTS = "handover", "handover-agent"
ROOM_EXTENSION, KEPT = "room", "kept"
UNDER_WAY = "a hand-over is under way"
FLOWS, PLAYER, PLAYING = "agent-flow", "AGI", "a flow is being played"
LEG, HALF = "@handover-leg-", "@half-"


@dataclass(frozen=True, slots=True)
class Leg:
    """One channel of a call."""

    channel: str
    uniqueid: str
    bridge: str
    context: str
    application: str


class Conversation:
    """The channels of one call, as Asterisk lists them."""

    def __init__(self, call_id: str, messages: list[Headers]) -> None:
        self.call_id = call_id
        self.legs = [
            Leg(
                message.get("Channel", ""),
                message.get("Uniqueid", ""),
                message.get("BridgeId", ""),
                message.get("Context", ""),
                message.get("Application", ""),
            )
            for message in messages
            if message.get("Event") == "CoreShowChannel"
            and call_id in (message.get("AccountCode"), message.get("Uniqueid"))
        ]

    @property
    def citizen(self) -> Leg:
        """Raises SwitchRefused when the citizen has hung up."""
        for leg in self.legs:
            if leg.uniqueid == self.call_id:
                return leg
        raise SwitchRefused("this call has no channel any more")

    def agent(self, seat: str) -> Leg:
        """The leg of the agent who talks with the citizen. Raises SwitchRefused."""
        bridges = self._bridges_of_citizen()
        for leg in self.legs:
            if leg.channel.startswith(f"PJSIP/{seat}-") and leg.bridge in bridges:
                return leg
        raise SwitchRefused(f"seat {seat} does not talk in this call")

    def _bridges_of_citizen(self) -> set[str]:
        """Where the citizen is heard: in a parallel call the queue stands behind a Local channel, a bridge further."""
        near = {self.citizen.bridge} - {""}
        halves = {leg.channel.rpartition(";")[0] for leg in self.legs if HALF in leg.channel and leg.bridge in near}
        return near | {leg.bridge for leg in self.legs if leg.channel.rpartition(";")[0] in halves and leg.bridge}

    @property
    def third(self) -> list[Leg]:
        """Both halves of the way to the other service, the near one (in the room) first; empty without a hand-over."""
        return sorted((leg for leg in self.legs if LEG in leg.channel), key=lambda leg: leg.channel[-1])

    @property
    def is_joined(self) -> bool:
        """Whether the other service is in the room."""
        return any(leg.channel.endswith(";1") and leg.application == ROOM for leg in self.third)

    @property
    def hears_flow(self) -> bool:
        """Whether the citizen hears a flow that the agent plays."""
        return self.citizen.context == FLOWS and self.citizen.application == PLAYER

    @property
    def has_agent(self) -> bool:
        return any(leg.context == AGENTS for leg in self.legs)


async def look(switch: SwitchConnection, call_id: str) -> Conversation:
    return Conversation(call_id, await switch.call("CoreShowChannels", {}, is_list=True))


async def hand_over(switch: SwitchConnection, command: HandOver) -> None:
    """Citizen and agent into the room; the dialplan brings in the target. Raises SwitchRefused, SwitchUnavailable.

    Everything is asked before anything is moved: a redirect to nowhere would hang both up. One at a time for a call
    (ami_bridge.commands): between the question and the move nobody else may move it.
    """
    question = f"DIALPLAN_EXISTS({TARGETS},{command.target},1)"
    if (await switch.call("GetVar", {"Variable": question}))[0].get("Value") != "1":
        raise SwitchRefused(f"no way to hand over to {command.target}")
    await into_room(switch, command, TARGETS, command.target)


async def into_room(switch: SwitchConnection, command: HandOver | PlayFlow, context: str, extension: str) -> None:
    """The agent into a room, the citizen to this extension, in one action. Raises as `hand_over`."""
    conversation = await look(switch, command.call_id)
    citizen = conversation.citizen
    if conversation.hears_flow:
        raise SwitchRefused(PLAYING)
    if conversation.third or await _is_unsettled(switch, citizen):
        raise SwitchRefused(UNDER_WAY)
    agent = conversation.agent(command.seat)
    # Never the room of an attempt before: two who leave it and come back at once would meet in two rooms of one name.
    room = f"{command.call_id}-{token_hex(4)}"
    for channel, name, value in (
        (citizen.channel, "HL_ROOM", room),
        (agent.channel, "HL_ROOM", room),
        (citizen.channel, "HL_HANDOVER_AGENT", command.agent),
        (agent.channel, "HL_HANDOVER_AGENT", command.agent),
        (agent.channel, "HL_CITIZEN", citizen.channel),
    ):
        await switch.call("Setvar", {"Channel": channel, "Variable": name, "Value": value})
    await switch.call(
        "Redirect",
        {
            "Channel": citizen.channel,
            "Context": context,
            "Exten": extension,
            "Priority": "1",
            "ExtraChannel": agent.channel,
            "ExtraContext": AGENTS,
            "ExtraExten": "s",
            "ExtraPriority": "1",
        },
    )


async def _is_unsettled(switch: SwitchConnection, citizen: Leg) -> bool:
    """Whether an attempt has begun and not ended. Raises as `hand_over`.

    The way to the other service is listed only some milliseconds after the redirect, and so is the citizen's new place.
    The channel itself stands there at once. In its room the state is that of the last attempt: `kept` when it ended.
    """

    async def ask(variable: str) -> str:
        answer = await switch.call("GetVar", {"Channel": citizen.channel, "Variable": variable})
        return answer[0].get("Value", "")

    if not (await ask("CONTEXT")).startswith(TARGETS):
        return False
    return await ask("EXTEN") != ROOM_EXTENSION or await ask("SHARED(HL_HANDOVER_STATE)") != KEPT


async def leave(switch: SwitchConnection, command: LeaveHandOver) -> None:
    """The agent goes, citizen and service stay. Refused while the service is not there: the citizen would be alone."""
    conversation = await look(switch, command.call_id)
    agent = conversation.agent(command.seat)
    if not conversation.is_joined:
        raise SwitchRefused("the other side is not in the conversation")
    await switch.call("Hangup", {"Channel": agent.channel, "Cause": NORMAL_CLEARING})


async def take_back(switch: SwitchConnection, command: TakeBack) -> None:
    """The service goes, citizen and agent stay. Refused when the agent has gone: the citizen would be alone."""
    conversation = await look(switch, command.call_id)
    if not conversation.third:
        raise SwitchRefused("no hand-over is under way")
    if not conversation.has_agent:
        raise SwitchRefused("the agent has left it to the other side")
    await switch.call("Hangup", {"Channel": conversation.third[-1].channel, "Cause": NORMAL_CLEARING})
