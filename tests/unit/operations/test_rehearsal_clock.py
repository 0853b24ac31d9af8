"""The rehearsal clock begins at midnight in Shanghai, whatever the machine's own time zone."""

from datetime import UTC, date, datetime

from app.cli.clock_command import offset_to
from dialplan.changes.clock import offset_in


def test_a_day_begins_at_midnight_in_shanghai() -> None:
    now = datetime(2026, 11, 30, 15, 59, tzinfo=UTC)  # 23:59 in Shanghai

    assert offset_to(date(2026, 12, 1), now) == 60
    assert offset_to(date(2026, 11, 30), now) == 60 - 86_400


def test_the_offset_is_read_from_asterisks_list_of_globals() -> None:
    assert offset_in("   HL_MAIN=1\n   HL_CLOCK_OFFSET_SECONDS=-86400\n") == -86_400
    assert offset_in("   HL_CLOCK_OFFSET_SECONDS=\n") == 0
    assert offset_in("") == 0
