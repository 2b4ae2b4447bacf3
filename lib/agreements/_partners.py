"""How far away the partners of a country's agreements are."""

from collections.abc import Collection

import pandas as pd

from lib.errors import BookError

NONE = ("drop", "zero")


def partner_distance(
    network: pd.DataFrame,
    distance: pd.DataFrame,
    *,
    column: str = "distcap",
    among: Collection[str] | None = None,
    none: str = "drop",
) -> pd.DataFrame:
    r"""Return the arithmetic mean of the distances to all free-trade partners.

    Parameters
    ----------
    network : DataFrame
        ``exporter, importer, year, fta`` as from :func:`lib.agreements.network`, both directions
        of each pair; `fta` is one where a free-trade agreement is in force. A pair without a row
        has none.
    distance : DataFrame
        ``exporter, importer`` and `column` in km.
    column : str
        Which distance.
    among : collection of str, optional
        Partners that count. Agreements of the European Union bring in overseas territories; a mean
        over economies should not count them as countries.
    none : {"drop", "zero"}
        A country without any partner in a year of the network has no row, or, if it has a
        distance to anyone, zero km and zero partners.

    Returns
    -------
    DataFrame
        ``country, year, km`` and ``partners``, the number of partners with a known distance.

    Raises
    ------
    BookError
        If a needed column is absent or `none` is not one of its values.

    Notes
    -----
    .. math:: sftad_{jt} = \frac{1}{|P_{jt}|} \sum_{i \in P_{jt}} dist_{ij}

    Li & Chen (2023), eq. 18, where only its change appears. A first agreement changes it from
    nothing, so the country enters changes only from then on (``drop``), or with a jump (``zero``).
    """
    for name, frame, needed in (
        ("network", network, {"exporter", "importer", "year", "fta"}),
        ("distance", distance, {"exporter", "importer", column}),
    ):
        if missing := needed - set(frame.columns):
            raise BookError(f"{name} lacks the column {', '.join(sorted(missing))}.")
    if none not in NONE:
        raise BookError(f"none={none!r} is not one of {', '.join(NONE)}.")
    abroad = network[network["exporter"] != network["importer"]]
    known = distance[["exporter", "importer", column]].dropna()
    if among is not None:
        abroad = abroad[abroad["exporter"].isin(among)]
    partners = abroad[abroad["fta"] == 1].merge(known, on=["exporter", "importer"])
    found = partners.groupby(["importer", "year"])[column].agg(km="mean", partners="size")
    if none == "zero":
        every = [known["importer"].unique(), network["year"].unique()]
        found = found.reindex(
            pd.MultiIndex.from_product(every, names=found.index.names), fill_value=0
        ).sort_index()
    return found.reset_index().rename(columns={"importer": "country"})
