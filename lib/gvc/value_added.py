r"""Value added: where it is made, who finally absorbs it, and how much of trade it is.

Notation: V value added per unit of output, B the Leontief inverse, Y final demand, E exports; s
makes, r buys, t is any country; a hat makes a vector a diagonal matrix, u is a vector of ones.
"""

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.gvc.table import Table


def value_added_flows(table: Table, absorber: str | None = None, factor=None) -> pd.DataFrame:
    r"""Return value added by the industry that makes it and the final product that carries it.

    Parameters
    ----------
    table : Table
    absorber : str, optional
        Only final products that this country absorbs; of all countries if absent.
    factor : optional
        Another factor than value added; see :meth:`Table.coefficients`.

    Returns
    -------
    DataFrame, shape (G*N, G*N)
        Rows (country, sector) that make the value added, columns (country, sector) whose final
        products carry it. A row sum is a forward linkage, a column sum (the value of the final
        product) a backward one.

    Raises
    ------
    BookError
        If `absorber` is not a country of the table.

    Notes
    -----
    .. math:: \hat V B \hat Y^g

    Ni (2018), eq. 4.
    """
    y = table.Y.sum(1) if absorber is None else table.Y[:, _position(table, absorber)]
    V = table.coefficients(factor)
    return pd.DataFrame(V[:, None] * table.B * y, table.rows, table.rows)


def value_added_absorbed(table: Table, by: str = "sector", factor=None) -> pd.DataFrame:
    r"""Return value added by origin and by the country of its final absorption.

    Parameters
    ----------
    table : Table
    by : {"sector", "country"}
        Origin: (country, sector), or country.
    factor : optional
        See :meth:`Table.coefficients`.

    Returns
    -------
    DataFrame, shape (G*N, G) or (G, G)
        Home absorption included. A row sums to the value added of the origin (on an unbalanced
        table, less the part that the imbalance takes); a column to the absorber's final demand.

    Notes
    -----
    .. math:: VAE = \hat V B Y

    Ni (2018), eq. 3; Johnson and Noguera (2012).
    """
    flows = table.coefficients(factor)[:, None] * table.BY
    index = table.rows
    if _choose(by, "sector", "country") == "country":
        flows, index = table.by_country(flows), table.countries_index()
    return pd.DataFrame(flows, index, table.countries_index("absorber"))


def value_added_exports(table: Table, factor=None) -> pd.DataFrame:
    r"""Return value-added exports between countries.

    Parameters
    ----------
    table : Table
    factor : optional
        Exports of another factor (jobs, emissions); see :meth:`Table.coefficients`.

    Returns
    -------
    DataFrame, shape (G, G)
        Made in the row country (`exporter`), finally absorbed in the column country (`absorber`);
        the diagonal is zero. A row sum is a country's value-added exports.

    Notes
    -----
    .. math:: VAX_{sr} = \sum_t V_s B_{st} Y_{tr}, \qquad r \neq s

    Johnson and Noguera (2012); Ni (2018), eq. 3.
    """
    flows = value_added_absorbed(table, "country", factor).rename_axis("exporter")
    return flows.mask(np.eye(table.G, dtype=bool), 0.0)


def value_added_in_exports(table: Table, by: str = "sector", factor=None) -> pd.DataFrame:
    r"""Return the content of gross exports by the industry or country that made it.

    Parameters
    ----------
    table : Table
    by : {"sector", "country"}
        Rows and columns by (country, sector), or by country.
    factor : optional
        See :meth:`Table.coefficients`.

    Returns
    -------
    DataFrame, shape (G*N, G*N) or (G, G)
        Rows made it, columns export it; a column sums to gross exports. Value that crosses the
        exporter's border twice counts twice.

    Notes
    -----
    .. math:: \hat V B \hat E

    the Leontief decomposition of exports; off-diagonal sums over columns and rows are VS and VS1.
    """
    V, E = table.coefficients(factor), table.E.sum(1)
    if _choose(by, "sector", "country") == "sector":
        return pd.DataFrame(V[:, None] * table.B * E, table.rows, table.rows)
    content = (content_by_source(table, V) * E).reshape(table.G, table.G, table.N).sum(2)
    names = [table.countries_index(name) for name in ("source", "exporter")]
    return pd.DataFrame(content, *names)


def gross_exports(table: Table) -> pd.Series:
    """Return gross exports by (exporter, sector, importer), zero from a country to itself."""
    index = pd.MultiIndex.from_product(
        [table.countries, table.sectors, table.countries], names=["exporter", "sector", "importer"]
    )
    return pd.Series(table.E.ravel(), index, name="exports")


def vax_ratio(table: Table, by: str = "country") -> pd.Series | pd.DataFrame | float:
    r"""Return value-added exports over gross exports.

    Parameters
    ----------
    table : Table
    by : {"world", "country", "sector", "pair"}
        ``sector`` is the forward ratio: value added that the industry makes and foreigners absorb,
        also inside other industries' goods, over the industry's own exports; it can exceed one.

    Returns
    -------
    float, Series by country, Series by (country, sector), or DataFrame exporter × importer
        NaN where there are no exports.

    Notes
    -----
    .. math:: VAXR_s = \frac{\sum_{r \neq s} VAX_{sr}}{\sum_{r \neq s} u'E_{sr}}

    Johnson and Noguera (2012); Ni (2018), section 2.2.
    """
    _choose(by, "world", "country", "sector", "pair")
    if by == "sector":
        linkages = forward_linkages(table)
        return linkages["ratio"].rename("vax_ratio")
    added = value_added_exports(table)
    gross = table.by_country(table.E)
    if by == "pair":
        return pd.DataFrame(_ratio(added.to_numpy(), gross), added.index, added.columns)
    if by == "world":
        return float(_ratio(added.to_numpy().sum(), gross.sum()))
    ratio = _ratio(added.sum(axis=1).to_numpy(), gross.sum(1))
    return pd.Series(ratio, table.countries_index(), name="vax_ratio")


def forward_linkages(table: Table) -> pd.DataFrame:
    r"""Return where the value added of each industry ends.

    Returns
    -------
    DataFrame by (country, sector)
        ``value_added``; of it ``home`` and ``abroad`` by place of final absorption (rows of
        :math:`\hat V B Y`; on an unbalanced table the imbalance takes the rest); gross ``exports``
        of the industry; ``ratio`` of ``abroad`` to ``exports``. Sums over industries and their
        ratios are meaningful; means of ratios are not.

    Notes
    -----
    Ni (2018), eq. 4 summed along rows.
    """
    absorbed = value_added_absorbed(table).to_numpy()
    owner = np.repeat(np.arange(table.G), table.N)
    home = absorbed[np.arange(len(owner)), owner]
    abroad, exports = absorbed.sum(1) - home, table.E.sum(1)
    return pd.DataFrame(
        {
            "value_added": table.V * table.x,
            "home": home,
            "abroad": abroad,
            "exports": exports,
            "ratio": _ratio(abroad, exports),
        },
        table.rows,
    )


def backward_linkages(table: Table, factor=None) -> pd.DataFrame:
    r"""Return whose value added the final products of each industry carry.

    Returns
    -------
    DataFrame by (country, sector), columns ``source``
        Value added of each source country; a row sums to the final sales of the industry.

    Notes
    -----
    .. math:: V_t B_{\cdot j}\, y_j

    Ni (2018), eq. 4 summed by country along columns.
    """
    content = content_by_source(table, table.coefficients(factor)) * table.Y.sum(1)
    return pd.DataFrame(content.T, table.rows, table.countries_index("source"))


def vertical_specialisation(table: Table) -> pd.DataFrame:
    r"""Return foreign value in a country's exports and its value in the exports of others.

    Returns
    -------
    DataFrame by country
        ``VS`` foreign content of the country's exports; ``VS1`` its content in the exports of all
        other countries; ``VS_hummels`` imported content by the single-country formula;
        ``exports``; and ``participation``, (VS + VS1) over exports.

    Notes
    -----
    .. math::
        VS_s = \sum_{t \neq s} V_t B_{ts} E_s, \qquad
        VS1_s = \sum_{t \neq s} V_s B_{st} E_t, \qquad
        VS^H_s = u' A^M_s (I - A_{ss})^{-1} E_s = (u' - V_s L_{ss}) E_s

    Koopman, Wang and Wei (2014), section I; Hummels, Ishii and Yi (2001), eq. 3. The first two have
    the same sum over the world. :math:`VS^H - VS` is domestic value that left and came back in
    imports, counted twice.
    """
    E = table.E.sum(1).reshape(table.G, table.N)
    embodied = value_added_in_exports(table, "country").to_numpy()
    own = np.diag(embodied)
    exports = E.sum(1)
    first_time = table.local_left(table.V).reshape(E.shape)
    frame = pd.DataFrame(
        {
            "VS": embodied.sum(0) - own,
            "VS1": embodied.sum(1) - own,
            "VS_hummels": ((1 - first_time) * E).sum(1),
            "exports": exports,
        },
        table.countries_index(),
    )
    frame["participation"] = _ratio((frame["VS"] + frame["VS1"]).to_numpy(), exports)
    return frame


def hummels(domestic, imported, exports, output) -> pd.Series:
    r"""Return vertical specialisation from a single country's table.

    Parameters
    ----------
    domestic, imported : array_like, shape (N, N)
        Domestic and imported intermediate deliveries to each of the country's N sectors.
    exports, output : array_like, shape (N,)
        Gross exports and gross output by sector.

    Returns
    -------
    Series by exporting sector
        Imported inputs, direct and indirect, in its exports; their sum over that of `exports` is
        the share of vertical specialisation.

    Raises
    ------
    BookError
        On shapes that do not agree or negative output.

    Notes
    -----
    .. math:: VS = u' A^M (I - A^D)^{-1} \hat E

    Hummels, Ishii and Yi (2001), eq. 3.
    """
    labels = getattr(exports, "index", None)
    Z_D, Z_M, E, x = (np.asarray(part, float) for part in (domestic, imported, exports, output))
    if not Z_D.shape == Z_M.shape == (len(E), len(E)) or x.shape != E.shape:
        raise BookError("hummels: domestic and imported must be N × N, exports and output N long.")
    if x.min() < 0:
        raise BookError("hummels: output is negative; mend the source or aggregate the sector.")
    A_D, A_M = (np.divide(Z, x, out=np.zeros_like(Z), where=x > 0) for Z in (Z_D, Z_M))
    content = np.linalg.solve((np.eye(len(x)) - A_D).T, A_M.sum(0))
    return pd.Series(content * E, labels, name="VS")


def content_by_source(table: Table, V: np.ndarray) -> np.ndarray:
    """Return V_t B: value of each source country per unit of final product, shape (G, G*N)."""
    return np.einsum(
        "tn,tnj->tj", V.reshape(table.G, table.N), table.B.reshape(table.G, table.N, -1)
    )


def _position(table: Table, country: str) -> int:
    if country not in table.countries:
        raise BookError(f"{country!r} is not one of {', '.join(table.countries)}.")
    return table.countries.index(country)


def _choose(value: str, *options: str) -> str:
    if value not in options:
        raise BookError(f"{value!r} is not one of {', '.join(options)}.")
    return value


def _ratio(numerator, denominator) -> np.ndarray:
    """Divide, NaN where the denominator is zero."""
    numerator, denominator = np.broadcast_arrays(
        np.asarray(numerator, float), np.asarray(denominator, float)
    )
    blank = np.full(numerator.shape, np.nan)
    return np.divide(numerator, denominator, out=blank, where=denominator != 0)
