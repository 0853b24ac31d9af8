"""How a guard says no: what is missing by field, or the state of things."""

from app.platform.errors import Conflict
from app.tickets.service import TicketIncomplete

Missing = dict[str, str]
"""Field → what is wrong with it, Chinese."""
STATE = ""
"""The field name of what no form can mend."""


class NotNow(Conflict):
    """The table allows the move, the state of things does not: the detail says why."""

    code = "not-now"
    title = "现在不能进行此操作"


def refuse(missing: Missing) -> None:
    """Raises NotNow for the state of things, TicketIncomplete for fields; nothing missing: goes on."""
    if told := missing.get(STATE):
        raise NotNow(told)
    if missing:
        raise TicketIncomplete(missing)
