"""Call-back at the switch: a channel that waits in the citizen's stead, with an id that nothing else can have.

Where it waits and whom it rings is the dialplan's own (extensions_callback.conf.j2); this is the only place that
originates, and it can name neither a trunk nor an application (ADR 0210).
"""

from ami_bridge.parse import parse_channels
from ami_bridge.switch import SwitchConnection, SwitchRefused
from app.contract.commands import CallBack
from app.contract.ids import UniqueId

PLACES, CITIZEN = "callback", "callback-citizen"
LONGEST_MS = 4 * 3_600_000
"""The dialplan ends the wait long before; Asterisk's own limit of 30 seconds would cut it."""


async def call_back(switch: SwitchConnection, command: CallBack) -> None:
    """Put the call-back into its queue. Raises SwitchRefused, SwitchUnavailable.

    Asked again while it waits or talks, nothing happens.
    """
    question = f"DIALPLAN_EXISTS({PLACES},{command.queue},1)"
    if (await switch.call("GetVar", {"Variable": question}))[0].get("Value") != "1":
        raise SwitchRefused("no way to call back")
    if UniqueId(command.call_id) in parse_channels(await switch.call("CoreShowChannels", {}, is_list=True)):
        return
    inherited = {
        "HL_CALL_ID": command.call_id,
        "HL_NUMBER": command.number,
        "HL_LINE": command.line,
        "HL_PLACE_AT": str(command.place_at),
        "HL_PRIORITY": str(command.priority),
    }
    await switch.call(
        "Originate",
        {
            "Channel": f"Local/{command.queue}@{PLACES}/n",
            "Context": CITIZEN,
            "Exten": "s",
            "Priority": "1",
            "Timeout": str(LONGEST_MS),
            "Codecs": "alaw",
            "Account": command.call_id,
            "Variable": ",".join(f"__{name}={value}" for name, value in inherited.items()),
            "ChannelId": f"near-{command.call_id}",  # Asterisk refuses an id that begins as another one does
            "OtherChannelId": command.call_id,
            "Async": "true",
        },
    )
