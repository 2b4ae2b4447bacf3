r"""Length of chains and position in them.

All lengths count production stages. Value added that goes straight into a final product has length
one, each further use as an input adds one:
:math:`\sum_k k A^{k-1} = B^2` against :math:`\sum_k A^{k-1} = B`.
"""

from functools import reduce

import numpy as np
import pandas as pd

from lib.errors import BookError
from lib.gvc.table import ROUNDING, Table
from lib.gvc.value_added import _choose, _ratio

PARTS = ("pure_domestic", "traditional", "simple", "complex", "gvc")


def upstreamness(table: Table, inventory_correction: bool = False) -> pd.Series:
    r"""Return the average distance of each industry's output from final use.

    Parameters
    ----------
    table : Table
    inventory_correction : bool
        Take net additions to inventories out of output, as if goods put on stock were used like
        those sold in the year; without it they count as final use. Needs the use ``inventories``.

    Returns
    -------
    Series by (country, sector)
        At least one; exactly one for a sector without output or that sells no inputs.

    Raises
    ------
    BookError
        If the correction is asked of a table without a use labelled ``inventories``, or it leaves
        inputs sold by a sector without output.

    Notes
    -----
    .. math:: U = (I - \Delta)^{-1} u, \qquad \Delta = \hat x^{-1} Z

    the row sums of the Ghosh inverse; with the correction
    :math:`\Delta = (\hat x - \hat n)^{-1} Z`, n net inventories. Fally (2012); Antràs, Chor, Fally
    and Hillberry (2012); correction as in Antràs and Chor (2018). Averaged with value added as
    weights it is world output over world value added.
    """
    if inventory_correction:
        net = _net_of_inventories(table)
        delta = np.divide(table.Z, net, out=np.zeros_like(table.Z), where=net > 0)
        distance = np.linalg.solve(np.eye(len(delta)) - delta, np.ones(len(delta)))
    else:
        distance = _over(table.B @ table.x, table.x)
    return table.series(distance, "upstreamness")


def downstreamness(table: Table) -> pd.Series:
    r"""Return the number of stages embodied in each industry's output.

    Returns
    -------
    Series by (country, sector)
        One for a sector without inputs.

    Notes
    -----
    .. math:: D = u'(I - A)^{-1}

    the column sums of the Leontief inverse: Fally (2012), number of production stages; Antràs and
    Chor (2018). Averaged with final demand as weights it is world output over world value added on
    a balanced table.
    """
    return table.series(table.B.sum(0), "downstreamness")


def stages(table: Table) -> pd.DataFrame:
    r"""Return upstreamness and downstreamness split into domestic and international stages.

    Returns
    -------
    DataFrame by (country, sector)
        ``upstreamness``, ``upstreamness_domestic``, ``upstreamness_international``, and the same
        for ``downstreamness``. The domestic part counts the industry itself.

    Notes
    -----
    .. math::
        U^D_s = \hat x_s^{-1} L_{ss} x_s, \quad U^I = U - U^D, \qquad
        D^D_s = u' L_{ss}, \quad D^I = D - D^D

    Stages reached without crossing a border, and the rest: Ni, Gong and Xia (2016), as reviewed in
    Ni (2018), section 2.3.
    """
    frame = pd.DataFrame(index=table.rows)
    domestic = {
        "upstreamness": _over(table.local(table.x), table.x),
        "downstreamness": table.local_left(np.ones(len(table.x))),
    }
    for total in (upstreamness(table), downstreamness(table)):
        frame[total.name] = total
        frame[f"{total.name}_domestic"] = domestic[total.name]
        frame[f"{total.name}_international"] = total - domestic[total.name]
    return frame


def average_propagation_length(table: Table) -> pd.DataFrame:
    r"""Return the average number of steps by which a change in one industry reaches another.

    Returns
    -------
    DataFrame, shape (G*N, G*N)
        From the row to the column industry, the same for cost pushes and demand pulls; NaN where
        no path leads. A direct sale is one step. Takes a product of (G*N, G*N) matrices.

    Notes
    -----
    .. math:: APL_{ij} = \frac{[B(B - I)]_{ij}}{[B - I]_{ij}}

    Dietzenbacher, Romero and Bosma (2005).
    """
    indirect = table.B - np.eye(len(table.x))
    reached = np.where(np.abs(indirect) > 1e-15, indirect, 0.0)
    return pd.DataFrame(_ratio(table.B @ indirect, reached), table.rows, table.rows)


def value_added_propagation_length(table: Table, sources="point", products="point") -> pd.DataFrame:
    r"""Return the average length from value added in one group to final products of another.

    Parameters
    ----------
    table : Table
    sources, products : {"point", "country", "sector", "world"} or Series by (country, sector)
        How the industries that make value added, and those that finish products, are grouped:
        each by itself, by country, by sector, all together, or by the labels of a Series.

    Returns
    -------
    DataFrame
        Source groups in rows, product groups in columns; NaN where no value added flows. One
        for value added that enters the final product directly. Point to point takes a product of
        (G*N, G*N) matrices, anything else with a group on one side does not.

    Raises
    ------
    BookError
        On an unknown grouping or one that does not label the table's industries.

    Notes
    -----
    .. math::
        VAPL_{IJ} = \frac{\sum_{i \in I} \sum_{j \in J} v_i [BB]_{ij} y_j}
                         {\sum_{i \in I} \sum_{j \in J} v_i B_{ij} y_j}

    Ni (2016), as reviewed in Ni (2018), section 2.3. From a point to the world it is upstreamness,
    from the world to a point downstreamness (on a balanced table, where value is made or sold).
    """
    P, source_names = _groups(table, sources)
    Q, product_names = _groups(table, products)
    made = P * table.V
    finished = table.Y.sum(1)[:, None] * Q.T
    left, right = made @ table.B, table.B @ finished
    flow = left @ finished if len(P) <= len(Q) else made @ right
    return pd.DataFrame(_ratio(left @ right, flow), source_names, product_names)


def production_decomposition(table: Table, direction: str = "forward") -> pd.DataFrame:
    r"""Split value added or final products by the kind of trade that carries them.

    Parameters
    ----------
    table : Table
    direction : {"forward", "backward"}
        Split the industry's value added by where it goes, or its final products by how they came.

    Returns
    -------
    DataFrame by (country, sector)
        ``pure_domestic``: never crosses a border; ``traditional``: crosses once, in final
        products; ``simple``: crosses once as an input and is absorbed there; ``complex``: crosses
        at least twice; ``gvc``: simple plus complex. The first four sum to value added (on an
        unbalanced table, less what the imbalance takes) or to final sales.

    Raises
    ------
    BookError
        If `direction` is neither.

    Notes
    -----
    .. math::
        \hat V B \hat Y = \hat V L \hat Y^D + \hat V L \hat Y^F + \hat V L A^F L \hat Y^D
                        + \hat V L A^F (B \hat Y - L \hat Y^D)

    summed along rows or columns. Wang, Wei, Yu and Zhu (2017a), NBER 23222.
    """
    return pd.DataFrame(_production(table, direction)[0], table.rows)


def participation(table: Table, direction: str = "forward") -> pd.DataFrame:
    """Return :func:`production_decomposition` as shares of its total.

    ``gvc`` is the participation index of Wang, Wei, Yu and Zhu (2017a), ``simple`` and ``complex``
    its parts. NaN for an industry without value added (forward) or final sales (backward); shares
    of an industry with negative final sales in some market (inventories) can leave [0, 1].

    Parameters
    ----------
    table : Table
    direction : {"forward", "backward"}

    Returns
    -------
    DataFrame by (country, sector)
        On an unbalanced table forward shares sum to one less the share that the imbalance takes.

    Raises
    ------
    BookError
        If `direction` is neither.
    """
    parts = production_decomposition(table, direction)
    total = table.V * table.x if direction == "forward" else table.Y.sum(1)
    return pd.DataFrame(
        _ratio(parts.to_numpy(), np.asarray(total)[:, None]), parts.index, parts.columns
    )


def production_length(table: Table, direction: str = "forward", by: str = "sector") -> pd.DataFrame:
    r"""Return the average production length of each kind of value chain.

    Parameters
    ----------
    table : Table
    direction : {"forward", "backward"}
        From the industry's value added to final products, or from value added anywhere to the
        industry's final products.
    by : {"sector", "country", "world"}
        Averages over countries weight with the value of each part.

    Returns
    -------
    DataFrame
        ``total`` and the parts of :func:`production_decomposition`; NaN where a part carries no
        value. By country and sector ``total`` is upstreamness (forward, balanced table) or
        downstreamness (backward).

    Raises
    ------
    BookError
        On another `direction` or `by`.

    Notes
    -----
    Gross output induced along a part of the chain over the value added that it carries:

    .. math::
        PL = \frac{\hat V B B \hat Y}{\hat V B \hat Y}, \quad
        PL^D = \frac{\hat V L L \hat Y^D}{\hat V L \hat Y^D}, \quad
        PL^{RT} = \frac{\hat V L L \hat Y^F}{\hat V L \hat Y^F}, \quad
        PL^{GVC} = \frac{\hat V (L L A^F B + L A^F B B) \hat Y}{\hat V L A^F B \hat Y}

    with :math:`L \hat Y^D` for :math:`B \hat Y` in the simple part and the difference in the
    complex one, each summed along rows or columns. Wang, Wei, Yu and Zhu (2017b), NBER 23261.
    """
    value, output = (
        _summed(pd.DataFrame(part, table.rows), by) for part in _production(table, direction)
    )
    carried = [frame[list(PARTS[:2])].sum(axis=1) + frame["gvc"] for frame in (output, value)]
    lengths = pd.DataFrame(_ratio(output, value), value.index, value.columns)
    lengths.insert(0, "total", _ratio(*carried))
    return lengths


def border_crossings(table: Table, direction: str = "forward", by: str = "sector") -> pd.DataFrame:
    r"""Return how often value added crosses a border on its way into final use.

    Parameters
    ----------
    table : Table
    direction : {"forward", "backward"}
        Of the industry's value added, or of the value in the industry's final products.
    by : {"sector", "country", "world"}

    Returns
    -------
    DataFrame
        ``value`` that crosses a border at least once; ``crossings``, that value times the number of
        borders it crosses, as an input or in the final product; ``average``, their ratio, at least
        one, NaN where no value crosses. Over all industries of a balanced table crossings sum to
        world exports.

    Raises
    ------
    BookError
        On another `direction` or `by`.

    Notes
    -----
    .. math::
        C = \hat V B A^F B \hat Y + \hat V B \hat Y^F, \qquad
        value = \hat V B \hat Y - \hat V L \hat Y^D

    The first term is the derivative of :math:`\hat V (I - A^D - z A^F)^{-1} \hat Y` at z = 1: each
    path counted as often as it crosses. Wang, Wei, Yu and Zhu (2017b), NBER 23261, count crossings
    of inputs in the same way; Muradov (2016).
    """
    chain, L, A_F, B = _chain(table, direction)
    y, y_D = table.Y.sum(1), _home(table)
    parts = {
        "value": chain(B, y=y) - chain(L, y=y_D),
        "crossings": chain(B, A_F, B, y=y) + chain(B, y=y - y_D),
    }
    frame = _summed(pd.DataFrame(parts, table.rows), by)
    frame["average"] = _ratio(frame["crossings"], frame["value"])
    return frame


def gvc_position(table: Table) -> pd.Series:
    r"""Return the position of each industry in global value chains.

    Returns
    -------
    Series by (country, sector)
        Above one where the way ahead to final use is longer than the way behind from value added.

    Notes
    -----
    .. math:: GVCPs = \frac{PL^{GVC}_v}{PL^{GVC}_y}

    forward over backward GVC length. Wang, Wei, Yu and Zhu (2017b), NBER 23261.
    """
    forward, backward = (
        production_length(table, direction)["gvc"] for direction in ("forward", "backward")
    )
    return (forward / backward).rename("gvc_position")


def _production(t: Table, direction: str) -> tuple[dict, dict]:
    """Return value carried and output induced by each part of the production decomposition."""
    chain, L, A_F, B = _chain(t, direction)
    y, y_D = t.Y.sum(1), _home(t)
    y_F = y - y_D
    value = {
        "pure_domestic": chain(L, y=y_D),
        "traditional": chain(L, y=y_F),
        "simple": chain(L, A_F, L, y=y_D),
        "gvc": chain(L, A_F, B, y=y),
    }
    output = {
        "pure_domestic": chain(L, L, y=y_D),
        "traditional": chain(L, L, y=y_F),
        "simple": chain(L, L, A_F, L, y=y_D) + chain(L, A_F, L, L, y=y_D),
        "gvc": chain(L, L, A_F, B, y=y) + chain(L, A_F, B, B, y=y),
    }
    for parts in (value, output):
        rest = parts["gvc"] - parts["simple"]
        parts["complex"] = np.where(np.abs(rest) <= ROUNDING * np.abs(parts["gvc"]), 0.0, rest)
    return tuple({part: parts[part] for part in PARTS} for parts in (value, output))


def _chain(t: Table, direction: str) -> tuple:
    """Return chain(M, …, y), V M … y by industry of origin or of sale, and L, A_F, B."""
    if _choose(direction, "forward", "backward") == "forward":
        L, A_F, B = t.local, lambda v: t.A_foreign @ v, lambda v: t.B @ v

        def chain(*factors, y):
            return t.V * reduce(lambda v, M: M(v), reversed(factors), y)
    else:
        L, A_F, B = t.local_left, lambda v: v @ t.A_foreign, lambda v: v @ t.B

        def chain(*factors, y):
            return reduce(lambda v, M: M(v), factors, t.V) * y

    return chain, L, A_F, B


def _home(t: Table) -> np.ndarray:
    """Return final sales of each industry to its own country."""
    return t.Y[np.arange(len(t.Y)), np.repeat(np.arange(t.G), t.N)]


def _summed(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """Sum industries to countries or the world."""
    if _choose(by, "sector", "country", "world") == "country":
        return frame.groupby("country", sort=False).sum()
    return frame.sum().to_frame("WORLD").T if by == "world" else frame


def _groups(t: Table, by) -> tuple[np.ndarray, pd.Index]:
    """Return a 0/1 matrix of groups × industries and the names of the groups."""
    if isinstance(by, pd.Series):
        if len(by) != len(t.rows) or not by.index.equals(t.rows) or by.isna().any():
            raise BookError("A grouping needs one label for each (country, sector) of the table.")
        labels = pd.Index(by, name=by.name or "group")
    elif _choose(by, "point", "country", "sector", "world") == "point":
        return np.eye(len(t.rows)), t.rows
    else:
        world = pd.Index(["WORLD"] * len(t.rows), name="group")
        labels = world if by == "world" else t.rows.get_level_values(by)
    names = labels.unique()
    return (labels.to_numpy() == names.to_numpy()[:, None]).astype(float), names


def _net_of_inventories(t: Table) -> np.ndarray:
    """Return output less net additions to inventories, as a column."""
    if t.uses is None or "inventories" not in t.uses:
        raise BookError(
            "The inventory correction needs final demand by use: give the table Y by use and "
            'uses=(…, "inventories").'
        )
    net = t.x - t.final[:, :, t.uses.index("inventories")].sum(1)
    sold_out = (net <= 0) & t.Z.any(1)
    if sold_out.any():
        country, sector = t.rows[np.argmax(sold_out)]
        raise BookError(
            f"Inventories of {country} {sector} grow by its whole output though it sells inputs; "
            f"use no inventory correction."
        )
    return net[:, None]


def _over(numerator: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Divide by output; one where there is none."""
    return np.divide(numerator, output, out=np.ones_like(numerator), where=output > 0)
