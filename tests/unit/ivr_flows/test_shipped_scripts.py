"""The shipped flows, played by their scripts: every case ends as it says, and no way out of any node is left out."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ivr_flows.loader import FLOWS, read_flows
from ivr_flows.prompts import load_prompts
from ivr_flows.say import LANGUAGES
from ivr_flows.simulate import SCRIPTS, Case, edges, play, read_script

SHIPPED = read_flows(sorted(FLOWS.glob("*.yaml")))[0]


def cases() -> Iterator[Any]:
    for file in sorted(SCRIPTS.glob("*.yaml")):
        for title, case in read_script(file)[0].items():
            yield pytest.param(file.stem, case, id=f"{file.stem}: {title}")


@pytest.mark.parametrize("file", sorted(SCRIPTS.glob("*.yaml")), ids=lambda file: file.stem)
def test_a_script_can_be_read_and_belongs_to_a_flow(file: Path) -> None:
    assert read_script(file)[1] == []
    assert file.stem in SHIPPED


@pytest.mark.parametrize(("flow", "case"), [*cases()])
def test_a_case_goes_as_its_script_says(flow: str, case: Case) -> None:
    run = play(SHIPPED, flow, case)

    assert run.problems == []
    assert case.end, "a case says how it ends"


def test_every_way_out_of_every_node_is_taken_by_some_script() -> None:
    taken = {
        move
        for file in SCRIPTS.glob("*.yaml")
        for case in read_script(file)[0].values()
        for move in play(SHIPPED, file.stem, case).moves
    }

    every = {edge for flow in SHIPPED.values() for edge in edges(flow)}
    assert sorted(f"{edge.flow}: {edge.node}.{edge.exit}" for edge in every - taken) == []


@pytest.mark.parametrize("flow", sorted(SHIPPED))
def test_whatever_a_caller_hears_has_a_text_in_the_languages_of_the_flow(flow: str) -> None:
    """Also what a value names: the words of a number, the status of a ticket."""
    prompts = {language: load_prompts(language) for language in LANGUAGES}
    for case in read_script(SCRIPTS / f"{flow}.yaml")[0].values():
        language = case.values.get("language", "zh")
        for heard in play(SHIPPED, flow, case).heard:
            is_name_of_line = heard.isdigit()  # made from the site plan
            assert is_name_of_line or heard in prompts[language] or heard in prompts["en"]


def test_every_status_of_a_ticket_can_be_said() -> None:
    from app.tickets.models import TicketStatus  # noqa: PLC0415 - the flows know nothing of the store

    wanted = {f"status-{status.value.replace('_', '-')}" for status in TicketStatus}
    for language in LANGUAGES:
        assert wanted <= load_prompts(language).keys()


def test_nobody_who_is_in_danger_is_kept_from_help() -> None:
    """The flow for nuisance callers never hangs up, whatever is keyed."""
    for first in ("", *"0123456789*#"):
        for second in ("", *"0123456789*#"):
            assert play(SHIPPED, "nuisance", Case(keys=[first, second])).end.split()[0] in {"queue", "back", "hand"}
