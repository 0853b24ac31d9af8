"""What the office does in a scenario: a ticket goes to its unit and is replied to, and its citizen is asked."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sipp_scenarios import parsing
from sipp_scenarios.records import StoredFollowUp
from sipp_scenarios.session import ApiSession
from sipp_scenarios.target import TargetError

DESK = "followup"
HANDLING: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("dispatcher", "dispatch", {"lead_unit_code": "410400-chengguan"}),
    ("unit", "sign", {}),
    ("unit", "contact", {"channel": "phone", "note": "已电话联系（场景测试）"}),
    (
        "unit",
        "draft_reply",
        {
            "to_platform": "已到现场核实并督促维修（场景测试）",
            "to_citizen": "您好，您反映的漏水问题已督促维修完毕。（场景测试）",
            "result": "solved",
            "told_how": "phone",
        },
    ),
    ("unitlead", "reply", {}),
    ("reviewer", "audit_pass", {}),
)
"""Who makes which move, and with what, from acceptance to the citizen's turn."""


@dataclass
class Office:
    """One run's office, in the names of the demo's people."""

    as_person: Callable[[str], ApiSession]
    tasks: dict[str, int] = field(default_factory=dict)
    """Ticket number → its follow-up task."""

    def reply_to(self, ticket: str) -> None:
        """An accepted ticket is dispatched, signed, replied to and judged good. Raises Refused."""
        for person, verb, given in HANDLING:
            self.as_person(person).post(f"/tickets/{ticket}/moves/{verb}", {"given": given})

    def ring(self, ticket: str) -> None:
        """The desk has the machine ring the citizen. Raises Refused, e.g. by night."""
        path = f"/follow-ups/{self._task(ticket)}"
        desk = self.as_person(DESK)
        desk.post(f"{path}/ring", {"calls_placed": desk.get(path)["calls_placed"]})

    def read_follow_up(self, ticket: str) -> StoredFollowUp:
        """What the store keeps of the citizen's answer."""
        return parsing.follow_up(self.as_person(DESK).get(f"/follow-ups/{self._task(ticket)}"))

    def _task(self, ticket: str) -> int:
        if ticket not in self.tasks:
            lists = ("now", "later", "done")
            found = [self.as_person(DESK).get("/follow-ups", ticket=ticket, list=name)["items"] for name in lists]
            if not (rows := [row for items in found for row in items]):
                raise TargetError(f"nobody is to be asked about ticket {ticket}: reply to it first")
            self.tasks[ticket] = rows[0]["id"]
        return self.tasks[ticket]
