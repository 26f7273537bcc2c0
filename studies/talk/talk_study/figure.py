"""The figure of docs/lab/talk.md: budgets on the left, on the right what the gain needs."""

import re
from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from realink.page import look, plotted
from realink.page.figures import counts_axis, log_axis
from realink.plan.mixes import Mix

TAKEN_AWAY = {
    "": "as they are",
    "confirmed": "only labels that the judge confirms",
    "reread": "labels read anew by the judge",
    "shuffled": "labels shuffled",
    "pretrained": "no labels: pretraining, as many steps",
    "noise": "noise in their place",
    "steps": "none, but as many steps",
}


def plot_talk(metrics: pd.DataFrame, gains: pd.DataFrame, epochs: float) -> Figure:
    """Draw test error against real images by budget, and the share of the gain that is left.

    Parameters
    ----------
    metrics : one row a classifier
    gains : as `talk_study.reasons.gains` gives them
    epochs : the study's own budget
    """
    figure = Figure(figsize=(13, 5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1.1, 1))
    curves = plotted.errors(metrics, variants=True).set_index(["mix", "n_real"])["shown"]
    budgets = {name: _said(name, epochs) for name in curves.index.unique("mix")}
    real = [name for name in budgets if (mix := Mix.parse(name)) == mix.baseline]
    real.sort(key=lambda name: _length(budgets[name]))
    drawn: dict[str, dict[str, Any]] = {}
    for name, shade in zip(real, sns.color_palette("Greys", len(real) + 2)[2:], strict=True):
        drawn[name] = {"color": shade, "marker": "o"}
    for name in ("real-rendered", "real-cyclegan", "real-patchgan"):
        its = look.of(name)
        drawn[name] = {"color": its.colour, "marker": its.mark, "linewidth": 2.5}
    for name, its in drawn.items():
        if name in budgets:
            own = curves[name].sort_index()
            label = f"{Mix.parse(name).standard.name}, {budgets[name]}"
            left.plot(own.index, own, label=label, **its)
    counts_axis(left, curves["real"].index)
    log_axis(left, curves[[name for name in drawn if name in budgets]])
    left.set(xlabel=look.COUNTS, ylabel=look.ERROR)
    left.set_title("Real images alone: the error is a matter of steps", loc="left")
    left.legend(frameon=False, fontsize="small")
    rows = gains[(gains["instead"] != "real") & gains["gain_left"].notna()]
    rows = rows.assign(what=rows["instead"].map(TAKEN_AWAY), N=rows["n_real"].map("{:,}".format))
    sns.stripplot(
        rows,
        x="gain_left",
        y="what",
        hue="N",
        order=[label for label in TAKEN_AWAY.values() if label in set(rows["what"])],
        palette="viridis",
        size=9,
        jitter=False,
        dodge=True,
        ax=right,
    )
    for share in (0, 1):
        right.axvline(share, color="0.4", linestyle=":")
    right.legend(title="N", loc="center")
    right.xaxis.set_major_formatter(PercentFormatter(1))
    right.set(xlabel=f"share of the gain over real images alone at {epochs:g} epochs", ylabel="")
    right.set_title("What the gain of translated images needs", loc="left")
    return figure


def _said(name: str, epochs: float) -> str:
    budget = Mix.parse(name).budget or f"{epochs:g}epochs"
    number, unit = re.fullmatch(r"(\d+)(\w+)", budget).groups()
    return f"{int(number):,} {unit}"


def _length(said: str) -> tuple[bool, int]:
    number, unit = said.split()
    return unit == "steps", int(number.replace(",", ""))
