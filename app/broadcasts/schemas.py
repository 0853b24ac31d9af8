"""What the API of broadcasts takes and gives."""

from datetime import datetime
from typing import Annotated, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from app.broadcasts import rules
from app.broadcasts.models import Broadcast, BroadcastKind, IncidentFollower
from app.broadcasts.service import NOBODY, FollowerCounts
from app.contract.masks import mask_number

Spoken = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=5, max_length=300, pattern=r"^[^\x00-\x1f<>{}]*$")
]


class BroadcastIn(BaseModel):
    """A new broadcast. Figures are read one by one: write times and amounts in words."""

    model_config = ConfigDict(extra="forbid")

    kind: BroadcastKind = Field(description="notice: any key skips it; incident: one key follows it")
    text: Spoken
    expires_at: AwareDatetime = Field(description="at most seven days from its beginning")
    starts_at: AwareDatetime | None = Field(default=None, description="now when left out")
    expected_at: AwareDatetime | None = Field(default=None, description="when an outage should be over; is spoken")
    line: str = Field(default="", pattern=r"^([0-9]{3,20})?$", description="callers of this line alone; empty: of all")
    region_code: str | None = Field(
        default=None, pattern=r"^\d{6,12}$", description="not for callers known to live elsewhere"
    )


class EndIn(BaseModel):
    """How a broadcast ends."""

    model_config = ConfigDict(extra="forbid")

    is_over: bool = Field(
        default=True, description="false: an incident goes on, and its followers are told nothing yet"
    )


class BroadcastOut(BaseModel):
    """One broadcast. Times in UTC."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: BroadcastKind
    text: str
    line: str
    region_code: str | None
    starts_at: datetime
    expires_at: datetime
    expected_at: datetime | None
    created_by: str
    created_at: datetime
    spoken_at: datetime | None = Field(description="null: its audio is still being made, nobody hears it")
    ended_at: datetime | None
    ended_by: str = Field(description="username; `expiry` when its time was over")
    over_at: datetime | None = Field(
        description="when somebody said that the incident is over; then followers are told"
    )
    over_by: str
    is_on_air: bool
    followers: int
    untold: int = Field(description="followers who have not been told yet that it is over")
    left_to_people: int = Field(description="of these, whom no message and no call has reached: people tell them")

    @classmethod
    def of(cls, row: Broadcast, now: datetime, counts: FollowerCounts = NOBODY) -> Self:
        """The broadcast with its followers counted."""
        told = {
            "is_on_air": rules.is_on_air(row, now), "followers": counts.everybody, "untold": counts.untold,
            "left_to_people": counts.left_to_people,
        }  # fmt: skip
        values = {name: getattr(row, name) for name in cls.model_fields if name not in told}
        return cls.model_validate({**values, **told})


class BroadcastList(BaseModel):
    items: list[BroadcastOut] = Field(description="the newest first")


class FollowerOut(BaseModel):
    """A number that wants to know when an incident is over."""

    id: int
    number: str = Field(description="138****5678")
    call_id: str
    followed_at: datetime
    told_at: datetime | None
    told_by: str = Field(description="username; `sms` or `call` when a machine told him")
    way: str = Field(description="sms, call or people; empty: not decided yet")
    next_try_at: datetime | None = Field(description="when his message leaves, or he is rung, at the earliest")
    calls_placed: int
    rung: int = Field(description="how often his telephone has rung in vain")
    cause: str = Field(description="why the newest try told him nothing: busy, no_answer, rejected, hung_up …")
    given_up_at: datetime | None = Field(description="no machine tries any more: people tell him")

    @classmethod
    def of(cls, row: IncidentFollower) -> Self:
        values = {name: getattr(row, name) for name in cls.model_fields if name != "number"}
        return cls.model_validate({**values, "number": mask_number(row.number)})


class FollowerList(BaseModel):
    items: list[FollowerOut] = Field(description="the first one first")
