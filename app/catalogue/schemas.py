"""What the catalogue's API gives."""

from pydantic import BaseModel, ConfigDict, Field


class EntryOut(BaseModel):
    """A region or a subject."""

    model_config = ConfigDict(from_attributes=True)

    code: str
    name: str
    parent_code: str | None
    level: int
    full_name: str = Field(description="with the names of all above it")


class EntryList(BaseModel):
    items: list[EntryOut] = Field(description="by code, so that each follows its parent")
