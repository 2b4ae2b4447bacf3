"""Figures that chapters draw often, in house style; each draws on an axis and returns it.

A chapter prepares a small frame in a shown cell and hands it over in a folded one.
"""

from collections.abc import Iterable, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from lib.book import style

COLORS = [style.BLUE, style.ORANGE, style.GREEN, style.RED, *style.PALETTE[4:]]


def panels(count: int = 2, height: float = 3.4, **more) -> np.ndarray:
    """Return the axes of one figure side by side, as wide as the page."""
    _, axes = plt.subplots(1, count, figsize=(6.4, height), **more)
    return np.atleast_1d(axes)


def lines(
    frame: pd.DataFrame | pd.Series,
    ylabel: str,
    *,
    ax: Axes | None = None,
    title: str = "",
    xlabel: str = "",
    legend: bool = False,
    marker: str = "o",
    colors: Sequence | None = None,
    **axis,
) -> Axes:
    """Draw a line for each column over the index, labelled at its end.

    Parameters
    ----------
    frame : DataFrame or Series
        Index: the horizontal axis; columns: lines, named as a reader should see them. Missing
        values are skipped.
    legend : bool
        A legend in place of labels at the ends of the lines.
    **axis
        Passed to ``Axes.set``, e.g. ``ylim=(0, None)``.
    """
    ax = ax or plt.subplots()[1]
    frame = frame.to_frame() if isinstance(frame, pd.Series) else frame
    for name, color in zip(frame, colors or COLORS, strict=False):
        line = frame[name].dropna()
        ax.plot(line.index, line, marker=marker, ms=3.5, color=color, label=str(name))
    ax.set(title=title, xlabel=xlabel, ylabel=ylabel, **axis)
    if legend:
        ax.legend(frameon=False, fontsize="small")
    elif len(frame.columns) > 1:
        style.label_lines(ax)
    return ax


def bars(
    values: pd.DataFrame | pd.Series,
    label: str,
    *,
    ax: Axes | None = None,
    title: str = "",
    stacked: bool = False,
    upright: bool = False,
    **axis,
) -> Axes:
    """Draw bars, lying and read from the top down; `upright` ones stand, as years do.

    Parameters
    ----------
    values : Series or DataFrame
        Index: what each bar is; several columns stand beside each other, or are `stacked`.
    label : str
        What the length means, with its unit.
    """
    if ax is None:
        beside = 1 if stacked or np.ndim(values) == 1 else values.shape[1]
        tall = 1.2 + 0.24 * len(values) * (1 + 0.5 * (beside - 1))
        ax = plt.subplots(figsize=(6.2, 3.8 if upright else max(2.4, min(tall, 8))))[1]
    frame = values.to_frame() if isinstance(values, pd.Series) else values
    many = len(frame.columns) > 1
    kind = "bar" if upright else "barh"
    frame.plot(kind=kind, ax=ax, stacked=stacked, color=COLORS, width=0.75, legend=many)
    if many:
        ax.legend(frameon=False, fontsize="small", title=None)
    if upright:
        ax.tick_params(axis="x", rotation=0)
        ax.set(title=title, xlabel="", ylabel=label, **axis)
    else:
        ax.invert_yaxis()
        ax.set(title=title, ylabel="", xlabel=label, **axis)
    return ax


def intervals(
    frame: pd.DataFrame,
    label: str,
    *,
    ax: Axes | None = None,
    at: float | None = 0.0,
    group: str | None = None,
    **axis,
) -> Axes:
    """Draw estimates with their intervals, one to a line, read from the top down.

    Parameters
    ----------
    frame : DataFrame
        Index: names of the estimates; columns ``estimate``, ``low``, ``high``.
    at : float, optional
        Where a vertical line stands, zero by default.
    group : str, optional
        A column whose values get a colour each, named in a legend.
    """
    ax = ax or plt.subplots(figsize=(6.2, max(2.2, 0.9 + 0.28 * len(frame))))[1]
    place = np.arange(len(frame))
    kinds = frame[group] if group else pd.Series("", index=frame.index)
    for kind, color in zip(dict.fromkeys(kinds), COLORS, strict=False):
        some = (kinds == kind).to_numpy()
        part = frame[some]
        ax.hlines(place[some], part["low"], part["high"], color=color, lw=1.5)
        ax.plot(part["estimate"], place[some], "o", ms=5, color=color, label=str(kind))
    if at is not None:
        ax.axvline(at, color=style.GREY, lw=0.8)
    if group:
        ax.legend(frameon=False, fontsize="small")
    ax.set_yticks(place, [str(name) for name in frame.index])
    ax.invert_yaxis()
    ax.set(xlabel=label, ylabel="", **axis)
    return ax


def scatter(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    ax: Axes | None = None,
    label: Iterable | str | None = None,
    diagonal: bool = False,
    color=style.BLUE,
    **axis,
) -> Axes:
    """Draw points, some of them named, with a diagonal where both axes measure the same thing.

    Parameters
    ----------
    x, y : str
        Columns; their names are the axes' labels unless `axis` sets others.
    label : iterable or "all", optional
        Index values whose names are written beside their points.
    """
    ax = ax or plt.subplots()[1]
    if diagonal:
        ends = [frame[[x, y]].min().min(), frame[[x, y]].max().max()]
        ax.plot(ends, ends, ls=":", color=style.GREY, lw=1)
    ax.plot(frame[x], frame[y], "o", ms=4, color=color, alpha=0.8)
    for name in frame.index if isinstance(label, str) else (label or []):
        ax.annotate(
            str(name),
            (frame.loc[name, x], frame.loc[name, y]),
            xytext=(4, 2),
            textcoords="offset points",
            fontsize="x-small",
        )
    ax.set(**({"xlabel": x, "ylabel": y} | axis))
    return ax


def note(ax: Axes, value: float, text: str) -> None:
    """Draw a dotted horizontal line at `value` and say what it is, at its left end."""
    ax.axhline(value, ls=":", color=style.GREY, lw=1)
    ax.annotate(
        text,
        (0.02, value),
        xycoords=ax.get_yaxis_transform(),
        xytext=(0, 3),
        textcoords="offset points",
        color=style.GREY,
        fontsize="small",
    )


def dots(
    frame: pd.DataFrame,
    label: str,
    *,
    ax: Axes | None = None,
    colors: Sequence | None = None,
    **axis,
) -> Axes:
    """Draw a row's values as marks on one line, joined by a grey bar, the last row on top.

    Parameters
    ----------
    frame : DataFrame
        Index: names of the rows; columns: what is compared, two (earlier or actual, later or ideal)
        or three with one between.
    label : str
        What is measured, with its unit.
    """
    size = (6.2, min(1.5 + 0.27 * len(frame), 8.4))
    ax = ax or plt.subplots(figsize=size)[1]
    place = np.arange(len(frame))
    ax.hlines(place, frame.min(axis=1), frame.max(axis=1), color="#cccccc", lw=1.5)
    ends = [style.ORANGE, style.BLUE]
    colors = colors or (ends if len(frame.columns) == 2 else [ends[0], style.GREY, ends[1]])
    for name, marker, color in zip(frame, "osD", colors, strict=False):
        ax.plot(frame[name], place, marker, ms=5, color=color, label=str(name))
    ax.set_yticks(place, [str(name) for name in frame.index])
    if len(frame) > 12:
        ax.tick_params(axis="y", labelsize="small")
    ax.set(xlabel=label, ylabel="", ylim=(-0.8, len(frame) - 0.2), **axis)
    ax.legend(
        frameon=False, fontsize="small", ncol=3, loc="lower center", bbox_to_anchor=(0.5, 1.0)
    )
    return ax


def spans(
    frame: pd.DataFrame,
    label: str,
    *,
    ax: Axes | None = None,
    colors: Sequence | None = None,
    **axis,
) -> Axes:
    """Draw a row of dots for each index value, joined by a line and read from the top down.

    Parameters
    ----------
    frame : DataFrame
        Index: names of the rows; columns: dots, named as a legend should have them.
    label : str
        What the place of a dot means, with its unit.
    """
    ax = ax or plt.subplots(figsize=(6.2, max(2.6, 1.4 + 0.19 * len(frame))))[1]
    place = np.arange(len(frame))
    ax.hlines(place, frame.min(axis=1), frame.max(axis=1), color="#bbbbbb", lw=1.2)
    for name, color in zip(frame, colors or COLORS, strict=False):
        ax.plot(frame[name], place, "o", ms=5, color=color, label=str(name))
    ax.set_yticks(place, [str(name) for name in frame.index], fontsize="small")
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(frame) - 0.4, -0.6)
    ax.figure.legend(frameon=False, loc="outside upper center", ncols=len(frame.columns))
    ax.set(xlabel=label, ylabel="", **axis)
    return ax


def cumulative(
    frame: pd.DataFrame,
    label: str,
    ylabel: str,
    *,
    ax: Axes | None = None,
    colors: Sequence | None = None,
    **axis,
) -> Axes:
    """Draw for each column the share of its values that lie at or below each value.

    Parameters
    ----------
    frame : DataFrame
        One value per row and column; missing ones are left out of their column.
    label, ylabel : str
        What the values are, with their unit; what is counted.
    """
    ax = ax or plt.subplots()[1]
    for name, color in zip(frame, colors or COLORS, strict=False):
        ax.ecdf(frame[name].dropna(), color=color, label=str(name), lw=1.8)
    ax.legend(frameon=False, loc="upper left")
    ax.set(**({"xlabel": label, "ylabel": ylabel, "ylim": (0, 1)} | axis))
    return ax


def grid(ax: Axes, values: np.ndarray, **options) -> None:
    """Draw a square matrix with importers in rows and exporters in columns, both from one."""
    sns.heatmap(values, ax=ax, square=True, linewidths=0.4, cbar=False, **options)
    labels = np.arange(1, len(values) + 1)
    ax.set_xticks(labels - 0.5, labels, fontsize="x-small", rotation=0)
    ax.set_yticks(labels - 0.5, labels, fontsize="x-small", rotation=0)
    ax.tick_params(length=0)
