"""How each trunk does at this moment: does its far end answer OPTIONS, and how many calls are on it."""

import re
from collections import Counter
from datetime import UTC, datetime

from app.contract.changes import Qualify, TrunkHealth, TrunkReport
from dialplan.asterisk import cli
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan, Trunk

CONTACT = re.compile(
    r"^\s+Contact:\s+(?P<aor>[^/\s]+)/\S+\s+\S+\s+(?P<status>[A-Za-z]+)\s+(?P<ms>[\d.]+|-?nan)", re.MULTILINE
)
LEG = re.compile(r"^PJSIP/([^!]+)-[0-9a-f]{8}!", re.MULTILINE)
QUALIFY = {"Avail": Qualify.REACHABLE, "Reachable": Qualify.REACHABLE, "Unavail": Qualify.UNREACHABLE}
CONSOLE_SECONDS = 10.0


def trunk_report(plan: SitePlan, settings: DialplanSettings) -> TrunkReport:
    """Every trunk of the plan, in its order; without Asterisk, what the plan alone tells."""
    try:
        contacts = cli(settings, "pjsip show contacts", timeout_seconds=CONSOLE_SECONDS)
        legs = cli(settings, "core show channels concise", timeout_seconds=CONSOLE_SECONDS)
    except OSError:
        rows = [_health(trunk, {}, None) for trunk in plan.trunks]
        return TrunkReport(at=datetime.now(UTC), is_running=False, trunks=rows)
    states, calls = parse_contacts(contacts), count_legs(legs)
    rows = [_health(trunk, states, calls) for trunk in plan.trunks]
    return TrunkReport(at=datetime.now(UTC), is_running=True, trunks=rows)


def parse_contacts(text: str) -> dict[str, tuple[Qualify, float | None]]:
    """State and round trip in milliseconds by trunk, from `pjsip show contacts`."""
    return {
        found["aor"]: (
            QUALIFY.get(found["status"], Qualify.UNKNOWN),
            float(found["ms"]) if "nan" not in found["ms"] and found["status"] in ("Avail", "Reachable") else None,
        )
        for found in CONTACT.finditer(text)
    }


def count_legs(text: str) -> Counter[str]:
    """Channels by endpoint, from `core show channels concise`."""
    return Counter(LEG.findall(text))


def _health(trunk: Trunk, states: dict[str, tuple[Qualify, float | None]], calls: Counter[str] | None) -> TrunkHealth:
    out = trunk.outbound
    qualify, round_trip_ms = states.get(trunk.name, (Qualify.UNKNOWN, None)) if out else (Qualify.NOT_ASKED, None)
    return TrunkHealth(
        name=trunk.name,
        label=trunk.label,
        kind=trunk.kind.value,
        line=trunk.line,
        addresses=[str(network).removesuffix("/32") for network in trunk.addresses],
        outbound=f"{out.host}:{out.port}" if out else None,
        qualify=qualify,
        round_trip_ms=round_trip_ms,
        active_calls=None if calls is None else calls[trunk.name],
        max_calls=trunk.max_calls,
    )
