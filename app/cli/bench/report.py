"""What a bench run found: a table for the terminal, JSON for scripts, a plot for people."""

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from sipp_scenarios.load_profile import percentile as nearest_rank

WIDTH = 140
"""Columns of the table where no terminal says how many there are."""


@dataclass(frozen=True)
class Measure:
    """One figure. `baseline` is the same work by Asterisk alone or the bare library, measured in the same run."""

    part: str
    name: str
    value: float
    unit: str
    baseline: float | None = None
    aim: str = ""
    is_met: bool | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.baseline if self.baseline else None


@dataclass
class BenchReport:
    """All measures of one run, with what the machine was."""

    machine: dict[str, str]
    measures: list[Measure] = field(default_factory=list)

    def add(self, *measures: Measure) -> None:
        self.measures.extend(measures)

    def print(self, console: Console) -> None:
        table = Table(title="hotline bench", caption=", ".join(f"{k} {v}" for k, v in self.machine.items()))
        for column in ("part", "measure"):
            table.add_column(column)
        for column in ("value", "baseline", "ratio"):
            table.add_column(column, justify="right")
        table.add_column("aim")
        table.add_column("note", overflow="fold")
        last = ""
        for measure in self.measures:
            table.add_row(
                measure.part if measure.part != last else "",
                measure.name,
                _figure(measure.value, measure.unit),
                _figure(measure.baseline, measure.unit) if measure.baseline is not None else "",
                f"{measure.ratio:.2f}" if measure.ratio is not None else "",
                _aim(measure),
                measure.note,
            )
            last = measure.part
        if not console.is_terminal:
            console.width = WIDTH
        console.print(table)

    def write_json(self, path: Path) -> None:
        rows = [{**asdict(measure), "ratio": measure.ratio} for measure in self.measures]
        path.write_text(json.dumps({"machine": self.machine, "measures": rows}, indent=2, ensure_ascii=False) + "\n")

    def write_plot(self, path: Path) -> None:
        """Bars of every ratio (1 = the baseline) and of every latency."""
        import matplotlib as mpl  # noqa: PLC0415 - 0.5 s that no other command should pay

        mpl.use("Agg")
        from matplotlib import pyplot as plt  # noqa: PLC0415

        ratios = [m for m in self.measures if m.ratio is not None]
        latencies = [m for m in self.measures if m.unit == "ms" and m.baseline is None]
        figure, axes = plt.subplots(1, 2, figsize=(13, 0.5 * max(len(ratios), len(latencies), 4) + 1.5))
        _bars(axes[0], ratios, [m.ratio or 0 for m in ratios], "ratio to the baseline of the same run", "{:.2f}")
        axes[0].axvline(1, color="#888", linewidth=1, linestyle="--")
        _bars(axes[1], latencies, [m.value for m in latencies], "milliseconds", "{:.1f}")
        figure.tight_layout()
        figure.savefig(path, dpi=110)
        plt.close(figure)


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile; `share` 0.99 is p99. NaN of nothing, which meets no aim."""
    return nearest_rank(values, share) if values else math.nan


def _figure(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    text = f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{text} {unit}".strip()


def _aim(measure: Measure) -> str:
    mark = {True: " [green]met[/]", False: " [red]missed[/]", None: ""}[measure.is_met]
    return measure.aim + mark


def _bars(axis: object, measures: list[Measure], values: list[float], label: str, form: str) -> None:
    from matplotlib.axes import Axes  # noqa: PLC0415

    assert isinstance(axis, Axes)  # noqa: S101 - narrows matplotlib's loose type
    colours = ["#2f7d4f" if m.is_met is not False else "#b3372f" for m in measures]
    axis.barh([f"{m.part}: {m.name}" for m in measures], values, color=colours)
    for row, value in enumerate(values):
        axis.text(value, row, " " + form.format(value), va="center")
    axis.invert_yaxis()
    axis.set_xlabel(label)
    axis.spines[["top", "right"]].set_visible(False)
    axis.margins(x=0.15)
