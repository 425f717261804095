"""The small picture of growth: seconds and peak memory from one to a hundred million lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from .speed import Growth


def draw_growth(found: Sequence[Growth], target: Path) -> None:
    """Two panels with logarithmic axes: seconds, and the peak of memory against 2 GiB."""
    lines = [row.lines for row in found]
    figure = Figure(figsize=(7, 2.8), layout="constrained")
    seconds, memory = figure.subplots(1, 2)
    for name, colour in (("taking in", "#8a8f98"), ("measuring", "#1f5fa8")):
        timings = [row.taking_in if name == "taking in" else row.measuring for row in found]
        seconds.plot(lines, [timing.wall for timing in timings], "o-", color=colour, label=name)
        memory.plot(lines, [timing.memory / 1024 for timing in timings], "o-", color=colour, label=name)
    memory.axhline(2, color="#b0413e", linewidth=1, linestyle="--")
    for axes, title in ((seconds, "Wall seconds of the process"), (memory, "Peak memory, GiB (dashed: 2)")):
        axes.set(xscale="log", yscale="log", xlabel="Sales lines")
        axes.set_xticks(lines, [f"{count:,}" for count in lines], fontsize=8)
        axes.minorticks_off()
        axes.set_title(title, loc="left", fontsize=10)
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(axis="y", linewidth=0.5, color="#dddddd")
    seconds.set_yticks([1, 3, 10, 30, 100, 300], ["1", "3", "10", "30", "100", "300"])
    memory.set_yticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
    seconds.legend(frameon=False, fontsize=9)
    figure.savefig(target, dpi=110, metadata={"Software": None})
