"""A change on a real Asterisk: what takes effect, what is refused, and what goes back by itself."""

import os
import signal
from socket import SOCK_DGRAM
from typing import Any

import pytest

from app.contract.changes import Outcome, Step, StepName, StepOutcome
from app.contract.ports import free_port
from dialplan.changes import clock
from dialplan.changes.lock import ChangeLock
from dialplan.changes.mending import Marker, Pending
from dialplan.changes.node_state import node_state
from dialplan.changes.rendering import render_again
from dialplan.changes.swap import ConfigurationFolder
from dialplan.changes.test_call import place_call
from dialplan.changes.verification import deviations
from tests.calls.changes.changing_node import ChangingNode, HeldCall, plan_text

pytestmark = pytest.mark.calls


def new_line(plan: dict[str, Any]) -> None:
    plan["lines"].append({"number": "12399", "label": "新线路", "queue": "common"})
    plan["trunks"][0]["dids"].append({"number": "12399", "line": "12399"})


def test_a_new_line_takes_calls_after_the_apply(node: ChangingNode) -> None:
    def call_status() -> int:
        server = (node.settings.sip_host, node.settings.sip_port)
        return place_call("12399", address="127.0.0.2", server=server).status

    assert call_status() == 404

    report = node.apply(plan_text(new_line))

    assert report.outcome is Outcome.APPLIED
    assert call_status() == 200
    assert {"extensions.conf"} <= {file.name for file in report.change.files if report.change}
    assert "dialplan reload" in report.change.reloads
    assert "core reload" not in report.change.reloads
    done = {step.name for step in report.steps if step.outcome is StepOutcome.DONE}
    assert {StepName.REHEARSE, StepName.SWAP, StepName.RELOAD, StepName.VERIFY, StepName.TEST_CALL} <= done


def test_another_dialplan_with_as_many_steps_is_noticed(node: ChangingNode) -> None:
    files = node.rendered()
    assert deviations(node.settings, files) == []

    other = files["extensions.conf"].replace("HL_RENDERED=", "HL_RENDERED=0")

    assert [one.code for one in deviations(node.settings, files | {"extensions.conf": other})] == ["dialplan_other"]


def test_the_rehearsal_calls_the_numbers_that_change(node: ChangingNode) -> None:
    report = node.apply(plan_text(new_line))

    [rehearsal] = [step for step in report.steps if step.name is StepName.REHEARSE]
    assert "called 12345, 12399" in rehearsal.detail


def test_the_same_plan_twice_changes_nothing(node: ChangingNode) -> None:
    number = node.store.current_number()

    report = node.apply(plan_text())

    assert (report.outcome, node.store.current_number()) == (Outcome.NOTHING_TO_DO, number)


def test_a_dry_run_changes_nothing_and_shows_what_would_be(node: ChangingNode) -> None:
    before, number = node.rendered(), node.store.current_number()

    report = node.apply(plan_text(new_line), is_dry_run=True)

    assert report.outcome is Outcome.DRY_RUN
    rehearsed = next(step for step in report.steps if step.name is StepName.REHEARSE)
    assert rehearsed.outcome is StepOutcome.DONE
    assert "called 12345" in rehearsed.detail
    assert any("line 12399" in change.text for change in report.change.meaning if report.change)
    assert (node.rendered(), node.store.current_number()) == (before, number)


def test_a_plan_with_a_fault_is_refused_with_its_place(node: ChangingNode) -> None:
    before = node.rendered()

    report = node.apply(plan_text(lambda plan: plan["lines"][0].update(queue="nobody")))

    assert report.outcome is Outcome.REFUSED
    assert "lines[12345].queue" in report.message
    assert node.rendered() == before


def test_what_fails_in_the_rehearsal_never_reaches_the_node(node: ChangingNode) -> None:
    before, number = node.rendered(), node.store.current_number()
    node.speak("greeting", sound="sine 400 gain -120")  # a prompt nobody can hear
    try:
        report = node.apply(plan_text(new_line))
    finally:
        node.speak("greeting")

    assert report.outcome is Outcome.REFUSED
    assert "answered, but silent" in report.message
    assert (node.rendered(), node.store.current_number()) == (before, number)
    assert StepName.SWAP not in {step.name for step in report.steps}


def test_a_node_that_fails_after_the_swap_goes_back_by_itself(node: ChangingNode) -> None:
    before, number = node.rendered(), node.store.current_number()
    port = free_port(kind=SOCK_DGRAM)  # only a restart would listen there
    elsewhere = node.settings.model_copy(update={"sip_port": port})

    report = node.apply(plan_text(new_line), settings=elsewhere)

    assert report.outcome is Outcome.ROLLED_BACK
    assert "test call to 12345" in report.message
    assert "pjsip.conf (the SIP transport)" in report.change.restart_for if report.change else False
    assert (node.rendered(), node.store.current_number()) == (before, number)
    assert "12399" not in node.cli("dialplan show from-trunk-carrier")
    assert place_call("12345", address="127.0.0.2", server=("127.0.0.1", node.settings.sip_port)).is_good
    assert node.store.history(1).versions[0].outcome is Outcome.ROLLED_BACK


def test_a_file_edited_by_hand_is_shown_and_not_overwritten(node: ChangingNode) -> None:
    with (node.home / "etc/queues.conf").open("a", encoding="utf-8") as file:
        file.write("; my night shift\n")

    refused = node.apply(plan_text(new_line))

    assert refused.outcome is Outcome.REFUSED
    assert "queues.conf" in refused.message
    assert "+; my night shift" in refused.change.hand_edits[0].diff if refused.change else False
    assert node.rendered()["queues.conf"].endswith("; my night shift\n")

    applied = node.apply(plan_text(new_line), overwrites_hand_edits=True)

    assert applied.outcome is Outcome.APPLIED
    assert "my night shift" not in node.rendered()["queues.conf"]
    kept = node.store.place(applied.version or 0) / "hand-edited/queues.conf"
    assert kept.read_text(encoding="utf-8").endswith("; my night shift\n")


def test_two_people_at_once_the_second_is_refused(node: ChangingNode) -> None:
    with ChangeLock(node.store.folder).hold("bob", "12333 joins"):
        report = node.apply(plan_text(new_line))

    assert report.outcome is Outcome.REFUSED
    assert report.message.startswith("bob is changing this node since")


def test_an_apply_that_was_killed_after_its_swap_is_mended_by_the_next(node: ChangingNode) -> None:
    before = node.rendered()
    half_done = before | {"queues.conf": before["queues.conf"].replace("timeout = 4", "timeout = 44")}
    folder = ConfigurationFolder(node.settings)
    folder.stage(half_done)
    Marker(node.store).set(Pending(number=node.store.next_number(), live_before=folder.identity))
    folder.exchange()

    report = node.apply(plan_text())

    assert "cut short" in report.steps[0].detail
    assert report.outcome is Outcome.NOTHING_TO_DO
    assert node.rendered() == before


@pytest.mark.parametrize("step", [StepName.VERIFY, StepName.TEST_CALL])
def test_an_apply_that_is_told_to_end_goes_back_first(node: ChangingNode, step: StepName) -> None:
    before, number = node.rendered(), node.store.current_number()

    def end(told: Step) -> None:
        if (told.name, told.outcome) == (step, StepOutcome.RUNNING):
            os.kill(os.getpid(), signal.SIGTERM)

    report = node.apply(plan_text(new_line), on_step=end)

    assert (report.outcome, report.code) == (Outcome.ROLLED_BACK, "interrupted")
    assert (node.rendered(), node.store.current_number()) == (before, number)
    assert "12399" not in node.cli("dialplan show from-trunk-carrier")
    assert ChangeLock(node.store.folder).holder() is None
    node.wait_until_idle()
    assert node.apply(plan_text(new_line)).outcome is Outcome.APPLIED


def test_set_up_puts_nothing_in_force_that_an_apply_would_refuse(node: ChangingNode) -> None:
    before, number = node.rendered(), node.store.current_number()
    node.settings.site_plan.write_text(plan_text(new_line), encoding="utf-8")
    node.speak("greeting", sound="sine 400 gain -120")  # a prompt nobody can hear
    try:
        refused = render_again(node.settings, node.settings.site_plan, by="hotline setup", applying=node.applying)
    finally:
        node.speak("greeting")
    assert (refused.report.outcome, refused.report.code) == (Outcome.REFUSED, "rehearsal_failed")
    assert (node.rendered(), node.store.current_number()) == (before, number)

    taken = render_again(node.settings, node.settings.site_plan, by="hotline setup", applying=node.applying)

    assert taken.report.outcome is Outcome.APPLIED
    done = {step.name for step in taken.report.steps if step.outcome is StepOutcome.DONE}
    assert {StepName.REHEARSE, StepName.SWAP, StepName.VERIFY, StepName.TEST_CALL} <= done


def test_a_rehearsed_clock_is_shown_and_ended_by_a_change_of_anything(node: ChangingNode) -> None:
    def patient(plan: dict[str, Any]) -> None:
        plan["queues"][0]["ring_seconds"] = 9

    clock.move(node.settings, 3600)
    try:
        assert node_state(node.settings).clock_offset_seconds == 3600

        report = node.apply(plan_text(patient))

        assert report.outcome is Outcome.APPLIED
        assert "dialplan reload" not in report.change.reloads if report.change else False
        assert clock.read_offset(node.settings) == 0
    finally:
        clock.move(node.settings, 0)
    [reload] = [step for step in report.steps if step.name is StepName.RELOAD]
    assert "the rehearsed clock is the real time again" in reload.detail


def test_a_queue_with_callers_in_it_is_not_removed(node: ChangingNode) -> None:
    def without_consumer(plan: dict[str, Any]) -> None:
        plan["queues"] = [queue for queue in plan["queues"] if queue["name"] != "consumer"]
        for line in plan["lines"]:
            line["queue"] = "common"
        for agent in plan["agents"]:
            agent["skills"].pop("consumer", None)

    node.cli("queue add member Local/9101@from-seat-hall to consumer")
    node.cli("queue pause member Local/9101@from-seat-hall queue consumer")
    try:
        with HeldCall("12315", "127.0.0.2", (node.settings.sip_host, node.settings.sip_port)) as caller:
            assert caller.accept() == 200
            node.wait_for("consumer has 1 calls", "queue show consumer")
            report = node.apply(plan_text(without_consumer))
            assert caller.hang_up()
    finally:
        node.cli("queue remove member Local/9101@from-seat-hall from consumer")
    node.wait_until_idle()

    assert report.outcome is Outcome.REFUSED
    assert report.message == "1 callers wait in the queue consumer, which this change removes"


def test_a_plan_that_wants_a_second_person_is_not_changed_by_one(node: ChangingNode) -> None:
    node.apply(plan_text(lambda plan: plan.update(change_control={"approval": "second_person"})))
    try:
        alone = node.apply(plan_text(new_line))
        agreed = node.apply(plan_text(new_line), is_released=True, approved_by="bob")
    finally:
        node.apply(plan_text(), is_released=True)

    assert (alone.outcome, agreed.outcome) == (Outcome.REFUSED, Outcome.APPLIED)
    assert "second person" in alone.message
    assert node.store.read(agreed.version or 0).approved_by == "bob"


def test_going_back_is_no_way_out_of_a_second_persons_approval(node: ChangingNode) -> None:
    free = node.store.current_number()
    node.apply(plan_text(lambda plan: plan.update(change_control={"approval": "second_person"})))
    try:
        back = node.apply(plan_text(), is_released=True, rolled_back_to=free)
    finally:
        node.apply(plan_text(), is_released=True)

    assert back.outcome is Outcome.REFUSED
    assert "second person" in back.message


def test_nothing_of_a_rehearsal_is_left(node: ChangingNode) -> None:
    node.apply(plan_text(new_line))

    assert not (node.settings.home / "scratch").exists()


def test_a_new_trunk_is_let_in_from_where_nobody_was_before(node: ChangingNode) -> None:
    def narrow(plan: dict[str, Any]) -> None:
        plan["seat_networks"] = ["127.0.0.1/32"]

    def with_trunk(plan: dict[str, Any]) -> None:
        narrow(plan)
        plan["trunks"].append(dict(plan["trunks"][0], name="other", addresses=["127.9.0.1"], dids=[new_did]))

    def call_status() -> int:
        server = (node.settings.sip_host, node.settings.sip_port)
        return place_call("12345", address="127.9.0.1", server=server, seconds=2).status

    new_did = {"number": "12345", "line": "12345"}
    assert node.apply(plan_text(narrow)).outcome is Outcome.APPLIED
    assert call_status() != 200

    assert node.apply(plan_text(with_trunk)).outcome is Outcome.APPLIED
    assert call_status() == 200

    assert node.apply(plan_text(narrow)).outcome is Outcome.APPLIED
    assert call_status() != 200
