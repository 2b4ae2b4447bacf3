"""Data of Caliendo and Parro (2015): trade, tariffs and technology of 31 regions × 40 sectors."""

import numpy as np

from lib.errors import DataError
from lib.sector_trade import SectorTrade

# fmt: off
COUNTRIES = (
    "ARG", "AUS", "AUT", "BRA", "CAN", "CHL", "CHN", "DNK", "FIN", "FRA", "DEU", "GRC", "HUN",
    "IND", "IDN", "IRL", "ITA", "JPN", "KOR", "MEX", "NLD", "NZL", "NOR", "PRT", "ZAF", "ESP",
    "SWE", "TUR", "GBR", "USA", "ROW",
)
TRADED = (
    "Agriculture", "Mining", "Food", "Textiles", "Wood", "Paper", "Petroleum", "Chemicals",
    "Plastics", "Minerals", "Basic metals", "Metal products", "Machinery", "Office machinery",
    "Electrical machinery", "Communication equipment", "Medical and optical", "Motor vehicles",
    "Other transport equipment", "Other manufacturing",
)
SERVICES = (
    "Electricity, gas and water", "Construction", "Retail and wholesale", "Hotels and restaurants",
    "Land transport", "Water transport", "Air transport", "Auxiliary transport", "Post and telecom",
    "Finance", "Real estate", "Renting of machinery", "Computer services", "Research",
    "Other business", "Public administration", "Education", "Health", "Other services",
    "Private households",
)
# fmt: on
BASE, LATER = 1993, 2005
SERVICES_THETA = 8.22
"""As in the authors' codes; services are not traded, so it is idle."""


def read(files) -> SectorTrade:
    """Read the authors' data of 1993, with tariffs of 1993 and 2005, in million USD.

    Trade comes in thousand USD, free on board; rows are sector × importer, columns exporters.
    Output comes in USD and tariffs in per cent. Services are not traded.

    Parameters
    ----------
    files : mapping of str to Path
        The text files ``CP2015_*.txt``, without labels.

    Returns
    -------
    SectorTrade
        30 countries and ROW, 20 traded sectors and 20 services.

    Raises
    ------
    DataError
        If a file has not the documented shape or magnitude.

    References
    ----------
    Caliendo and Parro (2015), Review of Economic Studies 82, data and codes.
    """
    n, j, k = len(COUNTRIES), len(TRADED), len(TRADED) + len(SERVICES)

    def table(name, *shape):
        path = files[f"CP2015_{name}.txt"]
        try:
            return np.loadtxt(path).reshape(shape)
        except ValueError as error:
            raise DataError(
                f"{path} is not a table of {' × '.join(map(str, shape))} numbers ({error}); "
                "replace it with the documented file."
            ) from error

    data = SectorTrade(
        countries=COUNTRIES,
        sectors=TRADED + SERVICES,
        year=BASE,
        trade=table("xbilat1993", j, n, n) / 1e3,
        tariff={y: table(f"tariffs{y}", j, n, n) / 100 for y in (BASE, LATER)},
        output=table("GO", k, n).T / 1e6,
        value_added=table("B", k, n).T,
        inputs=table("IO", n, k, k),
        theta=np.append(table("T", j), np.full(k - j, SERVICES_THETA)),
    )
    world = (data.value_added * data.output).sum()
    if not 1e7 < world < 1e8:
        raise DataError(
            f"{files['CP2015_GO.txt']}: world value added of {world:.3g} million USD is not of "
            "1993's magnitude; the file must be in USD."
        )
    return data
