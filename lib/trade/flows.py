"""Trade flows by use class, and their division among sources."""

import numpy as np
import pandas as pd

from lib.io_table import InputOutput
from lib.trade import _engine
from lib.trade.distance import UNKNOWN, check_columns, unique

CAPITAL = ("gfcf",)
FINAL = ("household", "npish", "government")


def flows_by_use(table: InputOutput) -> pd.DataFrame:
    """Return the international flows of a table by sector and use class.

    A *product* is one sector's deliveries to one use class, the nearest that a table of sectors
    comes to a product code that belongs to a single class. Changes in inventories belong to no
    class and are left out.

    Parameters
    ----------
    table : InputOutput
        G countries, N sectors, million USD.

    Returns
    -------
    DataFrame
        ``exporter, importer, year, product, use, value`` (million USD): positive flows between two
        different countries; `use` is ``intermediate``, ``capital`` or ``final``.
    """
    g, n = len(table.countries), len(table.sectors)
    column = {use: i for i, use in enumerate(table.uses)}

    def final(uses):
        return table.Y[:, :, [column[use] for use in uses]].sum(axis=2).reshape(g, n, g)

    values = {
        "intermediate": table.Z.reshape(g, n, g, n).sum(axis=3),
        "capital": final(CAPITAL),
        "final": final(FINAL),
    }
    countries = np.array(table.countries)
    frames = []
    for use, value in values.items():
        exporter, sector, importer = np.nonzero(value > 0)
        frames.append(
            pd.DataFrame(
                {
                    "exporter": countries[exporter],
                    "importer": countries[importer],
                    "year": table.year,
                    "product": np.array([f"{s}:{use}" for s in table.sectors])[sector],
                    "use": use,
                    "value": value[exporter, sector, importer],
                }
            )
        )
    flows = pd.concat(frames, ignore_index=True)
    return flows[flows["exporter"] != flows["importer"]].reset_index(drop=True)


def flows_by_class(flows: _engine.Flows, classes: pd.DataFrame) -> pd.DataFrame:
    """Add the flows of products up to use classes.

    Parameters
    ----------
    flows : DataFrame, DuckDB relation or PySpark DataFrame
        ``exporter, importer, year, product, value``.
    classes : DataFrame
        ``product, use``, each product once. A product without a class is ``unclassified``.

    Returns
    -------
    DataFrame
        ``exporter, importer, year, use, value``, in this order.

    Raises
    ------
    BookError
        If a needed column is absent or a product has two classes.
    """
    check_columns(flows, {"exporter", "importer", "year", "product", "value"}, "flows")
    check_columns(classes, {"product", "use"}, "classes")
    keys = "exporter, importer, year"
    query = f"""
        SELECT {keys}, coalesce(c."use", '{UNKNOWN}') AS "use", fsum(value) AS value
        FROM _flows f LEFT JOIN _classes c ON f.product = c.product
        GROUP BY {keys}, coalesce(c."use", '{UNKNOWN}') ORDER BY {keys}, 4
        """
    listed = unique(classes[["product", "use"]], ["product"], "classes")
    return _engine.run({"flows": query}, flows, _classes=listed)


def split_like(flows: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Let each importer buy what it buys of each product, from the sources of other flows.

    Parameters
    ----------
    flows, sources : DataFrame
        ``exporter, importer, year, product, value``.

    Returns
    -------
    DataFrame
        Same columns: the imports of `flows` by importer, year and product, divided among exporters
        as in `sources`. Imports without a source there are left out.
    """
    keys = ["importer", "year", "product"]
    imports = flows.groupby(keys, as_index=False)["value"].sum()
    share = sources["value"] / sources.groupby(keys)["value"].transform("sum")
    split = sources[["exporter", *keys]].assign(share=share).merge(imports, on=keys)
    return split.assign(value=split["share"] * split["value"]).drop(columns="share")
