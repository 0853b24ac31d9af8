"""After a failure: whose side it was, what SIPp said, where the traces are."""

from sipp_scenarios.cast import Cast
from sipp_scenarios.report import Report


def hints(cast: Cast, report: Report) -> list[str]:
    """Sentences for the reader, the most telling first."""
    failed = [check for check in report.checks if not check.is_met]
    sides = {check.side for check in failed}
    found = []
    if sides == {"sip"}:
        found.append("Only the SIP side disagrees: the store is as expected.")
    elif sides == {"store"}:
        found.append("Only the case store disagrees: on the SIP side all went as expected.")
    for player in cast.players.values():
        if player.process and (complaint := player.process.complaint()):
            found.append(f"{player.name}'s SIPp says: {complaint}")
    for call in report.calls:
        found.append(f"{call.caller}'s call is {call.call_id}: grep it in {cast.target.home}/supervisor/logs/*.log")
    found.append(f"SIP messages, scenario files and errors of each phone: {report.traces}")
    return found
