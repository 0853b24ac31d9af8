"""Tables of reference data; rows come from sql/reference/*.csv."""

from datetime import datetime

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from app.platform.database import Base


class Region(Base):
    """An administrative region (GB/T 2260 code, or nine digits for townships)."""

    __tablename__ = "regions"

    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    parent_code: Mapped[str | None] = mapped_column(String(12))
    level: Mapped[int] = mapped_column(doc="1 province, 2 city, 3 county, 4 township, 5 village")
    full_name: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index(None, "parent_code"),)


class Subject(Base):
    """What a ticket is about: three levels, code LLMMNN (domain.md §3.4)."""

    __tablename__ = "subjects"

    code: Mapped[str] = mapped_column(String(6), primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    parent_code: Mapped[str | None] = mapped_column(String(6))
    level: Mapped[int]
    full_name: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index(None, "parent_code"),)


class ReferenceFile(Base):
    """Which version of a reference file is loaded: seeding again is a no-op until the file changes."""

    __tablename__ = "reference_files"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    digest: Mapped[str] = mapped_column(String(64), doc="SHA-256 of the file")
    row_count: Mapped[int]
    loaded_at: Mapped[datetime]
