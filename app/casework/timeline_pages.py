"""Part of a ticket's page: its whole life as one line of time."""

from collections import Counter
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import HTMLResponse
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.casework.timeline import KIND_WORDS, Entry, Kind, names_of, read_timeline
from app.catalogue.models import Region, Subject, Unit
from app.deadlines.access import seen_ticket
from app.platform.http import Reading
from app.platform.pages import render
from app.tickets.rules import FIELD_LABELS
from app.tickets.states import ACTION_WORDS

router = APIRouter(include_in_schema=False)

Reader = Annotated[Actor, Depends(require(Permission.TICKETS_READ))]
TicketKey = Annotated[str, Path(pattern=r"^\d{1,20}$", description="id or ticket number")]
CODED: dict[str, tuple[str, type[Subject | Region | Unit]]] = {
    "subject_code": ("subject", Subject), "region_code": ("region", Region), "lead_unit_code": ("unit", Unit),
    "complained_unit_code": ("unit", Unit),
}  # fmt: skip


@router.get("/tickets/{key}/timeline")
def show_timeline(
    request: Request, key: TicketKey, actor: Reader, session: Reading, kind: Annotated[str, Query(max_length=12)] = ""
) -> HTMLResponse:
    """Everything that happened, the newest first; of one kind, or all of it."""
    ticket = seen_ticket(session, key, actor)
    everything = read_timeline(session, ticket, actor)
    shown = [entry for entry in everything if kind in ("", entry.kind)]
    counted = Counter(str(entry.kind) for entry in everything)
    return render(
        request,
        "casework/timeline.html",
        ticket=ticket,
        entries=shown,
        kind=kind if kind in set(Kind) else "",
        kinds=[(str(one), label) for one, label in KIND_WORDS.items() if counted[one]],
        words_of_kind={str(one): label for one, label in KIND_WORDS.items()},
        counts={"": len(everything), **counted},
        people=names_of(session, shown),
        labels=FIELD_LABELS,
        actions=ACTION_WORDS,
        names=_names(session, shown),
        may_read_calls=actor.may(Permission.CALLS_READ),
    )


def _names(session: Session, entries: list[Entry]) -> dict[str, str]:
    """`subject:code`, `region:code`, `unit:code` → name."""
    names: dict[str, str] = {}
    for field, (prefix, model) in CODED.items():
        codes = {code for entry in entries for code in entry.changes.get(field, []) if code}
        rows = session.execute(select(model.code, model.name).where(model.code.in_(codes))) if codes else ()
        names |= {f"{prefix}:{code}": name for code, name in rows}
    return names
