"""One series out of two releases of a source."""

import pandas as pd

from lib.errors import BookError


def link_releases(
    new: pd.DataFrame, old: pd.DataFrame, years, *, value: str = "index"
) -> pd.DataFrame:
    r"""Fill the years that a new release lacks with the movement of an older one.

    Parameters
    ----------
    new, old : DataFrame
        `country`, `year` and `value`, each country and year once.
    years : iterable of int
        Years wanted.
    value : str
        The measure, in the same unit in both.

    Returns
    -------
    DataFrame
        `country`, `year`, `value` and `how`, for the countries of `new`:

        * ``measured``: the new release itself;
        * ``linked``: the old release plus the gap between the two;
        * ``interpolated``: between the years already filled, where the old release says nothing;
        * ``held``: the nearest of them, before the first and after the last.

    Raises
    ------
    BookError
        If a column is absent, a country and year is given twice, or no year is asked for.

    Notes
    -----
    With common years :math:`s < u` around t, the new release n and the old o,

    .. math::
        \hat n_t = o_t + \frac{u - t}{u - s} (n_s - o_s) + \frac{t - s}{u - s} (n_u - o_u);

    outside the common years the nearest gap applies. This is the additive link of national
    accounts (benchmark revision with a straight-line distribution of the gap).
    """
    years = sorted(set(years))
    if not years:
        raise BookError("link_releases: no year is asked for.")
    wide = []
    for frame in (new, old):
        if missing := [name for name in ("country", "year", value) if name not in frame]:
            raise BookError(f"link_releases: a release has no column {missing[0]!r}.")
        if frame.duplicated(["country", "year"]).any():
            raise BookError("link_releases: a country and year is given twice in a release.")
        wide.append(frame.pivot(index="year", columns="country", values=value))
    span = range(min(years + list(wide[0].index)), max(years + list(wide[0].index)) + 1)
    measured = wide[0].reindex(span)
    base = wide[1].reindex(index=span, columns=measured.columns)
    gap = (measured - base).interpolate(limit_direction="both")
    steps = {"measured": measured, "linked": base + gap}
    filled = steps["measured"].fillna(steps["linked"])
    steps["interpolated"] = filled.interpolate(limit_area="inside")
    steps["held"] = steps["interpolated"].ffill().bfill()
    how = pd.DataFrame("", span, measured.columns)
    for name in reversed(steps):
        how = how.mask(steps[name].notna(), name)
    long = pd.DataFrame({value: steps["held"].T.stack(), "how": how.T.stack()})
    long = long.rename_axis(["country", "year"]).reset_index()
    return long[long["year"].isin(years)].reset_index(drop=True)
