"""Every channel variable that dialplan and AGI server share; a contract test compares them with the templates."""

from typing import Final

# set by the dialplan before AGI
CALL_ID: Final = "HL_CALL_ID"
NODE: Final = "HL_NODE"
TRUNK: Final = "HL_TRUNK"
DNIS: Final = "HL_DNIS"
ANI: Final = "HL_ANI"
CALLER_NAME: Final = "HL_CALLER_NAME"
FLOW: Final = "HL_FLOW"
RESOLVED_LINE: Final = "HL_LINE"
"""The hotline the citizen meant, as the dialplan found it."""
LINE_QUEUE: Final = "HL_LINE_QUEUE"
"""The queue of that line, whose load a flow may ask for."""
LINE_RULE: Final = "HL_LINE_RULE"
LINE_MODE: Final = "HL_LINE_MODE"

FLOW_RUN: Final = "HL_FLOW_RUN"
"""How many flows this call has gone through: AGI counts, so that each is reported under an id of its own."""

# set by AGI, acted on by the dialplan
STARTED: Final = "HL_STARTED"
"""First of all: a server that took the call and died is not replaced by another, which would greet again."""
NOTICE_PLAYED: Final = "HL_NOTICE_PLAYED"
"""The recording notice was heard: only then MixMonitor may start."""
ROUTE: Final = "HL_ROUTE"
QUEUE: Final = "HL_QUEUE"
PRIORITY: Final = "HL_PRIORITY"
ORIGINAL_LINE: Final = "HL_ORIGINAL_LINE"
TARGET: Final = "HL_TARGET"
"""Of the routes dial and handover: the line, or 110, 119, 120, 122."""
AGENT_SEAT: Final = "HL_AGENT_SEAT"
"""Where sits whom the caller spoke with lately, if the flow wants that agent to be rung first."""
SIDE_DOORS: Final = "HL_SIDE_DOORS"
"""The flow that a key opens while the caller waits."""
DOORS_AFTER: Final = "HL_DOORS_AFTER"
"""After how many seconds of waiting it is offered."""
DONE: Final = "HL_DONE"
"""Last of all, value 1. Without it the call goes to the general queue, whatever AGISTATUS says."""

INPUTS: Final = (CALL_ID, NODE, TRUNK, DNIS, ANI, CALLER_NAME, FLOW, RESOLVED_LINE, LINE_QUEUE, LINE_RULE, LINE_MODE)
OUTPUTS: Final = (
    STARTED, NOTICE_PLAYED, ROUTE, QUEUE, PRIORITY, ORIGINAL_LINE, TARGET, AGENT_SEAT, SIDE_DOORS, DOORS_AFTER, DONE,
)  # fmt: skip

# the dialplan's own, also read by the bridge through UserEvent and queue_log
QUEUE_LOG_ARRIVED: Final = "HLARRIVED"
QUEUE_LOG_LEFT: Final = "HLLEFT"
QUEUE_LOG_ENDED: Final = "HLENDED"
QUEUE_LOG_RECORDING: Final = "HLRECORDING"
USER_EVENT_ARRIVED: Final = "HotlineArrived"
USER_EVENT_LEFT: Final = "HotlineQueueLeft"
USER_EVENT_ENDED: Final = "HotlineEnded"
USER_EVENT_RECORDING: Final = "HotlineRecording"
QUEUE_LOG_FORWARDED: Final = "HLFORWARDED"
"""line|trunk|result|ring ms|talk ms|1 when parallel"""
QUEUE_LOG_HANDOVER: Final = "HLHANDOVER"
"""target|result|agent|attempt|cause"""
QUEUE_LOG_LEG: Final = "HLLEG"
"""call id: this line's uniqueid is a leg of that call, so its lines of Queue() speak of that call"""
USER_EVENT_FORWARDED: Final = "HotlineForwarded"
"""CallId, Line, Trunk, Result, RingMs, TalkMs, IsParallel"""
USER_EVENT_HANDOVER: Final = "HotlineHandover"
"""CallId, Target, Result, Agent, Attempt, Cause"""
QUEUE_LOG_CALLBACK: Final = "HLCALLBACK"
"""step|cause"""
USER_EVENT_CALLBACK: Final = "HotlineCallback"
"""CallId, Step, Cause"""
QUEUE_LOG_TRANSFER: Final = "HLTRANSFER"
"""step|queue|seat|seconds since it was asked|uniqueid of the seat's leg"""
USER_EVENT_TRANSFER: Final = "HotlineTransfer"
"""CallId, Step (ringing, answered, missed, ended), Queue, Seat, Seconds, Leg"""
