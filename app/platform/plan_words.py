"""What the plans in force call their queues and pause reasons: the switch knows codes, pages show words.

The site plan is the one source. Applying it brings its words here (`app.lines.takeover`); every page reads them here.
"""

from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.platform.database import Base


class WordKind(StrEnum):
    """What is called so."""

    QUEUE = "queue"
    PAUSE_REASON = "pause_reason"


PlanWords = Mapping[WordKind, Sequence[tuple[str, str]]]
"""Codes with their labels, in the plan's order."""


class PlanWord(Base):
    """One word of an applied plan."""

    __tablename__ = "plan_words"

    plan: Mapped[str] = mapped_column(String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(String(20), primary_key=True, doc="see WordKind")
    code: Mapped[str] = mapped_column(String(80), primary_key=True)
    label: Mapped[str] = mapped_column(String(80))
    position: Mapped[int] = mapped_column(doc="order in the plan")


def keep_words(session: Session, plan: str, words: PlanWords, *, others: Collection[str] = ()) -> None:
    """From now on this plan's words are these. Words of plans that are neither this one nor among `others` go."""
    session.execute(delete(PlanWord).where((PlanWord.plan == plan) | PlanWord.plan.not_in(others)))
    for kind, labels in words.items():
        for position, (code, label) in enumerate(labels):
            session.add(PlanWord(plan=plan, kind=kind, code=code, label=label, position=position))
    session.flush()


def queue_names(session: Session) -> dict[str, str]:
    """Queue → what it is called. Show an unknown one as it is."""
    return _words(session, WordKind.QUEUE)


def pause_reasons(session: Session) -> dict[str, str]:
    """Reason → what it is called, in the plan's order."""
    return _words(session, WordKind.PAUSE_REASON)


def _words(session: Session, kind: WordKind) -> dict[str, str]:
    query = select(PlanWord.code, PlanWord.label).where(PlanWord.kind == kind)
    return dict(session.execute(query.order_by(PlanWord.plan, PlanWord.position)).all())
