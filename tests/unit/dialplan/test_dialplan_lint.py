"""The lint finds what it promises, and our own templates are clean."""

from pathlib import Path, PurePosixPath

import pytest

from app.contract import variables
from app.contract.env import PROJECT
from dialplan.check import check_files, check_own_address, check_prompts, check_settings, check_site
from dialplan.extensions import Step, parse_extensions
from dialplan.lint import MODULE_OF, NOT_ACTED_ON, OWN_VARIABLES, PROMPTS, lint, variable_names
from dialplan.plan_file import load_plan
from dialplan.render import render
from dialplan.settings import DialplanSettings
from dialplan.site_plan import SitePlan

EXTENSIONS = PurePosixPath("extensions.conf")


def broken(plan: SitePlan, settings: DialplanSettings, old: str, new: str, file: PurePosixPath = EXTENSIONS) -> str:
    """What the check says after one change to the rendered files."""
    files = render(plan, settings)
    assert old in files[file]
    files[file] = files[file].replace(old, new, 1)
    return "\n".join(map(str, check_files(files)))


@pytest.mark.parametrize("name", ["demo", "test", "bench"])
def test_our_own_sites_render_clean(name: str, settings: DialplanSettings) -> None:
    assert check_files(render(load_plan(PROJECT / f"dialplan/sites/{name}.yaml"), settings)) == []


def test_dialplan_and_agi_share_exactly_the_contract_s_variables(plan: SitePlan, settings: DialplanSettings) -> None:
    used = variable_names(parse_extensions(render(plan, settings)[EXTENSIONS]))

    assert used - OWN_VARIABLES == {*variables.INPUTS, *variables.OUTPUTS} - NOT_ACTED_ON


def test_the_facts_have_the_contract_s_names(plan: SitePlan, settings: DialplanSettings) -> None:
    text = render(plan, settings)[EXTENSIONS]

    for name in (variables.USER_EVENT_ARRIVED, variables.USER_EVENT_LEFT, variables.USER_EVENT_ENDED):
        assert f"UserEvent({name},CallId: ${{HL_CALL_ID}}" in text
    assert f"UserEvent({variables.USER_EVENT_RECORDING},CallId: ${{HL_CALL_ID}}" in text
    for name in ("ARRIVED", "LEFT", "ENDED", "RECORDING"):
        assert f",NONE,{getattr(variables, f'QUEUE_LOG_{name}')}," in text


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",HL_FLOW=", ",HL_FLOWS=", "HL_FLOWS is not in app.contract.variables"),
        (",HL_NODE=", ",HL_STAGE=", "HL_NODE of app.contract.variables is never used"),
        ("exten => 12345,1", "exten => _X.,1", "takes numbers of any length"),
        ("exten => 12345,1", "exten => _1XX,1", "takes the emergency number 110"),
        ("exten => 12345,1", "exten => _1[12]Z,1", "takes the emergency number 119"),
        ("exten => 12345,1", "exten => 120,1", "takes the emergency number 120"),
        ("Dial(${HL_DIAL},", "Dial(${HL_ANI},", "a trunk can reach it"),
        ("Set(HL_DIAL=${HL_SEATS})", "Set(HL_DIAL=PJSIP/${HL_ANI}@carrier)", "rings what is not of the plan"),
        ("MSet(HL_LINE_MODE=", "MSet(HL_DIAL=PJSIP/8001,HL_LINE_MODE=", "Write HL_DIAL and HL_SEATS with Set() alone"),
        ("GROUP(trunk)=carrier", "MYGROUP(trunk)=carrier", "MYGROUP is unknown to the check"),
        ('="ended,s,1"', '="ending,s,1"', "goes to [ending], which does not exist"),
        ("Goto(intake,s,1)", "Goto(intakes,s,1)", "goes to [intakes], which does not exist"),
        ("Goto(intake,s,1)", "Hangup(16)", "[intake]: no call can get here"),
        ("Playback(hotline/greeting)", "Dial(PJSIP/8001)", "a trunk can reach it"),
        ("FILTER(0-9+,${CALLERID(num)})", "CALLERID(num)", "uses CALLERID unfiltered"),
        ("Playback(hotline/greeting)", "SayDigits(1)", "SayDigits is unknown to the check"),
    ],
)
def test_a_broken_rule_is_found(old: str, new: str, message: str, plan: SitePlan, settings: DialplanSettings) -> None:
    assert message in broken(plan, settings, old, new)


def test_an_application_without_its_module_is_found(plan: SitePlan, settings: DialplanSettings) -> None:
    said = broken(plan, settings, "load = app_queue.so", "", PurePosixPath("modules.conf"))

    assert "Queue has no module: the call would be hung up. Load app_queue.so in modules.conf" in said


def test_a_context_that_pjsip_names_and_nobody_wrote_is_found(plan: SitePlan, settings: DialplanSettings) -> None:
    said = broken(plan, settings, "context = from-seat-hall", "context = from-seat-annex", PurePosixPath("pjsip.conf"))

    assert "pjsip.conf context=from-seat-annex: there is no such context" in said


def test_a_function_without_its_module_is_found() -> None:
    steps = [Step("from-trunk-a", "1", "Set", "X=${RAND(0,1)}")]

    said = [str(problem) for problem in lint(steps, {"app_queue"}, {"from-trunk-a"})]

    assert any("RAND has no module" in line for line in said)


def test_a_line_that_is_no_step_is_refused() -> None:
    with pytest.raises(ValueError, match="line 2 is no step"):
        parse_extensions("[here]\nexten => 1,1\n")


def test_every_module_the_check_knows_is_loaded(plan: SitePlan, settings: DialplanSettings) -> None:
    text = render(plan, settings)[PurePosixPath("modules.conf")]

    assert all(f"load = {module}.so" in text for module in MODULE_OF.values())


def test_every_prompt_in_the_dialplan_is_checked(settings: DialplanSettings) -> None:
    text = render(load_plan(PROJECT / "dialplan/sites/demo.yaml"), settings)[EXTENSIONS]

    assert [name for name in PROMPTS if name not in text] == ["long-wait"]  # that one is in queues.conf


def test_missing_prompts_and_music_are_found_before_a_caller_finds_them(tmp_path: Path) -> None:
    assert [problem.where for problem in check_prompts(tmp_path)] == [
        "prompt callback-greeting", "prompt callback-unreached", "prompt callback-whisper",
        "prompt forward-failed", "prompt forwarding", "prompt greeting", "prompt handover-announcement",
        "prompt handover-lost", "prompt long-wait", "prompt no-agent", "prompt overflow", "music on hold",
    ]  # fmt: skip


def test_settings_that_cannot_work_are_found(settings: DialplanSettings, tmp_path: Path) -> None:
    wrong = settings.model_copy(
        update={"agi_servers": "no-port", "rtp_end": settings.rtp_start + 9, "home": tmp_path / ("x" * 100)}
    )

    said = "\n".join(map(str, check_settings(wrong)))

    assert "HOTLINE_AGI_SERVERS: no-port is not host:port" in said
    assert "HOTLINE_RTP_END: leaves fewer than 50 calls" in said
    assert "is too long for a socket" in said


def test_a_broken_site_plan_is_a_problem_not_a_crash(settings: DialplanSettings) -> None:
    file = Path(__file__).parent / "broken_sites/queue-called-general.yaml"

    found = check_site(settings.model_copy(update={"site_plan": file}))

    assert [str(problem) for problem in found] == [
        "queue-called-general.yaml: queues[general]: Asterisk keeps the section 'general' of queues.conf for itself."
        " Choose another name."
    ]


def test_a_trunk_that_leads_back_to_ourselves_is_found(settings: DialplanSettings) -> None:
    plan = load_plan(PROJECT / "dialplan/sites/test.yaml")
    labour = next(trunk.outbound for trunk in plan.trunks if trunk.name == "labour")
    assert labour
    own = settings.model_copy(update={"sip_host": str(labour.host), "sip_port": labour.port})

    assert [str(problem) for problem in check_own_address(plan, own)] == [
        "trunks[labour].outbound: is our own address, so calls would go round. Give the other exchange's address"
    ]
    assert list(check_own_address(plan, settings)) == []
