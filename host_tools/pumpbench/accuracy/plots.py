"""The report's plots, as SVG; the tables hold the same values."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "accuracy"  # the same values give the same file
from matplotlib import pyplot as plt  # noqa: E402

from .plan import PLAIN  # noqa: E402
from .pool import Judged, of  # noqa: E402
from .tables import RATIOS, confusion_table, trumpet_table  # noqa: E402

QUANTA_UL = (1, 2, 5, 10, 20, 50)


def draw(windows: list[Judged], out: Path) -> None:
    """Writes every plot into a folder."""
    _error(windows, out / "error_volume.svg")
    _trumpet(windows, out / "trumpet.svg")
    _confusion(windows, out / "confusion.svg")
    _delays(windows, out / "delays.svg")


def _finish(path: Path) -> None:
    plt.tight_layout()
    plt.savefig(path, metadata={"Date": None})
    plt.close()


def _error(windows: list[Judged], path: Path) -> None:
    _, axes = plt.subplots(1, 2, figsize=(10, 4.5), sharex=True)
    for axis, groups, title in zip(axes, ("TP", "CL"), (
            "true calibration", "calibration error N(0, 2.5 %), hidden"), strict=True):
        for quantum in QUANTA_UL:
            points = [(v["true_ml"], 100 * (v["total"][0] / v["true_ml"] - 1))
                      for w in of(windows, groups) if w["quantum_ul"] == quantum for v in w["volumes"]]
            if points:
                axis.plot(*zip(*points, strict=True), ".", label=f"{quantum} uL a count")
        axis.set(xscale="log", title=title, xlabel="true volume, mL", ylabel="error of told volume, %")
        axis.axhline(0, color="grey", lw=0.5)
    axes[0].legend(fontsize=8)
    _finish(path)


def _trumpet(windows: list[Judged], path: Path) -> None:
    plt.figure(figsize=(7, 4.5))
    rows = trumpet_table(windows)[1:]
    for k, quantum in enumerate(sorted({row[0] for row in rows})):
        minutes = [row[1] for row in rows if row[0] == quantum]
        for column in (2, 3):
            percent = [float(row[column]) for row in rows if row[0] == quantum]
            plt.plot(minutes, percent, "o-", color=f"C{k}",
                     label=f"{quantum:g} uL a count" if column == 2 else None)
    plt.xscale("log")
    plt.yscale("symlog", linthresh=1)
    plt.xlabel("observation interval, min")
    plt.ylabel("lowest and highest error of logged volume, %")
    plt.title("1.03 mL/h, after the manner of IEC 60601-2-24")
    if rows:
        plt.legend(fontsize=8)
    _finish(path)


def _confusion(windows: list[Judged], path: Path) -> None:
    rows = confusion_table(windows)[1:]
    names = [f"to {limit:g}" for limit in RATIOS] + [f"over {RATIOS[-1]:g}"]
    _, axes = plt.subplots(1, 2, figsize=(10, 4), sharey=True)
    for axis, true in zip(axes, ("given", "denied"), strict=True):
        of_row = {row[0]: row[2:6] for row in rows if row[1] == true}
        base = [0.0] * len(names)
        for k, told in enumerate(("told given", "told denied", "unresolved", "not told")):
            shares = [100 * of_row[n][k] / sum(of_row[n]) if n in of_row else 0.0 for n in names]
            axis.bar(names, shares, bottom=base, label=told)
            base = [a + b for a, b in zip(base, shares, strict=True)]
        axis.set(title=f"presses truly {true}", xlabel="quantum / bolus", ylabel="%")
    axes[0].legend(fontsize=8)
    _finish(path)


def _delays(windows: list[Judged], path: Path) -> None:
    _, axes = plt.subplots(1, 2, figsize=(10, 4.5))
    for k, kind in enumerate(("occlusion", "free_flow")):
        first = [(f["rate_ml_h"] if kind == "occlusion" else f["parameters"]["rate_ml_h"], told[0])
                 for w in windows if w["group"] not in PLAIN for f in w["faults"] if f["kind"] == kind
                 for told in [[s for s in f["after"] if s["name"] == kind]] if told]
        for axis, key in zip(axes if first else (), ("delay_ml", "delay_h"), strict=bool(first)):
            axis.set(xscale="log", yscale="log" if key == "delay_h" else "linear")
            axis.plot([rate for rate, _ in first], [told[key] for _, told in first], ".",
                      color=f"C{k}", label=kind.replace("_", " "))
    axes[0].axhline(1.5, color="grey", lw=0.5)
    axes[0].set(xlabel="continuous, or free, rate, mL/h", ylabel="mL from onset to record")
    axes[1].set(xlabel="continuous, or free, rate, mL/h", ylabel="h from onset to record")
    if axes[0].lines[1:]:
        axes[0].legend(fontsize=8)
    _finish(path)
