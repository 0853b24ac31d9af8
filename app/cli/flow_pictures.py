"""`hotline flows show`: a flow as text, as SVG or as a page."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.console import StepFailed, report_done
from app.cli.flow_group import flows
from app.cli.flow_node import FlowName, VersionOption, find_flow
from app.cli.flow_refusal import FlowRefused

if TYPE_CHECKING:
    from ivr_flows.flow import Flow
    from ivr_flows.picture import Traffic

OutputOption = Annotated[str, typer.Option(help="File to write; - is the terminal.")]


@flows.command("show")
def show_flow(
    name: FlowName,
    svg: OutputOption = "",
    html: OutputOption = "",
    version: VersionOption = None,
    traffic: Annotated[str, typer.Option(help="Draw the traffic of this JSON file on it; - is the input.")] = "",
) -> None:
    """Show a flow in force, or one of a file: its nodes, prompts and keys. --svg and --html draw it."""
    from app.cli.flow_answers import texts_of  # noqa: PLC0415 - help is instant
    from ivr_flows.picture import PictureFailed, html_of, svg_of  # noqa: PLC0415

    found, name = find_flow(name, version)
    flow = found[name]
    texts = texts_of(flow)
    if not svg and not html:
        typer.echo(_as_text(flow, texts))
        return
    try:
        for target, draw in ((svg, svg_of), (html, html_of)):
            if target:
                _write(target, draw(flow, texts, _traffic(traffic)))
    except PictureFailed as error:
        raise FlowRefused("no-picture", str(error)) from error


def _traffic(source: str) -> "Traffic":
    """How callers went, as `hotline flows statistics NAME --json` tells it. Raises StepFailed."""
    from pydantic import ValidationError  # noqa: PLC0415

    from app.contract import flows as told  # noqa: PLC0415
    from ivr_flows.picture import NO_TRAFFIC, Traffic  # noqa: PLC0415

    if not source:
        return NO_TRAFFIC
    try:
        text = sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
        nodes = told.Traffic.model_validate_json(text).nodes
    except (OSError, ValidationError) as error:
        raise StepFailed(f"the traffic cannot be read: {error}") from error
    return Traffic(
        {name: one.entered for name, one in nodes.items()},
        {(name, way): count for name, one in nodes.items() for way, count in one.left.items()},
        {name: one.mean_ms for name, one in nodes.items()},
        {name: one.hang_ups for name, one in nodes.items()},
    )


def _write(target: str, text: str) -> None:
    if target == "-":
        typer.echo(text)
        return
    try:
        Path(target).write_text(text, encoding="utf-8")
    except OSError as error:
        raise StepFailed(f"{target} cannot be written: {error.strerror}") from error
    report_done("drawn", target)


def _as_text(flow: "Flow", texts: Mapping[str, str]) -> str:
    from ivr_flows.picture import exit_label, node_text  # noqa: PLC0415

    lines = [f"{flow.flow}  {flow.title}  lines: {', '.join(flow.lines) or '-'}  starts at {flow.start}"]
    for name, node in flow.nodes.items():
        lines.append(f"\n{name} ({node.kind})  {node_text(node, texts)}".rstrip())
        lines += [f"    {exit_label(exit_name) or exit_name} → {target}" for exit_name, target in node.exits().items()]
    return "\n".join(lines)
