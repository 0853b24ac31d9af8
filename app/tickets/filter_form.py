"""The filter form of the ticket list, as it stands in an address, in a saved view and in an export."""

from datetime import date, datetime, time, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.platform.clock import SHANGHAI, to_shanghai
from app.tickets.listing import TicketFilters
from app.tickets.models import TicketStatus

DUE_CHOICES = {"overdue": "已逾期", "today": "今天到期", "soon": "三天内到期", "any": "按到期先后"}


class FilterForm(BaseModel):
    """Empty fields say nothing."""

    model_config = ConfigDict(extra="ignore")

    text: str = Field(default="", max_length=100)
    place: str = Field(default="", max_length=60)
    status: str = Field(default="", max_length=20)
    ticket_type: str = Field(default="", max_length=20)
    subject: str = Field(default="", max_length=6)
    region: str = Field(default="", max_length=12)
    unit: str = Field(default="", max_length=40)
    agent: str = Field(default="", max_length=80)
    line: str = Field(default="", max_length=20)
    since: str = Field(default="", max_length=10)
    until: str = Field(default="", max_length=10)
    due: str = Field(default="", max_length=10)
    cursor: str = Field(default="", max_length=200)

    @property
    def shown(self) -> dict[str, str]:
        """Without the place in the list, and without what is empty."""
        told: dict[str, Any] = self.model_dump(exclude={"cursor"}, exclude_defaults=True)
        return told

    @property
    def problems(self) -> dict[str, str]:
        """Field → what is wrong with it; such a field is no condition."""
        given = {"since": self.since, "until": self.until}
        return {name: "日期格式不正确" for name, text in given.items() if text and _day(text) is None}

    def filters(self, now: datetime, area_code: str) -> TicketFilters:
        """The conditions of the list."""
        since, until = _day(self.since), _day(self.until)
        return TicketFilters(
            statuses=(TicketStatus(self.status),) if self.status in set(TicketStatus) else (),
            ticket_type=self.ticket_type or None,
            subject=self.subject if self.subject.isdigit() else None,
            region=self.region if self.region.isdigit() else None,
            agent=self.agent.strip() or None,
            line=self.line.strip() or None,
            unit=self.unit or None,
            place=self.place.replace("\0", ""),
            text=self.text.replace("\0", ""),
            area_code=area_code,
            since=since,
            until=until + timedelta(days=1) if until else None,
            due_before=_due_before(self.due, now),
            is_by_due=self.due in DUE_CHOICES,
        )


def _due_before(choice: str, now: datetime) -> datetime | None:
    """Until when a ticket's first clock may end to be on the list."""
    midnight = datetime.combine(to_shanghai(now).date(), time.min, SHANGHAI)
    days = {"today": 1, "soon": 3}
    return now if choice == "overdue" else midnight + timedelta(days=days[choice]) if choice in days else None


def _day(text: str) -> datetime | None:
    """The beginning of a day in Asia/Shanghai; None for what is no day."""
    try:
        return datetime.combine(date.fromisoformat(text), time.min, SHANGHAI)
    except ValueError:
        return None
