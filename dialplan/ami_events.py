"""The AMI events the bridge gets, by name. Asterisk filters by name before it sends, so a busy node stays cheap."""

AMI_EVENTS = (
    # the node
    "FullyBooted",
    "Shutdown",
    # callers and agents
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueCallerAbandon",
    "AgentCalled",
    "AgentRingNoAnswer",
    "AgentConnect",
    "AgentComplete",
    "AgentDump",
    "QueueMemberAdded",
    "QueueMemberRemoved",
    "QueueMemberPause",
    # transfers
    "BlindTransfer",
    "AttendedTransfer",
    # told by the dialplan
    "UserEvent",
)
