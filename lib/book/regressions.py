"""Regression tables: the paper's columns beside ours.

An estimate is anything with the attributes of :class:`lib.estimation.Estimate`.
"""

from collections.abc import Mapping

import pandas as pd
from scipy import stats

from lib.book import replication
from lib.errors import BookError

BRACKETS = {"se": "std_errors", "t": "tstats"}


def published(paper: str, item: str, stat: str = "coef") -> pd.DataFrame:
    """Return what a paper's table prints for one statistic: rows × columns, as numbers."""
    frame = replication.published()
    frame = frame[(frame["paper"] == paper) & (frame["item"] == item) & (frame["stat"] == stat)]
    if frame.empty:
        raise BookError(f"{paper} has no {stat!r} in {item}; see data/published/{paper}.csv.")
    numbers = frame.assign(value=frame["value"].astype(float))
    wide = numbers.pivot(index="row", columns="column", values="value")
    return wide.loc[frame["row"].unique(), frame["column"].unique()]


def coefficients(paper: str) -> pd.DataFrame:
    """Return the coefficients that a paper prints with an error: a row each, with its stars.

    Columns `item`, `column`, `row`, `coef`, `se` (numbers) and `stars` (text).
    """
    key = ["item", "column", "row"]
    frame = replication.published().query("paper == @paper")
    parts = [frame[frame["stat"] == stat].set_index(key) for stat in ("coef", "se")]
    coef, se = (part["value"].astype(float) for part in parts)
    table = pd.DataFrame({"coef": coef, "se": se.reindex(coef.index), "stars": parts[0]["stars"]})
    return table.dropna(subset="se").reset_index()


def numbers(estimate, brackets: str = "se", r2: str = "r2_within") -> pd.Series:
    """Return all numbers of a column by (row, stat): coefficients, errors or t values, N and R²."""
    parts = {"coef": estimate.params, brackets: getattr(estimate, BRACKETS[brackets])}
    table = pd.DataFrame(parts).stack()
    fit = {("observations", "n"): estimate.nobs, ("r2", "r2"): getattr(estimate, r2)}
    return pd.concat([table, pd.Series(fit, dtype=float)])


def cell(value: float, bracket: float, stars: str = "", digits: int = 2, inside: int = 2) -> str:
    """Write a coefficient with stars, and its standard error or t value in parentheses."""
    text = f"{value:.{digits}f}{stars} ({bracket:.{inside}f})"
    return text.replace("-", "−")


def shown(estimate, row: str, brackets: str = "se", digits: int = 2) -> str:
    """Write one coefficient of an estimate."""
    bracket = getattr(estimate, BRACKETS[brackets])[row]
    return cell(estimate.params[row], bracket, estimate.stars[row], digits)


def has(estimate) -> bool:
    """Tell an estimate from nothing, and from the error that says why there is none."""
    return estimate is not None and not isinstance(estimate, BookError)


def said(found, row: str | int, digits: int = 4) -> str:
    """Write a coefficient and its t value for a sentence, or why there is none.

    Parameters
    ----------
    found : estimate or BookError
    row : str or int
        Name of the coefficient.
    digits : int
    """
    if not has(found):
        told = str(found).rstrip(".")
        return f"no number, because {told[:1].lower()}{told[1:]}"
    return f"{found.params[row]:.{digits}f} (t = {found.tstats[row]:.2f})".replace("-", "−")


def beside(
    paper: str,
    item: str,
    estimates: Mapping[str, object],
    rows: Mapping[str, str],
    outcomes: Mapping[str, str],
) -> pd.DataFrame:
    """Return a table with the paper's and our version of each column side by side.

    Parameters
    ----------
    paper, item : str
        Which published table.
    estimates : mapping of str to estimate
        Key of the published column → our estimate. A key is number_outcome or number_…_outcome.
    rows : mapping of str to str
        Key of the published row → its name for a reader, in order; N and R² are added.
    outcomes : mapping of str to str
        Last part of a column's key → its name for a reader.
    """
    printed = coefficients(paper).query("item == @item").set_index(["column", "row"])
    out = pd.DataFrame({"variable": [*rows.values(), "N", "R²"]})
    for key, estimate in estimates.items():
        cells = {r: printed.loc[(key, r)] for r in rows if (key, r) in printed.index}
        theirs = [cell(*cells[r][["coef", "se", "stars"]]) if r in cells else "" for r in rows]
        mine = [shown(estimate, r) if r in estimate.params else "" for r in rows]
        n, r2 = (published(paper, item, stat)[key].iloc[0] for stat in ("n", "r2"))
        title = f"{key.split('_')[0]} {outcomes[key.split('_')[-1]]}"
        out[f"{title}, paper"] = [*theirs, f"{n:.0f}", f"{r2:.3f}"]
        out[f"{title}, ours"] = [*mine, f"{estimate.nobs}", f"{estimate.r2_within:.3f}"]
    return out


def lines(
    paper: str,
    item: str,
    estimates: Mapping[str, Mapping[str, object]],
    columns: Mapping[str, str],
    rows: Mapping[str, str],
    *,
    brackets: str = "t",
    digits: int = 4,
    r2: str = "r2",
) -> pd.DataFrame:
    """Return a published table with a line for each coefficient, and ours beside it.

    Parameters
    ----------
    paper, item : str
        Which published table.
    estimates : mapping of str to mapping of str to estimate
        What a column of ours is called → published column → our estimate; where there is none, or
        the error that says why, the cell holds a dash.
    columns, rows : mapping of str to str
        Key of the published column or row → its name for a reader, in order. N and R² are added.
    brackets : {"t", "se"}
        What the paper prints in parentheses.
    digits : int
        Decimals of our coefficients.
    r2 : {"r2", "r2_within"}
        Which R² the paper prints, an attribute of the estimates.
    """
    frame = replication.published()
    frame = frame[(frame["paper"] == paper) & (frame["item"] == item)]
    printed = frame.set_index(["column", "row", "stat"])
    out = []
    for column, heading in columns.items():
        ours = {name: found.get(column) for name, found in estimates.items()}
        for row, name in rows.items():
            if (column, row, "coef") in printed.index:
                coef, inside = (printed["value"][column, row, s] for s in ("coef", brackets))
                text = f"{coef}{printed['stars'][column, row, 'coef']} ({inside})"
                mine = [shown(e, row, brackets, digits) if has(e) else "–" for e in ours.values()]
                out.append([heading, name, text.replace("-", "−"), *mine])
        for row, stat, name in (("observations", "n", "N"), ("r2", "r2", "R²")):
            if (column, row, stat) in printed.index:
                text = f"{int(float(printed['value'][column, row, stat])):,}" if stat == "n" else ""
                text = text or printed["value"][column, row, stat]
                mine = [
                    "–" if not has(e) else f"{e.nobs:,}" if stat == "n" else f"{getattr(e, r2):.3f}"
                    for e in ours.values()
                ]
                out.append([heading, name, text, *mine])
    return pd.DataFrame(out, columns=["column", "variable", "paper", *estimates])


def stars_fit(coef, error, stars, clusters: int | None = None, digits: int = 4) -> pd.Series:
    """Tell which printed stars follow from the printed numbers by t with clusters − 1 degrees.

    Parameters
    ----------
    coef, error : Series of float
        As printed, with `digits` decimals.
    stars : Series of str
        As printed: "", "*" at 10 %, "**" at 5 %, "***" at 1 %.
    clusters : int, optional
        Without it the normal distribution is used.

    Returns
    -------
    Series of bool
        True where some values that round to the printed ones give the printed stars.
    """
    half = 0.5 * 10.0**-digits
    ends = (coef.abs() - half) / (error + half), (coef.abs() + half) / (error - half)
    law = stats.norm if clusters is None else stats.t(clusters - 1)
    low, high = (
        sum((t > law.ppf(1 - level / 2)).astype(int) for level in (0.10, 0.05, 0.01)) for t in ends
    )
    count = stars.str.len()
    return (low <= count) & (count <= high)
