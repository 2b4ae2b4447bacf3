"""When countries entered and left the European Union and EFTA."""

OPEN = 9999
"""Year of the end of what has not ended."""

EU_ENTRY = {
    1958: "BEL DEU FRA ITA LUX NLD",
    1973: "DNK GBR IRL",
    1981: "GRC",
    1986: "ESP PRT",
    1995: "AUT FIN SWE",
    2004: "CYP CZE EST HUN LTU LVA MLT POL SVK SVN",
    2007: "BGR ROU",
    2013: "HRV",
}
"""Year of entry into the European (Economic) Community or Union."""

EU_EXIT = {"GBR": 2020}

EU = {
    code: (year, EU_EXIT.get(code, OPEN))
    for year, codes in EU_ENTRY.items()
    for code in codes.split()
}
"""Country → first year in the Union, first year out of it."""

EFTA = {
    "AUT": (1960, 1995),
    "CHE": (1960, OPEN),
    "DNK": (1960, 1973),
    "FIN": (1961, 1995),  # by an association of 1961 with the same free trade; a member in 1986
    "GBR": (1960, 1973),
    "ISL": (1970, OPEN),
    "LIE": (1960, OPEN),  # by its customs union with Switzerland; a member in 1991
    "NOR": (1960, OPEN),
    "PRT": (1960, 1986),
    "SWE": (1960, 1995),
}
"""Country → first year of free trade within EFTA, first year without. Who left joined the Union."""
