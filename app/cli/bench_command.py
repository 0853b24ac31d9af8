"""The `hotline bench` command. What it needs is loaded when it runs: half of all that `hotline` could load."""

from typing import Annotated

import typer

PARTS = ("bridge", "calls", "pops", "gap", "lines", "flows", "waiting", "tickets", "casework")
QUICK_PARTS = ("bridge", "calls", "pops", "gap", "lines", "tickets")
"""What fits in two minutes; the others are measured quickly when they are named."""


def bench(
    quick: Annotated[
        bool, typer.Option("--quick", help="Smaller, without flows, waiting and casework: about two minutes.")
    ] = False,
    only: Annotated[list[str] | None, typer.Option(help=f"One part: {', '.join(PARTS)}. May be repeated.")] = None,
    tickets: Annotated[
        int | None,
        typer.Option(min=100, max=20_000_000, help="Synthetic tickets of casework, e.g. 1000000; else 100000."),
    ] = None,
) -> None:
    """Measure calls, pops, bridge, gap repair, lines, flows, waiting, tickets, casework beside baselines."""
    parts = tuple(only or (QUICK_PARTS if quick else PARTS))
    if unknown := [part for part in parts if part not in PARTS]:
        raise typer.BadParameter(f"no such part: {', '.join(unknown)}; there are {', '.join(PARTS)}")
    from app.cli.bench.command import run_bench  # noqa: PLC0415

    run_bench(parts, is_quick=quick, tickets=tickets)
