"""The one place that reads the clock. Stored in UTC, shown in Asia/Shanghai."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
SHANGHAI = ZoneInfo("Asia/Shanghai")


def utc_now() -> datetime:
    """Now, aware, in UTC."""
    return datetime.now(UTC)


def to_shanghai(moment: datetime) -> datetime:
    """The same moment as a citizen's clock shows it."""
    return moment.astimezone(SHANGHAI)
