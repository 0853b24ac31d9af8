"""Jobs of call-backs: put those whose turn it is into their queues, take back what was cancelled, ask after the lost.

The row is marked before telephony is asked, and the call's id stands in it; asked again, telephony does nothing.
"""

from datetime import timedelta

import structlog
from sqlalchemy import select

from app.callbacks import service
from app.callbacks.models import Callback, CallbackStatus, CallbackTry
from app.contract.commands import CallBack, HangUp
from app.platform.job_queue import JobContext, Sweep
from app.platform.switch import Switch, SwitchNotReached, SwitchRefused, make_switch

UNHEARD_FOR = timedelta(minutes=5)
"""An offer of which telephony has told nothing for so long is asked for again, with the same id."""

log = structlog.get_logger()


def offer_due(context: JobContext) -> None:
    """Put every call-back whose turn it is into its queue."""
    with context.database.transaction() as session:
        commands = service.claim_due(session, now=context.clock(), hours=context.settings.hours_of_callbacks)
    if commands:
        _send(context, commands)


def ask_again(context: JobContext) -> None:
    """Repeat offers that nobody has heard of: the worker or the bridge ended in the middle."""
    before = context.clock() - UNHEARD_FOR
    with context.database.reading() as session:
        query = (
            select(Callback)
            .join(CallbackTry, CallbackTry.call_id == Callback.call_id)
            .where(Callback.status == CallbackStatus.OFFERED, CallbackTry.offered_at < before)
            .where(CallbackTry.heard_at.is_(None))
        )
        commands = [service.command_of(row) for row in session.scalars(query)]
    if commands:
        _send(context, commands)


def withdraw(context: JobContext, call_id: str) -> None:
    """The citizen need not be called any more: whatever waits or rings for him ends."""
    switch = make_switch(context.settings)
    try:
        switch.send(HangUp(call_id=call_id))
    except SwitchRefused:
        log.info("callback_has_ended", call_id=call_id)
    finally:
        switch.close()


def _send(context: JobContext, commands: list[CallBack]) -> None:
    switch = make_switch(context.settings)
    try:
        for command in commands:
            if cause := _refusal(switch, command):
                with context.database.transaction() as session:
                    service.put_back(session, [command.call_id], cause=cause, now=context.clock())
    finally:
        switch.close()


def _refusal(switch: Switch, command: CallBack) -> str:
    """Why telephony did not take it; empty when it did."""
    try:
        switch.send(command)
    except SwitchNotReached:
        return "switch_away"
    except SwitchRefused:
        return "no_way"
    log.info("callback_offered", call_id=command.call_id, queue=command.queue)
    return ""


SWEEPS = [Sweep(offer_due, every_seconds=10), Sweep(ask_again, every_seconds=120)]
