"""`hotline flows simulate`: play a flow in the terminal, or all scripts with the ways they cover."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from app.cli.console import StepFailed, console, say
from app.cli.flow_group import flows
from app.cli.flow_node import find_flow, languages, prompt_texts

if TYPE_CHECKING:
    from ivr_flows.flow import Flow
    from ivr_flows.model import Answer, CollectDigits, Effect
    from ivr_flows.stepper import Move, Step

MAX_SHOWN = 10


@flows.command("simulate")
def simulate_flow(
    name: Annotated[str, typer.Argument(help="Name of a flow, or a flow file.")] = "",
    script: Annotated[Path | None, typer.Option(help="Play this script instead of asking for keys.")] = None,
    is_all: Annotated[bool, typer.Option("--all", help="Play every shipped script; print the ways covered.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Read a Rehearsal, answer with a Simulation.")] = False,
) -> None:
    """Play a flow without a telephone. Exit code 1 when a case goes otherwise, or a way is not covered (--all)."""
    if is_all == bool(name):
        raise StepFailed("what shall be simulated?", "name a flow, or say --all")
    if as_json and name:
        from app.cli.flow_rehearsal import rehearse  # noqa: PLC0415 - help is instant

        typer.echo(rehearse(name, sys.stdin.read()).model_dump_json())
    elif is_all:
        _simulate_all()
    elif script:
        _simulate_script(name, script)
    else:
        _simulate_by_hand(name)


def _simulate_script(name: str, script: Path) -> None:
    found, name = find_flow(name)
    moves: set[Move] = set()
    failed = _play_script(found, name, script, moves)
    _print_coverage(found[name], moves)
    if failed:
        raise typer.Exit(1)


def _simulate_all() -> None:
    """Shipped flows with shipped scripts: what stands beside the code must agree, whatever is published here."""
    from ivr_flows.loader import FLOWS, read_flows  # noqa: PLC0415
    from ivr_flows.simulate import SCRIPTS  # noqa: PLC0415

    found, problems = read_flows(sorted(FLOWS.glob("*.yaml")))
    for problem in problems:
        say(f"[red]{escape(str(problem))}[/]")
    moves: set[Move] = set()
    failed = [_play_script(found, file.stem, file, moves) for file in sorted(SCRIPTS.glob("*.yaml"))]
    covered = [_print_coverage(flow, moves) for flow in found.values()]
    if problems or any(failed) or not all(covered):
        raise typer.Exit(1)


def _play_script(found: "Mapping[str, Flow]", name: str, script: Path, moves: "set[Move]") -> bool:
    """Whether some case of the script went otherwise."""
    from ivr_flows.simulate import play, read_script  # noqa: PLC0415

    cases, problems = read_script(script)
    if name not in found:
        say(f"[red]{script.name}: there is no flow '{escape(name)}'[/]")
        return True
    for problem in problems:
        say(f"[red]{escape(str(problem))}[/]")
    is_failed = bool(problems)
    for title, case in cases.items():
        run = play(found, name, case)
        moves.update(run.moves)
        for text in run.problems:
            is_failed = True
            say(f"[red]failed[/]  {escape(f'{name}: {title}: {text}')}")
    return is_failed


def _print_coverage(flow: "Flow", moves: "set[Move]") -> bool:
    """Whether every exit of every node was taken."""
    from ivr_flows.simulate import edges  # noqa: PLC0415

    every = edges(flow)
    missing = sorted(f"{move.node}.{move.exit}" for move in every - moves)
    colour = "green" if not missing else "yellow"
    say(f"[{colour}]{len(every) - len(missing):>4} of {len(every):<4}[/] ways  {escape(flow.flow)}")
    if missing:
        more = f" and {len(missing) - MAX_SHOWN} more" if len(missing) > MAX_SHOWN else ""
        say(f"              not taken: {escape(', '.join(missing[:MAX_SHOWN]))}{more}")
    return not missing


def _simulate_by_hand(name: str) -> None:
    from ivr_flows.simulate import describe_end, go_through  # noqa: PLC0415

    found, name = find_flow(name)
    terminal = Terminal()
    console.print(f"[bold]{escape(found[name].title)}[/]  keys and Enter; Enter alone is silence; Ctrl-C hangs up")
    try:
        end = go_through(found, name, {}, terminal, terminal.watch)
    except KeyboardInterrupt:
        console.print("\nhung up")
        return
    console.print(f"[bold]end[/]  {escape(describe_end(end))}")


class Terminal:
    """A person who answers what the flow asks for."""

    def __init__(self) -> None:
        self._texts: dict[str, Mapping[str, str]] = {language: prompt_texts(language) for language in languages()}
        self._language = "zh"

    def watch(self, step: "Step") -> None:
        """Show where the caller is."""
        self._language = step.state.value("language")
        for move in step.moves:
            say(f"[dim]{escape(f'{move.node} → {move.exit}')}[/]")

    def __call__(self, effect: "Effect") -> "Answer":
        from ivr_flows import model  # noqa: PLC0415

        match effect:
            case model.PlayPrompt(prompt):
                self._speak((prompt,))
                return model.Played()
            case model.CollectDigits():
                return model.Keyed(self._ask_keys(effect))
            case model.Say() | model.Record():
                self._speak(effect.items)
            case model.LookUp(kind, arguments):
                return self._look_up(kind, dict(arguments))
            case model.Observe(names):
                return model.Observed({name: self._ask_value(name) for name in names})
        return model.Recorded("kept", "message.wav", 5) if isinstance(effect, model.Record) else model.Done()

    def _speak(self, prompts: tuple[str, ...]) -> None:
        texts = self._texts.get(self._language, {})
        say(f"[cyan]{escape(''.join(texts.get(prompt, f'<{prompt}>') for prompt in prompts))}[/]")

    def _ask_keys(self, effect: "CollectDigits") -> str:
        self._speak(effect.items)
        from ivr_flows.simulate import keyed  # noqa: PLC0415

        return keyed(effect, str(typer.prompt("keys", default="", show_default=False)).strip()).digits

    def _ask_value(self, name: str) -> str:
        from ivr_flows.simulate import USUAL  # noqa: PLC0415

        return str(typer.prompt(name, default=USUAL.get(name, "off")))

    def _look_up(self, kind: str, arguments: dict[str, str]) -> "Answer":
        from ivr_flows.model import LookedUp  # noqa: PLC0415

        asked = " ".join(f"{name}={value}" for name, value in arguments.items())
        told = typer.prompt(f"look-up {kind} {asked} (KEY=VALUE …, unknown, timeout, failed)", default="unknown")
        if told in {"unknown", "timeout", "failed"}:
            return LookedUp(told)
        return LookedUp("known", dict(word.split("=", 1) for word in told.split() if "=" in word))
