"""What the facts of one call add up to. Pure.

The record is a function of the *set* of facts: they are put in the order they happened in, then told as a story. So
it does not matter in which order, how often and in which batches they reach us (ADR 0060).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.calls.call_record import CallRecord, Engagement
from app.calls.models import AgentStatus, CallOutcome, CallState, MissedReason
from app.calls.order import MAX_MS, in_order, milliseconds
from app.calls.rules import REPORTS, after, has_come_back, is_answered_by_ourselves, normalize_number
from app.contract import events as facts
from app.contract.events import CallEvent, QueueLeftReason
from app.contract.ids import is_outgoing_call

MISSED = frozenset[str](MissedReason)
MOVED_WITHIN = timedelta(seconds=2)
"""A conversation whose end is told so shortly before its hand-over was moved, not ended."""

LOST_WITHIN = timedelta(milliseconds=500)
"""Nobody said a word in a conversation so short: a queue behind a Local channel takes some ms to end it."""


@dataclass
class _Conversation:
    agent: str
    started_at: datetime
    ended_at: datetime | None = None


class CallStory:
    """Tells the facts of one call in order. `record`, `stages` and `engagements` are what came of it."""

    def __init__(self, events: Iterable[CallEvent], *, area_code: str) -> None:
        story = in_order(events)
        if not story:
            raise ValueError("a call without facts")
        self._area_code = area_code
        self._call_id = story[0].call_id or ""
        self._is_outgoing = is_outgoing_call(self._call_id)
        self._conversations: list[_Conversation] = []
        self._left_queue: tuple[datetime, CallOutcome] | None = None
        self._has_come_back = has_come_back(story)
        self._was_passed_on = False
        self._is_settled = False
        self._in_room = ""
        self._waits_again = False
        self._line_is_resolved = False
        self.is_answered_by_department = False
        self._told_talk_ms: int | None = None
        self.engagements: dict[str, Engagement] = {}
        self.record = CallRecord(arrived_at=story[0].occurred_at)
        for event in story:
            self._tell(event)
        self._finish()

    @property
    def missed_at(self) -> datetime | None:
        """When the caller gave up or was turned away; None while the call may still succeed, or did."""
        if self.record.outcome not in MISSED:
            return None
        return self._left_queue[0] if self._left_queue else self.record.ended_at

    @property
    def _left_message(self) -> bool:
        return "messages" in self.record.intake

    def _tell(self, event: CallEvent) -> None:
        record, at = self.record, event.occurred_at
        record.linkedid = record.linkedid or event.linkedid
        record.is_reconstructed |= event.is_reconstructed
        self._report(event)
        match event.payload:
            case facts.CallArrived() as fact if not record.trunk:
                record.trunk, record.dnis, record.ani = fact.trunk, fact.dnis, fact.ani
                record.caller_name = fact.caller_name[:200]
                record.caller_number = normalize_number(fact.ani, area_code=self._area_code)
                record.line_rule, record.line_mode, record.diversion = fact.line_rule, fact.mode, fact.diversion
                record.original_line = fact.original_line[:20] or record.original_line
                self._line_is_resolved = bool(fact.original_line)
            case facts.IntakeRecorded() as fact:
                self._tell_of_flow(fact)
            case facts.MessageLeft() as fact:
                record.intake.setdefault("messages", []).append(fact.model_dump(mode="json"))
            case facts.CallbackRequested(number=number, is_confirmed=True):
                record.callback_number = normalize_number(number, area_code=self._area_code) or record.caller_number
            case facts.CallbackProgressed(step=facts.CallbackStep.TALKED):
                self._reach(at)
            case facts.CallRated(score=score):
                record.rating = score
            case facts.CallEnded(hangup_cause=cause) if record.ended_at is None:
                record.ended_at, record.hangup_cause = at, cause
            case facts.RecordingSaved(file=file):
                record.recording_file = file
            case _:
                self._tell_of_queue(event)

    def _tell_of_flow(self, fact: facts.IntakeRecorded) -> None:
        """The first flow is the intake; later ones (side doors, the rating) stand under `later`. Answers are merged."""
        record = self.record
        told = fact.model_dump(mode="json", exclude={"flow", "original_line", "queue", "is_settled"})
        self._is_settled |= fact.is_settled
        record.queue = record.queue or fact.queue
        if record.flow:
            record.intake["answers"] = {**record.intake.get("answers", {}), **fact.answers}
            record.intake.setdefault("later", []).append({"flow": fact.flow, **told})
            return
        record.flow = fact.flow
        if not self._line_is_resolved:
            record.original_line = fact.original_line[:20]
        record.intake = {**told, **record.intake}

    def _report(self, event: CallEvent) -> None:
        """Move the state on. A phone that stops ringing means waiting only if no other one rings."""
        reported = REPORTS[event.type]
        if isinstance(event.payload, facts.ConversationEnded) and (
            self._waits_again or self._goes_on_in_room(event.payload) or self._has_left(event.payload.agent)
        ):
            return
        if isinstance(event.payload, facts.CallerQueued):
            self._leave_conversations(event.occurred_at)
        if isinstance(event.payload, facts.AgentMissed):
            others = [e.status for agent, e in self.engagements.items() if agent != event.payload.agent]
            if self.record.state is not CallState.RINGING or AgentStatus.RINGING in others:
                return
        if reported is not None:
            self.record.state = after(self.record.state, reported)

    def _tell_of_queue(self, event: CallEvent) -> None:
        record, at = self.record, event.occurred_at
        match event.payload:
            case facts.CallerQueued(queue=queue):
                record.queue = queue
                record.queued_at = record.queued_at or at
                self._left_queue = None
                self._waits_again = bool(self._conversations)
            case facts.AgentRinging(agent=agent):
                record.first_ringing_at = record.first_ringing_at or at
                self._engage(agent, AgentStatus.RINGING, at)
            case facts.AgentMissed(agent=agent):
                self._engage(agent, AgentStatus.READY, at, only_from=AgentStatus.RINGING)
            case facts.AgentAnswered() as fact:
                self._answer(fact, at)
            case facts.ConversationEnded() as fact if not self._goes_on_in_room(fact):
                self._end_conversation(fact, at)
            case facts.CallerAbandoned():
                self._left_queue = (at, CallOutcome.ABANDONED)
            case facts.QueueTimedOut(reason=reason):
                is_nobody_there = reason is QueueLeftReason.NO_AGENT
                self._left_queue = (at, CallOutcome.NO_AGENT if is_nobody_there else CallOutcome.OVERFLOW)
            case facts.CallForwarded() as fact:
                self._tell_of_leg(fact)
            case facts.CallTransferred(agent=agent):
                self._hand_on(agent, at)
            case facts.HandedOver() as fact:
                self._hand_over(fact, at)
            case facts.FlowPlayed(step=facts.PlayedStep.STARTED, agent=agent):
                self._go_to_room(agent, at)

    def _tell_of_leg(self, fact: facts.CallForwarded) -> None:
        """A leg to the department. Of several the one that was answered counts, else the last."""
        record, is_answered = self.record, fact.result is facts.ForwardResult.ANSWERED
        if self._has_come_back and is_answered_by_ourselves(fact):
            return
        if record.forward_result == facts.ForwardResult.ANSWERED and not is_answered:
            return
        record.forward_trunk, record.forward_result = fact.trunk[:80], fact.result.value
        record.forward_ring_ms = min(fact.ring_time_ms, MAX_MS)
        record.forward_talk_ms = min(fact.talk_time_ms, MAX_MS)
        if is_answered:
            self._was_passed_on = True
            self.is_answered_by_department |= fact.is_parallel
            if fact.is_parallel:
                self._forget_lost_race()

    def _forget_lost_race(self) -> None:
        """Both picked up at once and the department has the citizen: a queue says `answered` and, at once, `ended`."""
        record, talked = self.record, self._conversations
        if talked and all(c.ended_at and c.ended_at - c.started_at < LOST_WITHIN for c in talked):
            talked.clear()
            record.agent = record.answered_at = record.conversation_ended_at = None

    def _engage(self, agent: str, status: AgentStatus, at: datetime, only_from: AgentStatus | None = None) -> None:
        before = self.engagements.get(agent)
        if only_from is None or before is None or before.status is only_from:
            self.engagements[agent] = Engagement(at, status, self._call_id)

    def _answer(self, fact: facts.AgentAnswered, at: datetime) -> None:
        record = self.record
        record.agent, record.queue = fact.agent, fact.queue
        if record.answered_at is None and not self._is_outgoing:
            record.answered_at = at
            record.hold_ms = min(fact.hold_time_seconds * 1000, MAX_MS)  # until the moments themselves say it better
        if not any(c.agent == fact.agent and c.ended_at is None for c in self._conversations):
            self._conversations.append(_Conversation(fact.agent, at))
        self._left_queue, self._waits_again = None, False
        record.conversation_ended_at = None
        for other, engagement in list(self.engagements.items()):
            if engagement.status is AgentStatus.RINGING:
                self._engage(other, AgentStatus.READY, at)
        self._engage(fact.agent, AgentStatus.TALKING, at)

    def _leave_conversations(self, at: datetime) -> None:
        """Back in a queue, the citizen talks with nobody, whether or not the end of it was told."""
        self._in_room = ""
        for conversation in self._conversations:
            if conversation.ended_at is None:
                conversation.ended_at = self.record.conversation_ended_at = at
                self.record.state = after(self.record.state, CallState.AFTER_TALK)
                self._engage(conversation.agent, AgentStatus.WRAP_UP, at)

    def _reach(self, at: datetime) -> None:
        """The citizen of a call-back talks: until now the agent only waited for him."""
        self.record.answered_at = self.record.answered_at or at
        for conversation in self._conversations:
            if conversation.ended_at is None:
                conversation.started_at = at

    def _has_left(self, agent: str) -> bool:
        """The end of this agent's talk is known already: a transfer, or the hand-over's acceptance, said so."""
        talks = [c for c in self._conversations if c.agent == agent]
        return bool(talks) and all(c.ended_at is not None for c in talks)

    def _goes_on_with_another(self, agent: str) -> bool:
        """Whoever transferred is told to have ended when the next agent may talk already."""
        return any(c.ended_at is None and c.agent != agent for c in self._conversations[-1:])

    def _hand_on(self, agent: str, at: datetime) -> None:
        """A transfer: the agent is free. Who has the citizen now is told by an answer of his own."""
        if any(c.agent == agent and c.ended_at is None for c in self._conversations):
            self._end_conversation(facts.ConversationEnded(queue=self.record.queue, agent=agent), at)

    def _goes_on_in_room(self, fact: facts.ConversationEnded) -> bool:
        """Moved to the room of a hand-over, a queue that stood behind a Local channel says `the caller has left`."""
        return fact.agent == self._in_room and fact.ended_by == "caller"

    def _hand_over(self, fact: facts.HandedOver, at: datetime) -> None:
        """The agent talks on in the room until the other side has accepted, or the call ends."""
        talked = [c for c in self._conversations if c.agent == fact.agent]
        if fact.result is facts.HandoverResult.ACCEPTED:
            self._was_passed_on, self._in_room = True, ""
            if talked and talked[-1].ended_at is None:
                self.record.state = after(self.record.state, CallState.AFTER_TALK)
                self._end_conversation(facts.ConversationEnded(queue=self.record.queue, agent=fact.agent), at)
        elif fact.result is facts.HandoverResult.OFFERED:
            self._go_to_room(fact.agent, at)

    def _go_to_room(self, agent: str, at: datetime) -> None:
        """The agent stays with the citizen, though he is in the queue's conversation no more."""
        talked = [c for c in self._conversations if c.agent == agent]
        if not talked:
            return
        has_just_ended = talked[-1].ended_at is not None and at - talked[-1].ended_at < MOVED_WITHIN
        if talked[-1].ended_at is None or has_just_ended:
            self._in_room, talked[-1].ended_at = agent, None
            self.record.state = after(self.record.state, CallState.TALKING)
            self._engage(agent, AgentStatus.TALKING, at)

    def _end_conversation(self, fact: facts.ConversationEnded, at: datetime) -> None:
        if not self._goes_on_with_another(fact.agent):
            self.record.conversation_ended_at = at
        self.record.agent = self.record.agent or fact.agent  # the answer itself may be lost in a gap
        still_on = [c for c in self._conversations if c.ended_at is None and c.agent == fact.agent]
        if still_on:
            still_on[-1].ended_at = at
        elif not self._conversations:
            self._told_talk_ms = min(fact.talk_time_seconds * 1000, MAX_MS)
        self._engage(fact.agent, AgentStatus.WRAP_UP, at)

    def _finish(self) -> None:
        record = self.record
        if record.state is CallState.ENDED and record.ended_at is None and self._left_queue:
            record.ended_at = self._left_queue[0]
        if record.ended_at is not None:
            self._end_everything(record.ended_at)
        record.outcome = self._outcome()
        if record.queued_at is not None:
            record.greeting_ms = milliseconds(record.arrived_at, record.queued_at)
            left_at = self._left_queue[0] if self._left_queue else record.ended_at
            if (until := record.answered_at or left_at) is not None:
                record.hold_ms = milliseconds(record.queued_at, until)
        spans = [milliseconds(c.started_at, c.ended_at) for c in self._conversations if c.ended_at]
        record.talk_ms = min(sum(spans), MAX_MS) if spans else self._told_talk_ms
        if self._is_outgoing and record.answered_at is None:
            record.talk_ms = None

    def _end_everything(self, ended_at: datetime) -> None:
        for conversation in self._conversations:
            if conversation.ended_at is None:
                conversation.ended_at = max(ended_at, conversation.started_at)
                self.record.conversation_ended_at = self.record.conversation_ended_at or conversation.ended_at
        for agent, engagement in list(self.engagements.items()):
            if engagement.status is AgentStatus.TALKING:
                self._engage(agent, AgentStatus.WRAP_UP, max(ended_at, engagement.at))
            elif engagement.status is AgentStatus.RINGING:
                self._engage(agent, AgentStatus.READY, max(ended_at, engagement.at))

    def _outcome(self) -> CallOutcome | None:
        record, is_over = self.record, self.record.state is CallState.ENDED
        if record.answered_at is not None or (record.conversation_ended_at is not None and not self._is_outgoing):
            # who was lost in a hand-over and then gave up, or found nobody, is to be called back
            return self._left_queue[1] if self._left_queue else CallOutcome.ANSWERED
        if self._was_passed_on:
            return CallOutcome.FORWARDED if is_over else None
        if self._left_queue is not None and record.callback_number is None and not self._left_message:
            return self._left_queue[1]
        return self._outcome_of_nobody() if is_over else None

    def _outcome_of_nobody(self) -> CallOutcome:
        if self._is_outgoing:
            return CallOutcome.NOT_REACHED
        if self.record.callback_number is not None:
            return CallOutcome.CALLBACK
        if self._left_message:
            return CallOutcome.MESSAGE
        was_queued = self.record.queued_at is not None or self.record.first_ringing_at is not None
        if was_queued:
            return CallOutcome.ABANDONED
        return CallOutcome.SELF_SERVED if self._is_settled else CallOutcome.LEFT_BEFORE_QUEUE
