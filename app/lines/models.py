"""Table of hotline numbers."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base


class Line(Base):
    """A hotline number the public knows."""

    __tablename__ = "lines"

    number: Mapped[str] = mapped_column(String(20), primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    unit_name: Mapped[str] = mapped_column(String(80), default="")
    category: Mapped[str] = mapped_column(String(20), doc="12345, retained, sub_centre, cancelled, emergency")
    queue: Mapped[str] = mapped_column(String(80), default="", doc="queue of its callers; empty: general")
