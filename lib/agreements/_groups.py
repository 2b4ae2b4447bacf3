"""Order in a network: who has the same partners as whom."""

import numpy as np
import pandas as pd
from scipy.cluster.hierarchy import fcluster, leaves_list, linkage, optimal_leaf_ordering
from scipy.spatial.distance import squareform

from lib.errors import BookError


def groups(found: pd.DataFrame, year: int, number: int = 8, least: int = 1) -> pd.DataFrame:
    r"""Order countries so that those with the same partners stand together, and cut them in groups.

    Parameters
    ----------
    found : DataFrame
        From :func:`network`.
    year : int
    number : int
        Groups to make, at most.
    least : int
        Countries with fewer partners are left out.

    Returns
    -------
    DataFrame
        `country`, `partners` (number of free-trade partners), `group` (1 is the largest), in an
        order in which neighbours are as alike as possible: the rows and columns of a matrix figure.

    Raises
    ------
    BookError
        If the network has no free-trade agreement in that year.

    Notes
    -----
    The distance of two countries is that of Jaccard between their sets of partners, where each
    counts as a partner of itself,

    .. math:: 1 - \frac{|P_i \cap P_j|}{|P_i \cup P_j|},

    so that the members of a bloc, with the same outsiders, are at distance zero. Groups come from
    average linkage, the order from the tree's leaves in their best order.
    """
    here = found[(found["year"] == year) & (found["fta"] == 1)]
    degree = here.groupby("exporter").size()
    codes = degree.index[degree >= least]
    if len(codes) < 2:
        raise BookError(f"The network has no two countries with {least} partners in {year}.")
    tied = pd.crosstab(here["exporter"], here["importer"]).reindex(codes, fill_value=0)
    tied = tied.reindex(columns=degree.index, fill_value=0).to_numpy(copy=True)
    tied[np.arange(len(codes)), degree.index.get_indexer(codes)] = 1
    common = tied @ tied.T
    size = tied.sum(axis=1)
    apart = squareform(1 - common / (size[:, None] + size - common), checks=False)
    tree = linkage(apart, "average")
    label = pd.Series(fcluster(tree, number, "maxclust"))
    rank = label.map(label.value_counts().sort_index().rank(ascending=False, method="first"))
    out = pd.DataFrame({"country": codes, "partners": degree[codes].to_numpy(), "group": rank})
    order = leaves_list(optimal_leaf_ordering(tree, apart))
    return out.astype({"group": int, "country": "str"}).iloc[order].reset_index(drop=True)
