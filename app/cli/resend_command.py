"""`hotline events resend`: what the store refused of this node's own journals, sent again once the cause is mended."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer
from pydantic import Field, SecretStr
from rich.markup import escape

from app.cli.console import JsonOption, StepFailed, say
from app.cli.event_commands import events
from app.contract.client import StoreClient, StoreError, StoreUnauthorized
from app.contract.env import EnvSettings
from app.contract.set_aside import Refused, Resent, SetAside, resend

BRIDGE_FOLDER = "ami"
SHOWN = 20


class SenderSettings(EnvSettings):
    """What the senders of this node know: where the store is, and their own tokens."""

    facts_url: str = "http://127.0.0.1:8014"
    agi_token: SecretStr = Field(default=SecretStr(""))
    bridge_token: SecretStr = Field(default=SecretStr(""))

    def token_of(self, sender: str) -> SecretStr:
        return self.bridge_token if sender.endswith(f".{BRIDGE_FOLDER}") else self.agi_token


def set_aside_of(home: Path, node: str) -> dict[str, SetAside]:
    """Sender → what was set aside beside its journal, where there is any."""
    folders = sorted(path for path in (home / "journal").glob("*") if path.is_dir())
    found = {f"{node}.{folder.name}": SetAside(folder) for folder in folders}
    return {sender: set_aside for sender, set_aside in found.items() if set_aside.read()}


@events.command("resend")
def resend_refused(
    is_listed: Annotated[bool, typer.Option("--list", help="Show what lies there, send nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Send again what the case store refused of this node's own facts (parked.jsonl beside the journals).

    Run it on the node, after what made the store refuse is mended. Facts are kept once, however often they are sent.
    Exit code 1 if one stays. What the store parks itself is in `hotline events parked list`.
    """
    settings = SenderSettings()
    waiting = set_aside_of(settings.home, settings.node)
    if is_listed:
        _show_list({sender: set_aside.read() for sender, set_aside in waiting.items()}, as_json=as_json)
        return
    results = {sender: _resend(settings, sender, set_aside) for sender, set_aside in waiting.items()}
    if as_json:
        typer.echo(json.dumps({sender: _told(result) for sender, result in results.items()}))
    elif not results:
        say("nothing was set aside")
    for sender, result in results.items() if not as_json else ():
        parked = f", {result.parked} parked by the store" if result.parked else ""
        say(f"{sender}: {result.kept} kept{parked}, {len(result.left)} stay")
        _show(result.left)
    if any(result.left for result in results.values()):
        raise typer.Exit(1)


def _resend(settings: SenderSettings, sender: str, set_aside: SetAside) -> Resent:
    async def run() -> Resent:
        async with StoreClient(settings.facts_url, settings.token_of(sender)) as client:
            return await resend(set_aside, client, sender)

    try:
        return asyncio.run(run())
    except StoreUnauthorized as error:
        raise StepFailed(f"{sender}: the case store rejects its token ({error})", "run `hotline setup`") from error
    except StoreError as error:
        raise StepFailed(f"{sender}: the case store does not take facts now: {error}", "`hotline status`") from error


def _told(result: Resent) -> dict[str, object]:
    left = [{"seq": one.seq, "reason": one.reason} for one in result.left]
    return {"kept": result.kept, "parked": result.parked, "left": left}


def _show_list(found: dict[str, list[Refused]], *, as_json: bool) -> None:
    if as_json:
        rows = [{"sender": s, "seq": one.seq, "reason": one.reason} for s, refused in found.items() for one in refused]
        typer.echo(json.dumps(rows))
        return
    if not found:
        say("nothing was set aside")
    for sender, refused in found.items():
        say(f"{sender}: {len(refused)} refused")
        _show(refused)


def _show(refused: list[Refused]) -> None:
    for one in refused[:SHOWN]:
        say(f"  {one.seq}: {escape(one.reason)}")
    if len(refused) > SHOWN:
        say(f"  … and {len(refused) - SHOWN} more; --json lists them all")
