"""A person's own views of the ticket list: filters under a name."""

from datetime import datetime
from typing import Any

from sqlalchemy import String, UniqueConstraint, delete, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.platform.database import Base, BigId, insert_ignore
from app.platform.errors import Conflict, HotlineError
from app.tickets.filter_form import FilterForm

MOST_VIEWS = 20
LONGEST_NAME = 20


class SavedView(Base):
    """Filters under a name. Nobody else sees them."""

    __tablename__ = "saved_views"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    owner: Mapped[str] = mapped_column(String(80))
    name: Mapped[str] = mapped_column(String(40))
    filters: Mapped[dict[str, Any]] = mapped_column(default=dict, doc="field of the filter form → its text")
    created_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("owner", "name"),)

    @property
    def form(self) -> FilterForm:
        """As the list reads it."""
        return FilterForm.model_validate(self.filters)


class ViewRefused(HotlineError):
    status = 422
    code = "view-refused"
    title = f"请填写视图名称（不超过{LONGEST_NAME}个字），并至少设一个查询条件"


class TooManyViews(Conflict):
    code = "too-many-views"
    title = f"最多保存{MOST_VIEWS}个视图，请先删去不用的"


def list_views(session: Session, owner: str) -> list[SavedView]:
    """This person's views, by name."""
    return list(session.scalars(select(SavedView).where(SavedView.owner == owner).order_by(SavedView.name)))


def save_view(session: Session, owner: str, name: str, form: FilterForm, now: datetime) -> None:
    """Keep the filters under this name; an older view of the name is replaced. Raises ViewRefused, TooManyViews."""
    name = name.replace("\0", "").strip()
    if not 1 <= len(name) <= LONGEST_NAME or not form.shown:
        raise ViewRefused()
    row = {"owner": owner, "name": name, "filters": form.shown, "created_at": now}
    session.execute(insert_ignore(session, SavedView), [row])
    kept = session.scalars(
        select(SavedView).where(SavedView.owner == owner, SavedView.name == name).with_for_update()
    ).one()
    kept.filters = form.shown
    count = session.scalar(select(func.count()).select_from(SavedView).where(SavedView.owner == owner))
    if (count or 0) > MOST_VIEWS:
        raise TooManyViews()


def drop_view(session: Session, owner: str, view_id: int) -> None:
    """Forget one of this person's views; another's stays."""
    session.execute(delete(SavedView).where(SavedView.id == view_id, SavedView.owner == owner))
