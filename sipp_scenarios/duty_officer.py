"""What the duty officer does in a scenario: put something before the queue, and say that it is over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from sipp_scenarios.session import ApiSession
from sipp_scenarios.target import TargetError
from sipp_scenarios.waiting import until

LASTS = timedelta(minutes=10)
SPOKEN_WITHIN_MS = 45_000


@dataclass
class DutyOfficer:
    """One run's broadcasts, in the name of somebody who may announce."""

    session: ApiSession
    announced: list[int] = field(default_factory=list)
    """Those that hold."""
    ended: int = 0
    """The one that ended last."""

    def announce(self, text: str, kind: str) -> None:
        """Put it before the queue; returns when callers hear it. Raises TooLate."""
        body = {"kind": kind, "text": text, "expires_at": (datetime.now(UTC) + LASTS).isoformat()}
        broadcast = self.session.post("/broadcasts", body)["id"]
        self.announced.append(broadcast)

        def is_on_air() -> bool:
            rows = self.session.get("/broadcasts", open=True)["items"]
            return any(row["id"] == broadcast and row["is_on_air"] for row in rows)

        until(is_on_air, what=f"callers hear: {text}", within_ms=SPOKEN_WITHIN_MS)

    def end(self, followers: Sequence[str]) -> None:
        """What was announced last is over; these masked numbers are to be told. Raises TargetError when others are."""
        self.ended = self.announced.pop()
        path = f"/broadcasts/{self.ended}"
        self.session.post(f"{path}/end")
        rows = self.session.get(f"{path}/followers")["items"]
        listed = sorted(row["number"] for row in rows if not row["told_at"])
        if listed != sorted(followers):
            raise TargetError(f"to be told that it is over: {', '.join(listed)}; expected {', '.join(followers)}")

    def await_notice(self, follower: str, way: str, within_ms: int) -> None:
        """A message to this masked number is on its way, or a call has told him. Raises TooLate."""

        def is_told() -> bool:
            rows = self.session.get(f"/broadcasts/{self.ended}/followers")["items"]
            (row,) = [row for row in rows if row["number"] == follower]
            return bool(row["way"] == way and (way == "sms" or row["told_by"] == way))

        until(is_told, what=f"{follower} is told by {way} that it is over", within_ms=within_ms)

    def end_all(self) -> None:
        """Nobody hears any more what this run announced."""
        for broadcast in self.announced:
            self.session.post(f"/broadcasts/{broadcast}/end")
        self.announced.clear()
