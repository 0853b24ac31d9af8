"""After a gap: what a snapshot of the switch says that nobody told us. Pure; the pipeline gives it its place in time.

queue_log is read first, so most of the gap is known by now. What is left are calls that ended without a trace (Asterisk
crashed) and members whose lines named only a device.
"""

from collections.abc import Iterable, Mapping

from ami_bridge.events import SeenMember
from ami_bridge.facts import Fact
from ami_bridge.knowledge import CallKnowledge, MemberKnowledge
from app.contract import events as told
from app.contract.ids import CallId, UniqueId


def member_facts(known: Mapping[tuple[str, str], MemberKnowledge], seen: Iterable[SeenMember], at: float) -> list[Fact]:
    """Who came, went, paused or went on while we did not listen. A seat we did not know is told as a sign-in."""
    facts = []
    present = {(member.queue, member.agent): member for member in seen}
    for (queue, agent), gone in known.items():
        if (queue, agent) not in present:
            facts.append(Fact(told.AgentSignedOut(agent=agent, queue=queue, seat=gone.seat), at))
    for (queue, agent), member in present.items():
        before = known.get((queue, agent))
        if before is None or before.seat != member.seat:
            facts.append(Fact(told.AgentSignedIn(agent=agent, queue=queue, seat=member.seat), at))
            before = None
        was_paused, reason = (before.is_paused, before.reason) if before else (False, "")
        if member.is_paused and (not was_paused or member.reason != reason):
            facts.append(Fact(told.AgentPaused(agent=agent, queue=queue, reason=member.reason), at))
        elif was_paused and not member.is_paused:
            facts.append(Fact(told.AgentResumed(agent=agent, queue=queue), at))
    return facts


def gone_calls(live: Iterable[CallId], alive: Iterable[UniqueId]) -> set[CallId]:
    """Calls we believe to be alive without a channel. A call's id is the uniqueid of its first channel."""
    return set(live) - {CallId(uniqueid) for uniqueid in alive}


def end_facts(call_id: CallId, call: CallKnowledge, at: float) -> list[Fact]:
    """How a call ended whose end nobody saw: whoever was still waiting, reached nobody."""
    uniqueid = UniqueId(call_id)
    facts = []
    if call.agent:
        talk_time_seconds = max(0, int(at - call.answered_at))
        ended = told.ConversationEnded(queue=call.queue, agent=call.agent, talk_time_seconds=talk_time_seconds)
        facts.append(Fact(ended, at, call_id, uniqueid))
    elif call.waiting_in:
        hold_time_seconds = max(0, int(at - call.waiting_since))
        abandoned = told.CallerAbandoned(queue=call.waiting_in, hold_time_seconds=hold_time_seconds)
        facts.append(Fact(abandoned, at, call_id, uniqueid))
    facts.append(Fact(told.CallEnded(hangup_cause_text="channel gone"), at, call_id, uniqueid))
    return facts
