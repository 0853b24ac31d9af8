"""A follow-up call through the whole product: a ticket that was replied to, the call, keys, the task and the ticket."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from app.accounts.auth import actor_of_user
from app.accounts.models import User
from app.calls.models import Call
from app.contract.ids import follow_up_call_id
from app.evaluation.jobs import ring_citizens
from app.platform.clock import SHANGHAI, utc_now
from app.platform.database import Database, make_engine
from app.platform.job_queue import JobContext
from app.platform.settings import Settings
from app.tickets.follow_up_tasks import FollowUpTask
from app.tickets.models import Ticket
from dialplan.settings import DialplanSettings
from tests.calls.callbacks.callback_stage import CITIZENS
from tests.calls.callbacks.test_callback_on_the_stack import CITIZENS_PORT, is_up, wait_for
from tests.calls.dialplan.sip_answerer import ANSWER, BUSY, SipAnswerer
from tests.integration.casework.conftest import CITY_OFFICE, Stage
from tests.stack import Stack

pytestmark = [pytest.mark.calls, pytest.mark.timeout(240)]

PEOPLE = {
    "8001": "1001", "dispatcher": "dispatcher", "clerk": "unit", "leader": "unitlead", "reviewer": "reviewer",
}  # fmt: skip
"""Who plays which part in a ticket's life on the demo."""


class Office:
    """The store of a running stack: its people take a ticket to the point where the citizen is asked."""

    def __init__(self, stack: Stack) -> None:
        self.settings = stack.read(Settings).model_copy(update={"follow_up_calls": True})
        self.engine = make_engine(self.settings.effective_database_url)
        self.database = Database(self.engine)
        self.morning = (datetime.now(SHANGHAI) - timedelta(days=1)).replace(hour=9, minute=0)
        """Citizens are rung by day; this test holds at any hour."""
        self.stage = Stage(self.database, self.morning.astimezone(utc_now().tzinfo))
        with self.database.reading() as session:
            for part, username in PEOPLE.items():
                user = session.scalars(select(User).where(User.username == username)).one()
                self.stage.people[part] = actor_of_user(user)

    def replied(self, number: str) -> int:
        """A ticket whose reply was judged good: its citizen is to be asked."""
        ticket = self.stage.dispatched(lead=CITY_OFFICE, contact_number=number)
        self.stage.move(ticket, "sign", "clerk")
        self.stage.move(ticket, "contact", "clerk", channel="phone", note="已电话了解情况")
        self.stage.answer(ticket)
        self.stage.move(ticket, "audit_pass", "reviewer")
        return ticket

    def ring(self) -> None:
        """The worker's turn, half an hour after the reply."""
        at = self.stage.now + timedelta(minutes=30)
        ring_citizens(JobContext(self.settings, self.database, lambda: at))

    def task(self, ticket: int) -> FollowUpTask:
        with self.database.reading() as session:
            return session.scalars(select(FollowUpTask).where(FollowUpTask.ticket_id == ticket)).one()

    def ticket(self, ticket: int) -> Ticket:
        with self.database.reading() as session:
            return session.get_one(Ticket, ticket)

    def call(self, task: FollowUpTask) -> Call | None:
        with self.database.reading() as session:
            return session.scalar(select(Call).where(Call.call_id == follow_up_call_id(task.id, 1)))


@pytest.fixture
def office(stack: Stack) -> Iterator[Office]:
    office = Office(stack)
    yield office
    office.engine.dispose()


def test_what_the_citizen_keys_stands_on_call_task_and_ticket(stack: Stack, office: Office) -> None:
    """1 solved, 1 satisfied: he presses it until the hotline says goodbye."""
    number, switch = "13677771001", stack.read(DialplanSettings)
    ticket = office.replied(number)
    with SipAnswerer(CITIZENS, CITIZENS_PORT, ANSWER) as citizen:
        is_up(switch)
        office.ring()
        assert f"sip:{number}@" in citizen.wait_for(1, 60).split("\r\n")[0]
        until, pause = time.monotonic() + 90, threading.Event()
        while not citizen.ended:
            assert time.monotonic() < until, "the call does not end"
            citizen.press("1")
            pause.wait(0.4)

    task = wait_for(lambda: (row := office.task(ticket)).status == "answered" and row, "the answer")
    assert (task.is_solved, task.satisfaction, task.is_unhappy) == (True, "satisfied", False)
    call = wait_for(lambda: (row := office.call(task)) and row.ended_at and row, "the call's end")
    assert (call.outcome, call.agent, call.line_mode) == ("answered", None, "follow_up")
    assert office.ticket(ticket).status == "rated"


def test_who_is_engaged_is_tried_again_at_another_hour(stack: Stack, office: Office) -> None:
    switch = stack.read(DialplanSettings)
    ticket = office.replied("13677771002")
    with SipAnswerer(CITIZENS, CITIZENS_PORT, BUSY) as citizen:
        is_up(switch)
        office.ring()
        citizen.wait_for(1, 60)
        task = wait_for(lambda: (row := office.task(ticket)).tries == 1 and row, "the vain try")

    assert (task.status, office.ticket(ticket).status) == ("open", "callback")
    assert task.next_try_at > office.stage.now + timedelta(hours=1)
