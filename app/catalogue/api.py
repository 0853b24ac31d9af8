"""JSON of reference data."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.accounts.auth import Actor, require
from app.catalogue import service
from app.catalogue.schemas import EntryList, EntryOut, RegionList, RegionOut
from app.platform.http import Reading

router = APIRouter(tags=["catalogue"])

Anybody = Annotated[Actor, Depends(require())]
Parent = Annotated[str | None, Query(pattern=r"^\d{6,12}$", description="only what lies directly below it")]


@router.get("/regions", summary="List regions")
def list_regions(_actor: Anybody, session: Reading, parent: Parent = None) -> RegionList:
    """Administrative regions of the province (GB/T 2260)."""
    return RegionList(items=[RegionOut.model_validate(row) for row in service.list_regions(session, parent)])


@router.get("/subjects", summary="List subjects")
def list_subjects(_actor: Anybody, session: Reading, parent: Parent = None) -> EntryList:
    """What tickets are about: three levels, code LLMMNN."""
    return EntryList(items=[EntryOut.model_validate(row) for row in service.list_subjects(session, parent)])
