"""The store's JSON into a scenario's own records: past this door there are no dicts."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sipp_scenarios.audio import Recording
from sipp_scenarios.records import StoredCall, StoredEvent, StoredMissedCall, StoredTicket

Json = Mapping[str, Any]

FILLED_FORM: dict[str, Any] = {
    "ticket_type": "consult",
    "title": "咨询医保报销比例",
    "content": "来电人咨询城乡居民医保住院报销比例。（场景测试）",
    "address": "平顶山市新华区",
}
"""What an agent writes in a scenario."""


def call(
    row: Json, *, ticket: StoredTicket | None, missed_call: StoredMissedCall | None, recording: Recording | None
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
        events=tuple(event(one) for one in row["events"]),
        ticket=ticket,
        missed_call=missed_call,
        recording=recording,
    )


def event(row: Json) -> StoredEvent:
    return StoredEvent(
        row["type"], datetime.fromisoformat(row["occurred_at"]), row["payload"], row.get("is_reconstructed", False)
    )


def ticket(row: Json) -> StoredTicket:
    return StoredTicket(row["ticket_number"], row["status"], row["accepted_by"], row["call_id"] or "")


def missed_call(row: Json) -> StoredMissedCall:
    return StoredMissedCall(row["reason"], row["resolved_at"] is not None)
