"""What the API of personal data takes and gives."""

from datetime import datetime
from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from app.privacy.models import CertificateKind
from app.privacy.retention import DataClass
from app.tickets.schemas import Line


class PersonIn(BaseModel):
    """Whose data, and why. The number travels in the body: addresses are logged."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"number": "19900012345", "reason": "本人书面申请，已核验身份"}]},
    )

    number: Line = Field(min_length=5, max_length=20, description="the person's telephone number, whole")
    reason: Line = Field(min_length=4, max_length=200, description="on whose word; kept in the audit log")


class CertificateOut(BaseModel):
    """Proof of a deletion: what, how many, and the hash of the list."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    kind: CertificateKind
    subject: str = Field(
        description="of a person: the pseudonym that stands in the records now; else the class of data"
    )
    made_at: datetime
    made_by: str
    reason: str
    before: datetime | None = Field(description="of a class: what was older")
    deleted: dict[str, int] = Field(description="what is gone: rows by table, files by kind")
    pseudonymised: dict[str, int] = Field(description="table → rows that name nobody any more")
    digest: str = Field(description="SHA-256 over the sorted list of what it was, a line each (`table:id`)")


class CertificateList(BaseModel):
    items: list[CertificateOut] = Field(description="the newest first")
    next_cursor: str | None = None


class DataClassOut(BaseModel):
    code: str
    name: str
    keeps_days: int | None = Field(description="null: for good")
    basis: str

    @classmethod
    def of(cls, one: DataClass) -> Self:
        return cls(code=one.code, name=one.name, basis=one.basis, keeps_days=one.keeps.days if one.keeps else None)


class DataClassList(BaseModel):
    items: list[DataClassOut]
