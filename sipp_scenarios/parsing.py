"""The store's JSON into a scenario's own records: past this door there are no dicts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sipp_scenarios.audio import Recording
from sipp_scenarios.records import StoredCall, StoredEvent, StoredFollowUp, StoredMissedCall, StoredTicket

Json = Mapping[str, Any]

FILLED_FORM: dict[str, Any] = {
    "ticket_type": "complaint",
    "subject_code": "010102",
    "region_code": "410402",
    "title": "楼上房屋漏水",
    "content": "来电人反映楼上住户卫生间漏水，自家天花板受潮脱落。（场景测试）",
    "address": "平顶山市新华区（场景测试）",
}
"""What an agent writes in a scenario."""


def call(
    row: Json,
    *,
    events: Sequence[Json],
    ticket: StoredTicket | None,
    missed_call: StoredMissedCall | None,
    recording: Recording | None,
) -> StoredCall:
    """A call record of the API."""
    return StoredCall(
        call_id=row["call_id"],
        state=row["state"],
        outcome=row["outcome"] or "",
        agent=row["agent"] or "",
        caller_number=row["caller_number"] or "",
        arrived_at=datetime.fromisoformat(row["arrived_at"]),
        is_reconstructed=row["is_reconstructed"],
        events=tuple(event(one) for one in events),
        ticket=ticket,
        missed_call=missed_call,
        recording=recording,
        original_line=row["original_line"],
        line_rule=row.get("line_rule") or "",
        line_mode=row.get("line_mode") or "",
        diversion=row.get("diversion") or "",
    )


def event(row: Json) -> StoredEvent:
    return StoredEvent(
        row["type"], datetime.fromisoformat(row["occurred_at"]), row["payload"], row.get("is_reconstructed", False)
    )


def ticket(row: Json) -> StoredTicket:
    return StoredTicket(
        row["ticket_number"], row["status"], row["accepted_by"] or "", row["call_id"] or "", row["source_channel"]
    )


def follow_up(row: Json) -> StoredFollowUp:
    return StoredFollowUp(row["status"], row["is_solved"], row["satisfaction"] or "")


def missed_call(row: Json) -> StoredMissedCall:
    return StoredMissedCall(row["reason"], row["resolved_at"] is not None)
