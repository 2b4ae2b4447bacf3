"""Datasets of the sample world in the schema of the originals that they stand in for."""

import numpy as np
import pandas as pd

from lib.errors import DataError
from lib.io_table import FINAL_USES, InputOutput
from lib.models.caliendo_parro import sales
from lib.sample.agreements import in_force
from lib.sample.geography import geodist
from lib.sample.world import COUNTRIES, GOODS, REAL, SECTORS, YEARS, products, solve

PANEL_YEARS = (1996, 2000, 2004, 2008, 2012)
ABSORPTION_YEARS = (2002, 2005, 2008, 2011, 2014)
AGREEMENTS = ("cu", "fta", "psa", "eia", "cueia", "ftaeia", "psaeia")


def wiod_2013(*, pwt_91, capitals, year) -> InputOutput:
    """Inter-country input–output table in the schema of WIOD's 2013 release.

    Parameters
    ----------
    pwt_91, capitals : DataFrame
        Embedded originals: Penn World Table 9.1 and positions of capitals.
    year : int
        1995–2014.

    Returns
    -------
    InputOutput
        24 countries and ROW, sectors c1–c35, five final uses (no inventories), million USD: the
        exact aggregate of the product-level equilibrium. What importer j spends on product p in
        each use is bought from exporters in the same proportions; the use shares of a sector's
        sales still differ by partner, since products differ in nature.
    """
    return input_output(solve(pwt_91, capitals, year))


def input_output(world) -> InputOutput:
    """Return the input–output table of a solved year."""
    e, found = world.economy, world.equilibrium
    size = len(COUNTRIES) * len(SECTORS)
    Z = sales(e, found.share, e.gamma_in * found.output[:, None, :])
    Y = sales(e, found.share, world.final)
    return InputOutput(
        Z=Z.reshape(size, size),
        Y=Y.reshape(size, len(COUNTRIES), len(FINAL_USES)),
        x=found.output.ravel(),
        countries=COUNTRIES,
        sectors=SECTORS,
        uses=FINAL_USES,
        year=world.year,
    )


def _years(years, default):
    years = default if years is None else tuple(np.atleast_1d(years).tolist())
    if not set(years) <= set(YEARS):
        bad = next(y for y in years if y not in YEARS)
        raise DataError(
            f"The sample world covers {YEARS[0]}–{YEARS[-1]}, not {bad}; choose years inside."
        )
    return years


def _labels(names, index):
    return pd.Series(names, dtype="str").take(index).array


def _goods_trade(world):
    """Value of goods trade by product, importer and exporter, million USD, zero at home."""
    goods = (products()["index"] < GOODS).to_numpy()
    value = (world.equilibrium.share * world.equilibrium.expenditure.T[:, :, None])[goods]
    np.einsum("kii->ki", value)[:] = 0
    return value


def _dropped(trade):
    """Rows, value and share of the flows that have the rest of the world on one side."""
    n, trade = len(REAL), np.stack(trade)
    kept, total = trade[..., :n, :n], trade.sum()
    value = total - kept.sum()
    rows = int(np.count_nonzero(trade) - np.count_nonzero(kept))
    return [{"code": "ROW", "rows": rows, "value": float(value), "share": float(value / total)}]


def baci_hs92(*, pwt_91, capitals, years=None, form="frame"):
    """Product-level goods trade in the schema of BACI, HS 1992.

    Parameters
    ----------
    pwt_91, capitals : DataFrame
    years : sequence of int, optional
        Default all, 1995–2014.
    form : {"frame", "relation", "contents"}
        As for the original; a relation is the frame itself, which is small.

    Returns
    -------
    DataFrame
        exporter, importer, year, product, value (million USD) and quantity (all missing: the sample
        world has no tonnes), between the 24 real economies. Trade with ROW, which has no distance,
        is left out; ``attrs["dropped"]`` has its rows, value and share in all goods trade. Summed
        over the products of a sector, the flows equal the international cells of :func:`wiod_2013`.
    """
    years = _years(years, YEARS)
    n, codes = len(REAL), products().loc[products()["index"] < GOODS, "product"]
    trade = [_goods_trade(solve(pwt_91, capitals, y)) for y in years]
    exporter, importer, product = np.meshgrid(
        np.arange(n), np.arange(n), np.arange(len(codes)), indexing="ij"
    )
    abroad = exporter != importer
    exporter, importer, product = exporter[abroad], importer[abroad], product[abroad]
    flows = pd.DataFrame(
        {
            "exporter": _labels(REAL, np.tile(exporter, len(years))),
            "importer": _labels(REAL, np.tile(importer, len(years))),
            "year": np.repeat(np.array(years, int), len(exporter)),
            "product": _labels(codes, np.tile(product, len(years))),
            "value": np.concatenate([t[product, importer, exporter] for t in trade]),
            "quantity": np.nan,
        }
    )
    flows.attrs["dropped"] = _dropped(trade)
    return _contents(flows) if form == "contents" else flows


def _contents(flows):
    """One row a year, as the reader of BACI gives it; nothing of the sample is unknown."""
    years = flows.groupby("year")["value"].agg(["size", "sum"])
    years = years.set_axis(["rows", "value"], axis=1).reset_index()
    years = years.assign(edition="HS92", release="sample", without_quantity=years["rows"])
    years = years.assign(set_aside=0, set_aside_value=0.0, codes_set_aside="", changed="", file="")
    return years


def bilateral_panel(*, pwt_91, capitals, years=None):
    """Total goods trade between the real economies, every fourth year from 1996 to 2012.

    Returns
    -------
    DataFrame
        exporter, importer, year, value (million USD), agreement_id and agreement (the oldest treaty
        in force, of partial scope included; 0 and "" if none); no columns of provisions; attrs as
        in :func:`baci_hs92`.
    """
    years = _years(years, PANEL_YEARS)
    n = len(REAL)
    trade = [_goods_trade(solve(pwt_91, capitals, y)).sum(0) for y in years]
    value = np.stack([t[:n, :n].T for t in trade])
    t, exporter, importer = np.nonzero(value)
    panel = pd.DataFrame(
        {
            "exporter": _labels(REAL, exporter),
            "importer": _labels(REAL, importer),
            "year": np.array(years, int)[t],
            "value": value[t, exporter, importer],
        }
    )
    keys = ["exporter", "importer", "year"]
    treaties = in_force(pwt_91=pwt_91, capitals=capitals, years=years)
    oldest = treaties.sort_values("treaty").drop_duplicates(keys)
    oldest = oldest.assign(agreement_id=-oldest["treaty"], agreement=oldest["name"])
    panel = panel.merge(oldest[[*keys, "agreement_id", "agreement"]], on=keys, how="left")
    panel = panel.fillna({"agreement_id": 0, "agreement": ""}).astype({"agreement_id": int})
    panel.attrs["dropped"] = _dropped(trade)
    return panel


def hs_bec4(edition="HS92", mixed=None):
    """BEC Rev. 4 class and use of each product of the sample.

    Parameters
    ----------
    edition : {"HS92"}
    mixed : dict, optional
        As for the original; without effect, since no product of the sample is in a mixed category.

    Returns
    -------
    DataFrame
        product, bec4, use (capital, intermediate or consumption), description of the BEC class;
        their names are in :func:`lib.sample.world.products`.

    Raises
    ------
    DataError
        For an edition other than HS92.
    """
    if edition != "HS92":
        raise DataError(f"The sample world has HS92 codes only, not {edition}; ask for HS92.")
    goods = products()[products()["index"] < GOODS]
    return goods[["product", "bec4", "use", "description"]].sort_values(
        "product", ignore_index=True
    )


def absorbed(table):
    """Exports by final absorber, and the exporter's value added in them, each (G, G)."""
    g, n = len(table.countries), len(table.sectors)
    own = np.kron(np.eye(g), np.ones((n, n)))
    A, Y = table.Z / table.x, table.Y.sum(2)
    output = np.linalg.solve(np.eye(g * n) - A, Y)
    exports = (A * (1 - own)) @ output + Y * (1 - np.kron(np.eye(g), np.ones((n, 1))))
    content = np.linalg.solve((np.eye(g * n) - A * own).T, 1 - A.sum(0))
    return [m.reshape(g, n, g).sum(1) for m in (exports, content[:, None] * exports)]


def wiod_2016_absorption(*, pwt_91, capitals, years=None):
    """Exports and their value added by final absorber, of the tables of :func:`wiod_2013`.

    Parameters
    ----------
    pwt_91, capitals : DataFrame
    years : int or sequence of int, optional
        Default 2002, 2005, 2008, 2011 and 2014.

    Returns
    -------
    DataFrame
        exporter, importer (the country whose final demand absorbs the exports), year, value (the
        exporter's value added in them) and exports, million USD; 24 economies and ROW, each with
        itself too.
    """
    years = _years(years, ABSORPTION_YEARS)
    tables = [wiod_2013(pwt_91=pwt_91, capitals=capitals, year=y) for y in sorted(years)]
    exports, value = np.swapaxes([absorbed(table) for table in tables], 0, 1)
    order = np.argsort(COUNTRIES)  # ROW in its place of the alphabet, as in the original
    t, exporter, importer = np.meshgrid(np.arange(len(tables)), order, order, indexing="ij")
    cells = t.ravel(), exporter.ravel(), importer.ravel()
    return pd.DataFrame(
        {
            "exporter": _labels(COUNTRIES, cells[1]),
            "importer": _labels(COUNTRIES, cells[2]),
            "year": np.repeat(sorted(years), len(order) ** 2),
            "value": value[cells],
            "exports": exports[cells],
        }
    )


def wiod_2016_gravity(*, pwt_91, capitals, borders, years=None):
    """The flows of :func:`wiod_2016_absorption` without ROW, with distance and common borders.

    Returns
    -------
    DataFrame
        exporter, importer, year, value, exports; dummies of the treaties of the sample world (fta,
        ftaeia, psa and psaeia; the others are 0), contig, dist (km, between capitals), comlang_off,
        col45 (missing).
    """
    flows = wiod_2016_absorption(pwt_91=pwt_91, capitals=capitals, years=years)
    flows = flows[flows["exporter"].isin(REAL) & flows["importer"].isin(REAL)]
    ties = geodist(capitals=capitals, borders=borders)
    ties = ties[["exporter", "importer", "contig", "comlang_off", "col45", "dist"]]
    keys = ["exporter", "importer", "year"]
    treaties = in_force(pwt_91=pwt_91, capitals=capitals, years=flows["year"])
    short = treaties["kind"].map({"free trade": "fta", "partial scope": "psa"})
    short += np.where(treaties["services"] == 1, "eia", "")
    flags = pd.crosstab([treaties[k] for k in keys], short).clip(upper=1)
    flags = flags.reindex(columns=AGREEMENTS, fill_value=0).reset_index()
    flows = flows.merge(flags, on=keys, how="left").fillna(dict.fromkeys(AGREEMENTS, 0))
    flows = flows.astype(dict.fromkeys(AGREEMENTS, int))
    return flows.merge(ties, on=["exporter", "importer"])
