"""The seats' SIP credentials: derived, never stored."""

import hashlib
import hmac
from dataclasses import dataclass

from dialplan.changes.wanted import wanted_plan_file
from dialplan.plan_file import load_plan
from dialplan.settings import DialplanSettings


@dataclass(frozen=True)
class SeatCredentials:
    """What a softphone needs to register. `agent` is the demo agent who sits there, if any."""

    seat: str
    username: str
    password: str
    server: str
    port: int
    transport: str
    agent: str


def seat_password(secret: str, seat: str) -> str:
    """First 32 hex digits of HMAC-SHA256(secret, seat)."""
    return hmac.new(secret.encode(), seat.encode(), hashlib.sha256).hexdigest()[:32]


def list_seats(settings: DialplanSettings) -> list[SeatCredentials]:
    """Every seat of the plan this node shall have, in its order. Raises SitePlanFault."""
    plan = load_plan(wanted_plan_file(settings.home, settings.site_plan))
    agents = {agent.seat: agent.username for agent in plan.agents}
    secret = settings.seat_secret.get_secret_value()
    return [
        SeatCredentials(
            seat=seat,
            username=seat,
            password=seat_password(secret, seat),
            server=settings.sip_host,
            port=settings.sip_port,
            transport="udp",
            agent=agents.get(seat, ""),
        )
        for seat in plan.all_seats
    ]
