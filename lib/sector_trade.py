"""Trade, tariffs and production by sector: what a multi-sector model is calibrated to."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from lib.errors import BookError


@dataclass(frozen=True, eq=False)
class SectorTrade:
    """Sector trade of one year with the technology of each country; million USD.

    N countries, K sectors, of which the first J are traded. Bilateral arrays are (J, N, N) in the
    order sector, importer, exporter, with zeros at home.

    Parameters
    ----------
    countries : tuple of str
        ISO3 codes; the last is ROW.
    sectors : tuple of str
        K names.
    year : int
    trade : ndarray, shape (J, N, N)
        Imports before duties.
    tariff : dict of int to ndarray, shape (J, N, N)
        Ad valorem rates by year; `year` is among them.
    output : ndarray, shape (N, K)
        Gross output as reported; it can fall short of exports.
    value_added : ndarray, shape (N, K)
        Value added in gross output, above zero and up to one.
    inputs : ndarray, shape (N, K, K)
        Share of product k (second axis) in the purchases of inputs of sector h (last axis).
    theta : ndarray, shape (K,)
        Trade elasticities; those of sectors without trade matter for nothing.

    Raises
    ------
    BookError
        If the shape of an array does not agree with the labels, an array is not finite, trade is
        negative or at home, or a tariff is at or below -1.
    """

    countries: tuple[str, ...]
    sectors: tuple[str, ...]
    year: int
    trade: np.ndarray
    tariff: dict[int, np.ndarray]
    output: np.ndarray
    value_added: np.ndarray
    inputs: np.ndarray
    theta: np.ndarray

    def __post_init__(self):
        n, k, j = len(self.countries), len(self.sectors), len(self.trade)
        shapes = {
            "trade": (j, n, n),
            "output": (n, k),
            "value_added": (n, k),
            "inputs": (n, k, k),
            "theta": (k,),
        }
        arrays = {name: (getattr(self, name), shape) for name, shape in shapes.items()}
        arrays |= {f"tariff[{y}]": (t, (j, n, n)) for y, t in self.tariff.items()}
        for name, (array, shape) in arrays.items():
            _require(
                np.shape(array) == shape,
                f"{name} has shape {np.shape(array)}; {n} countries and {k} sectors, {j} of them "
                f"traded, need {shape}",
            )
            _require(np.isfinite(array), f"{name} has missing or infinite cells")
        home = np.arange(n)
        _require(j <= k, "there are more traded sectors than sectors")
        _require(self.year in self.tariff, f"there are no tariffs of {self.year}")
        _require(self.trade >= 0, "trade has negative cells")
        _require(self.trade[:, home, home] == 0, "trade has sales at home")
        for y, t in self.tariff.items():
            _require(t > -1, f"a tariff of {y} is at or below -1")
            _require(t[:, home, home] == 0, f"there is a tariff of {y} at home")
        _require(self.output >= 0, "output has negative cells")
        within = (self.value_added > 0) & (self.value_added <= 1)
        _require(within, "value_added must lie above zero and not above one")
        _require(self.theta > 0, "every theta must be positive")

    @property
    def traded(self) -> tuple[str, ...]:
        """Names of the J traded sectors."""
        return self.sectors[: len(self.trade)]


def _require(condition, message):
    if not np.all(condition):
        raise BookError(f"Sector trade: {message}.")


def flow_frame(flow, data: SectorTrade) -> pd.DataFrame:
    """Return flows between countries as rows.

    Parameters
    ----------
    flow : ndarray, shape (J, N, N)
        Traded sector, importer, exporter; million USD. Home trade is left out.
    data : SectorTrade
        Names the countries, sectors and the year.

    Returns
    -------
    DataFrame
        ``exporter, importer, year, product, value``: the positive flows; `product` is the sector.
    """
    countries, sectors = np.array(data.countries), np.array(data.traded)
    k, n, i = np.nonzero((flow > 0) & ~np.eye(len(countries), dtype=bool))
    return pd.DataFrame(
        {
            "exporter": pd.Series(countries[i], dtype="str"),
            "importer": pd.Series(countries[n], dtype="str"),
            "year": data.year,
            "product": pd.Series(sectors[k], dtype="str"),
            "value": flow[k, n, i],
        }
    )
