"""One unit's part of a synthetic ticket."""

from dataclasses import dataclass

from app.cli.synthetic.rows import Row
from app.cli.synthetic.times import stamp
from app.tickets.models import AssignmentKind, AssignmentStatus


@dataclass(slots=True)
class Leg:
    """One unit's part. Times of what a supporting unit will do are planned, and kept as far as they are past."""

    unit: str
    kind: AssignmentKind
    by: str
    at: int
    why: str = "[]"
    status: AssignmentStatus = AssignmentStatus.ASSIGNED
    signed: tuple[int, str] | None = None
    reported: tuple[int, str] | None = None
    report: str = ""
    ended: int | None = None

    def row(self, ticket_id: int, until: int) -> Row:
        """As the table keeps it at this moment."""
        end = until if self.ended is None else self.ended
        signed = self.signed if self.signed and self.signed[0] <= end else None
        reported = self.reported if self.reported and self.reported[0] <= end else None
        status = self.status
        if self.kind is AssignmentKind.SUPPORTING and self.ended is None:
            done = (AssignmentStatus.REPORTED if reported else AssignmentStatus.SIGNED) if signed else None
            status = done or AssignmentStatus.ASSIGNED
        return (
            ticket_id, self.unit, str(self.kind), str(status), self.by, stamp(self.at), signed[1] if signed else "",
            stamp(signed[0]) if signed else None, self.report if reported else "", reported[1] if reported else "",
            stamp(reported[0]) if reported else None, stamp(self.ended) if self.ended is not None else None, self.why,
        )  # fmt: skip
