"""Waiting for the agent's page to be told of a call."""

from sipp_scenarios import steps
from sipp_scenarios.cast import Cast
from sipp_scenarios.store import Store
from sipp_scenarios.waiting import TooLate, until


def await_pop(cast: Cast, store: Store, step: steps.Pop) -> None:
    """Until the agent concerned has it on the screen. Raises TooLate, also when it reached somebody else."""
    caller, agent = cast.players[step.pop], cast.players[step.to]
    shown = cast.players[step.open_ticket_of] if step.open_ticket_of else None
    until(
        lambda: store.has_pop(cast, caller, agent.username, shown),
        what=f"the pop of {step.pop}'s call reaches {step.to}"
        + (f" and shows {step.open_ticket_of}'s ticket" if shown else ""),
        within_ms=step.within_ms,
    )
    if step.not_to and store.has_pop(cast, caller, cast.players[step.not_to].username, None):
        raise TooLate(f"the pop of {step.pop}'s call reached {step.not_to} too, whom it does not concern")
