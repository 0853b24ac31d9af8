"""Hotline numbers: load them, and find the one a caller meant."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.catalogue import service as catalogue
from app.lines.models import Line
from app.lines.rules import candidate_numbers
from app.platform.clock import utc_now


def seed(session: Session) -> list[str]:
    """Load all reference data (regions, subjects, lines) that changed; the names of the files loaded."""
    loaded = catalogue.seed(session)
    lines = catalogue.load_file(session, catalogue.REFERENCE / "lines.csv", Line, now=utc_now())
    return [*loaded, lines] if lines else loaded


def find_line(session: Session, dnis: str) -> Line | None:
    """The hotline that a dialled number stands for."""
    candidates = candidate_numbers(dnis)
    if not candidates:
        return None
    found = {line.number: line for line in session.scalars(select(Line).where(Line.number.in_(candidates)))}
    return next((found[number] for number in candidates if number in found), None)


def list_lines(session: Session) -> list[Line]:
    """Every line, by number."""
    return list(session.scalars(select(Line).order_by(Line.number)))
