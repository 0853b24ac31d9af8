"""Where a call can be handed over to: the emergency services, and lines whose department we can ring."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dialplan.site_plan import SitePlan

HANDOVER_ENTRANCES = frozenset({"agent-flow", "handover", "handover-agent"})
"""Contexts into which the bridge moves a conversation by AMI; no call can dial them."""
HANDOVER_VARIABLES = frozenset(
    {
        "HL_ATTEMPT", "HL_CITIZEN", "HL_HANDOVER", "HL_HANDOVER_AGENT", "HL_HANDOVER_CAUSE", "HL_HANDOVER_RING",
        "HL_HANDOVER_STATE", "HL_HANDOVER_TRUNK", "HL_LEG", "HL_LEG_ENDED", "HL_PLAY", "HL_PLAYED", "HL_PLAYS",
        "HL_ROOM", "HL_ROUNDS", "HL_STATE", "HL_TAKEN", "HL_THERE", "HL_WAITS",
    }
)  # fmt: skip
"""Used by the hand-over's part of the dialplan alone."""
HANDOVER_MODULES = {
    "CONFBRIDGE_INFO": "app_confbridge", "ConfBridge": "app_confbridge", "ConfKick": "app_confbridge",
    "ExecIf": "app_exec", "Gosub": "app_stack", "Originate": "app_originate", "PJSIP_HEADER": "res_pjsip_header_funcs",
    "SHARED": "func_global", "SoftHangup": "app_softhangup",
}  # fmt: skip
"""Application or function of the hand-over's part → the module that has it."""


def handover_targets(plan: "SitePlan") -> list[dict[str, Any]]:
    """Number, trunk, ring time (seconds) and most calls of each target. A line without a trunk to dial is none."""
    trunks = {trunk.name: trunk for trunk in plan.trunks if trunk.outbound is not None}
    ways = {service.number: service.trunk for service in plan.emergency}
    for line in plan.lines:
        own = [trunk.name for trunk in trunks.values() if trunk.line == line.number]
        named = [period.trunk for period in line.periods if period.trunk is not None]
        for name in (*own, *reversed(named)):
            ways.setdefault(line.number, name)
    return [
        {"number": number, "trunk": name, "ring_seconds": outbound.ring_seconds, "max_calls": trunks[name].max_calls}
        for number, name in ways.items()
        if name in trunks and (outbound := trunks[name].outbound) is not None
    ]
