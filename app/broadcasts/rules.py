"""Pure decisions of broadcasts: which one a caller hears, and what a text must be like."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from types import MappingProxyType

from app.broadcasts.models import Broadcast, BroadcastKind

LONGEST = timedelta(days=7)
"""A broadcast that nobody renews is forgotten, and callers hear old news."""
PROVINCE_DIGITS, CITY_DIGITS, COUNTY_DIGITS = 2, 4, 6

KIND_WORDS: Mapping[str, str] = MappingProxyType({BroadcastKind.NOTICE: "应急公告", BroadcastKind.INCIDENT: "已知故障"})
FIGURES = str.maketrans("0123456789", "零一二三四五六七八九")


def spoken(text: str) -> str:
    """As the voice reads it: figures one by one, so that 110 is no hundred and ten."""
    return text.translate(FIGURES)


def is_on_air(broadcast: Broadcast, now: datetime) -> bool:
    """Whether callers hear it at this moment."""
    is_open = broadcast.spoken_at is not None and broadcast.ended_at is None
    return is_open and broadcast.starts_at <= now < broadcast.expires_at


def is_within(region_code: str, area: str) -> bool:
    """Whether a place lies in an area: 410402 in 410400, and 410400 in 410000. A town is in its county."""
    digits = PROVINCE_DIGITS
    if area[PROVINCE_DIGITS:COUNTY_DIGITS] != "0000":
        digits = CITY_DIGITS if area[CITY_DIGITS:COUNTY_DIGITS] == "00" else max(COUNTY_DIGITS, len(area))
    return region_code[:digits] == area[:digits]


def choose(broadcasts: Iterable[Broadcast], *, line: str, region_code: str | None, now: datetime) -> Broadcast | None:
    """The one a caller hears: a notice before an outage, of each the newest. One at most: people want a person."""
    fitting = [
        one
        for one in broadcasts
        if is_on_air(one, now)
        and one.line in {"", line}
        and (one.region_code is None or region_code is None or is_within(region_code, one.region_code))
    ]
    return min(fitting, key=lambda one: (one.kind != BroadcastKind.NOTICE, -one.id), default=None)
