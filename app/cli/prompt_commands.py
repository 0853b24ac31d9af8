"""`hotline flows prompts | prompt | reword | recording`: what callers hear, and a studio's recordings."""

import sys
from typing import Annotated

import typer
from rich.table import Table

from app.cli.console import JsonOption, console, report_done
from app.cli.flow_group import flows
from app.cli.flow_node import ByOption, NoteOption, myself, now

Key = Annotated[str, typer.Argument(help="LANGUAGE/NAME, e.g. zh/greeting")]


@flows.command("prompts")
def list_prompts(as_json: JsonOption = False) -> None:
    """Every text in every language, where it comes from, and how its audio is."""
    from app.cli.prompt_answers import list_prompts as listed  # noqa: PLC0415 - help is instant

    found = listed()
    if as_json:
        typer.echo(found.model_dump_json())
        return
    table = Table("prompt", "audio", "seconds", "from", "text", box=None)
    for one in found.prompts:
        origin = "recording" if one.is_recorded else one.origin
        table.add_row(one.key, one.state, f"{one.seconds:.1f}", origin, one.text)
    console.print(table)


@flows.command("prompt")
def show_prompt(key: Key, as_json: JsonOption = False) -> None:
    """One text, and what was changed of it by whom."""
    _show(key, as_json)


@flows.command("reword")
def reword(  # noqa: PLR0917 - Typer fills them by name
    key: Key,
    note: NoteOption,
    text: Annotated[str, typer.Option(help="As people read it.")] = "",
    spoken: Annotated[str, typer.Option(help="As the voice reads it, figures written out; empty: the text.")] = "",
    is_slow: Annotated[bool, typer.Option("--slow", help="More slowly, for those who hear badly.")] = False,
    is_shipped: Annotated[bool, typer.Option("--shipped", help="Back to the text that ships.")] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put another text in a prompt's place, or a new prompt beside them. `hotline flows build` speaks it."""
    from app.cli.prompt_answers import change  # noqa: PLC0415
    from ivr_flows.own_texts import Change, What  # noqa: PLC0415

    what: What = "shipped" if is_shipped else "text"
    words = ("", "", False) if is_shipped else (text.strip(), spoken.strip(), is_slow)
    change(lambda own: own.reword(Change(key, _moment(), by or myself(), note, what, *words)))
    _show(key, as_json)


@flows.command("recording")
def keep_recording(
    key: Key,
    note: NoteOption,
    is_removed: Annotated[bool, typer.Option("--remove", help="Take it away: the voice speaks again.")] = False,
    by: ByOption = "",
    as_json: JsonOption = False,
) -> None:
    """Put a studio's WAV (from the input) in the voice's place, if it is fit. `hotline flows build` makes it heard."""
    from app.cli.prompt_answers import change, check_recording  # noqa: PLC0415
    from ivr_flows.own_texts import Change  # noqa: PLC0415

    who = by or myself()
    if is_removed:
        change(lambda own: own.drop_recording(Change(key, _moment(), who, note, "voice")))
    else:
        wav = sys.stdin.buffer.read()
        digest = check_recording(key, wav)
        kept = Change(key, _moment(), who, note, "recording", sha256=digest)
        change(lambda own: own.keep_recording(kept, wav))
    _show(key, as_json)


def _show(key: str, as_json: bool) -> None:
    from app.cli.prompt_answers import describe_prompt  # noqa: PLC0415

    found = describe_prompt(key)
    if as_json:
        typer.echo(found.model_dump_json())
        return
    report_done(key, f"{found.prompt.text} ({found.prompt.origin}, audio {found.prompt.state})")
    for one in found.history:
        typer.echo(f"{one.at}  {one.by}  {one.what}  {one.note}  {one.text}")


def _moment() -> str:
    return now().isoformat(timespec="seconds")
