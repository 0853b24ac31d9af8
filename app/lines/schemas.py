"""What the API of lines gives."""

from pydantic import BaseModel, ConfigDict, Field


class LineOut(BaseModel):
    """A hotline number."""

    model_config = ConfigDict(from_attributes=True)

    number: str
    name: str
    unit_name: str
    category: str = Field(description="12345, retained, sub_centre, cancelled or emergency")
    queue: str = Field(description="queue of its callers; empty: general")


class LineList(BaseModel):
    items: list[LineOut]
