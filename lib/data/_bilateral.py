"""Bilateral exports and agreement provisions, 1964–2016, every four years."""

import numpy as np
import pandas as pd
import pandera.pandas as pa

from lib.data import _schema
from lib.data._rdata import read_r
from lib.errors import DataError

# Who each odd code is was read off its trade: its partners, its years and its neighbours' codes.
RECODED = {
    "BLX": "BEL",  # Belgium and Luxembourg in every year; neither BEL nor LUX has rows
    "ROM": "ROU",
    "ZAR": "COD",
    "TMP": "TLS",
    "KN1": "KNA",  # Saint Kitts and Nevis (with Anguilla in the early years)
    "MNT": "MNE",  # from 2008 only, first partner Serbia
    "TAN": "TZA",  # Tanganyika, 1964 only; TZA starts in 1968
    "SVR": "VNM",  # the Republic of Viet-Nam, 1964–72; VNM starts in 1976
    # States that are gone keep the code that ISO 3166-3 reserves for them.
    "SVU": "SUN",
    "YDR": "YMD",
}
FORMER = {"CSK", "DDR", "SUN", "VDR", "YMD", "YUG"}
NOWHERE = {
    "UNS": "unspecified",
    "SPE": "special categories",
    "BUN": "bunkers",
    "FRE": "free zones",
    "BAT": "British Antarctic Territory",
    "NZE": "Neutral Zone",
    "PCE": "Pacific Islands (trust territory)",
    "PCZ": "Panama Canal Zone",
    "RYU": "Ryukyu Islands",
    "SIK": "Sikkim",
    "USP": "United States' Pacific islands",
    "ZPM": "Zanzibar and Pemba",
    "ZW1": "Federation of Rhodesia and Nyasaland",
}
"""Destinations that are no economy: dropped by the reader, which reports their rows and value."""

_PROVISION = r"_prov_\d+$"
_NAMES = {
    "exp": "exporter",
    "imp": "importer",
    "time": "year",
    "export": "value",
    "id": "agreement_id",
}
_SCHEMA = {
    "exp": _schema.code(letters_only=False),
    "imp": _schema.code(letters_only=False),
    "time": _schema.number(1948, 2030),
    # The largest flow of a year is 4.5 billion USD in 1964 and 385 billion in 2016.
    "export": _schema.number(0, 1e12, "USD"),
    "id": _schema.number(0),
    "agreement": pa.Column(str),
}


def read(files, years=None) -> pd.DataFrame:
    """Read exports of about 210 economies to about 240 destinations.

    A pair without a row in a year is unknown, not zero (zeros are recorded), and it is not missing
    by chance. Some exporters did not report. Others have rows for all but their nearest partners:
    the source lacks pairs, it seems, while they were under an agreement that it does not cover.
    Poland, Hungary, Czechia, Romania and the other entrants lack the European Union in 1996 and
    2000 (Bulgaria and Romania in 2004 too), Croatia lacks it from 2004 to 2012, Canada and the
    United States lack each other in 1992, Austria, Finland and Sweden the Union in 1976-92. Of the
    3,000 largest pairs whose two sides appear otherwise, 147, 239, 292 and 92 are missing in 1992,
    1996, 2000 and 2004, and 36 and 32 in 2008 and 2012. An average over partners is wrong for such
    countries in such years: keep pairs that are there in every year compared.

    Parameters
    ----------
    files : mapping of str to Path
    years : int or iterable of int, optional
        Years to keep; all fourteen if not given.

    Returns
    -------
    DataFrame
        * `exporter`, `importer`, `year`;
        * `value`: exports in million USD (the source has USD), current prices;
        * `agreement_id`, `agreement`: the trade agreement in force between the two (0 and "" if
          none). Partial-scope pacts such as GSTP count here, so this is no free-trade dummy;
        * sixteen provisions of that agreement, 0 or 1, named ``<chapter>_prov_<number>`` as in
          the World Bank's Deep Trade Agreements database (`ad` anti-dumping, `cp` competition
          policy, `tbt` technical barriers, `tf` trade facilitation, `env` environment, `et`
          export taxes, `inv` investment, `ipr` intellectual property, `lm` labour market, `moc`
          movement of capital, `ser` services, `ste` state enterprises).

        ``attrs["dropped"]`` lists the destinations that are no economy, with their rows, their
        value in million USD and their share of all exports. BLX is BEL, so Belgium includes
        Luxembourg. States that are gone stay under their ISO 3166-3 codes (CSK, DDR, SUN, VDR,
        YMD, YUG); DEU is West Germany before 1992, SRB includes Montenegro before 2008.

    References
    ----------
    Breinlich, Corradi, Rocha, Ruta, Santos Silva and Zylkin (2022), Machine learning in
    international trade research, on UN Comtrade exports.
    """
    return tidy(read_r(files.only), files.only, years)


def tidy(raw: pd.DataFrame, file, years=None) -> pd.DataFrame:
    """Return the canonical panel from the source's own columns."""
    raw = raw.astype({name: "str" for name in ("exp", "imp", "time", "agreement") if name in raw})
    provisions = raw.columns[raw.columns.str.contains(_PROVISION)]
    raw = _schema.checked(raw, _SCHEMA | {name: _schema.dummy() for name in provisions}, file)
    frame = raw.rename(columns=_NAMES).astype({"year": int, "agreement_id": int})
    frame["value"] /= 1e6
    if years is not None:
        years = np.atleast_1d(years).tolist()
        if absent := sorted(set(years) - set(frame["year"])):
            known = ", ".join(map(str, sorted(set(frame["year"]))))
            raise DataError(f"{file} has no year {absent[0]}; choose from {known}.")
        frame = frame[frame["year"].isin(years)]
    nowhere = frame["importer"].isin(NOWHERE)
    kept = frame[~nowhere].reset_index(drop=True)
    kept[["exporter", "importer"]] = kept[["exporter", "importer"]].replace(RECODED)
    kept.attrs["dropped"] = _report(frame[nowhere], frame["value"].sum())
    return kept[[*_NAMES.values(), "agreement", *provisions]]


def _report(lost: pd.DataFrame, total: float) -> list[dict]:
    sums = lost.groupby("importer")["value"].agg(["size", "sum"])
    return [
        {"code": code, "what": NOWHERE[code], "rows": rows, "value": value, "share": value / total}
        for code, rows, value in sums.itertuples()
    ]
