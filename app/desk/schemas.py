"""What the desk's API takes and gives."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from app.calls.models import AgentStatus
from app.desk.service import Agent


class AgentOut(BaseModel):
    """One agent's live state."""

    model_config = ConfigDict(from_attributes=True)

    username: str = Field(description="the agent's number (工号), and the member name in Asterisk's queues")
    display_name: str
    seat: str = Field(description="SIP endpoint the agent sits at")
    queues: dict[str, int] = Field(description="queues of the account, with the penalty (0 is asked first)")
    signed_in_queues: list[str]
    status: AgentStatus
    pause_reason: str
    call_id: str | None = Field(description="the call that rings or is talked on")
    since_at: datetime | None = Field(description="when the state began, UTC")

    @classmethod
    def of(cls, agent: Agent) -> "AgentOut":
        return cls.model_validate(agent)


class AgentList(BaseModel):
    items: list[AgentOut]


class PauseIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: str = Field(max_length=32, description="a code of `pause_reasons` in the site plan, e.g. meal")


class Asked(BaseModel):
    """The switch took the command. The new state arrives as an AMI event, over /desk/events."""

    is_accepted: bool = True


class PopOut(BaseModel):
    """A screen pop that the agent's page has to show. Ids only: read the call and the ticket for the rest."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    call_id: str
    kind: str = Field(description="ringing or answered")
    created_at: datetime
    acknowledged_at: datetime | None


class PopList(BaseModel):
    items: list[PopOut]
