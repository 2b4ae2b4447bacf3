r"""The panel of Gao, Li and Zhu (2021): trade benefit index, globalisation by law and its controls.

The paper prints neither its 41 economies nor its split; both follow from printed constants, as
:func:`constants` tells and chapter 32 shows.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from lib import gvc
from lib.errors import BookError

KEY = ["country", "year"]
ABSENT = ("ROW", "TWN")
"""In WIOD and not in the KOF index."""
LEFT_OUT = (*ABSENT, "ROU")
"""Romania too, which the KOF file codes ROM and WIOD ROU."""
DEVELOPED = (
    *("AUS", "AUT", "BEL", "CAN", "CHE", "DEU", "DNK", "ESP", "FIN", "FRA", "GBR", "GRC"),
    *("IRL", "ITA", "JPN", "KOR", "LUX", "NLD", "NOR", "PRT", "SWE", "USA", "SGP"),
)
"""The paper's 22, and Singapore of the sample world."""
JOINED = ("BGR", "CYP", "CZE", "EST", "HUN", "LTU", "LVA", "MLT", "POL", "SVK", "SVN")
"""Economies of the paper that joined the European Union in 2004 or 2007."""
CONTROLS = {
    "regulatory_quality": "regulatory quality",
    "ln_exchange_rate": "ln exchange rate",
    "tfp": "TFP",
    "inflation": "inflation (%)",
    "ln_capital_stock": "ln capital stock",
    "ln_gdp": "ln GDP",
    "ln_population": "ln population",
}
INDICES = {
    "overall": "KOFGI",
    "economic": "KOFEcGI",
    "trade": "KOFTrGI",
    "financial": "KOFFiGI",
    "social": "KOFSoGI",
    "interpersonal": "KOFIpGI",
    "informational": "KOFInGI",
    "cultural": "KOFCuGI",
    "political": "KOFPoGI",
}


def indices(
    absorption: pd.DataFrame,
    older: Sequence[gvc.Table],
    whole: Sequence[gvc.Table] = (),
    years: Sequence[int] = range(2000, 2015),
) -> dict[str, pd.DataFrame]:
    """Return the trade benefit index with its missing years filled in four ways.

    Parameters
    ----------
    absorption : DataFrame
        Value added by absorber in the years that the new release gives, as
        :func:`lib.gvc.trade_benefit_panel` takes it.
    older : sequence of Table
        The older release, year by year.
    whole : sequence of Table
        Tables of the new release, for other years than `absorption` has; empty without them.
    years : sequence of int
        Years wanted.

    Returns
    -------
    dict of str to DataFrame
        `country`, `year`, `index` by way: ``linked`` (:func:`lib.gvc.link_releases`),
        ``interpolated`` (a straight line between the years of `absorption`), ``five_years`` (those
        alone) and ``wiod_2013`` (the older release alone).
    """
    few, old = gvc.trade_benefit_panel(absorption), gvc.trade_benefit_panel(older)
    known = set(few["year"])
    more = [gvc.trade_benefit_panel([table]) for table in whole if table.year not in known]
    return {
        "linked": gvc.link_releases(pd.concat([few, *more]), old, years),
        "interpolated": gvc.link_releases(few, old[:0], years),
        "five_years": few,
        "wiod_2013": old,
    }


def governance(wgi: pd.DataFrame) -> pd.DataFrame:
    """Return regulatory quality by country and year, a year without a survey filled in.

    Parameters
    ----------
    wgi : DataFrame
        `country`, `year`, `regulatory_quality`.

    Returns
    -------
    DataFrame
        `country`, `year`, `regulatory_quality`; a gap between two surveys is filled by a straight
        line, so 2001 is the mean of 2000 and 2002.
    """
    survey = wgi.pivot(index="year", columns="country", values="regulatory_quality")
    whole = range(survey.index.min(), survey.index.max() + 1)
    survey = survey.reindex(whole).interpolate(limit_area="inside")
    return survey.rename_axis(index="year").unstack().rename("regulatory_quality").reset_index()


def controls(
    pwt: pd.DataFrame, gdp: str = "rgdpna", stock: str = "ck", tfp: str = "ctfp"
) -> pd.DataFrame:
    """Return the controls that come from the Penn World Table, by country and year.

    Parameters
    ----------
    pwt : DataFrame
        A release, 9.0 or later.
    gdp, tfp : str
        Which of its columns.
    stock : {"ck", "rkna"}
        Capital at current or at national prices, under the names of release 9.0; later releases
        call these stocks ``cn`` and ``rnna``.

    Returns
    -------
    DataFrame
        `country`, `year`, `tfp`, and natural logs of exchange rate, capital stock, GDP and
        population.
    """
    if "cn" in pwt:
        stock = {"ck": "cn", "rkna": "rnna"}[stock]
    logs = {
        "ln_exchange_rate": "xr",
        "ln_capital_stock": stock,
        "ln_gdp": gdp,
        "ln_population": "pop",
    }
    logs = {name: np.log(pwt[c].where(pwt[c] > 0)) for name, c in logs.items()}
    return pwt[KEY].assign(tfp=pwt[tfp], **logs)


def panel(
    index: pd.DataFrame,
    kof: pd.DataFrame,
    pwt: pd.DataFrame,
    wgi: pd.DataFrame,
    inflation: pd.DataFrame,
    first: int = 2000,
    last: int = 2014,
    out: Sequence[str] = LEFT_OUT,
) -> pd.DataFrame:
    """Put the panel of the paper's regressions together.

    Parameters
    ----------
    index : DataFrame
        `country`, `year` and the trade benefit index as `index`.
    kof, pwt, wgi, inflation : DataFrame
        As :func:`lib.data.load` returns them; any edition or release.
    first, last : int
        Years of the panel.
    out : sequence of str
        Economies left out.

    Returns
    -------
    DataFrame
        A row per country and year, sorted: `country`, `year`, `group` (developed or developing),
        `tbi` and `lag`, its value in the row before; the names of :data:`INDICES` for the KOF index
        by law (1 to 100), with ``_fact`` behind them for that of flows; the :data:`CONTROLS`.

    Raises
    ------
    BookError
        If no row is left.
    """
    names = {f"{kof_name}dj": name for name, kof_name in INDICES.items()}
    names |= {f"{kof_name}df": f"{name}_fact" for name, kof_name in INDICES.items()}
    frame = index.rename(columns={"index": "tbi"})[[*KEY, "tbi"]]
    frame = frame[frame["year"].between(first, last) & ~frame["country"].isin(out)]
    parts = (
        kof.rename(columns=names)[[*KEY, *names.values()]],
        controls(pwt),
        governance(wgi),
        inflation[[*KEY, "inflation"]],
    )
    for part in parts:
        frame = frame.merge(part, on=KEY)
    if frame.empty:
        raise BookError(f"No economy has an index and its controls between {first} and {last}.")
    frame = frame.sort_values(KEY, ignore_index=True)
    rich = np.where(frame["country"].isin(DEVELOPED), "developed", "developing")
    return frame.assign(group=rich, lag=frame.groupby("country")["tbi"].shift())


def constants(
    coefs: pd.DataFrame, means: pd.Series, free: Sequence[str]
) -> tuple[float, pd.Series]:
    r"""Ask how well the means of a sample explain the constants that a table prints.

    Parameters
    ----------
    coefs : DataFrame
        Printed coefficients: rows ``constant`` and the regressors; a column per regression, named
        as its outcome.
    means : Series
        Means of outcomes and regressors in the first year; those of `free` are not looked at.
    free : sequence of str
        Regressors whose mean is unknown.

    Returns
    -------
    miss : float
        Largest gap that is left between a printed constant and the one implied.
    found : Series
        The means of the free regressors that leave the smallest gaps in the sense of least squares.

    Notes
    -----
    In a balanced panel with effects of countries and dummies of all years but the first,
    :math:`\hat\beta_0 = \bar y_1 - \hat\beta'\bar X_1`, the means of the first year.
    """
    free, known = list(free), coefs.index.drop(["constant", *free])
    gap = means[coefs.columns] - coefs.loc["constant"] - coefs.loc[known].T @ means[known]
    unknown = coefs.loc[free].T
    found, *_ = np.linalg.lstsq(unknown.to_numpy(float), gap.to_numpy(float), rcond=None)
    return float((gap - unknown @ found).abs().max()), pd.Series(found, free)
