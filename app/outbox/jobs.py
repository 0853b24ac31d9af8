"""Job of the outbox: send what is due. A transaction each, so that one that fails stops no other."""

import structlog

from app.outbox import service
from app.outbox.models import OutboxMessage
from app.outbox.senders import Sender, SendFailed, make_sender
from app.platform.job_queue import JobContext, Sweep

SENT_AT_ONCE = 200

log = structlog.get_logger()


def send_due(context: JobContext) -> None:
    """Hand every message whose time has come to the adapter; what it does not take is tried again later."""
    deliver(context, make_sender(context.settings))


def deliver(context: JobContext, sender: Sender) -> None:
    """The same, with an adapter of one's own."""
    with context.database.transaction() as session:
        ids = service.take_due(session, context.clock(), SENT_AT_ONCE)
    for message_id in ids:
        with context.database.reading() as session:
            message = session.get_one(OutboxMessage, message_id)
        try:
            sender.send(message)
        except SendFailed as failure:
            with context.database.transaction() as session:
                is_over = service.note_failed(session, message_id, str(failure), context.clock())
            log.warning("message_not_sent", message_id=message_id, reason=str(failure), is_given_up=is_over)
        else:
            with context.database.transaction() as session:
                service.note_sent(session, message_id, context.clock())


SWEEPS = [Sweep(send_due, every_seconds=30)]
