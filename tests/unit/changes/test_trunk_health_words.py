"""What Asterisk's console says of trunks, read."""

from pathlib import Path

from app.contract.changes import Qualify
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan
from dialplan.trunk_health import count_legs, parse_contacts, trunk_report

CONTACTS = """
  Contact:  <Aor/ContactUri..............................> <Hash....> <Status> <RTT(ms)..>
==========================================================================================

  Contact:  8001/sip:8001@127.0.0.1:39021                  6a00e709f0 Avail         1.337
  Contact:  labour/sip:127.0.0.8:5060                      aa744e7da2 Unavail        -nan
  Contact:  transport/sip:127.0.0.5:5060                   aa744e7da3 Avail        12.500
  Contact:  psap/sip:127.0.0.6:5060                        aa744e7da4 Unknown         nan

Objects found: 4
"""
CHANNELS = """\
PJSIP/carrier-0000001a!queue!common!1!Up!Queue!common,,,300!138!!!3!12!(None)!1795300000.1
PJSIP/market-bureau-0000001b!arrive!s!1!Ring!AGI!x!138!!!3!12!(None)!1795300000.2
PJSIP/carrier-0000001c!queue!common!1!Up!Queue!common,,,300!138!!!3!12!(None)!1795300000.3
Local/common@half-0000001c;2!queue!common!1!Up!Queue!common,,,300!138!!!3!12!(None)!1795300000.4
"""


def test_contacts_tell_who_answers_and_how_fast() -> None:
    assert parse_contacts(CONTACTS) == {
        "8001": (Qualify.REACHABLE, 1.337),
        "labour": (Qualify.UNREACHABLE, None),
        "transport": (Qualify.REACHABLE, 12.5),
        "psap": (Qualify.UNKNOWN, None),
    }


def test_calls_are_counted_by_trunk_and_half_channels_are_not() -> None:
    assert count_legs(CHANNELS) == {"carrier": 2, "market-bureau": 1}


def test_without_asterisk_the_plan_alone_is_told(plan: SitePlan, settings: DialplanSettings, tmp_path: Path) -> None:
    report = trunk_report(plan, settings)

    assert not report.is_running
    assert [(trunk.name, trunk.qualify.value, trunk.active_calls) for trunk in report.trunks] == [
        ("carrier", "not_asked", None),
        ("labour", "unknown", None),
    ]
