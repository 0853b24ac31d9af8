"""What may happen in a scenario, step by step."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from app.contract.agent_flows import AgentFlow
from app.contract.events import EventType
from sipp_scenarios.words import WITHIN_MS, ActorName, LineNumber, Part, Process, Spoken


class SignIn(Part):
    """The agent's phone registers, the agent signs in to the queues; goes on when the store says ready."""

    sign_in: list[ActorName] = Field(min_length=1)


class SignOut(Part):
    sign_out: list[ActorName] = Field(min_length=1)


class Dial(Part):
    """Callers dial, all at once."""

    dial: list[ActorName] = Field(min_length=1)


class Open(Part):
    """Somebody comes up who does not sign in: an exchange, once the switch reaches it, or a line's own seat."""

    open: list[ActorName] = Field(min_length=1)


class Close(Part):
    """An exchange is gone: goes on when the switch knows that nobody answers there."""

    close: list[ActorName] = Field(min_length=1)


class Answer(Part):
    """Phones that ring (`answers_on_cue`) answer now: all at once, or one so much after the other."""

    answer: list[ActorName] = Field(min_length=1)
    apart_ms: int = Field(default=0, ge=0, le=10_000)


class HangUp(Part):
    """Who talks hangs up now."""

    hang_up: list[ActorName] = Field(min_length=1)


class Transfer(Part):
    """The agent's own telephone hands its caller on to a colleague's seat (REFER)."""

    transfer: ActorName = Field(description="the agent whose telephone does it")
    to: ActorName = Field(description="the agent at whose seat it shall ring")


class Press(Part):
    """A phone of the template `caller-keys` or `exchange-keys` presses keys, as telephone events. `after`: not before
    these prompts have been spoken, counted from what the phone saw last (its answer, or the keys before); `{today}`
    among them is today's date. `{earlier}` among the keys: the query code of that caller's ticket."""

    press: str = Field(pattern=r"^([0-9A-D*#]|\{[a-z][a-z0-9-]*\}){1,40}$")
    of: ActorName
    after: list[Spoken] = Field(default_factory=list, max_length=20)


class Speak(Part):
    """A caller of the template `caller-keys` says something, two seconds long; `after` as with keys."""

    speak: ActorName
    after: list[Spoken] = Field(default_factory=list, max_length=20)


class Announce(Part):
    """The duty officer puts a notice or a known outage before the queue; goes on when callers hear it. Ended at the end
    of the run at the latest."""

    announce: Annotated[str, Field(min_length=5, max_length=60, description="as it is spoken")]
    kind: Literal["notice", "incident"]


class EndBroadcast(Part):
    """What was announced is over; these callers are on the list of those to be told, and nobody else."""

    end_broadcast_followed_by: list[ActorName]


class AwaitNotice(Part):
    """What was announced last is over, and this caller, who follows it, is told so: a message is on its way, or he was
    rung and has heard it."""

    await_notice_of: ActorName
    way: Literal["sms", "call"]
    within_ms: Annotated[int, Field(ge=1, le=120_000)] = 60_000


class PutInForce(Part):
    """A shipped flow answers this line from the next call on; taken back at the end."""

    put_in_force: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    line: LineNumber


class FlagCaller(Part):
    """The caller's number is flagged as one that comes first (P03), before he calls; cleared at the end."""

    flag: ActorName


class Finish(Part):
    """Wait until the caller's phone is done."""

    finish: list[ActorName] = Field(min_length=1)


class AwaitEvent(Part):
    """Wait until the case store has an event of this caller's call."""

    await_event: EventType
    of: ActorName
    having: dict[str, str | int | bool] = Field(default_factory=dict, description="fields of it, e.g. result: accepted")
    within_ms: int = Field(default=WITHIN_MS, ge=1)


class AwaitSip(Part):
    """Wait until a phone has seen something (rang, answered, was_hung_up …); works while the store is down."""

    await_sip: Literal["rang", "answered", "hung_up", "was_hung_up", "cancelled", "refused"]
    of: ActorName
    times: int = Field(default=1, ge=1, description="of several calls to one phone: the how-manieth")
    within_ms: int = Field(default=WITHIN_MS, ge=1)


class Talk(Part):
    """The conversation goes on for so long."""

    talk_ms: int = Field(ge=1, le=60_000)


class Stop(Part):
    stop: Process


class Start(Part):
    start: Process


class Kill(Part):
    """kill -9; it stays down until `start`, or is started by its keeper when `is_kept`."""

    kill: Process
    is_kept: bool = Field(default=False, description="the stack's keeper restarts it at once")


class Break(Part):
    """Something breaks until `mend` or the end of the run."""

    break_: Literal["agi-hangs", "prompt-missing", "database-locked"] = Field(alias="break")


class Mend(Part):
    mend: Literal["agi-hangs", "prompt-missing", "database-locked"]


class Pop(Part):
    """The agent's page is told of this call, and shows what it must."""

    pop: ActorName
    to: ActorName
    not_to: ActorName | None = Field(default=None, description="this agent's page is told nothing")
    open_ticket_of: ActorName | None = Field(default=None, description="shows the ticket of this earlier caller")
    within_ms: int = Field(default=WITHIN_MS, ge=1)


class AcceptTicket(Part):
    """The agent fills in the ticket of this call and accepts it, so that the citizen has an open ticket."""

    accept_ticket_of: ActorName
    by: ActorName


class ReplyToTicket(Part):
    """The accepted ticket of this call is dispatched, signed, replied to and judged good: he is to be asked."""

    reply_to_ticket_of: ActorName


class RingForFollowUp(Part):
    """The follow-up desk has the machine ring this caller and ask him about the ticket of his call."""

    ring_for_follow_up: ActorName


class SetClock(Part):
    """The switch believes that it is shortly before the day on which this line's next period begins, and its clock goes
    on from there; set right at the end."""

    set_clock: LineNumber = Field(description="the line")
    seconds_before: int = Field(default=10, ge=1, le=3600)


class AwaitChange(Part):
    """Wait until the switch's clock has reached the day for which it was set."""

    await_change_of: LineNumber
    within_ms: int = Field(default=WITHIN_MS, ge=1)


class ApplyPlan(Part):
    """Change the site plan through `hotline dialplan apply`. The plan of before is applied again at the end."""

    apply_plan: dict[str, Any] = Field(
        min_length=1, description="place → new value; `lines.12315.label`: parts of a list go by number or name"
    )
    settings: dict[Annotated[str, Field(pattern=r"^HOTLINE_[A-Z_]+$")], str] = Field(
        default_factory=dict, description="settings that somebody got wrong for this apply"
    )
    ends: Literal["applied", "refused", "rolled_back"] = "applied"
    says: str = Field(default="", description="what the answer must contain")


class HandOverTo(Part):
    """The agent presses the key that brings in another service."""

    hand_over: ActorName = Field(description="the caller whose conversation it is")
    by: ActorName
    target: LineNumber


class LeaveToThem(Part):
    """The other side has taken it: the agent leaves the three."""

    leave_to_them: ActorName = Field(description="the caller")
    by: ActorName


class TakeBackStep(Part):
    """The other side goes, citizen and agent go on."""

    take_back: ActorName = Field(description="the caller")
    by: ActorName


class PlayFlow(Part):
    """The agent presses the key that plays the caller a flow; goes on when the switch tells that it begins."""

    play_flow: AgentFlow
    of: ActorName = Field(description="the caller")
    by: ActorName


class Refer(Part):
    """The emergency service refers a matter by API, twice, as a sender does that heard no answer: one ticket."""

    refer: ActorName = Field(description="the caller whose matter it is")
    category: str
    transfer_kind: Literal["voice", "ticket"] = Field(description="voice: it joins the ticket of the caller's call")


STEPS: dict[str, type[Part]] = {
    "sign_in": SignIn, "sign_out": SignOut, "dial": Dial, "hang_up": HangUp, "finish": Finish,
    "await_event": AwaitEvent, "await_sip": AwaitSip, "talk_ms": Talk, "stop": Stop, "start": Start, "kill": Kill,
    "break": Break, "mend": Mend, "pop": Pop, "accept_ticket_of": AcceptTicket,
    "open": Open, "close": Close, "answer": Answer, "set_clock": SetClock, "await_change_of": AwaitChange,
    "apply_plan": ApplyPlan, "hand_over": HandOverTo, "leave_to_them": LeaveToThem, "take_back": TakeBackStep,
    "play_flow": PlayFlow, "refer": Refer, "press": Press, "put_in_force": PutInForce, "flag": FlagCaller,
    "speak": Speak, "announce": Announce, "end_broadcast_followed_by": EndBroadcast, "await_notice_of": AwaitNotice,
    "transfer": Transfer, "reply_to_ticket_of": ReplyToTicket, "ring_for_follow_up": RingForFollowUp,
}  # fmt: skip


def _step_kind(step: Any) -> str | None:
    if isinstance(step, dict):
        return next((kind for kind in STEPS if kind in step), None)
    return next((kind for kind, cls in STEPS.items() if isinstance(step, cls)), None)


Step = Annotated[
    Annotated[SignIn, Tag("sign_in")]
    | Annotated[SignOut, Tag("sign_out")]
    | Annotated[Dial, Tag("dial")]
    | Annotated[HangUp, Tag("hang_up")]
    | Annotated[Finish, Tag("finish")]
    | Annotated[AwaitEvent, Tag("await_event")]
    | Annotated[AwaitSip, Tag("await_sip")]
    | Annotated[Talk, Tag("talk_ms")]
    | Annotated[Stop, Tag("stop")]
    | Annotated[Start, Tag("start")]
    | Annotated[Kill, Tag("kill")]
    | Annotated[Break, Tag("break")]
    | Annotated[Mend, Tag("mend")]
    | Annotated[Pop, Tag("pop")]
    | Annotated[AcceptTicket, Tag("accept_ticket_of")]
    | Annotated[Open, Tag("open")]
    | Annotated[Close, Tag("close")]
    | Annotated[Answer, Tag("answer")]
    | Annotated[SetClock, Tag("set_clock")]
    | Annotated[AwaitChange, Tag("await_change_of")]
    | Annotated[ApplyPlan, Tag("apply_plan")]
    | Annotated[HandOverTo, Tag("hand_over")]
    | Annotated[LeaveToThem, Tag("leave_to_them")]
    | Annotated[TakeBackStep, Tag("take_back")]
    | Annotated[PlayFlow, Tag("play_flow")]
    | Annotated[Refer, Tag("refer")]
    | Annotated[Press, Tag("press")]
    | Annotated[PutInForce, Tag("put_in_force")]
    | Annotated[FlagCaller, Tag("flag")]
    | Annotated[Speak, Tag("speak")]
    | Annotated[Announce, Tag("announce")]
    | Annotated[EndBroadcast, Tag("end_broadcast_followed_by")]
    | Annotated[AwaitNotice, Tag("await_notice_of")]
    | Annotated[Transfer, Tag("transfer")]
    | Annotated[ReplyToTicket, Tag("reply_to_ticket_of")]
    | Annotated[RingForFollowUp, Tag("ring_for_follow_up")],
    Discriminator(
        _step_kind, custom_error_type="unknown_step", custom_error_message=f"a step is one of {', '.join(STEPS)}"
    ),
]

FAULTS = (Stop, Kill, Break, SetClock, ApplyPlan, PutInForce, Announce)
"""Steps that break something, or change it for every call: they need a stack that allows it."""
