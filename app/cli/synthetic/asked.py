"""Follow-up in synthetic lives: a task for each citizen and round of handling, and every try to reach him (R58)."""

from dataclasses import dataclass, field

from app.casework.follow_up_guards import is_unhappy
from app.casework.models import FollowUp
from app.casework.rules import MOST_ATTEMPTS
from app.cli.synthetic.rows import Row, Rows
from app.cli.synthetic.times import Timetable, part_of, stamp
from app.tickets.follow_up_tasks import FollowUpStatus, FollowUpTask

CHANNEL = "phone"


@dataclass(slots=True)
class Asked:
    """One round of handling, as its citizens are asked about it: those who are merged into the ticket say the same."""

    round: int
    unit: str | None
    region: str
    ticket_type: str
    opened: int
    due_text: str | None
    next_try: int
    tried: frozenset[int] = frozenset()
    tries: list[Row] = field(default_factory=list)
    settled: Row = (FollowUpStatus.OPEN, None, "", "", None, None, "", "", 0)
    """Status, when, channel, by whom; contacted, solved, satisfaction, reason, unhappy."""

    def try_in_vain(self, timetable: Timetable, by: str, at: int) -> None:
        """Nobody answered; the third time nobody asks again."""
        self.tries.append((self.round, stamp(at), by, CHANNEL, 0, None, "", "无人接听"))
        self.tried |= {part_of(at)}
        if len(self.tries) < MOST_ATTEMPTS:
            self.next_try = timetable.next_try(self.tried, at)
        else:
            self.settled = (FollowUpStatus.UNREACHED, stamp(at), CHANNEL, by, None, None, "", "", 0)

    def answer(
        self, by: str, at: int, *, is_contacted: bool | None, is_solved: bool, satisfaction: str, reason: str
    ) -> None:
        """What he says."""
        self.tries.append((self.round, stamp(at), by, CHANNEL, 1, int(is_solved), satisfaction, reason))
        contacted = None if is_contacted is None else int(is_contacted)
        unhappy = int(is_unhappy(is_solved, satisfaction))
        self.settled = (
            FollowUpStatus.ANSWERED, stamp(at), CHANNEL, by, contacted, int(is_solved), satisfaction, reason, unhappy
        )  # fmt: skip

    def keep(self, rows: Rows, ticket_id: int, matter_id: int) -> None:
        """The rows of one citizen."""
        rows.of[FollowUp] += [(ticket_id, *row) for row in self.tries]
        vain = sum(1 for row in self.tries if not row[4])
        rows.of[FollowUpTask].append(
            (
                ticket_id, matter_id, self.round, self.unit, self.region, self.ticket_type, stamp(self.opened),
                self.due_text, stamp(self.next_try), vain, *self.settled,
            )
        )  # fmt: skip
