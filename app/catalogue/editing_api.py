"""JSON of reference data that people edit: units, exclusions, dispatch rules. Each change is kept."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Path, Response
from sqlalchemy import select

from app.accounts.auth import Actor, require
from app.accounts.rules import Permission
from app.catalogue import editing, regions, subjects
from app.catalogue.models import DispatchRule, Exclusion, Region, Subject, Unit
from app.catalogue.schemas import (
    ExclusionChanges,
    ExclusionIn,
    ExclusionList,
    ExclusionOut,
    ReferenceChangeOut,
    ReferenceHistory,
    RegionChanges,
    RegionIn,
    RegionOut,
    RuleChanges,
    RuleIn,
    RuleList,
    RuleOut,
    SubjectChanges,
    SubjectIn,
    SubjectOut,
    UnitChanges,
    UnitIn,
    UnitList,
    UnitOut,
)
from app.platform.errors import PreconditionRequired
from app.platform.http import ClockDep, Reading, Writing

router = APIRouter(tags=["catalogue"])

Reader = Annotated[Actor, Depends(require(Permission.CASES_READ))]
Editor = Annotated[Actor, Depends(require(Permission.CATALOGUE_WRITE))]
Code = Annotated[str, Path(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]
IfMatch = Annotated[str, Header(alias="If-Match", description='the version that was read, e.g. `"3"`')]

EDIT: dict[int | str, dict[str, Any]] = {
    404: {"description": "There is no such row"},
    412: {"description": "Somebody changed it in between"},
    422: {"description": "`errors` names the fields that are wrong, or name what does not exist"},
    428: {"description": "If-Match is no version"},
}
NEW: dict[int | str, dict[str, Any]] = {409: {"description": "The code is taken"}, 422: EDIT[422]}


def _version(if_match: str) -> int:
    text = if_match.strip().removeprefix("W/").strip('"')
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise PreconditionRequired("If-Match 应为读取时得到的版本号")
    return int(text)


@router.get("/units", summary="List units")
def list_units(_actor: Reader, session: Reading) -> UnitList:
    """Every unit that may handle tickets, dissolved ones too."""
    rows = session.scalars(select(Unit).order_by(Unit.level, Unit.code))
    return UnitList(items=[UnitOut.model_validate(row) for row in rows])


@router.post("/units", summary="Add a unit", status_code=201, responses=NEW)
def create_unit(body: UnitIn, actor: Editor, session: Writing, clock: ClockDep) -> UnitOut:
    """A new unit below an existing one."""
    row = editing.create_entry(session, Unit, body.code, body.given(), actor=actor.name, now=clock())
    return UnitOut.model_validate(row)


@router.patch("/units/{code}", summary="Change a unit", responses=EDIT)
def change_unit(
    *, code: Code, body: UnitChanges, actor: Editor, session: Writing, clock: ClockDep, response: Response,
    if_match: IfMatch,
) -> UnitOut:  # fmt: skip
    """Change what is sent. A dissolved unit (`is_active` false) gets a substitute, who is proposed in its place."""
    row = editing.edit_entry(
        session, Unit, code, body.given(), version=_version(if_match), actor=actor.name, now=clock()
    )
    response.headers["ETag"] = f'"{row.version}"'
    return UnitOut.model_validate(row)


@router.get("/units/{code}/history", summary="History of a unit", responses={404: EDIT[404]})
def read_unit_history(code: Code, _actor: Reader, session: Reading) -> ReferenceHistory:
    """Who changed this unit, when and how."""
    editing.get_entry(session, Unit, code)
    items = [ReferenceChangeOut.model_validate(row) for row in editing.history(session, Unit, code)]
    return ReferenceHistory(items=items)


@router.post("/subjects", summary="Add a subject", status_code=201, responses=NEW)
def create_subject(body: SubjectIn, actor: Editor, session: Writing, clock: ClockDep) -> SubjectOut:
    """A subject below an existing one; the code says which."""
    row = subjects.create_subject(session, body.code, body.given(), actor=actor.name, now=clock())
    return SubjectOut.model_validate(row)


@router.patch("/subjects/{code}", summary="Change a subject", responses=EDIT)
def change_subject(
    *, code: Code, body: SubjectChanges, actor: Editor, session: Writing, clock: ClockDep, response: Response,
    if_match: IfMatch,
) -> SubjectOut:  # fmt: skip
    """Change what is sent; a new name goes into the full names of all below. A switched-off one takes no new ticket."""
    row = subjects.edit_subject(session, code, body.given(), version=_version(if_match), actor=actor.name, now=clock())
    response.headers["ETag"] = f'"{row.version}"'
    return SubjectOut.model_validate(row)


@router.get("/subjects/{code}/history", summary="History of a subject", responses={404: EDIT[404]})
def read_subject_history(code: Code, _actor: Reader, session: Reading) -> ReferenceHistory:
    """Who changed this subject, when and how."""
    editing.get_entry(session, Subject, code)
    items = [ReferenceChangeOut.model_validate(row) for row in editing.history(session, Subject, code)]
    return ReferenceHistory(items=items)


@router.post("/regions", summary="Add a region", status_code=201, responses=NEW)
def create_region(body: RegionIn, actor: Editor, session: Writing, clock: ClockDep) -> RegionOut:
    """A region below an existing one: a township, a village."""
    row = regions.create_region(session, body.code, body.given(), actor=actor.name, now=clock())
    return RegionOut.model_validate(row)


@router.patch("/regions/{code}", summary="Change a region", responses=EDIT)
def change_region(
    *, code: Code, body: RegionChanges, actor: Editor, session: Writing, clock: ClockDep, response: Response,
    if_match: IfMatch,
) -> RegionOut:  # fmt: skip
    """Change what is sent; the new name goes into the full names of all below. A county managed directly by the

    province (省直管) stands right below it.
    """
    row = regions.edit_region(session, code, body.given(), version=_version(if_match), actor=actor.name, now=clock())
    response.headers["ETag"] = f'"{row.version}"'
    return RegionOut.model_validate(row)


@router.get("/regions/{code}/history", summary="History of a region", responses={404: EDIT[404]})
def read_region_history(code: Code, _actor: Reader, session: Reading) -> ReferenceHistory:
    """Who changed this region, when and how."""
    editing.get_entry(session, Region, code)
    items = [ReferenceChangeOut.model_validate(row) for row in editing.history(session, Region, code)]
    return ReferenceHistory(items=items)


@router.get("/exclusions", summary="List exclusions")
def list_exclusions(_actor: Reader, session: Reading) -> ExclusionList:
    """What the hotline does not take, and the right channel that the citizen is told."""
    rows = session.scalars(select(Exclusion).order_by(Exclusion.code))
    return ExclusionList(items=[ExclusionOut.model_validate(row) for row in rows])


@router.post("/exclusions", summary="Add an exclusion", status_code=201, responses=NEW)
def create_exclusion(body: ExclusionIn, actor: Editor, session: Writing, clock: ClockDep) -> ExclusionOut:
    """One more kind of matter that is not taken."""
    row = editing.create_entry(session, Exclusion, body.code, body.given(), actor=actor.name, now=clock())
    return ExclusionOut.model_validate(row)


@router.patch("/exclusions/{code}", summary="Change an exclusion", responses=EDIT)
def change_exclusion(
    *, code: Code, body: ExclusionChanges, actor: Editor, session: Writing, clock: ClockDep, response: Response,
    if_match: IfMatch,
) -> ExclusionOut:  # fmt: skip
    """Change what is sent."""
    row = editing.edit_entry(
        session, Exclusion, code, body.given(), version=_version(if_match), actor=actor.name, now=clock()
    )
    response.headers["ETag"] = f'"{row.version}"'
    return ExclusionOut.model_validate(row)


@router.get("/exclusions/{code}/history", summary="History of an exclusion", responses={404: EDIT[404]})
def read_exclusion_history(code: Code, _actor: Reader, session: Reading) -> ReferenceHistory:
    """Who changed this exclusion, when and how."""
    editing.get_entry(session, Exclusion, code)
    items = [ReferenceChangeOut.model_validate(row) for row in editing.history(session, Exclusion, code)]
    return ReferenceHistory(items=items)


@router.get("/dispatch-rules", summary="List dispatch rules")
def list_rules(_actor: Reader, session: Reading) -> RuleList:
    """The dispatch catalogue: which unit leads for a subject in a region."""
    rows = session.scalars(select(DispatchRule).order_by(DispatchRule.subject_code, DispatchRule.code))
    return RuleList(items=[RuleOut.model_validate(row) for row in rows])


@router.post("/dispatch-rules", summary="Add a dispatch rule", status_code=201, responses=NEW)
def create_rule(body: RuleIn, actor: Editor, session: Writing, clock: ClockDep) -> RuleOut:
    """A new rule; it holds from the next proposal on."""
    row = editing.create_entry(session, DispatchRule, body.code, body.given(), actor=actor.name, now=clock())
    return RuleOut.model_validate(row)


@router.patch("/dispatch-rules/{code}", summary="Change a dispatch rule", responses=EDIT)
def change_rule(
    *, code: Code, body: RuleChanges, actor: Editor, session: Writing, clock: ClockDep, response: Response,
    if_match: IfMatch,
) -> RuleOut:  # fmt: skip
    """Change what is sent. `status: active` adopts a candidate that came from a decided dispute."""
    row = editing.edit_entry(
        session, DispatchRule, code, body.given(), version=_version(if_match), actor=actor.name, now=clock()
    )
    response.headers["ETag"] = f'"{row.version}"'
    return RuleOut.model_validate(row)


@router.get("/dispatch-rules/{code}/history", summary="History of a dispatch rule", responses={404: EDIT[404]})
def read_rule_history(code: Code, _actor: Reader, session: Reading) -> ReferenceHistory:
    """Who changed this rule, when and how."""
    editing.get_entry(session, DispatchRule, code)
    items = [ReferenceChangeOut.model_validate(row) for row in editing.history(session, DispatchRule, code)]
    return ReferenceHistory(items=items)
