"""JSON of hotline numbers."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.accounts.auth import Actor, require
from app.lines import service
from app.lines.schemas import LineList, LineOut
from app.platform.http import Reading

router = APIRouter(tags=["lines"])


@router.get("/lines", summary="List lines")
def list_lines(_actor: Annotated[Actor, Depends(require())], session: Reading) -> LineList:
    """Every number that the public knows, by number."""
    return LineList(items=[LineOut.model_validate(line) for line in service.list_lines(session)])
