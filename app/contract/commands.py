"""Switch commands: what the case store may ask the telephony side to do. Their effect comes home as AMI events only."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.contract.agent_flows import AgentFlow
from app.contract.ids import CALLBACK_CALL, FOLLOW_UP_CALL, INCIDENT_OVER_CALL

Word = Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")
"""Nothing that AMI, the dialplan or a shell could read as anything but a name."""


class Command(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class QueueSkill(Command):
    queue: str = Word
    penalty: int = Field(default=0, ge=0, le=99, description="0 is asked first")


class SignIn(Command):
    """Put an agent's seat into queues (AMI QueueAdd per queue)."""

    command: Literal["sign_in"] = "sign_in"
    agent: str = Word
    seat: str = Word
    queues: list[QueueSkill] = Field(min_length=1, max_length=50)
    pause_reason: str = Field(default="", pattern=r"^[A-Za-z0-9_-]{0,32}$", description="signed in, but paused")


class SignOut(Command):
    command: Literal["sign_out"] = "sign_out"
    agent: str = Word
    seat: str = Word


class Pause(Command):
    """Pause in every queue, for a reason of the list in the site plan."""

    command: Literal["pause"] = "pause"
    agent: str = Word
    seat: str = Word
    reason: str = Field(pattern=r"^[A-Za-z0-9_-]{1,32}$")


class Resume(Command):
    command: Literal["resume"] = "resume"
    agent: str = Word
    seat: str = Word


class HangUp(Command):
    """End the conversation of one call."""

    command: Literal["hang_up"] = "hang_up"
    call_id: str = Word


class HandOver(Command):
    """Bring another service into the agent's conversation: all three hear each other. 110/119/120/122 or a line."""

    command: Literal["hand_over"] = "hand_over"
    call_id: str = Word
    agent: str = Word
    seat: str = Word
    target: str = Field(pattern=r"^[0-9]{3,20}$")


class LeaveHandOver(Command):
    """The other side has taken it: the agent leaves, citizen and service go on talking."""

    command: Literal["leave_hand_over"] = "leave_hand_over"
    call_id: str = Word
    seat: str = Word


class TakeBack(Command):
    """The other side goes, citizen and agent go on: whoever accepted first keeps it."""

    command: Literal["take_back"] = "take_back"
    call_id: str = Word


class PlayFlow(Command):
    """Play a flow to the citizen; the agent stays in the call, and has him back when the flow says so."""

    command: Literal["play_flow"] = "play_flow"
    call_id: str = Word
    agent: str = Word
    seat: str = Word
    flow: AgentFlow


class StopFlow(Command):
    """The citizen hears no more of it, and talks with the agent again."""

    command: Literal["stop_flow"] = "stop_flow"
    call_id: str = Word


class CallBack(Command):
    """Wait in the queue in a citizen's stead, at the place he had; the agent who takes it rings the citizen.

    Doing it twice is harmless: while a channel of `call_id` lives there is no second one.
    """

    command: Literal["call_back"] = "call_back"
    call_id: str = Field(pattern=rf"^{CALLBACK_CALL.pattern}$")
    number: str = Field(pattern=r"^[0-9]{5,20}$", description="as the carrier wants it dialled")
    queue: str = Word
    line: str = Field(default="", pattern=r"^[0-9]{0,20}$", description="the hotline the citizen meant")
    place_at: int = Field(ge=0, description="when the citizen joined the queue, epoch seconds")
    priority: int = Field(default=0, ge=0, le=100)


class FollowUpCall(Command):
    """Ring a citizen whose ticket was answered, and let the flow `follow-up` ask him; no agent waits.

    Doing it twice is harmless: while a channel of `call_id` lives there is no second one.
    """

    command: Literal["follow_up_call"] = "follow_up_call"
    call_id: str = Field(pattern=rf"^{FOLLOW_UP_CALL.pattern}$")
    number: str = Field(pattern=r"^[0-9]{5,20}$", description="as the carrier wants it dialled")
    line: str = Field(default="", pattern=r"^[0-9]{0,20}$", description="the hotline the citizen meant")


class IncidentOverCall(Command):
    """Ring a citizen who follows an outage, and let the flow `incident-over` tell him that it is over; no agent waits.

    Doing it twice is harmless: while a channel of `call_id` lives there is no second one.
    """

    command: Literal["incident_over_call"] = "incident_over_call"
    call_id: str = Field(pattern=rf"^{INCIDENT_OVER_CALL.pattern}$")
    number: str = Field(pattern=r"^[0-9]{5,20}$", description="as the carrier wants it dialled")
    line: str = Field(default="", pattern=r"^[0-9]{0,20}$", description="the hotline the citizen meant")


AnyCommand = Annotated[
    SignIn
    | SignOut
    | Pause
    | Resume
    | HangUp
    | HandOver
    | LeaveHandOver
    | TakeBack
    | PlayFlow
    | StopFlow
    | CallBack
    | FollowUpCall
    | IncidentOverCall,
    Field(discriminator="command"),
]


class CommandResult(BaseModel):
    """`is_accepted` says that Asterisk took the command, not that it has taken effect."""

    is_accepted: bool
    message: str = ""
