"""Country panels: globalisation, the Penn World Table, governance, inflation, GDP."""

import pandas as pd
import pandera.pandas as pa

from lib.data import _schema
from lib.data._codes import GROUPS, RETIRED
from lib.data._rdata import read_r
from lib.errors import DataError

# Index → what it measures, with its components indented as in the source's method.
KOF_INDICES = {
    "GI": "globalisation",
    "EcGI": "economic",
    "TrGI": "economic: trade",
    "FiGI": "economic: financial",
    "SoGI": "social",
    "IpGI": "social: interpersonal",
    "InGI": "social: informational",
    "CuGI": "social: cultural",
    "PoGI": "political",
}
KOF_COLUMNS = [f"KOF{index}{side}" for index in KOF_INDICES for side in ("", "df", "dj")]

_PWT_NAMES = """
rgdpe rgdpo pop emp avh hc ccon cda cgdpe cgdpo ck ctfp cwtfp rgdpna rconna rdana rkna rtfpna
rwtfpna labsh delta xr pl_con pl_da pl_gdpo cor_exp statcap csh_c csh_i csh_g csh_x csh_m
csh_r pl_c pl_i pl_g pl_x pl_m pl_k
"""
_PWT_90 = _PWT_NAMES.split()
_PWT_1001 = [*_PWT_90, "cn", "rnna", "irr", "pl_n"]

WGI_SHEETS = {
    "voice_and_accountability": "VoiceandAccountability",
    "political_stability": "Political StabilityNoViolence",
    "government_effectiveness": "GovernmentEffectiveness",
    "regulatory_quality": "RegulatoryQuality",
    "rule_of_law": "RuleofLaw",
    "control_of_corruption": "ControlofCorruption",
}


def kof_2018(files) -> pd.DataFrame:
    """Read the KOF globalisation index, 2018 edition: 203 economies, 1970–2016.

    Returns
    -------
    DataFrame
        `country`, `year` and 27 indices from 1 to 100 under KOF's own names. KOFGI is the whole;
        its parts are economic (KOFEcGI, of trade KOFTrGI and financial KOFFiGI), social (KOFSoGI,
        of interpersonal KOFIpGI, informational KOFInGI and cultural KOFCuGI) and political
        (KOFPoGI). Each has a de facto (``df``: flows and activities) and a de jure version
        (``dj``: policies and conditions), as in KOFTrGIdj.

        ADO, ROM, TMP, WBG and ZAR are AND, ROU, TLS, PSE and COD. Regions and income groups are
        left out and listed in ``attrs["dropped"]``, as are rows without any index; Taiwan is not
        in the source. Where one component is missing the source builds an index from the others.

    References
    ----------
    Gygli, Haelg, Potrafke and Sturm (2019), The KOF Globalisation Index – revisited, Review of
    International Organizations 14.
    """
    return kof(pd.read_stata(files.only), files.only)


def kof_2023(files) -> pd.DataFrame:
    """Read the KOF globalisation index, 2023 edition: 203 economies, 1970–2021.

    The frame is that of :func:`kof_2018`. The edition has other sources and components, so that
    the two differ in common years.
    """
    raw = pd.read_excel(files.only, engine="openpyxl", keep_default_na=False, na_values=[""])
    return kof(raw, files.only)


def kof(raw: pd.DataFrame, file) -> pd.DataFrame:
    """Return the canonical panel from KOF's own columns."""
    indices = {name: _schema.number(1, 100.001, nullable=True) for name in KOF_COLUMNS}
    raw = raw.rename(columns={"country": "name", "code": "country"})
    return _panel(raw, indices, file)


def pwt_90(files) -> pd.DataFrame:
    """Read the Penn World Table 9.0: 182 economies, 1950–2014.

    Returns
    -------
    DataFrame
        `country`, `year` and the table's numbers under its own names, in million USD of 2011 where
        they are amounts; `pop` and `emp` in millions, `xr` in national currency per USD. In this
        release `ck` and `rkna` are capital *stocks* (at current parities, at constant national
        prices); from 9.1 on, the same names stand for capital services.

    References
    ----------
    Feenstra, Inklaar and Timmer (2015), The next generation of the Penn World Table, American
    Economic Review 105(10).
    """
    raw = pd.read_stata(files.only).rename(columns={"country": "name", "countrycode": "country"})
    return _pwt(raw, _PWT_90, files.only)


def pwt_1001(files) -> pd.DataFrame:
    """Read the Penn World Table 10.01: 183 economies, 1950–2019.

    The frame is that of :func:`pwt_90` in USD of 2017, but `ck` and `rkna` are capital *services*
    (USA = 1; 2017 = 1) and the stocks are `cn` and `rnna`.
    """
    raw = read_r(files.only).rename(columns={"country": "name", "isocode": "country"})
    return _pwt(raw, _PWT_1001, files.only)


def _pwt(raw, names, file) -> pd.DataFrame:
    columns = {name: _schema.number(nullable=True) for name in names}
    columns["pop"] = _schema.number(0, 2000, "million", nullable=True)
    columns["xr"] = _schema.number(0, nullable=True)
    return _panel(raw, columns, file)


def wgi(files, indicator: str = "regulatory_quality") -> pd.DataFrame:
    """Read one of the six Worldwide Governance Indicators, 1996–2022.

    Parameters
    ----------
    files : mapping of str to Path
    indicator : str
        One of ``WGI_SHEETS``: voice_and_accountability, political_stability,
        government_effectiveness, regulatory_quality, rule_of_law, control_of_corruption.

    Returns
    -------
    DataFrame
        `country`, `year`, the indicator under its name (an estimate in units of a standard normal,
        from about -2.5, weak, to 2.5, strong), `std_error` of the estimate and `sources` (their
        number). There was no survey in 1997, 1999 and 2001: these years have no rows, and nothing
        is filled in. ANT is the former Netherlands Antilles.

    References
    ----------
    Kaufmann, Kraay and Mastruzzi (2011), The Worldwide Governance Indicators: methodology and
    analytical issues, Hague Journal on the Rule of Law 3(2).
    """
    if indicator not in WGI_SHEETS:
        raise DataError(f"WGI has no indicator {indicator!r}; choose from {', '.join(WGI_SHEETS)}.")
    raw = pd.read_excel(
        files.only,
        engine="openpyxl",
        sheet_name=WGI_SHEETS[indicator],
        header=None,
        keep_default_na=False,
        na_values=["#N/A", ""],
    )
    return wgi_panel(raw, indicator, files.only)


def wgi_panel(sheet: pd.DataFrame, indicator: str, file) -> pd.DataFrame:
    """Return the canonical panel from a sheet: years over statistics, at any height."""
    heads = sheet.index[(sheet.loc[:, 2:] == "Estimate").any(axis=1)]
    if len(heads) != 1 or heads[0] == 0:
        raise DataError(
            f"{file}: {indicator} has no row with 'Estimate' below a row of years; replace it "
            "with the documented file."
        )
    (head,) = heads
    body = sheet.loc[head + 1 :].set_index(1).drop(columns=0).rename_axis("country")
    body.columns = pd.MultiIndex.from_arrays(sheet.loc[[head - 1, head], 2:].to_numpy())
    names = {"Estimate": indicator, "StdErr": "std_error", "NumSrc": "sources"}
    if missing := set(names) - set(body.columns.get_level_values(1)):
        raise DataError(f"{file}: {indicator} lacks {missing.pop()}; replace it with the original.")
    long = body.stack(level=0).rename_axis(["country", "year"]).rename(columns=names)
    columns = {
        indicator: _schema.number(-4, 4, "standard deviations"),
        "std_error": _schema.number(0, 4),
        "sources": _schema.number(1, 100),
    }
    return _panel(long.dropna(subset=indicator).reset_index(), columns, file)


def inflation(files) -> pd.DataFrame:
    """Read consumer price inflation and two companions, World Bank, 1960–2017.

    Returns
    -------
    DataFrame
        `country`, `year`, `inflation` (of consumer prices, per cent a year), `trade_to_gdp`
        (exports and imports of goods and services, per cent of GDP) and `population` (persons).
        Taiwan is not in the source; Argentina has no inflation in 2014–16.
    """
    raw = pd.read_csv(files.only, keep_default_na=False, na_values=["", "NA"])
    raw = raw.rename(columns={"iso3c": "country", "Trade_to_GDP": "trade_to_gdp"})
    columns = {
        # From deflation after a war to Zimbabwe in 2007.
        "inflation": _schema.number(-50, 1e5, "per cent", nullable=True),
        "trade_to_gdp": _schema.number(0, 1000, "per cent", nullable=True),
        "population": _schema.number(1e3, 2e9, "persons", nullable=True),
    }
    return _panel(raw, columns, files.only)


def gdp(files) -> pd.DataFrame:
    """Read GDP at current prices and exchange rates, World Bank, 1960–2023.

    Returns
    -------
    DataFrame
        `country`, `year`, `gdp_usd` in million USD (the source has USD). Regions and groups are
        left out and listed in ``attrs["dropped"]``; Taiwan is not in the source. Georgia's first
        three years (1987-89) are a few thousand dollars in the source, clearly in another unit.
    """
    raw = pd.read_csv(files.only, keep_default_na=False, na_values=[""])
    names = {"Country Code": "country", "Year": "year", "Value": "gdp_usd"}
    raw = raw.rename(columns=names)
    # World GDP was 105 thousand billion USD in 2023: in million USD every row would be refused.
    frame = _panel(raw, {"gdp_usd": _schema.number(1e4, 2e14, "USD")}, files.only)
    return frame.assign(gdp_usd=frame["gdp_usd"] / 1e6)


def _panel(raw: pd.DataFrame, columns: dict[str, pa.Column], file) -> pd.DataFrame:
    """Return country, year and `columns`: checked, with today's codes, each row once, in order."""
    keys = {
        "country": _schema.code(),
        "year": pa.Column(int, pa.Check.in_range(1950, 2030, error="a year"), coerce=True),
    }
    raw = raw.astype({"country": "str"}) if "country" in raw else raw
    frame = _schema.checked(raw, keys | columns, file)[[*keys, *columns]]
    frame = frame.dropna(subset=list(columns), how="all")
    frame = frame.assign(country=frame["country"].replace(RETIRED))
    twice = frame.duplicated([*keys])
    if twice.any():
        country, year = frame.loc[twice, [*keys]].iloc[0]
        raise DataError(f"{file} has two rows for {country} in {year}; keep one of them.")
    group = frame["country"].isin(GROUPS)
    rows = frame.loc[group, "country"].value_counts().sort_index()
    frame = frame[~group].sort_values([*keys], ignore_index=True)
    frame.attrs["dropped"] = [{"code": code, "rows": int(n)} for code, n in rows.items()]
    return frame
