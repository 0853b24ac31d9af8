"""Running one scenario against a stack, and comparing both sides with what it expects."""

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import datetime
from pathlib import Path

from sipp_scenarios import diagnosis
from sipp_scenarios.cast import Cast, Player
from sipp_scenarios.comparison import compare_call, compare_follow_up, compare_headers, compare_people
from sipp_scenarios.expectation import Expectation
from sipp_scenarios.loading import load
from sipp_scenarios.model import Scenario
from sipp_scenarios.play import Play
from sipp_scenarios.report import CallSummary, Check, Report, Stage
from sipp_scenarios.sipp import EXIT_CODES
from sipp_scenarios.stack_control import StackControl, SupervisorControl
from sipp_scenarios.store import Store
from sipp_scenarios.target import Target, TargetError
from sipp_scenarios.templates import SCENARIOS
from sipp_scenarios.waiting import StoreUnavailable, TooLate, until

SETTLES_WITHIN_MS = 20_000
"""How long the store may take until it agrees, after the last step."""
PHONES_SETTLE_WITHIN_SECONDS = 2
"""A phone may still hear of the end of its call; what it has not seen by then it will not see."""
LEAVES_WITHIN_SECONDS = 10
SERVES_WITHIN_MS = 5_000
RUNS_KEPT = 100

Watch = Callable[[Stage], None]


def run(
    name: str,
    target: Target,
    *,
    folder: Path = SCENARIOS,
    control: StackControl | None = None,
    watch: Watch = lambda _: None,
) -> Report:
    """Run the scenario of this name in `folder`. `watch` is told each stage as it happens.

    Raises ScenarioError for a bad file, TargetError when the stack is not fit for it.
    """
    scenario = load(name, folder)
    if scenario.is_destructive and not target.allow_faults:
        raise TargetError(
            f"{name} stops and kills parts of the stack: allow it with --allow-faults, or run it on a test stack"
        )
    traces = _new_traces(target, name)
    report = Report(name, " ".join(scenario.summary.split()), str(traces))
    cast = Cast.assemble(scenario, folder / name, target, traces)
    started = time.monotonic()
    with Store.open(target) as store:
        play = Play(cast, store, control or SupervisorControl(target.home), watch)
        try:
            store.wait_until_it_serves(within_ms=SERVES_WITHIN_MS)
        except TooLate as error:
            raise TargetError(f"nothing answers at {target.web_url}: start the stack with `hotline up`") from error
        store.clear_the_stage(cast)
        try:
            _perform(play, report)
            _compare(play, scenario, report)
        finally:
            _clear_up(play, report)
    report.duration_ms = round((time.monotonic() - started) * 1000)
    if not report.is_passed:
        report.hints = diagnosis.hints(cast, report)
    return report


def _new_traces(target: Target, name: str) -> Path:
    """A folder for this run, for its owner only (seats' passwords are in it); the oldest runs make room."""
    target.runs_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    runs = sorted(target.runs_folder.iterdir(), key=lambda run: run.stat().st_mtime)
    for old in runs[: max(0, len(runs) - RUNS_KEPT + 1)]:
        shutil.rmtree(old, ignore_errors=True)
    traces = target.runs_folder / f"{name}-{datetime.now().astimezone():%Y%m%d-%H%M%S-%f}"
    traces.mkdir()
    return traces


def _perform(play: Play, report: Report) -> None:
    try:
        play.perform()
        for caller in play.cast.callers():
            caller.phone.wait()
    except (TooLate, StoreUnavailable, TargetError) as error:
        report.problems.append(str(error))
    finally:
        try:
            play.mend_all()
        except (TooLate, StoreUnavailable, TargetError) as error:
            report.problems.append(f"the stack was not mended: {error}")


def _compare(play: Play, scenario: Scenario, report: Report) -> None:
    """Compare until all agrees, or until the store has had its time. The last comparison is reported."""

    over_at = time.monotonic()

    def is_settled() -> bool:
        phones_are_done = time.monotonic() > over_at + PHONES_SETTLE_WITHIN_SECONDS
        for expectation in scenario.endings:
            store_checks = [*_store_checks(play, expectation)]
            checks = [*_sip_checks(play, expectation), *store_checks]
            if not report.checks or _unmet(checks) <= _unmet(report.checks):
                report.checks = checks  # of several endings the one that comes closest
            if not _unmet(store_checks if phones_are_done and len(scenario.endings) == 1 else checks):
                return True
        return False

    try:
        with suppress(TooLate):
            until(is_settled, what="store and phones agree", within_ms=0 if report.problems else SETTLES_WITHIN_MS)
    except TargetError as error:
        report.problems.append(f"the store could not be compared: {error}")
    report.stages = sorted([*play.stages, *_seen_stages(play)], key=lambda stage: stage.at_ms)
    report.calls = [*_summaries(play)]


def _unmet(checks: list[Check]) -> int:
    return sum(not check.is_met for check in checks)


def _sip_checks(play: Play, expectation: Expectation) -> Iterator[Check]:
    for caller in play.cast.callers():
        yield Check("sip", f"{caller.name}: SIPp", EXIT_CODES[0], _exit_text(caller))
    for name, expected in expectation.people.items():
        yield compare_people(name, expected, [fact.what for fact in play.cast.players[name].facts()])
    for name, headers in expectation.received.items():
        wanted = {header: _with_numbers(play, text) for header, text in headers.items()}
        seen = {header: play.cast.players[name].header(header) for header in headers}
        yield from compare_headers(name, wanted, seen)


def _with_numbers(play: Play, text: str) -> str:
    """{citizen} in an expectation is that caller's number."""
    for caller in play.cast.callers():
        text = text.replace(f"{{{caller.name}}}", caller.number)
    return text


def _exit_text(player: Player) -> str:
    code = player.process.process.poll() if player.process else None
    return "still running" if code is None else EXIT_CODES.get(code, f"exit code {code}")


def _store_checks(play: Play, expectation: Expectation) -> Iterator[Check]:
    agents = play.cast.usernames()
    for name, expected in expectation.calls.items():
        player = play.cast.players[name]
        seen = play.store.read_call(play.cast, player)
        yield from compare_call(name, expected, seen, agents=agents, number=play.store.shown_number(player))
    for name, count in expectation.records.items():
        found = play.store.count_calls(play.cast.players[name])
        yield Check("store", f"{name}: calls of this number", str(count), str(found))
    for name, said in expectation.follow_ups.items():
        ticket = play.store.ticket_of(play.cast, name)
        yield compare_follow_up(name, said, play.store.office.read_follow_up(ticket))
    for name, status in expectation.agents.items():
        yield Check("store", f"{name}: agent state", status, play.store.agent_status(agents[name]))
    parked = play.store.parked_since(play.started_at)
    yield Check("store", "events that could not be read", str(expectation.parked_events), str(parked))


def _seen_stages(play: Play) -> Iterator[Stage]:
    """What phones and store saw, for the timeline."""
    for player in play.cast.players.values():
        for fact in player.facts():
            yield Stage(_milliseconds(play, fact.at), player.name, fact.what.replace("_", " "), "sip")
        if player.call_id:
            call = play.store.read_call(play.cast, player)
            for event in call.events if call else ():
                text = event.type + (" (reconstructed)" if event.is_reconstructed else "")
                yield Stage(_milliseconds(play, event.occurred_at.timestamp()), player.name, text, "store")


def _milliseconds(play: Play, at: float) -> int:
    return round((at - play.started_at) * 1000)


def _summaries(play: Play) -> Iterator[CallSummary]:
    for caller in play.cast.callers():
        call = play.store.read_call(play.cast, caller) if caller.call_id else None
        if call:
            ticket = call.ticket.ticket_number if call.ticket else ""
            yield CallSummary(caller.name, call.call_id, call.caller_number, call.outcome, call.agent, ticket)


def _clear_up(play: Play, report: Report) -> None:
    """Agents sign out, phones unregister; what still runs after that is killed."""
    with ExitStack() as last:
        for player in play.cast.players.values():
            if player.process:
                last.callback(player.process.kill)
        for caller in play.cast.callers():
            if caller.process and caller.process.process.poll() is None:
                caller.process.cue()
                caller.process.wait(LEAVES_WITHIN_SECONDS)
        for caller in play.cast.callers():
            try:
                play.store.cancel_callbacks(caller)
            except (StoreUnavailable, TargetError) as error:
                report.problems.append(f"{caller.name} may still be called back: {error}")
        for agent in play.cast.agents():
            try:
                play.store.sign_out(agent.username)
            except (TooLate, StoreUnavailable, TargetError) as error:
                report.problems.append(f"{agent.name} could not sign out: {error}")
        for phone in play.cast.phones():
            if phone.process:
                phone.process.cue()
                code = phone.process.wait(LEAVES_WITHIN_SECONDS)
                seen = EXIT_CODES.get(code, f"exit code {code}")
                report.checks.append(Check("sip", f"{phone.name}: SIPp", EXIT_CODES[0], seen))
