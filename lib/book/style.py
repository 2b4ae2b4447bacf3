"""House style: one palette, direct labels, units on axes, print-safe and colour-blind-safe."""

from pathlib import Path

import geopandas
import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from PIL import Image

PALETTE = sns.color_palette("colorblind")
BLUE, ORANGE, GREEN, RED = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[3]
GREY = (0.45, 0.45, 0.45)
ROBINSON = "+proj=robin +datum=WGS84"
LARGEST = 100_000
"""Bytes above which a figure is kept as a bitmap rather than as vectors."""


def use() -> None:
    """Set the house style for every figure of this process."""
    sns.set_theme(context="notebook", style="ticks", palette="colorblind", font="DejaVu Sans")
    mpl.rcParams.update(
        {
            "figure.figsize": (6.2, 3.8),
            "figure.constrained_layout.use": True,
            "figure.facecolor": "white",
            "axes.spines.top": False,
            "axes.spines.right": False,
            "axes.titlesize": "medium",
            "axes.titlelocation": "left",
            "svg.hashsalt": "gvc-book",
            "svg.fonttype": "path",
        }
    )


def label_lines(ax, labels: dict[str, str] | None = None, *, gap: float = 0.04) -> None:
    """Write each line's label at its right end, moved apart where two would overlap."""
    lines = [line for line in ax.get_lines() if not line.get_label().startswith("_")]
    low, high = ax.get_ylim()
    ends = sorted(lines, key=lambda line: line.get_ydata()[-1])
    place = float("-inf")
    for line in ends:
        x, y = line.get_xdata()[-1], line.get_ydata()[-1]
        place = max(y, place + gap * (high - low))
        text = (labels or {}).get(line.get_label(), line.get_label())
        ax.annotate(
            text,
            (x, place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=line.get_color(),
            fontsize="small",
            annotation_clip=False,
        )
    if ax.get_legend() is not None:
        ax.get_legend().remove()


def world_map(
    geometry: geopandas.GeoDataFrame, values: pd.Series, *, label: str, limit: float | None = None
) -> plt.Figure:
    """Draw one value per country on a Robinson projection; countries without one stay grey.

    Parameters
    ----------
    geometry : GeoDataFrame
        One row per country, with a column ``country``.
    values : Series
        Indexed by ISO 3166 alpha-3 code.
    label : str
        What the colours mean, with the unit.
    limit : float, optional
        Symmetric end of a diverging colour scale around zero; by default the largest value.
    """
    shapes = geometry[geometry["country"] != "ATA"].to_crs(ROBINSON)
    shapes = shapes.merge(values.rename("value"), left_on="country", right_index=True, how="left")
    limit = limit or float(values.abs().max())
    fig, ax = plt.subplots(figsize=(6.2, 3.6))
    shapes.plot(
        "value",
        ax=ax,
        cmap="PuOr_r",
        vmin=-limit,
        vmax=limit,
        edgecolor="white",
        linewidth=0.25,
        legend=True,
        legend_kwds={"label": label, "orientation": "horizontal", "shrink": 0.6, "pad": 0.02},
        missing_kwds={"color": "#dddddd", "edgecolor": "white"},
    )
    ax.set_axis_off()
    return fig


def save(fig, stem: Path, vectors: Path) -> Path:
    """Write a figure as SVG, or as PNG where the vectors would weigh more than 100 kB.

    Heavy vectors go to the folder `vectors`.
    """
    path = stem.with_suffix(".svg")
    fig.savefig(path, metadata={"Date": None})
    if path.stat().st_size > LARGEST:
        path.replace(vectors / path.name)
        path = stem.with_suffix(".png")
        for dpi in (200, 160, 120, 100, 80):
            fig.savefig(path, dpi=dpi, metadata={"Software": None})
            with Image.open(path) as image:  # 128 shades weigh a third of true colour
                image.convert("RGB").quantize(128).save(path, optimize=True)
            if path.stat().st_size <= LARGEST:
                break
    plt.close(fig)
    return path
