"""JSON of flows and switches: what the pages do, for scripts. Both share `app.flows.service`."""

from fastapi import APIRouter
from fastapi.responses import Response

from app.contract import flows as told
from app.flows import counting, service
from app.flows.frame import ANSWERS, UNFIT, Days, FlowName, Flows, SwitchName, VersionNumber
from app.flows.schemas import FlowStatistics, FlowTextIn, PublishIn, RollBackIn, SwitchIn
from app.operations.frame import Operator, Reader
from app.platform.http import ClockDep, Reading, Writing

router = APIRouter(tags=["flows"])


@router.get("/flows", summary="List flows")
def list_flows(_actor: Reader, flows: Flows) -> told.FlowList:
    """Every flow with what of it is in force today, and the switches that flows branch on."""
    return flows.list()


@router.get("/flows/{name}", summary="Read a flow", responses=ANSWERS)
def read_flow(name: FlowName, _actor: Reader, flows: Flows, version: VersionNumber = None) -> told.FlowDetail:
    """Its file and nodes as one version has them, what that version changed, and where it was put in force."""
    return flows.describe(name, version)


@router.get("/flows/{name}/picture", summary="Draw a flow", responses=ANSWERS, response_class=Response)
def draw_flow(
    *, name: FlowName, _actor: Reader, session: Reading, flows: Flows, clock: ClockDep, version: VersionNumber = None,
    days: Days = 7,
) -> Response:  # fmt: skip
    """SVG: nodes with what is heard, exits with their keys, and how callers went."""
    traffic = counting.read_traffic(session, name, since=service.first_day(clock(), days))
    return Response(flows.picture(name, version, traffic), media_type="image/svg+xml")


@router.get("/flows/{name}/statistics", summary="Statistics of a flow")
def read_flow_statistics(
    name: FlowName, _actor: Reader, session: Reading, clock: ClockDep, days: Days = 7, version: VersionNumber = None
) -> FlowStatistics:
    """For each node: callers who entered, by which exit they left, how long they stayed, how many hung up.

    With `version`, only its own runs; without, those inside other flows too. Test calls are not counted.
    """
    since = service.first_day(clock(), days)
    return FlowStatistics(
        flow=name,
        days=days,
        counted_at=counting.counted_at(session),
        runs=counting.read_runs(session, since=since, flow=name).get(name, {}),
        traffic=counting.read_traffic(session, name, since=since, version=version),
    )


@router.post("/flows/{name}/check", summary="Check a flow", responses=UNFIT)
def check_flow(name: FlowName, body: FlowTextIn, _actor: Operator, flows: Flows) -> told.Check:
    """What speaks against this text, or what it would change. Nothing is kept."""
    since = body.since.isoformat() if body.since else ""
    return flows.check(name, body.text, line=body.line, since=since)


@router.post("/flows/{name}/publish", status_code=201, summary="Publish a flow", responses={**ANSWERS, **UNFIT})
def publish_flow(
    name: FlowName, body: PublishIn, actor: Operator, session: Writing, flows: Flows, clock: ClockDep
) -> told.Version:
    """Keep the text as a new version, in force for new calls; calls in progress end as they began.

    A flow with faults is refused whole, and what was in force stays.
    """
    return service.publish(session, flows, actor, name, body, now=clock())


@router.post("/flows/{name}/roll-back", summary="Roll a flow back", responses=ANSWERS)
def roll_back_flow(
    name: FlowName, body: RollBackIn, actor: Operator, session: Writing, flows: Flows, clock: ClockDep
) -> told.Activation:
    """Take back what is to come; else put an earlier version in force again. With `line`, for its callers alone."""
    return service.roll_back(session, flows, actor, name, body, now=clock())


@router.post("/flows/{name}/simulation", summary="Play a flow", responses={**ANSWERS, **UNFIT})
def simulate_flow(name: FlowName, body: told.Rehearsal, _actor: Operator, flows: Flows) -> told.Simulation:
    """Play the flow to one caller, as far as his answers go, with the engine that plays it to callers.

    Nothing is kept: tell all answers so far each time, and what is asked next comes back.
    """
    return flows.simulate(name, body)


@router.put("/flow-switches/{name}", summary="Set a switch", responses=UNFIT)
def set_flow_switch(
    name: SwitchName, body: SwitchIn, actor: Operator, session: Writing, flows: Flows, clock: ClockDep
) -> told.Switches:
    """Switch something on or off for all flows, at once: a flood notice, a leader's day."""
    return service.set_switch(session, flows, actor, name, is_on=body.is_on, note=body.note, now=clock())
