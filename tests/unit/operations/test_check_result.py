"""What a check found is shown so that a person can go through it."""

from app.contract.changes import ChangePlan, Fault
from app.operations.change_pages import SHOWN_FAULTS, shown_faults
from app.platform.pages import make_environment

PLAN = "name: x\nlines:\n  - number: '12333'\n    queue: gone\n"


def page(count: int) -> str:
    faults = [Fault(where="lines[12333].queue", what=f"there is no queue q{n}") for n in range(count)]
    change = ChangePlan(is_empty=False, base_version=1, plan_digest="d", faults=faults)
    template = make_environment().get_template("operations/check_result.html")
    return template.render(change=change, faults=shown_faults(PLAN, faults), restarts=[])


def test_of_hundreds_of_faults_the_first_are_shown_and_the_rest_counted() -> None:
    shown = page(500)

    assert "有 500 处错误" in shown
    assert shown.count("第 4 行") == SHOWN_FAULTS
    assert f'还有 <span class="digits">{500 - SHOWN_FAULTS}</span> 处' in shown


def test_a_few_faults_are_all_shown() -> None:
    shown = page(3)

    assert shown.count("第 4 行") == 3
    assert "还有" not in shown
