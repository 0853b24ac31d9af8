"""Where a chain of audit entries breaks, said exactly; every way to tamper with it is found."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.accounts.audit_chain import FIRST_HASH, chained, hash_of
from app.accounts.audit_check import Anchor, BreakKind, is_check_due, walk

AT = datetime(2026, 11, 23, 2, 0, 0, 5, tzinfo=UTC)


def entry(number: int) -> dict[str, Any]:
    return {
        "id": number, "at": AT + timedelta(minutes=number), "actor_id": 7, "actor": "8001", "action": "number_revealed",
        "object_type": "call", "object_id": f"node1-{number}.0", "detail": {"reason": "核实", "n": number},
        "address": "10.0.0.7",
    }  # fmt: skip


@pytest.fixture
def chain() -> list[dict[str, Any]]:
    return chained([entry(number) for number in range(1, 6)], 0, FIRST_HASH)


def broken(entries: list[dict[str, Any]], anchors: dict[int, Anchor] | None = None) -> tuple[BreakKind, int]:
    found = walk(entries, anchors or {})[3]
    assert found is not None
    return found.kind, found.seq


def test_a_whole_chain_is_read_to_its_end(chain: list[dict[str, Any]]) -> None:
    assert walk(chain, {}) == (5, 5, chain[-1]["entry_hash"], None)
    assert walk([], {}) == (0, 0, FIRST_HASH, None)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", AT), ("actor_id", None), ("actor", "8002"), ("action", "logged_in"), ("object_type", "ticket"),
        ("object_id", "9"), ("detail", {"reason": "核实", "n": 4}), ("address", ""),
    ],
)  # fmt: skip
def test_a_change_of_any_field_is_found_at_its_entry(chain: list[dict[str, Any]], field: str, value: object) -> None:
    chain[2][field] = value

    assert broken(chain) == (BreakKind.ALTERED, 3)


def test_who_alters_an_entry_and_its_hash_is_found_one_later(chain: list[dict[str, Any]]) -> None:
    chain[2]["detail"] = {}
    chain[2]["entry_hash"] = hash_of(chain[2])

    assert broken(chain) == (BreakKind.DISCONNECTED, 4)


def test_what_was_taken_out_is_named(chain: list[dict[str, Any]]) -> None:
    del chain[1:3]

    found = walk(chain, {})[3]
    assert str(found) == (
        "entries 2 to 3 are missing (number_revealed by 8001, 2026-11-23T02:04:00+00:00, id 4 comes next)"
    )


def test_a_chain_written_anew_shows_against_where_it_was_checked(chain: list[dict[str, Any]]) -> None:
    anchors = {4: Anchor(4, chain[3]["entry_hash"], "2026-11-22T19:00:00+00:00")}
    assert walk(chain, anchors)[3] is None

    forged = chained([{**entry(number), "actor": "nobody"} for number in range(1, 6)], 0, FIRST_HASH)
    assert broken(forged, anchors) == (BreakKind.REWRITTEN, 4)


def test_the_order_of_keys_and_the_zone_of_a_moment_do_not_matter(chain: list[dict[str, Any]]) -> None:
    other = {**dict(reversed(chain[0].items())), "at": chain[0]["at"].astimezone()}
    other["detail"] = dict(reversed(chain[0]["detail"].items()))

    assert hash_of(other) == chain[0]["entry_hash"]


@pytest.mark.parametrize(
    ("hours_ago", "hour_in_shanghai", "is_due"),
    [(None, 12, True), (1, 3, False), (21, 3, True), (21, 12, False), (31, 12, True)],
)
def test_the_chain_is_checked_once_a_night_or_by_day_where_the_night_was_missed(
    hours_ago: int | None, hour_in_shanghai: int, is_due: bool
) -> None:
    now = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hour_in_shanghai - 8)
    last = None if hours_ago is None else now - timedelta(hours=hours_ago)

    assert is_check_due(last, now) == is_due
