"""Switch commands: what the case store may ask the telephony side to do. Their effect comes home as AMI events only."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

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


AnyCommand = Annotated[SignIn | SignOut | Pause | Resume | HangUp, Field(discriminator="command")]


class CommandResult(BaseModel):
    """`is_accepted` says that Asterisk took the command, not that it has taken effect."""

    is_accepted: bool
    message: str = ""
