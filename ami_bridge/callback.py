"""Calls to citizens: a channel waits in a citizen's stead, or rings him for a flow, under an id nothing else can have.

Where it waits and whom it rings is the dialplan's own (extensions_callback.conf.j2, extensions_followup.conf.j2). This
is the only place that originates, and it can name neither a trunk nor an application (ADR 0210).
"""

from collections.abc import Mapping

from ami_bridge.parse import parse_channels
from ami_bridge.switch import SwitchConnection, SwitchRefused
from app.contract.commands import CallBack, FollowUpCall, IncidentOverCall
from app.contract.ids import UniqueId

PLACES, CITIZEN = "callback", "callback-citizen"
FOLLOW_UP, FOLLOW_UP_CITIZEN = "follow-up", "follow-up-citizen"
START, INCIDENT_OVER = "s", "incident-over"
LONGEST_MS = 4 * 3_600_000
"""The dialplan ends the wait long before; Asterisk's own limit of 30 seconds would cut it."""


async def call_back(switch: SwitchConnection, command: CallBack) -> None:
    """Put the call-back into its queue. Raises SwitchRefused, SwitchUnavailable.

    Asked again while it waits or talks, nothing happens.
    """
    inherited = {"HL_LINE": command.line, "HL_PLACE_AT": str(command.place_at), "HL_PRIORITY": str(command.priority)}
    await _originate(switch, command, (command.queue, PLACES), (START, CITIZEN), inherited)


async def ring_for_flow(switch: SwitchConnection, command: FollowUpCall | IncidentOverCall) -> None:
    """Ring the citizen, and let the flow speak with him. Raises SwitchRefused, SwitchUnavailable.

    Asked again while it rings or talks, nothing happens.
    """
    extension = START if isinstance(command, FollowUpCall) else INCIDENT_OVER
    far, near = (extension, FOLLOW_UP), (extension, FOLLOW_UP_CITIZEN)
    await _originate(switch, command, far, near, {"HL_LINE": command.line})


async def _originate(
    switch: SwitchConnection,
    command: CallBack | FollowUpCall | IncidentOverCall,
    far: tuple[str, str],
    near: tuple[str, str],
    inherited: Mapping[str, str],
) -> None:
    """Extension and context of each half; `far` is the one whose id is the call's."""
    extension, context = far
    question = f"DIALPLAN_EXISTS({context},{extension},1)"
    if (await switch.call("GetVar", {"Variable": question}))[0].get("Value") != "1":
        raise SwitchRefused("no way to call back")
    if UniqueId(command.call_id) in parse_channels(await switch.call("CoreShowChannels", {}, is_list=True)):
        return
    variables = {"HL_CALL_ID": command.call_id, "HL_NUMBER": command.number, **inherited}
    await switch.call(
        "Originate",
        {
            "Channel": f"Local/{extension}@{context}/n",
            "Context": near[1],
            "Exten": near[0],
            "Priority": "1",
            "Timeout": str(LONGEST_MS),
            "Codecs": "alaw",
            "Account": command.call_id,
            "Variable": ",".join(f"__{name}={value}" for name, value in variables.items()),
            "ChannelId": f"near-{command.call_id}",  # Asterisk refuses an id that begins as another one does
            "OtherChannelId": command.call_id,
            "Async": "true",
        },
    )
