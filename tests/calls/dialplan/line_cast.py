"""Who takes part in the calls of a line: departments' exchanges at their trunks, agents and own people at our seats."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from dialplan.seats import seat_password
from sipp_scenarios.switch import PINGS_SETTLE_SECONDS
from tests.calls.dialplan.asterisk_node import AsteriskNode
from tests.calls.dialplan.sip_answerer import SipAnswerer, until

ADDRESSES = {"market-bureau": "127.0.0.3", "transport": "127.0.0.5", "labour": "127.0.0.8"}


@contextmanager
def exchange(node: AsteriskNode, trunk: str, behaviour: str) -> Iterator[SipAnswerer]:
    """A department's exchange that Asterisk knows to be up."""
    with SipAnswerer(ADDRESSES[trunk], node.departments_port, behaviour) as running:
        qualify(node, trunk, is_up=True)
        yield running
    qualify(node, trunk, is_up=False)


def qualify(node: AsteriskNode, trunk: str, *, is_up: bool) -> None:
    """Let Asterisk ask the exchange until it believes the answer.

    A ping of before may still fail after somebody has come, and would take the trunk for down: it is waited for.
    """
    wanted = "Avail" if is_up else "Unavail"
    settled_at = time.monotonic() + (PINGS_SETTLE_SECONDS if is_up else 0)

    def is_known() -> bool:
        contacts = node.cli("pjsip show contacts").splitlines()
        is_told = any(ADDRESSES[trunk] in line and f" {wanted} " in line for line in contacts)
        if is_told and time.monotonic() >= settled_at:
            return True
        node.cli(f"pjsip qualify {trunk}")
        return False

    until(is_known, f"{trunk} {wanted}")


@contextmanager
def conversation(node: AsteriskNode, seconds: float = 20) -> Iterator[None]:
    """What is done inside leads to an agent and a caller who talk; the whisper is over then."""
    before = len(node.queue_log("CONNECT"))
    yield
    until(lambda: len(node.queue_log("CONNECT")) > before, "a conversation", seconds)


@contextmanager
def phone_at(node: AsteriskNode, seat: str, behaviour: str) -> Iterator[SipAnswerer]:
    """A registered phone at a seat."""
    secret = node.settings.seat_secret.get_secret_value()
    with SipAnswerer("127.0.0.1", 0, behaviour) as phone:
        phone.register(seat, seat_password(secret, seat), node.settings.sip_port)
        yield phone


@contextmanager
def agent_at(node: AsteriskNode, seat: str, behaviour: str, queue: str = "common") -> Iterator[SipAnswerer]:
    """A signed-in agent whose phone rings or answers. The agent is called as the seat, with 1 for 8."""
    with phone_at(node, seat, behaviour) as phone:
        node.cli(f"queue add member PJSIP/{seat} to {queue} penalty 0 as 1{seat[1:]} state_interface PJSIP/{seat}")
        try:
            yield phone
        finally:
            node.cli(f"queue remove member PJSIP/{seat} from {queue}")


@contextmanager
def changed_dialplan(node: AsteriskNode, old: str, new: str) -> Iterator[None]:
    """A dialplan that the test plan does not make; afterwards it is as before."""
    file = node.home / "etc/extensions.conf"
    before = file.read_text(encoding="utf-8")
    assert old in before
    file.write_text(before.replace(old, new), "utf-8")
    node.cli("dialplan reload")
    try:
        yield
    finally:
        file.write_text(before, "utf-8")
        node.cli("dialplan reload")
